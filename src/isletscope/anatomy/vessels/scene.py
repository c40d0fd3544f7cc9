"""What the vessel rules look at: the phases of one CT exam on the voxels of one of them, and the organs there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy.images.frame import block_mean
from isletscope.anatomy.organs import Organs
from isletscope.anatomy.shapes import Bool3D, Float3D, Spacing, depth_mm
from isletscope.anatomy.thresholds import load_thresholds
from isletscope.model import Role
from isletscope.spatial import (
    Box,
    FloatArray,
    Geometry,
    Volume,
    bounding_box,
    cropped_geometry,
    resample,
    resample_labels,
)

RULES = load_thresholds("isletscope.anatomy.vessels", "vessels.yaml")
STEP_MM = 1.5
_ABOUT_MM = 30.0
_OUTSIDE = -5000.0
_CORNERS = np.array([[k, j, i] for k in (0, 1) for j in (0, 1) for i in (0, 1)])
_ORGANS = ("aorta", "inferior_vena_cava", "liver", "spleen", "kidney_right", "kidney_left", "bone")


@dataclass(frozen=True)
class Phase:
    """One phase: ``values`` float32 [k, j, i] in HU on the scene's voxels (-1000 outside its field).

    ``sources``: the series to sample from, the finest first.
    """

    values: Float3D
    seen: Bool3D
    sources: tuple[Volume, ...]

    def at(self, points_lps_mm: FloatArray) -> FloatArray:
        """HU at points [..., 3] (LPS mm) by linear interpolation in the finest series that holds them; nan outside."""
        flat = points_lps_mm.reshape(-1, 3)
        values = np.full(len(flat), np.nan)
        for volume in self.sources:
            left = np.flatnonzero(np.isnan(values))
            if not left.size:
                break
            index = volume.geometry.to_index(flat[left])
            inside = np.all((index >= 0) & (index <= np.array(volume.geometry.shape) - 1), axis=1)
            values[left[inside]] = _interpolated(volume.array, index[inside])
        return values.reshape(points_lps_mm.shape[:-1])

    def spacing_at(self, points_lps_mm: FloatArray) -> float:
        """Mean voxel edge (mm) of the finest series that holds the middle one of the points [n, 3]."""
        middle = points_lps_mm[len(points_lps_mm) // 2]
        for volume in self.sources:
            if volume.geometry.contains(middle):
                return float(np.mean(volume.geometry.spacing_mm))
        return float(np.mean(self.sources[-1].geometry.spacing_mm))


def _interpolated(array: npt.NDArray[np.generic], index: FloatArray) -> FloatArray:
    if not len(index):
        return np.zeros(0)
    low = np.maximum(np.floor(index.min(axis=0)).astype(int) - 1, 0)
    high = np.ceil(index.max(axis=0)).astype(int) + 2
    near = array[low[0] : high[0], low[1] : high[1], low[2] : high[2]].astype(np.float32)
    return np.asarray(ndimage.map_coordinates(near, (index - low).T, order=1, mode="nearest"), dtype=np.float64)


@dataclass(frozen=True)
class Scene:
    """The region about liver, spleen and kidneys on the voxels of one phase [k, j, i], along z, y, x as near as can be.

    Fine voxels are averaged to about 1.5 mm; coarse ones stay, because a thin vessel is brightest in the scanner's own.
    """

    role: Role
    geometry: Geometry
    phases: Mapping[Role, Phase]
    organs: Mapping[str, Bool3D]

    @property
    def spacing_mm(self) -> Spacing:
        """Distances along z, y, x."""
        return self.geometry.spacing_mm

    @property
    def phase(self) -> Phase:
        """The phase that gives the voxels."""
        return self.phases[self.role]

    def has(self, organ: str) -> bool:
        """Whether the organ was found here."""
        return organ in self.organs

    def lps(self, nodes: npt.NDArray[np.intp]) -> FloatArray:
        """LPS mm [n, 3] of voxels [n, 3]."""
        return self.geometry.to_lps(nodes)

    def inner_level(self, organ: str, role: Role, depth: float) -> float | None:
        """Median HU deeper than ``depth`` mm in an organ (its deepest tenth where it is thin); None when unseen."""
        mask = self.organs.get(organ)
        if mask is None or role not in self.phases:
            return None
        inside = depth_mm(mask, self.spacing_mm)
        inside[~self.phases[role].seen] = 0.0
        if not inside.any():
            return None
        core = inside >= min(depth, float(np.quantile(inside[inside > 0], 0.9)))
        return float(np.median(self.phases[role].values[core]))


def scene_of(role: Role, series: Mapping[Role, Volume], organs: Organs, finer: Mapping[Role, Volume]) -> Scene | None:
    """The scene on the voxels of one phase; None when neither liver, spleen nor kidneys tell where to look."""
    region = _region(organs)
    if region is None:
        return None
    own = _averaged(_upright(series[role], region))
    phases = {}
    for one, volume in series.items():
        values = (
            resample(volume, own.geometry, order="linear", outside=_OUTSIDE).array if one is not role else own.array
        )
        seen = np.asarray(values > _OUTSIDE / 2)
        if seen.any():
            sources = (finer[one], volume) if one in finer else (volume,)
            phases[one] = Phase(np.where(seen, values, -1000.0).astype(np.float32), seen, sources)
    labels = resample_labels(organs.labels, organs.geometry, own.geometry)
    masks = {name: labels == organs.names[name] for name in _ORGANS if name in organs.names}
    return Scene(role, own.geometry, phases, {name: mask for name, mask in masks.items() if mask.any()})


def _region(organs: Organs) -> FloatArray | None:
    """Lowest and highest LPS mm [2, 3] of the region about liver, spleen and kidneys, 60 mm down and 15 mm up."""
    points = []
    for name in ("liver", "spleen", "kidney_right", "kidney_left"):
        box = bounding_box(organs.labels == organs.names[name]) if name in organs.names else None
        if box is not None:
            start, stop = np.array(box.start), np.array(box.stop) - 1
            points.append(organs.geometry.to_lps(start + _CORNERS * (stop - start)))
    if not points:
        return None
    inside = np.concatenate(points)
    below = np.array([5.0, _ABOUT_MM, 2 * _ABOUT_MM])
    above = np.array([5.0, 5.0, _ABOUT_MM / 2])
    return np.stack([inside.min(axis=0) - below, inside.max(axis=0) + above])


def _upright(volume: Volume, region: FloatArray) -> Volume:
    """The region of a volume with its array axes along z, y, x."""
    geometry, permutation, flips = volume.geometry.reordered()
    array = np.transpose(volume.array, permutation)
    array = array[tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)]
    corners = region[0] + _CORNERS * (region[1] - region[0])
    index = geometry.to_index(corners)
    start = np.clip(np.floor(index.min(axis=0)).astype(int), 0, np.array(geometry.shape) - 1)
    stop = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, start + 1, geometry.shape)
    (k0, j0, i0), (k1, j1, i1) = start.tolist(), stop.tolist()
    box = Box((k0, j0, i0), (k1, j1, i1))
    return Volume(array[box.slices], cropped_geometry(geometry, box), volume.quantity)


def _averaged(volume: Volume) -> Volume:
    """Means over blocks of voxels much finer than 1.5 mm."""
    factors = tuple(max(1, int(STEP_MM / step + 0.3)) for step in volume.geometry.spacing_mm)
    return block_mean(volume.with_array(np.maximum(volume.array, -1100.0).astype(np.float32)), factors)
