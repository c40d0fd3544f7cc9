"""Trajectories: one line a lesion over the time points, for each quantity that was followed; logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isletscope.report import format as fmt
from isletscope.report.content.document import Figure
from isletscope.report.figures.course_axes import TimeAxis, day_of
from isletscope.report.figures.labels import spread
from isletscope.report.figures.svg import Canvas, polyline

_INK, _GREY, _PALE, _FAINT, _OPEN = "#16191C", "#535C64", "#A9B1B8", "#E3E6E9", "#8A3A00"
_TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
_TOP, _BOTTOM, _LEFT, _NAMES, _GAP = 6.0, 9.0, 8.0, 9.0, 4.0
_NAMED_MOST = 14


@dataclass(frozen=True)
class Panel:
    """One quantity: title, values of each lesion by time point (None: not known), lesions whose last change is real."""

    title: str
    values: Mapping[str, Sequence[float | None]]
    real: frozenset[str]


def trajectory_figure(panels: Sequence[Panel], dates: Sequence[str], width_mm: float, height_mm: float) -> Figure:
    """Panels side by side. Dark: changed beyond the limit of repeatability since the time point before; pale: not."""
    canvas = Canvas(width_mm, height_mm)
    width = (width_mm - _GAP * (len(panels) - 1)) / len(panels)
    for number, panel in enumerate(panels):
        _draw_panel(canvas, panel, dates, number * (width + _GAP), width, height_mm)
    count = len({name for panel in panels for name in panel.values})
    return Figure(
        name="heterogeneity-course",
        svg=canvas.markup(),
        width_mm=width_mm,
        height_mm=height_mm,
        alt=f"Course of {', '.join(panel.title for panel in panels)} of {count} lesions over {len(dates)} time points.",
        title="Each lesion over time",
        caption=(
            "Logarithmic axes, so that equal steps are equal ratios. Dark: the last change exceeds the limit of "
            "repeatability; pale: it does not, or no limit holds.",
        ),
    )


def _draw_panel(canvas: Canvas, panel: Panel, dates: Sequence[str], left: float, width: float, height: float) -> None:
    known = [value for line in panel.values.values() for value in line if value]
    low, high = 0.8 * min(known, default=1.0), 1.25 * max(known, default=10.0)
    top, bottom = _TOP, height - _BOTTOM
    time = TimeAxis(left + _LEFT, left + width - _NAMES, tuple(day_of(one) for one in dates))

    def place(value: float) -> float:
        return bottom - (bottom - top) * math.log(value / low) / math.log(high / low)

    canvas.text(left, 2.6, panel.title, size=2.4, fill=_INK, weight=600)
    for tick in (one for one in _TICKS if low <= one <= high):
        canvas.line(time.left, place(tick), time.right, place(tick), stroke=_FAINT, width=0.2)
        canvas.text(time.left - 1.0, place(tick) + 0.7, fmt.significant(tick), size=2.1, fill=_GREY, anchor="end")
    time.draw(canvas, top, bottom)
    ends: list[tuple[float, str, bool]] = []
    for name, line in sorted(panel.values.items(), key=lambda item: item[0] in panel.real):
        points = [(time.at(index), place(value)) for index, value in enumerate(line) if value]
        real = name in panel.real
        if len(points) > 1:
            canvas.path(polyline(points, closed=False), stroke=_INK if real else _PALE, width=0.4 if real else 0.3)
        for x, y in points:
            canvas.add("circle", cx=x, cy=y, r=0.7, fill=_INK if real else _PALE, stroke="#FFFFFF", stroke_width=0.15)
        if line and line[-1] and points:
            ends.append((points[-1][1], name, real))
    _draw_names(canvas, ends, time.right, top, bottom)


def _draw_names(canvas: Canvas, ends: list[tuple[float, str, bool]], x: float, top: float, bottom: float) -> None:
    """Names of the lines at their last point; of many, those that changed."""
    shown = sorted(ends if len(ends) <= _NAMED_MOST else [one for one in ends if one[2]][:_NAMED_MOST])
    heights = spread([y for y, _, _ in shown], top, bottom, 2.3)
    for (y, name, real), at in zip(shown, heights, strict=True):
        canvas.line(x + 0.9, y, x + 2.6, at, stroke=_PALE, width=0.15)
        canvas.text(x + 3.0, at + 0.7, name, size=2.1, fill=_INK if real else _GREY)
