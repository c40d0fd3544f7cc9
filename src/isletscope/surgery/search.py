"""The best plan over every anatomical resection: one small programme of wedges and ablations for each.

Branch and bound: a resection takes its segments for certain, and with it no more can be cleared than its own tumours
and those of the best wedges and ablations beside it. So only resections that may still win are solved, each to its
proof by :mod:`isletscope.surgery.programme`; together the proofs hold for the whole.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from isletscope.errors import InputError
from isletscope.surgery.procedures import Choices
from isletscope.surgery.programme import (
    ROUNDING,
    SAME_LIVER_ML,
    SECONDS,
    Limits,
    Plan,
    Procedure,
    Task,
    least_liver,
    most_cleared,
)
from isletscope.surgery.resections import Resection

_LEAST_SECONDS = 0.2


@dataclass(frozen=True)
class Found:
    """A resection with wedges and ablations; ``local`` and ``cleared`` by index in :class:`Choices`; mL, weight.

    ``proven``: no better plan exists under the rules; else ``gap`` is what the aim could still gain, relative.
    """

    resection: Resection
    local: tuple[int, ...]
    cleared: tuple[int, ...]
    weight: float
    fraction: float
    taken_ml: float
    left_ml: float
    proven: bool
    gap: float

    @property
    def count(self) -> int:
        """Procedures as they are named."""
        return len(self.resection.names) + len(self.local)


class Search:
    """One liver, weights of its lesions, and limits; every call has ``seconds`` for itself."""

    def __init__(self, offers: Choices, weights: Mapping[str, float], limits: Limits, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self.offers, self.limits = offers, limits
        self.weights = tuple(weights.get(name, 0.0) for name in offers.lesions)
        self.total = sum(self.weights)
        branches = [_Branch(self, one) for one in offers.ways]
        self._branches = _worth_while([one for one in branches if one.possible])
        if not self._branches:
            raise InputError(
                "no plan keeps to the limits",
                subject="cytoreduction plan",
                found=f"{limits.least_liver_left_ml:.0f} mL of liver to be left",
                expected=f"at most {sum(offers.part_ml):.0f} mL, all there is without tumour",
            )

    def most_cleared(self) -> Found:
        """The plan that clears the most. Raises InputError when none was found in time."""
        until = time.monotonic() + self._seconds
        best: Found | None = None
        open_weight = 0.0
        for branch in sorted(self._branches, key=lambda one: (-one.most_weight, one.taken_ml)):
            if best is not None and branch.most_weight <= best.weight + self._slack:
                break
            if best is not None and time.monotonic() >= until:
                open_weight = branch.most_weight
                break
            found = branch.most_cleared(max(until - time.monotonic(), _LEAST_SECONDS))
            if best is None or found.weight > best.weight + self._slack:
                best = found
        assert best is not None  # there is at least one branch
        if open_weight:
            best = replace(best, proven=False, gap=max(best.gap, (open_weight - best.weight) / open_weight))
        return best

    def least_liver(self, fraction: float) -> Found:
        """The plan that clears this share of the weight with the least liver, then fewest procedures, then the most.

        Raises InputError when the share is out of reach, or nothing was found in time.
        """
        until = time.monotonic() + self._seconds
        wanted = fraction * self.total
        found: list[Found] = []
        in_time = True
        for branch in sorted(self._branches, key=lambda one: one.taken_ml):
            least = min((one.taken_ml for one in found), default=float("inf"))
            if branch.most_weight < wanted - self._slack:
                continue
            if branch.taken_ml > least + SAME_LIVER_ML:
                break
            if found and time.monotonic() >= until:
                in_time = False
                break
            one = branch.least_liver(wanted, max(until - time.monotonic(), _LEAST_SECONDS))
            found += [] if one is None else [one]
        if not found:
            raise InputError(
                "no plan clears that much", subject="cytoreduction plan", expected=f"{100 * fraction:.1f} % at least"
            )
        least = min(one.taken_ml for one in found)
        near = [one for one in found if one.taken_ml <= least + SAME_LIVER_ML]
        best = min(near, key=lambda one: (one.count, -one.weight, one.taken_ml))
        proven = in_time and all(one.proven for one in found)
        return replace(best, proven=proven, gap=0.0 if proven else max([best.gap, *(one.gap for one in found)]))

    def front(self, step_fraction: float) -> list[Found]:
        """Plans that clear more than every other that takes as little liver, from nothing to all that can be done.

        In steps of a share of the whole weight; it ends where the time is over.
        """
        until = time.monotonic() + self._seconds
        most = self.most_cleared()
        plans = [self.least_liver(0.0)]
        while plans[-1].weight < most.weight - self._slack and time.monotonic() < until:
            wanted = min(plans[-1].fraction + step_fraction, most.fraction)
            plans.append(self.least_liver(wanted))
        return plans

    @property
    def _slack(self) -> float:
        return ROUNDING * max(self.total, 1.0)


class _Branch:
    """One resection, and what wedges and ablations may add to it."""

    def __init__(self, search: Search, resection: Resection) -> None:
        offers = search.offers
        self._search, self.resection = search, resection
        self.cleared = offers.cleared_by(resection)
        self.weight = sum(search.weights[number] for number in self.cleared)
        self.taken_ml = sum(
            volume
            for volume, (segment, _) in zip(offers.part_ml, offers.held, strict=True)
            if segment in resection.segments
        )
        self._useful = [number for number in range(len(offers.local)) if self._adds(number) > 0]

    @property
    def possible(self) -> bool:
        """Whether the resection alone keeps to the limits."""
        limits = self._search.limits
        left = sum(self._search.offers.part_ml) - self.taken_ml
        few = limits.most_procedures is None or len(self.resection.names) <= limits.most_procedures
        return few and left >= limits.least_liver_left_ml - ROUNDING

    @cached_property
    def most_weight(self) -> float:
        """No plan with this resection clears more."""
        limits = self._search.limits
        room = [one for one in (limits.most_local, self._procedures_left) if one is not None]
        adds = sorted((self._adds(number) for number in self._useful), reverse=True)[: min(room, default=None)]
        reached = {lesion for number in self._useful for lesion in self._lesions(number)}
        return self.weight + min(sum(adds), sum(self._search.weights[one] for one in reached))

    @property
    def _procedures_left(self) -> int | None:
        most = self._search.limits.most_procedures
        return None if most is None else most - len(self.resection.names)

    def _lesions(self, number: int) -> frozenset[int]:
        """Lesions that a wedge or an ablation clears and the resection does not."""
        return self._search.offers.cleared_locally[number] - self.cleared

    def _adds(self, number: int) -> float:
        return sum(self._search.weights[one] for one in self._lesions(number))

    @cached_property
    def _rest(self) -> list[int]:
        return [number for number in range(len(self._search.weights)) if number not in self.cleared]

    @cached_property
    def task(self) -> Task:
        """Wedges and ablations outside of the resection; parts that the same of them take are one."""
        offers = self._search.offers
        useful = frozenset(self._useful)
        parts: dict[frozenset[int], float] = {frozenset(): 0.0}
        for volume, (segment, by) in zip(offers.part_ml, offers.held, strict=True):
            if segment not in self.resection.segments:
                key = by & useful
                parts[key] = parts.get(key, 0.0) + volume
        place = {lesion: number for number, lesion in enumerate(self._rest)}
        procedures = tuple(
            Procedure(
                offers.local[number].name,
                offers.local[number].kind,
                frozenset(place[lesion] for lesion in self._lesions(number)),
                frozenset(part for part, by in enumerate(parts) if number in by),
            )
            for number in self._useful
        )
        limits = replace(self._search.limits, most_procedures=self._procedures_left)
        return Task(tuple(self._search.weights[one] for one in self._rest), tuple(parts.values()), procedures, limits)

    def most_cleared(self, seconds: float) -> Found:
        """The most that wedges and ablations add."""
        return self._found(most_cleared(self.task, seconds))

    def least_liver(self, weight: float, seconds: float) -> Found | None:
        """The least liver for so much weight; None when it is out of reach here."""
        plan = least_liver(self.task, max(weight - self.weight, 0.0), seconds)
        return None if plan is None else self._found(plan)

    def _found(self, plan: Plan) -> Found:
        search = self._search
        cleared = sorted({*self.cleared, *(self._rest[number] for number in plan.cleared)})
        weight = sum(search.weights[number] for number in cleared)
        return Found(
            resection=self.resection,
            local=tuple(self._useful[number] for number in plan.chosen),
            cleared=tuple(cleared),
            weight=weight,
            fraction=weight / search.total if search.total else 1.0,
            taken_ml=self.taken_ml + plan.liver_taken_ml,
            left_ml=plan.liver_left_ml,
            proven=plan.proven,
            gap=plan.gap,
        )


def _worth_while(branches: Sequence[_Branch]) -> list[_Branch]:
    """Without resections that clear no more than a smaller one under as many names."""

    def needless(one: _Branch) -> bool:
        return any(
            other.resection.segments < one.resection.segments
            and other.cleared == one.cleared
            and len(other.resection.names) <= len(one.resection.names)
            for other in branches
        )

    return [one for one in branches if not needless(one)]
