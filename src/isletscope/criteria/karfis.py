"""Karfis classes C1 to C3 on SSTR and FDG PET."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.dual_tracer import Signs, fold, lack_levels, names, note_levels, scans_missing, signs_by_book
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, at_least
from isletscope.model import Conclusion

BOOK = load_book("karfis", Book)


@dataclass(frozen=True)
class Seen:
    """What has been seen over lesions."""

    sstr: bool = False
    fdg: bool = False
    mismatch: bool = False

    def add(self, signs: Signs) -> Seen:
        """With one more lesion."""
        return Seen(self.sstr or signs.sstr_positive, self.fdg or signs.fdg_positive, self.mismatch or signs.mismatch)

    @property
    def value(self) -> str:
        """The class."""
        if self.mismatch:
            return "C3"
        if self.fdg:
            return "C2"
        return "C1" if self.sstr else "unclassifiable"


def karfis(given: LesionsInput) -> Conclusion:
    """The class, or every class that remains possible."""
    steps = Reasoning(BOOK)
    if scans_missing(given, steps):
        return steps.not_assessable()
    note_levels(given, steps)
    options = {lesion.id: signs_by_book(lesion, given, BOOK) for lesion in given.tumours}
    possible = sorted({seen.value for seen in fold(Seen(), options.values(), Seen.add)})
    if len(possible) > 1:
        lack_levels(given, steps)
        return steps.not_assessable(possible=possible)
    value = possible[0]
    mismatched = [one for one in given.tumours if all(signs.mismatch for signs in options[one.id])]
    both = [one for one in given.tumours if all(signs.both for signs in options[one.id])]
    negative = [one for one in given.tumours if all(signs.neither for signs in options[one.id])]
    steps.fire(value, lesions=names(mismatched if value == "C3" else both))
    if value == "C3" and all(_small(lesion) for lesion in mismatched):
        steps.flag("minor_lesion", lesions=", ".join(lesion.id for lesion in mismatched))
    if negative and value != "unclassifiable":
        count = f"{len(negative)} lesion{'s' if len(negative) > 1 else ''}"
        steps.flag("double_negative_lesions", count=count, lesions=", ".join(lesion.id for lesion in negative))
    return steps.conclude(value)


def _small(lesion: LesionFinding) -> bool:
    below = lesion.extent_mm is not None and not at_least(lesion.extent_mm, BOOK.limit("small_mm"))
    return below and not lesion.anatomical_correlate


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=karfis)
