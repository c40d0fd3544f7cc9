"""A small asymmetric body as a function of place, so that it can be imaged on any grid and under any motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from isletscope.spatial import ARBITRARY, HOUNSFIELD, Geometry, Volume

Points = npt.NDArray[np.float64]

# Centre, half axes (LPS mm), value on CT, value on MR; later ones lie on top.
PARTS = (
    ((0, 0, 0), (150, 100, 170), 0.0, 120.0),
    ((-55, -5, 20), (75, 70, 60), 110.0, 260.0),
    ((80, 30, 45), (35, 40, 45), 140.0, 180.0),
    ((0, 70, 0), (22, 22, 165), 280.0, 40.0),
    ((-75, 25, 115), (45, 55, 45), -190.0, 5.0),
    ((70, 10, 120), (50, 55, 40), -190.0, 5.0),
    ((-60, 55, -55), (28, 25, 45), 190.0, 90.0),
    ((30, -50, -60), (55, 25, 30), -100.0, 300.0),
)
STILL: Callable[[Points], Points] = np.asarray


def body_on(
    geometry: Geometry, modality: str = "CT", to_body: Callable[[Points], Points] = STILL, noise: float = 8.0
) -> Volume:
    """The body on a grid; ``to_body`` takes points of the grid's space (n, 3; LPS mm) to the body's own."""
    points = to_body(geometry.to_lps(np.indices(geometry.shape).reshape(3, -1).T))
    values = np.full(len(points), -1000.0 if modality == "CT" else 0.0)
    for centre, axes, on_ct, on_mr in PARTS:
        inside = (((points - np.asarray(centre)) / np.asarray(axes)) ** 2).sum(axis=1) <= 1.0
        values[inside] = on_ct if modality == "CT" else on_mr
    values = values + np.random.default_rng(5).normal(0.0, noise, len(values))
    quantity = HOUNSFIELD if modality == "CT" else ARBITRARY
    return Volume(values.reshape(geometry.shape).astype(np.float32), geometry, quantity)


def grid_around(centre: tuple[float, float, float], extent_mm: tuple[float, float, float], step_mm: float) -> Geometry:
    """An axial grid of cubic voxels; ``extent_mm`` along z, y, x."""
    shape = tuple(int(edge / step_mm) for edge in extent_mm)
    x, y, z = (c - (n - 1) / 2 * step_mm for c, n in zip(centre, shape[::-1], strict=True))
    return Geometry((shape[0], shape[1], shape[2]), (step_mm,) * 3, (x, y, z))
