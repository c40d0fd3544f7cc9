"""SSTR against FDG SUVmax of every lesion, with the liver of both PET as the lines between the fields."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from isletscope.report import format as fmt
from isletscope.report.content.document import Figure
from isletscope.report.figures.svg import Canvas

_INK, _GREY, _PALE, _FAINT = "#16191C", "#535C64", "#A9B1B8", "#E3E6E9"
_SSTR_INK, _FDG_INK = "#0B6E62", "#8F5300"
_TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
_LEAST_SPAN = 12.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 10.0, 2.0, 3.0, 8.5


@dataclass(frozen=True)
class Dot:
    """A lesion: SUVmax on both PET in g/mL; ``carried``: one of them was measured within the outline of the other."""

    name: str
    sstr: float
    fdg: float
    mismatch: bool
    carried: bool


def scatter_figure(
    dots: Sequence[Dot], sstr_liver: float | None, fdg_liver: float | None, width_mm: float, height_mm: float
) -> Figure:
    """Both axes logarithmic. ``sstr_liver``, ``fdg_liver``: from where a tracer counts as above liver, g/mL.

    Amber: discordant lesions; hollow: no focus of its own on one of the PET.
    """
    canvas = Canvas(width_mm, height_mm)
    x_axis = _Axis.of([one.sstr for one in dots], sstr_liver, _LEFT, width_mm - _RIGHT)
    y_axis = _Axis.of([one.fdg for one in dots], fdg_liver, height_mm - _BOTTOM, _TOP)
    _draw_axes(canvas, x_axis, y_axis)
    _draw_fields(canvas, x_axis, y_axis, sstr_liver, fdg_liver)
    for one in dots:
        x, y = x_axis.at(one.sstr), y_axis.at(one.fdg)
        ink = _FDG_INK if one.mismatch else _INK
        fill = "#FFFFFF" if one.carried else ("#F5A742" if one.mismatch else _GREY)
        canvas.add("circle", cx=x, cy=y, r=1.15, fill=fill, stroke=ink, stroke_width=0.3)
    for name, x, y, anchor in _placed([(one.name, x_axis.at(one.sstr), y_axis.at(one.fdg)) for one in dots]):
        canvas.text(x, y, name, size=2.1, fill=_INK, anchor=anchor, halo="#FFFFFF")
    return Figure(
        name="heterogeneity-scatter",
        svg=canvas.markup(),
        width_mm=width_mm,
        height_mm=height_mm,
        alt="SSTR against FDG SUVmax of each lesion: "
        + "; ".join(f"{one.name} {fmt.suv(one.sstr)} and {fmt.suv(one.fdg)}" for one in dots)
        + ".",
        title="SSTR and FDG SUVmax by lesion",
        caption=(
            "Dashed: liver mean + 2 SD on either PET. Amber: discordant. Hollow: no focus of its own on one PET, mean "
            "within the outline of the other.",
        ),
    )


@dataclass(frozen=True)
class _Axis:
    """A logarithmic axis from ``low`` to ``high`` g/mL between two places in print mm."""

    low: float
    high: float
    begin: float
    end: float

    @classmethod
    def of(cls, values: Sequence[float], reference: float | None, begin: float, end: float) -> _Axis:
        known = [value for value in values if value > 0]
        known += [0.7 * reference, 1.5 * reference] if reference else []
        low, high = 0.8 * min(known, default=1.0), 1.3 * max(known, default=10.0)
        widened = math.sqrt(max(_LEAST_SPAN / (high / low), 1.0))
        return cls(low / widened, high * widened, begin, end)

    def at(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.begin + share * (self.end - self.begin)

    @property
    def ticks(self) -> list[float]:
        return [tick for tick in _TICKS if self.low <= tick <= self.high]


def _draw_axes(canvas: Canvas, x_axis: _Axis, y_axis: _Axis) -> None:
    for tick in x_axis.ticks:
        x = x_axis.at(tick)
        canvas.line(x, y_axis.end, x, y_axis.begin, stroke=_FAINT, width=0.2)
        canvas.text(x, y_axis.begin + 3.0, fmt.significant(tick), size=2.1, fill=_GREY, anchor="middle")
    for tick in y_axis.ticks:
        y = y_axis.at(tick)
        canvas.line(x_axis.begin, y, x_axis.end, y, stroke=_FAINT, width=0.2)
        canvas.text(x_axis.begin - 1.0, y + 0.7, fmt.significant(tick), size=2.1, fill=_GREY, anchor="end")
    canvas.line(x_axis.begin, y_axis.begin, x_axis.end, y_axis.begin, stroke=_PALE, width=0.3)
    canvas.line(x_axis.begin, y_axis.begin, x_axis.begin, y_axis.end, stroke=_PALE, width=0.3)
    canvas.text(x_axis.end, y_axis.begin + 6.4, "SSTR SUVmax, g/mL", size=2.3, fill=_SSTR_INK, anchor="end", weight=600)
    canvas.text(0, y_axis.end - 0.8, "FDG SUVmax, g/mL", size=2.3, fill=_FDG_INK, weight=600)


def _draw_fields(
    canvas: Canvas, x_axis: _Axis, y_axis: _Axis, sstr_liver: float | None, fdg_liver: float | None
) -> None:
    if sstr_liver is not None:
        x = x_axis.at(sstr_liver)
        canvas.line(x, y_axis.begin, x, y_axis.end, stroke=_SSTR_INK, width=0.25, dash="1 0.8")
    if fdg_liver is not None:
        y = y_axis.at(fdg_liver)
        canvas.line(x_axis.begin, y, x_axis.end, y, stroke=_FDG_INK, width=0.25, dash="1 0.8")
    if sstr_liver is None or fdg_liver is None:
        return
    low, high = y_axis.begin - 1.2, y_axis.end + 2.8
    for text, x, y, anchor in (
        ("FDG above liver, SSTR not", x_axis.begin + 1, high, "start"),
        ("both above liver", x_axis.end - 0.5, high, "end"),
        ("SSTR above liver, FDG not", x_axis.end - 0.5, low, "end"),
    ):
        canvas.text(x, y, text, size=1.9, fill=_GREY, anchor=anchor, halo="#FFFFFF")


def _placed(dots: Sequence[tuple[str, float, float]]) -> list[tuple[str, float, float, str]]:
    """Names beside their dots, each where it hides no dot and no name; a name without room is left out."""
    taken: list[tuple[float, float, float, float]] = [(x - 1.2, y - 1.2, x + 1.2, y + 1.2) for _, x, y in dots]
    found = []
    for name, x, y in dots:
        width = 1.25 * len(name)
        for dx, dy, anchor in ((1.6, 0.7, "start"), (-1.6, 0.7, "end"), (0.0, -1.7, "middle"), (0.0, 3.2, "middle")):
            left = {"start": x + dx, "end": x + dx - width, "middle": x - width / 2}[anchor]
            box = (left, y + dy - 1.7, left + width, y + dy + 0.2)
            if not any(_overlap(box, other) for other in taken):
                taken.append(box)
                found.append((name, x + dx, y + dy, anchor))
                break
    return found


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
