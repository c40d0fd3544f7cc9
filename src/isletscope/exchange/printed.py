"""The report as people read it, copied beside the other formats: HTML and PDF."""

from __future__ import annotations

import shutil
from pathlib import Path

from isletscope.errors import CaseError
from isletscope.exchange.written import Written
from isletscope.reading import CaseFolder, whole_file


def write_html(folder: CaseFolder, out: Path) -> Written:
    """Copy the report's HTML into ``out``. Raises CaseError when the case folder holds no report, OutputError."""
    return _copied(folder, out, "report.html")


def write_pdf(folder: CaseFolder, out: Path) -> Written:
    """Copy the report's PDF into ``out``. Raises CaseError when the case folder holds no report, OutputError."""
    return _copied(folder, out, "report.pdf")


def _copied(folder: CaseFolder, out: Path, name: str) -> Written:
    source, target = folder.report_folder / name, out / name
    if not source.is_file():
        raise CaseError(f"holds no {name}", subject=str(folder.path), remedy="Make it with: isletscope report CASE")
    if source.resolve() != target.resolve():
        with whole_file(target) as temporary:
            shutil.copyfile(source, temporary)
    return Written((target,))
