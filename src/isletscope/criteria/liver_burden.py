"""Liver tumour burden in percent of the whole liver, in bands of several schemes, and the Tumour Burden Score."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, Cited, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Alternative, Conclusion

MAIN = "fine"


class Scheme(Cited):
    """Bands between limits in percent; a limit belongs to the band below, the first one above with ``below_first``."""

    title: str
    limits: tuple[float, ...]
    names: tuple[str, ...]
    below_first: bool = False

    @model_validator(mode="after")
    def _one_more_name(self) -> Scheme:
        if len(self.names) != len(self.limits) + 1 or list(self.limits) != sorted(self.limits):
            raise ValueError(f"{self.title}: limits ascend and there is one band more than limits")
        return self

    def band(self, percent: float) -> str:
        """Name of the band."""
        passed = [
            at_least(percent, limit) if self.below_first and number == 0 else above(percent, limit)
            for number, limit in enumerate(self.limits)
        ]
        return self.names[sum(passed)]


class BurdenBook(Book):
    """The schemes by name."""

    schemes: dict[str, Scheme]


BOOK = load_book("liver_burden", BurdenBook)


class LiverBurdenInput(CriterionInput):
    """Volumes in mL, the largest diameter in mm and the number of liver metastases.

    ``liver_truncated``: the liver is cut by the field of view. ``all_segmented``: every metastasis is in the volume.
    ``visual_percent``: a reader's estimate, used only without volumes.
    """

    tumour_ml: Annotated[float | None, Field(ge=0, le=20000)] = None
    liver_ml: Annotated[float | None, Field(gt=0, le=20000)] = None
    liver_truncated: bool = False
    all_segmented: bool = True
    visual_percent: Annotated[float | None, Field(ge=0, le=100)] = None
    largest_mm: Annotated[float | None, Field(ge=0, le=500)] = None
    count: Annotated[int | None, Field(ge=0)] = None

    @model_validator(mode="after")
    def _tumour_inside_liver(self) -> LiverBurdenInput:
        if self.tumour_ml is not None and self.liver_ml is not None and self.tumour_ml > self.liver_ml:
            raise ValueError("the tumour volume exceeds that of the whole liver, which includes it")
        return self


def burden_score(largest_mm: float, count: int) -> float:
    """Tumour Burden Score: root of the squares of largest diameter in cm and of the count."""
    return math.hypot(largest_mm / 10, count)


def assess(given: LiverBurdenInput) -> Conclusion:
    """The fine band, with all schemes beside it; ``parts`` hold percent and Tumour Burden Score."""
    reasoning = Reasoning(BOOK)
    parts: dict[str, str] = {}
    if given.largest_mm is not None and given.count is not None:
        parts["tumour_burden_score"] = f"{burden_score(given.largest_mm, given.count):.2f}"
        reasoning.note("largest diameter", given.largest_mm, "mm")
        reasoning.note("liver metastases", given.count, "1")
    percent = _percent(reasoning, given)
    if percent is None:
        return reasoning.not_assessable(*_lacking(given), parts=parts)
    parts["percent"] = f"{percent:.2f}"
    scheme = BOOK.schemes[MAIN]
    for limit in scheme.limits[1:]:
        reasoning.near("Liver tumour burden", percent, limit, BOOK.limit("error"), "%")
    for name, other in BOOK.schemes.items():
        parts[name] = other.band(percent)
        if name != MAIN:
            alternative = Alternative(
                system=other.title,
                value=other.band(percent),
                because=f"{percent:.1f} % lies in band {other.band(percent)}.",
                support=other.support,
                sources=list(other.cite),
            )
            reasoning.alternatives.append(alternative)
    return reasoning.conclude(scheme.band(percent), parts=parts)


def _percent(reasoning: Reasoning, given: LiverBurdenInput) -> float | None:
    if given.tumour_ml == 0 and given.count == 0 and given.liver_ml is None:
        reasoning.fire("no_metastasis")
        return 0.0
    usable = given.all_segmented and not given.liver_truncated
    if usable and given.tumour_ml is not None and given.liver_ml is not None:
        percent = 100 * given.tumour_ml / given.liver_ml
        reasoning.note("tumour volume in the liver", given.tumour_ml, "mL")
        reasoning.note("liver volume, tumour included", given.liver_ml, "mL")
        reasoning.fire("measured", percent=percent, tumour=given.tumour_ml, liver=given.liver_ml)
        return percent
    if given.visual_percent is not None:
        reasoning.note("visual estimate", given.visual_percent, "%")
        reasoning.flag("VISUAL")
        reasoning.fire("visual", percent=given.visual_percent)
    return given.visual_percent


def _lacking(given: LiverBurdenInput) -> list[str]:
    checks = {
        "tumour volume in the liver": given.tumour_ml is None,
        "liver volume": given.liver_ml is None,
        "the whole liver in the field of view": given.liver_truncated,
        "outlines of all liver metastases": not given.all_segmented,
    }
    return [text for text, lacks in checks.items() if lacks]


CRITERION = Criterion(BOOK, LiverBurdenInput, assess)
