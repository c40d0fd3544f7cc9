"""mRECIST: response of the part of liver lesions that enhances in the arterial phase, with the EASL area beside it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("mrecist", Book)
Length = Annotated[float, Field(ge=0, le=2500)]


class NewLiverLesion(CriterionInput):
    """A liver lesion not seen before: size and growth in mm, and whether it enhances as typical for the disease."""

    id: str
    longest_mm: Length
    typical_enhancement: bool | None = None
    growth_mm: Length | None = None


class MrecistInput(CriterionInput):
    """Sums of the enhancing (viable) longest diameters in mm; areas in mm2 for the EASL form.

    ``enhanced_at_baseline``: the lesions enhanced in the arterial phase. ``new_lesions`` is None when nobody looked.
    """

    arterial_phase: bool | None = None
    enhanced_at_baseline: bool | None = None
    baseline_sum_mm: Length | None = None
    earlier_sums_mm: tuple[Length, ...] = ()
    current_sum_mm: Length | None = None
    baseline_area_mm2: Annotated[float | None, Field(gt=0)] = None
    earlier_areas_mm2: tuple[Annotated[float, Field(ge=0)], ...] = ()
    current_area_mm2: Annotated[float | None, Field(ge=0)] = None
    new_lesions: tuple[NewLiverLesion, ...] | None = None


def assess(given: MrecistInput) -> Conclusion:
    """CR, PR, SD, PD or ``not applicable``; not assessable without an arterial phase."""
    reasoning = Reasoning(BOOK)
    reasoning.flag("OFF_LABEL")
    if given.enhanced_at_baseline is False:
        reasoning.fire("not_applicable")
        return reasoning.conclude("not applicable")
    new = _new_lesions(reasoning, given)
    if new and given.enhanced_at_baseline:
        reasoning.fire("new", lesion=", ".join(new))
        return reasoning.conclude("PD")
    needed = {
        "an arterial phase now": given.arterial_phase or None,
        "whether the lesions enhanced at baseline": given.enhanced_at_baseline,
        "enhancing sum at baseline": given.baseline_sum_mm or None,
        "enhancing sum now": given.current_sum_mm,
    }
    lacking = [text for text, value in needed.items() if value is None]
    if lacking:
        return reasoning.not_assessable(*lacking)
    _easl(reasoning, given)
    return _by_sum(reasoning, given, new)


def _by_sum(reasoning: Reasoning, given: MrecistInput, new: list[str] | None) -> Conclusion:
    baseline, now = given.baseline_sum_mm or 0, given.current_sum_mm or 0
    nadir = min([baseline, *given.earlier_sums_mm])
    for text, length in (("baseline", baseline), ("smallest so far", nadir), ("now", now)):
        reasoning.note(f"enhancing sum, {text}", length, "mm")
    change = 100 * (now - baseline) / baseline
    words: dict[str, object] = {"now": now, "baseline": baseline, "change": change}
    if not above(now, 0):
        value, rule = "CR", "complete"
    elif at_least(now, (1 + BOOK.limit("progression") / 100) * nadir):
        value, rule = "PD", "progression"
        words = {"now": now, "nadir": nadir, "change": 100 * (now - nadir) / nadir if nadir else "∞"}
        if not at_least(now - nadir, BOOK.limit("floor")):
            reasoning.flag("SMALL_RISE", rise=now - nadir)
    elif at_least((1 - BOOK.limit("partial") / 100) * baseline, now):
        value, rule = "PR", "partial"
    else:
        value, rule = "SD", "stable"
    if new is None and value != "PD":
        return reasoning.not_assessable("whether there is a new liver lesion", possible=(value, "PD"))
    reasoning.fire(rule, **words)
    return reasoning.conclude(value)


def _new_lesions(reasoning: Reasoning, given: MrecistInput) -> list[str] | None:
    """Names of new lesions that count, None when nobody looked or it is not known."""
    if given.new_lesions is None:
        return None
    limit = BOOK.limit("new_lesion")
    counted: list[str] = []
    undecided = False
    for lesion in sorted(given.new_lesions, key=lambda one: one.id):
        reasoning.note(f"new liver lesion {lesion.id}", lesion.longest_mm, "mm")
        large = at_least(lesion.longest_mm, limit)
        grown = lesion.growth_mm is not None and at_least(lesion.growth_mm, limit)
        if grown or (large and lesion.typical_enhancement):
            counted.append(lesion.id)
        else:
            undecided = undecided or (large and lesion.typical_enhancement is None)
            reasoning.flag("possible_new_lesion", lesion=lesion.id)
    return None if undecided and not counted else counted


def _easl(reasoning: Reasoning, given: MrecistInput) -> None:
    if given.baseline_area_mm2 is None or given.current_area_mm2 is None:
        return
    baseline, now = given.baseline_area_mm2, given.current_area_mm2
    nadir = min([baseline, *given.earlier_areas_mm2])
    fall = 100 * (now - baseline) / baseline
    rise = 100 * (now - nadir) / nadir if nadir else float("inf")
    if not above(now, 0):
        value = "CR"
    elif above(rise, BOOK.limit("easl_progression")):
        value = "PD"
    else:
        value = "PR" if at_least(-fall, BOOK.limit("easl_partial")) else "SD"
    by_nadir = value == "PD"
    shown = ("∞" if rise == float("inf") else rise) if by_nadir else fall
    reasoning.other("EASL", value, "easl", change=shown, reference="the smallest area" if by_nadir else "baseline")


CRITERION = Criterion(BOOK, MrecistInput, assess)
