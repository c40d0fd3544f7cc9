"""The one place where array indices and patient coordinates meet.

Patient coordinates are DICOM LPS millimetres (x to the patient's left, y to the back, z to the head). Arrays are
indexed ``[k, j, i]``: slice, row, column. The axes need not lie along x, y, z, nor form a right-handed system.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError

FloatArray = npt.NDArray[np.float64]
Item = TypeVar("Item")

_ORTHOGONAL_WITHIN = 1e-3
_SAME_GRID_WITHIN_VOXEL = 0.02


@dataclass(frozen=True)
class Geometry:
    """A regular voxel grid in patient space.

    ``shape``: voxels along k, j, i. ``spacing_mm``: centre-to-centre distances along k, j, i.
    ``origin_lps_mm``: centre of voxel [0, 0, 0]. ``axes_lps``: rows are the unit LPS vectors of k, j, i.
    Raises GeometryError when the axes are not orthonormal or a size is not positive.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_lps_mm: tuple[float, float, float]
    axes_lps: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]] = (
        (0.0, 0.0, 1.0),
        (0.0, 1.0, 0.0),
        (1.0, 0.0, 0.0),
    )

    def __post_init__(self) -> None:
        if min(self.shape) < 1 or min(self.spacing_mm) <= 0:
            raise GeometryError(
                "a voxel grid needs positive sizes", found=f"shape {self.shape}, spacing {self.spacing_mm}"
            )
        product = self._axes @ self._axes.T
        if not np.allclose(product, np.eye(3), atol=_ORTHOGONAL_WITHIN):
            raise GeometryError(
                "the axes of a voxel grid must be perpendicular unit vectors",
                found=f"axes {self.axes_lps}",
                remedy="A tilted gantry or sheared matrix must be resampled first.",
            )

    @cached_property
    def _axes(self) -> FloatArray:
        return np.asarray(self.axes_lps, dtype=np.float64)

    @cached_property
    def affine(self) -> FloatArray:
        """4 x 4 matrix that takes homogeneous ``[k, j, i, 1]`` to LPS mm (read only)."""
        matrix = np.eye(4)
        matrix[:3, :3] = (self._axes * np.asarray(self.spacing_mm)[:, None]).T
        matrix[:3, 3] = self.origin_lps_mm
        matrix.flags.writeable = False
        return matrix

    @cached_property
    def _inverse(self) -> FloatArray:
        return np.asarray(np.linalg.inv(self.affine))

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in mL."""
        k, j, i = self.spacing_mm
        return k * j * i / 1000.0

    @property
    def extent_mm(self) -> tuple[float, float, float]:
        """Edge lengths of the grid along k, j, i in mm, voxel edges included."""
        k, j, i = (n * s for n, s in zip(self.shape, self.spacing_mm, strict=True))
        return k, j, i

    def to_lps(self, index_kji: npt.ArrayLike) -> FloatArray:
        """LPS mm of fractional indices ``(..., 3)`` in the order k, j, i."""
        index = np.asarray(index_kji, dtype=np.float64)
        return index @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_index(self, points_lps_mm: npt.ArrayLike) -> FloatArray:
        """Fractional indices k, j, i of LPS points ``(..., 3)`` in mm."""
        points = np.asarray(points_lps_mm, dtype=np.float64)
        return points @ self._inverse[:3, :3].T + self._inverse[:3, 3]

    def contains(self, point_lps_mm: npt.ArrayLike, margin_mm: float = 0.0) -> bool:
        """Whether the point lies inside the grid's outer voxel edges, at least ``margin_mm`` away from them."""
        index = self.to_index(point_lps_mm)
        margin = margin_mm / np.asarray(self.spacing_mm)
        upper = np.asarray(self.shape) - 0.5
        return bool(np.all(index >= -0.5 + margin) and np.all(index <= upper - margin))

    def same_grid(self, other: Geometry) -> bool:
        """Whether both grids put every voxel at the same place, to within 2 % of a voxel."""
        if self.shape != other.shape:
            return False
        corners = np.array([[0, 0, 0], [n - 1 for n in self.shape]], dtype=float)
        corners = np.vstack([corners, [[self.shape[0] - 1, 0, 0], [0, self.shape[1] - 1, 0]]])
        apart = np.abs(self.to_lps(corners) - other.to_lps(corners)).max()
        return bool(apart <= _SAME_GRID_WITHIN_VOXEL * min(self.spacing_mm))

    def reordered(self) -> tuple[Geometry, tuple[int, int, int], tuple[bool, bool, bool]]:
        """The same grid with its array axes as near as can be to z, y, x (head, back, left), for display.

        Returns the new geometry, the permutation of the array axes, and which of the permuted axes are flipped.
        """
        wanted = np.eye(3)[::-1]
        overlap = self._axes @ wanted.T
        permutation: list[int] = []
        for target in range(3):
            order = np.argsort(-np.abs(overlap[:, target]))
            permutation.append(next(int(a) for a in order if int(a) not in permutation))
        flips = [bool(overlap[axis, target] < 0) for target, axis in enumerate(permutation)]
        corner = [self.shape[axis] - 1 if flips[permutation.index(axis)] else 0 for axis in range(3)]
        axes = [
            _three(float(v) for v in (-1 if flip else 1) * self._axes[axis])
            for axis, flip in zip(permutation, flips, strict=True)
        ]
        geometry = Geometry(
            shape=_three(self.shape[a] for a in permutation),
            spacing_mm=_three(self.spacing_mm[a] for a in permutation),
            origin_lps_mm=_three(float(v) for v in self.to_lps(corner)),
            axes_lps=_three(axes),
        )
        return geometry, _three(permutation), _three(flips)


def _three(values: Iterable[Item]) -> tuple[Item, Item, Item]:
    first, second, third = values
    return first, second, third
