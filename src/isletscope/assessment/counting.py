"""How many lesions there are for certain: foci that nobody matched between exams may be one and the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from isletscope.assessment.view import View
from isletscope.model import ExamKind, Lesion, Visibility

_TELLS = (Visibility.SEEN, Visibility.NOT_SEEN)


def certain_count(view: View, lesions: Sequence[Lesion]) -> tuple[int, bool]:
    """The number of lesions, and whether it is exact; else at least as many as one kind of exam shows.

    A focus on SSTR PET and one on FDG PET are two lesions only when one of the exams was looked at for both.
    """
    if all(told_apart(view, one, other) for one, other in combinations(lesions, 2)):
        return len(lesions), True
    return max([1, *(sum(_seen(view, lesion, kind) for lesion in lesions) for kind in view.kinds)]), False


def told_apart(view: View, one: Lesion, other: Lesion) -> bool:
    """Whether some kind of exam was looked at for both lesions."""
    return any(_looked(view, one, kind) and _looked(view, other, kind) for kind in view.kinds)


def _looked(view: View, lesion: Lesion, kind: ExamKind) -> bool:
    found = view.looked(lesion, kind)
    return found is not None and found.visibility in _TELLS


def _seen(view: View, lesion: Lesion, kind: ExamKind) -> bool:
    found = view.looked(lesion, kind)
    return found is not None and found.visibility is Visibility.SEEN
