"""Zidan (Hicks) classes 1 to 4 on SSTR and FDG PET, with liver as threshold."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.dual_tracer import Signs, fold, lack_levels, names, note_levels, scans_missing, signs_by_book
from isletscope.criteria.lesion_input import LesionsInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning
from isletscope.model import Conclusion

BOOK = load_book("zidan", Book)


@dataclass(frozen=True)
class Seen:
    """What has been seen over lesions."""

    sstr: bool = False
    both: bool = False
    mismatch: bool = False

    def add(self, signs: Signs) -> Seen:
        """With one more lesion."""
        return Seen(self.sstr or signs.sstr_positive, self.both or signs.both, self.mismatch or signs.mismatch)

    @property
    def value(self) -> str:
        """The class."""
        if self.mismatch:
            return "4"
        if self.both:
            return "3"
        return "2" if self.sstr else "1"


def zidan(given: LesionsInput) -> Conclusion:
    """The class, or every class that remains possible."""
    steps = Reasoning(BOOK)
    if scans_missing(given, steps):
        return steps.not_assessable()
    note_levels(given, steps)
    options = {lesion.id: signs_by_book(lesion, given, BOOK) for lesion in given.tumours}
    possible = _classes(given)
    if len(possible) > 1:
        lack_levels(given, steps)
        return steps.not_assessable(possible=possible)
    value = possible[0]
    mismatched = [one for one in given.tumours if all(signs.mismatch for signs in options[one.id])]
    both = [one for one in given.tumours if all(signs.both for signs in options[one.id])]
    negative = [one for one in given.tumours if all(signs.neither for signs in options[one.id])]
    steps.fire(value, lesions=names(mismatched if value == "4" else both))
    if negative:
        count = f"{len(negative)} lesion{'s' if len(negative) > 1 else ''}"
        steps.flag("double_negative_lesions", count=count, lesions=", ".join(lesion.id for lesion in negative))
    at_background = _classes(given, "background_")
    if at_background != possible:
        steps.flag("threshold_dependent", other=" or ".join(at_background))
    return steps.conclude(value)


def _classes(given: LesionsInput, prefix: str = "") -> list[str]:
    options = [signs_by_book(lesion, given, BOOK, prefix) for lesion in given.tumours]
    return sorted({seen.value for seen in fold(Seen(), options, Seen.add)})


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=zidan)
