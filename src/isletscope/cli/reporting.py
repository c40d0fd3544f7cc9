"""The report of a case folder, written anew only when the case or the report's own code changed."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from pathlib import Path

from isletscope.cli.console import Console
from isletscope.model import case_to_json
from isletscope.reading import CaseFolder, Progress, StepStore, digest, rules_digest, silent, write_text
from isletscope.report import Fault, Level, ReportFiles, write_lesion_table, write_phenotype_table, write_report

_ROOMS_BEHIND_A_REPORT = ("model", "spatial", "criteria", "items", "assessment", "lesions", "report")


def write_case_report(folder: CaseFolder, *, progress: Progress = silent, anew: bool = False) -> ReportFiles:
    """HTML, PDF and tables (CSV) of a case; with ``anew`` even if nothing changed. Raises OutputError.

    What the checks of the text found stands in ``faults`` of the result and, as ``report_checks``, in ``run.json``.
    """
    files = ReportFiles(html=folder.report_folder / "report.html", pdf=folder.report_folder / "report.pdf")
    table = folder.path / "lesions.csv"
    store = StepStore(folder.cache_folder / "steps")
    made_from = digest(case_to_json(folder.case), rules_digest(_ROOMS_BEHIND_A_REPORT))
    start = time.perf_counter()
    made = None if anew else store.recall("report", made_from, [files.html, files.pdf, table])
    if isinstance(made, list):
        files = replace(files, faults=tuple(Fault(**fault) for fault in made))
    else:
        write_lesion_table(folder.case, table)
        if folder.case.phenotypes:
            write_phenotype_table(folder.case, folder.path / "phenotypes.csv")
        files = write_report(folder.case, folder, folder.report_folder, progress=progress)
        store.keep("report", made_from, [asdict(fault) for fault in files.faults])
    _record(folder.path / "run.json", files, time.perf_counter() - start)
    return files


def _record(path: Path, files: ReportFiles, seconds: float) -> None:
    """Put the faults, and the seconds that the report took, into the record of the run, where there is one."""
    if not path.is_file():
        return
    record = json.loads(path.read_text(encoding="utf-8"))
    record.setdefault("seconds", {})["report"] = round(seconds, 3)
    record["report_checks"] = fault_documents(files)
    write_text(path, json.dumps(record, indent=1) + "\n")


def fault_documents(files: ReportFiles) -> list[dict[str, str]]:
    """What the checks found, for JSON."""
    return [{**asdict(fault), "level": fault.level.value} for fault in files.faults]


def show_report(console: Console, files: ReportFiles) -> None:
    """What the checks of the text found, the first five unless all are wanted, and where the report lies."""
    shown = files.faults if console.verbose else files.faults[:5]
    words = {Level.BLOCKS_SIGNING: "blocks signing", Level.WARNS: "warns"}
    for fault in shown:
        console.say(f"Check    {words[fault.level]}: {fault.printed()}")
    if len(shown) < len(files.faults):
        console.say(f"         and {len(files.faults) - len(shown)} more in the report")
    console.say(f"Report   {files.html}")
    console.say(f"         {files.pdf}")
