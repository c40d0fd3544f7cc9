"""Milan-NET screen for liver transplantation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import Inputs, Test, Value, Way, settle, sides
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("transplant_screen", Book)


class TransplantInput(CriterionInput):
    """The Milan-NET criteria: Ki-67 and liver involvement in percent, months of stability, age in years."""

    well_differentiated_g1_g2: bool | None = None
    ki67_percent: Annotated[float | None, Field(ge=0, le=100)] = None
    portal_drained_primary_removed: bool | None = None
    liver_involvement_percent: Annotated[float | None, Field(ge=0, le=100)] = None
    stable_months: Annotated[float | None, Field(ge=0)] = None
    age_years: Annotated[float | None, Field(ge=0, le=120)] = None
    extrahepatic_disease: bool | None = None
    liver_resectable: bool | None = None


_LABELS = {
    "well_differentiated_g1_g2": "whether the tumour is a well-differentiated G1 or G2",
    "ki67_percent": "Ki-67",
    "portal_drained_primary_removed": "whether a primary drained by the portal vein was removed before",
    "liver_involvement_percent": "liver involvement",
    "stable_months": "months of response or stability",
    "age_years": "age",
    "extrahepatic_disease": "whether there is disease outside the liver",
}
_UNITS = {"ki67_percent": "%", "liver_involvement_percent": "%", "stable_months": "mo", "age_years": "a"}
_CHOICES = {
    "ki67_percent": sides(BOOK.limit("ki67")),
    "liver_involvement_percent": sides(BOOK.limit("involvement")),
    "stable_months": sides(BOOK.limit("stability")),
    "age_years": sides(BOOK.limit("age"), BOOK.limit("age_relative")),
}


def assess(given: TransplantInput) -> Conclusion:
    """meets, meets_except_relative(age) or not_met; ``parts`` name the criteria that fail."""
    reasoning = Reasoning(BOOK)
    known: dict[str, Value | None] = {name: getattr(given, name) for name in _LABELS}
    failed = []
    for name, label in _LABELS.items():
        value = known[name]
        if value is None:
            continue
        if isinstance(value, bool):
            reasoning.note(f"{label}: {'yes' if value else 'no'}")
        else:
            reasoning.note(label, float(value), _UNITS[name])
        if not _CHECKS[name](Inputs(known)):
            failed.append(label)
    _flag(reasoning, given)
    parts = {"failed": ", ".join(failed) or "none"}
    outcome = settle(_table, known, _CHOICES)
    if not outcome.settled:
        lacking = [_LABELS[name] for name in outcome.needed]
        return reasoning.not_assessable(*lacking, possible=outcome.values, parts=parts)
    reasoning.fire(outcome.ways[0].rule)
    return reasoning.conclude(outcome.values[0], parts=parts)


_CHECKS: dict[str, Test] = {
    "well_differentiated_g1_g2": lambda i: i.flag("well_differentiated_g1_g2"),
    "ki67_percent": lambda i: not at_least(i.number("ki67_percent"), BOOK.limit("ki67")),
    "portal_drained_primary_removed": lambda i: i.flag("portal_drained_primary_removed"),
    "liver_involvement_percent": lambda i: not above(i.number("liver_involvement_percent"), BOOK.limit("involvement")),
    "stable_months": lambda i: at_least(i.number("stable_months"), BOOK.limit("stability")),
    "age_years": lambda i: not above(i.number("age_years"), BOOK.limit("age")),
    "extrahepatic_disease": lambda i: not i.flag("extrahepatic_disease"),
}


def _table(inputs: Inputs) -> Way:
    if not all(check(inputs) for name, check in _CHECKS.items() if name != "age_years"):
        return Way("not_met", "not_met")
    if _CHECKS["age_years"](inputs):
        return Way("meets", "meets")
    relative = not above(inputs.number("age_years"), BOOK.limit("age_relative"))
    return Way("meets_except_relative(age)", "except_age") if relative else Way("not_met", "not_met")


def _flag(reasoning: Reasoning, given: TransplantInput) -> None:
    if given.liver_involvement_percent is not None:
        limit, error = BOOK.limit("involvement"), BOOK.limit("involvement_error")
        reasoning.near("Liver involvement", given.liver_involvement_percent, limit, error, "%")
    months = given.stable_months
    short, full = BOOK.limit("stability_short"), BOOK.limit("stability")
    if months is not None and at_least(months, short) and not at_least(months, full):
        reasoning.flag("STABILITY_3_6")
    if given.liver_resectable:
        reasoning.flag("LIVER_RESECTABLE")


CRITERION = Criterion(BOOK, TransplantInput, assess)
