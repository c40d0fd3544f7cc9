"""Axes of the figures of a course: time with its dates and treatments, and a scale of percent or mm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from isletscope.lesions import TreatmentSpan
from isletscope.report import format as fmt
from isletscope.report.figures.svg import Canvas

INK = "#16191C"
GREY = "#535C64"
PALE = "#A9B1B8"
FAINT = "#E3E6E9"
ACCENT = "#2F55C4"
OPEN = "#8A3A00"
SIZE = 2.3
SMALL = 2.0
_DATE_WIDTH = 17.0
_BAR_HEIGHT = 3.4
_NICE = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500)


@dataclass(frozen=True)
class TimeAxis:
    """Places of the time points between ``left`` and ``right`` (print mm), to scale in days where dates differ."""

    left: float
    right: float
    days: tuple[date | None, ...]

    @property
    def to_scale(self) -> bool:
        """Whether distances stand for days: every time point has a date and no two have the same."""
        known = [day for day in self.days if day is not None]
        return len(known) == len(self.days) > 1 and len(set(known)) == len(known)

    def at(self, index: int) -> float:
        """Place of a time point."""
        if len(self.days) < 2:
            return (self.left + self.right) / 2
        day = self.days[index]
        if self.to_scale and day is not None:
            return self.on(day)
        return self.left + (self.right - self.left) * index / (len(self.days) - 1)

    def on(self, day: date) -> float:
        """Place of a day, kept within the axis; only for an axis to scale."""
        known = [one for one in self.days if one is not None]
        first, last = min(known), max(known)
        share = (day - first).days / (last - first).days
        return self.left + (self.right - self.left) * min(max(share, 0.0), 1.0)

    def draw(self, canvas: Canvas, top: float, bottom: float) -> None:
        """A thin line at each time point and its date below, in two rows where dates lie close."""
        free = [-math.inf, -math.inf]
        for index, day in enumerate(self.days):
            x = self.at(index)
            canvas.line(x, top, x, bottom, stroke=FAINT, width=0.2)
            row = 0 if x - free[0] >= _DATE_WIDTH else 1
            free[row] = x
            text = fmt.day(day.isoformat()) if day is not None else "no date"
            canvas.text(x, bottom + 3.4 + 2.8 * row, text, size=SIZE, fill=GREY, anchor="middle")


def day_of(text: str) -> date | None:
    """The day of a time point; None where it has no date."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def treatment_rows(axis: TimeAxis, spans: Sequence[TreatmentSpan]) -> list[TreatmentSpan]:
    """Treatments that fall into the time shown; none on an axis that is not to scale."""
    if not axis.to_scale:
        return []
    known = [day for day in axis.days if day is not None]
    first, last = min(known), max(known)
    return [one for one in spans if one.started_on <= last and (one.ended_on is None or one.ended_on >= first)]


def treatments_height(axis: TimeAxis, spans: Sequence[TreatmentSpan]) -> float:
    """Print height in mm that the bars of the treatments take."""
    return (_BAR_HEIGHT + 0.8) * len(treatment_rows(axis, spans))


def draw_treatments(canvas: Canvas, axis: TimeAxis, spans: Sequence[TreatmentSpan], top: float) -> None:
    """One bar for each treatment, from its start to its end; one that goes on ends in a point."""
    known = [day for day in axis.days if day is not None]
    for row, span in enumerate(treatment_rows(axis, spans)):
        y = top + row * (_BAR_HEIGHT + 0.8)
        begin = axis.on(span.started_on)
        end = axis.right if span.ended_on is None else axis.on(span.ended_on)
        tip = 1.6 if span.ended_on is None or span.ended_on > max(known) else 0.0
        middle = y + _BAR_HEIGHT / 2
        points = [(begin, y), (end, y), (end + tip, middle), (end, y + _BAR_HEIGHT), (begin, y + _BAR_HEIGHT)]
        data = "M " + " L ".join(f"{x:.3f} {height:.3f}" for x, height in points) + " Z"
        canvas.path(data, stroke=PALE, width=0.15, fill="#EEF1F3")
        canvas.line(begin, y, begin, y + _BAR_HEIGHT, stroke=INK, width=0.4)
        room, words = end - begin, _fitting(span.label, end - begin - 2.0)
        if words:
            canvas.text(begin + 1.0, middle + 0.75, words, size=SMALL, fill=GREY)
        elif axis.right - end > room:
            canvas.text(end + tip + 0.8, middle + 0.75, _fitting(span.label, axis.right - end), size=SMALL, fill=GREY)


def _fitting(label: str, room: float) -> str:
    """The label, cut at a word where it is longer than the room; empty when nothing fits."""
    most = int(room / (0.52 * SMALL))
    if len(label) <= most:
        return label
    words = label[: max(most - 1, 0)].rpartition(" ")[0]
    return f"{words} …" if words else ""


@dataclass(frozen=True)
class Scale:
    """A linear scale of values between ``low`` and ``high``, drawn from ``bottom`` up to ``top`` (print mm)."""

    low: float
    high: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        """Height of a value, kept within the scale."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)

    def ticks(self, wanted: int = 6) -> list[float]:
        """Round values within the scale."""
        step = next((one for one in _NICE if (self.high - self.low) / one <= wanted), _NICE[-1])
        first = math.ceil(self.low / step)
        return [index * step for index in range(first, math.floor(self.high / step) + 1)]

    def draw(self, canvas: Canvas, left: float, right: float, *, signed: bool) -> None:
        """Faint lines at round values with their numbers on the left; 0 stands out."""
        for value in self.ticks():
            y = self.y(value)
            canvas.line(left, y, right, y, stroke=PALE if value == 0 else FAINT, width=0.25 if value == 0 else 0.15)
            text = fmt.number(value, 0, signed=signed)
            canvas.text(left - 1.4, y + 0.8, text, size=SIZE, fill=GREY, anchor="end")


def percent_scale(values: Sequence[float], top: float, bottom: float) -> Scale:
    """A scale of percent that holds the values and 0, at most +200 above; what lies beyond stays at its edge."""
    low = min([*values, -35.0])
    high = min(max([*values, 35.0]), 200.0)
    low_end = -100.0 if low < -60 else math.floor(low / 10) * 10 - 5.0
    return Scale(low_end, math.ceil(high / 10) * 10 + 5.0, top, bottom)
