"""Write the report: HTML and PDF, both or neither."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from isletscope.model import Case
from isletscope.reading import Progress, silent, whole_file
from isletscope.report.checks import Fault
from isletscope.report.content.build import build
from isletscope.report.content.written import written
from isletscope.report.html import render_html
from isletscope.report.images import ImageSource
from isletscope.report.pdf import render_pdf
from isletscope.report.told import checked_narrative


@dataclass(frozen=True)
class ReportFiles:
    """Where the report lies, and what the checks of its text found."""

    html: Path
    pdf: Path
    faults: tuple[Fault, ...] = ()


def write_report(case: Case, images: ImageSource, folder: Path, *, progress: Progress | None = None) -> ReportFiles:
    """Write ``report.html`` and ``report.pdf`` into ``folder``, made when absent; equal input gives equal files.

    Pictures that ``images`` cannot give are replaced by a sentence. Raises OutputError when the folder cannot be
    written; an earlier report then stays as it was.
    """
    tell = progress or silent
    narrative, faults = checked_narrative(case)
    told = written(case, narrative, faults) if narrative else None
    document = build(case, images, lambda done, total: tell("figures", done, total), told)
    tell("report", 0, 2)
    # The PDF is set outside Python: the page is written meanwhile.
    with ThreadPoolExecutor(max_workers=1) as beside:
        setting = beside.submit(render_pdf, document, case.software.created)
        page = render_html(document)
        tell("report", 1, 2)
        printed = setting.result()
    files = ReportFiles(folder / "report.html", folder / "report.pdf", faults)
    with whole_file(files.html) as html, whole_file(files.pdf) as pdf:
        html.write_text(page, encoding="utf-8")
        pdf.write_bytes(printed)
    kept = images.drawings()
    if kept is not None:
        kept.forget_others()
    tell("report", 2, 2)
    return files
