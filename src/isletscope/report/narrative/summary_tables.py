"""At most two small tables of the summary: lesions by pattern on both tracers, and the operations listed."""

from __future__ import annotations

from isletscope.model import Conclusion
from isletscope.report import format as fmt
from isletscope.report.narrative.known import DERIVED, Known
from isletscope.report.narrative.lesion_words import pattern
from isletscope.report.narrative.parts import Cell, NarrativeTable, Row
from isletscope.report.narrative.phrases import listed
from isletscope.report.narrative.step_09 import localised
from isletscope.report.narrative.vocabulary import vocabulary
from isletscope.report.narrative.why import tidy

_PATTERNS = ("fdg_only", "fdg_higher", "equal", "fdg_lower", "sstr_only", "neither")
_NAMED = 12
_STATES = {"yes": "listed", "possible": "possible"}


def summary_tables(known: Known) -> tuple[NarrativeTable, ...]:
    """The tables that have something to show."""
    found = (_pattern_table(known), _operation_table(known))
    return tuple(table for table in found if table is not None)


def _pattern_table(known: Known) -> NarrativeTable | None:
    """Lesions by pattern, where there is more than one."""
    groups = {name: [one.id for one in known.tumours if pattern(known, one) == name] for name in _PATTERNS}
    rows = []
    for name, lesions in groups.items():
        if not lesions:
            continue
        behind = tuple(f"conclusion/concordance/{one}" for one in lesions)
        names = str(listed(lesions)) if len(lesions) <= _NAMED else "see the lesion table"
        cells = (
            Cell(vocabulary().patterns[name], DERIVED, behind),
            Cell(fmt.count(len(lesions)), "", behind),
            Cell(names, "", behind),
        )
        rows.append(Row(name, cells))
    if len(rows) < 2:
        return None
    return NarrativeTable("patterns", "Lesions by pattern", ("pattern", "lesions", "names"), tuple(rows))


def _operation_table(known: Known) -> NarrativeTable | None:
    """Operations for a localised primary in the order of the rule, and the gate of enucleation with its reasons."""
    found = known.asked("operations")
    if found is None or not localised(known):
        return None
    behind = ("conclusion/operations",)
    titles = vocabulary().outcomes["operations"]
    order = [one.strip() for one in (found.value or "").split(",")]
    names = [name for name in (*order, *found.possible) if name in titles and name != "enucleation"]
    rows = [
        _row(name, titles[name], _STATES.get(found.parts.get(name, ""), "listed"), "see the why line", behind)
        for name in dict.fromkeys(names)
    ]
    gate = found.parts.get("enucleation_gate", "")
    if gate:
        shown = f"gate: {vocabulary().outcome('gates', gate)}"
        rows.insert(0, _row("enucleation", "enucleation", shown, _reasons(found) or "see the why line", behind))
    if not rows:
        return None
    return NarrativeTable("operations", "Operations listed", ("operation", "state", "reason"), tuple(rows))


def _row(name: str, title: str, state: str, reason: str, behind: tuple[str, ...]) -> Row:
    return Row(name, (Cell(title, "", behind), Cell(state, DERIVED, behind), Cell(reason, "", behind)))


def _reasons(found: Conclusion) -> str:
    """Why the gate stands as it does, from the branch that fired."""
    for branch in found.branches:
        if branch.rule == "operations.enucleation":
            return tidy(branch.text.partition(": ")[2].rstrip("."))
    return ""
