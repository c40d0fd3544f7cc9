"""The wall of a vessel on rings about its course, from the edges between voxels of its mask.

Between a voxel of lumen and its neighbour outside the wall lies somewhere on the edge that joins them; its midpoint is
off by at most half the edge, to either side alike. The distance of these points from the course, averaged around and
along the vessel (kernel regression of Nadaraya and Watson, weighted by how precise each point is), is the radius. So
thick slices blur the wall of a vessel that crosses them no more than thin ones do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from isletscope.spatial import FloatArray, Geometry, Mask
from isletscope.surgery.course import STEP_MM, even_course

RAYS = 180
_ALONG_MM = 1.6
_AROUND_MM = 1.0
_AROUND_VOXELS = 0.8
_ALONG_VOXELS = 0.6
_MOST_AROUND_DEG = 30.0
_END_ON = 0.75
_ROUNDS = 2
_CENTRED_MM = 2.0
_OUTLIER_RADII = 1.6
_LEAST_WEIGHT = 1e-3
_LEAST_CLOSED = 0.6
_BEYOND_VOXELS = 0.9
_LEVEL = 0.5

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Wall:
    """Rings of wall points about a course.

    ``centres`` [s, 3] in LPS mm, ``tangents`` [s, 3] and ``directions`` [s, ray, 3] unit vectors, ``radius_mm``
    [s, ray] (NaN where the mask tells no wall), ``arc_mm`` [s] along the course from its first point.
    """

    centres: FloatArray
    tangents: FloatArray
    directions: FloatArray
    radius_mm: FloatArray
    arc_mm: FloatArray

    @property
    def points(self) -> FloatArray:
        """Wall points [s, ray, 3] in LPS mm."""
        return np.asarray(self.centres[:, None] + self.radius_mm[..., None] * self.directions)

    @property
    def area_mm2(self) -> FloatArray:
        """Cross-section of the lumen [s]; NaN where a ray has no wall."""
        return np.asarray(0.5 * (2 * np.pi / self.radius_mm.shape[1]) * (self.radius_mm**2).sum(axis=1))

    @property
    def diameter_mm(self) -> FloatArray:
        """Diameter [s] of the circle of equal area."""
        return np.asarray(np.sqrt(4 * self.area_mm2 / np.pi))


def wall_of(vessel: Mask, course_lps_mm: FloatArray, beside: npt.NDArray[np.bool_] | None = None) -> Wall:
    """The wall about an even course; ``beside`` [k, j, i]: other lumina, where the mask ends without a wall.

    The course is moved to the middle of its rings, since angles are told from there.
    """
    points, edges = wall_points(vessel, beside)
    lumina = Mask(vessel.array if beside is None else vessel.array | beside, vessel.geometry)
    wall = _rings_through(points, edges, course_lps_mm, vessel.geometry)
    for _ in range(_ROUNDS):
        moved = wall.centres + _off_middle(wall, open_rays(wall, lumina))
        wall = _rings_through(points, edges, even_course(moved), vessel.geometry)
    return wall


def open_rays(wall: Wall, lumina: Mask) -> Flags:
    """Rays [s, ray] beyond whose wall a lumen goes on (a branch, another vessel), and rays without a wall."""
    known = np.isfinite(wall.radius_mm)
    step = _BEYOND_VOXELS * float(np.cbrt(np.prod(lumina.geometry.spacing_mm)))
    beyond = wall.points + step * wall.directions
    open_ = ~known
    open_[known] = lumen_at(lumina, beyond[known]) >= _LEVEL
    return open_


def lumen_at(lumina: Mask, points_lps_mm: FloatArray) -> FloatArray:
    """Share of lumen [n] at points [n, 3] in LPS mm, linear between voxels."""
    index = lumina.geometry.to_index(points_lps_mm).T
    return np.asarray(ndimage.map_coordinates(lumina.array.astype(np.float32), index, order=1, mode="nearest"))


def _off_middle(wall: Wall, open_: Flags) -> FloatArray:
    """How far [s, 3] in mm the middle of each ring lies from its centre, smooth along the course.

    Told by the first harmonic of the radius on the rays that end at a wall: the mouth of a branch draws no course.
    """
    closed = ~open_
    angle = 2 * np.pi * (np.arange(RAYS) + 0.5) / RAYS
    design = np.stack([np.ones(RAYS), np.cos(angle), np.sin(angle)], axis=1)
    weight = closed.astype(np.float64)
    curve = np.einsum("sr,rp,rq->spq", weight, design, design) + 1e-6 * np.eye(3)
    right = np.einsum("sr,rp->sp", weight * np.nan_to_num(wall.radius_mm), design)
    harmonic = np.linalg.solve(curve, right[..., None])[..., 0]
    harmonic[closed.mean(axis=1) < _LEAST_CLOSED] = 0.0
    first, second = ring_axes(wall)
    offset = harmonic[:, 1:2] * first + harmonic[:, 2:3] * second
    return np.asarray(ndimage.gaussian_filter1d(offset, _CENTRED_MM / STEP_MM, axis=0, mode="nearest"))


def ring_axes(wall: Wall) -> tuple[FloatArray, FloatArray]:
    """Unit vectors [s, 3] at 0 and at 90 degrees of each ring; the first ray lies half a step past 0."""
    half = np.pi / RAYS
    second = np.cross(wall.tangents, wall.directions[:, 0])
    first = np.cos(half) * wall.directions[:, 0] - np.sin(half) * second
    return first, np.asarray(np.cross(wall.tangents, first))


def wall_points(vessel: Mask, beside: npt.NDArray[np.bool_] | None = None) -> tuple[FloatArray, FloatArray]:
    """Midpoints [n, 3] in LPS mm of the edges that cross the outline, and the edges themselves as vectors [n, 3]."""
    inside, grid = vessel.array, vessel.geometry
    elsewhere = np.zeros(inside.shape, dtype=bool) if beside is None else beside & ~inside
    found, edges = [], []
    for axis in range(3):
        before = tuple(slice(0, -1) if one == axis else slice(None) for one in range(3))
        after = tuple(slice(1, None) if one == axis else slice(None) for one in range(3))
        crossing = (inside[before] != inside[after]) & ~elsewhere[before] & ~elsewhere[after]
        index = np.argwhere(crossing).astype(np.float64)
        index[:, axis] += 0.5
        found.append(grid.to_lps(index))
        edge = grid.spacing_mm[axis] * np.asarray(grid.axes_lps[axis])
        edges.append(np.broadcast_to(edge, (len(index), 3)))
    return np.concatenate(found), np.concatenate(edges)


def _rings_through(points: FloatArray, edges: FloatArray, centres: FloatArray, grid: Geometry) -> Wall:
    """Rings whose radius is the weighted mean distance of the wall points about each ray."""
    tangents = _tangents(centres)
    directions = ring_directions(tangents, RAYS)
    station, around, radius, noise = _on_course(points, edges, centres, tangents, directions)
    typical = _typical_radius(station, radius, len(centres))
    keep = radius < _OUTLIER_RADII * typical[station]
    ray = np.rint(around[keep] / (2 * np.pi) * RAYS).astype(int) % RAYS
    weight = 1.0 / (noise[keep] ** 2 / 12 + (0.1 * min(grid.spacing_mm)) ** 2)
    sums = np.zeros((2, len(centres), RAYS))
    np.add.at(sums[0], (station[keep], ray), weight * radius[keep])
    np.add.at(sums[1], (station[keep], ray), weight)
    step = np.abs(np.asarray(grid.axes_lps) @ tangents.mean(axis=0)) @ np.asarray(grid.spacing_mm)
    coarse = float(np.cbrt(np.prod(grid.spacing_mm)))
    arc_mm = max(_AROUND_MM, _AROUND_VOXELS * coarse)
    wide_deg = min(np.degrees(arc_mm / max(float(np.median(typical)), 0.5)), _MOST_AROUND_DEG)
    widths = (max(_ALONG_MM, _ALONG_VOXELS * float(step)) / STEP_MM, wide_deg / 360 * RAYS)
    smooth = [ndimage.gaussian_filter(one, widths, mode=("constant", "wrap")) for one in sums]
    enough = smooth[1] > _LEAST_WEIGHT * smooth[1].max()
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(centres, axis=0), axis=1))])
    return Wall(
        centres, tangents, directions, np.where(enough, smooth[0] / np.where(enough, smooth[1], 1.0), np.nan), arc
    )


def _on_course(
    points: FloatArray, edges: FloatArray, centres: FloatArray, tangents: FloatArray, directions: FloatArray
) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray, FloatArray]:
    """Station, angle about it, distance from it, and length of the edge seen along the ray, of each wall point."""
    station = np.asarray(cKDTree(centres).query(points)[1])
    offset = points - centres[station]
    along = (offset * tangents[station]).sum(axis=1)
    at_end = (station == 0) | (station == len(centres) - 1)
    across = offset - along[:, None] * tangents[station]
    radius = np.linalg.norm(across, axis=1)
    # What lies beyond the ends, or is the cut end itself, is no wall.
    keep = (radius > 0) & ~(at_end & (np.abs(along) > STEP_MM))
    outward = across[keep] / radius[keep][:, None]
    first = directions[station[keep], 0]
    second = np.cross(tangents[station[keep]], first)
    around = np.arctan2((outward * second).sum(axis=1), (outward * first).sum(axis=1)) % (2 * np.pi)
    seen = np.abs((edges[keep] * outward).sum(axis=1))
    end_on = np.abs((edges[keep] * tangents[station[keep]]).sum(axis=1)) > _END_ON * np.linalg.norm(edges[keep], axis=1)
    side = ~end_on
    return station[keep][side], around[side], radius[keep][side], seen[side]


def _typical_radius(station: npt.NDArray[np.intp], radius: FloatArray, count: int) -> FloatArray:
    """Median distance [s] of the wall points at each station, gaps filled from their neighbours."""
    order = np.argsort(station, kind="stable")
    edges = np.searchsorted(station[order], np.arange(count + 1))
    medians = np.full(count, np.nan)
    for n in range(count):
        if edges[n + 1] > edges[n]:
            medians[n] = np.median(radius[order[edges[n] : edges[n + 1]]])
    known = np.isfinite(medians)
    if not known.any():
        return np.ones(count)
    filled = np.interp(np.arange(count), np.flatnonzero(known), medians[known])
    return np.asarray(ndimage.median_filter(filled, size=9, mode="nearest"))


def _tangents(centres: FloatArray) -> FloatArray:
    tangents = np.gradient(centres, axis=0)
    return np.asarray(tangents / np.linalg.norm(tangents, axis=1, keepdims=True))


def ring_directions(tangents: FloatArray, rays: int) -> FloatArray:
    """Unit directions [s, ray, 3] perpendicular to the tangents, carried along the course without twist."""
    side = np.empty_like(tangents)
    carried = np.eye(3)[int(np.argmin(np.abs(tangents[0])))]
    for n, tangent in enumerate(tangents):
        carried = carried - (carried @ tangent) * tangent
        carried /= np.linalg.norm(carried)
        side[n] = carried
    other = np.cross(tangents, side)
    angle = 2 * np.pi * (np.arange(rays) + 0.5) / rays
    return np.asarray(side[:, None] * np.cos(angle)[None, :, None] + other[:, None] * np.sin(angle)[None, :, None])
