"""The report of a case folder, written anew only when the case or the report's own code changed."""

from __future__ import annotations

from isletscope.model import case_to_json
from isletscope.reading import CaseFolder, Progress, StepStore, digest, rules_digest, silent
from isletscope.report import ReportFiles, write_lesion_table, write_report

_ROOMS_BEHIND_A_REPORT = ("model", "spatial", "criteria", "items", "assessment", "report")


def write_case_report(folder: CaseFolder, *, progress: Progress = silent, anew: bool = False) -> ReportFiles:
    """HTML, PDF and ``lesions.csv`` of a case; with ``anew`` even if nothing changed. Raises OutputError."""
    files = ReportFiles(html=folder.report_folder / "report.html", pdf=folder.report_folder / "report.pdf")
    table = folder.path / "lesions.csv"
    store = StepStore(folder.cache_folder / "steps")
    made_from = digest(case_to_json(folder.case), rules_digest(_ROOMS_BEHIND_A_REPORT))
    if not anew and store.recall("report", made_from, [files.html, files.pdf, table]) is not None:
        return files
    write_lesion_table(folder.case, table)
    files = write_report(folder.case, folder, folder.report_folder, progress=progress)
    store.keep("report", made_from, "written")
    return files
