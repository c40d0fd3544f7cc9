"""Tumour growth rate from two sums of diameters, and the smallest rate the measurement can detect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("growth_rate", Book)
Sum = Annotated[float | None, Field(gt=0, le=2500)]


class GrowthRateInput(CriterionInput):
    """Sums of longest diameters in mm of the same lesions, and the time between them in days or months.

    ``setting``: before treatment, at three months of it, or any other interval.
    """

    first_sum_mm: Sum = None
    second_sum_mm: Sum = None
    interval_days: Annotated[float | None, Field(gt=0)] = None
    interval_months: Annotated[float | None, Field(gt=0)] = None
    setting: Literal["before_treatment", "three_months", "other"] = "other"
    lesions: Annotated[int | None, Field(ge=1)] = None
    nodes_in_sum: bool | None = None
    local_therapy_between: bool | None = None

    @model_validator(mode="after")
    def _one_interval(self) -> GrowthRateInput:
        if self.interval_days is not None and self.interval_months is not None:
            raise ValueError("the interval is given in days or in months, not both")
        return self

    @property
    def months(self) -> float | None:
        """The interval in months of 30.4375 days."""
        if self.interval_months is not None:
            return self.interval_months
        return None if self.interval_days is None else self.interval_days / BOOK.limit("days_per_month")


def growth_rate(first_mm: float, second_mm: float, months: float) -> float:
    """Growth of volume in percent per month, ``100 ((second / first) ** (3 / months) - 1)``."""
    return float(100 * ((second_mm / first_mm) ** (3 / months) - 1))


def smallest_detectable(months: float) -> float:
    """The rate that an error of 5 % in the sum alone would give, in percent per month."""
    return growth_rate(1, 1 + BOOK.limit("diameter_error") / 100, months)


def assess(given: GrowthRateInput) -> Conclusion:
    """``high`` or ``low`` against the cut-off of the setting, else ``rate``; the rate itself stands in ``parts``."""
    reasoning = Reasoning(BOOK)
    months = given.months
    needed = {"first sum": given.first_sum_mm, "second sum": given.second_sum_mm, "interval": months}
    lacking = [text for text, value in needed.items() if value is None]
    if given.first_sum_mm is None or given.second_sum_mm is None or months is None:
        return reasoning.not_assessable(*lacking)
    reasoning.note("first sum of diameters", given.first_sum_mm, "mm")
    reasoning.note("second sum of diameters", given.second_sum_mm, "mm")
    reasoning.note("interval", months, "mo")
    if given.setting == "three_months" and not (
        at_least(months, BOOK.limit("window_first")) and at_least(BOOK.limit("window_last"), months)
    ):
        return reasoning.not_assessable(f"a scan 2 to 4 months after the start (found {months:.1f} months)")
    rate = growth_rate(given.first_sum_mm, given.second_sum_mm, months)
    smallest = smallest_detectable(months)
    reasoning.note("growth rate", rate, "%/mo")
    reasoning.note("smallest detectable growth rate", smallest, "%/mo")
    _flag(reasoning, given, rate, smallest)
    parts = {"rate_percent_per_month": f"{rate:.3f}", "smallest_detectable": f"{smallest:.3f}"}
    if given.setting == "other":
        reasoning.fire("plain", rate=rate)
        return reasoning.conclude("rate", parts=parts)
    key = "tgr0" if given.setting == "before_treatment" else "tgr3m"
    high = at_least(rate, BOOK.limit(key))
    reasoning.fire(f"{key}_{'high' if high else 'low'}", rate=rate)
    if not above(abs(rate - BOOK.limit(key)), 0):
        reasoning.flag("boundary", name="Growth rate", reading="at or above the cut-off is high")
    return reasoning.conclude("high" if high else "low", parts=parts)


def _flag(reasoning: Reasoning, given: GrowthRateInput, rate: float, smallest: float) -> None:
    if not above(abs(rate), smallest):
        reasoning.flag("BELOW_DETECTABLE", smallest=smallest)
    if given.lesions == 1:
        reasoning.flag("SINGLE_LESION")
    if given.nodes_in_sum:
        reasoning.flag("NODES_IN_SUM")
    if given.local_therapy_between:
        reasoning.flag("LOCAL_THERAPY")
    if given.setting == "three_months":
        reasoning.flag("READER_AGREEMENT")


CRITERION = Criterion(BOOK, GrowthRateInput, assess)
