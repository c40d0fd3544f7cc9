"""Mark a case made from a reference patient against its truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose
from isletscope.errors import InputError

if TYPE_CHECKING:
    from isletscope.reading import CaseFolder

NAME = "phantom-check"


def run(
    case: Annotated[Path, typer.Argument(help="Case folder made by read from a reference patient.")],
    truth: Annotated[
        Path | None, typer.Option("--truth", help="Folder with truth.json; else found by the case.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope phantom-check``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.phantom import check_case
    from isletscope.reading import CaseFolder

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    folder = CaseFolder.open(case)
    result = check_case(folder.path, truth or _truth_of(folder))
    if as_json:
        console.document(json.loads(result.to_json()))
    else:
        console.say(result.to_text())
    return ExitCode.DONE


def _truth_of(folder: CaseFolder) -> Path:
    """The truth folder beside the images that the case was read from."""
    if (folder.path / "truth" / "truth.json").is_file():
        return folder.path / "truth"
    inputs = [Path(item) for item in folder.run().get("inputs", [])]
    for path in inputs:
        for place in (path, *path.parents[:2]):
            if (place / "truth" / "truth.json").is_file():
                return place / "truth"
    raise InputError(
        "no truth.json was found near the images that the case was read from",
        subject=str(folder.path),
        found=", ".join(str(path) for path in inputs) or "no record of the input",
        remedy="Give its folder with --truth.",
    )
