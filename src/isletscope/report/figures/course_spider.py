"""The spider plot: change of every lesion in percent of its first value, over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from isletscope.lesions import ChangeRow, Since, TreatmentSpan
from isletscope.model import ExamKind
from isletscope.report import format as fmt
from isletscope.report.content.document import Figure
from isletscope.report.figures.course_axes import (
    FAINT,
    GREY,
    INK,
    OPEN,
    PALE,
    SIZE,
    SMALL,
    Scale,
    TimeAxis,
    day_of,
    draw_treatments,
    percent_scale,
    treatments_height,
)
from isletscope.report.figures.labels import spread
from isletscope.report.figures.svg import Canvas, polyline

_LEFT, _RIGHT, _HEIGHT = 12.0, 30.0, 74.0
_GAP = 2.9
_MOST_NAMED, _MOST_GROWING = 22, 8
_ORDER = ("other", "growing", "new", "target")
_TRACER = {ExamKind.SSTR_PET: "sstr", ExamKind.FDG_PET: "fdg"}


@dataclass(frozen=True)
class Thread:
    """One lesion's line: percent of its first value by index of the time point; ``role`` decides how it is drawn.

    ``role``: target, growing, new, or other.
    """

    lesion: str
    points: tuple[tuple[int, float], ...]
    role: str
    ends_as: str = ""
    holds: str = ""

    @property
    def last(self) -> float:
        """Percent at its last point."""
        return self.points[-1][1]


def threads(rows: Sequence[ChangeRow], targets: Sequence[str], count: int) -> list[Thread]:
    """Lines of all lesions that have a first value above 0, in the order of the rows; ``count``: time points.

    The parts of a lesion that has split have no line of their own where the line of the whole holds them.
    """
    found = []
    own = {row.lesion for row in rows}
    for row in rows:
        if row.measure.vanishes and row.part_of in own:
            continue
        known = [(index, one) for index, one in enumerate(row.values) if one.value is not None]
        first = next(((index, one.value) for index, one in known if one.value), None)
        if first is None:
            continue
        start, base = first
        points = tuple((i, 100 * ((one.value or 0.0) - base) / base) for i, one in known if i >= start)
        new = start > 0 and any(row.values[i].value == 0 for i in range(start))
        merged = next((one.because for one in row.changes if one.because.startswith("holds ")), "")
        ended = "" if points[-1][0] == count - 1 else row.values[-1].because
        found.append(Thread(row.lesion, points, _role(row, targets, new=new), ended, merged.partition(",")[0]))
    return _calmed(found)


def _role(row: ChangeRow, targets: Sequence[str], *, new: bool) -> str:
    if new:
        return "new"
    if row.lesion in targets:
        return "target"
    return "growing" if _grows(row) else "other"


def _grows(row: ChangeRow) -> bool:
    """Whether the lesion is larger at the last time point than at its baseline, beyond noise."""
    now = row.values[-1].time_point
    found = row.change(now, Since.BASELINE) or row.change(now, Since.PREVIOUS)
    return found is not None and found.change_class in ("likely_real", "definite") and found.absolute > 0


def _calmed(lines: list[Thread]) -> list[Thread]:
    """With many lesions only those that grow most stand out; the others are drawn like the rest."""
    growing = sorted((line for line in lines if line.role == "growing"), key=lambda line: -line.last)
    quiet = {line.lesion for line in growing[_MOST_GROWING:]}
    return [replace(line, role="other") if line.lesion in quiet else line for line in lines]


def spider_figure(
    rows: Sequence[ChangeRow],
    dates: Sequence[str],
    targets: Sequence[str],
    treatments: Sequence[TreatmentSpan],
    width_mm: float,
    noise: tuple[float, float] | None = None,
) -> Figure | None:
    """All lesions of one measure; None where no lesion has two values.

    ``noise``: fall and rise in percent (both above 0) within which a change is no change, drawn as a band.
    """
    lines = threads(rows, targets, len(dates))
    if not any(len(line.points) > 1 for line in lines):
        return None
    measure = rows[0].measure
    axis = TimeAxis(_LEFT + 2.0, width_mm - _RIGHT, tuple(day_of(one) for one in dates))
    top = 5.0 + treatments_height(axis, treatments)
    scale = percent_scale([value for line in lines for _, value in line.points], top + 1.0, top + _HEIGHT)
    canvas = Canvas(width_mm, top + _HEIGHT + 8.0)
    canvas.text(0, 2.6, f"{measure.title}: change in % of the first value", size=SIZE, fill=INK, weight=600)
    draw_treatments(canvas, axis, treatments, 4.4)
    _draw_field(canvas, axis, scale, noise, sizes=measure.value == "diameter")
    for line in sorted(lines, key=lambda one: _ORDER.index(one.role)):
        _draw_thread(canvas, axis, scale, line)
    _draw_names(canvas, axis, scale, lines)
    tracer = _TRACER.get(measure.kind, "")
    alt = f"Spider plot, {measure.title}: {len(lines)} lesions over {len(dates)} time points; {_said(lines)}."
    return Figure(
        f"spider-{measure.name.replace('_', '-')}", canvas.markup(), width_mm, canvas.height_mm, alt, tracer=tracer
    )


def _draw_field(
    canvas: Canvas, axis: TimeAxis, scale: Scale, noise: tuple[float, float] | None, *, sizes: bool
) -> None:
    left, right = _LEFT, axis.right
    if noise is not None:
        high, low = scale.y(noise[1]), scale.y(-noise[0])
        canvas.add("rect", x=left, y=high, width=right - left, height=low - high, fill="#F1F3F5")
    axis.draw(canvas, scale.top, scale.bottom)
    scale.draw(canvas, left, right, signed=True)
    for value in (20.0, -30.0) if sizes else ():
        canvas.line(left, scale.y(value), right, scale.y(value), stroke=GREY, width=0.2, dash="1.2 0.8")
        canvas.text(left + 0.6, scale.y(value) - 0.7, _percent(value), size=SMALL, fill=GREY)


def _draw_thread(canvas: Canvas, axis: TimeAxis, scale: Scale, line: Thread) -> None:
    stroke, width = _style(line)
    dash = "1.4 0.9" if line.role == "new" else ""
    places = [(axis.at(index), scale.y(value)) for index, value in line.points]
    if len(places) > 1:
        canvas.path(polyline(places, closed=False), stroke=stroke, width=width, dash=dash)
    for (x, y), (_, value) in zip(places, line.points, strict=True):
        if value <= -100:
            canvas.line(x - 0.8, y - 0.8, x + 0.8, y + 0.8, stroke=stroke, width=0.4)
            canvas.line(x - 0.8, y + 0.8, x + 0.8, y - 0.8, stroke=stroke, width=0.4)
        elif value > scale.high:
            canvas.path(
                polyline([(x - 0.9, y + 1.2), (x, y - 0.4), (x + 0.9, y + 1.2)], closed=True),
                stroke=stroke,
                width=0.2,
                fill=stroke,
            )
        elif line.role == "new":
            canvas.add("circle", cx=x, cy=y, r=0.75, fill="#FFFFFF", stroke=stroke, stroke_width=0.35)
        else:
            canvas.add("circle", cx=x, cy=y, r=0.75 if line.role != "other" else 0.5, fill=stroke)


def _style(line: Thread) -> tuple[str, float]:
    return {
        "target": (INK, 0.5),
        "growing": (OPEN, 0.5),
        "new": (OPEN, 0.4),
    }.get(line.role, (PALE, 0.25))


def _draw_names(canvas: Canvas, axis: TimeAxis, scale: Scale, lines: Sequence[Thread]) -> None:
    """Names with the last change at the right end, spread so that none covers another; the rest as one line."""
    marked = sorted((line for line in lines if line.role != "other"), key=lambda line: line.role != "target")
    plain = sorted((line for line in lines if line.role == "other"), key=lambda line: -abs(line.last))
    kept = [*marked, *plain][:_MOST_NAMED] if len(lines) > _MOST_NAMED else [*marked, *plain]
    ordered = sorted(kept, key=lambda line: scale.y(line.last))
    heights = spread([scale.y(line.last) for line in ordered], scale.top + 1.0, scale.bottom + 0.5, _GAP)
    for line, y in zip(ordered, heights, strict=True):
        stroke, _ = _style(line)
        ink = GREY if line.role == "other" else stroke
        x = axis.at(line.points[-1][0])
        canvas.line(
            x + 1.0,
            scale.y(line.last),
            axis.right + 3.6,
            y,
            stroke=FAINT if line.role == "other" else stroke,
            width=0.12,
        )
        weight = 600 if line.role in ("growing", "new") else 400
        canvas.text(axis.right + 4.2, y + 0.75, _name(line), size=SIZE, fill=ink, weight=weight)
    left_out = [line for line in lines if line not in kept]
    if left_out:
        low, high = min(one.last for one in left_out), max(one.last for one in left_out)
        text = f"{fmt.counted_exactly(len(left_out), 'further lesion')}: {_percent(low)} to {_percent(high)}"
        canvas.text(canvas.width_mm, scale.bottom + 6.6, text, size=SMALL, fill=GREY, anchor="end")


def _name(line: Thread) -> str:
    if line.ends_as.startswith("part of"):
        return f"{line.lesion} {line.ends_as}"
    if len(line.points) == 1:
        return f"{line.lesion} {'new' if line.role == 'new' else 'once'}"
    if line.last <= -100:
        return f"{line.lesion} not seen"
    mark = ", new" if line.role == "new" else ""
    if line.holds:
        mark = f", {line.holds}"
    return f"{line.lesion} {_percent(line.last)}{mark}"


def _percent(value: float) -> str:
    return f"{fmt.number(value, 0, signed=True)}{fmt.NO_BREAK}%"


def _said(lines: Sequence[Thread]) -> str:
    shown = [line for line in lines if line.role != "other"] or list(lines)
    return ", ".join(_name(line) for line in shown[:12])
