"""Contact of a tumour with the wall of a vessel: degrees around it, millimetres along it, at several tolerances.

Method: surgery rules SURG-101 and SURG-102 of this project. At each point of the vessel's course rays are cast in the
plane perpendicular to it; a ray is in contact where the tumour lies within the tolerance of the wall. The angle is 360
degrees times the share of the ring in contact (all arcs summed); the largest angle is that of a running median over
3 mm of course, so that one plane alone says nothing. Where contact begins and ends is interpolated between rays and
between rings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from isletscope.spatial import FloatArray, Mask
from isletscope.surgery.contact_rules import TOLERANCES_MM, contact_rules
from isletscope.surgery.course import STEP_MM
from isletscope.surgery.outline import Outline, outline_of, signed_distance
from isletscope.surgery.wall import RAYS, Wall, lumen_at, open_rays

_EVERY_RING = 2
_EVERY_RAY = 4
_FAR_MM = 1e3

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Beside:
    """A wall and the tumour's outline about it.

    ``depth_mm`` [s, ray]: signed distance of the wall points to the tumour's outline carried on through the lumen,
    negative inside; far where no outline is near. ``foot`` [s, ray, 3]: the nearest point of that outline, LPS mm.
    ``open_`` [s, ray]: the lumen goes on (a branch, another vessel), so that no tumour can lie there.
    """

    wall: Wall
    depth_mm: FloatArray
    foot: FloatArray
    open_: Flags
    lumina: Mask


@dataclass(frozen=True)
class Contact:
    """Contact along a course at one tolerance.

    ``degrees`` [s] around each ring; ``degrees_max`` after the running median, ``largest_arc`` there. ``length_mm``:
    course with any contact, and with more than 90 and 180 degrees (keys ``any``, ``gt90``, ``gt180``);
    ``longest_run_mm`` bridges gaps shorter than 2 mm.
    """

    tolerance_mm: float
    degrees: FloatArray
    degrees_max: float
    worst_ring: int
    largest_arc: float
    length_mm: dict[str, float]
    longest_run_mm: float


def beside(wall: Wall, tumour: Mask, lumina: npt.NDArray[np.bool_]) -> Beside:
    """Where the tumour's outline lies about a wall; ``lumina`` [k, j, i] of all vessels, this one too."""
    outline = outline_of(tumour, lumina)
    grid = Mask(lumina, tumour.geometry)
    depth, foot = _on_nodes(wall, outline, tumour, lumina)
    return Beside(wall, depth, foot, open_rays(wall, grid), grid)


def gaps_of(found: Beside, moved_mm: FloatArray | float = 0.0) -> FloatArray:
    """Distance [s, ray] in mm from the wall to the tumour outside the lumina; negative (the depth) in contact.

    Where the nearest point of the outline would lie in a lumen, the rim of the contact is nearest. ``moved_mm`` moves
    the outline outward [s, ray].
    """
    depth = np.where(found.open_, _FAR_MM, found.depth_mm - moved_mm)
    gaps = depth.copy()
    unsure = (depth > 0) & (depth < 2 * max(TOLERANCES_MM))
    if not unsure.any():
        return gaps
    points = found.wall.points
    rim = _rim(depth, points)
    around = cKDTree(rim).query(points[unsure])[0] if len(rim) else np.full(int(unsure.sum()), _FAR_MM)
    blocked = lumen_at(found.lumina, found.foot[unsure]) >= 0.5
    gaps[unsure] = np.where(blocked, np.maximum(around, depth[unsure]), np.minimum(around, depth[unsure]))
    return gaps


def contact_at(wall: Wall, gaps_mm: FloatArray, tolerance_mm: float) -> Contact:
    """Contact at one tolerance from the gaps [s, ray]."""
    excess = gaps_mm - tolerance_mm
    degrees = 360.0 * ring_share(excess)
    width = max(round(contact_rules().median_mm.value / STEP_MM), 1) | 1
    median = ndimage.median_filter(degrees, size=width, mode="constant")
    # Of equal rings the middle one: where the vessel is wholly surrounded, the first is only where that begins.
    equal = np.flatnonzero(median >= median.max() - 1e-9)
    worst = int(equal[len(equal) // 2])
    nearest = excess.min(axis=1)
    length = float(stretches(nearest, wall.arc_mm).sum())
    longer = {f"gt{level}": min(float(stretches(level - degrees, wall.arc_mm).sum()), length) for level in (90, 180)}
    return Contact(
        tolerance_mm=tolerance_mm,
        degrees=degrees,
        degrees_max=float(median[worst]),
        worst_ring=worst,
        largest_arc=largest_arc_degrees(excess[worst] <= 0),
        length_mm={"any": length, **longer},
        longest_run_mm=float(stretches(nearest, wall.arc_mm, contact_rules().bridged_mm.value).max(initial=0.0)),
    )


def ring_share(excess: FloatArray) -> FloatArray:
    """Share [s] of closed rings [s, ray] where a value that is linear between rays is not positive."""
    a, b = excess, np.roll(excess, -1, axis=1)
    low, high = np.minimum(a, b), np.maximum(a, b)
    across = (low <= 0) & (high > 0)
    part = np.where(across, -low / np.where(across, high - low, 1.0), (high <= 0).astype(np.float64))
    return np.asarray(part.mean(axis=1))


def stretches(excess: FloatArray, arc_mm: FloatArray, bridged_mm: float = 0.0) -> FloatArray:
    """Lengths in mm of the stretches of a line where a value [s], linear between its points, is not positive.

    Gaps shorter than ``bridged_mm`` between two stretches count as part of them.
    """
    spans: list[list[float]] = []
    for n in range(len(excess) - 1):
        a, b, start, end = excess[n], excess[n + 1], arc_mm[n], arc_mm[n + 1]
        if a > 0 and b > 0:
            continue
        cross = start + (end - start) * (a / (a - b)) if (a > 0) != (b > 0) else start
        first, last = (cross, end) if a > 0 else (start, cross if b > 0 else end)
        if spans and first - spans[-1][1] <= max(bridged_mm, 1e-9):
            spans[-1][1] = last
        else:
            spans.append([first, last])
    return np.array([last - first for first, last in spans])


def largest_arc_degrees(ring: Flags) -> float:
    """The largest unbroken arc of a closed ring of flags, degrees."""
    if ring.all():
        return 360.0
    turned = np.roll(ring, -int(np.argmin(ring)))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], turned.astype(np.int8), [0]])))
    return 360.0 / len(ring) * float((edges[1::2] - edges[::2]).max(initial=0))


def _on_nodes(
    wall: Wall, outline: Outline, tumour: Mask, lumina: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Depth and foot point of every wall point, fitted on every few and interpolated between."""
    rings = np.unique(np.append(np.arange(0, len(wall.centres), _EVERY_RING), len(wall.centres) - 1))
    nodes = wall.points[rings][:, ::_EVERY_RAY]
    flat = nodes.reshape(-1, 3)
    known = np.isfinite(flat).all(axis=1)
    depth, foot = np.full(len(flat), _FAR_MM), np.where(known[:, None], flat, 0.0)
    if known.any():
        signed, normals = signed_distance(outline, flat[known])
        far = _without_outline(flat[known], tumour, lumina)
        fitted = np.isfinite(signed)
        depth[known] = np.where(fitted, signed, far)
        foot[known] = flat[known] - np.where(fitted[:, None], signed[:, None] * normals, 0.0)
    shape = nodes.shape[:2]
    return _between(depth.reshape(shape), rings, len(wall.centres)), np.stack(
        [_between(foot[:, axis].reshape(shape), rings, len(wall.centres)) for axis in range(3)], axis=-1
    )


def _between(values: FloatArray, rings: npt.NDArray[np.intp], count: int) -> FloatArray:
    """Values [r, node] of some rings on all rings and rays, linear along and around."""
    closed = np.concatenate([values, values[:, :1]], axis=1)
    at = np.arange(RAYS) / _EVERY_RAY
    low = at.astype(int)
    around = closed[:, low] * (1 - (at - low)) + closed[:, low + 1] * (at - low)
    place = np.interp(np.arange(count), rings, np.arange(len(rings)))
    below = np.minimum(place.astype(int), max(len(rings) - 2, 0))
    above = np.minimum(below + 1, len(rings) - 1)
    part = (place - below)[:, None]
    return np.asarray(around[below] * (1 - part) + around[above] * part)


def _without_outline(points: FloatArray, tumour: Mask, lumina: npt.NDArray[np.bool_]) -> FloatArray:
    """Far outside, or far inside where the nearest voxel that is no lumen is tumour."""
    around = np.argwhere(~lumina & _near(points, tumour))
    if not len(around):
        return np.full(len(points), _FAR_MM)
    nearest = cKDTree(tumour.geometry.to_lps(around)).query(points)[1]
    return np.where(tumour.array[tuple(around[nearest].T)], -_FAR_MM, _FAR_MM)


def _near(points: FloatArray, tumour: Mask) -> npt.NDArray[np.bool_]:
    index = tumour.geometry.to_index(points)
    low = np.maximum(np.floor(index.min(axis=0)).astype(int) - 3, 0)
    high = np.ceil(index.max(axis=0)).astype(int) + 4
    near = np.zeros(tumour.array.shape, dtype=bool)
    near[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = True
    return near


def _rim(depth: FloatArray, points: FloatArray) -> FloatArray:
    """Points [n, 3] of the wall where contact begins or ends, interpolated around rings and along the course."""
    found = [np.zeros((0, 3))]
    for a, b, p, q in (
        (depth, np.roll(depth, -1, axis=1), points, np.roll(points, -1, axis=1)),
        (depth[:-1], depth[1:], points[:-1], points[1:]),
    ):
        crossing = ((a <= 0) != (b <= 0)) & (np.abs(a) < _FAR_MM) & (np.abs(b) < _FAR_MM)
        part = (a[crossing] / (a[crossing] - b[crossing]))[:, None]
        found.append(p[crossing] + part * (q[crossing] - p[crossing]))
    every = np.concatenate(found)
    return every[np.isfinite(every).all(axis=1)]
