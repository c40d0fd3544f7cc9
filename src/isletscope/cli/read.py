"""Read the exams of one patient: foci, lesions, volumes and a report, in one case folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose
from isletscope.errors import InputError

if TYPE_CHECKING:
    from isletscope.reading import ReadOutcome
    from isletscope.report import ReportFiles

NAME = "read"


def run(
    inputs: Annotated[list[Path], typer.Argument(help="Folders, zip files or single files with the DICOM images.")],
    out: Annotated[Path, typer.Option("--out", help="Case folder to make, or to bring up to date.")],
    patient: Annotated[
        str | None, typer.Option("--patient", help="Patient ID to read, when there are several.")
    ] = None,
    clinical: Annotated[Path | None, typer.Option("--clinical", help="Clinical facts, YAML or JSON.")] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Reader's answers to items of the report, YAML or JSON.")
    ] = None,
    anatomy: Annotated[
        list[Path] | None,
        typer.Option(
            "--anatomy",
            help="Organ masks: SEG, RTSTRUCT or NIfTI, for all series of its frame. May be repeated.",
            metavar="[SERIES=]FILE",
        ),
    ] = None,
    anatomy_names: Annotated[
        Path | None,
        typer.Option("--anatomy-names", help="Names of labels or regions: CSV, YAML or JSON, value,name."),
    ] = None,
    entries: Annotated[
        Path | None, typer.Option("--entries", help="Reader's entries for missing values, YAML or JSON.")
    ] = None,
    same_patient: Annotated[
        list[str] | None, typer.Option("--same-patient", metavar="ID=ID", help="Two patient IDs are one person.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why the IDs of --same-patient are one person.")] = "",
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope read``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.reporting import write_case_report
    from isletscope.items import ReportAnswers
    from isletscope.model import ReaderEntries
    from isletscope.reading import (
        ReadRequest,
        default_workers,
        load_answers,
        load_clinical,
        load_entries,
        read_case,
        same_patient_statement,
    )

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    for path in inputs:
        if not path.exists():
            raise InputError("does not exist", subject=str(path), remedy="Check the path.")
    given = load_entries(entries) if entries else ReaderEntries()
    request = ReadRequest(
        inputs=tuple(inputs),
        out=out,
        patient_id=patient,
        same_patient=tuple(same_patient_statement(pair, reason) for pair in same_patient or []),
        entries=tuple(given.entries),
        overrides=tuple(given.overrides),
        withdrawn=tuple(given.withdrawn),
        clinical=load_clinical(clinical, date.today()) if clinical else {},
        answers=load_answers(answers, date.today()) if answers else ReportAnswers(),
        anatomy=tuple(anatomy or ()),
        anatomy_names=anatomy_names,
        workers=default_workers(),
    )
    with console.progress() as progress:
        outcome = read_case(request, progress)
        report = write_case_report(outcome.folder, progress=progress)
    return conclude(console, outcome, report)


def conclude(console: Console, outcome: ReadOutcome, report: ReportFiles) -> int:
    """Print what was found and where the report lies; returns the exit code."""
    from isletscope.cli.reporting import fault_documents

    case = outcome.case
    if console.as_json:
        console.document(
            {
                "case": str(outcome.folder.path),
                "patient": case.patient.id,
                "exams": len(case.exams),
                "lesions": [lesion.model_dump(mode="json") for lesion in case.lesions],
                "totals": {
                    reading.series_key: {
                        name: total.model_dump(mode="json", exclude_none=True) for name, total in reading.totals.items()
                    }
                    for reading in case.readings
                },
                "assessments": [one.model_dump(mode="json", exclude_none=True) for one in case.assessments],
                "open_items": case.open_items,
                "refusals": list(outcome.refusals),
                "recomputed": list(outcome.recomputed),
                "reused": list(outcome.reused),
                "report": {"html": str(report.html), "pdf": str(report.pdf)},
                "report_checks": fault_documents(report),
            }
        )
    else:
        _print(console, outcome, report)
    return ExitCode.DONE_WITH_REFUSALS if outcome.refusals else ExitCode.DONE


def _print(console: Console, outcome: ReadOutcome, report: ReportFiles) -> None:
    from isletscope.cli.assessed_tables import show_assessments
    from isletscope.cli.reporting import show_report
    from isletscope.cli.tables import exam_table, lesion_table, totals_lines

    case = outcome.case
    if console.verbose:
        for exam in case.exams:
            console.show(exam_table(exam))
    for reading in case.readings:
        console.show(lesion_table(case, reading))
        for line in totals_lines(reading):
            console.say(line)
    show_assessments(console, case)
    for sentence in outcome.refusals:
        console.say(f"Refused  {sentence}")
    shown = case.open_items if console.verbose else case.open_items[:5]
    for item in shown:
        console.say(f"Open     {item}")
    if len(shown) < len(case.open_items):
        console.say(f"         and {len(case.open_items) - len(shown)} more open items in the report")
    show_report(console, report)
