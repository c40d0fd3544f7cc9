"""The person, and the sketch that the organ builders draw on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from isletscope.phantom.shapes import Array, Part, Point, Solid, capsule
from isletscope.phantom.tissues import Tissues
from isletscope.phantom.tubes import Tube, capsule_groups

Random = np.random.Generator
_GROUP_REACH_MM = 26.0


@dataclass(frozen=True)
class Person:
    """Who is scanned. Lengths in cm, weight in kg, DICOM sex M or F."""

    sex: str
    age_years: int
    height_cm: float
    weight_kg: float

    @property
    def body_mass_index(self) -> float:
        """kg/m2."""
        return self.weight_kg / (self.height_cm / 100) ** 2


@dataclass
class Sketch:
    """What the organ builders share: the random source, the person, and the list that grows."""

    rng: Random
    person: Person
    fat_mm: float
    tissues: Tissues
    solids: list[Solid] = field(default_factory=list)
    landmarks: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    tubes: dict[str, Tube] = field(default_factory=dict)

    @property
    def female(self) -> bool:
        """Whether the anatomy is female."""
        return self.person.sex == "F"

    def add(
        self,
        tissue: str,
        *parts: Part,
        factors: dict[str, float] | None = None,
        hu_offset: float = 0.0,
        structure: str = "",
    ) -> None:
        """Paint one solid over what is there."""
        self.solids.append(Solid(tissue, parts, factors or {}, hu_offset, structure))

    def add_tube(self, tube: Tube, below: tuple[float, str] | None = None) -> None:
        """Paint a named vessel or duct and keep it; ``below`` names the tissue that fills it under a height (mm)."""
        for group in capsule_groups(tube.parts, _GROUP_REACH_MM):
            lower = below is not None and group[0].row[5] < below[0]
            self.add(below[1] if below and lower else tube.tissue, *group, structure=tube.name)
        self.tubes[tube.name] = tube

    def around(self, point: Point, spread_mm: float = 3.0) -> Array:
        """A point moved by chance (normal, cut at two standard deviations)."""
        shift = np.clip(self.rng.normal(0.0, 1.0, 3), -2, 2) * spread_mm
        return np.asarray(point, dtype=np.float64) + shift

    def grown(self, sizes: Point, spread: float = 0.06) -> Array:
        """Sizes scaled together by chance."""
        return np.asarray(sizes, dtype=np.float64) * (1 + spread * float(np.clip(self.rng.normal(), -2, 2)))

    def tube(
        self,
        tissue: str,
        points: Point,
        radius_mm: Point,
        *,
        step_mm: float = 8.0,
        factors: Callable[[float], dict[str, float]] | None = None,
        hu_offset: float = 0.0,
        structure: str = "",
    ) -> Array:
        """A smooth tube through points; ``factors`` may vary uptake along it (0 to 1). Returns its course [n, 4]."""
        course = smooth_course(points, radius_mm, step_mm)
        for n in range(len(course) - 1):
            part = capsule(course[n, :3], course[n + 1, :3], float(course[n, 3]), float(course[n + 1, 3]))
            along = n / max(len(course) - 2, 1)
            given = factors(along) if factors else None
            self.add(tissue, part, factors=given, hu_offset=hu_offset, structure=structure)
        return course


def smooth_course(points: Point, radius_mm: Point, step_mm: float) -> Array:
    """Catmull-Rom curve through points, about ``step_mm`` between samples; columns x, y, z, radius (mm)."""
    knots = np.asarray(points, dtype=np.float64)
    radii = np.broadcast_to(np.asarray(radius_mm, dtype=np.float64), (len(knots),))
    knots = np.column_stack([knots, radii])
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    padded[[0, -1], 3] = radii[[0, -1]]
    pieces = []
    for n in range(len(knots) - 1):
        p0, p1, p2, p3 = padded[n : n + 4]
        count = max(int(np.linalg.norm((p2 - p1)[:3]) / step_mm), 1)
        t = (np.arange(count) / count)[:, None]
        pieces.append(
            0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
        )
    return np.vstack([*pieces, knots[-1:]])
