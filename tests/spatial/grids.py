"""Grids, volumes and strategies shared by the tests of space."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Mask, Volume


def turned(degrees_about_z: float, degrees_about_x: float = 0.0) -> tuple[tuple[float, float, float], ...]:
    """Axes k, j, i of an axial grid turned about z and then about x."""
    a, b = np.deg2rad([degrees_about_z, degrees_about_x])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    axes = np.eye(3)[::-1] @ (about_x @ about_z).T
    return tuple(tuple(float(v) for v in row) for row in axes)  # type: ignore[return-value]


def geometry(
    shape: tuple[int, int, int] = (9, 10, 11),
    spacing: tuple[float, float, float] = (3.0, 2.0, 1.5),
    origin: tuple[float, float, float] = (-20.0, 35.0, 110.0),
    axes: Any = None,
) -> Geometry:
    return Geometry(shape, spacing, origin, axes or turned(0.0))


def volume(array: npt.NDArray[Any], grid: Geometry | None = None) -> Volume:
    return Volume(array, grid or geometry(array.shape), SUV_BODY_WEIGHT)


def rearranged(
    array: npt.NDArray[Any], grid: Geometry, permutation: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> tuple[npt.NDArray[Any], Geometry]:
    """The same voxels at the same places in the patient, with the array axes in another order and direction."""
    moved = array.transpose(permutation)[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    corner = [0, 0, 0]
    for position, axis in enumerate(permutation):
        corner[axis] = grid.shape[axis] - 1 if flips[position] else 0
    axes = [
        tuple((-1.0 if f else 1.0) * v for v in grid.axes_lps[axis]) for axis, f in zip(permutation, flips, strict=True)
    ]
    place = tuple(float(v) for v in grid.to_lps(corner))
    return moved.copy(), Geometry(
        tuple(grid.shape[a] for a in permutation),  # type: ignore[arg-type]
        tuple(grid.spacing_mm[a] for a in permutation),  # type: ignore[arg-type]
        place,  # type: ignore[arg-type]
        tuple(axes),  # type: ignore[arg-type]
    )


def ellipsoid(grid: Geometry, centre_lps: npt.ArrayLike, semi_axes_mm: npt.ArrayLike) -> Mask:
    """Voxels whose centre lies in an ellipsoid along x, y, z."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), -1)
    away = (grid.to_lps(index) - np.asarray(centre_lps)) / np.asarray(semi_axes_mm)
    return Mask((away**2).sum(-1) <= 1.0, grid)


permutations = st.permutations([0, 1, 2]).map(tuple)
flips = st.tuples(st.booleans(), st.booleans(), st.booleans())
angles = st.floats(-80.0, 80.0, allow_nan=False)
seeds = st.integers(0, 2**32 - 1)
