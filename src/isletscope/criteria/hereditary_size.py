"""Published size, growth and genotype limits of MEN1, VHL and small sporadic tumours."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("hereditary_size", Book)


class HereditarySizeInput(CriterionInput):
    """One pNET: largest diameter in mm, growth in mm per year beyond measurement error, doubling time in days.

    ``exon3_variant``: germline VHL variant in exon 3.
    """

    syndrome: Literal["MEN1", "VHL", "sporadic"] | None = None
    functioning: bool | None = None
    size_mm: Annotated[float | None, Field(gt=0, le=400)] = None
    growth_mm_per_year: float | None = None
    site: Literal["head", "body", "tail"] | None = None
    exon3_variant: bool | None = None
    doubling_time_days: Annotated[float | None, Field(gt=0)] = None


def assess(given: HereditarySizeInput) -> Conclusion:
    """above_limit, below_limit or growth (MEN1, sporadic); ``N of 3`` (VHL, provisional while a criterion is open)."""
    reasoning = Reasoning(BOOK)
    if given.functioning and given.syndrome in ("MEN1", "sporadic"):
        reasoning.fire("functioning")
        return reasoning.conclude("not size driven")
    if given.syndrome is None or given.size_mm is None:
        lacking = {"syndrome": given.syndrome, "largest diameter": given.size_mm}
        return reasoning.not_assessable(*(text for text, value in lacking.items() if value is None))
    reasoning.note("largest diameter", given.size_mm, "mm")
    if given.growth_mm_per_year is not None:
        reasoning.note("growth", given.growth_mm_per_year, "mm/a")
    if given.syndrome == "VHL":
        return _vhl(reasoning, given, given.size_mm)
    if given.functioning is None:
        return reasoning.not_assessable("whether the tumour is functioning")
    return _by_size(reasoning, given, given.size_mm, "men1" if given.syndrome == "MEN1" else "sporadic")


def _by_size(reasoning: Reasoning, given: HereditarySizeInput, size: float, setting: str) -> Conclusion:
    limit = BOOK.limit(setting)
    _near_limit(reasoning, size, limit)
    growing = given.growth_mm_per_year is not None and at_least(given.growth_mm_per_year, BOOK.limit("men1_growth"))
    if growing:
        reasoning.flag("GROWTH", growth=given.growth_mm_per_year)
    if setting == "men1" and above(size, BOOK.limit("men1_old")):
        reasoning.flag("ABOVE_OLD_LIMIT")
    if above(size, limit):
        reasoning.fire(f"{setting}_above", size=size)
        return reasoning.conclude("above_limit")
    if growing and setting == "men1":
        reasoning.fire("men1_growth", growth=given.growth_mm_per_year)
        return reasoning.conclude("growth")
    reasoning.fire(f"{setting}_below", size=size)
    if given.growth_mm_per_year is None and setting == "men1":
        reasoning.lack("growth per year")
        return reasoning.conclude("below_limit", provisional=True)
    return reasoning.conclude("below_limit")


def _near_limit(reasoning: Reasoning, size: float, limit: float) -> None:
    reasoning.near("Largest diameter", size, limit, BOOK.limit("size_error"), "mm")
    if not above(abs(size - limit), 0):
        reasoning.flag("OPERATOR", limit=limit)


def _vhl(reasoning: Reasoning, given: HereditarySizeInput, size: float) -> Conclusion:
    limit = BOOK.limit("vhl")
    _near_limit(reasoning, size, limit)
    if not above(abs(size - limit), 0):
        reasoning.flag("boundary", name="Largest diameter", reading="above 3 cm is not met at exactly 30.0 mm")
    doubling = given.doubling_time_days
    criteria: dict[str, bool | None] = {
        "size above 30 mm": above(size, limit),
        "exon 3 variant": given.exon3_variant,
        "doubling time below 500 d": None if doubling is None else not at_least(doubling, BOOK.limit("vhl_doubling")),
    }
    if doubling is not None:
        reasoning.note("doubling time", doubling, "d")
    if given.exon3_variant is None:
        reasoning.flag("GENOTYPE_MISSING")
    else:
        reasoning.note(f"exon 3 variant: {'yes' if given.exon3_variant else 'no'}")
    if given.site == "head" and above(size, BOOK.limit("vhl_head")):
        reasoning.flag("HEAD_ABOVE_20")
    reasoning.flag("NOT_LINEAR")
    met = [name for name, answer in criteria.items() if answer]
    parts = {"met": ", ".join(met) or "none", "site": given.site or "not known"}
    reasoning.lack(*(name for name, answer in criteria.items() if answer is None))
    reasoning.fire("vhl", met=len(met), which=", ".join(met) or "none")
    return reasoning.conclude(f"{len(met)} of 3", parts=parts, provisional=bool(reasoning.lacking))


CRITERION = Criterion(BOOK, HereditarySizeInput, assess)
