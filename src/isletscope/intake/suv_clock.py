"""DICOM dates and times of one series, brought to one clock.

All moments are naive ``datetime`` in the zone of the series: Timezone Offset From UTC (0008,0201) where it is given,
else the offset that a date-time carries, else the scanner's local time.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_DATE = re.compile(r"^(\d{4})[.\-]?(\d{2})[.\-]?(\d{2})$")
_TIME = re.compile(r"^(\d{2}):?(\d{2})(?::?(\d{2})(\.\d*)?)?$")
_DATE_TIME = re.compile(
    r"^(\d{4})-?(\d{2})-?(\d{2})[T ]?(\d{2}):?(\d{2})(?::?(\d{2})(\.\d*)?)?\s*(Z|[+\-]\d{2}:?\d{2})?$"
)
_OFFSET = re.compile(r"^([+\-])(\d{2}):?(\d{2})$")


def parse_date(text: str) -> date | None:
    """A DICOM DA (also the old form with dots) or ISO date; None when it is none."""
    match = _DATE.match(text.strip())
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """A DICOM TM or ISO time with at least hours and minutes; None when it is none."""
    match = _TIME.match(text.strip())
    return _time(*match.groups()) if match else None


def parse_offset(text: str) -> timedelta | None:
    """An offset from UTC such as +0130; None when it is none."""
    text = text.strip()
    if text == "Z":
        return timedelta(0)
    match = _OFFSET.match(text)
    if match is None:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return -size if match[1] == "-" else size


def parse_date_time(text: str) -> tuple[datetime, timedelta | None] | None:
    """A DICOM DT or ISO date-time with at least minutes, and the offset it carries; None when it is none."""
    match = _DATE_TIME.match(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    of_day = _time(hour, minute, second, fraction)
    try:
        on_day = date(int(year), int(month), int(day))
    except ValueError:
        return None
    if of_day is None:
        return None
    return datetime.combine(on_day, of_day), parse_offset(offset) if offset else None


def _time(hour: str, minute: str, second: str | None, fraction: str | None) -> time | None:
    microsecond = min(round(float(f"0{fraction}") * 1e6), 999_999) if fraction and fraction != "." else 0
    whole_second = min(int(second or 0), 59)  # a leap second is written as 60
    try:
        return time(int(hour), int(minute), whole_second, microsecond)
    except ValueError:
        return None


@dataclass(frozen=True)
class Clock:
    """The zone of a series: ``offset`` from UTC, None where nothing in the headers tells it."""

    offset: timedelta | None = None

    def moment(self, text: str, zone: timedelta | None = None) -> datetime | None:
        """A date-time on this clock: the offset it carries counts, else ``zone``, the offset of its image."""
        parsed = parse_date_time(text)
        if parsed is None:
            return None
        moment, own = parsed[0], parsed[1] if parsed[1] is not None else zone
        return moment if own is None else self.shifted(moment, own)

    def joined(self, date_text: str, time_text: str, own: timedelta | None = None) -> datetime | None:
        """A date and a time of day on this clock; ``own`` is the offset that the image itself states."""
        on_day, of_day = parse_date(date_text), parse_time(time_text)
        if on_day is None or of_day is None:
            return None
        moment = datetime.combine(on_day, of_day)
        return moment if own is None else self.shifted(moment, own)

    def shifted(self, moment: datetime, own: timedelta) -> datetime:
        """A moment of zone ``own`` on this clock."""
        return moment if self.offset is None else moment - own + self.offset

    @property
    def name(self) -> str:
        """The offset as +HHMM, or words."""
        if self.offset is None:
            return "local time"
        minutes = round(self.offset.total_seconds() / 60)
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Seconds from ``earlier`` to ``later``, with fractions, negative when the order is the other one."""
    return (later - earlier).total_seconds()


def decay_constant(half_life_s: float) -> float:
    """Decay constant in 1/s."""
    return math.log(2.0) / half_life_s


def percent_by_decay(seconds: float, half_life_s: float) -> float:
    """Change of SUV in percent when a time is off by ``seconds``."""
    return 100.0 * math.expm1(decay_constant(half_life_s) * abs(seconds))


def average_count_offset_s(half_life_s: float, duration_s: float) -> float:
    """Seconds from the start of a frame to the moment at which the activity equals its average over the frame.

    T_ave = ln(lT / (1 - exp(-lT))) / l, l = ln 2 / half-life, T = frame duration.
    """
    decay = decay_constant(half_life_s) * duration_s
    if decay < 1e-12:
        return duration_s / 2.0
    return math.log(decay / -math.expm1(-decay)) / decay_constant(half_life_s)


def frame_decay_factor(half_life_s: float, duration_s: float) -> float:
    """Factor lT / (1 - exp(-lT)) that brings a frame's average activity to the start of the frame."""
    decay = decay_constant(half_life_s) * duration_s
    return 1.0 if decay < 1e-12 else decay / -math.expm1(-decay)
