"""When was it injected, and to which moment are the images decay-corrected (decisions 11 and 12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.intake.suv_clock import average_count_offset_s, percent_by_decay, seconds_between
from isletscope.intake.suv_entries import Entered
from isletscope.intake.suv_header import PetHeader, Radiopharmaceutical
from isletscope.intake.suv_notes import Notes
from isletscope.intake.suv_tables import Nuclide, suv_tables
from isletscope.model import EntrySubject

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ReferenceTime:
    """Moment of decay correction: one for the series, or ``per_plane`` where the planes do not agree."""

    moment: datetime
    way: str
    per_plane: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Tracer:
    """What the times need to know of the tracer; ``half_life_s`` None when unknown."""

    item: Radiopharmaceutical
    nuclide: Nuclide | None
    half_life_s: float | None

    @property
    def longest_uptake_s(self) -> float | None:
        """Longest plausible delay from injection to scan, in s."""
        if self.nuclide is not None and self.nuclide.longest_uptake_h is not None:
            return self.nuclide.longest_uptake_h * 3600.0
        return None if self.half_life_s is None else self.half_life_s * suv_tables().uptake.longest_half_lives

    @property
    def name(self) -> str:
        """The nuclide, for messages."""
        return self.nuclide.name if self.nuclide else "this half-life"

    def percent(self, seconds: float) -> float:
        """Change of SUV in percent by a time shift; 0 where the half-life is unknown."""
        return 0.0 if self.half_life_s is None else percent_by_decay(seconds, self.half_life_s)


def scan_start(header: PetHeader) -> datetime | None:
    """The first acquisition, else the moment that the series names."""
    return header.first_acquisition or header.decay_moment or header.series_moment or header.vendor_moment


def injection_time(
    header: PetHeader, tracer: Tracer, entered: Entered, notes: Notes, *, needed: bool
) -> datetime | None:
    """Moment of injection, checked against the scan; None when missing or refused."""
    start = scan_start(header)
    shown = _shown_injection(header, tracer.item)
    entry = entered.moment(
        EntrySubject.INJECTION_TIME, "Radiopharmaceutical Start DateTime (0018,1078)", header.clock, shown
    )
    if EntrySubject.INJECTION_TIME in entered:
        if entry is None:
            return None
        injected = entry if isinstance(entry, datetime) else _on_day_of_scan(entry, start, notes)
    else:
        injected = _from_header(header, tracer, start, notes)
    if injected is None:
        notes.say("injection_missing", found=shown, needed=needed)
        return None
    if start is None:
        return injected
    return injected if _plausible(injected, start, tracer, entered, notes, needed=needed) else None


def _from_header(header: PetHeader, tracer: Tracer, start: datetime | None, notes: Notes) -> datetime | None:
    item = tracer.item
    if item.started is not None:
        if item.started_clock is not None:
            _compare_clocks(item.started, item.started_clock, tracer, notes)
        notes.saw(f"Radiopharmaceutical Start DateTime (0018,1078) {_iso(item.started)}")
        return item.started
    if item.started_clock is not None:
        injected = _on_day_of_scan(item.started_clock, start, notes)
        gate = suv_tables().uptake
        if injected is not None and (tracer.half_life_s or 0.0) >= 3600.0 * gate.ambiguous_clock_half_life_h:
            longest_h = (tracer.longest_uptake_s or 0.0) / 3600.0
            percent = tracer.percent(86400.0)
            notes.say("injection_clock_ambiguous", _iso(injected), longest_h=longest_h, percent=percent)
        if injected is not None:
            notes.saw(f"Radiopharmaceutical Start Time (0018,1072), taken as {_iso(injected)}")
        return injected
    if header.injection_private is not None:
        notes.say("injection_private", found=_iso(header.injection_private))
        notes.saw(f"GE administration date-time (0009,xx3B) {_iso(header.injection_private)}")
    return header.injection_private


def _on_day_of_scan(of_day: time, start: datetime | None, notes: Notes) -> datetime | None:
    """The clock time on the day of the scan, or on the day before when the scan began earlier on that clock."""
    if start is None:
        return None
    injected = datetime.combine(start.date(), of_day)
    if injected <= start:
        return injected
    earlier = injected - timedelta(days=1)
    notes.say("injection_previous_day", found=f"{of_day.isoformat()}, scan at {_iso(start)}")
    return earlier


def _compare_clocks(started: datetime, started_clock: time, tracer: Tracer, notes: Notes) -> None:
    other = datetime.combine(started.date(), started_clock)
    apart = seconds_between(started, other)
    apart = min((apart, apart - 86400.0, apart + 86400.0), key=abs)
    limit = suv_tables().times.disagreement_s
    if abs(apart) > limit:
        found = f"{_iso(started)} and {started_clock.isoformat()}"
        notes.say("injection_times_differ", found, seconds=limit, percent=tracer.percent(apart))


def _plausible(
    injected: datetime, start: datetime, tracer: Tracer, entered: Entered, notes: Notes, *, needed: bool
) -> bool:
    gate = suv_tables().uptake
    delay, longest = seconds_between(injected, start), tracer.longest_uptake_s
    found = f"injection {_iso(injected)}, scan {_iso(start)} ({_duration(delay)})"
    hint = _hint(injected, start, longest)
    if delay < 0:
        notes.say("injection_after_scan", found=found, needed=needed, hint=hint)
        return False
    limits: dict[str, Any] = {
        "shortest": gate.shortest_min,
        "longest": (longest or 0.0) / 3600.0,
        "nuclide": tracer.name,
    }
    if delay < 60.0 * gate.shortest_min or (longest is not None and delay > longest):
        who = entered.confirmed(EntrySubject.CONFIRM_UPTAKE_TIME)
        if who is None:
            notes.say("uptake_implausible", found, needed=needed, hint=hint, **limits)
            return False
        notes.say("uptake_confirmed", f"{found}, {who}", **limits)
    elif delay < 60.0 * gate.warn_below_min:
        notes.say("uptake_short", found, minutes=gate.warn_below_min)
    return True


def _hint(injected: datetime, start: datetime, longest_s: float | None) -> str:
    """What the injection time may have been meant to be: the same clock time on another day, or 12 hours off."""
    gate = suv_tables().uptake
    same_clock = datetime.combine(start.date(), injected.time())
    delay = seconds_between(same_clock if same_clock <= start else same_clock - timedelta(days=1), start)
    plausible = 60.0 * gate.shortest_min <= delay and (longest_s is None or delay <= longest_s)
    if plausible and abs(seconds_between(injected, start)) > 43200.0:
        return f"The same clock time on the day of the scan would be {_duration(delay)}. "
    for shift in (-43200.0, 43200.0):
        if gate.hint_from_min <= (seconds_between(injected, start) + shift) / 60.0 <= gate.hint_to_min:
            return "The injection time may be 12 hours off. "
    return ""


def reference_time(
    header: PetHeader, tracer: Tracer, injected: datetime | None, entered: Entered, notes: Notes
) -> ReferenceTime | None:
    """Moment to which a series with decay correction START is corrected; None when it cannot be found.

    Order of decisions 11: vendor's private scan date-time; Series Date and Time; reckoned back per plane. Enhanced PET
    states it in Decay Correction DateTime (0018,9701).
    """
    stated = header.decay_moment or header.series_moment
    entry = entered.moment(
        EntrySubject.DECAY_REFERENCE_TIME, "Moment of decay correction", header.clock, _iso(stated) or "no value"
    )
    if EntrySubject.DECAY_REFERENCE_TIME in entered:
        if entry is None:
            return None
        moment = entry if isinstance(entry, datetime) else _on_day_of_scan(entry, scan_start(header), notes)
        found = None if moment is None else ReferenceTime(moment, "entered reference time")
    elif header.decay_moment is not None:
        notes.saw(f"Decay Correction DateTime (0018,9701) {_iso(header.decay_moment)}")
        found = ReferenceTime(header.decay_moment, "decay correction date-time")
    else:
        found = _by_order(header, tracer, notes)
    if found is None:
        notes.say("reference_missing", found=_shown_reference(header))
        return None
    if injected is not None and min((found.moment, *found.per_plane)) < injected:
        notes.say("reference_before_injection", f"{_iso(found.moment)}, injection {_iso(injected)}")
        return None
    return found


def _by_order(header: PetHeader, tracer: Tracer, notes: Notes) -> ReferenceTime | None:
    vendor = _not_late(header.vendor_moment, header)
    series = _not_late(header.series_moment, header)
    reckoned = _reckoned_back(header, tracer.half_life_s)
    limit = suv_tables().times.disagreement_s
    if header.vendor_moment is not None and vendor is None:
        notes.say("reference_vendor_late", f"{_iso(header.vendor_moment)}, {_shown_acquisition(header)}")
    if vendor is None and series is None:
        return _only_reckoned(header, tracer, reckoned, notes)
    if header.first_acquisition is None:
        notes.say("reference_unchecked", found="no value")
    if vendor is not None and series is not None and abs(seconds_between(vendor, series)) > limit:
        percent = tracer.percent(seconds_between(vendor, series))
        found = f"vendor {_iso(vendor)}, series {_iso(series)}"
        notes.say("reference_times_differ", found, seconds=limit, percent=percent)
    moment, way = (vendor, "vendor scan time") if vendor is not None else (series, "series time")
    assert moment is not None  # one of the two stands
    notes.saw(f"Moment of decay correction: {way} {_iso(moment)}")
    if reckoned:
        _cross_check(moment, reckoned, tracer, notes)
    return ReferenceTime(moment, way)


def _not_late(moment: datetime | None, header: PetHeader) -> datetime | None:
    """The moment, when it is not later than the first acquisition (times cut to whole seconds allowed for)."""
    first = header.first_acquisition
    if moment is None or first is None:
        return moment
    return moment if seconds_between(first, moment) <= suv_tables().times.rounding_s else None


def _reckoned_back(header: PetHeader, half_life_s: float | None) -> list[datetime]:
    """t_acq + T_ave - Frame Reference Time of every plane; empty when any value is missing."""
    if half_life_s is None:
        return []
    offsets: dict[float, float] = {}
    moments = []
    for plane in header.planes:
        if plane.acquired is None or plane.duration_s is None or plane.frame_reference_s is None:
            return []
        if plane.duration_s not in offsets:
            offsets[plane.duration_s] = average_count_offset_s(half_life_s, plane.duration_s)
        moments.append(plane.acquired + timedelta(seconds=offsets[plane.duration_s] - plane.frame_reference_s))
    return moments


def _only_reckoned(header: PetHeader, tracer: Tracer, reckoned: list[datetime], notes: Notes) -> ReferenceTime | None:
    if not reckoned:
        return None
    middle = _median(reckoned)
    if header.series_moment is None:
        notes.say("reference_reckoned_back", found="no value")
    else:
        notes.say("reference_series_time_late", f"{_iso(header.series_moment)}, {_shown_acquisition(header)}")
    notes.saw(f"Moment of decay correction: reckoned back from the acquisition, {_iso(middle)}")
    first = header.first_acquisition
    late = 0.0 if first is None else seconds_between(first, middle)
    if late > suv_tables().times.rounding_s:
        found = f"{_iso(middle)}, {_shown_acquisition(header)}"
        notes.say("reference_after_acquisition", found, percent=tracer.percent(late))
    spread, limit = seconds_between(min(reckoned), max(reckoned)), suv_tables().times.disagreement_s
    if spread <= limit:
        return ReferenceTime(middle, "reckoned back from the acquisition")
    found = f"{_iso(min(reckoned))} to {_iso(max(reckoned))}"
    notes.say("reference_spread", found, seconds=limit, percent=tracer.percent(spread))
    return ReferenceTime(middle, "reckoned back slice by slice", tuple(reckoned))


def _cross_check(moment: datetime, reckoned: list[datetime], tracer: Tracer, notes: Notes) -> None:
    limit = suv_tables().times.disagreement_s
    worst = max(reckoned, key=lambda other: abs(seconds_between(moment, other)))
    apart = seconds_between(moment, worst)
    if abs(apart) > limit:
        found = f"{_iso(worst)} against {_iso(moment)}"
        notes.say("reference_cross_check", found, seconds=limit, percent=tracer.percent(apart))


def _median(moments: list[datetime]) -> datetime:
    first = min(moments)
    return first + timedelta(seconds=float(np.median([seconds_between(first, moment) for moment in moments])))


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(sep=" ")


def _duration(seconds: float) -> str:
    minutes = round(abs(seconds) / 60.0)
    text = f"{minutes // 60} h {minutes % 60:02d} min" if minutes < 60 * 48 else f"{minutes / 1440:.1f} days"
    return f"{text} {'before' if seconds >= 0 else 'after'} the scan"


def _shown_injection(header: PetHeader, item: Radiopharmaceutical) -> str:
    if item.started is not None:
        return _iso(item.started)
    if item.started_clock is not None:
        return item.started_clock.isoformat()
    return _iso(header.injection_private) or "no value"


def _shown_acquisition(header: PetHeader) -> str:
    return f"first acquisition {_iso(header.first_acquisition) or 'unknown'}"


def _shown_reference(header: PetHeader) -> str:
    series = _iso(header.series_moment or header.decay_moment) or "no value"
    return f"series {series}, {_shown_acquisition(header)}"
