"""Make a digital reference patient, read it, and show the report: the whole way in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, Json, Quiet, Verbose
from isletscope.cli.phantom import Size, make
from isletscope.cli.read import conclude

NAME = "demo"


def run(
    out: Annotated[Path, typer.Option("--out", help="Folder for the images and the case.")] = Path("demo"),
    scenario: Annotated[str, typer.Option("--scenario", help="Scenario of the reference patient.")] = "demo",
    seed: Annotated[int, typer.Option("--seed", help="Seed of the reference patient.")] = 1,
    size: Annotated[Size, typer.Option("--size", help="Voxel count: full as on a scanner, small for a quick look.")] = (
        Size.FULL
    ),
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope demo``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.reporting import write_case_report
    from isletscope.reading import ReadRequest, default_workers, read_case

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    images, case = out / "reference-patient", out / "case"
    console.say(
        f"Digital reference patient: scenario {scenario}, seed {seed}, size {size.value}. All images are synthetic."
    )
    with console.progress() as progress:
        make(images, scenario, seed, size, progress)
        outcome = read_case(ReadRequest(inputs=(images / "dicom",), out=case, workers=default_workers()), progress)
        report = write_case_report(outcome.folder, progress=progress)
    return conclude(console, outcome, report)
