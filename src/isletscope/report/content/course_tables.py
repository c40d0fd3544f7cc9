"""Change tables of the section on the course: one for each measure, a row for each lesion."""

from __future__ import annotations

from collections.abc import Sequence

from isletscope.lesions import Change, ChangeRow, Measure, Since, Value
from isletscope.model import Lesion
from isletscope.report import format as fmt
from isletscope.report.content.course_words import course_words
from isletscope.report.content.document import Cell, Column, Table

_MOST_ROWS, _MOST_ROWS_LATER = 30, 15
_SHORT = 20
_LAST_COLUMNS = 5
_SINCE = {Since.PREVIOUS: "previous", Since.BASELINE: "baseline", Since.NADIR: "smallest"}
_RANK = {"definite": 0, "likely_real": 1, "": 2, "within_noise": 3}
PRINTED_MEASURES = (
    "ct_size",
    "mri_size",
    "ct_volume",
    "sstr_suv_max",
    "sstr_volume",
    "fdg_suv_max",
    "adc",
    "hu_portal_venous",
)
"""Measures that the report prints; the others stand in the JSON of ``isletscope compare``."""


def change_tables(
    rows: Sequence[ChangeRow], dates: Sequence[str], lesions: Sequence[Lesion], targets: Sequence[str]
) -> tuple[Table, ...]:
    """A table for each measure that some lesion has at two time points; ``dates`` of the time points in order."""
    names = {lesion.id: lesion for lesion in lesions}
    found: list[Table] = []
    for name in PRINTED_MEASURES:
        own = [row for row in rows if row.measure.name == name]
        if any(row.changes for row in own):
            found.append(_table(own, dates, names, targets, _MOST_ROWS_LATER if found else _MOST_ROWS))
    return tuple(found)


def _table(
    rows: Sequence[ChangeRow], dates: Sequence[str], names: dict[str, Lesion], targets: Sequence[str], most: int
) -> Table:
    measure, last = rows[0].measure, len(dates) - 1
    kept = sorted(rows, key=lambda row: _weight(row, targets))[:most]
    order = list(names)
    kept.sort(key=lambda row: (row.lesion not in targets, order.index(row.lesion)))
    shown = [0, *range(max(1, last + 1 - _LAST_COLUMNS), last + 1)]
    compared = _compared(kept)
    columns = (
        Column("ID", 14),
        Column("site", 30),
        *(Column(fmt.day(dates[index]), 19, "right") for index in shown),
        *(Column(f"since {_SINCE[since]}", 21, "right") for since in compared),
        Column("change", 22),
    )
    body = tuple(_row(row, names[row.lesion], shown, compared, row.lesion in targets) for row in kept)
    unit = fmt.unit(measure.unit)
    caption = f"{measure.title}{f', {unit}' if unit else ''}"
    notes = _notes(kept, len(rows), last + 1 - len(shown))
    tracer = {"sstr_pet": "sstr", "fdg_pet": "fdg"}.get(measure.kind.value, "")
    return Table(caption, columns, body, notes, tracer=tracer, dense=True)


def _weight(row: ChangeRow, targets: Sequence[str]) -> tuple[bool, int, float]:
    """Targets first, then real changes, then the largest."""
    now = last_change(row)
    share = abs(now.percent) if now is not None and now.percent is not None else 0.0
    return (row.lesion not in targets, _RANK[now.change_class] if now is not None else 1, -share)


def last_change(row: ChangeRow, since: Since = Since.PREVIOUS) -> Change | None:
    """The change at the last time point that has a value."""
    found = [one for one in row.changes if one.since is since]
    return found[-1] if found else None


def _compared(rows: Sequence[ChangeRow]) -> list[Since]:
    """References that some row tells apart from the ones before: where all are one time point, one column says it."""
    found: list[Since] = []
    for since in Since:
        starts = [_start(row, since) for row in rows]
        if all(starts != [_start(row, other) for row in rows] for other in found):
            found.append(since)
    return found


def _start(row: ChangeRow, since: Since) -> str:
    found = last_change(row, since)
    return found.reference_point if found is not None else ""


def _row(
    row: ChangeRow, lesion: Lesion, shown: Sequence[int], compared: Sequence[Since], target: bool
) -> tuple[Cell, ...]:
    values = [Cell(*printed_value(row.measure, row.values[index])) for index in shown]
    previous = last_change(row)
    at_end = previous is not None and previous.time_point == row.values[-1].time_point
    changes = [Cell(_change_text(row, last_change(row, since)) if at_end else "–") for since in compared]
    strong = bool(at_end and previous is not None and previous.change_class in ("likely_real", "definite"))
    word = _fate(row)
    if at_end and previous is not None:
        appears = previous.percent is None and previous.absolute > 0
        word = _change_text(row, previous) if appears else course_words().change_class(previous.change_class)
    name = Cell(f"{row.lesion}{' (target)' if target else ''}", strong=target)
    return (name, Cell(lesion.site), *values, *changes, Cell(word, strong=strong))


def printed_value(measure: Measure, value: Value) -> tuple[str, tuple[str, ...]]:
    """A value as it is printed and a grey line below; in place of a number, why there is none."""
    if value.value is None:
        word = value.because.partition(":")[0]
        return (word, ()) if len(word) <= _SHORT else ("–", (word,))
    if not value.seen and measure.vanishes:
        return "not seen", ()
    return printed_number(measure, value.value), ()


def printed_number(measure: Measure, value: float) -> str:
    """A number at the precision of its quantity."""
    if measure.unit == "mL":
        return fmt.volume(value, pet="pet" in measure.kind.value)
    if measure.unit == "10-6.mm2/s":
        return fmt.diffusion(value)
    return fmt.number(value, measure.decimals)


def printed_change(change: Change | None) -> str:
    """A change in percent; without a first value, none."""
    if change is None:
        return "–"
    if change.percent is None:
        return "new" if change.absolute > 0 else "–"
    return f"{fmt.number(change.percent, 0, signed=True)}{fmt.NO_BREAK}%"


def _change_text(row: ChangeRow, change: Change | None) -> str:
    """A change; the part of a lesion that has split is not new where the whole was measured."""
    text = printed_change(change)
    return f"part of {row.part_of}" if text == "new" and row.part_of else text


def _fate(row: ChangeRow) -> str:
    """What is to say of a lesion without a change at the last time point."""
    if row.values[-1].value is None:
        return row.values[-1].because.partition(":")[0]
    return "first value"


def _notes(rows: Sequence[ChangeRow], count: int, hidden: int) -> tuple[str, ...]:
    """Why changes are not classed, what differs of the technique, limits that disagree; each thing once."""
    told, said = course_words(), []
    ends = [
        one for row in rows if (one := last_change(row)) is not None and one.time_point == row.values[-1].time_point
    ]
    owner = {id(one): row.lesion for row in rows for one in row.changes}
    limits = sorted({one.because for one in ends if one.change_class})
    said += [told.limit_note.format(limit="; ".join(limits))] if limits else []
    reasons: dict[str, list[str]] = {}
    for one in ends:
        if not one.change_class and one.percent is not None:
            reasons.setdefault(one.because, []).append(owner[id(one)])
    for because, lesions in reasons.items():
        what = "all lesions" if len(lesions) == len(ends) > 1 else ", ".join(lesions[:8])
        said.append(told.not_classed_note.format(what=what, because=because))
    for row in rows:
        for one in row.changes:
            if one.since is Since.PREVIOUS and one.caveats:
                words = {"date": one.time_point, "before": one.reference_point, "what": "; ".join(one.caveats)}
                said.append(told.caveat_note.format(**words))
    gaps: dict[str, list[str]] = {}
    for row in rows:
        for value in row.values:
            if ":" in value.because:
                gaps.setdefault(value.because, []).append(f"{row.lesion} ({value.time_point})")
    said += [f"{because.capitalize()}: {', '.join(lesions[:8])}." for because, lesions in gaps.items()]
    torn = [
        f"{owner[id(one)]}, {name}: {told.change_class(value)}"
        for one in ends
        for name, value in one.other_classes
        if value != one.change_class
    ]
    said += [told.other_limits.format(what="; ".join(torn[:6]))] if torn else []
    said += [told.left_out.format(count=fmt.counted_exactly(count - len(rows), "lesion"))] if count > len(rows) else []
    said += [told.columns_left_out.format(count=fmt.counted_exactly(hidden, "time point"))] if hidden > 0 else []
    return tuple(dict.fromkeys(said))
