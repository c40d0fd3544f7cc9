"""Karfis classes C1 to C3 on SSTR and FDG PET."""

from __future__ import annotations

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.dual_tracer import SeenSigns, certain, flag_double_negative, names, one_class
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, at_least
from isletscope.model import Conclusion

BOOK = load_book("karfis", Book)


def class_of(seen: SeenSigns) -> str:
    """The class of a patient whose lesions are all known."""
    if seen.mismatch:
        return "C3"
    if seen.fdg:
        return "C2"
    return "C1" if seen.sstr else "unclassifiable"


def karfis(given: LesionsInput) -> Conclusion:
    """The class, or every class that remains possible."""
    steps = Reasoning(BOOK)
    value = one_class(given, BOOK, class_of, steps)
    if isinstance(value, Conclusion):
        return value
    mismatched = certain(given, BOOK, lambda signs: signs.mismatch)
    both = certain(given, BOOK, lambda signs: signs.both)
    steps.fire(value, lesions=names(mismatched if value == "C3" else both))
    if value == "C3" and all(_small(lesion) for lesion in mismatched):
        steps.flag("minor_lesion", lesions=", ".join(lesion.id for lesion in mismatched))
    if value != "unclassifiable":
        flag_double_negative(certain(given, BOOK, lambda signs: signs.neither), steps)
    return steps.conclude(value)


def _small(lesion: LesionFinding) -> bool:
    below = lesion.extent_mm is not None and not at_least(lesion.extent_mm, BOOK.limit("small_mm"))
    return below and not lesion.anatomical_correlate


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=karfis)
