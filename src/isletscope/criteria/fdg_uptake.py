"""FDG uptake of each lesion: level against blood pool and liver, positivity, and bands of SUVmax."""

from __future__ import annotations

from isletscope.criteria.book import Book, load_book, number
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput, ReferenceUptake, Uptake
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("fdg_uptake", Book)
ALL_LEVELS = (0, 1, 2, 3, 4)
ABOVE_LIVER = 3
BANDS = (("progression_suv", "< 3"), ("bahri_suv", "3 to 4.5"), ("survival_suv", "> 4.5 to 9"))


def fdg_levels(lesion: LesionFinding, given: LesionsInput) -> tuple[int, ...]:
    """Every level that the known inputs leave possible, rising; explained uptake counts as none."""
    uptake = lesion.fdg
    if uptake is None:
        return ALL_LEVELS
    if uptake.explained_by:
        return (0,)
    if uptake.reader_score is not None:
        return (uptake.reader_score,)
    if uptake.discernible is False:
        return (0,)
    if uptake.suv_max_g_ml is None:
        found: tuple[int, ...] = ALL_LEVELS[1:]
    else:
        found = _levels_when_discernible(uptake.suv_max_g_ml, given.fdg_reference)
    return (0, *found) if uptake.discernible is None else found


def _levels_when_discernible(value: float, reference: ReferenceUptake) -> tuple[int, ...]:
    blood, liver = reference.blood_pool_mean_g_ml, reference.liver_mean_g_ml
    if blood is not None and not above(value, blood):
        return (1,)
    low = (1, 2) if blood is None else (2,)
    if liver is None:
        return (*low, 3, 4)
    if not above(value, liver):
        return low
    return (4,) if above(value, BOOK.limit("high_over_liver") * liver) else (3,)


def fdg_uptake(given: LesionsInput) -> Conclusion:
    """Level of every lesion; for the patient the number of positive lesions and the highest SUVmax."""
    steps = Reasoning(BOOK)
    if not given.done("fdg"):
        return steps.not_assessable("FDG PET")
    graded = [level_of(lesion, given) for lesion in given.tumours]
    if not graded:
        steps.fire("no_lesion")
        return steps.not_assessable("a lesion")
    for one in graded:
        steps.lack(*(f"{lack} ({one.subject})" for lack in one.missing))
    options = [fdg_levels(lesion, given) for lesion in given.tumours]
    if any(min(one) == 0 < max(one) for one in options):
        possible = ["FDG-positive", "FDG-negative"] if all(min(one) == 0 for one in options) else []
        if possible:
            return steps.not_assessable(possible=possible, lesions=graded)
    positive = sum(min(one) > 0 for one in options)
    above_liver = sum(min(one) >= ABOVE_LIVER for one in options)
    highest = _highest(given)
    steps.fire(
        "patient",
        positive=positive,
        count=len(graded),
        above_liver=above_liver,
        highest="not known" if highest is None else f"{number(highest)} g/mL",
    )
    if highest is not None:
        steps.flag("band", value=highest, band=band_of(highest))
    if positive and given.gep_primary and given.grade in ("G1", "G2"):
        steps.flag("cohort_figure", ratio="3.6 (G1 and G2, 95 % interval 2.2 to 5.9)")
    elif positive and given.gep_primary:
        steps.flag("cohort_figure", ratio="3.8 (95 % interval 2.4 to 5.9)")
    _bahri(given, steps)
    parts = {"positive lesions": str(positive), "above liver": str(above_liver), "lesions": str(len(graded))}
    value = "FDG-positive" if positive else "FDG-negative"
    return steps.conclude(value, parts=parts, provisional=bool(steps.lacking), lesions=graded)


def _bahri(given: LesionsInput, steps: Reasoning) -> None:
    """Positivity by the other published rule, where its inputs are known."""
    highest, liver = _highest(given), given.fdg_reference.liver_max_g_ml
    if highest is None:
        return
    ratio = highest / liver if liver is not None else None
    by_suv = above(highest, BOOK.limit("bahri_suv"))
    if not by_suv and ratio is None:
        return
    positive = by_suv or (ratio is not None and at_least(ratio, BOOK.limit("bahri_ratio")))
    shown = "not known" if ratio is None else number(ratio)
    steps.other("Bahri 2014", "positive" if positive else "negative", "bahri", value=highest, ratio=shown)


def _highest(given: LesionsInput) -> float | None:
    """Highest SUVmax among lesions whose uptake counts; None when none has one."""
    values = [
        one.fdg.suv_max_g_ml
        for one in given.tumours
        if one.fdg and one.fdg.suv_max_g_ml is not None and max(fdg_levels(one, given)) > 0
    ]
    return max(values, default=None)


def band_of(suv_max_g_ml: float) -> str:
    """The printed band of FDG SUVmax."""
    first = BOOK.limit(BANDS[0][0])
    if suv_max_g_ml < first:
        return BANDS[0][1]
    return next((words for name, words in BANDS[1:] if not above(suv_max_g_ml, BOOK.limit(name))), "> 9")


def level_of(lesion: LesionFinding, given: LesionsInput) -> Conclusion:
    """The level of one lesion with its reasons."""
    steps = Reasoning(BOOK, subject=lesion.id)
    uptake = lesion.fdg
    if uptake is None:
        return steps.not_assessable("FDG uptake")
    reference = given.fdg_reference
    if uptake.suv_max_g_ml is not None:
        steps.note("FDG SUVmax", uptake.suv_max_g_ml, "g/mL")
    levels = fdg_levels(lesion, given)
    if len(levels) > 1:
        _lack(uptake, reference, steps)
        return steps.not_assessable(possible=[str(level) for level in levels])
    if uptake.explained_by:
        steps.fire("explained", cause=uptake.explained_by)
    elif uptake.reader_score is not None:
        steps.fire("reader", level=uptake.reader_score)
    else:
        words = {
            "value": number(uptake.suv_max_g_ml or 0),
            "blood": "not known" if reference.blood_pool_mean_g_ml is None else number(reference.blood_pool_mean_g_ml),
            "liver": "not known" if reference.liver_mean_g_ml is None else number(reference.liver_mean_g_ml),
        }
        steps.fire(f"level_{levels[0]}", **words)
    return steps.conclude(str(levels[0]))


def _lack(uptake: Uptake, reference: ReferenceUptake, steps: Reasoning) -> None:
    if uptake.discernible is None:
        steps.lack("whether it stands out from its surroundings")
    if uptake.suv_max_g_ml is None:
        steps.lack("FDG SUVmax")
        return
    if reference.liver_mean_g_ml is None:
        steps.lack("liver reference of FDG PET")
    if reference.blood_pool_mean_g_ml is None:
        steps.lack("blood pool reference of FDG PET")


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=fdg_uptake)
