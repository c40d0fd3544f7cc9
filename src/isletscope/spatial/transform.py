"""Mappings between the frames of a case, and how masks and volumes are carried along them.

Every frame of reference has one mapping from the case's reference frame: a point p of the reference frame lies at
``matrix (p + displacement(p))`` in the frame. Two frames meet through the reference frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.errors import GeometryError
from isletscope.spatial.crop import bounding_box, cropped_geometry
from isletscope.spatial.geometry import FloatArray, Geometry
from isletscope.spatial.volume import Mask

_INVERSE_STEPS = 12
_INVERSE_WITHIN_MM = 0.01
_NODES_APART_MM = 4.0


@dataclass(frozen=True)
class Lattice:
    """Displacements in LPS mm on a coarse grid of the reference frame: ``vectors_mm`` [k, j, i, 3], 0 far outside."""

    geometry: Geometry
    vectors_mm: npt.NDArray[np.float32]

    def at(self, points_lps_mm: FloatArray) -> FloatArray:
        """Displacement (n, 3) at points (n, 3), linearly interpolated; the border's value beyond the border."""
        index = self.geometry.to_index(points_lps_mm).T
        return np.stack(
            [scipy.ndimage.map_coordinates(part, index, order=1, mode="nearest") for part in self._parts], axis=1
        )

    @cached_property
    def _parts(self) -> list[npt.NDArray[np.float64]]:
        return [self.vectors_mm[..., axis].astype(np.float64) for axis in range(3)]


@dataclass(frozen=True)
class Transform:
    """From points of the case's reference frame to points of one frame, both LPS mm.

    ``matrix``: 4 x 4, rigid. ``displacement``: None for a rigid mapping.
    Raises GeometryError when the matrix is not 4 x 4 or cannot be inverted.
    """

    matrix: FloatArray
    displacement: Lattice | None = None

    def __post_init__(self) -> None:
        if self.matrix.shape != (4, 4) or abs(float(np.linalg.det(self.matrix))) < 1e-6:
            raise GeometryError("a transform needs a 4 x 4 matrix that can be inverted", found=str(self.matrix))

    @classmethod
    def identity(cls) -> Transform:
        """The reference frame itself."""
        return cls(np.eye(4))

    @property
    def inverse_matrix(self) -> FloatArray:
        """The rigid part from this frame to the reference frame, 4 x 4."""
        return np.asarray(np.linalg.inv(self.matrix))

    def to_frame(self, points_lps_mm: npt.ArrayLike) -> FloatArray:
        """Points (n, 3) of the reference frame, in this frame."""
        points = np.atleast_2d(np.asarray(points_lps_mm, dtype=np.float64))
        if self.displacement is not None:
            points = points + self.displacement.at(points)
        return points @ self.matrix[:3, :3].T + self.matrix[:3, 3]

    def to_reference(self, points_lps_mm: npt.ArrayLike) -> FloatArray:
        """Points (n, 3) of this frame, in the reference frame: fixed-point iteration to 0.01 mm."""
        points = np.atleast_2d(np.asarray(points_lps_mm, dtype=np.float64))
        rigid = (points - self.matrix[:3, 3]) @ np.linalg.inv(self.matrix[:3, :3]).T
        if self.displacement is None:
            return rigid
        found = rigid.copy()
        for _ in range(_INVERSE_STEPS):
            step = rigid - self.displacement.at(found) - found
            found += step
            if float(np.abs(step).max(initial=0.0)) < _INVERSE_WITHIN_MM:
                break
        return found


def points_between(points_lps_mm: npt.ArrayLike, source: Transform, target: Transform) -> FloatArray:
    """Points (n, 3) of one frame, in another frame (LPS mm)."""
    return target.to_frame(source.to_reference(points_lps_mm))


def carried_mask(mask: Mask, source: Transform, onto: Geometry, target: Transform, name: str = "") -> Mask:
    """A mask of one frame on a grid of another frame: a voxel is inside when its centre comes from inside the mask."""
    carried = np.zeros(onto.shape, dtype=np.bool_)
    box = bounding_box(mask.array)
    if box is None:
        return Mask(carried, onto, name=name or mask.name)
    small = cropped_geometry(mask.geometry, box)
    corners = small.to_lps(
        np.stack(np.meshgrid(*[(-1, n) for n in small.shape], indexing="ij"), axis=-1).reshape(-1, 3)
    )
    around = onto.to_index(points_between(corners, source, target))
    low = np.maximum(np.floor(around.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(around.max(axis=0)).astype(int) + 2, onto.shape)
    if np.any(high <= low):
        return Mask(carried, onto, name=name or mask.name)
    home = _smoothly_mapped(
        lambda index: mask.geometry.to_index(points_between(onto.to_lps(index), target, source)), low, high, onto
    )
    nearest = np.rint(home, out=home).astype(np.int32)
    at = [nearest[..., axis] for axis in range(3)]
    inside = np.ones(at[0].shape, dtype=np.bool_)
    for along, count in zip(at, mask.array.shape, strict=True):
        inside &= (along >= 0) & (along < count)
    values = np.zeros(inside.shape, dtype=np.bool_)
    values[inside] = mask.array[tuple(along[inside] for along in at)]
    carried[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = values
    return Mask(carried, onto, name=name or mask.name)


def _smoothly_mapped(
    mapping: Callable[[FloatArray], FloatArray], low: npt.NDArray[Any], high: npt.NDArray[Any], grid: Geometry
) -> FloatArray:
    """Where a smooth mapping takes the voxels ``low`` to ``high`` (exclusive) of a grid: [k, j, i, 3].

    Reckoned at nodes a few mm apart and linearly interpolated between them, which a mapping that bends over
    centimetres does not feel and which is many times as quick.
    """
    nodes, weights = [], []
    for first, stop, spacing in zip(low, high, grid.spacing_mm, strict=True):
        length = max(int(stop - first) - 1, 1)
        count = int(np.ceil(length * spacing / _NODES_APART_MM)) + 1
        places = np.linspace(0.0, length, count)
        nodes.append(first + places)
        hats = [np.interp(np.arange(stop - first), places, row) for row in np.eye(count)]
        weights.append(np.stack(hats, axis=1))
    at_nodes = np.stack(np.meshgrid(*nodes, indexing="ij"), axis=-1)
    mapped = mapping(at_nodes.reshape(-1, 3)).reshape(at_nodes.shape)
    for axis, weight in enumerate(weights):
        mapped = np.moveaxis(np.tensordot(weight, mapped, axes=(1, axis)), 0, axis)
    return np.asarray(mapped)
