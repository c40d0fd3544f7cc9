"""Zidan (Hicks) classes 1 to 4 on SSTR and FDG PET, with liver as threshold."""

from __future__ import annotations

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.dual_tracer import (
    SeenSigns,
    certain,
    classes,
    flag_double_negative,
    lack_levels,
    names,
    note_levels,
    scans_missing,
)
from isletscope.criteria.lesion_input import LesionsInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning
from isletscope.model import Conclusion

BOOK = load_book("zidan", Book)


def class_of(seen: SeenSigns) -> str:
    """The class of a patient whose lesions are all known."""
    if seen.mismatch:
        return "4"
    if seen.both:
        return "3"
    return "2" if seen.sstr else "1"


def zidan(given: LesionsInput) -> Conclusion:
    """The class, or every class that remains possible."""
    steps = Reasoning(BOOK)
    if scans_missing(given, steps):
        return steps.not_assessable()
    note_levels(given, steps)
    possible = classes(given, BOOK, class_of)
    if len(possible) > 1:
        lack_levels(given, steps)
        return steps.not_assessable(possible=possible)
    value = possible[0]
    at_issue = certain(given, BOOK, lambda signs: signs.mismatch if value == "4" else signs.both)
    steps.fire(value, lesions=names(at_issue))
    flag_double_negative(certain(given, BOOK, lambda signs: signs.neither), steps)
    at_background = classes(given, BOOK, class_of, "background_")
    if at_background != possible:
        steps.flag("threshold_dependent", other=" or ".join(at_background))
    return steps.conclude(value)


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=zidan)
