"""Many metastases in a liver: diameters by a law, lobes by a pattern, and a burden to reach.

Separate lesions are placed largest first, apart by a margin, by drawing among the points of the liver that still lie
deep enough and far enough from those placed. When the burden asked for cannot be reached so, or the rule says
``confluent``, lesions may overlap; what each covers then follows from painting order (later over earlier), and the
burden is that of the union, counted on the grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from isletscope.phantom.lesions import Tumour
from isletscope.phantom.regions import STEP_MM, Regions
from isletscope.phantom.scenario_lesions import LesionRule, SizeLaw
from isletscope.phantom.shapes import Array

# Above this share of the liver balls do not fit side by side any more.
_CROWDED_PERCENT = 30.0
_TRIES = 60
_EASES = (0.0, 0.25, 0.5, 0.75, 1.0)
_BULGE = 0.55


def draw_diameters(law: SizeLaw, count: int, rng: np.random.Generator) -> Array:
    """``count`` diameters (mm) by a law, cut at its limits."""
    low, high = law.limits
    share = rng.uniform(size=count)
    if law.law == "power":
        if abs(law.exponent - 1) < 1e-9:
            return np.asarray(low * (high / low) ** share)
        a, b = low ** (1 - law.exponent), high ** (1 - law.exponent)
        return np.asarray((a + share * (b - a)) ** (1 / (1 - law.exponent)))
    drawn = law.median * np.exp(law.sigma * rng.normal(size=4 * count + 64))
    kept = drawn[(drawn >= low) & (drawn <= high)][:count]
    return np.concatenate([kept, np.clip(np.full(count - kept.size, law.median), low, high)])


def lobes_of(rule: LesionRule, count: int, rng: np.random.Generator) -> list[str | None]:
    """Hemiliver of each lesion by the rule's pattern; a bilobar pattern of two or more uses both sides."""
    pattern = rule.place.pattern
    if pattern is None:
        return [rule.place.side] * count
    if pattern != "bilobar":
        return [pattern.removeprefix("unilobar_") for _ in range(count)]
    right = round(count * rule.place.right_share)
    if count > 1:
        right = min(max(right, 1), count - 1)
    return ["right" if n < right else "left" for n in rng.permutation(count)]


@dataclass
class LiverFill:
    """The liver's grid points with their depth and their distance to the tumours placed so far (mm)."""

    regions: Regions
    rng: np.random.Generator
    points: Array = field(init=False)
    depth: Array = field(init=False)
    gap: Array = field(init=False)
    segment: npt.NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.points, self.depth = self.regions.volume_points("liver")
        self.gap = np.full(len(self.points), np.inf)
        self.segment = self.regions.body.liver_segment(self.regions.pose.to_anatomical(self.points))

    @property
    def volume_ml(self) -> float:
        """Volume of the liver with its vessels and tumours, mL."""
        return len(self.points) * STEP_MM**3 / 1000

    def covered_percent(self, tumours: Iterable[Tumour]) -> float:
        """Share of the liver that tumours cover."""
        covered = np.zeros(len(self.points), dtype=bool)
        for tumour in tumours:
            offsets = self.points - tumour.centre_personal_mm
            near = np.flatnonzero((offsets**2).sum(axis=1) <= tumour.reach_mm**2)
            covered[near] |= tumour.distance(offsets[near]) <= 0
        return float(100 * covered.mean())

    def allowed(self, segments: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Which points lie in the segments (all when none are named)."""
        return np.isin(self.segment, segments) if segments else np.ones(len(self.points), dtype=bool)

    def place(self, tumour: Tumour, segments: Sequence[int], margin_mm: float, *, overlap: bool) -> Array | None:
        """A centre for a tumour, or None when there is no room; with ``overlap`` it may lie over others.

        Overlapping lesions are put where most of the liver is still free.
        """
        reach, allowed = tumour.reach_mm, self.allowed(segments)
        for ease in _EASES:
            deep = self.depth >= min(reach, 0.9 * float(self.depth.max())) * (1 - _BULGE * ease)
            apart = self.gap >= reach + margin_mm
            if overlap:
                apart = self.gap >= min(0.5 * reach, float(self.gap[allowed & deep].max(initial=0.0))) - 1e-9
            open_points = np.flatnonzero(allowed & deep & apart)
            if open_points.size:
                pick = self.points[int(self.rng.choice(open_points))]
                return np.asarray(pick + self.rng.uniform(-0.4, 0.4, 3) * STEP_MM)
        return None

    def add(self, tumour: Tumour) -> None:
        """Take a placed tumour into account."""
        offsets = self.points - tumour.centre_personal_mm
        near = np.flatnonzero((np.abs(offsets) <= tumour.reach_mm + 70.0).all(axis=1))
        self.gap[near] = np.minimum(self.gap[near], tumour.distance(offsets[near]))


def needs_overlap(rule: LesionRule) -> bool:
    """Whether a rule's lesions must be allowed to run into each other."""
    return rule.confluent or (rule.burden_percent or 0.0) > _CROWDED_PERCENT


def scaled_to_burden(diameters_mm: Array, liver_ml: float, burden_percent: float, limits: tuple[float, float]) -> Array:
    """Diameters scaled together (within limits) so that their balls fill the share of the liver."""
    wanted = liver_ml * burden_percent / 100
    low, high = 0.1, 10.0
    for _ in range(40):
        factor = np.sqrt(low * high)
        volume = (np.pi / 6000 * np.clip(diameters_mm * factor, *limits) ** 3).sum()
        low, high = (factor, high) if volume < wanted else (low, factor)
    return np.asarray(np.clip(diameters_mm * np.sqrt(low * high), *limits))
