"""Whether a change exceeds measurement error: one table of published limits per quantity."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, Cited, load_book, number
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above
from isletscope.model import Alternative, Conclusion, Support

Quantity = Literal[
    "fdg_suv",
    "fdg_suv_max_two_scanners",
    "fdg_suv_peak_two_scanners",
    "sstr_suv",
    "sstr_volume",
    "adc_liver",
    "adc_pancreas",
    "ct_volume_50_to_100_mm",
    "ct_volume_35_to_49_mm",
    "ct_volume_10_to_34_mm",
    "diameter",
]


class Limit(Cited):
    """A repeatability limit: fall and rise in percent of the first value, ``least`` in the quantity's unit."""

    name: str
    fall: Annotated[float, Field(gt=0)]
    rise: Annotated[float, Field(gt=0)]
    least: Annotated[float, Field(ge=0)] = 0

    def exceeded(self, before: float, after: float) -> bool:
        """Whether the change is beyond the limit; exactly at the limit it is not."""
        share = self.rise if after > before else self.fall
        return above(abs(after - before), max(self.least, share / 100 * before))

    def printed(self, before: float, after: float, unit: str) -> str:
        """The limit as it applies to this change."""
        share = self.rise if after > before else self.fall
        percent = f"{number(share)} %"
        return percent if share / 100 * before >= self.least else f"{number(self.least)} {unit}"


class RepeatabilityBook(Book):
    """Limits by quantity; the first one decides."""

    limits: dict[Quantity, tuple[Limit, ...]]

    @model_validator(mode="after")
    def _every_quantity_has_a_limit(self) -> RepeatabilityBook:
        if set(self.limits) != set(get_args(Quantity)) or not all(self.limits.values()):
            raise ValueError("every quantity has at least one limit")
        return self


BOOK = load_book("repeatability", RepeatabilityBook)
_UNITS: dict[str, str] = {
    "sstr_volume": "mL",
    "diameter": "mm",
    "adc_liver": "10-6.mm2/s",
    "adc_pancreas": "10-6.mm2/s",
}


class RepeatabilityInput(CriterionInput):
    """One quantity before and after, and on the next scan; unit mm, mL, g/mL (SUV) or 10-6 mm2/s (ADC)."""

    quantity: Quantity
    before: Annotated[float | None, Field(gt=0)] = None
    after: Annotated[float | None, Field(ge=0)] = None
    next_scan: Annotated[float | None, Field(ge=0)] = None

    @property
    def unit(self) -> str:
        """UCUM unit of the quantity."""
        fallback = "mL" if self.quantity.startswith("ct_volume") else "g/mL"
        return _UNITS.get(self.quantity, fallback)


def beyond_error(quantity: Quantity, before: float, after: float) -> bool:
    """Whether the change is real by the first limit of that quantity; ``before`` is above 0."""
    return BOOK.limits[quantity][0].exceeded(before, after)


def change_class(limit: Limit, given: RepeatabilityInput) -> str:
    """within_noise, likely_real or definite by one limit. Both values of ``given`` are known."""
    before, after = given.before or 0, given.after or 0
    if not limit.exceeded(before, after):
        return "within_noise"
    following = given.next_scan
    same_way = following is not None and (following - before) * (after - before) > 0
    if following is not None and same_way and limit.exceeded(before, following):
        return "definite"
    return "likely_real"


def assess(given: RepeatabilityInput) -> Conclusion:
    """within_noise, likely_real or definite by the first limit; the others are alternatives."""
    reasoning = Reasoning(BOOK)
    if given.before is None or given.after is None:
        lacking = {"first value": given.before, "second value": given.after}
        return reasoning.not_assessable(*(text for text, value in lacking.items() if value is None))
    change = 100 * (given.after - given.before) / given.before
    for text, figure in (("first value", given.before), ("second value", given.after), ("next scan", given.next_scan)):
        if figure is not None:
            reasoning.note(text, figure, given.unit)
    reasoning.note("change", change, "%")
    limits = BOOK.limits[given.quantity]
    readings = {limit.name: change_class(limit, given) for limit in limits}
    first = limits[0]
    value = readings[first.name]
    rule = {"within_noise": "within", "likely_real": "real", "definite": "definite"}[value]
    shown = first.printed(given.before, given.after, given.unit)
    words = {"name": first.name, "before": given.before, "after": given.after, "unit": given.unit, "change": change}
    reasoning.fire(rule, **words, limit=shown)
    branch = reasoning.branches[-1]
    branch.support, branch.sources = first.support, list(first.cite)
    for limit in limits[1:]:
        text = f"Limit {limit.printed(given.before, given.after, given.unit)}."
        alternative = Alternative(system=limit.name, value=readings[limit.name], because=text, support=limit.support)
        reasoning.alternatives.append(alternative.model_copy(update={"sources": list(limit.cite)}))
    if len(set(readings.values())) > 1:
        told = ", ".join(f"{name} {reading.replace('_', ' ')}" for name, reading in readings.items())
        reasoning.flag("LIMITS_DISAGREE", readings=told)
    if first.support is Support.CONVENTION:
        reasoning.flag("PROVISIONAL_LIMIT")
    return reasoning.conclude(value)


CRITERION = Criterion(BOOK, RepeatabilityInput, assess)
