"""The report as PDF, set by Typst from a template and a JSON file: no text of the case is ever read as markup."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import typst

from isletscope.report.content.document import ReportDocument
from isletscope.report.html import FONT_FILES

_TEMPLATE = "report.typ"
_LACKS_LETTER = "could not be displayed with font"


def render_pdf(document: ReportDocument, created: str) -> bytes:
    """The report as tagged PDF. ``created`` (ISO) becomes the date in the file: equal input gives equal bytes."""
    with tempfile.TemporaryDirectory(prefix="isletscope-report-") as name:
        folder = Path(name)
        fonts = folder / "fonts"
        fonts.mkdir()
        package = resources.files("isletscope.report")
        for file_name in FONT_FILES.values():
            (fonts / file_name).write_bytes(package.joinpath("fonts", file_name).read_bytes())
        (folder / _TEMPLATE).write_bytes(package.joinpath("templates", _TEMPLATE).read_bytes())
        data = asdict(document)
        _move_figures(data, folder)
        (folder / "report.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        return _compiled(folder, fonts, _timestamp(created))


def _compiled(folder: Path, fonts: Path, timestamp: int) -> bytes:
    """PDF/UA with the fonts of this package; letters that they lack are sought in the system's fonts.

    Where no font has a letter the file is no PDF/UA, and shows a box in its place.
    """
    tries: tuple[tuple[bool, Literal["ua-1"] | None], ...] = ((True, "ua-1"), (False, "ua-1"), (False, None))
    for own_fonts_only, standard in tries:
        try:
            result: bytes = typst.compile(
                folder / _TEMPLATE,
                root=folder,
                font_paths=[fonts],
                ignore_system_fonts=own_fonts_only,
                format="pdf",
                timestamp=timestamp,
                pdf_standards=standard,
            )
        except typst.TypstError as error:
            if standard is None or _LACKS_LETTER not in str(error):
                raise
        else:
            return result
    raise AssertionError("the last try has no standard to fail")


def _timestamp(created: str) -> int:
    try:
        return int(datetime.fromisoformat(created).timestamp())
    except ValueError:
        return 0


def _move_figures(part: Any, folder: Path) -> None:
    """Write every figure's SVG beside the template and leave its file name in the data."""
    if isinstance(part, dict):
        if "svg" in part and "width_mm" in part:
            name = f"{len(list(folder.glob('*.svg')))}.svg"
            (folder / name).write_text(part["svg"], encoding="utf-8")
            part["svg"] = name
        for value in part.values():
            _move_figures(value, folder)
    elif isinstance(part, list | tuple):
        for value in part:
            _move_figures(value, folder)
