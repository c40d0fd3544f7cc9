"""NETPET grade: the most FDG-dominant lesion on SSTR and FDG PET, its suffix and its group."""

from __future__ import annotations

from dataclasses import dataclass, replace

from isletscope.criteria.book import Book, Cited, load_book, number
from isletscope.criteria.dual_tracer import (
    flag_double_negative,
    fold,
    lack_levels,
    names,
    note_levels,
    nothing_decided,
    scans_missing,
    signs_by_book,
)
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, at_least
from isletscope.model import Conclusion

GROUPS = {"P0": "P0", "P1": "P1", "P2": "P2-4", "P3": "P2-4", "P4": "P2-4", "P5": "P5"}


class Figure(Cited):
    """Median times of one group, months."""

    overall_months: float
    progression_months: float


class NetpetBook(Book):
    """The book with the cohort's figures."""

    figures: dict[str, Figure]


BOOK = load_book("netpet", NetpetBook)


@dataclass(frozen=True)
class Pattern:
    """One possible reading of one lesion: rank 0 to 5 as in P0 to P5, and whether the lesion may decide the grade."""

    rank: int
    driving: bool


@dataclass(frozen=True)
class Tally:
    """What has been counted over lesions: highest rank of those that drive, of all, and lesions per rank 2 to 4."""

    driving: int = -1
    highest: int = 0
    counts: tuple[int, int, int] = (0, 0, 0)

    def add(self, pattern: Pattern) -> Tally:
        """The tally with one more lesion; counts stop at the number that the suffix asks for."""
        counts = list(self.counts)
        if 2 <= pattern.rank <= 4:
            counts[pattern.rank - 2] = min(counts[pattern.rank - 2] + 1, int(BOOK.limit("many_lesions")))
        return replace(
            self,
            driving=max(self.driving, pattern.rank if pattern.driving else -1),
            highest=max(self.highest, pattern.rank),
            counts=(counts[0], counts[1], counts[2]),
        )

    @property
    def grade(self) -> str:
        """P0 to P5 with suffix. Without a positive lesion that may drive, the others decide."""
        rank = self.driving if self.driving > 0 else self.highest
        if not 2 <= rank <= 4:
            return f"P{rank}"
        return f"P{rank}{'b' if self.counts[rank - 2] >= BOOK.limit('many_lesions') else 'a'}"


def patterns_of(lesion: LesionFinding, given: LesionsInput) -> list[Pattern]:
    """Every pattern that the known inputs leave possible."""
    found: list[Pattern] = []
    for signs in signs_by_book(lesion, given, BOOK):
        if signs.mismatch:
            rank = 5
        elif signs.both:
            rank = _relation_rank(lesion, signs.sstr, signs.fdg)
        else:
            rank = 1 if signs.sstr_positive else 0
        found.extend(Pattern(rank, driving) for driving in _may_drive(lesion))
    return list(dict.fromkeys(found))


def _relation_rank(lesion: LesionFinding, sstr: int, fdg: int) -> int:
    """2, 3 or 4 by the reader's relation, else by the two ordinal levels."""
    if lesion.relation is not None:
        return {"fdg_lower": 2, "equal": 3, "fdg_higher": 4}[lesion.relation]
    if fdg == sstr:
        return 3
    return 2 if fdg < sstr else 4


def _may_drive(lesion: LesionFinding) -> tuple[bool, ...]:
    """Whether the lesion may decide the grade; both while neither size nor correlate settles it."""
    large = lesion.extent_mm is not None and at_least(lesion.extent_mm, BOOK.limit("driving_mm"))
    if large or lesion.anatomical_correlate:
        return (True,)
    if lesion.extent_mm is not None and lesion.anatomical_correlate is False:
        return (False,)
    return (False, True)


def netpet(given: LesionsInput) -> Conclusion:
    """The grade, or every grade that remains possible."""
    steps = Reasoning(BOOK)
    if scans_missing(given, steps) or nothing_decided(given, steps):
        return steps.not_assessable()
    note_levels(given, steps)
    tallies = fold(Tally(), [patterns_of(lesion, given) for lesion in given.tumours], Tally.add)
    grades = sorted({tally.grade for tally in tallies})
    if len(grades) > 1:
        lack_levels(given, steps)
        _lack_sizes(given, steps)
        return steps.not_assessable(possible=grades)
    grade = grades[0]
    _explain(grade, given, steps)
    group = GROUPS[grade[:2]]
    _flag_lesions(grade, given, steps)
    _figures(grade, group, given, steps)
    return steps.conclude(grade, parts={"grade": grade, "group": group})


def _lack_sizes(given: LesionsInput, steps: Reasoning) -> None:
    """Name positive lesions of which neither size nor correlate tells whether they may decide; FDG-positive first."""
    unsettled = [lesion for lesion in given.tumours if len(_may_drive(lesion)) > 1]
    ranks = {lesion.id: max(pattern.rank for pattern in patterns_of(lesion, given)) for lesion in unsettled}
    dominant = [name for name, rank in ranks.items() if rank > 1]
    for name in dominant or [name for name, rank in ranks.items() if rank > 0]:
        steps.lack(f"size or anatomical correlate ({name})")


def _fixed_rank(lesion: LesionFinding, given: LesionsInput) -> int:
    """The lowest rank that the known inputs leave; the only one where the lesion is fully known."""
    return min(pattern.rank for pattern in patterns_of(lesion, given))


def _drives(lesion: LesionFinding) -> bool:
    return _may_drive(lesion) == (True,)


def _with_rank(rank: int, given: LesionsInput) -> list[LesionFinding]:
    return [lesion for lesion in given.tumours if _fixed_rank(lesion, given) == rank]


def _explain(grade: str, given: LesionsInput, steps: Reasoning) -> None:
    rank = int(grade[1])
    pattern = _with_rank(rank, given)
    drivers = [lesion for lesion in pattern if _drives(lesion)] or pattern
    listed = ", ".join(sorted(lesion.id for lesion in drivers))
    if rank > 1 and len(given.tumours) > 1:
        steps.fire("worst_counts")
    if rank < 2:
        steps.fire(grade)
    elif rank == 5:
        steps.fire("P5", drivers=listed)
    else:
        steps.fire(f"P{rank}", drivers=listed, count=len(pattern), suffix=grade[2:])
    if 2 <= rank <= 4 and any(lesion.relation is None for lesion in drivers):
        steps.flag("relation_computed")


def _flag_lesions(grade: str, given: LesionsInput, steps: Reasoning) -> None:
    rank = int(grade[1])
    higher = [lesion for lesion in given.tumours if _fixed_rank(lesion, given) > rank]
    mismatched = [lesion for lesion in higher if _fixed_rank(lesion, given) == 5]
    others = [lesion for lesion in higher if lesion not in mismatched]
    if mismatched:
        steps.flag("p5_minor_lesion", lesions=names(mismatched))
    if others:
        steps.flag("minor_lesion", lesions=names(others))
    positive = [lesion for lesion in given.tumours if _fixed_rank(lesion, given) > 0]
    if positive and not any(True in _may_drive(lesion) for lesion in positive):
        steps.flag("only_minor_lesions")
    if positive:
        flag_double_negative(_with_rank(0, given), steps)


def _figures(grade: str, group: str, given: LesionsInput, steps: Reasoning) -> None:
    """The cohort's figures, only for a patient who fits the cohort and never for a P5 on one unproven focus."""
    if grade == "P5":
        mismatched = _with_rank(5, given)
        if len(mismatched) == 1 and not mismatched[0].anatomical_correlate:
            steps.flag("p5_rests_on_one", lesions=mismatched[0].id)
            return
    if given.gep_primary is False:
        steps.flag("outside_cohort")
    if not (given.gep_primary and given.metastatic_or_unresectable) or group not in BOOK.figures:
        return
    figure = BOOK.figures[group]
    steps.flag(
        "cohort_figure",
        group=group,
        overall=number(figure.overall_months),
        progression=number(figure.progression_months),
    )


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=netpet)
