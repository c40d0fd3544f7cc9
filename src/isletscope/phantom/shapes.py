"""Smooth solids as implicit functions, and painting them on voxel grids with partial volume at the edges.

A solid is a short list of parts (ellipsoid, elliptic cylinder, tapered capsule, half space, or the body surface),
joined by smooth union, intersection and subtraction. Each part gives a signed distance in mm (negative inside;
exact for capsules and half spaces, first order near the surface for ellipsoids). A voxel is covered by
``clip(1/2 - distance / edge width, 0, 1)``, so that edges carry the right fraction without finer sampling.
Distance of the ellipsoid: first-order estimate ``g (g - 1) / |grad|`` with ``g`` the scaled radius.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.float64]
Image = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Point = npt.ArrayLike

ELLIPSOID, CYLINDER, CAPSULE, HALF_SPACE, SURFACE = range(5)
UNION, INTERSECT, SUBTRACT = range(3)
_WIDTH = 22
_FAR = 1.0e6


@dataclass(frozen=True)
class Part:
    """One primitive with the operation that joins it to the parts before it; ``box`` is its LPS extent in mm."""

    row: tuple[float, ...]
    box: tuple[float, ...] | None


def rotation(degrees_xyz: Point) -> Array:
    """Rotation matrix about x, then y, then z (degrees)."""
    a, b, c = np.deg2rad(np.asarray(degrees_xyz, dtype=float))
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def _row(kind: int, operation: int, blend_mm: float, values: Sequence[float]) -> tuple[float, ...]:
    padded = [float(kind), float(operation), blend_mm, *values]
    return tuple(padded + [0.0] * (_WIDTH - len(padded)))


def ellipsoid(
    centre: Point, radii: Point, turned: Point = (0, 0, 0), *, operation: int = UNION, blend_mm: float = 0.0
) -> Part:
    """Ellipsoid of half axes ``radii`` mm, turned by degrees about x, y, z."""
    return _round(ELLIPSOID, centre, radii, turned, operation, blend_mm)


def cylinder(
    centre: Point, radii: Point, turned: Point = (0, 0, 0), *, operation: int = UNION, blend_mm: float = 0.0
) -> Part:
    """Elliptic cylinder along its own z: half axes x, y and half height z in mm."""
    return _round(CYLINDER, centre, radii, turned, operation, blend_mm)


def _round(kind: int, centre: Point, radii: Point, turned: Point, operation: int, blend_mm: float) -> Part:
    turn = rotation(turned)
    reach = np.sqrt(((turn * np.asarray(radii)) ** 2).sum(axis=1))
    if kind == CYLINDER:
        reach = np.abs(turn) @ np.asarray(radii)
    middle = np.asarray(centre, dtype=float)
    box = (*(middle - reach), *(middle + reach))
    return Part(_row(kind, operation, blend_mm, [*middle, *turn.T.ravel(), *np.asarray(radii, dtype=float)]), box)


def capsule(
    start: Point,
    end: Point,
    radius_mm: float,
    end_radius_mm: float | None = None,
    *,
    operation: int = UNION,
    blend_mm: float = 0.0,
) -> Part:
    """Rounded, tapering rod between two points."""
    last = radius_mm if end_radius_mm is None else end_radius_mm
    a, b = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    low, high = np.minimum(a - radius_mm, b - last), np.maximum(a + radius_mm, b + last)
    return Part(_row(CAPSULE, operation, blend_mm, [*a, *b, radius_mm, last]), (*low, *high))


def half_space(point: Point, outward: Point, *, operation: int = INTERSECT, blend_mm: float = 0.0) -> Part:
    """All that lies behind the plane through ``point``, seen along ``outward``."""
    normal = np.asarray(outward, dtype=float) / np.linalg.norm(np.asarray(outward))
    return Part(_row(HALF_SPACE, operation, blend_mm, [*normal, float(normal @ np.asarray(point, dtype=float))]), None)


def surface(depth_mm: float, *, operation: int = UNION, blend_mm: float = 0.0) -> Part:
    """All that lies at least ``depth_mm`` under the lean body surface (negative: above it)."""
    return Part(_row(SURFACE, operation, blend_mm, [depth_mm]), None)


@dataclass(frozen=True)
class Solid:
    """A solid of one tissue. ``factors`` multiply its uptake by tracer class; ``hu_offset`` adds to its HU.

    ``structure`` names the anatomical structure it belongs to (structures.yaml); empty: none of interest.
    """

    tissue: str
    parts: tuple[Part, ...]
    factors: dict[str, float] = field(default_factory=dict)
    hu_offset: float = 0.0
    structure: str = ""

    @cached_property
    def rows(self) -> Array:
        """Parts as the table that the kernels read."""
        return np.array([part.row for part in self.parts])

    @cached_property
    def box(self) -> Array:
        """LPS extent (low x y z, high x y z) of the united parts, mm; unbounded when a part without extent is first."""
        boxes = [part.box for part in self.parts if part.row[1] == UNION]
        if not boxes or any(box is None for box in boxes):
            return np.array([-_FAR] * 3 + [_FAR] * 3)
        table = np.array(boxes)
        blend = max(part.row[2] for part in self.parts)
        return np.concatenate([table[:, :3].min(axis=0) - blend, table[:, 3:].max(axis=0) + blend])


@njit(cache=True, fastmath=True, inline="always")
def smooth_min(a: float, b: float, blend: float) -> float:
    """The smaller of two distances, rounded off where they differ by less than ``blend``."""
    if blend <= 0.0:
        return min(a, b)
    h = max(blend - abs(a - b), 0.0) / blend
    return min(a, b) - h * h * blend * 0.25


@njit(cache=True, fastmath=True)
def distance_to_part(rows: Array, n: int, x: float, y: float, z: float, below_surface: float) -> float:
    """Signed distance (mm) of an anatomical point to the part of row ``n``."""
    kind = int(rows[n, 0])
    if kind == SURFACE:
        return float(below_surface + rows[n, 3])
    if kind == HALF_SPACE:
        return float(rows[n, 3] * x + rows[n, 4] * y + rows[n, 5] * z - rows[n, 6])
    if kind == CAPSULE:
        ux, uy, uz = rows[n, 6] - rows[n, 3], rows[n, 7] - rows[n, 4], rows[n, 8] - rows[n, 5]
        px, py, pz = x - rows[n, 3], y - rows[n, 4], z - rows[n, 5]
        length = ux * ux + uy * uy + uz * uz
        t = 0.0
        if length > 0.0:
            t = min(max((px * ux + py * uy + pz * uz) / length, 0.0), 1.0)
        px, py, pz = px - t * ux, py - t * uy, pz - t * uz
        return float(np.sqrt(px * px + py * py + pz * pz) - (rows[n, 9] + t * (rows[n, 10] - rows[n, 9])))
    dx, dy, dz = x - rows[n, 3], y - rows[n, 4], z - rows[n, 5]
    px = rows[n, 6] * dx + rows[n, 7] * dy + rows[n, 8] * dz
    py = rows[n, 9] * dx + rows[n, 10] * dy + rows[n, 11] * dz
    pz = rows[n, 12] * dx + rows[n, 13] * dy + rows[n, 14] * dz
    a, b, c = px / rows[n, 15], py / rows[n, 16], pz / rows[n, 17]
    if kind == CYLINDER:
        g = np.sqrt(a * a + b * b)
        slope = np.sqrt((a / rows[n, 15]) ** 2 + (b / rows[n, 16]) ** 2)
        side = g * (g - 1.0) / slope if slope > 1e-9 else -min(rows[n, 15], rows[n, 16])
        return float(max(side, abs(pz) - rows[n, 17]))
    g = np.sqrt(a * a + b * b + c * c)
    slope = np.sqrt((a / rows[n, 15]) ** 2 + (b / rows[n, 16]) ** 2 + (c / rows[n, 17]) ** 2)
    return float(g * (g - 1.0) / slope if slope > 1e-9 else -min(rows[n, 15], rows[n, 16], rows[n, 17]))


@njit(cache=True, fastmath=True)
def _body_distance(rows: Array, profile: Array, x: float, y: float, z: float) -> float:
    """Signed distance to the lean body: the trunk's elliptic profile joined with head, neck, shoulders and legs."""
    step = profile[1, 0] - profile[0, 0]
    position = min(max((z - profile[0, 0]) / step, 0.0), profile.shape[0] - 1.0)
    n = min(int(position), profile.shape[0] - 2)
    t = position - n
    a = profile[n, 1] * (1 - t) + profile[n + 1, 1] * t
    b = profile[n, 2] * (1 - t) + profile[n + 1, 2] * t
    dy = y - (profile[n, 3] * (1 - t) + profile[n + 1, 3] * t)
    u, v = abs(x) / a, abs(dy) / b
    g = (u**2.4 + v**2.4) ** (1 / 2.4)
    if g < 1e-6:
        side = -b
    else:
        su = (u / g) ** 1.4 / a
        sv = (v / g) ** 1.4 / b
        side = (g - 1.0) / np.sqrt(su * su + sv * sv)
    trunk = max(side, profile[0, 0] - z, z - profile[-1, 0])
    for m in range(rows.shape[0]):
        trunk = smooth_min(trunk, distance_to_part(rows, m, x, y, z, 0.0), rows[m, 2])
    return float(trunk)


@njit(cache=True, fastmath=True, nogil=True)
def body_distances(rows: Array, profile: Array, points: Array, out: Array) -> None:
    """Signed distance (mm) to the lean body surface at anatomical ``points`` [n, 3]."""
    for n in range(out.size):
        out[n] = _body_distance(rows, profile, points[n, 0], points[n, 1], points[n, 2])


@njit(cache=True, fastmath=True, nogil=True)
def warp(
    field: Image, field_origin: Array, field_step: float, origin: Array, spacing: Array, spans: Indices, out: Image
) -> None:
    """Anatomical x, y, z and surface distance of a slab's voxels [4, k, j, i] (mm).

    ``field`` [4, k, j, i] holds, at coarse nodes, anatomical minus scanner position and the surface distance; trilinear
    between nodes. ``field_origin`` and ``origin`` are scanner x, y, z of the first node and voxel. ``spans`` [j, 2]:
    first column that is written in each row, and the one after the last.
    """
    for k in range(out.shape[1]):
        z = origin[2] + k * spacing[2]
        fk = (z - field_origin[2]) / field_step
        k0 = min(max(int(fk), 0), field.shape[1] - 2)
        c = np.float32(fk - k0)
        for j in range(out.shape[2]):
            y = origin[1] + j * spacing[1]
            fj = (y - field_origin[1]) / field_step
            j0 = min(max(int(fj), 0), field.shape[2] - 2)
            b = np.float32(fj - j0)
            for i in range(spans[j, 0], spans[j, 1]):
                x = origin[0] + i * spacing[0]
                fi = (x - field_origin[0]) / field_step
                i0 = min(max(int(fi), 0), field.shape[3] - 2)
                a = np.float32(fi - i0)
                for n in range(4):
                    near = field[n, k0, j0, i0] + a * (field[n, k0, j0, i0 + 1] - field[n, k0, j0, i0])
                    far = field[n, k0, j0 + 1, i0] + a * (field[n, k0, j0 + 1, i0 + 1] - field[n, k0, j0 + 1, i0])
                    lower = near + b * (far - near)
                    near = field[n, k0 + 1, j0, i0] + a * (field[n, k0 + 1, j0, i0 + 1] - field[n, k0 + 1, j0, i0])
                    far = field[n, k0 + 1, j0 + 1, i0] + a * (
                        field[n, k0 + 1, j0 + 1, i0 + 1] - field[n, k0 + 1, j0 + 1, i0]
                    )
                    upper = near + b * (far - near)
                    out[n, k, j, i] = lower + c * (upper - lower)
                out[0, k, j, i] += x
                out[1, k, j, i] += y
                out[2, k, j, i] += z


@njit(cache=True, nogil=True)
def label_sums(labels: npt.NDArray[np.uint8], image: Image) -> tuple[Array, Array]:
    """Voxel counts and sums of values by label (256 entries each)."""
    counts, sums = np.zeros(256), np.zeros(256)
    for k in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            for i in range(labels.shape[2]):
                counts[labels[k, j, i]] += 1.0
                sums[labels[k, j, i]] += image[k, j, i]
    return counts, sums
