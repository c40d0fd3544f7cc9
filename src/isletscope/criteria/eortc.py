"""EORTC 1999 metabolic response: change of FDG SUV, extent, new lesions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import Inputs, Value, Way, settle
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("eortc", Book)
Positive = Annotated[float | None, Field(gt=0)]


class EortcInput(CriterionInput):
    """SUV per body surface (g/mL) in the same region before and now; longest extent in mm.

    ``more_than_one_cycle``: of treatment between the scans. ``resolved``: uptake of all lesions is gone.
    """

    baseline_suv_bsa_g_ml: Positive = None
    current_suv_bsa_g_ml: Annotated[float | None, Field(ge=0)] = None
    baseline_extent_mm: Positive = None
    current_extent_mm: Annotated[float | None, Field(ge=0)] = None
    more_than_one_cycle: bool | None = None
    resolved: bool | None = None
    new_lesion: bool | None = None


_LABELS = {
    "suv": "SUV per body surface before and now",
    "extent": "longest extent before and now",
    "cycles": "whether more than one cycle was given",
    "resolved": "whether all uptake has resolved",
    "new": "whether there is a new FDG lesion",
}
_CHOICES = {"suv": (-30.0, -20.0, 0.0, 30.0), "extent": (0.0, 30.0)}


def assess(given: EortcInput) -> Conclusion:
    """CMR, PMR, SMD or PMD."""
    reasoning = Reasoning(BOOK)
    suv = _change(reasoning, "SUV per body surface", "g/mL", given.baseline_suv_bsa_g_ml, given.current_suv_bsa_g_ml)
    extent = _change(reasoning, "longest extent", "mm", given.baseline_extent_mm, given.current_extent_mm)
    known: dict[str, Value | None] = {
        "suv": suv,
        "extent": extent,
        "cycles": given.more_than_one_cycle,
        "resolved": given.resolved,
        "new": given.new_lesion,
    }
    outcome = settle(_table, known, _CHOICES)
    if not outcome.settled:
        return reasoning.not_assessable(*(_LABELS[name] for name in outcome.needed), possible=outcome.values)
    shown = {True: "more than one cycle", False: "one cycle", None: "one or more cycles"}[given.more_than_one_cycle]
    rule = outcome.ways[0].rule
    change = extent if rule == "extent" else suv
    reasoning.fire(rule, change="not known" if change is None else change, cycles=shown)
    if (
        rule == "stable"
        and suv is not None
        and at_least(-suv, BOOK.limit("fall_one_cycle"))
        and given.more_than_one_cycle
    ):
        reasoning.flag("BETWEEN_LIMITS")
    if outcome.insensitive:
        reasoning.flag("INSENSITIVE_TO_MISSING", missing=", ".join(_LABELS[name] for name in outcome.insensitive))
    return reasoning.conclude(outcome.values[0])


def _change(reasoning: Reasoning, name: str, unit: str, before: float | None, now: float | None) -> float | None:
    """Change in percent, None when one of the two is missing."""
    if before is None or now is None:
        return None
    change = 100 * (now - before) / before
    reasoning.note(f"{name} at baseline", before, unit)
    reasoning.note(f"{name} now", now, unit)
    reasoning.note(f"change of {name}", change, "%")
    return change


def _table(inputs: Inputs) -> Way:
    if inputs.flag("new"):
        return Way("PMD", "new")
    if inputs.flag("resolved"):
        return Way("CMR", "complete")
    suv = inputs.number("suv")
    if above(suv, BOOK.limit("rise")):
        return Way("PMD", "rise")
    if above(inputs.number("extent"), BOOK.limit("extent")):
        return Way("PMD", "extent")
    if above(-suv, BOOK.limit("fall")):
        return Way("PMR", "partial")
    if above(-suv, BOOK.limit("fall_one_cycle")) and not inputs.flag("cycles"):
        return Way("PMR", "partial")
    return Way("SMD", "stable")


CRITERION = Criterion(BOOK, EortcInput, assess)
