"""Lesions followed through the time points.

At each time point, in order of time, its lesions are assigned to those known before at the least total price. What was
known before and is left over has merged where its last outline lies in the outline of a lesion that went on and grew;
what is left over now and lies in the earlier outline of a lesion that went on is a piece of it still where it hangs on
it or where a finer look shows one body there; else it has split off where that lesion became smaller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot

import numpy as np

from isletscope.lesions.matching.assignment import cheapest_pairs
from isletscope.lesions.matching.costs import ALONE
from isletscope.lesions.matching.moment import MomentGroup, PairPrices
from isletscope.lesions.matching.parts import cover_of, neck_of
from isletscope.lesions.matching.placed import PlacedFocus
from isletscope.lesions.matching.rules import Rules


@dataclass(eq=False)
class LesionTrack:
    """One lesion through time. ``seen``: where it was seen alone; ``merged``: the lesion that it was part of."""

    seen: dict[int, MomentGroup] = field(default_factory=dict)
    merged: dict[int, LesionTrack] = field(default_factory=dict)
    parts: dict[int, list[LesionTrack]] = field(default_factory=dict)
    split_from: LesionTrack | None = None

    @property
    def first(self) -> int:
        """The time point at which it was first seen."""
        return min(self.seen)

    def last_before(self, moment: int) -> MomentGroup:
        """The lesion as it was last seen alone before a time point."""
        return self.seen[max(number for number in self.seen if number < moment)]

    def foci(self) -> list[PlacedFocus]:
        """All its foci, in order of time."""
        return [focus for moment in sorted(self.seen) for focus in self.seen[moment].foci]


def follow(moments: Mapping[int, Sequence[MomentGroup]], prices: PairPrices) -> list[LesionTrack]:
    """Tracks of all lesions; the order in which lesions of a time point come does not matter."""
    tracks: list[LesionTrack] = []
    for moment in sorted(moments):
        groups = sorted(moments[moment], key=lambda group: min(focus.focus_id for focus in group.foci))
        known = list(tracks)
        price = np.array(
            [[price_between(track.last_before(moment), group, prices) for track in known] for group in groups]
        ).reshape(len(groups), len(known))
        pairs = cheapest_pairs(price)
        taken = {row: known[column] for row, column in pairs}
        for row, group in enumerate(groups):
            if row in taken:
                taken[row].seen[moment] = group
        went_on = [known[column] for _, column in pairs]
        _merge([track for track in known if track not in went_on], went_on, moment, prices)
        left = [group for row, group in enumerate(groups) if row not in taken]
        tracks += [_begun(group, went_on, moment, prices) for group in _without_pieces(left, went_on, moment, prices)]
    return tracks


def price_between(earlier: MomentGroup, later: MomentGroup, prices: PairPrices) -> float:
    """Mean cost of the same kinds of images of both, or of all where no kind is the same, less the cost of none."""
    pairs = _comparable(earlier, later)
    return float(np.mean([prices.pair(one, other).cost for one, other in pairs])) - ALONE


def _comparable(one: MomentGroup, other: MomentGroup) -> list[tuple[PlacedFocus, PlacedFocus]]:
    pairs = [(a, b) for a in one.views() for b in other.views()]
    return [(a, b) for a, b in pairs if a.kind == b.kind] or pairs


def _share_inside(part: MomentGroup, whole: MomentGroup) -> float:
    """Share of one lesion that lies inside another, on the kinds of images that both have.

    What lies outside by less than the uncertainty of both places (half the part's radius at most) counts as inside.
    """
    shares = [
        a.share_inside(b, min(hypot(a.uncertainty_mm, b.uncertainty_mm), a.radius_mm / 2.0))
        for a, b in _comparable(part, whole)
    ]
    return float(np.mean(shares))


def _growth(earlier: MomentGroup, later: MomentGroup) -> float:
    """Volume over earlier volume, the geometric mean over the kinds of images that both have."""
    return float(np.exp(np.mean([np.log(b.volume_ml / a.volume_ml) for a, b in _comparable(earlier, later)])))


def _merge(left: Sequence[LesionTrack], went_on: Sequence[LesionTrack], moment: int, prices: PairPrices) -> None:
    """Set the lesion into which each one that is left over has merged, where there is one."""
    least, grown = prices.rules.number("parts.share_of_earlier"), prices.rules.number("parts.merged_growth")
    for track in left:
        host = track.merged[max(track.merged)] if track.merged and max(track.merged) > max(track.seen) else None
        if host is None or host not in went_on:
            shares = [
                (_share_inside(track.last_before(moment), other.seen[moment]), n)
                for n, other in enumerate(went_on)
                if _growth(other.last_before(moment), other.seen[moment]) >= grown
            ]
            share, number = max(shares, default=(0.0, -1))
            host = went_on[number] if share >= least else None
        if host is not None:
            track.merged[moment] = host


def _without_pieces(
    left: Sequence[MomentGroup], went_on: Sequence[LesionTrack], moment: int, prices: PairPrices
) -> list[MomentGroup]:
    """What is left over once pieces of lesions that went on have joined these; the largest share inside goes first."""
    apart = list(left)
    while True:
        pieces = [
            (share, n, m)
            for n, group in enumerate(apart)
            for m, track in enumerate(went_on)
            if (share := _share_inside(group, track.last_before(moment)))
            >= prices.rules.number("parts.share_of_earlier")
            and _still_one(group, track.seen[moment], prices.rules)
        ]
        if not pieces:
            return apart
        _, n, m = max(pieces)
        went_on[m].seen[moment].foci += apart.pop(n).foci


def _still_one(group: MomentGroup, whole: MomentGroup, rules: Rules) -> bool:
    """Whether what was one body before is not seen apart now, but in pieces on one look alone.

    A fragment hangs on the rest there, or a finer look shows one body and the outline of another covers the piece.
    """
    if len(group.looks) > 1:
        return False
    here, rest = (sum(focus.volume_ml for focus in one.foci if focus.look in group.looks) for one in (group, whole))
    if neck_of(group, whole, rules) > 0.0 and here <= rules.number("parts.fragment") * rest:
        return True
    resolution = rules.looks.resolution_mm
    finest = min(resolution[focus.kind] for focus in whole.foci)
    coarser = all(resolution[focus.kind] > finest for focus in group.foci)
    return coarser and cover_of(group, whole, rules) is not None


def _begun(group: MomentGroup, went_on: Sequence[LesionTrack], moment: int, prices: PairPrices) -> LesionTrack:
    """A lesion not known before: new, or a part of one that went on."""
    track = LesionTrack({moment: group})
    shrunk = prices.rules.number("parts.split_growth")
    shares = [
        (_share_inside(group, other.last_before(moment)), n)
        for n, other in enumerate(went_on)
        if _growth(other.last_before(moment), other.seen[moment]) <= shrunk
    ]
    share, number = max(shares, default=(0.0, -1))
    if share >= prices.rules.number("parts.share_of_earlier"):
        track.split_from = went_on[number]
        went_on[number].parts.setdefault(moment, []).append(track)
    return track
