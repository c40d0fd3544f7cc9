"""A reader's values for one PET series; they stand in place of the header's and are shown with who, when and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, time

from isletscope.intake.files import SeriesFiles
from isletscope.intake.suv_clock import Clock, parse_time
from isletscope.intake.suv_notes import Notes
from isletscope.model import EntrySubject, ReaderEntry


class Entered:
    """The entries that concern one series: those that name it before those for all, later ones before earlier ones."""

    def __init__(self, files: SeriesFiles, entries: Sequence[ReaderEntry], notes: Notes) -> None:
        record = files.record
        names = {record.series_uid, record.key, str(record.number), record.description}
        ours = [entry for entry in entries if entry.series is None or entry.series in names]
        self._by_subject = {entry.subject: entry for entry in sorted(ours, key=lambda entry: entry.series is not None)}
        self._notes = notes

    def __contains__(self, subject: EntrySubject) -> bool:
        return subject in self._by_subject

    def positive(self, subject: EntrySubject, name: str, unit: str, header: str) -> float | None:
        """An entered number above zero; ``header`` is what the header says, for the record. None when not entered."""
        entry = self._by_subject.get(subject)
        if entry is None:
            return None
        try:
            value = math.nan if isinstance(entry.value, bool) else float(entry.value)
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf:
            self._refuse(entry, f"a number above 0, in {unit}")
            return None
        self._record(entry, name, f"{value:g} {unit}", header, value, unit)
        return value

    def moment(self, subject: EntrySubject, name: str, clock: Clock, header: str) -> datetime | time | None:
        """An entered ISO date-time on the series' clock, or a time of day. None when not entered."""
        entry = self._by_subject.get(subject)
        if entry is None:
            return None
        text = str(entry.value)
        value = clock.moment(text) or parse_time(text)
        if value is None:
            self._refuse(entry, "an ISO date-time such as 2026-01-31T10:15")
            return None
        self._record(entry, name, value.isoformat(), header)
        return value

    def choice(self, subject: EntrySubject, name: str, choices: str, header: str) -> str | None:
        """An entered letter out of ``choices``. None when not entered."""
        entry = self._by_subject.get(subject)
        if entry is None:
            return None
        value = str(entry.value).strip().upper()
        if len(value) != 1 or value not in choices:
            self._refuse(entry, f"one of {', '.join(choices)}")
            return None
        self._record(entry, name, value, header)
        return value

    def confirmed(self, subject: EntrySubject) -> str | None:
        """Who confirmed, when and why; None when nobody did."""
        entry = self._by_subject.get(subject)
        if entry is None or str(entry.value).strip().lower() not in ("true", "yes", "1", "1.0"):
            return None
        return _by(entry)

    def _record(
        self, entry: ReaderEntry, name: str, text: str, header: str, value: float | None = None, unit: str | None = None
    ) -> None:
        self._notes.say("value_entered", found=f"{text}, {_by(entry)}; the header has {header}", name=name)
        self._notes.saw(f"{name}: {text}, {_by(entry)}", value, unit)

    def _refuse(self, entry: ReaderEntry, wanted: str) -> None:
        found = f"{entry.subject.value} = {entry.value!r}, {_by(entry)}"
        self._notes.say("entry_unreadable", found=found, wanted=wanted)


def _by(entry: ReaderEntry) -> str:
    return f"entered by {entry.who} on {entry.when} because: {entry.why}"
