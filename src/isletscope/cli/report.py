"""Write the report of a case again: HTML, PDF and the lesion table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose

NAME = "report"


def run(
    case: Annotated[Path, typer.Argument(help="Case folder made by read.")],
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope report``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.reporting import write_case_report
    from isletscope.reading import CaseFolder

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    with console.progress() as progress:
        files = write_case_report(CaseFolder.open(case), progress=progress, anew=True)
    if as_json:
        console.document({"html": str(files.html), "pdf": str(files.pdf)})
    else:
        console.say(f"Report   {files.html}")
        console.say(f"         {files.pdf}")
    return ExitCode.DONE
