"""Vessels and ducts as tubes: chains of tapering capsules, measured by the very capsules that are painted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from isletscope.phantom.painting import part_distances
from isletscope.phantom.shapes import Array, Part, capsule


@dataclass(frozen=True)
class TubeSamples:
    """Stations along a tube: points [n, 3] (anatomical mm), unit tangents [n, 3], radii and arc length [n] in mm."""

    points: Array
    tangents: Array
    radii_mm: Array
    arc_mm: Array


@dataclass(frozen=True)
class Tube:
    """A named vessel or duct in anatomical space.

    ``course`` [n, 4]: x, y, z and radius (mm) along the main course, from origin to end (arteries with the flow, veins
    and ducts against it or with it as listed in vessels.yaml). ``branches``: courses of side branches that bear the
    same name. ``tissue``: what fills it. ``parenchymal``: it runs inside the liver, so tumours there grow over it.
    """

    name: str
    course: Array
    tissue: str
    branches: tuple[Array, ...] = ()
    parenchymal: bool = False

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The capsules that are painted; stretches without lumen (radius 0) have none."""
        return tuple(part for course in (self.course, *self.branches) for part in capsules(course))

    @cached_property
    def _rows(self) -> Array:
        return np.array([part.row for part in self.parts])

    @property
    def length_mm(self) -> float:
        """Length of the main course (mm)."""
        return float(np.linalg.norm(np.diff(self.course[:, :3], axis=0), axis=1).sum())

    def distance(self, points: Array) -> Array:
        """Signed distance (mm) of anatomical points [n, 3] to the wall, negative in the lumen.

        Exact for the chain of cylinders with round ends; where the calibre tapers by slope s the value is radial, which
        differs from the Euclidean distance by the factor sqrt(1 + s^2) (s < 0.1 but in stenoses).
        """
        flat = np.ascontiguousarray(np.atleast_2d(points), dtype=np.float64)
        out = np.empty(len(flat))
        part_distances(self._rows, flat, np.zeros(len(flat)), out)
        return out

    def sample(self, step_mm: float) -> TubeSamples:
        """Stations of the main course every ``step_mm`` or a little less, both ends included.

        Tangents follow a smoothed course (two capsules wide), so that planes across it do not jump at the joints.
        """
        steps = np.linalg.norm(np.diff(self.course[:, :3], axis=0), axis=1)
        arc = np.concatenate([[0.0], np.cumsum(steps)])
        stations = np.linspace(0.0, arc[-1], max(int(np.ceil(arc[-1] / step_mm)), 1) + 1)
        along = np.gradient(self.course[:, :3], arc, axis=0)
        tangents = np.column_stack([np.interp(stations, arc, along[:, n]) for n in range(3)])
        tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
        columns = [np.interp(stations, arc, self.course[:, n]) for n in range(4)]
        return TubeSamples(np.column_stack(columns[:3]), tangents, columns[3], stations)

    def segment(self, start_mm: float, end_mm: float, *, widened: float = 1.0) -> Array:
        """Course [n, 4] of the stretch from ``start_mm`` to ``end_mm`` of arc length, radii times ``widened``."""
        samples = self.sample(1.0)
        stations = np.linspace(start_mm, end_mm, max(int(np.ceil((end_mm - start_mm) / 2.0)), 1) + 1)
        columns = [np.interp(stations, samples.arc_mm, samples.points[:, n]) for n in range(3)]
        return np.column_stack([*columns, np.interp(stations, samples.arc_mm, samples.radii_mm) * widened])


def capsules(course: Array) -> list[Part]:
    """The capsule chain of one course [n, 4] (x, y, z, radius in mm)."""
    return [
        capsule(one[:3], two[:3], float(one[3]), float(two[3]))
        for one, two in pairwise(course)
        if max(one[3], two[3]) > 0
    ]


def capsule_groups(parts: tuple[Part, ...], reach_mm: float) -> list[tuple[Part, ...]]:
    """Runs of consecutive parts whose common box stays below ``reach_mm`` on every side: box culling stays sharp."""
    groups: list[list[Part]] = []
    box: npt.NDArray[np.float64] | None = None
    for part in parts:
        own = np.array(part.box)
        if box is not None:
            joined = np.concatenate([np.minimum(box[:3], own[:3]), np.maximum(box[3:], own[3:])])
            if (joined[3:] - joined[:3]).max() <= reach_mm:
                groups[-1].append(part)
                box = joined
                continue
        groups.append([part])
        box = own
    return [tuple(group) for group in groups]
