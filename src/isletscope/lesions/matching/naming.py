"""What a lesion is called and held for, from its foci."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isletscope.lesions.matching.assignment import cheapest_pairs
from isletscope.lesions.matching.placed import PlacedFocus
from isletscope.lesions.matching.rules import Looks
from isletscope.model import Verdict

_LEADING = 0.5
_LEADS_STILL = 0.25


@dataclass(frozen=True)
class KnownLesion:
    """A lesion of an earlier reading. ``identities``: of its foci, alike in every reading of the same images."""

    name: str
    tracking_uid: str
    identities: frozenset[Hashable]
    leading: Hashable = None


def recognised(lesions: Sequence[Sequence[Hashable]], known: Sequence[KnownLesion]) -> dict[int, KnownLesion]:
    """Which earlier lesion each lesion is: the assignment with most foci in common.

    ``lesions``: identities of the foci of each, the leading one first. A shared leading focus counts half a focus more,
    and again a quarter where it leads still, so that a lesion whose foci are divided anew, or come together, keeps the
    name with the focus that gave it.
    """
    price = np.array(
        [
            [
                -float(len(earlier.identities & set(identities)))
                - _LEADING * (earlier.leading is not None and earlier.leading in identities)
                - _LEADS_STILL * (earlier.leading is not None and earlier.leading == identities[0])
                for earlier in known
            ]
            for identities in lesions
        ]
    ).reshape(len(lesions), len(known))
    return {row: known[column] for row, column in cheapest_pairs(price)}


def next_names(letters: Mapping[int, str], taken: Sequence[str]) -> dict[int, str]:
    """Names for new lesions: the letter and the next number that the letter never had."""
    counts: dict[str, int] = {}
    for name in taken:
        counts[name[0]] = max(counts.get(name[0], 0), int(name[1:]))
    names = {}
    for number, letter in letters.items():
        counts[letter] = counts.get(letter, 0) + 1
        names[number] = f"{letter}{counts[letter]}"
    return names


def verdict_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Tumour where any look says tumour by rule, else unsure (Isletscope convention: the reader must look at it)."""
    return Verdict.TUMOUR if Verdict.TUMOUR in verdicts else Verdict.UNSURE


def site_focus(foci: Sequence[PlacedFocus], looks: Looks) -> PlacedFocus:
    """The focus whose site a lesion takes (``site_reliability`` and the rules beside it in ``looks.yaml``)."""
    rank = looks.site_reliability.index
    best = min(rank(focus.kind) for focus in foci)
    among = [focus for focus in foci if rank(focus.kind) == best]
    votes = [focus.site_code for focus in among]

    def order(focus: PlacedFocus) -> tuple[int, bool, int, float, str]:
        outlined = focus.site_code in looks.sites_told_by_outline
        return -votes.count(focus.site_code), not outlined, focus.moment, -focus.volume_ml, focus.focus_id

    return min(among, key=order)
