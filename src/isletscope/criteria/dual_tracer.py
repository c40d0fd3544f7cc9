"""What the dual-tracer schemes share: signs on both tracers, and folding lesions that are not fully known."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.fdg_uptake import fdg_levels, level_of
from isletscope.criteria.krenning import score_lesion, sstr_scores
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput
from isletscope.criteria.result import Reasoning
from isletscope.model import Conclusion

SHARED = load_book("dual_tracer", Book)

_MOST_NAMED = 6

State = TypeVar("State", bound=Hashable)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Signs:
    """SSTR and FDG level of one lesion (0 to 4), and whether each counts as positive."""

    sstr: int
    fdg: int
    sstr_positive: bool
    fdg_positive: bool

    @property
    def mismatch(self) -> bool:
        """FDG-positive and SSTR-negative."""
        return self.fdg_positive and not self.sstr_positive

    @property
    def both(self) -> bool:
        """Positive on both tracers."""
        return self.fdg_positive and self.sstr_positive

    @property
    def neither(self) -> bool:
        """Negative on both tracers."""
        return not self.fdg_positive and not self.sstr_positive


def possible_signs(lesion: LesionFinding, given: LesionsInput, sstr_from: float, fdg_from: float) -> list[Signs]:
    """Every pair of levels that the known inputs leave possible; positive from ``sstr_from`` and ``fdg_from``."""
    return [
        Signs(sstr, fdg, sstr >= sstr_from, fdg >= fdg_from)
        for sstr in sstr_scores(lesion, given)
        for fdg in fdg_levels(lesion, given)
    ]


def signs_by_book(lesion: LesionFinding, given: LesionsInput, book: Book, prefix: str = "") -> list[Signs]:
    """Possible signs by the thresholds of a book."""
    return possible_signs(lesion, given, book.limit(f"{prefix}sstr_positive"), book.limit(f"{prefix}fdg_positive"))


@dataclass(frozen=True)
class SeenSigns:
    """What has been seen over lesions, as the schemes by patient ask for it."""

    sstr: bool = False
    fdg: bool = False
    both: bool = False
    mismatch: bool = False

    def add(self, signs: Signs) -> SeenSigns:
        """With one more lesion."""
        return SeenSigns(
            self.sstr or signs.sstr_positive,
            self.fdg or signs.fdg_positive,
            self.both or signs.both,
            self.mismatch or signs.mismatch,
        )


def classes(given: LesionsInput, book: Book, class_of: Callable[[SeenSigns], str], prefix: str = "") -> list[str]:
    """Every class of the patient that the known inputs of all lesions leave possible."""
    options = [signs_by_book(lesion, given, book, prefix) for lesion in given.tumours]
    return sorted({class_of(seen) for seen in fold(SeenSigns(), options, SeenSigns.add)})


def one_class(
    given: LesionsInput, book: Book, class_of: Callable[[SeenSigns], str], steps: Reasoning
) -> Conclusion | str:
    """The patient's class, or the conclusion that says why it is open."""
    if scans_missing(given, steps) or nothing_decided(given, steps):
        return steps.not_assessable()
    note_levels(given, steps)
    possible = classes(given, book, class_of)
    if len(possible) > 1:
        lack_levels(given, steps)
        return steps.not_assessable(possible=possible)
    return possible[0]


def certain(given: LesionsInput, book: Book, holds: Callable[[Signs], bool]) -> list[LesionFinding]:
    """Lesions for which a sign holds whatever is missing."""
    return [lesion for lesion in given.tumours if all(holds(signs) for signs in signs_by_book(lesion, given, book))]


def flag_double_negative(lesions: Sequence[LesionFinding], steps: Reasoning) -> None:
    """Name lesions that neither tracer shows, by the flag of the scheme's book."""
    if lesions:
        count = f"{len(lesions)} lesion{'s' if len(lesions) > 1 else ''}"
        steps.flag("double_negative_lesions", count=count, lesions=", ".join(lesion.id for lesion in lesions))


def fold(start: State, items: Iterable[Sequence[Item]], step: Callable[[State, Item], State]) -> list[State]:
    """All end states when each item takes any of its possible values; the order of items does not matter."""
    states = {start}
    for choices in items:
        states = {step(state, choice) for state in states for choice in choices}
    return sorted(states, key=repr)


def note_levels(given: LesionsInput, steps: Reasoning) -> None:
    """Evidence: the two levels of every lesion; flags scans that lie far apart or have treatment between them."""
    if given.days_between_scans is not None and given.days_between_scans > SHARED.limit("longest_interval_days"):
        steps.flag("interval", days=given.days_between_scans)
    if given.therapy_between_scans:
        steps.flag("therapy_between")
    for lesion in given.tumours:
        sstr = " or ".join(str(score) for score in sstr_scores(lesion, given))
        fdg = " or ".join(str(level) for level in fdg_levels(lesion, given))
        steps.note(f"{lesion.id}: Krenning {sstr}, FDG level {fdg}")


def lack_levels(given: LesionsInput, steps: Reasoning) -> None:
    """Name what keeps levels open, lesion by lesion."""
    for lesion in given.tumours:
        for result in (score_lesion(lesion, given), level_of(lesion, given)):
            steps.lack(*(f"{lack} ({lesion.id})" for lack in result.missing))


def nothing_decided(given: LesionsInput, steps: Reasoning) -> bool:
    """Whether no lesion is held to be tumour while some are left unsure; names them, six at most.

    A scheme of an empty list would be an all-clear that nobody gave.
    """
    if given.tumours or not given.unsure:
        return False
    named, more = sorted(given.unsure, key=lambda name: (len(name), name)), len(given.unsure) - _MOST_NAMED
    steps.lack(f"a verdict on {', '.join(named[:_MOST_NAMED])}{f' and {more} more' if more > 0 else ''}, left unsure")
    return True


def scans_missing(given: LesionsInput, steps: Reasoning) -> bool:
    """Whether a tracer's scan was not done; names it."""
    if not given.done("sstr"):
        steps.lack("SSTR PET")
    if not given.done("fdg"):
        steps.lack("FDG PET")
    return bool(steps.lacking)


def names(lesions: Iterable[LesionFinding]) -> str:
    """Lesion names with their verb's place: ``L1 is``, ``L1 and L2 are``."""
    found = sorted(lesion.id for lesion in lesions)
    if len(found) == 1:
        return f"{found[0]} is"
    return f"{', '.join(found[:-1])} and {found[-1]} are" if found else "none is"
