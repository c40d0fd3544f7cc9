"""C34 to C38: every statement has something behind it, and nothing that is missing is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isletscope.model import AlertKind, ItemState
from isletscope.report.checks.fault import Fault
from isletscope.report.checks.material import Material, Placed

_FIRST_LINES = 3
_ABSENT = re.compile(r"n/a[ \u00a0]?(?:\((?P<letter>[a-z]{1,2})\))?")
_COUNTS = {
    "answered": ItemState.ANSWERED,
    "not_applicable": ItemState.NOT_APPLICABLE,
    "not_assessable": ItemState.NOT_ASSESSABLE,
    "open": ItemState.OPEN,
}


def c34(material: Material) -> Iterator[Fault]:
    """Impression lines rest on references that exist, and that steps 2 to 9 or the scores name too."""
    steps = {f"step {number}" for number in range(2, 10)}
    found = {reference for placed in material.within(*steps) for reference in placed.sentence.rests_on}
    found |= {reference for score in material.narrative.scores for reference in score.rests_on}
    found |= {f"conclusion/{score.name}" for score in material.narrative.scores}
    alerts = {placed.sentence.alert for placed in material.within(*steps) if placed.sentence.alert}
    for placed in material.within("impression"):
        sentence = placed.sentence
        if sentence.alert and sentence.alert in alerts:
            continue
        if not sentence.rests_on and not sentence.items:
            yield Fault("C34", placed.where, "nothing behind it", "a value, score or alert of steps 2 to 9")
        elif sentence.rests_on and not any(_shared(one, found) for one in sentence.rests_on):
            yield Fault("C34", placed.where, ", ".join(sentence.rests_on[:3]), "a finding that steps 2 to 9 tell")
    for placed in material.findings:
        for reference in placed.sentence.rests_on:
            if not material.references.resolve(reference).found:
                yield Fault("C34", placed.where, reference, "a reference that the case holds")


def _shared(reference: str, found: set[str]) -> bool:
    """The reference itself, or another value of the same finding."""
    if reference in found:
        return True
    parent = reference.rpartition("/")[0]
    kind = reference.partition("/")[0]
    return kind in ("lesion", "vessel", "structure", "liver") and any(
        other.startswith(f"{parent}/") or other == parent or reference.startswith(f"{other}/") for other in found
    )


def c35(material: Material) -> Iterator[Fault]:
    """Alerts that are not closed stand in the first summary lines, in their step, and as impression 1 or 2."""
    loud = [one for one in material.assessed.alerts if one.kind is AlertKind.ALERT and not one.closed_by]
    told = material.narrative
    first = max(_FIRST_LINES, len(loud))
    for alert in loud:
        places = {
            f"the first {first} summary lines": told.summary[:first],
            f"step {alert.step}": next((step.sentences for step in told.steps if step.number == alert.step), ()),
            f"impression 1 to {max(2, len(loud))}": told.impression[: max(2, len(loud))],
        }
        for place, sentences in places.items():
            if not any(alert.code in sentence.alert.split() for sentence in sentences):
                yield Fault("C35", alert.code, f"not in {place}", "the alert there, in its fixed form")
        for sentence in (*told.summary, *told.impression):
            if sentence.alert == alert.code and not re.search(r"\bagainst\b|\bALERT\b", sentence.text):
                yield Fault("C35", alert.code, sentence.text[:40], "the fixed form: finding against finding")


def c36(material: Material) -> Iterator[Fault]:
    """The four counts are those of the catalogue; no blank cell."""
    completeness = material.assessed.completeness
    counts = material.narrative.counts
    if completeness is not None:
        for name, state in _COUNTS.items():
            printed, counted = getattr(counts, name), completeness.count(state)
            if printed != counted:
                yield Fault("C36", "step 10", f"{printed} {state.value}", f"{counted} {state.value}")
        step = " ".join(placed.text for placed in material.within("step 10"))
        for name, state in _COUNTS.items():
            match = re.search(rf"\b{state.value}[ \u00a0](\d+)|(\d+)[ \u00a0]{state.value}\b", step)
            if match and int(match[1] or match[2]) != completeness.count(state):
                yield Fault("C36", "step 10", match.group(), f"{completeness.count(state)} {name.replace('_', ' ')}")
    for table in material.narrative.tables:
        for row in table.rows:
            if len(row.cells) != len(table.columns):
                yield Fault(
                    "C36", f"table {table.name}, {row.subject}", f"{len(row.cells)} cells", f"{len(table.columns)}"
                )
            for head, cell in zip(table.columns, row.cells, strict=False):
                if not cell.printed.strip():
                    yield Fault(
                        "C36", f"table {table.name}, {row.subject}", f"a blank under {head}", "a value or a reason"
                    )


def c37(material: Material) -> Iterator[Fault]:
    """Marks § and the list of overrides agree in number; every entry has its five parts."""
    told = material.narrative
    if told.counts.overrides != len(told.overrides):
        yield Fault("C37", "step 10", f"{told.counts.overrides} overrides", f"{len(told.overrides)} in the list")
    for number, override in enumerate(told.overrides, start=1):
        lacking = [
            name
            for name, pattern in (
                ("old and new value", r"→|instead of|against|by rule|computed|proposed"),
                ("time", r"\d{4}-\d{2}-\d{2}"),
                ("reason", r"reason|because|“"),
            )
            if not re.search(pattern, override.text)
        ]
        if lacking:
            yield Fault(
                "C37", f"override {number}", f"no {', no '.join(lacking)}", "old and new value, name, time, reason"
            )
    marked = [placed for placed in material.findings if "§" in placed.text]
    in_tables = [row for table in told.tables for row in table.rows if any("§" in cell.printed for cell in row.cells)]
    if (marked or in_tables) and not told.overrides:
        where = marked[0].where if marked else f"table row {in_tables[0].subject}"
        yield Fault("C37", where, "§", "an entry in the list of overrides")


def c38(material: Material) -> Iterator[Fault]:
    """n/a with its letter and its reason under the table; the three words of missing with theirs."""
    for table in material.narrative.tables:
        notes = " ".join(note.text for note in table.notes)
        for row in table.rows:
            for cell in row.cells:
                for match in _ABSENT.finditer(cell.printed):
                    letter = match["letter"]
                    if letter is None or f"({letter})" not in notes:
                        where = f"table {table.name}, {row.subject}"
                        yield Fault("C38", where, cell.printed, "a letter with its reason under the table")
    for placed in material.placed:
        yield from _without_reason(placed)


def _without_reason(placed: Placed) -> Iterator[Fault]:
    for match in re.finditer(r"\bnot (?:assessable|applicable)\b(?P<rest>[^.]*)", placed.text):
        if placed.where.startswith(("step 10", "not assessable", "note of table")):
            continue
        if not re.search(r"because|\(|:|\d", match["rest"]) and "because" not in placed.text:
            yield Fault("C38", placed.where, match.group()[:40], "because and the reason")
