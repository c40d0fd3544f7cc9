"""Straight and bent tubes beside half-spaces, balls and cylinders, as voxels in any orientation, with known angles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from isletscope.spatial import Geometry, Mask

Points = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Inside = Callable[[Points], Flags]
TUMOUR_RADIUS_MM = 15.0


def turned(seed: int) -> Points:
    """A rotation matrix by chance."""
    matrix = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return np.asarray(matrix * np.sign(np.linalg.det(matrix)))


def scene(
    vessel: Inside,
    tumour: Inside,
    spacing_mm: tuple[float, float, float],
    *,
    seed: int = 0,
    half_mm: float = 22.0,
) -> tuple[Mask, Mask]:
    """Masks of a vessel and of a tumour without its lumen; shapes are told about the origin and turned by ``seed``."""
    k, j, i = (int(2 * half_mm / step) for step in spacing_mm)
    origin = [-0.5 * (n - 1) * step for n, step in zip((k, j, i), spacing_mm, strict=True)]
    grid = Geometry((k, j, i), spacing_mm, (origin[2], origin[1], origin[0]))
    points = grid.to_lps(np.moveaxis(np.indices((k, j, i)), 0, -1))
    own = (points - np.random.default_rng(seed + 100).uniform(-0.5, 0.5, 3)) @ turned(seed)
    lumen = vessel(own)
    return Mask(lumen, grid, name="vessel"), Mask(tumour(own) & ~lumen, grid, name="tumour")


def tube(radius_mm: float, half_length_mm: float = 16.0) -> Inside:
    """A straight tube along z."""
    return lambda p: (np.hypot(p[..., 0], p[..., 1]) < radius_mm) & (np.abs(p[..., 2]) < half_length_mm)


def bent_tube(radius_mm: float, bend_mm: float) -> Inside:
    """A quarter of a ring of radius ``bend_mm`` in the plane of x and z, its middle at the origin."""

    def inside(p: Points) -> npt.NDArray[np.bool_]:
        x, z = p[..., 0] + bend_mm, p[..., 2]
        away = np.hypot(np.hypot(x, z) - bend_mm, p[..., 1])
        return (away < radius_mm) & (np.abs(np.arctan2(z, x)) < np.pi / 4)

    return inside


def half_space(edge_mm: float) -> Inside:
    """All points with x beyond an edge."""
    return lambda p: (p[..., 0] > edge_mm) & (np.abs(p[..., 2]) < 10)


def ball(centre_mm: float, radius_mm: float = TUMOUR_RADIUS_MM, z_mm: float = 0.0) -> Inside:
    """A ball with its centre on x."""
    return lambda p: np.linalg.norm(p - np.array([centre_mm, 0.0, z_mm]), axis=-1) < radius_mm


def rod(centre_mm: float, radius_mm: float = TUMOUR_RADIUS_MM) -> Inside:
    """A cylinder along z beside the tube."""
    return lambda p: (np.hypot(p[..., 0] - centre_mm, p[..., 1]) < radius_mm) & (np.abs(p[..., 2]) < 10)


def angle_of_circles(radius_mm: float, apart_mm: float, other_mm: float = TUMOUR_RADIUS_MM) -> float:
    """Degrees of a circle that lie in another one."""
    cosine = (radius_mm**2 + apart_mm**2 - other_mm**2) / (2 * radius_mm * apart_mm)
    return float(2 * np.degrees(np.arccos(np.clip(cosine, -1, 1))))
