"""Growth of the liver remnant before resection: degree of hypertrophy and kinetic growth rate."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, at_least
from isletscope.model import Conclusion

BOOK = load_book("hypertrophy", Book)
Percent = Annotated[float | None, Field(ge=0, le=150)]


class HypertrophyInput(CriterionInput):
    """sFLR in percent before and after the procedure, weeks to the first volumetry, least sFLR for this liver."""

    before_percent: Percent = None
    after_percent: Percent = None
    weeks: Annotated[float | None, Field(gt=0, le=104)] = None
    minimum_percent: Percent = None


def assess(given: HypertrophyInput) -> Conclusion:
    """proceed, caution or high_risk; without growth ``remnant_sufficient`` or ``remnant_insufficient``, provisional."""
    reasoning = Reasoning(BOOK)
    if given.after_percent is None:
        return reasoning.not_assessable("sFLR after the procedure")
    after = given.after_percent
    minimum = BOOK.limit("minimum") if given.minimum_percent is None else given.minimum_percent
    values = {"sFLR before": given.before_percent, "sFLR after": after, "least sFLR": minimum}
    for text, share in values.items():
        if share is not None:
            reasoning.note(text, share, "%")
    if given.weeks is not None:
        reasoning.note("time to first volumetry", given.weeks, "wk")
        if not at_least(given.weeks, BOOK.limit("early")):
            reasoning.flag("EARLY", weeks=given.weeks)
    enough = at_least(after, minimum)
    if given.before_percent is None or given.weeks is None:
        return _by_size(reasoning, given, enough, minimum)
    degree = after - given.before_percent
    rate = degree / given.weeks
    reasoning.note("degree of hypertrophy", degree, "%")
    reasoning.note("kinetic growth rate", rate, "%/wk")
    parts = {"degree_points": f"{degree:.3f}", "rate_points_per_week": f"{rate:.3f}"}
    if not at_least(rate, BOOK.limit("rate")):
        value = "high_risk"
    else:
        value = "proceed" if enough and at_least(degree, BOOK.limit("degree")) else "caution"
    reasoning.fire(value, after=after, degree=degree, rate=rate)
    return reasoning.conclude(value, parts=parts)


def _by_size(reasoning: Reasoning, given: HypertrophyInput, enough: bool, minimum: float) -> Conclusion:
    reasoning.flag("GROWTH_NOT_KNOWN")
    reasoning.lack(*(["sFLR before the procedure"] if given.before_percent is None else []))
    reasoning.lack(*(["weeks to the first volumetry"] if given.weeks is None else []))
    reaches = "reaches" if enough else "does not reach"
    reasoning.fire("size_only", after=given.after_percent, reaches=reaches, minimum=minimum)
    degree = None if given.before_percent is None else (given.after_percent or 0) - given.before_percent
    parts = {} if degree is None else {"degree_points": f"{degree:.3f}"}
    value = "remnant_sufficient" if enough else "remnant_insufficient"
    return reasoning.conclude(value, parts=parts, provisional=True)


CRITERION = Criterion(BOOK, HypertrophyInput, assess)
