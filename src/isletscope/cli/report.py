"""Assess a case again and write its report anew: HTML, PDF and the lesion table; no image is read again."""

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
    from isletscope.assessment import assess
    from isletscope.cli.reporting import fault_documents, show_report, write_case_report
    from isletscope.reading import CaseFolder

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    folder = CaseFolder.open(case)
    folder.save(assess(folder.case))
    with console.progress() as progress:
        files = write_case_report(folder, progress=progress, anew=True)
    if as_json:
        console.document({"html": str(files.html), "pdf": str(files.pdf), "report_checks": fault_documents(files)})
    else:
        show_report(console, files)
    return ExitCode.DONE
