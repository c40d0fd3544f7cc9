"""The lumen of a vessel along its course: half way between blood and what lies beside it, in planes across it.

In each plane the grey is followed outwards in 24 directions. The wall lies where it has fallen half way from the
blood's level to the lowest level just beyond: the edge of a blurred step lies at half its height, whatever the blur.
Where a direction shows no wall (a branch, a tumour as bright as blood), the plane's median radius stands in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from isletscope.anatomy.vessels.scene import RULES, Phase
from isletscope.spatial import FloatArray, Geometry

ANGLES = 24
_STATION_MM = 1.0
_RAYS = 48
_EDGE_VOXELS = 1.0
_CONTENT_VOXELS = 1.5
Walls = tuple[FloatArray, npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Tube:
    """``course`` [n, 3] LPS mm every mm; ``across`` [n, 2, 3] unit vectors; ``radii_mm`` [n, angles] of the lumen.

    ``level`` [n]: HU of blood; ``shown`` [n]: share of the directions in which a wall was seen.
    """

    course: FloatArray
    across: FloatArray
    radii_mm: FloatArray
    level: FloatArray
    shown: FloatArray

    @property
    def length_mm(self) -> float:
        """Length of the course."""
        return float(np.linalg.norm(np.diff(self.course, axis=0), axis=1).sum())

    @property
    def diameter_mm(self) -> float:
        """Median over the course of the diameter of a circle with the lumen's area."""
        return float(np.median(self.diameters_mm))

    @property
    def diameters_mm(self) -> FloatArray:
        """Diameter [n] of a circle with the lumen's area."""
        return np.asarray(2.0 * np.sqrt((self.radii_mm**2).mean(axis=1)))


def even_course(points: FloatArray, smooth_mm: float, step_mm: float = _STATION_MM) -> FloatArray:
    """Points [n, 3] in mm drawn as a smooth line with a point every ``step_mm``; the ends stay."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(round(arc[-1] / step_mm), 1) + 1
    even = np.column_stack([np.interp(np.linspace(0, arc[-1], count), arc, points[:, axis]) for axis in range(3)])
    if count < 4:
        return even
    mirrored = np.concatenate([2 * even[0] - even[1:][::-1], even, 2 * even[-1] - even[:-1][::-1]])
    smooth = ndimage.gaussian_filter1d(mirrored, smooth_mm / step_mm, axis=0, mode="nearest")
    return np.asarray(smooth[count - 1 : 2 * count - 1])


def frames(course: FloatArray) -> FloatArray:
    """Two unit vectors [n, 2, 3] across the course in each point, turning as little as can be along it."""
    along = np.gradient(course, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    first = np.eye(3)[int(np.argmin(np.abs(along[0])))]
    across = np.zeros((len(course), 2, 3))
    for n, tangent in enumerate(along):
        first = first - tangent * (first @ tangent)
        first = first / np.linalg.norm(first)
        across[n] = first, np.cross(tangent, first)
    return across


def measured_tube(
    phase: Phase, points: FloatArray, radius_mm: tuple[float, float], level: float, roundness: float = 1.25
) -> Tube:
    """The lumen along a rough course ``points`` [n, 3] LPS mm.

    ``radius_mm``: least and largest radius that such a vessel has; ``level``: HU of blood where the vessel is too thin
    to show its own; ``roundness``: largest radius of a plane over its median. The course is drawn to the middle of the
    lumen twice on the way.
    """
    course = even_course(points, RULES.number("lumen.smooth_mm"))
    blur = phase.spacing_at(course)
    for _ in range(2):
        tube = _measured(phase, course, radius_mm, level, blur, roundness)
        circle = _circle()
        shift = 2 * np.einsum("na,ad,ndx->nx", tube.radii_mm, circle, tube.across) / ANGLES
        size = np.linalg.norm(shift, axis=1, keepdims=True)
        most = np.minimum(0.5 * tube.radii_mm.mean(axis=1, keepdims=True), 2.0)
        shift *= np.minimum(1.0, most / np.maximum(size, 1e-9))
        course = even_course(course + shift, RULES.number("lumen.smooth_mm"))
    return _measured(phase, course, radius_mm, level, blur, roundness)


def _circle() -> FloatArray:
    angle = np.arange(ANGLES) * 2 * np.pi / ANGLES
    return np.column_stack([np.cos(angle), np.sin(angle)])


def _measured(
    phase: Phase, course: FloatArray, radius_mm: tuple[float, float], level: float, blur_mm: float, roundness: float
) -> Tube:
    across = frames(course)
    reach = 1.5 * radius_mm[1] + 2 * blur_mm
    step = max(reach / _RAYS, 0.25)
    out = np.arange(0.0, reach, step)
    directions = np.einsum("ad,ndx->nax", _circle(), across)
    points = course[:, None, None, :] + directions[:, :, None, :] * out[None, None, :, None]
    grey = np.nan_to_num(phase.at(points), nan=-1000.0)
    grey = ndimage.gaussian_filter1d(grey, 1.0, axis=0, mode="nearest")
    own = _own_level(grey, level, blur_mm, radius_mm, step)
    radii, seen = _walls(grey, own, _EDGE_VOXELS * blur_mm, step)
    if seen.any() and float(np.median(radii[seen])) < min(
        RULES.number("lumen.thin_voxels") * blur_mm, RULES.number("lumen.thin_mm")
    ):
        radii = _by_content(grey, own, radii, _CONTENT_VOXELS * blur_mm, step)
    return Tube(course, across, _settled(radii, seen, radius_mm, roundness), own, seen.mean(axis=1))


def _own_level(
    grey: FloatArray, level: float, blur_mm: float, radius_mm: tuple[float, float], step_mm: float
) -> FloatArray:
    """HU of blood [n]: the vessel's own where it is wide enough to show it, else that of its system."""
    centre = grey[:, :, : max(1, int(0.35 * radius_mm[0] / step_mm))].mean(axis=(1, 2))
    steady = ndimage.median_filter(centre, size=min(11, len(centre)), mode="nearest")
    if radius_mm[0] < 1.2 * blur_mm:
        return np.full(len(centre), level)
    return np.asarray(np.clip(steady, 0.55 * level, 1.2 * level))


def _walls(grey: FloatArray, level: FloatArray, beyond_mm: float, step_mm: float) -> Walls:
    """Distance of the wall [n, angles] and whether one was seen: half way from blood to the lowest just beyond."""
    ahead = int(np.ceil(beyond_mm / step_mm))
    size = ahead + 1
    lowest = ndimage.minimum_filter1d(grey, size, axis=2, origin=-(size // 2), mode="nearest")
    half = 0.5 * (level[:, None, None] + lowest)
    contrast = RULES.number("lumen.least_step_hu")
    out = (grey <= half) & (level[:, None, None] - lowest >= contrast)
    first = np.argmax(out, axis=2)
    seen = out.any(axis=2)
    before = np.maximum(first - 1, 0)
    a = np.take_along_axis(grey - half, before[:, :, None], axis=2)[:, :, 0]
    b = np.take_along_axis(grey - half, first[:, :, None], axis=2)[:, :, 0]
    part = np.where(a - b > 1e-6, np.clip(a / np.maximum(a - b, 1e-6), 0, 1), 0.0)
    return np.asarray((before + part) * step_mm), seen & (first > 0)


def _by_content(grey: FloatArray, level: FloatArray, radii: FloatArray, beyond_mm: float, step_mm: float) -> FloatArray:
    """Radii [n, angles] of the lumen that holds the blood seen in each sector out to just beyond its wall.

    Blur spreads a thin vessel's blood and lowers its peak, so that the half way line lies too far in; the sum over the
    plane stays what it was.
    """
    out = np.arange(grey.shape[2]) * step_mm
    end = radii[:, :, None] + beyond_mm
    ring = (out >= end - 0.5 * beyond_mm) & (out <= end + step_mm)
    beside = np.min(np.where(ring, grey, np.inf), axis=2, keepdims=True)
    beside = np.minimum(np.where(np.isfinite(beside), beside, grey[:, :, -1:]), level[:, None, None] - 1.0)
    share = np.clip((grey - beside) / (level[:, None, None] - beside), 0.0, 1.0) * (out <= end)
    return np.asarray(np.sqrt(2.0 * (share * out).sum(axis=2) * step_mm))


def _settled(
    radii: FloatArray, seen: npt.NDArray[np.bool_], radius_mm: tuple[float, float], roundness: float
) -> FloatArray:
    """Radii without stray directions and stretches: near the plane's median, which is near that of its stretch."""
    plane = np.full(len(radii), np.nan)
    some = seen.any(axis=1)
    plane[some] = np.nanmedian(np.where(seen, radii, np.nan)[some], axis=1)
    good = ~np.isnan(plane)
    if not good.any():
        return np.full(radii.shape, radius_mm[0])
    plane = np.interp(np.arange(len(plane)), np.flatnonzero(good), plane[good])
    stretch = ndimage.median_filter(
        plane, size=min(2 * int(2.5 * radius_mm[1]) + 1, 2 * len(plane) - 1), mode="nearest"
    )
    plane = np.clip(plane, 0.6 * stretch, 1.3 * stretch)
    plane = np.clip(ndimage.gaussian_filter1d(plane, 1.5, mode="nearest"), 0.3, radius_mm[1])
    filled = np.where(seen, radii, plane[:, None])
    filled = np.clip(filled, plane[:, None] / roundness, plane[:, None] * roundness)
    wrapped = np.concatenate([filled[:, -1:], filled, filled[:, :1]], axis=1)
    filled = ndimage.median_filter(wrapped, size=(3, 3), mode="nearest")[:, 1:-1]
    return np.asarray(ndimage.gaussian_filter1d(filled, 1.0, axis=1, mode="wrap"))


def laid(tube: Tube, grid: Geometry) -> tuple[tuple[slice, slice, slice], npt.NDArray[np.float32]] | None:
    """Where voxel centres lie in a tube: a box of the grid, and there the distance from the course over the radius.

    Below 1 is inside; infinite beyond the ends. None when the tube lies outside the grid.
    """
    widest = float(tube.radii_mm.max()) + 1.0
    low = tube.course.min(axis=0) - widest
    high = tube.course.max(axis=0) + widest
    corners = np.array([[a, b, c] for a in (low[0], high[0]) for b in (low[1], high[1]) for c in (low[2], high[2])])
    index = grid.to_index(corners)
    start = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
    stop = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, grid.shape)
    if np.any(stop <= start):
        return None
    box = (slice(start[0], stop[0]), slice(start[1], stop[1]), slice(start[2], stop[2]))
    near = np.zeros(tuple(stop - start), dtype=bool)
    reach = np.ceil(widest / np.asarray(grid.spacing_mm)).astype(int)
    for station in np.round(grid.to_index(tube.course)).astype(int) - start:
        (k, j, i), (dk, dj, di) = np.maximum(station + reach + 1, 0), np.maximum(station - reach, 0)
        near[dk:k, dj:j, di:i] = True
    voxels = np.argwhere(near)
    share = np.full(near.shape, np.inf, dtype=np.float32)
    share[near] = _share_of_radius(tube, grid.to_lps(voxels + start), widest)
    return box, share


def _share_of_radius(tube: Tube, points: FloatArray, widest: float) -> FloatArray:
    """Distance from the course over the lumen's radius in that direction, per point [n]; infinite far away."""
    distance, nearest = cKDTree(tube.course).query(points, distance_upper_bound=widest)
    share = np.full(len(points), np.inf)
    near = np.flatnonzero(np.isfinite(distance))
    station = nearest[near]
    away = points[near] - tube.course[station]
    flat = np.einsum("nx,ndx->nd", away, tube.across[station])
    across = np.linalg.norm(flat, axis=1)
    angle = np.mod(np.arctan2(flat[:, 1], flat[:, 0]) * ANGLES / (2 * np.pi), ANGLES)
    low = np.floor(angle).astype(int) % ANGLES
    part = angle - np.floor(angle)
    radius = (1 - part) * tube.radii_mm[station, low] + part * tube.radii_mm[station, (low + 1) % ANGLES]
    along = np.sqrt(np.maximum(distance[near] ** 2 - across**2, 0.0))
    value = np.where(across > 1e-6, distance[near], along) / np.maximum(radius, 1e-6)
    end = (station == 0) | (station == len(tube.course) - 1)
    beyond = end & (along > 0.75 * _STATION_MM + 0.25 * radius)
    share[near] = np.where(beyond, np.inf, value)
    return share
