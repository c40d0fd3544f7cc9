"""Contact of a tumour with a vessel, measured on a thin CT alone.

At stations along the vessel, in the plane perpendicular to it: the wall is where the image falls half way from the
lumen's level to what lies outside. On rings 0.8 to 2.8 mm outside the wall the arc of tumour is measured, its ends half
way between the tumour's level and that of the neighbour beyond. A circle through these ends is the tumour's outline
near the vessel, and the share of the wall inside it is the contact angle at tolerance 0; vessels need not be round.
Planes where a branch opens, or where the ends do not lie on a circle, are left out. Only a rough course of the vessel
and a place inside the tumour are given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tests.phantom.measuring.files import Array, Stack

RAYS = 360
_OUTSIDE_MM = np.arange(0.8, 2.81, 0.2)
_RINGS_NEEDED = 6
_OFF_CIRCLE_MM = 0.15
_FITS = 4
_STATION_MM = 0.5
_MEDIAN_MM = 3.0
_TANGENT_MM = 4.0
_CORE_MM = 4.0
_SURE_HU = 12.0
_DEPTHS_MM = np.arange(0.0, 11.0, 0.2)
_CLEAR = np.arange(5, 8)


@dataclass(frozen=True)
class MeasuredContact:
    """Contact angle along the vessel: arc length of the stations (mm), degrees there (not a number where they cannot be
    measured), and the largest after a running median over 3 mm."""

    arc_mm: Array
    degrees: Array

    @property
    def degrees_max(self) -> float:
        """Largest contact angle, single planes smoothed away."""
        width = round(_MEDIAN_MM / _STATION_MM) | 1
        runs = np.lib.stride_tricks.sliding_window_view(np.pad(self.degrees, width // 2, mode="edge"), width)
        measured = [run[np.isfinite(run)] for run in runs]
        return max((float(np.median(run)) for run in measured if len(run) > width // 2), default=0.0)


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
    rings = [_ring(stack, centre, axis, level) for centre, axis in zip(centres, tangents, strict=True)]
    degrees, radii = np.array(rings).T
    # At its end a vessel opens into another, whose wall it shares.
    whole = np.minimum(arc, arc[-1] - arc) > np.nanmedian(radii)
    return MeasuredContact(arc, np.where(whole, degrees, np.nan))


def _stations(course: Array) -> tuple[Array, Array, Array]:
    smooth = ndimage.gaussian_filter1d(course, 2.0, axis=0, mode="nearest")
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(smooth, axis=0), axis=1))])
    arc = np.arange(0.0, lengths[-1], _STATION_MM)
    centres = np.stack([np.interp(arc, lengths, smooth[:, n]) for n in range(3)], axis=1)
    tangents = ndimage.gaussian_filter1d(
        np.gradient(centres, axis=0), _TANGENT_MM / _STATION_MM, axis=0, mode="nearest"
    )
    return centres, tangents / np.linalg.norm(tangents, axis=1, keepdims=True), arc


def _sample(stack: Stack, points: Array) -> Array:
    flat = stack.index(points.reshape(-1, 3)).T
    return np.asarray(ndimage.map_coordinates(stack.image, flat, order=1, mode="nearest")).reshape(points.shape[:-1])


def _level_at(stack: Stack, place: Array) -> float:
    window, points = stack.box(place, _CORE_MM)
    return float(np.median(stack.image[window][np.linalg.norm(points - place, axis=-1) <= _CORE_MM]))


def _ring(stack: Stack, centre: Array, axis: Array, tumour: float) -> tuple[float, float]:
    """Contact angle (degrees) and mean radius (mm) of the wall in one plane; not a number where not to be measured."""
    side = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    side /= np.linalg.norm(side)
    angle = 2 * np.pi * np.arange(RAYS) / RAYS
    rays = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * np.cross(axis, side)
    for _ in range(2):
        wall = _wall(stack, centre, rays)
        if not np.isfinite(wall).all():
            return np.nan, np.nan
        points = centre + wall[:, None] * rays
        centre = points.mean(axis=0)
    wall = _wall(stack, centre, rays)
    if not np.isfinite(wall).all():
        return np.nan, np.nan
    arcs = [_arcs(_sample(stack, centre + (wall + outside)[:, None] * rays), tumour) for outside in _OUTSIDE_MM]
    return _at_the_wall(arcs, wall), float(wall.mean())


def _at_the_wall(arcs: list[list[tuple[float, float]]], wall: Array) -> float:
    """Degrees of the wall within the tumour's outline, from the arcs of tumour on each ring outside it.

    The outline is the circle or straight line that fits the arcs' ends best (algebraic fit).
    """
    if not any(arcs):
        return 0.0
    single = [(outside, *arc[0]) for outside, arc in zip(_OUTSIDE_MM, arcs, strict=True) if len(arc) == 1]
    partial = np.array([ring for ring in single if ring[2] < RAYS])
    if len(partial) < _RINGS_NEEDED:
        return 360.0 if len(single) == len(arcs) else np.nan
    outside, start, length = partial.T
    ends = _on_ring(np.concatenate([start, start + length]), np.tile(outside, 2), wall)
    middle, spread = ends.mean(axis=0), float(ends.std())
    shape, off_mm = _circle((ends - middle) / spread)
    if spread * float(np.median(off_mm)) > _OFF_CIRCLE_MM:
        return np.nan
    inside = _circle_terms((_on_ring((start + length / 2)[:1], outside[:1], wall) - middle) / spread) @ shape
    places = np.arange(0.0, RAYS, 0.1)
    values = _circle_terms((_on_ring(places, np.zeros(len(places)), wall) - middle) / spread) @ shape
    return 360.0 * float((values * inside > 0).mean())


def _circle(points: Array) -> tuple[Array, Array]:
    """Terms of the circle or line nearest to most of some points [n, 2], and how far each lies off it.

    Where the outline meets another vessel a few ends lie elsewhere; they are left out.
    """
    terms = _circle_terms(points)
    kept = np.ones(len(points), dtype=bool)
    for _ in range(_FITS):
        shape = np.linalg.svd(terms[kept])[2][-1]
        slope = np.linalg.norm(2 * shape[0] * points + shape[1:3], axis=1)
        off = np.abs(terms @ shape) / np.maximum(slope, 1e-9)
        kept = off <= max(3.0 * float(np.median(off)), 1e-3)
    return shape, off


def _circle_terms(points: Array) -> Array:
    return np.column_stack([(points**2).sum(axis=1), points, np.ones(len(points))])


def _on_ring(place: Array, outside_mm: Array, wall: Array) -> Array:
    """Points [n, 2] (mm, in the plane) at places (rays, need not be whole) of rings outside the wall."""
    radius = np.interp(place % RAYS, np.arange(RAYS + 1), np.append(wall, wall[0])) + outside_mm
    angle = 2 * np.pi * place / RAYS
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


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


def _arcs(values: Array, tumour: float) -> list[tuple[float, float]]:
    """Where a ring lies in the tumour: start and length of every arc, in rays, its ends half way to the neighbour."""
    inside = np.abs(values - tumour) < _SURE_HU
    inside = ndimage.binary_closing(np.tile(inside, 3), iterations=3)[RAYS : 2 * RAYS]
    inside = ndimage.binary_opening(np.tile(inside, 3), iterations=3)[RAYS : 2 * RAYS]
    if inside.all():
        return [(0.0, float(RAYS))]
    starts = np.flatnonzero(inside & ~np.roll(inside, 1))
    ends = np.flatnonzero(inside & ~np.roll(inside, -1))
    arcs = []
    for start in starts.tolist():
        length = int(min((ends - start) % RAYS)) + 1
        before = _overhang(values, start, -1, tumour)
        after = _overhang(values, start + length - 1, 1, tumour)
        arcs.append((start - before, length - 1 + before + after))
    return arcs


def _overhang(values: Array, end: int, step: int, tumour: float) -> float:
    """Rays from the last sure ray of an arc to the half-way crossing."""
    run = values[(end + step * np.arange(0, 31)) % RAYS]
    other = float(np.median(run[10:20]))
    beyond = np.abs(run - tumour) >= abs(other - tumour) / 2
    if not beyond.any() or abs(other - tumour) < _SURE_HU:
        return 0.0
    at = int(beyond.argmax())
    if at == 0:
        return 0.0
    before, after, half = run[at - 1], run[at], (tumour + other) / 2
    return float(at - 1 + (half - before) / (after - before)) if abs(after - before) > 1e-9 else float(at)
