"""Sum of the target diameters over time, in one line for each baseline, with treatments above and responses below."""

from __future__ import annotations

from collections.abc import Sequence

from isletscope.lesions import ResponsePoint, TreatmentSpan
from isletscope.report import format as fmt
from isletscope.report.content.document import Figure
from isletscope.report.figures.course_axes import (
    GREY,
    INK,
    OPEN,
    SIZE,
    Scale,
    TimeAxis,
    day_of,
    draw_treatments,
    treatments_height,
)
from isletscope.report.figures.svg import Canvas, polyline

_LEFT, _RIGHT, _HEIGHT, _LINE = 26.0, 14.0, 34.0, 3.6
_SHOWN = {
    "recist": "RECIST 1.1",
    "mrecist": "mRECIST",
    "choi": "Choi",
    "percist": "PERCIST",
    "eortc": "EORTC",
    "sstr_change": "SSTR PET",
}


def timeline_figure(
    points: Sequence[ResponsePoint], treatments: Sequence[TreatmentSpan], width_mm: float
) -> Figure | None:
    """Sums, treatments and responses of all time points; None where no criterion was asked."""
    asked = [name for name in _SHOWN if any(point.conclusion(name) for point in points)]
    if not asked:
        return None
    axis = TimeAxis(_LEFT, width_mm - _RIGHT, tuple(day_of(point.date) for point in points))
    lines = segments(points)
    top = 5.0 + treatments_height(axis, treatments)
    bottom = top + (_HEIGHT if lines else 0.0)
    canvas = Canvas(width_mm, bottom + 9.0 + _LINE * len(asked))
    title = "Sum of target diameters (RECIST 1.1), mm" if lines else "Response over time"
    canvas.text(0, 2.6, title, size=SIZE, fill=INK, weight=600)
    draw_treatments(canvas, axis, treatments, 4.4)
    axis.draw(canvas, top, bottom)
    if lines:
        highest = max(value for line in lines for _, value in line)
        scale = Scale(0.0, 1.2 * highest, top + 1.0, bottom)
        scale.draw(canvas, _LEFT - 4.0, axis.right, signed=False)
        told: set[tuple[int, str]] = set()
        for line in lines:
            _draw_sums(canvas, axis, scale, line, told)
    for row, name in enumerate(asked):
        y = bottom + 9.6 + row * _LINE
        canvas.text(0, y, _SHOWN[name], size=SIZE, fill=GREY)
        for index, point in enumerate(points):
            text, ink = _word(point, name)
            canvas.text(
                axis.at(index), y, text, size=SIZE, fill=ink, anchor="middle", weight=600 if ink != GREY else 400
            )
    return Figure("course-timeline", canvas.markup(), width_mm, canvas.height_mm, _said(points, asked))


def segments(points: Sequence[ResponsePoint]) -> list[list[tuple[int, float]]]:
    """One line for each baseline: index of the time point and sum in mm, beginning with the baseline itself."""
    names = [point.name for point in points]
    found: dict[str, list[tuple[int, float]]] = {}
    for index, point in enumerate(points):
        if point.sum is None or point.sum.baseline not in names:
            continue
        line = found.setdefault(point.sum.baseline, [])
        if not line and point.sum.baseline_mm is not None:
            line.append((names.index(point.sum.baseline), point.sum.baseline_mm))
        line.append((index, point.sum.sum_mm))
    return list(found.values())


def _draw_sums(
    canvas: Canvas, axis: TimeAxis, scale: Scale, line: Sequence[tuple[int, float]], told: set[tuple[int, str]]
) -> None:
    """A line of sums: open at its baseline, ringed at the smallest; ``told``: numbers printed so far."""
    places = [(axis.at(index), scale.y(value)) for index, value in line]
    canvas.path(polyline(places, closed=False), stroke=INK, width=0.5)
    lowest = min(value for _, value in line)
    for number, ((x, y), (index, value)) in enumerate(zip(places, line, strict=True)):
        canvas.add("circle", cx=x, cy=y, r=0.9, fill="#FFFFFF" if number == 0 else INK, stroke=INK, stroke_width=0.35)
        if value == lowest and len(line) > 2:
            canvas.add("circle", cx=x, cy=y, r=1.7, fill="none", stroke=GREY, stroke_width=0.25)
        text = fmt.number(value, 0)
        if (index, text) not in told:
            told.add((index, text))
            beside, anchor = (2.2, "start") if index == 0 else (-2.2, "end")
            canvas.text(x + beside, y - 1.4, text, size=SIZE, fill=INK, anchor=anchor, halo="#FFFFFF")


def _word(point: ResponsePoint, name: str) -> tuple[str, str]:
    """What a criterion says at a time point, and its ink: open and missing results are never in ink."""
    found = point.conclusion(name)
    if found is None:
        return ("baseline" if name == "recist" and not point.baseline else "–"), GREY
    if found.value is not None:
        text = found.value.replace("_", " ") + (", provisional" if found.provisional else "")
        return text, OPEN if found.provisional else INK
    if found.possible and len(found.possible) < 3:
        return f"{' or '.join(found.possible)}", OPEN
    return "open", OPEN


def _said(points: Sequence[ResponsePoint], asked: Sequence[str]) -> str:
    parts = []
    for point in points:
        words = [f"{_SHOWN[name]} {_word(point, name)[0]}" for name in asked if point.conclusion(name)]
        sums = [f"sum {fmt.number(point.sum.sum_mm, 0)} mm"] if point.sum else []
        parts.append(f"{fmt.day(point.date)}: {', '.join([*sums, *words]) or 'baseline'}")
    return f"Response over time. {'; '.join(parts)}."
