"""The painter's kernel: solids over a slab of voxels, tile by tile, each tile with the few parts that reach it.

A tile is a small box of voxels. Bounds of every part's distance over the tile's anatomical box tell which solids lie
clear of it, which cover it whole (nothing under them need be painted), and which parts of a chain cannot be felt there.
Only what provably changes nothing is left out: a voxel gets the value that all parts of all solids would give it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from isletscope.phantom.shapes import (
    CAPSULE,
    CYLINDER,
    ELLIPSOID,
    HALF_SPACE,
    INTERSECT,
    SURFACE,
    UNION,
    Array,
    Image,
    Indices,
    distance_to_part,
    smooth_min,
)

_PLANES, _ROWS, _COLUMNS = 4, 8, 8
TILE = (_PLANES, _ROWS, _COLUMNS)
_FAR = 1.0e6
_RUN = 96
# Bounds are widened by this much (mm) against rounding.
_SAFE_MM = 1e-3


@njit(cache=True, fastmath=True, nogil=True)
def _bounds(
    rows: Array, n: int, middle: Array, half: Array, low_below: float, high_below: float
) -> tuple[float, float]:
    """Smallest and largest value that the distance to part ``n`` can take in a box (mm).

    The box is given by its middle and half widths; ``low_below`` and ``high_below`` bound the distance to the lean body
    surface in it.
    """
    kind = int(rows[n, 0])
    if kind == SURFACE:
        return low_below + rows[n, 3], high_below + rows[n, 3]
    value = distance_to_part(rows, n, middle[0], middle[1], middle[2], 0.0)
    if kind == HALF_SPACE:
        reach = abs(rows[n, 3]) * half[0] + abs(rows[n, 4]) * half[1] + abs(rows[n, 5]) * half[2]
        return value - reach, value + reach
    reach = np.sqrt(half[0] * half[0] + half[1] * half[1] + half[2] * half[2])
    if kind == CAPSULE:
        ux, uy, uz = rows[n, 6] - rows[n, 3], rows[n, 7] - rows[n, 4], rows[n, 8] - rows[n, 5]
        length = np.sqrt(ux * ux + uy * uy + uz * uz)
        taper = abs(rows[n, 10] - rows[n, 9]) / length if length > 0.0 else 0.0
        return value - reach * (1.0 + taper), value + reach * (1.0 + taper)
    dx, dy, dz = middle[0] - rows[n, 3], middle[1] - rows[n, 4], middle[2] - rows[n, 5]
    a = (rows[n, 6] * dx + rows[n, 7] * dy + rows[n, 8] * dz) / rows[n, 15]
    b = (rows[n, 9] * dx + rows[n, 10] * dy + rows[n, 11] * dz) / rows[n, 16]
    along = rows[n, 12] * dx + rows[n, 13] * dy + rows[n, 14] * dz
    least, most = min(rows[n, 15], rows[n, 16]), max(rows[n, 15], rows[n, 16])
    if kind == ELLIPSOID:
        least, most = min(least, rows[n, 17]), max(most, rows[n, 17])
        c = along / rows[n, 17]
        return _round_bounds(np.sqrt(a * a + b * b + c * c), reach, least, most)
    low, high = _round_bounds(np.sqrt(a * a + b * b), reach, least, most)
    cap = abs(along) - rows[n, 17]
    return max(low, cap - reach), max(high, cap + reach)


@njit(cache=True, fastmath=True, nogil=True)
def _round_bounds(g: float, reach: float, least: float, most: float) -> tuple[float, float]:
    """Bounds of ``g (g - 1) / slope`` within ``reach`` mm: ``g / slope`` lies between the least and most half axis."""
    low, high = max(g - reach / least, 0.0) - 1.0, g + reach / least - 1.0
    return low * (least if low > 0.0 else most), high * (most if high > 0.0 else least)


@njit(cache=True, fastmath=True, nogil=True)
def _pick(
    rows: Array,
    first: int,
    last: int,
    edge_mm: float,
    middle: Array,
    half: Array,
    below: Array,
    picked: Indices,
    start: int,
) -> tuple[int, float, float]:
    """Write the parts of a solid that count in a box to ``picked`` from ``start``; where they end, and the bounds.

    A united part is left out where it lies so far beyond the parts before it that their blend does not feel it, or so
    far from the box that no blend could bring its surface there; what it hides before it is left out likewise.
    """
    end, low, high, blends = start, _FAR, _FAR, 0.0
    for n in range(first, last):
        if rows[n, 1] == UNION:
            blends += rows[n, 2]
    clear = 0.5 * edge_mm + 1.25 * blends + _SAFE_MM
    nearest, lowered = _FAR, 0.0
    for n in range(first, last):
        part_low, part_high = _bounds(rows, n, middle, half, below[0], below[1])
        blend = rows[n, 2]
        if rows[n, 1] == UNION:
            nearest = min(nearest, part_low)
            lowered += 0.25 * blend
            if part_low >= clear or part_low >= high + blend + _SAFE_MM:
                continue
            if low >= part_high + blend + _SAFE_MM:
                end, low, high = start, part_low, part_high
            else:
                low, high = min(low, part_low) - 0.25 * blend, min(high, part_high)
        elif rows[n, 1] == INTERSECT:
            low, high = max(low, part_low), max(high, part_high) + 0.25 * blend
            nearest = max(nearest, part_low + lowered)
        else:
            low, high = max(low, -part_high), max(high, -part_low) + 0.25 * blend
            nearest = max(nearest, -part_high + lowered)
        picked[end] = n
        end += 1
    return end, nearest - lowered, high


@njit(cache=True, fastmath=True, nogil=True)
def _part_values(rows: Array, n: int, points: Array, count: int, out: Array) -> None:
    """Signed distance (mm) of ``count`` points to part ``n``; ``points`` [4, m]: x, y, z, distance to the surface."""
    kind = int(rows[n, 0])
    x, y, z, below = points[0, :count], points[1, :count], points[2, :count], points[3, :count]
    if kind == SURFACE:
        for m in range(count):
            out[m] = below[m] + rows[n, 3]
    elif kind == HALF_SPACE:
        a, b, c, offset = rows[n, 3], rows[n, 4], rows[n, 5], rows[n, 6]
        for m in range(count):
            out[m] = a * x[m] + b * y[m] + c * z[m] - offset
    elif kind == CAPSULE:
        _capsule_values(rows[n], x, y, z, out)
    else:
        _round_values(rows[n], x, y, z, out)


@njit(cache=True, fastmath=True, nogil=True)
def _capsule_values(row: Array, x: Array, y: Array, z: Array, out: Array) -> None:
    x0, y0, z0, radius, grown = row[3], row[4], row[5], row[9], row[10] - row[9]
    ux, uy, uz = row[6] - x0, row[7] - y0, row[8] - z0
    length = ux * ux + uy * uy + uz * uz
    if length <= 0.0:
        ux, uy, uz, length = 0.0, 0.0, 0.0, 1.0
    for m in range(x.size):
        px, py, pz = x[m] - x0, y[m] - y0, z[m] - z0
        t = min(max((px * ux + py * uy + pz * uz) / length, 0.0), 1.0)
        px, py, pz = px - t * ux, py - t * uy, pz - t * uz
        out[m] = np.sqrt(px * px + py * py + pz * pz) - (radius + t * grown)


@njit(cache=True, fastmath=True, nogil=True)
def _round_values(row: Array, x: Array, y: Array, z: Array, out: Array) -> None:
    x0, y0, z0, a0, b0, c0 = row[3], row[4], row[5], row[15], row[16], row[17]
    m00, m01, m02, m10, m11, m12, m20, m21, m22 = row[6:15]
    least = min(a0, b0)
    if row[0] == CYLINDER:
        for m in range(x.size):
            dx, dy, dz = x[m] - x0, y[m] - y0, z[m] - z0
            pz = m20 * dx + m21 * dy + m22 * dz
            a, b = (m00 * dx + m01 * dy + m02 * dz) / a0, (m10 * dx + m11 * dy + m12 * dz) / b0
            g = np.sqrt(a * a + b * b)
            slope = np.sqrt((a / a0) ** 2 + (b / b0) ** 2)
            side = g * (g - 1.0) / max(slope, 1e-9) if slope > 1e-9 else -least
            out[m] = max(side, abs(pz) - c0)
        return
    least = min(least, c0)
    for m in range(x.size):
        dx, dy, dz = x[m] - x0, y[m] - y0, z[m] - z0
        a, b = (m00 * dx + m01 * dy + m02 * dz) / a0, (m10 * dx + m11 * dy + m12 * dz) / b0
        c = (m20 * dx + m21 * dy + m22 * dz) / c0
        g = np.sqrt(a * a + b * b + c * c)
        slope = np.sqrt((a / a0) ** 2 + (b / b0) ** 2 + (c / c0) ** 2)
        out[m] = g * (g - 1.0) / max(slope, 1e-9) if slope > 1e-9 else -least


@njit(cache=True, fastmath=True, nogil=True)
def _distances(rows: Array, parts: Indices, points: Array, count: int, part: Array, out: Array) -> None:
    """Signed distance (mm) of ``count`` points to the solid of the given parts; ``part`` is room to work in."""
    for m in range(count):
        out[m] = _FAR
    for n in parts:
        _part_values(rows, n, points, count, part)
        operation, blend = int(rows[n, 1]), rows[n, 2]
        if operation == UNION:
            if blend <= 0.0:
                for m in range(count):
                    out[m] = min(out[m], part[m])
            else:
                for m in range(count):
                    out[m] = smooth_min(out[m], part[m], blend)
        elif operation == INTERSECT:
            for m in range(count):
                out[m] = -smooth_min(-out[m], -part[m], blend)
        else:
            for m in range(count):
                out[m] = -smooth_min(-out[m], part[m], blend)


@njit(cache=True, fastmath=True, nogil=True)
def _tile_points(
    where: Image, tile: Indices, outside_mm: float, points: Array, middle: Array, half: Array, below: Array
) -> bool:
    """The tile's ``points`` [4, m] and the box about them; False where none lies within ``outside_mm``."""
    low, high = np.full(4, _FAR), np.full(4, -_FAR)
    # The distance to the body first: most tiles lie beyond it.
    for n in (3, 0, 1, 2):
        m = 0
        least, most = np.float32(_FAR), np.float32(-_FAR)
        for k in range(tile[0], tile[1]):
            for j in range(tile[2], tile[3]):
                for i in range(tile[4], tile[5]):
                    value = where[n, k, j, i]
                    least, most = min(least, value), max(most, value)
                    points[n, m] = value
                    m += 1
        low[n], high[n] = least, most
        if low[3] > outside_mm:
            return False
    for n in range(3):
        middle[n] = 0.5 * (low[n] + high[n])
        half[n] = 0.5 * (high[n] - low[n]) + _SAFE_MM
    below[0], below[1] = low[3], high[3]
    return True


@njit(cache=True, fastmath=True, nogil=True)
def _reaching(
    rows: Array,
    starts: Indices,
    boxes: Array,
    edge_mm: float,
    box: tuple[Array, Array, Array],
    solids: Indices,
    picked: Indices,
) -> int:
    """The solids that show in a tile, in painting order: rows of ``solids`` hold number and range in ``picked``."""
    middle, half, below = box
    count, end = 0, 0
    for n in range(boxes.shape[0]):
        first, last = starts[n], starts[n + 1]
        layer = last - first == 1 and rows[first, 0] == SURFACE
        within = True
        if layer:
            if below[0] + rows[first, 3] >= 0.5 * edge_mm + _SAFE_MM:
                continue
        else:
            apart = False
            for m in range(3):
                low, high = middle[m] - half[m], middle[m] + half[m]
                apart |= low > boxes[n, m + 3] or high < boxes[n, m]
                within &= low >= boxes[n, m] and high <= boxes[n, m + 3]
            if apart:
                continue
        stop, nearest, farthest = _pick(rows, first, last, edge_mm, middle, half, below, picked, end)
        if nearest >= 0.5 * edge_mm + _SAFE_MM:
            continue
        if within and not layer and farthest <= -0.5 * edge_mm - _SAFE_MM:
            # It hides all that was painted before.
            for m in range(end, stop):
                picked[m - end] = picked[m]
            count, stop, end = 0, stop - end, 0
        solids[count, 0], solids[count, 1], solids[count, 2] = n, end, stop
        count, end = count + 1, stop
    return count


@njit(cache=True, fastmath=True, nogil=True)
def paint(
    rows: Array,
    starts: Indices,
    boxes: Array,
    values: Image,
    codes: npt.NDArray[np.uint8],
    where: Image,
    outside_mm: float,
    edge_mm: float,
    images: Image,
    labels: npt.NDArray[np.uint8],
) -> None:
    """Paint solids, in order, over ``images`` [channel, k, j, i] and ``labels`` [2, k, j, i] of a slab.

    Solid n has the parts ``rows[starts[n]:starts[n + 1]]``, the anatomical box ``boxes[n]`` (mm), one value per channel
    ``values[n]`` and two label codes ``codes[n]``. ``where`` [4, k, j, i]: anatomical x, y, z of the voxels and their
    distance to the lean body surface (mm); beyond ``outside_mm`` of it nothing is painted. Labels change where at least
    half of a voxel is covered.
    """
    planes, lines, columns = images.shape[1:]
    solids, picked = np.empty((boxes.shape[0], 3), dtype=np.int64), np.empty(rows.shape[0], dtype=np.int64)
    middle, half, below = np.empty(3), np.empty(3), np.empty(2)
    size = _PLANES * _ROWS * _COLUMNS
    points, part, distance = np.empty((4, size)), np.empty(size), np.empty(size)
    tile = np.empty(6, dtype=np.int64)
    for k in range(0, planes, _PLANES):
        tile[0], tile[1] = k, min(k + _PLANES, planes)
        for j in range(0, lines, _ROWS):
            tile[2], tile[3] = j, min(j + _ROWS, lines)
            for i in range(0, columns, _COLUMNS):
                tile[4], tile[5] = i, min(i + _COLUMNS, columns)
                if not _tile_points(where, tile, outside_mm, points, middle, half, below):
                    continue
                count = (tile[1] - tile[0]) * (tile[3] - tile[2]) * (tile[5] - tile[4])
                for m in range(_reaching(rows, starts, boxes, edge_mm, (middle, half, below), solids, picked)):
                    n, first, last = solids[m]
                    _distances(rows, picked[first:last], points, count, part, distance)
                    layer = starts[n + 1] - starts[n] == 1 and rows[starts[n], 0] == SURFACE
                    if _covers(points, count, boxes[n], layer, outside_mm, edge_mm, distance):
                        _cover(tile, distance, values[n], codes[n], layer, images, labels)


@njit(cache=True, fastmath=True, nogil=True)
def _covers(
    points: Array, count: int, box: Array, layer: bool, outside_mm: float, edge_mm: float, distance: Array
) -> bool:
    """Turn distances into covered shares of the voxels, in place; whether any is covered.

    Nothing is covered beyond ``outside_mm`` of the body, and but for layers of it nothing outside ``box``.
    """
    most = 0.0
    for m in range(count):
        x, y, z = points[0, m], points[1, m], points[2, m]
        within = (x >= box[0]) & (y >= box[1]) & (z >= box[2]) & (x <= box[3]) & (y <= box[4]) & (z <= box[5])
        counts = (within | layer) & (points[3, m] <= outside_mm)
        share = max(0.5 - distance[m] / edge_mm, 0.0) if counts else 0.0
        distance[m] = share
        most = max(most, share)
    return most > 0.0


@njit(cache=True, fastmath=True, nogil=True)
def _cover(
    tile: Indices,
    cover: Array,
    values: Image,
    codes: npt.NDArray[np.uint8],
    layer: bool,
    images: Image,
    labels: npt.NDArray[np.uint8],
) -> None:
    """Mix a solid's values into a tile by covered share, and set the labels where it is at least half."""
    wide = tile[5] - tile[4]
    at = 0
    for k in range(tile[0], tile[1]):
        for j in range(tile[2], tile[3]):
            for c in range(values.size):
                value, line = values[c], images[c, k, j, tile[4] : tile[5]]
                for i in range(wide):
                    whole = cover[at + i] >= 1.0
                    share = np.float32(min(cover[at + i], 1.0))
                    mixed = line[i] + share * (value - line[i])
                    line[i] = value if whole and not layer else mixed
            organs, structures = labels[0, k, j, tile[4] : tile[5]], labels[1, k, j, tile[4] : tile[5]]
            for i in range(wide):
                most = cover[at + i] >= 0.5
                organs[i] = codes[0] if most else organs[i]
                structures[i] = codes[1] if most else structures[i]
            at += wide


@njit(cache=True, fastmath=True, nogil=True)
def part_distances(rows: Array, points: Array, below_surface: Array, out: Array) -> None:
    """Signed distance (mm) of anatomical ``points`` [n, 3] to the solid of the parts ``rows``, as it is painted.

    ``below_surface`` [n]: signed distance of each point to the lean body surface (zeros when no part needs it). Points
    that follow each other should lie near each other: each run of them is measured against the parts that count there.
    """
    run = np.empty((4, _RUN))
    picked, part = np.empty(rows.shape[0], dtype=np.int64), np.empty(_RUN)
    middle, half, below = np.empty(3), np.empty(3), np.empty(2)
    for start in range(0, out.size, _RUN):
        count = min(_RUN, out.size - start)
        for n in range(4):
            low, high = _FAR, -_FAR
            for m in range(count):
                value = points[start + m, n] if n < 3 else below_surface[start + m]
                low, high = min(low, value), max(high, value)
                run[n, m] = value
            if n < 3:
                middle[n], half[n] = 0.5 * (low + high), 0.5 * (high - low) + _SAFE_MM
            else:
                below[0], below[1] = low, high
        stop = _pick(rows, 0, rows.shape[0], _FAR, middle, half, below, picked, 0)[0]
        _distances(rows, picked[:stop], run, count, part, out[start : start + count])
