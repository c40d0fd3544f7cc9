"""Follow the lesions of one patient over time: change of each lesion, response, and a report of the course."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose
from isletscope.errors import InputError

if TYPE_CHECKING:
    from isletscope.reading import CaseFolder, Compared
    from isletscope.report import ReportFiles

NAME = "compare"


def run(
    cases: Annotated[list[Path], typer.Argument(help="Case folders of one patient; one with several dates will do.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Case folder for the joined case; needed for several cases.")
    ] = None,
    same_patient: Annotated[
        list[str] | None, typer.Option("--same-patient", metavar="ID=ID", help="Two patient IDs are one person.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why the IDs of --same-patient are one person.")] = "",
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope compare``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.reporting import write_case_report
    from isletscope.reading import CaseFolder, compare_cases, same_patient_statement

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    if len(cases) == 1 and out is None:
        folder = CaseFolder.open(cases[0])
        _need_time_points(folder)
        return _conclude(console, folder, None, None)
    if out is None:
        raise InputError(
            "several cases are joined to a new one and need a folder for it", subject="--out", remedy="Add --out CASE."
        )
    statements = [same_patient_statement(pair, reason) for pair in same_patient or []]
    with console.progress() as progress:
        compared = compare_cases(cases, out, statements, progress)
        _need_time_points(compared.folder)
        report = write_case_report(compared.folder, progress=progress)
    return _conclude(console, compared.folder, compared, report)


def _need_time_points(folder: CaseFolder) -> None:
    points = folder.case.time_points
    if len(points) < 2:
        raise InputError(
            "there is nothing to compare",
            subject=str(folder.path),
            found=f"one time point ({points[0].name})" if points else "no time point",
            expected="exams of two dates that lie further apart than one staging",
            remedy="Name a second case: isletscope compare CASE CASE --out JOINED",
        )


def _conclude(console: Console, folder: CaseFolder, compared: Compared | None, report: ReportFiles | None) -> int:
    """Print the course, or hand it over as one JSON document."""
    from isletscope.cli.course_tables import course_document, show_course
    from isletscope.cli.reporting import fault_documents, show_report

    if console.as_json:
        document = {"case": str(folder.path), **course_document(folder.case)}
        if compared is not None:
            renamed = [{"case": case, "was": name, "is": now} for (case, name), now in compared.renamed.items()]
            document |= {"joined": list(compared.said), "renamed": renamed}
        if report is not None:
            document |= {"report": {"html": str(report.html), "pdf": str(report.pdf)}}
            document |= {"report_checks": fault_documents(report)}
        console.document(document)
        return ExitCode.DONE
    for sentence in compared.said if compared is not None else ():
        console.say(f"Joined   {sentence}")
    for (case, name), now in (compared.renamed if compared is not None else {}).items():
        console.say(f"Named    {name} of {case} is now {now}")
    show_course(console, folder.case)
    if report is not None:
        show_report(console, report)
    return ExitCode.DONE
