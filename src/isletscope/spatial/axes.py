"""Diameters of a mask, as callipers would be laid on its outline.

Convention: voxels make stairs, and the corners of stairs lengthen every diameter by up to one voxel. So the mask is
first smoothed (binomial weights 1 4 6 4 1 along each axis), and its outline is the level line, linearly interpolated,
that keeps the number of voxels. Spheres and ellipsoids of 2 to 20 voxels are measured to within half a voxel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import convolve1d
from scipy.ndimage import label as label_plane

from isletscope.errors import GeometryError
from isletscope.spatial.crop import bounding_box, cropped_mask
from isletscope.spatial.geometry import FloatArray, Geometry
from isletscope.spatial.volume import Mask

_ALL_NEIGHBOURS = np.ones((3, 3))
_WEIGHTS = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
_PADDING = 3
_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
# Outline pieces of a cell by which of its corners (1 top left, 2 top right, 4 bottom right, 8 bottom left) are inside.
# Corners that touch only across the cell stay joined, like the 8-neighbour regions they belong to.
_PIECES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((_LEFT, _TOP),),
    2: ((_TOP, _RIGHT),),
    3: ((_LEFT, _RIGHT),),
    4: ((_RIGHT, _BOTTOM),),
    5: ((_TOP, _RIGHT), (_BOTTOM, _LEFT)),
    6: ((_TOP, _BOTTOM),),
    7: ((_LEFT, _BOTTOM),),
    8: ((_BOTTOM, _LEFT),),
    9: ((_TOP, _BOTTOM),),
    10: ((_LEFT, _TOP), (_RIGHT, _BOTTOM)),
    11: ((_RIGHT, _BOTTOM),),
    12: ((_LEFT, _RIGHT),),
    13: ((_TOP, _RIGHT),),
    14: ((_LEFT, _TOP),),
}


@dataclass(frozen=True)
class AxialAxes:
    """Longest diameter in an axial plane and the longest one at right angles to it in the same plane.

    ``plane`` is the array index along ``plane_axis`` (0 for a series of axial slices). End points are LPS mm.
    """

    long_mm: float
    short_mm: float
    plane: int
    plane_axis: int
    long_ends_lps_mm: FloatArray
    short_ends_lps_mm: FloatArray


def axial_axes_mm(mask: Mask) -> tuple[float, float, int]:
    """Long axis, short axis at right angles to it (mm), and the plane k they lie in; see :func:`axial_axes`."""
    axes = axial_axes(mask)
    return axes.long_mm, axes.short_mm, axes.plane


def axial_axes(mask: Mask) -> AxialAxes:
    """RECIST-like axes: the longest diameter over all axial planes, and the longest perpendicular in its plane.

    Axial planes are those of the array axis nearest to the patient's long axis. Each connected part of a plane is
    measured by itself. Raises GeometryError for an empty mask.
    """
    box = bounding_box(mask.array)
    if box is None:
        raise GeometryError("an empty region has no diameter", subject=mask.name or "region")
    part = cropped_mask(mask, box)
    geometry, permutation, flips = part.geometry.reordered()
    array = part.array.transpose(permutation)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    best: tuple[float, int, FloatArray, FloatArray] | None = None
    for plane in range(array.shape[0]):
        if best is not None and _diagonal_mm(array[plane], geometry) <= best[0]:
            continue
        parts, count = label_plane(array[plane], _ALL_NEIGHBOURS)
        for number in range(1, count + 1):
            pieces = _outline_mm(parts == number, geometry)
            ends = _farthest(pieces.reshape(-1, 2))
            length = float(np.linalg.norm(ends[1] - ends[0]))
            if best is None or length > best[0] + 1e-9:
                best = (length, plane, ends, pieces)
    assert best is not None
    length, plane, ends, pieces = best
    across = _longest_perpendicular(pieces, ends)
    axis = permutation[0]
    first = box.start[axis]
    return AxialAxes(
        long_mm=length,
        short_mm=float(np.linalg.norm(across[1] - across[0])),
        plane=first + (array.shape[0] - 1 - plane if flips[0] else plane),
        plane_axis=axis,
        long_ends_lps_mm=_in_patient(ends, plane, geometry),
        short_ends_lps_mm=_in_patient(across, plane, geometry),
    )


def extent_3d_mm(mask: Mask) -> float:
    """Longest diameter of a region in three dimensions, mm, on the same outline convention.

    Raises GeometryError for an empty mask.
    """
    box = bounding_box(mask.array)
    if box is None:
        raise GeometryError("an empty region has no diameter", subject=mask.name or "region")
    smooth, level = _smoothed(mask.array[box.slices])
    points: list[FloatArray] = []
    for axis in range(3):
        share, crossed = _crossings(smooth, level, axis)
        at = np.argwhere(crossed).astype(np.float64)
        at[:, axis] += share[crossed]
        points.append(at)
    ends = _farthest(np.concatenate(points) * np.asarray(mask.geometry.spacing_mm))
    return float(np.linalg.norm(ends[1] - ends[0]))


def _diagonal_mm(plane: npt.NDArray[np.bool_], geometry: Geometry) -> float:
    """Diagonal of the box around the region in a plane; no diameter can be longer."""
    widths = [np.flatnonzero(plane.any(axis=axis)) for axis in (1, 0)]
    if widths[0].size == 0:
        return 0.0
    sides = [(w[-1] - w[0] + 1) * s for w, s in zip(widths, geometry.spacing_mm[1:], strict=True)]
    return float(np.hypot(*sides))


def _smoothed(inside: npt.NDArray[np.bool_]) -> tuple[FloatArray, float]:
    """The smoothed mask, padded by 3 voxels, and the level that as many of its voxels exceed as were inside."""
    smooth = np.pad(inside, _PADDING).astype(np.float64)
    for axis in range(inside.ndim):
        smooth = convolve1d(smooth, _WEIGHTS, axis=axis, mode="constant")
    count = int(np.count_nonzero(inside))
    place = smooth.size - count
    ordered = np.partition(smooth.ravel(), (place - 1, place))
    return smooth, float(ordered[place - 1] + ordered[place]) / 2


def _crossings(smooth: FloatArray, level: float, axis: int) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Where between neighbours along an axis the level is crossed (0 to 1), and whether it is."""
    low, high = np.delete(smooth, -1, axis=axis), np.delete(smooth, 0, axis=axis)
    crossed = (low >= level) != (high >= level)
    share = np.divide(level - low, high - low, out=np.zeros_like(low), where=crossed)
    return share, crossed


def _outline_mm(plane: npt.NDArray[np.bool_], geometry: Geometry) -> FloatArray:
    """Outline pieces (n, 2 ends, 2: row and column in mm from the centre of the first voxel) by marching squares."""
    smooth, level = _smoothed(plane)
    within = (smooth >= level).astype(np.uint8)
    kind = within[:-1, :-1] + 2 * within[:-1, 1:] + 4 * within[1:, 1:] + 8 * within[1:, :-1]
    down, _ = _crossings(smooth, level, 0)
    along, _ = _crossings(smooth, level, 1)
    pieces: list[FloatArray] = []
    for value, edges in _PIECES.items():
        rows, columns = np.nonzero(kind == value)
        ends = {
            _TOP: np.column_stack([rows, columns + along[rows, columns]]),
            _BOTTOM: np.column_stack([rows + 1, columns + along[rows + 1, columns]]),
            _LEFT: np.column_stack([rows + down[rows, columns], columns]),
            _RIGHT: np.column_stack([rows + down[rows, columns + 1], columns + 1]),
        }
        pieces.extend(np.stack([ends[a], ends[b]], axis=1) for a, b in edges)
    in_plane = np.concatenate(pieces) - _PADDING
    return np.asarray(in_plane * np.asarray(geometry.spacing_mm[1:]), dtype=np.float64)


def _farthest(points: FloatArray) -> FloatArray:
    """The two points that lie farthest apart, (2, dimensions)."""
    # Loaded here: scipy.spatial takes long to load, and most users of this room never measure axes.
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import cdist

    corners = points[ConvexHull(points).vertices]
    apart = cdist(corners, corners, "sqeuclidean")
    a, b = np.unravel_index(int(apart.argmax()), apart.shape)
    return np.stack([corners[a], corners[b]])


def _longest_perpendicular(pieces: FloatArray, ends: FloatArray) -> FloatArray:
    """End points of the longest calliper width at right angles to the line between ``ends``.

    The width changes linearly between vertices, so it is enough to look at the vertices.
    """
    direction = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    normal = np.array([-direction[1], direction[0]])
    u, v = pieces @ direction, pieces @ normal
    low, high = u.min(axis=1), u.max(axis=1)
    best, best_width = np.stack([ends[0], ends[0]]), -1.0
    for at in np.unique(u.ravel()):
        cut = (low <= at + 1e-9) & (high >= at - 1e-9)
        rise = u[cut, 1] - u[cut, 0]
        flat = np.abs(rise) < 1e-9
        share = np.where(flat, 0.0, (at - u[cut, 0]) / np.where(flat, 1.0, rise))
        crossing = v[cut, 0] + share * (v[cut, 1] - v[cut, 0])
        every = np.concatenate([crossing, v[cut, 1][flat]])
        width = float(every.max() - every.min())
        if width > best_width + 1e-9:
            best_width = width
            best = np.stack([direction * at + normal * every.min(), direction * at + normal * every.max()])
    return best


def _in_patient(points_mm: FloatArray, plane: int, geometry: Geometry) -> FloatArray:
    index = np.column_stack([np.full(len(points_mm), float(plane)), points_mm / np.asarray(geometry.spacing_mm[1:])])
    return geometry.to_lps(index)
