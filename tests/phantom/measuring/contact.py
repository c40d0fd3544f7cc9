"""Contact of a tumour with a vessel, measured on a thin CT alone.

At stations along the vessel, in the plane perpendicular to it: the wall is where the image falls half way from the
lumen's level to what lies outside. On rings 0.8 to 1.6 mm outside the wall the arc of tumour is measured, its ends half
way between the tumour's level and that of the neighbour beyond. The arcs are extrapolated to the wall itself, where
they are the contact angle at tolerance 0. Only a rough course of the vessel and a place inside the tumour are given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tests.phantom.measuring.files import Array, Stack

RAYS = 360
_OUTSIDE_MM = np.array([0.8, 1.0, 1.2, 1.4, 1.6])
_STATION_MM = 1.0
_MEDIAN_MM = 3.0
_CORE_MM = 4.0
_SURE_HU = 12.0
_DEPTHS_MM = np.arange(0.0, 11.0, 0.2)
_CLEAR = np.arange(5, 8)


@dataclass(frozen=True)
class MeasuredContact:
    """Contact angle along the vessel: arc length of the stations (mm), degrees there, and the largest after a running
    median over 3 mm."""

    arc_mm: Array
    degrees: Array

    @property
    def degrees_max(self) -> float:
        """Largest contact angle, single planes smoothed away."""
        width = max(round(_MEDIAN_MM / _STATION_MM), 1) | 1
        return float(ndimage.median_filter(self.degrees, size=width).max())


def course_of(mask: npt.NDArray[np.bool_], stack: Stack) -> Array:
    """Rough course [n, 3] (LPS mm) of an elongated structure: centres of its cross-sections along its main axis."""
    points = stack.points(np.argwhere(mask).astype(np.float64))
    middle = points.mean(axis=0)
    axis = np.linalg.svd(points - middle, full_matrices=False)[2][0]
    along = (points - middle) @ axis
    low, high = np.percentile(along, [1, 99])
    steps = np.arange(low, high, 2.0)
    return np.array([points[np.abs(along - step) < 1.5].mean(axis=0) for step in steps])


def measure_contact(stack: Stack, course: Array, inside_tumour: Array) -> MeasuredContact:
    """Contact along a vessel. ``course``: rough centreline [n, 3]; ``inside_tumour``: a point well inside it."""
    centres, tangents, arc = _stations(course)
    level = _level_at(stack, np.asarray(inside_tumour, dtype=np.float64))
    degrees = np.array([_ring(stack, centre, axis, level) for centre, axis in zip(centres, tangents, strict=True)])
    return MeasuredContact(arc, degrees)


def _stations(course: Array) -> tuple[Array, Array, Array]:
    smooth = ndimage.gaussian_filter1d(course, 2.0, axis=0, mode="nearest")
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(smooth, axis=0), axis=1))])
    arc = np.arange(0.0, lengths[-1], _STATION_MM)
    centres = np.stack([np.interp(arc, lengths, smooth[:, n]) for n in range(3)], axis=1)
    tangents = ndimage.gaussian_filter1d(np.gradient(centres, axis=0), 4.0, axis=0, mode="nearest")
    return centres, tangents / np.linalg.norm(tangents, axis=1, keepdims=True), arc


def _sample(stack: Stack, points: Array) -> Array:
    flat = stack.index(points.reshape(-1, 3)).T
    return np.asarray(ndimage.map_coordinates(stack.image, flat, order=1, mode="nearest")).reshape(points.shape[:-1])


def _level_at(stack: Stack, place: Array) -> float:
    window, points = stack.box(place, _CORE_MM)
    return float(np.median(stack.image[window][np.linalg.norm(points - place, axis=-1) <= _CORE_MM]))


def _ring(stack: Stack, centre: Array, axis: Array, tumour: float) -> float:
    side = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    side /= np.linalg.norm(side)
    angle = 2 * np.pi * np.arange(RAYS) / RAYS
    rays = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * np.cross(axis, side)
    for _ in range(2):
        wall = _wall(stack, centre, rays)
        if not np.isfinite(wall).all():
            return 0.0
        points = centre + wall[:, None] * rays
        centre = points.mean(axis=0)
    wall = _wall(stack, centre, rays)
    if not np.isfinite(wall).all():
        return 0.0
    arcs = [_arc_degrees(_sample(stack, centre + (wall + outside)[:, None] * rays), tumour) for outside in _OUTSIDE_MM]
    return _at_the_wall(np.array(arcs), float(wall.mean()))


def _at_the_wall(arcs_degrees: Array, radius_mm: float) -> float:
    """Arc on the wall from arcs on rings outside it.

    The outline of a tumour near the vessel is taken as a circle or a straight line: then (ring radius) x cos(arc / 2)
    is a straight line in the square of the ring's radius.
    """
    rings = radius_mm + _OUTSIDE_MM
    partial = (arcs_degrees > 0.0) & (arcs_degrees < 360.0)
    if partial.sum() < 3:
        return float(np.median(arcs_degrees))
    edge = rings * np.cos(np.radians(arcs_degrees / 2))
    line = np.polyfit(rings[partial] ** 2, edge[partial], 1)
    cosine = np.polyval(line, radius_mm**2) / radius_mm
    return float(2 * np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _wall(stack: Stack, centre: Array, rays: Array) -> Array:
    """Distance from the centre to the wall on every ray; infinite where the ray never leaves the lumen."""
    values = _sample(stack, centre + _DEPTHS_MM[None, :, None] * rays[:, None])
    lumen = float(np.median(values[:, :5]))
    fall = np.abs(values - lumen) > _SURE_HU
    first = np.where(fall.any(axis=1), fall.argmax(axis=1), -1)
    if (first < 1).any() or (first > len(_DEPTHS_MM) - _CLEAR[-1] - 1).any():
        return np.full(len(rays), np.inf)
    rows = np.arange(len(rays))
    outside = np.median(values[rows[:, None], first[:, None] + _CLEAR], axis=1)
    half = (lumen + outside) / 2
    at = (np.abs(values - lumen) >= np.abs(half - lumen)[:, None]).argmax(axis=1)
    before, after = values[rows, at - 1], values[rows, at]
    change = np.where(np.abs(after - before) > 1e-6, after - before, 1.0)
    share = np.clip((half - before) / change, 0.0, 1.0)
    return _smooth_wall(_DEPTHS_MM[at - 1] + (_DEPTHS_MM[1] - _DEPTHS_MM[0]) * share)


def _smooth_wall(radii: Array) -> Array:
    """Radii by angle as a series up to the second harmonic, without the rays that leave it.

    Where tumour thins out between wall and fat the half-way point lies too far out; those rays are few.
    """
    angle = 2 * np.pi * np.arange(len(radii)) / len(radii)
    terms = np.stack([np.ones_like(angle), *(f(n * angle) for n in (1, 2) for f in (np.cos, np.sin))], axis=1)
    kept = np.ones(len(radii), dtype=bool)
    for _ in range(4):
        series = terms @ np.linalg.lstsq(terms[kept], radii[kept], rcond=None)[0]
        off = radii - series
        kept = np.abs(off) <= max(2.0 * float(np.median(np.abs(off))), 0.05)
    return np.asarray(series)


def _arc_degrees(values: Array, tumour: float) -> float:
    """Degrees of a ring that lie in the tumour, its ends taken half way to the neighbour's level."""
    inside = np.abs(values - tumour) < _SURE_HU
    inside = ndimage.binary_closing(np.tile(inside, 3), iterations=3)[RAYS : 2 * RAYS]
    inside = ndimage.binary_opening(np.tile(inside, 3), iterations=3)[RAYS : 2 * RAYS]
    if inside.all():
        return 360.0
    if not inside.any():
        return 0.0
    starts = np.flatnonzero(inside & ~np.roll(inside, 1))
    ends = np.flatnonzero(inside & ~np.roll(inside, -1))
    degrees = 0.0
    for start in starts.tolist():
        length = int(min((ends - start) % RAYS)) + 1
        degrees += (
            length + _overhang(values, start, -1, tumour) + _overhang(values, start + length - 1, 1, tumour)
        ) * (360.0 / RAYS)
    return float(min(degrees, 360.0))


def _overhang(values: Array, end: int, step: int, tumour: float) -> float:
    """Rays from the last sure ray of an arc to the half-way crossing."""
    run = values[(end + step * np.arange(0, 31)) % RAYS]
    other = float(np.median(run[12:31]))
    beyond = np.abs(run - tumour) >= abs(other - tumour) / 2
    if not beyond.any() or abs(other - tumour) < _SURE_HU:
        return 0.0
    at = int(beyond.argmax())
    if at == 0:
        return 0.0
    before, after, half = run[at - 1], run[at], (tumour + other) / 2
    return float(at - 1 + (half - before) / (after - before)) if abs(after - before) > 1e-9 else float(at)
