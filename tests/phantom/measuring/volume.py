"""Volume of a lesion on CT at half contrast, partial volume taken into account.

The lesion is what lies beyond half way from its surroundings to its own value, connected to the given place. Its
volume is the sum of each voxel's share of lesion, (value - background) / (inside - background), over the lesion and a
thin rim around it: edge voxels count by their share, and blurring does not change the sum. The background is that of
the nearest voxels clear of the rim, so that a lesion between two tissues is met; it is noise-free enough because it is
averaged. Nothing but the image, a place to look and a greatest size is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tests.phantom.measuring.files import Array, Stack

_EDGE_MM = 1.6
_SHELL_MM = 3.0
_NEAR_MM = 3.0
_RAYS = 3000
_RAY_STEP_MM = 0.1
_BEYOND_MM = 4.0
_SURE_HU = 8.0


@dataclass(frozen=True)
class LesionVolume:
    """Measured volume (mL), the two levels it rests on, and the simple count of voxels beyond half contrast (mL)."""

    volume_ml: float
    inside: float
    outside: float
    counted_ml: float


def half_contrast_volume(stack: Stack, centre_lps_mm: Array, reach_mm: float, smooth_mm: float = 0.0) -> LesionVolume:
    """Volume of the lesion about ``centre_lps_mm``, which reaches at most ``reach_mm``.

    ``smooth_mm``: FWHM of the smoothing used to find the lesion's outline in noise; the sum uses the image as it is.
    """
    window, points = stack.box(centre_lps_mm, reach_mm + 3 * _SHELL_MM)
    image = stack.image[window].astype(np.float64)
    spacing = stack.spacing_mm
    smooth = ndimage.gaussian_filter(image, smooth_mm / 2.3548 / spacing) if smooth_mm else image
    distance = np.linalg.norm(points - np.asarray(centre_lps_mm), axis=-1)
    core = distance <= max(0.45 * reach_mm, 1.01 * distance.min())
    inside = float(np.median(image[core]))
    shell = (distance > reach_mm + 1.0) & (distance <= reach_mm + 1.0 + _SHELL_MM)
    outside = float(np.median(image[shell]))
    lesion = _grown(smooth, inside, outside, distance <= reach_mm)
    reach = _steps(spacing, _EDGE_MM)
    inner, rim = _eroded(lesion, reach), _dilated(lesion, reach)
    if inner.sum() >= 8:
        inside = float(image[inner].mean())
    background = _background(image, rim, spacing)
    contrast = inside - background
    usable = np.abs(contrast) > 0.25 * abs(inside - outside)
    share = np.where(usable, (image - background) / np.where(usable, contrast, 1.0), 0.0)
    share = np.where(inner, 1.0, share)
    return LesionVolume(
        volume_ml=float(share[rim].sum()) * stack.voxel_ml,
        inside=inside,
        outside=outside,
        counted_ml=float(lesion.sum()) * stack.voxel_ml,
    )


def _grown(
    image: npt.NDArray[np.float64], inside: float, outside: float, within: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """What lies beyond half contrast within a sphere, its largest connected part."""
    beyond = (image - (inside + outside) / 2) * np.sign(inside - outside) > 0
    parts, count = ndimage.label(beyond & within)
    if not count:
        return np.zeros(image.shape, dtype=bool)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(ndimage.binary_fill_holes(parts == sizes.argmax()))


def _steps(spacing: Array, length_mm: float) -> tuple[int, int, int]:
    """Voxels along each axis that cover a length, at least one."""
    k, j, i = (max(1, int(np.ceil(length_mm / step))) for step in spacing)
    return k, j, i


def _dilated(mask: npt.NDArray[np.bool_], reach: tuple[int, int, int]) -> npt.NDArray[np.bool_]:
    return np.asarray(ndimage.maximum_filter(mask, size=tuple(2 * n + 1 for n in reach)))


def _eroded(mask: npt.NDArray[np.bool_], reach: tuple[int, int, int]) -> npt.NDArray[np.bool_]:
    return np.asarray(ndimage.minimum_filter(mask, size=tuple(2 * n + 1 for n in reach)))


def _background(image: npt.NDArray[np.float64], rim: npt.NDArray[np.bool_], spacing: Array) -> npt.NDArray[np.float64]:
    """Mean of the voxels clear of the lesion and its rim near each place."""
    clear = _dilated(rim, _steps(spacing, _SHELL_MM)) & ~rim
    weight = clear.astype(np.float64)
    sigma = np.maximum(_NEAR_MM / spacing, 0.7)
    near = ndimage.gaussian_filter(weight, sigma)
    level = ndimage.gaussian_filter(image * weight, sigma) / np.maximum(near, 1e-12)
    return np.where(near > 1e-6, level, float(image[clear].mean()) if clear.any() else float(image.mean()))


def radial_volume(stack: Stack, centre_lps_mm: Array, reach_mm: float) -> LesionVolume:
    """Volume of a lesion between several tissues, on a thin CT without noise.

    From the centre, rays in all directions: the edge is where the image is half way from the lesion's level to what
    lies beyond in that direction. The volume is the integral of the cube of these radii over all directions, so the
    lesion must be seen whole from its centre.
    """
    centre = np.asarray(centre_lps_mm, dtype=np.float64)
    directions = _directions()
    depths = np.arange(0.0, reach_mm + _BEYOND_MM, _RAY_STEP_MM)
    points = centre + depths[None, :, None] * directions[:, None]
    index = stack.index(points.reshape(-1, 3)).T
    values = ndimage.map_coordinates(stack.image, index, order=1, mode="nearest").reshape(len(directions), -1)
    inside = float(np.median(values[:, depths < 0.5 * reach_mm]))
    off = np.abs(values - inside) > _SURE_HU
    run = off[:, :-2] & off[:, 1:-1] & off[:, 2:]
    first = np.where(run.any(axis=1), run.argmax(axis=1), len(depths) - 1)
    rows = np.arange(len(directions))
    ahead = np.minimum(first[:, None] + np.round(np.array([1.4, 1.6, 1.8]) / _RAY_STEP_MM).astype(int), len(depths) - 1)
    beyond = np.median(values[rows[:, None], ahead], axis=1)
    half = np.abs(beyond - inside) / 2
    crossing = (np.abs(values - inside) >= half[:, None]) & (np.arange(len(depths)) >= first[:, None] - 1)
    at = np.maximum(np.where(crossing.any(axis=1), crossing.argmax(axis=1), first), 1)
    before, after = np.abs(values[rows, at - 1] - inside), np.abs(values[rows, at] - inside)
    share = np.clip((half - before) / np.where(np.abs(after - before) > 1e-6, after - before, 1.0), 0.0, 1.0)
    radii = depths[at - 1] + _RAY_STEP_MM * share
    volume = float((radii**3).mean()) * 4 / 3 * np.pi / 1000.0
    return LesionVolume(volume, inside, float(np.median(beyond)), volume)


def _directions() -> Array:
    """Directions spread evenly over the sphere (a spiral)."""
    n = np.arange(_RAYS) + 0.5
    z = 1 - 2 * n / _RAYS
    turn = np.pi * (1 + 5**0.5) * n
    flat = np.sqrt(1 - z * z)
    return np.column_stack([flat * np.cos(turn), flat * np.sin(turn), z])
