"""The change table: every measure of every lesion at every time point, and whether a change exceeds its noise.

Values are those of the lesions' observations; sizes are taken as the response criteria take them. A change is held
against the limit of the criterion of repeatability, with its words: ``within_noise``, ``likely_real``, or ``definite``
where two scans in a row exceed the limit in the same direction. Three references are kept apart: the time point
before (``previous``), the one that response is measured against (``baseline``), the smallest value since (``nadir``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from isletscope.assessment import View, axis_name, baseline_of, merged_with, size_on
from isletscope.criteria import REPEATABILITY_BOOK, Quantity, RepeatabilityInput, RepeatabilityLimit, change_class
from isletscope.lesions.change_book import DIAMETER, Measure, change_book
from isletscope.lesions.change_technique import Difference, differences
from isletscope.model import Lesion, Observation, Series, State, Visibility


class Since(StrEnum):
    """What a change is counted from."""

    PREVIOUS = "previous"
    BASELINE = "baseline"
    NADIR = "nadir"


@dataclass(frozen=True)
class Value:
    """A lesion's measure at one time point; without a number, why there is none. 0: looked for and not seen."""

    time_point: str
    value: float | None
    because: str = ""
    reference: str = ""
    series_key: str = ""
    seen: bool = False


@dataclass(frozen=True)
class Change:
    """The change of a measure at a time point since another one.

    ``absolute`` in the unit of the measure; ``percent`` None where the first value is 0. ``change_class`` is empty
    where no limit holds, and ``because`` then says why; otherwise ``because`` names the limit. ``other_classes``: what
    other published limits say, by their names. ``caveats``: what differs or is not known of the technique.
    """

    since: Since
    time_point: str
    reference_point: str
    absolute: float
    percent: float | None
    change_class: str
    because: str
    other_classes: tuple[tuple[str, str], ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangeRow:
    """One measure of one lesion over all time points; ``changes`` ordered by time point, then by reference.

    ``part_of``: the lesion that this one has split from, whose size and volume hold it too.
    """

    lesion: str
    measure: Measure
    values: tuple[Value, ...]
    changes: tuple[Change, ...]
    part_of: str = ""

    def change(self, time_point: str, since: Since) -> Change | None:
        """The change at a time point since a reference; None where one of the two has no value."""
        return next((one for one in self.changes if (one.time_point, one.since) == (time_point, since)), None)


def change_rows(views: Sequence[View]) -> tuple[ChangeRow, ...]:
    """All rows with at least one value, by lesion in the order of the case, then in print order of the measures.

    ``views``: the time points of one case in order of time.
    """
    if not views:
        return ()
    rows = []
    for lesion in followed(views):
        for measure in change_book().measures:
            values = tuple(_value(view, lesion, measure) for view in views)
            if any(one.value for one in values):
                changes = _Followed(views, lesion, measure, values).changes()
                rows.append(ChangeRow(lesion.id, measure, values, changes, lesion.split_from))
    return tuple(rows)


def followed(views: Sequence[View]) -> list[Lesion]:
    """Lesions held to be tumour, or left unsure, that some time point shows."""
    shown = {lesion.id for view in views for lesion in (*view.lesions, *view.unsure)}
    return [lesion for lesion in views[0].case.lesions if lesion.id in shown] if views else []


def _value(view: View, lesion: Lesion, measure: Measure) -> Value:
    """The measure as this time point's last exam of its kind has it."""
    name, book = view.point.name, change_book()
    one = view.looked(lesion, measure.kind)
    reference = f"lesion/{lesion.id}/{one.reference}/{_key(lesion, measure)}" if one else ""
    series = one.series_key if one else ""
    whole = _whole_of(view, lesion)
    if whole is not None:
        return Value(name, None, book.says("part_of", lesion=whole.id), reference, series)
    if measure.value == DIAMETER:
        size = size_on(view, lesion, measure.kind)
        if size is not None:
            return Value(
                name,
                size.value_mm,
                "" if size.value_mm else book.says("not_seen"),
                reference,
                series,
                size.value_mm > 0,
            )
        return Value(name, None, _why(one, measure, lesion), reference, series)
    parts = _parts_of(view, lesion) if measure.value == "volume" else []
    if parts:
        return _summed(view, lesion, parts, measure)
    if one is not None and one.visibility is Visibility.NOT_SEEN and measure.vanishes:
        return Value(name, 0.0, book.says("not_seen"), reference, series)
    number = one.number(measure.value) if one is not None and one.visibility is Visibility.SEEN else None
    if number is None:
        return Value(name, None, _why(one, measure, lesion), reference, series)
    return Value(name, number, "", reference, series, seen=True)


def _key(lesion: Lesion, measure: Measure) -> str:
    return axis_name(lesion) if measure.value == DIAMETER else measure.value


def _whole_of(view: View, lesion: Lesion) -> Lesion | None:
    """The lesion that this one has become part of; None while it is seen by itself."""
    if not lesion.merged_into or any(view.seen(lesion)):
        return None
    whole = next((one for one in view.case.lesions if one.id == lesion.merged_into), None)
    return whole if whole is not None and any(view.seen(whole)) else None


def _parts_of(view: View, lesion: Lesion) -> list[Lesion]:
    return [one for one in view.case.lesions if one.split_from == lesion.id and any(view.seen(one))]


def _summed(view: View, lesion: Lesion, parts: Sequence[Lesion], measure: Measure) -> Value:
    """The volume of a lesion that has split: its own rest and its parts, all or nothing."""
    looked = [(one, view.looked(one, measure.kind)) for one in (lesion, *parts)]
    seen = [(one, found) for one, found in looked if found is not None and found.visibility is Visibility.SEEN]
    numbers = [found.number(measure.value) for _, found in seen]
    remark = change_book().says("split", lesions=", ".join(one.id for one in parts))
    series = seen[0][1].series_key if seen else ""
    known = [number for number in numbers if number is not None]
    if not known or len(known) < len(numbers):
        return Value(view.point.name, None, remark, series_key=series)
    reference = f"lesion/{lesion.id}/{seen[0][1].reference}/{measure.value}"
    return Value(view.point.name, sum(known), remark, reference, series, seen=True)


def _why(one: Observation | None, measure: Measure, lesion: Lesion) -> str:
    book = change_book()
    if one is None:
        return book.says("not_looked")
    if one.visibility is Visibility.NOT_SEEN:
        return book.says("not_seen")
    if one.visibility is not Visibility.SEEN:
        return f"{one.visibility.value}: {one.because}"
    found = one.measurements.get(_key(lesion, measure))
    if found is not None and found.state is State.MISSING and found.missing_because:
        return found.missing_because
    return book.says("not_looked")


def _references(views: Sequence[View], values: Sequence[Value], at: int) -> dict[Since, int]:
    """Index of the time points that the value at ``at`` is compared with, as far as they have a value."""
    known = [index for index in range(at) if values[index].value is not None]
    found: dict[Since, int] = {}
    if known:
        found[Since.PREVIOUS] = known[-1]
    chosen = baseline_of(views[at])
    names = [view.point.name for view in views]
    baseline = names.index(chosen[0].point.name) if chosen is not None else -1
    if baseline in known:
        found[Since.BASELINE] = baseline
        found[Since.NADIR] = min((index for index in known if index >= baseline), key=lambda i: values[i].value or 0.0)
    return found


@dataclass(frozen=True)
class _Followed:
    """One measure of one lesion with its values at all time points."""

    views: Sequence[View]
    lesion: Lesion
    measure: Measure
    values: Sequence[Value]

    def changes(self) -> tuple[Change, ...]:
        """Every change, by time point, then by reference."""
        pairs = (
            (since, start, at)
            for at in range(1, len(self.values))
            if self.values[at].value is not None
            for since, start in _references(self.views, self.values, at).items()
        )
        return tuple(self._change(*pair) for pair in pairs)

    def _change(self, since: Since, start: int, at: int) -> Change:
        before, now = self.values[start].value or 0.0, self.values[at].value or 0.0
        apart = self._differences(start, at)
        classed = self._classed(start, at, apart)
        return Change(
            since=since,
            time_point=self.values[at].time_point,
            reference_point=self.values[start].time_point,
            absolute=now - before,
            percent=100 * (now - before) / before if before > 0 else None,
            change_class=classed.value,
            because=classed.because,
            other_classes=classed.others,
            caveats=tuple(one.text for one in apart),
        )

    def _differences(self, start: int, at: int) -> tuple[Difference, ...]:
        return differences(self.measure, self._series(start), self._series(at))

    def _series(self, at: int) -> Series | None:
        key = self.values[at].series_key
        exams = self.views[0].case.exams
        return next((series for exam in exams for series in exam.series if series.key == key), None)

    def _classed(self, start: int, at: int, apart: Sequence[Difference]) -> _Classed:
        """The class of a change, or why no limit holds."""
        book = change_book()
        absorbed = merged_with(self.views[at], self.lesion, since=self.views[start])
        if absorbed:
            return _Classed("", book.says("merged", lesions=", ".join(one.id for one in absorbed)))
        before, now = self.values[start].value, self.values[at].value
        if not before or before < 0 or now is None or now < 0:
            return _Classed("", book.says("from_none"))
        quantity = self._quantity(start)
        if quantity is None:
            return _Classed("", book.says("no_limit"))
        broken = [one for one in apart if one.known]
        only_scanner = {one.property for one in broken} <= {"scanner", "reconstruction"}
        if broken and only_scanner and self.measure.other_scanner is not None:
            quantity = self.measure.other_scanner
        elif broken:
            return _Classed("", book.says("changed_technique", what="; ".join(one.text for one in broken)))
        limits = REPEATABILITY_BOOK.limits[quantity]
        classes = [(limit.name, self._by(limit, quantity, start, at)) for limit in limits]
        unit = RepeatabilityInput(quantity=quantity).unit
        return _Classed(classes[0][1], f"{limits[0].name}, {limits[0].printed(before, now, unit)}", tuple(classes[1:]))

    def _quantity(self, start: int) -> Quantity | None:
        view = self.views[start]
        size = size_on(view, self.lesion, self.measure.kind)
        size_mm = size.value_mm if size is not None else None
        fitting = (one for one in self.measure.limits if one.fits(self.lesion.compartment, size_mm))
        return next((one.quantity for one in fitting), None)

    def _by(self, limit: RepeatabilityLimit, quantity: Quantity, start: int, at: int) -> str:
        """The class by one limit; a neighbouring scan of the same technique that agrees makes it definite."""
        before, now = self.values[start].value, self.values[at].value
        between, following = self._comparable(start, at - 1), self._comparable(start, at + 1)
        if between is not None:
            given = RepeatabilityInput(quantity=quantity, before=before, after=between, next_scan=now)
            if change_class(limit, given) == "definite":
                return "definite"
        given = RepeatabilityInput(quantity=quantity, before=before, after=now, next_scan=following)
        return change_class(limit, given)

    def _comparable(self, start: int, at: int) -> float | None:
        """The value of another scan after ``start`` that was made alike."""
        if not start < at < len(self.values) or any(one.known for one in self._differences(start, at)):
            return None
        return self.values[at].value


@dataclass(frozen=True)
class _Classed:
    value: str
    because: str
    others: tuple[tuple[str, str], ...] = ()
