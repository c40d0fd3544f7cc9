"""Marking which foci a case holds for one lesion, and what it says became of each lesion.

A focus stands for the true lesion of which it holds most voxels (and beside it for those of which it holds a quarter of
its own). Every pair of foci of two looks is marked: *correct* when both stand for one true lesion and the case has them
in one lesion; *wrong* when the case has them in one lesion and they do not; *missed* when the case has them apart.
Foci of a lesion and of what it split into, or merged into, are one pair when the case has them in one lesion or says so
(``split_from``, ``merged_into``). Pairs of two foci that stand for nothing true are not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from isletscope.phantom.check_maps import LabelMap, read_map

Json = dict[str, Any]

_ALSO_SHARE = 0.25
_FATES = {
    "present": ("first time point",),
    "persistent": ("persistent", "first time point"),
    "new": ("new",),
    "vanished": ("vanished",),
    "merged": ("merged",),
    "split": ("split",),
}


@dataclass(frozen=True)
class TrueFocus:
    """A focus, the exam of the truth it was seen on, and the true lesions that it stands for, the main one first."""

    focus: str
    exam: str
    look: str
    lesions: tuple[str, ...]


@dataclass(frozen=True)
class WrongPair:
    """A pair that is wrong or missed; ``kind`` says which."""

    kind: str
    first: str
    second: str
    first_stands_for: str
    second_stands_for: str


@dataclass(frozen=True)
class FateMark:
    """What became of one true lesion at one time point, and what the case says; empty when it has no such lesion."""

    lesion: str
    time_point: str
    true: str
    said: str

    @property
    def right(self) -> bool:
        """Whether the case says what is true."""
        return self.said in _FATES[self.true]


@dataclass(frozen=True)
class MatchingMark:
    """All pairs and fates of one case. ``undetected``: fates left out because no focus stands for the lesion there."""

    correct: int
    mistakes: tuple[WrongPair, ...]
    fates: tuple[FateMark, ...]
    undetected: int = 0

    def count(self, kind: str) -> int:
        """Mistakes of a kind: wrong or missed."""
        return sum(mistake.kind == kind for mistake in self.mistakes)

    @property
    def share_correct(self) -> float | None:
        """Correct pairs among all that are correct, wrong or missed; None without any."""
        pairs = self.correct + len(self.mistakes)
        return self.correct / pairs if pairs else None


def mark_matching(truth: Json, case: Json, case_folder: Path, truth_folder: Path) -> MatchingMark | None:
    """Marks of a case folder's matching; None where fewer than two of its looks are known to the truth.

    Raises InputError when a label map cannot be read.
    """
    foci = list(_true_foci(truth, case, case_folder, truth_folder))
    if len({focus.look for focus in foci}) < 2:
        return None
    lesions = case.get("lesions", [])
    holders = {focus: lesion["id"] for lesion in lesions for focus in lesion.get("focus_ids", ())}
    related = {
        frozenset((lesion["id"], other))
        for lesion in lesions
        for other in (lesion.get("split_from"), lesion.get("merged_into"))
        if other
    }
    correct, mistakes = mark_pairs(truth, foci, holders, related)
    fates, undetected = mark_fates(truth, case, foci, holders)
    return MatchingMark(correct, tuple(mistakes), tuple(fates), undetected)


def mark_pairs(
    truth: Json, foci: Sequence[TrueFocus], holders: Mapping[str, str], related: set[frozenset[str]]
) -> tuple[int, list[WrongPair]]:
    """Correct pairs, and the wrong and missed ones. ``holders``: focus -> lesion of the case."""
    fates = {lesion["id"]: lesion.get("fates", {}) for lesion in truth["lesions"]}
    correct, mistakes = 0, []
    for one, other in combinations([focus for focus in foci if focus.focus in holders], 2):
        if one.look == other.look or not (one.lesions or other.lesions):
            continue
        first, second = holders[one.focus], holders[other.focus]
        same, kin = first == second, frozenset((first, second)) in related
        one_lesion = bool(set(one.lesions) & set(other.lesions))
        family = _became(fates, one, other) or _became(fates, other, one)
        mains = one.lesions[:1] == other.lesions[:1] and bool(one.lesions)
        if (same and (one_lesion or family)) or (kin and (mains or family)):
            correct += 1
        elif same or mains or family:
            names = [", ".join(focus.lesions) or "nothing" for focus in (one, other)]
            mistakes.append(WrongPair("wrong" if same else "missed", one.focus, other.focus, names[0], names[1]))
    return correct, mistakes


def _became(fates: Mapping[str, Json], earlier: TrueFocus, later: TrueFocus) -> bool:
    """Whether the lesion of one focus had, at the exam of the other, merged into or split into the other's lesion."""
    if not earlier.lesions or not later.lesions:
        return False
    fate = fates.get(earlier.lesions[0], {}).get(later.exam, {})
    return fate.get("fate") in ("merged", "split") and later.lesions[0] in fate.get("with", ())


def _true_foci(truth: Json, case: Json, case_folder: Path, truth_folder: Path) -> Iterator[TrueFocus]:
    """The foci of every reading whose series the truth knows, with the lesions that they stand for."""
    ids = {int(lesion["label"]): lesion["id"] for lesion in truth["lesions"]}
    uids = {series["key"]: series["series_uid"] for exam in case.get("exams", []) for series in exam.get("series", [])}
    for reading in [*case.get("readings", []), *case.get("image_readings", [])]:
        found = _exam_of(truth, uids.get(reading["series_key"], ""))
        if found is None or not reading.get("foci") or not reading.get("foci_map"):
            continue
        exam, mask = found
        true, outlined = read_map(truth_folder / mask), read_map(case_folder / reading["foci_map"])
        for focus in reading["foci"]:
            lesions = tuple(ids[label] for label in _stands_for(true, outlined, int(focus["label"])) if label in ids)
            yield TrueFocus(focus["id"], exam["name"], reading["series_key"], lesions)


def _exam_of(truth: Json, series_uid: str) -> tuple[Json, str] | None:
    """The exam of the truth with that series, and the map of lesions of its breath-hold."""
    for exam in truth["exams"]:
        for series in exam.get("series", ()):
            if series["uid"] == series_uid:
                masks = exam["masks"]
                grid = series.get("hold") or ("ct_detail" if series.get("role") == "detail" else "")
                return exam, (masks.get(grid) or next(iter(masks.values())))["lesions"]
    return None


def _stands_for(true: LabelMap, outlined: LabelMap, label: int) -> list[int]:
    points = outlined.points(label)
    labels, counts = np.unique(true.at(points), return_counts=True)
    held = sorted(((int(c), int(n)) for n, c in zip(labels, counts, strict=True) if n), reverse=True)
    return [n for place, (c, n) in enumerate(held) if place == 0 or c >= _ALSO_SHARE * len(points)]


def mark_fates(
    truth: Json, case: Json, foci: Sequence[TrueFocus], holders: Mapping[str, str]
) -> tuple[list[FateMark], int]:
    """What the case says became of every true lesion, where a focus stands for it whenever it is there."""
    courses = {lesion["id"]: lesion.get("course", []) for lesion in case.get("lesions", [])}
    exam_keys = {exam["study_uid"]: exam["key"] for exam in case.get("exams", [])}
    marks: list[FateMark] = []
    undetected = 0
    for lesion in truth["lesions"]:
        mine = [focus for focus in foci if lesion["id"] in focus.lesions[:1] and focus.focus in holders]
        for point in case.get("time_points", []):
            exams = [one["name"] for one in truth["exams"] if exam_keys.get(one["study_uid"]) in point["exam_keys"]]
            true = {lesion["fates"][exam]["fate"] for exam in exams if exam in lesion.get("fates", {})} & set(_FATES)
            if len(true) != 1 or not mine:
                continue
            fate = true.pop()
            heirs = {name for exam in exams for name in lesion["fates"].get(exam, {}).get("with", ())} or {lesion["id"]}
            here = any(focus.exam in exams and set(focus.lesions[:1]) & heirs for focus in foci)
            before = any(focus.exam not in exams for focus in mine)
            if (not here and fate != "vanished") or (not before and fate not in ("present", "new")):
                undetected += 1
                continue
            said = {
                step["fate"]
                for name in {holders[focus.focus] for focus in mine}
                for step in courses.get(name, [])
                if step["time_point"] == point["name"]
            }
            right = [one for one in sorted(said) if one in _FATES[fate]]
            marks.append(FateMark(lesion["id"], point["name"], fate, (right or sorted(said) or [""])[0]))
    return marks, undetected


def matching_lines(mark: MatchingMark | None) -> list[str]:
    """The marks for people: pairs, mistakes, fates."""
    if mark is None:
        return []
    share = "no pair" if mark.share_correct is None else f"{100 * mark.share_correct:.1f} %"
    lines = [
        "Foci held for one lesion",
        f"pairs correct {mark.correct}, wrong {mark.count('wrong')}, missed {mark.count('missed')}: {share}",
        f"course of lesions right {sum(one.right for one in mark.fates)} of {len(mark.fates)}"
        f" ({mark.undetected} not to be told: not found there)",
    ]
    lines += [
        f"{one.kind:<7} {one.first} ({one.first_stands_for}) and {one.second} ({one.second_stands_for})"
        for one in mark.mistakes
    ]
    lines += [
        f"{one.lesion} at {one.time_point}: {one.true}, said {one.said or 'nothing'}"
        for one in mark.fates
        if not one.right
    ]
    return [*lines, ""]
