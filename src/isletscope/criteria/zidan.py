"""Zidan (Hicks) classes 1 to 4 on SSTR and FDG PET, with liver as threshold."""

from __future__ import annotations

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.dual_tracer import SeenSigns, certain, classes, flag_double_negative, names, one_class
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
    value = one_class(given, BOOK, class_of, steps)
    if isinstance(value, Conclusion):
        return value
    at_issue = certain(given, BOOK, lambda signs: signs.mismatch if value == "4" else signs.both)
    steps.fire(value, lesions=names(at_issue))
    flag_double_negative(certain(given, BOOK, lambda signs: signs.neither), steps)
    at_background = classes(given, BOOK, class_of, "background_")
    if at_background != [value]:
        steps.flag("threshold_dependent", other=" or ".join(at_background))
    return steps.conclude(value)


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=zidan)
