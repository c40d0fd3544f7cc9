"""What it costs to hold two foci for one lesion; standing alone costs 1.

    cost = (d / (gate u))^2 (1 - discount o) + size |ln (V1 / V2)| + site

with the distance d of the centres, their uncertainty u = sqrt(u1^2 + u2^2 + (share r)^2) of both places and of the
larger radius r, and the overlap o. A cost of 1 or more is no pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isletscope.lesions.matching.placed import PlacedFocus
from isletscope.lesions.matching.rules import Rules

ALONE = 1.0
_LINES = 400


@dataclass(frozen=True)
class Pair:
    """Two foci held against each other. ``cost`` below 1 speaks for one lesion."""

    distance_mm: float
    overlap: float
    cost: float


def pair_of(one: PlacedFocus, other: PlacedFocus, rules: Rules) -> Pair:
    """Distance, overlap and cost of two foci; the order of the two does not matter."""
    at_most = rules.number("cost.at_most")
    distance = float(np.linalg.norm(one.centre_mm - other.centre_mm))
    if one.frame != other.frame:
        return Pair(distance, 0.0, at_most)
    apart = rules.number("uncertainty_mm.between_time_points") if one.moment != other.moment else 0.0
    largest = max(one.radius_mm, other.radius_mm)
    parts = (one.uncertainty_mm, other.uncertainty_mm, apart, rules.number("cost.size_share") * largest)
    gate = rules.number("cost.gate") * float(np.linalg.norm(parts))
    if distance > 3.0 * gate and distance > one.reach_mm + other.reach_mm:
        return Pair(distance, 0.0, at_most)
    overlap = one.overlap(other)
    place = (distance / gate) ** 2 * (1.0 - rules.number("cost.overlap_discount") * overlap)
    return Pair(distance, overlap, min(at_most, place + _size_cost(one, other, rules) + _site_cost(one, other, rules)))


def _size_cost(one: PlacedFocus, other: PlacedFocus, rules: Rules) -> float:
    ratio = abs(float(np.log(max(one.volume_ml, 1e-3) / max(other.volume_ml, 1e-3))))
    return min(rules.number("cost.size_ratio") * ratio, rules.number("cost.size_ratio_at_most"))


def _site_cost(one: PlacedFocus, other: PlacedFocus, rules: Rules) -> float:
    if one.site_code == other.site_code or not one.site_code or not other.site_code:
        return 0.0
    near = rules.looks.border(one.site_code, other.site_code)
    return rules.number("cost.neighbouring_site" if near else "cost.other_site")


def is_one_body(focus: PlacedFocus, rules: Rules) -> bool:
    """Whether an outline has no waist: lines between its points stay inside it.

    Two confluent lesions have a waist; a lump with two spots of uptake has none.
    """
    points = focus.points_mm
    if len(points) < 2:
        return True
    random = np.random.default_rng(0)
    first, second = points[random.integers(len(points), size=(2, _LINES))]
    share = random.uniform(0.25, 0.75, size=(_LINES, 1))
    inside = focus.contains(first * share + second * (1.0 - share))
    return float(inside.mean()) >= rules.number("parts.one_body")
