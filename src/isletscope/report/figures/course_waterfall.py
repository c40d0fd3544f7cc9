"""The waterfall plot: the last change of every lesion as a bar, largest growth first; its best change as a mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isletscope.lesions import ChangeRow
from isletscope.model import ExamKind
from isletscope.report import format as fmt
from isletscope.report.content.document import Figure
from isletscope.report.figures.course_axes import GREY, INK, OPEN, PALE, SIZE, Scale, percent_scale
from isletscope.report.figures.course_spider import Thread, threads
from isletscope.report.figures.svg import Canvas, polyline

_LEFT, _HEIGHT, _TOP = 12.0, 44.0, 6.0
_WIDEST_BAR, _WITH_NUMBERS = 9.0, 5.2
_INKS = {ExamKind.SSTR_PET: "#0B6E62", ExamKind.FDG_PET: "#8F5300"}
_TRACER = {ExamKind.SSTR_PET: "sstr", ExamKind.FDG_PET: "fdg"}


@dataclass(frozen=True)
class Bar:
    """One lesion: last and lowest change in percent of its first value; ``state``: changed, new or part."""

    lesion: str
    last: float
    best: float
    role: str
    state: str = "changed"


def bars(lines: Sequence[Thread]) -> list[Bar]:
    """New lesions first, then by last change from growth to loss; lesions measured once have no bar."""
    found = [
        Bar(line.lesion, line.last, min(value for _, value in line.points[1:]), line.role)
        for line in lines
        if len(line.points) > 1 and line.role != "new"
    ]
    new = [Bar(line.lesion, line.last, line.last, line.role, "new") for line in lines if line.role == "new"]
    return [*new, *sorted(found, key=lambda one: -one.last)]


def waterfall_figure(
    rows: Sequence[ChangeRow], targets: Sequence[str], time_points: int, width_mm: float
) -> Figure | None:
    """All lesions of one measure; None where fewer than two have a bar."""
    shown = bars(threads(rows, targets, time_points))
    if len(shown) < 2:
        return None
    measure = rows[0].measure
    scale = percent_scale([one.last for one in shown if one.state != "new"], _TOP + 2.0, _TOP + _HEIGHT)
    step = min((width_mm - _LEFT) / len(shown), _WIDEST_BAR)
    canvas = Canvas(width_mm, _TOP + _HEIGHT + 5.0)
    title = f"{measure.title}: first to last value, % (mark: lowest value between)"
    canvas.text(0, 2.6, title, size=SIZE, fill=INK, weight=600)
    scale.draw(canvas, _LEFT, _LEFT + step * len(shown), signed=True)
    for place, bar in enumerate(shown):
        _draw_bar(canvas, scale, bar, _LEFT + place * step, step, _INKS.get(measure.kind, INK))
    said = ", ".join(f"{one.lesion} {'new' if one.state == 'new' else _number(one.last)}" for one in shown[:12])
    alt = f"Waterfall plot, {measure.title}: last change of {len(shown)} lesions in %: {said}."
    name = f"waterfall-{measure.name.replace('_', '-')}"
    return Figure(name, canvas.markup(), width_mm, canvas.height_mm, alt, tracer=_TRACER.get(measure.kind, ""))


def _draw_bar(canvas: Canvas, scale: Scale, bar: Bar, left: float, step: float, ink: str) -> None:
    zero, width = scale.y(0), 0.74 * step
    middle, x = left + step / 2, left + (step - width) / 2
    size = min(SIZE, 0.46 * step)
    if bar.state == "new":
        top = scale.y(min(scale.high, 30.0))
        canvas.add(
            "rect",
            x=x,
            y=top,
            width=width,
            height=zero - top,
            fill="none",
            stroke=OPEN,
            stroke_width=0.3,
            stroke_dasharray="1 0.7",
        )
        canvas.text(middle, top - 0.8, "new", size=size, fill=OPEN, anchor="middle")
        canvas.text(middle, zero + 0.9 * size + 0.5, bar.lesion, size=size, fill=OPEN, anchor="middle", weight=600)
        return
    fill = {"growing": OPEN, "target": ink}.get(bar.role, PALE)
    top, bottom = min(scale.y(bar.last), zero), max(scale.y(bar.last), zero)
    canvas.add("rect", x=x, y=top, width=width, height=max(bottom - top, 0.25), fill=fill)
    if bar.last > scale.high:
        canvas.path(
            polyline([(x, top + 1.6), (middle, top + 0.4), (x + width, top + 1.6)], closed=False),
            stroke="#FFFFFF",
            width=0.4,
        )
    if bar.best < bar.last:
        canvas.line(x - 0.3, scale.y(bar.best), x + width + 0.3, scale.y(bar.best), stroke=GREY, width=0.5)
    named_below = bar.last > 0
    name_y = zero + 0.9 * size + 0.5 if named_below else zero - 0.8
    if named_below and bar.best < -8:
        name_y = scale.y(bar.best) + 0.9 * size + 0.6
    ink_of_name = OPEN if bar.role == "growing" else INK if bar.role == "target" else GREY
    canvas.text(
        middle,
        name_y,
        bar.lesion,
        size=size,
        fill=ink_of_name,
        anchor="middle",
        weight=600 if bar.role != "other" else 400,
    )
    if step >= _WITH_NUMBERS:
        y = top - 0.8 if named_below else bottom + 0.9 * size + 0.4
        canvas.text(middle, y, _number(bar.last), size=size, fill=GREY, anchor="middle")


def _number(value: float) -> str:
    return fmt.number(value, 0, signed=True)
