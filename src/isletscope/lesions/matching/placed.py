"""Foci placed in one frame of reference, and looks that cover places of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from isletscope.model import Verdict
from isletscope.spatial import FloatArray

# Half the diagonal of a cube of edge 1: how far a point of a filled lattice is from the nearest one at most.
_HALF_DIAGONAL = 0.87


@dataclass(frozen=True)
class PlacedFocus:
    """A focus as points of the reference frame.

    ``points_mm``: float64 (n, 3), LPS mm, a lattice of step ``step_mm`` through the outline. ``look``: exam and kind
    of images, ``exam-1/sstr_pet``; foci of one look are one lesion only as pieces of one mass. ``kind``: a kind of
    ``looks.yaml``. ``moment``: number of the time point. ``uncertainty_mm``: typical error of its place (alignment and
    breathing). ``frame``: foci of different frames are never compared; empty for the reference frame.
    ``series_count``: on how many series of its exam it was seen. ``parts``: foci that were put together to this one.
    ``touching_mm2``: area of the face that it shares with other foci of its look, by their ``focus_id``.
    """

    focus_id: str
    look: str
    kind: str
    moment: int
    points_mm: FloatArray
    volume_ml: float
    site_code: str
    verdict: Verdict
    uncertainty_mm: float
    step_mm: float = 2.0
    frame: str = ""
    series_count: int = 1
    parts: tuple[str, ...] = field(default=())
    touching_mm2: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def centre_mm(self) -> FloatArray:
        """Centre of the outline (3,), LPS mm."""
        centre: FloatArray = self.points_mm.mean(axis=0)
        return centre

    @cached_property
    def radius_mm(self) -> float:
        """Radius of the ball of the same volume."""
        return float((3000.0 * max(self.volume_ml, 1e-3) / (4.0 * np.pi)) ** (1.0 / 3.0))

    @cached_property
    def reach_mm(self) -> float:
        """Largest distance of a point from the centre."""
        return float(np.linalg.norm(self.points_mm - self.centre_mm, axis=1).max()) + self.step_mm

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.points_mm)

    def contains(self, points_mm: FloatArray, margin_mm: float = 0.0) -> npt.NDArray[np.bool_]:
        """Whether points (n, 3) lie inside the outline, or outside it by a margin at most; bool (n,)."""
        distance, _ = self._tree.query(points_mm, distance_upper_bound=_HALF_DIAGONAL * self.step_mm + margin_mm)
        inside: npt.NDArray[np.bool_] = np.isfinite(distance)
        return inside

    def share_inside(self, other: PlacedFocus, margin_mm: float = 0.0) -> float:
        """Share of this outline that lies inside the other one, or outside it by a margin at most; 0 to 1."""
        apart = float(np.linalg.norm(self.centre_mm - other.centre_mm))
        if self.frame != other.frame or apart > self.reach_mm + other.reach_mm + margin_mm:
            return 0.0
        return float(other.contains(self.points_mm, margin_mm).mean())

    def neck(self, other: PlacedFocus) -> float:
        """Face shared with another focus of the look over the largest section of a ball of the smaller one's size.

        0: something lies between them; 0.25: the neck is half as wide as the smaller one.
        """
        radius = min(self.radius_mm, other.radius_mm)
        return float(self.touching_mm2.get(other.focus_id, 0.0) / (np.pi * radius**2))

    def overlap(self, other: PlacedFocus) -> float:
        """Share of the smaller outline that lies in the larger, 0 to 1."""
        smaller, larger = sorted((self, other), key=lambda one: (one.volume_ml, len(one.points_mm), one.focus_id))
        return smaller.share_inside(larger)


def together(foci: Sequence[PlacedFocus]) -> PlacedFocus:
    """The foci of one look that are parts of one lesion, as one outline; the largest gives its name."""
    ordered = sorted(foci, key=lambda one: (-one.volume_ml, one.focus_id))
    if len(ordered) == 1:
        return ordered[0]
    return replace(
        ordered[0],
        points_mm=np.concatenate([one.points_mm for one in ordered]),
        volume_ml=sum(one.volume_ml for one in ordered),
        step_mm=max(one.step_mm for one in ordered),
        parts=tuple(one.focus_id for one in ordered),
    )


@dataclass(frozen=True)
class Sight:
    """One look of one time point, and the places that it covers.

    ``covers``: point (3,) of the frame -> whether the look shows that place; ``sites``: site codes at which foci were
    looked for, None everywhere.
    """

    look: str
    kind: str
    moment: int
    covers: Callable[[FloatArray], bool]
    frame: str = ""
    sites: frozenset[str] | None = None
