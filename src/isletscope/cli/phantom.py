"""Make a digital reference patient: DICOM series as scanners write them, with the truth beside them."""

from __future__ import annotations

import gc
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose
from isletscope.errors import InputError

if TYPE_CHECKING:
    from isletscope.phantom import Scenario
    from isletscope.reading import Progress

NAME = "phantom"


class Size(StrEnum):
    """How finely the reference patient is sampled."""

    SMALL = "small"
    FULL = "full"


def run(
    out: Annotated[Path | None, typer.Argument(help="Folder to write the reference patient into.")] = None,
    scenario: Annotated[str, typer.Option("--scenario", help="Name of a scenario, or a YAML file.")] = "demo",
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same patient.")] = 1,
    size: Annotated[
        Size, typer.Option("--size", help="Voxel count: full as on a scanner, small for tests.")
    ] = Size.FULL,
    list_them: Annotated[bool, typer.Option("--list", help="List the scenarios and stop.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope phantom``."""
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    if list_them:
        return _list(console)
    if out is None:
        raise InputError("a folder is needed", subject="phantom", remedy="Give OUT, or --list for the scenarios.")
    # The exams are shared out to processes; threads of the linear algebra below them would only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with console.progress() as progress:
        make(out, scenario, seed, size, progress)
    if as_json:
        console.document({"images": str(out / "dicom"), "truth": str(out / "truth" / "truth.json")})
    else:
        console.say(f"Images   {out / 'dicom'}")
        console.say(f"Truth    {out / 'truth' / 'truth.json'}")
    return ExitCode.DONE


def make(out: Path, scenario: str, seed: int, size: Size, progress: Progress) -> None:
    """Generate a reference patient into ``out``. Raises InputError for a wrong scenario."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    # None of what they load is garbage: looking for it would take a fifth of the time they need.
    gc.disable()
    from isletscope.phantom import generate

    gc.freeze()
    gc.enable()
    named = Path(scenario) if scenario.endswith((".yaml", ".yml")) else scenario

    def report(done: int, total: int) -> None:
        progress("Reference patient", done, total)

    generate(named, out, seed=seed, size=size.value, progress=report)
    # All that is left goes with the process: a last search through it for garbage takes a quarter of a second.
    gc.freeze()


def _list(console: Console) -> int:
    from isletscope.phantom import scenarios

    known = scenarios()
    if console.as_json:
        console.document([{"name": item.name, "title": item.title, "exams": _exams(item)} for item in known])
        return ExitCode.DONE
    table = Table("Scenario", "Exams", "What it shows", box=None, pad_edge=False)
    for item in known:
        table.add_row(item.name, ", ".join(exam.what for exam in item.exams), item.title)
    console.show(table)
    return ExitCode.DONE


def _exams(scenario: Scenario) -> list[dict[str, str]]:
    return [{"name": exam.name, "what": exam.what, "date": exam.date.isoformat()} for exam in scenario.exams]
