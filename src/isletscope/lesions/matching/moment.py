"""The foci of one time point, joined to lesions.

Looks are joined one after the other, the most reliable first: the foci of each are assigned to the lesions known so
far at the least total price, the price of a focus in a lesion being the sum over the lesion's foci of cost - 1. Then
each look in turn is taken out and assigned again, and lesions that share no look are joined where that lowers the
total, until nothing improves: every step lowers the same total, so the end does not depend on luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby

import numpy as np

from isletscope.lesions.matching.assignment import cheapest_pairs
from isletscope.lesions.matching.costs import ALONE, Pair, pair_of
from isletscope.lesions.matching.placed import PlacedFocus, together
from isletscope.lesions.matching.rules import Rules

_BETTER = 1e-9
_ROUNDS = 20


class PairPrices:
    """Pairs of foci, each computed once."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._known: dict[tuple[str, str], Pair] = {}

    def pair(self, one: PlacedFocus, other: PlacedFocus) -> Pair:
        """How two foci stand to each other."""
        first, second = sorted((one, other), key=lambda focus: (focus.focus_id, len(focus.parts)))
        key = ("+".join(first.parts) or first.focus_id, "+".join(second.parts) or second.focus_id)
        if key not in self._known:
            self._known[key] = pair_of(first, second, self.rules)
        return self._known[key]

    def same_place(self, one: PlacedFocus, other: PlacedFocus) -> bool:
        """Whether two foci would be a pair and overlap, whatever they are held for."""
        pair = self.pair(one, other)
        return pair.cost < ALONE and pair.overlap >= self.rules.number("physiologic_conflict.overlap")

    def price(self, foci: Sequence[PlacedFocus], others: Sequence[PlacedFocus]) -> float:
        """What it costs to join two sets of foci, over leaving them apart."""
        return sum(self.pair(one, other).cost - ALONE for one in foci for other in others)


@dataclass
class MomentGroup:
    """One lesion at one time point.

    ``covered_by``: outlines of other lesions that cover it too; ``run_together``: those of them that cover so many
    lesions that it is uptake which has run together.
    """

    foci: list[PlacedFocus]
    covered_by: list[PlacedFocus] = field(default_factory=list)
    run_together: list[PlacedFocus] = field(default_factory=list)

    @property
    def looks(self) -> set[str]:
        """The looks that show it."""
        return {focus.look for focus in self.foci}

    def views(self) -> list[PlacedFocus]:
        """One outline for each look."""
        ordered = sorted(self.foci, key=lambda focus: focus.look)
        return [together(list(parts)) for _, parts in groupby(ordered, key=lambda focus: focus.look)]


def lesions_of_moment(foci: Sequence[PlacedFocus], prices: PairPrices) -> list[MomentGroup]:
    """The foci of one time point as lesions; the order of the foci does not matter."""
    groups: list[MomentGroup] = []
    looks = _in_order(foci, prices.rules)
    for look in looks:
        groups = _assigned(look, groups, prices)
    for _ in range(_ROUNDS):
        before = _total(groups, prices)
        groups = _second_pass(groups, looks, prices)
        if _total(groups, prices) > before - _BETTER:
            break
    return groups


def _in_order(foci: Sequence[PlacedFocus], rules: Rules) -> list[list[PlacedFocus]]:
    """Foci by look, the most reliable look first, in an order that does not depend on how they came."""

    def place(focus: PlacedFocus) -> tuple[int, str]:
        return rules.looks.rank(focus.kind), focus.look

    ordered = sorted(foci, key=lambda focus: (*place(focus), focus.focus_id))
    return [list(one) for _, one in groupby(ordered, key=place)]


def _assigned(look: Sequence[PlacedFocus], groups: Sequence[MomentGroup], prices: PairPrices) -> list[MomentGroup]:
    """The groups with the foci of one more look."""
    price = np.array([[prices.price([focus], group.foci) for group in groups] for focus in look]).reshape(
        len(look), len(groups)
    )
    taken = dict(cheapest_pairs(price))
    grown = [MomentGroup(list(group.foci)) for group in groups]
    for number, focus in enumerate(look):
        if number in taken:
            grown[taken[number]].foci.append(focus)
        else:
            grown.append(MomentGroup([focus]))
    return grown


def _total(groups: Sequence[MomentGroup], prices: PairPrices) -> float:
    return sum(prices.price([a], [b]) for group in groups for a, b in combinations(group.foci, 2))


def _second_pass(
    groups: list[MomentGroup], looks: Sequence[Sequence[PlacedFocus]], prices: PairPrices
) -> list[MomentGroup]:
    """Each look taken out and assigned again, then lesions joined that share no look; never a dearer total."""
    for look in looks:
        names = {focus.focus_id for focus in look}
        rest = [MomentGroup([focus for focus in group.foci if focus.focus_id not in names]) for group in groups]
        again = _assigned(look, [group for group in rest if group.foci], prices)
        if _total(again, prices) < _total(groups, prices) - _BETTER:
            groups = again
    while True:
        gains = [
            (prices.price(a.foci, b.foci), m, n)
            for (m, a), (n, b) in combinations(enumerate(groups), 2)
            if not a.looks & b.looks
        ]
        price, m, n = min(gains, default=(0.0, 0, 0))
        if price >= -_BETTER:
            return groups
        joined = MomentGroup([*groups[m].foci, *groups[n].foci])
        groups = [group for number, group in enumerate(groups) if number not in (m, n)] + [joined]
