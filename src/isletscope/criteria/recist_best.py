"""RECIST 1.1 best overall response over all time points, with or without confirmation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, at_least
from isletscope.model import Conclusion

BOOK = load_book("recist_best", Book)
Response = Literal["CR", "PR", "SD", "non-CR/non-PD", "PD", "NE"]
_STABLE = ("SD", "non-CR/non-PD")


class RecistTimePoint(CriterionInput):
    """Overall response of one scan, ``day`` counted from baseline."""

    day: Annotated[float, Field(gt=0)]
    response: Response


class RecistBestInput(CriterionInput):
    """All follow-up scans in any order. ``minimum_stable_days`` replaces the usual six weeks."""

    time_points: tuple[RecistTimePoint, ...]
    confirmation_required: bool = False
    minimum_stable_days: Annotated[float | None, Field(gt=0)] = None


def assess(given: RecistBestInput) -> Conclusion:
    """CR, PR, SD, non-CR/non-PD, PD or NE; not assessable without a scan, or when CR is followed by PR."""
    reasoning = Reasoning(BOOK)
    points = _until_progression(given.time_points)
    for point in points:
        reasoning.note(f"day {point.day:g}: {point.response}")
    if not points:
        return reasoning.not_assessable("any follow-up scan")
    minimum = given.minimum_stable_days or BOOK.limit("stable")
    if not given.confirmation_required:
        return _unconfirmed(reasoning, points, minimum)
    return _with_confirmation(reasoning, points, minimum)


def _until_progression(points: tuple[RecistTimePoint, ...]) -> list[RecistTimePoint]:
    """Time points in order, up to and including the first progression; on one day the worse response comes first."""
    ordered = sorted(points, key=lambda one: (one.day, one.response != "PD", one.response))
    ends = [number for number, point in enumerate(ordered) if point.response == "PD"]
    return ordered[: ends[0] + 1] if ends else ordered


def _unconfirmed(reasoning: Reasoning, points: list[RecistTimePoint], minimum: float) -> Conclusion:
    for value in ("CR", "PR"):
        for point in points:
            if point.response == value:
                reasoning.fire("best", value=value, day=point.day)
                return reasoning.conclude(value)
    return _without_response(reasoning, points, minimum)


def _without_response(reasoning: Reasoning, points: list[RecistTimePoint], minimum: float) -> Conclusion:
    """Stable disease when it lasted, else progression, else not evaluable."""
    lasting = [point for point in _counted(points) if at_least(point.day, minimum)]
    if lasting:
        reasoning.fire("stable", minimum=minimum)
        only_nontarget = all(point.response == "non-CR/non-PD" for point in lasting)
        return reasoning.conclude("non-CR/non-PD" if only_nontarget else "SD")
    responses = [point.response for point in points]
    if "CR" in responses and any(value in _STABLE for value in responses[responses.index("CR") :]):
        reasoning.fire("regrowth", minimum=minimum)
        return reasoning.conclude("PD")
    if _next_after(points, "PR") in _STABLE:
        reasoning.fire("pr_then_sd")
        return reasoning.conclude("SD")
    if "PD" in responses:
        reasoning.fire("progression", minimum=minimum)
        return reasoning.conclude("PD")
    reasoning.fire("not_evaluable")
    return reasoning.conclude("NE")


def _counted(points: list[RecistTimePoint]) -> list[RecistTimePoint]:
    """Scans that count for stable disease: none that follows a complete response without being one."""
    responses = [point.response for point in points]
    end = responses.index("CR") + 1 if "CR" in responses else len(points)
    return [point for point in points[:end] if point.response not in ("PD", "NE")]


def _next_after(points: list[RecistTimePoint], value: str) -> str:
    """The first evaluable response after the last ``value``; empty when there is none."""
    places = [number for number, point in enumerate(points) if point.response == value]
    rest = [point.response for point in points[places[-1] + 1 :]] if places else []
    return next((response for response in rest if response != "NE"), "")


def _with_confirmation(reasoning: Reasoning, points: list[RecistTimePoint], minimum: float) -> Conclusion:
    responses = [point.response for point in points]
    complete = _confirmed(points, "CR", ("CR",))
    before = points[: responses.index("CR") + 1] if "CR" in responses else points
    partial = _confirmed(before, "PR", ("CR", "PR"))
    for value, found in (("CR", complete), ("PR", partial)):
        if found:
            reasoning.fire("confirmed", value=value, day=found[0].day, later=found[1].day)
            return reasoning.conclude(value)
    if _next_after(points, "CR") == "PR":
        reasoning.flag("REVIEW_CR_THEN_PR")
        return reasoning.not_assessable("review whether the CR was true", possible=("SD", "PD", "PR"))
    return _without_response(reasoning, points, minimum)


def _confirmed(
    points: list[RecistTimePoint], value: str, confirming: tuple[str, ...]
) -> tuple[RecistTimePoint, RecistTimePoint] | None:
    """First response of that value with its confirmation; only scans not evaluable may lie between otherwise."""
    for number, first in enumerate(points):
        if first.response != value:
            continue
        for later in points[number + 1 :]:
            if later.response in confirming:
                if at_least(later.day - first.day, BOOK.limit("confirmation")):
                    return first, later
            elif later.response != "NE":
                break
    return None


CRITERION = Criterion(BOOK, RecistBestInput, assess)
