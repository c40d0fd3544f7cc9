"""The course of a vessel: a smooth line through the middle of its lumen, from the mask alone.

Method: the two ends are the voxels farthest apart along the lumen; between them the cheapest path is taken where a step
costs more the nearer it is to the wall (Deschamps and Cohen, 2001), and smoothed. Side branches are left aside, since
the line follows the longest way through the mask. Ends are straightened over one radius, where the middle is not
defined by the wall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.spatial import FloatArray, Geometry, Mask, bounding_box, cropped_mask, inside_depth_mm, label_components
from isletscope.surgery.contact_rules import contact_rules
from isletscope.surgery.paths import VoxelGraph

STEP_MM = 0.5
_SMOOTH_RADII = 0.6
_SMOOTH_LEAST_MM = 2.0
_MOST_VOXELS = 40_000
_LEAST_VOXELS = 6
_STUBBY_RADII = 4.0
_DEPTH_POWER = 3.0


@dataclass(frozen=True)
class Course:
    """The line of a vessel: ``points`` [n, 3] in LPS mm every half millimetre, and the radius of its widest ball.

    ``voxels_left_out``: crumbs of the mask that hang together with nothing.
    """

    points: FloatArray
    radius_mm: float
    voxels_left_out: int = 0


@dataclass(frozen=True)
class Pieces:
    """A mask without one course: its parts by size (voxel counts) and the gap between the two largest, mm."""

    voxels: tuple[int, ...]
    gap_mm: float
    between_lps_mm: FloatArray


def course_of(vessel: Mask) -> Course | Pieces | None:
    """The course of a vessel mask; its pieces when it is broken; None when it has too few voxels for a course."""
    box = bounding_box(vessel.array)
    if box is None or vessel.voxel_count < _LEAST_VOXELS:
        return None
    labels, count = label_components(vessel.array[box.slices])
    sizes = np.bincount(labels.ravel())[1:]
    order = np.argsort(sizes)[::-1]
    large = [int(n) + 1 for n in order if sizes[n] >= contact_rules().crumb_share.value * sizes.max()]
    whole = cropped_mask(vessel, box)
    if len(large) > 1:
        return _pieces(labels, large, whole.geometry)
    main = Mask(labels == large[0], whole.geometry, name=vessel.name)
    if main.voxel_count < _LEAST_VOXELS:
        return None
    left_out = vessel.voxel_count - main.voxel_count if count > 1 else 0
    return _course(_thinned(main), left_out)


def even_course(points_lps_mm: npt.ArrayLike, smooth_mm: float = _SMOOTH_LEAST_MM) -> FloatArray:
    """A line [n, 3] in LPS mm with even steps of half a millimetre, its zigzags of voxels smoothed away."""
    even = _resampled(np.asarray(points_lps_mm, dtype=np.float64))
    # Reflected about its end points, so that smoothing neither shortens nor bends the ends.
    reach = min(len(even) - 1, int(4 * smooth_mm / STEP_MM))
    before, after = 2 * even[0] - even[reach:0:-1], 2 * even[-1] - even[-2 : -reach - 2 : -1]
    smooth = ndimage.gaussian_filter1d(np.concatenate([before, even, after]), smooth_mm / STEP_MM, axis=0)
    return _resampled(smooth[len(before) : len(before) + len(even)])


def _pieces(labels: npt.NDArray[np.uint32], large: list[int], geometry: Geometry) -> Pieces:
    """The nearest two voxels of the two largest parts tell the gap."""
    first, second = labels == large[0], labels == large[1]
    far, nearest = ndimage.distance_transform_edt(~first, sampling=geometry.spacing_mm, return_indices=True)
    at = np.unravel_index(int(np.argmin(np.where(second, far, np.inf))), far.shape)
    ends = geometry.to_lps(np.array([at, [axis[at] for axis in nearest]], dtype=np.float64))
    sizes = np.bincount(labels.ravel())
    return Pieces(tuple(int(sizes[n]) for n in large), float(far[at]), ends)


def _thinned(vessel: Mask) -> Mask:
    """The mask on a coarser grid when it has very many voxels: a course needs no more."""
    factor = 1
    while vessel.voxel_count > _MOST_VOXELS * factor**3:
        factor += 1
    if factor == 1:
        return vessel
    grid = vessel.geometry
    coarse = tuple(np.arange(factor // 2, n, factor) for n in grid.shape)
    if min(len(one) for one in coarse) < 2:
        return vessel
    near = ndimage.uniform_filter(vessel.array.astype(np.float32), factor, mode="nearest")[np.ix_(*coarse)]
    origin = grid.to_lps([float(one[0]) for one in coarse])
    k, j, i = (len(one) for one in coarse)
    dk, dj, di = (factor * spacing for spacing in grid.spacing_mm)
    geometry = Geometry((k, j, i), (dk, dj, di), (origin[0], origin[1], origin[2]), grid.axes_lps)
    return Mask(near >= 0.5, geometry, name=vessel.name)


def _course(vessel: Mask, left_out: int) -> Course:
    depth = inside_depth_mm(vessel).astype(np.float64)
    # A voxel of the outermost layer lies half a voxel deep.
    depth = np.where(vessel.array, np.maximum(depth - 0.5 * min(vessel.geometry.spacing_mm), 0.1), 0.0)
    radius = float(depth.max())
    cost = (radius / np.maximum(depth, 0.05 * radius)) ** _DEPTH_POWER
    plain = VoxelGraph(vessel.array, np.ones(depth.shape), vessel.geometry.spacing_mm)
    start = _farthest(plain, 0)
    end = _farthest(plain, start)
    length = float(plain.costs_from(start)[end])
    if length < _STUBBY_RADII * radius:
        points = _axis(vessel)
    else:
        path = VoxelGraph(vessel.array, cost, vessel.geometry.spacing_mm).path(start, end)
        points = _straight_ends(vessel.geometry.to_lps(path), vessel, radius)
    return Course(even_course(points, max(_SMOOTH_LEAST_MM, _SMOOTH_RADII * radius)), radius, left_out)


def _farthest(graph: VoxelGraph, node: int) -> int:
    costs = graph.costs_from(node)
    return int(np.argmax(np.where(np.isfinite(costs), costs, -1.0)))


def _axis(vessel: Mask) -> FloatArray:
    """The long axis of a short vessel as a straight line, both ends at its outline."""
    points = vessel.geometry.to_lps(np.argwhere(vessel.array))
    middle = points.mean(axis=0)
    along = np.linalg.svd(points - middle, full_matrices=False)[2][0]
    reach = (points - middle) @ along
    return np.asarray(middle + np.outer(np.linspace(reach.min(), reach.max(), 20), along))


def _straight_ends(points: FloatArray, vessel: Mask, radius_mm: float) -> FloatArray:
    """Both ends, as long as the widest radius, replaced by the straight line of the stretch before them."""
    even = even_course(points, _SMOOTH_LEAST_MM)
    cut = max(round(radius_mm / STEP_MM), 1)
    if len(even) < 4 * cut + 4:
        return even
    middle = even[cut:-cut]
    reach = 2 * cut
    first = _onward(middle[0], middle[0] - middle[reach], vessel, 2.0 * radius_mm)
    last = _onward(middle[-1], middle[-1] - middle[-1 - reach], vessel, 2.0 * radius_mm)
    return np.concatenate([first[::-1], middle, last])


def _onward(start: FloatArray, along: FloatArray, vessel: Mask, most_mm: float) -> FloatArray:
    """Points from a start straight on, as far as they lie in the lumen."""
    along = along / np.linalg.norm(along)
    steps = np.arange(STEP_MM, most_mm + STEP_MM, STEP_MM)
    points = start + steps[:, None] * along
    index = np.round(vessel.geometry.to_index(points)).astype(int)
    within = ((index >= 0) & (index < vessel.array.shape)).all(axis=1)
    inside = np.zeros(len(points), dtype=bool)
    inside[within] = vessel.array[tuple(index[within].T)]
    last = len(inside) if inside.all() else int(np.argmin(inside))
    return points[:last]


def _resampled(points: FloatArray) -> FloatArray:
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    wanted = np.linspace(0.0, length[-1], max(round(length[-1] / STEP_MM), 1) + 1)
    return np.stack([np.interp(wanted, length, points[:, axis]) for axis in range(3)], axis=1)
