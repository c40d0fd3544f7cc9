"""Where in a lesion SSTR and FDG are taken up: its voxels in four classes, volumes, and how far the alignment matters.

FDG is read at the voxels of the SSTR PET through the alignment. Within the union of both outlines a voxel is positive
on a tracer when it lies above the threshold of that tracer (liver mean + 2 SD). The same by outlines alone (inside the
SSTR outline, inside the FDG outline) stands beside it. The volumes are taken again with the FDG PET shifted by the
uncertainty of the alignment along six axes and eight diagonals: least and most of each class are its interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.lesions.heterogeneity.within import heterogeneity_rules
from isletscope.model import VolumeInterval
from isletscope.spatial import (
    Box,
    Geometry,
    Mask,
    Transform,
    Volume,
    bounding_box,
    carried_mask,
    cropped_geometry,
    points_between,
)

CLASSES = ("receptor_only", "both", "fdg_only", "neither")
"""Classes in the order of their labels, from 1."""
_EDGE = 0.5


@dataclass(frozen=True)
class MapInput:
    """Both PET of one lesion, its outlines on their own grids (None where it has none there), and how they meet.

    Thresholds in g/mL; None where the liver region is missing. ``uncertainty_mm``: of the alignment of the two PET.
    """

    sstr: Volume
    fdg: Volume
    sstr_outline: Mask | None
    fdg_outline: Mask | None
    to_sstr: Transform
    to_fdg: Transform
    sstr_threshold: float | None
    fdg_threshold: float | None
    uncertainty_mm: float


@dataclass(frozen=True)
class TracerClasses:
    """The classes of one lesion on a block of the SSTR grid that begins at ``start_kji``, and their volumes.

    ``labels``: 0 outside the lesion, else 1 plus the index in CLASSES. ``fdg``: FDG SUV on the block, g/mL, not finite
    beyond the FDG PET. ``because``: why there is no map; the volumes are empty then.
    """

    because: str
    geometry: Geometry | None = None
    start_kji: tuple[int, int, int] = (0, 0, 0)
    labels: npt.NDArray[np.uint8] | None = None
    sstr: npt.NDArray[np.float32] | None = None
    fdg: npt.NDArray[np.float32] | None = None
    by_threshold: Mapping[str, VolumeInterval] | None = None
    by_contours: Mapping[str, VolumeInterval] | None = None

    @property
    def volumes(self) -> Mapping[str, VolumeInterval]:
        """By thresholds where both are known, else by outlines; empty without a map."""
        return self.by_threshold or self.by_contours or {}


def map_tracers(given: MapInput) -> TracerClasses:
    """Classes, volumes and intervals of one lesion; not assessable, because ...

    - neither PET has an outline of the lesion;
    - the FDG PET does not cover it;
    - the alignment is less certain than the lesion is large (its radius, as a sphere of its volume).
    """
    box = _box(given)
    if box is None:
        return TracerClasses("neither PET has an outline of it")
    geometry = cropped_geometry(given.sstr.geometry, box)
    block = _Block.of(given, box, geometry)
    union = block.sstr_outline | block.fdg_outline_at(np.zeros(3))
    volume_ml = float(np.count_nonzero(union)) * geometry.voxel_volume_ml
    if not volume_ml:
        return TracerClasses("neither PET has an outline of it that both can be compared in")
    radius = (3000.0 * volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    if given.uncertainty_mm > radius:
        return TracerClasses(
            f"the alignment of both PET is uncertain by {given.uncertainty_mm:.1f} mm, more than the radius of the "
            f"lesion ({radius:.1f} mm)"
        )
    fdg = block.fdg_at(np.zeros(3))
    covered = float(np.count_nonzero(np.isfinite(fdg[union]))) / np.count_nonzero(union)
    if covered < heterogeneity_rules().number("map.covered_share"):
        return TracerClasses(f"the FDG PET covers only {100 * covered:.0f} % of it")
    return _measured(given, block, geometry, box, fdg)


def _measured(
    given: MapInput, block: _Block, geometry: Geometry, box: Box, fdg: npt.NDArray[np.float32]
) -> TracerClasses:
    known = given.sstr_threshold is not None and given.fdg_threshold is not None
    rules = ("thresholds", "contours") if known else ("contours",)
    counts: dict[str, list[npt.NDArray[np.int64]]] = {rule: [] for rule in rules}
    labels: dict[str, npt.NDArray[np.uint8]] = {}
    for shift in _shifts(given.uncertainty_mm):
        for rule in rules:
            found = block.classes(shift, given if rule == "thresholds" else None)
            labels.setdefault(rule, found)
            counts[rule].append(np.bincount(found.ravel(), minlength=5)[1:])
    volumes = {rule: _intervals(np.stack(counts[rule]), geometry.voxel_volume_ml) for rule in rules}
    return TracerClasses(
        because="",
        geometry=geometry,
        start_kji=box.start,
        labels=labels[rules[0]],
        sstr=block.sstr,
        fdg=fdg,
        by_threshold=volumes.get("thresholds"),
        by_contours=volumes["contours"],
    )


def _intervals(counts: npt.NDArray[np.int64], voxel_ml: float) -> dict[str, VolumeInterval]:
    """``counts`` [shift, class], the first one without a shift."""
    low, high = counts.min(axis=0) * voxel_ml, counts.max(axis=0) * voxel_ml
    return {
        name: VolumeInterval(
            volume_ml=float(counts[0, index] * voxel_ml), low_ml=float(low[index]), high_ml=float(high[index])
        )
        for index, name in enumerate(CLASSES)
    }


def _shifts(uncertainty_mm: float) -> list[npt.NDArray[np.float64]]:
    """No shift first, then six axes and eight diagonals."""
    if uncertainty_mm <= 0:
        return [np.zeros(3)]
    ways = [np.array(way, dtype=np.float64) for way in product((-1, 0, 1), repeat=3)]
    chosen = [way for way in ways if np.count_nonzero(way) in (1, 3)]
    return [np.zeros(3), *(way / np.linalg.norm(way) * uncertainty_mm for way in chosen)]


def _box(given: MapInput) -> Box | None:
    """The part of the SSTR grid that holds both outlines under every shift; None without an outline on the grid."""
    found = np.zeros(given.sstr.geometry.shape, dtype=np.bool_)
    if given.sstr_outline is not None:
        found |= given.sstr_outline.array
    if given.fdg_outline is not None:
        found |= carried_mask(given.fdg_outline, given.to_fdg, given.sstr.geometry, given.to_sstr).array
    box = bounding_box(found)
    margin = given.uncertainty_mm + max(given.sstr.geometry.spacing_mm)
    return None if box is None else box.grown(margin, given.sstr.geometry)


@dataclass(frozen=True)
class _Block:
    """Both PET around the lesion: SSTR on its grid, and where each voxel lies on the grid of the FDG PET."""

    sstr: npt.NDArray[np.float32]
    sstr_outline: npt.NDArray[np.bool_]
    fdg: npt.NDArray[np.float32]
    fdg_outline: npt.NDArray[np.float32]
    fdg_index: npt.NDArray[np.float64]
    fdg_geometry: Geometry

    @classmethod
    def of(cls, given: MapInput, box: Box, geometry: Geometry) -> _Block:
        index = np.stack(np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij"), axis=-1)
        points = points_between(geometry.to_lps(index.reshape(-1, 3)), given.to_sstr, given.to_fdg)
        home = given.fdg.geometry.to_index(points)
        reach = np.ceil(given.uncertainty_mm / np.asarray(given.fdg.geometry.spacing_mm)) + 2
        low = np.maximum(np.floor(home.min(axis=0) - reach).astype(int), 0)
        high = np.minimum(np.ceil(home.max(axis=0) + reach).astype(int) + 1, given.fdg.geometry.shape)
        high = np.maximum(high, low + 1)
        part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        fdg = np.asarray(given.fdg.array[part], dtype=np.float32)
        outline = (
            np.zeros(fdg.shape, np.float32)
            if given.fdg_outline is None
            else given.fdg_outline.array[part].astype(np.float32)
        )
        own = np.zeros(geometry.shape, np.bool_) if given.sstr_outline is None else given.sstr_outline.array[box.slices]
        sstr = np.asarray(given.sstr.array[box.slices], dtype=np.float32)
        return cls(sstr, own, fdg, outline, (home - low).T, given.fdg.geometry)

    def fdg_at(self, shift_mm: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """FDG SUV at the block's voxels with the FDG PET shifted (LPS mm), linearly interpolated."""
        return self._sampled(self.fdg, shift_mm, np.nan)

    def fdg_outline_at(self, shift_mm: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which voxels of the block lie inside the FDG outline, shifted alike."""
        inside: npt.NDArray[np.bool_] = self._sampled(self.fdg_outline, shift_mm, 0.0) >= _EDGE
        return inside

    def classes(self, shift_mm: npt.NDArray[np.float64], limits: MapInput | None) -> npt.NDArray[np.uint8]:
        """Labels of the block under a shift; by outlines when no limits are given."""
        outline = self.fdg_outline_at(shift_mm)
        union = self.sstr_outline | outline
        if limits is None or limits.sstr_threshold is None or limits.fdg_threshold is None:
            receptor, glucose = self.sstr_outline, outline
        else:
            receptor = self.sstr > limits.sstr_threshold
            glucose = self.fdg_at(shift_mm) > limits.fdg_threshold
        labels = np.select([receptor & ~glucose, receptor & glucose, glucose], [1, 2, 3], default=4)
        return np.where(union, labels, 0).astype(np.uint8)

    def _sampled(
        self, array: npt.NDArray[np.float32], shift_mm: npt.NDArray[np.float64], outside: float
    ) -> npt.NDArray[np.float32]:
        origin = np.zeros(3)
        moved = self.fdg_geometry.to_index(np.stack([shift_mm, origin]))
        index = self.fdg_index - (moved[0] - moved[1])[:, None]
        values = scipy.ndimage.map_coordinates(array, index, order=1, mode="constant", cval=outside, output=np.float32)
        shaped: npt.NDArray[np.float32] = values.reshape(self.sstr.shape)
        return shaped
