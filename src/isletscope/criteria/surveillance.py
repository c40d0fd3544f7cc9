"""Surveillance or surgery of a localised pNET: an ordered table by function, warning signs, syndrome and size."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import (
    Inputs,
    TableBook,
    Test,
    Value,
    decide,
    first_hit,
    note_inputs,
    settle,
    sides,
)
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("surveillance", TableBook)
Length = Annotated[float | None, Field(ge=0, le=400)]


class SurveillanceInput(CriterionInput):
    """A localised pNET; lengths in mm, growth beyond measurement error in mm per year, doubling time in days.

    ``earlier_size_mm``: the size on the first of the two scans the growth was taken from. ``growth_mm_per_year`` is 0
    when growth stays within measurement error. ``grade``: WHO grade of a well-differentiated tumour.
    """

    syndrome: Literal["sporadic", "MEN1", "VHL"] | None = None
    functioning: bool | None = None
    size_mm: Annotated[float | None, Field(gt=0, le=400)] = None
    site: Literal["head", "body", "tail"] | None = None
    duct_upstream_mm: Length = None
    duct_wider_than_downstream: bool | None = None
    jaundice: bool | None = None
    symptoms_by_mass: bool | None = None
    suspicious_nodes: bool | None = None
    vessel_involved: bool | None = None
    grade: Literal["G1", "G2", "G3"] | None = None
    ki67_percent: Annotated[float | None, Field(ge=0, le=100)] = None
    growth_mm_per_year: Annotated[float | None, Field(ge=0)] = None
    earlier_size_mm: Annotated[float | None, Field(gt=0, le=400)] = None
    exon3_variant: bool | None = None
    doubling_time_days: Annotated[float | None, Field(gt=0)] = None


_LABELS = {
    "syndrome": "syndrome",
    "functioning": "whether the tumour is functioning",
    "size_mm": "largest diameter",
    "site": "site in the pancreas",
    "duct_upstream_mm": "width of the upstream main duct",
    "duct_wider_than_downstream": "whether the upstream duct is wider than downstream",
    "jaundice": "jaundice",
    "symptoms_by_mass": "symptoms by mass",
    "suspicious_nodes": "suspicious nodes",
    "vessel_involved": "vessel involvement",
    "grade": "grade",
    "ki67_percent": "Ki-67",
    "growth_mm_per_year": "growth",
    "earlier_size_mm": "size on the earlier scan",
    "exon3_variant": "exon 3 variant",
    "doubling_time_days": "doubling time",
}
_UNITS = {
    "size_mm": "mm",
    "duct_upstream_mm": "mm",
    "ki67_percent": "%",
    "growth_mm_per_year": "mm/a",
    "earlier_size_mm": "mm",
    "doubling_time_days": "d",
}
_CHOICES: dict[str, tuple[Value, ...]] = {
    "syndrome": ("sporadic", "MEN1", "VHL"),
    "site": ("head", "body"),
    "grade": ("G1", "G2", "G3"),
    "size_mm": sides(10, 20, 25, 30),
    "duct_upstream_mm": sides(BOOK.limit("duct")),
    "ki67_percent": sides(BOOK.limit("node_ki67"), BOOK.limit("ki67_high")),
    "growth_mm_per_year": (0.0, 2.0, 4.0, 6.0),
    "earlier_size_mm": (5.0, 200.0),
    "doubling_time_days": sides(BOOK.limit("vhl_doubling")),
}


def assess(given: SurveillanceInput) -> Conclusion:
    """surgery_recommended, surgery_consider, surgery_or_surveillance or surveillance."""
    reasoning = Reasoning(BOOK)
    known: dict[str, Value | None] = {name: getattr(given, name) for name in _LABELS}
    note_inputs(reasoning, known, _LABELS, _UNITS)
    outcome = settle(first_hit(BOOK, _TESTS), known, _CHOICES)
    rules = {way.rule for way in outcome.ways} if outcome.settled else set()
    _flag(reasoning, given, rules)
    return decide(reasoning, outcome, _LABELS)


def _flag(reasoning: Reasoning, given: SurveillanceInput, rules: set[str]) -> None:
    size = given.size_mm
    if "S8x" in rules:
        reasoning.flag("boundary", name="Largest diameter", reading="above 3 cm is not met at exactly 30.0 mm")
    if size is None:
        return
    if "S6" in rules and above(size, BOOK.limit("small")):
        reasoning.flag("NCCN_1_2CM_OPTIONS")
    limits = ("vhl_high", "vhl_middle", "vhl_low") if given.syndrome == "VHL" else ("sporadic",)
    for limit in limits:
        reasoning.near("Largest diameter", size, BOOK.limit(limit), BOOK.limit("size_error"), "mm")


def _size(inputs: Inputs) -> float:
    return inputs.number("size_mm")


def _is(inputs: Inputs, syndrome: str) -> bool:
    return inputs.word("syndrome") == syndrome


def _warning(inputs: Inputs) -> bool:
    """Any sign that asks for surgery whatever the size."""
    return (
        (at_least(inputs.number("duct_upstream_mm"), BOOK.limit("duct")) and inputs.flag("duct_wider_than_downstream"))
        or any(inputs.flag(name) for name in ("jaundice", "symptoms_by_mass", "suspicious_nodes", "vessel_involved"))
        or inputs.word("grade") == "G3"
        or above(inputs.number("ki67_percent"), BOOK.limit("ki67_high"))
    )


def _fast(inputs: Inputs) -> bool:
    return at_least(inputs.number("growth_mm_per_year"), BOOK.limit("growth"))


def _growing(inputs: Inputs) -> bool:
    """By 5 mm per year, or by 20 % per year and 3 mm."""
    growth = inputs.number("growth_mm_per_year")
    if _fast(inputs):
        return True
    if not above(growth, 0):
        return False
    earlier = inputs.number("earlier_size_mm")
    relative = 100 * growth / earlier
    return at_least(relative, BOOK.limit("growth_relative")) and at_least(
        _size(inputs) - earlier, BOOK.limit("growth_absolute")
    )


def _nodes_likely(inputs: Inputs) -> bool:
    """G2, or in the head with a Ki-67 of 3 % or more."""
    return above(_size(inputs), BOOK.limit("small")) and (
        inputs.word("grade") == "G2"
        or (inputs.word("site") == "head" and at_least(inputs.number("ki67_percent"), BOOK.limit("node_ki67")))
    )


def _vhl_risk(inputs: Inputs) -> bool:
    size = _size(inputs)
    if not at_least(size, BOOK.limit("vhl_low")):
        return False
    return (
        inputs.flag("exon3_variant")
        or not at_least(inputs.number("doubling_time_days"), BOOK.limit("vhl_doubling"))
        or inputs.word("site") == "head"
        or at_least(size, BOOK.limit("vhl_middle"))
    )


_TESTS: dict[str, Test] = {
    "S1": lambda i: i.flag("functioning"),
    "S2": _warning,
    "S7a": lambda i: _is(i, "MEN1") and (above(_size(i), BOOK.limit("sporadic")) or _fast(i)),
    "S7b": lambda i: (
        _is(i, "MEN1") and above(_size(i), BOOK.limit("small")) and above(i.number("growth_mm_per_year"), 0)
    ),
    "S7c": lambda i: _is(i, "MEN1"),
    "S8a": lambda i: _is(i, "VHL") and above(_size(i), BOOK.limit("vhl_high")),
    "S8x": lambda i: _is(i, "VHL") and at_least(_size(i), BOOK.limit("vhl_high")),
    "S8b": lambda i: _is(i, "VHL") and _vhl_risk(i),
    "S8c": lambda i: _is(i, "VHL"),
    "S3": lambda i: above(_size(i), BOOK.limit("sporadic")),
    "S4": _growing,
    "S5": _nodes_likely,
}

CRITERION = Criterion(BOOK, SurveillanceInput, assess)
