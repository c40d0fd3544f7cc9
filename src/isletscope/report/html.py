"""The report as one HTML file that needs nothing else: styles, fonts and pictures are inside."""

from __future__ import annotations

import base64
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from isletscope.report.content.build import TEXT_WIDTH_MM
from isletscope.report.content.document import Column, Given, ReportDocument

FONT_FILES = {400: "Inter-Regular.otf", 600: "Inter-SemiBold.otf"}


def render_html(document: ReportDocument) -> str:
    """The report as HTML text. All text is escaped; only the figures, made by this package, are markup."""
    template = _environment().get_template("report.html.j2")
    return template.render(report=document, fonts=_fonts())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("isletscope.report", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_marked_when_given,
    )
    environment.filters["markup"] = Markup
    environment.filters["share"] = _share
    environment.globals["head_groups"] = head_groups
    return environment


def _marked_when_given(value: Any) -> Any:
    """Text that came with the images or from a reader is marked as such."""
    if isinstance(value, Given):
        return Markup('<span data-given="">{}</span>').format(escape(str(value)))
    return value


def _share(length_mm: float) -> str:
    return f"{100.0 * length_mm / TEXT_WIDTH_MM:.2f}%"


def head_groups(columns: tuple[Column, ...]) -> list[tuple[str, int, int]]:
    """Runs of neighbouring columns with one group heading: (group, first column, columns in the run)."""
    runs: list[tuple[str, int, int]] = []
    for index, column in enumerate(columns):
        if runs and column.group and runs[-1][0] == column.group:
            group, first, size = runs[-1]
            runs[-1] = (group, first, size + 1)
        else:
            runs.append((column.group, index, 1))
    return runs


@cache
def _fonts() -> dict[int, str]:
    folder = resources.files("isletscope.report").joinpath("fonts")
    return {
        weight: base64.b64encode(folder.joinpath(name).read_bytes()).decode("ascii")
        for weight, name in FONT_FILES.items()
    }
