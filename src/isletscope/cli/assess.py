"""Assess a case anew: a reader's verdicts and answers, other clinical facts; no image is read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose

NAME = "assess"


def run(
    case: Annotated[Path, typer.Argument(help="Case folder made by read.")],
    clinical: Annotated[Path | None, typer.Option("--clinical", help="Clinical facts, YAML or JSON.")] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Reader's answers to items of the report, YAML or JSON.")
    ] = None,
    entries: Annotated[
        Path | None, typer.Option("--entries", help="Reader's verdicts on lesions, YAML or JSON.")
    ] = None,
    time_point: Annotated[
        str | None, typer.Option("--time-point", help="Time point of the answers; the last when left out.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope assess``."""
    with _nothing_collected():
        return _assess(
            case, clinical, answers, entries, time_point, Console(quiet=quiet, verbose=verbose, as_json=as_json)
        )


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """No search for cyclic garbage: a tenth of the seconds that a reader waits, for nothing that would be freed."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _assess(
    case: Path,
    clinical: Path | None,
    answers: Path | None,
    entries: Path | None,
    time_point: str | None,
    console: Console,
) -> int:
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.assessed_tables import show_assessments
    from isletscope.cli.reporting import fault_documents, show_report, write_case_report
    from isletscope.items import ReportAnswers
    from isletscope.model import ReaderEntries
    from isletscope.reading import CaseFolder, Edit, edit_case, load_answers, load_clinical, load_entries

    folder = CaseFolder.open(case)
    edit = Edit(
        entries=load_entries(entries) if entries else ReaderEntries(),
        answers=load_answers(answers, date.today()) if answers else ReportAnswers(),
        clinical=load_clinical(clinical, date.today()) if clinical else None,
        time_point=time_point,
    )
    with console.progress() as progress:
        edit_case(folder, edit, progress)
        files = write_case_report(folder, progress=progress, anew=True)
    if console.as_json:
        found = [one.model_dump(mode="json", exclude_none=True) for one in folder.case.assessments]
        report = {"html": str(files.html), "pdf": str(files.pdf)}
        console.document({"assessments": found, "report": report, "report_checks": fault_documents(files)})
        return ExitCode.DONE
    show_assessments(console, folder.case)
    show_report(console, files)
    return ExitCode.DONE
