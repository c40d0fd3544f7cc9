"""Growth of one lesion: volume doubling time, specific growth rate, growth per year."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.repeatability import beyond_error
from isletscope.criteria.result import TOLERANCE, Reasoning, at_least
from isletscope.model import Conclusion

BOOK = load_book("doubling_time", Book)
Diameter = Annotated[float | None, Field(gt=0, le=500)]
Volume = Annotated[float | None, Field(gt=0, le=20000)]


class DoublingTimeInput(CriterionInput):
    """Longest diameters (mm) or volumes (mL) of one lesion on two scans, and the days between them."""

    first_mm: Diameter = None
    second_mm: Diameter = None
    first_ml: Volume = None
    second_ml: Volume = None
    interval_days: Annotated[float | None, Field(gt=0)] = None

    @model_validator(mode="after")
    def _one_measure(self) -> DoublingTimeInput:
        by_diameter = self.first_mm is not None or self.second_mm is not None
        if by_diameter and (self.first_ml is not None or self.second_ml is not None):
            raise ValueError("growth is taken from diameters or from volumes, not both")
        return self


def sphere_ml(diameter_mm: float) -> float:
    """Volume of a sphere in mL."""
    return math.pi / 6 * diameter_mm**3 / 1000


def ellipsoid_ml(first_mm: float, second_mm: float, third_mm: float) -> float:
    """Volume of an ellipsoid in mL from its three diameters."""
    return math.pi / 6 * first_mm * second_mm * third_mm / 1000


def doubling_time_days(volume_ratio: float, days: float) -> float:
    """Days in which the volume doubles; infinite without growth, negative when it shrinks."""
    if abs(volume_ratio - 1) <= TOLERANCE:
        return math.inf
    return days * math.log(2) / math.log(volume_ratio)


def assess(given: DoublingTimeInput) -> Conclusion:
    """``growing``, ``within_noise``, ``unchanged`` or ``shrinking``, with the figures in ``parts``."""
    reasoning = Reasoning(BOOK)
    by_volume = given.first_ml is not None or given.second_ml is not None
    before, after = (given.first_ml, given.second_ml) if by_volume else (given.first_mm, given.second_mm)
    kind, unit = ("volume", "mL") if by_volume else ("diameter", "mm")
    needed = {f"first {kind}": before, f"second {kind}": after, "days between the scans": given.interval_days}
    lacking = [text for text, value in needed.items() if value is None]
    if before is None or after is None or given.interval_days is None:
        return reasoning.not_assessable(*lacking)
    days = given.interval_days
    for text, figure in needed.items():
        reasoning.note(text, figure, "d" if text.startswith("days") else unit)
    ratio = after / before if by_volume else (after / before) ** 3
    doubling = doubling_time_days(ratio, days)
    parts = {"specific_growth_percent_per_day": f"{100 * math.log(ratio) / days:.4f}"}
    if not by_volume:
        parts["growth_mm_per_year"] = f"{(after - before) / days * BOOK.limit('days_per_year'):.1f}"
    real = beyond_error("sstr_volume", before, after) if by_volume else beyond_error("diameter", before, after)
    words = {"before": before, "after": after, "unit": unit, "days": days}
    if doubling < 0:
        reasoning.fire("shrinking", **words)
        value = "shrinking"
    elif math.isinf(doubling):
        reasoning.fire("unchanged", **words)
        value = "unchanged"
    else:
        parts["doubling_time_days"] = f"{doubling:.0f}"
        value = "growing" if real and at_least(days, BOOK.limit("interval")) else "within_noise"
        reasoning.fire("growing" if value == "growing" else "within", **words, doubling=f"{doubling:.0f}")
    if not real:
        reasoning.flag("below_measurement_error")
    if not at_least(days, BOOK.limit("interval")):
        reasoning.flag("SHORT_INTERVAL")
    return reasoning.conclude(value, parts=parts)


CRITERION = Criterion(BOOK, DoublingTimeInput, assess)
