"""Contact of a tumour with a vessel, measured on a thin CT alone.

At stations along the vessel, in the plane perpendicular to it: the wall is where the image falls half way from the
lumen's level to what lies outside. On rings 0.8 to 4.0 mm outside the wall the arc of tumour is measured, its ends half
way between the tumour's level and that of the neighbour just beyond; an end beyond which no level settles, as beside a
sliver of another tissue, is left out. The ball through the ends of all planes is the tumour's outline near the vessel;
where the ends lie on no ball, the ball with a second-order departure from it. The share of the wall inside it is the
contact angle at tolerance 0, the share within some mm of the outline outside the lumen that at a tolerance; vessels
need not be round. Planes where a branch opens are left out. Only a rough course of the vessel and a place inside the
tumour are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from tests.phantom.measuring.files import Array, Stack

RAYS = 360
_OUTSIDE_MM = np.arange(0.8, 4.01, 0.2)
_ENDS_NEEDED = 20
_OFF_OUTLINE_MM, _CLEARLY, _ABOUT = 0.15, 0.7, 0.2
_FITS = 6
_STATION_MM = 0.5
_MEDIAN_MM = 3.0
_TANGENT_MM = 4.0
_CORE_MM = 4.0
_SURE_HU = 12.0
_DEPTHS_MM = np.arange(0.0, 11.0, 0.2)
_CLEAR = np.arange(5, 8)
# A level has settled where it changes by less than this share of its step over this length.
_SETTLED_MM, _SETTLED_SHARE, _BEYOND_MM = 0.5, 0.05, 3.5
# The foot of an edge is where this much of its step is done; with a sliver of another tissue it reaches out too far.
_FOOT_SHARE, _FOOT_HU, _LOPSIDED = 0.05, 3.0, 1.4
_WITHIN_MM = 1.0
# A tumour that no ring nearer than this shows is not in contact at any tolerance.
_APART_MM = 2.0
_SURFACE_MM = 0.12


@dataclass(frozen=True)
class MeasuredContact:
    """Contact along the vessel: arc length of the stations (mm) and, for each, the distance of every wall point to the
    tumour outside the lumen (mm, 0 or less in contact; not a number where it cannot be measured)."""

    arc_mm: Array
    gaps_mm: Array

    def degrees(self, tolerance_mm: float = 0.0) -> Array:
        """Contact angle at every station; not a number where it cannot be measured."""
        return np.array([_share_within(gaps - tolerance_mm) * 360.0 for gaps in self.gaps_mm])

    def degrees_max(self, tolerance_mm: float = 0.0) -> float:
        """Largest contact angle, single planes smoothed away by a running median over 3 mm.

        Not a number where no plane can be measured.
        """
        width = round(_MEDIAN_MM / _STATION_MM) | 1
        degrees = np.pad(self.degrees(tolerance_mm), width // 2, mode="edge")
        measured = [run[np.isfinite(run)] for run in np.lib.stride_tricks.sliding_window_view(degrees, width)]
        return max((float(np.median(run)) for run in measured if len(run) > width // 2), default=np.nan)


def _share_within(excess: Array) -> float:
    """Share of a ring whose values, linear between neighbours, are not positive."""
    if np.isnan(excess).any():
        return np.nan
    if (excess > 0).all():
        return 0.0
    other = np.roll(excess, -1)
    low, high = np.minimum(excess, other), np.maximum(excess, other)
    crossing = (low <= 0) & (high > 0)
    share = np.where(crossing, low / np.where(crossing, low - high, 1.0), high <= 0)
    return float(share.mean())


@dataclass(frozen=True)
class _Plane:
    """The wall in one plane: its centre, unit rays [n, 3], radii [n] (mm); and the ends of the tumour's arcs [m, 3].

    ``tumour_from_mm``: the first ring that shows tumour.
    """

    centre: Array
    rays: Array
    wall_mm: Array
    ends: Array
    tumour_from_mm: float

    @property
    def points(self) -> Array:
        return np.asarray(self.centre + self.wall_mm[:, None] * self.rays)


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
    place = np.asarray(inside_tumour, dtype=np.float64)
    centres, tangents, arc = _stations(course)
    level = _level_at(stack, place)
    planes = [_plane(stack, centre, axis, level) for centre, axis in zip(centres, tangents, strict=True)]
    radii = np.array([np.nan if plane is None else plane.wall_mm.mean() for plane in planes])
    # At its end a vessel opens into another, whose wall it shares.
    whole = np.minimum(arc, arc[-1] - arc) > (np.nanmedian(radii) if np.isfinite(radii).any() else np.inf)
    gaps = np.full((len(arc), RAYS), np.nan)
    measured = [n for n, plane in enumerate(planes) if plane is not None and whole[n]]
    walls = [plane for plane in planes if plane is not None]
    if not measured:
        return MeasuredContact(arc, gaps)
    ends = np.concatenate([planes[n].ends for n in measured])  # type: ignore[union-attr]
    if min((plane.tumour_from_mm for plane in walls), default=0.0) > _APART_MM:
        gaps[measured] = np.inf
        return MeasuredContact(arc, gaps)
    if len(ends) < _ENDS_NEEDED:
        return MeasuredContact(arc, gaps)
    outline = _outline(ends, place)
    if outline is None:
        return MeasuredContact(arc, gaps)
    away = _outside_lumen(outline, walls)
    for n in measured:
        points = planes[n].points  # type: ignore[union-attr]
        inside = outline.beyond(points)
        gaps[n] = np.where(inside <= 0, inside, away(points))
    return MeasuredContact(arc, gaps)


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


def _plane(stack: Stack, centre: Array, axis: Array, tumour: float) -> _Plane | None:
    """The wall and the ends of the tumour's arcs in one plane; None where there is no whole wall."""
    side = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    side /= np.linalg.norm(side)
    angle = 2 * np.pi * np.arange(RAYS) / RAYS
    rays = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * np.cross(axis, side)
    for _ in range(3):
        wall = _wall(stack, centre, rays)
        if not np.isfinite(wall).all():
            return None
        around, centre = centre, (centre + wall[:, None] * rays).mean(axis=0)
    ends, tumour_from = [np.zeros((0, 3))], np.inf
    for outside in _OUTSIDE_MM:
        values = _sample(stack, around + (wall + outside)[:, None] * rays)
        inside = _in_tumour(values, tumour)
        if inside.any():
            tumour_from = min(tumour_from, outside)
        places = _arc_ends(values, inside, tumour, float(np.radians(360.0 / RAYS) * (wall.mean() + outside)))
        ends.append(around + _on_ring(places, outside, wall) @ np.stack([side, np.cross(axis, side)]))
    return _Plane(around, rays, wall, np.concatenate(ends), tumour_from)


@dataclass(frozen=True)
class _Outline:
    """A tumour's outline near a vessel: a ball (mm), and how far the outline departs from it to the second order.

    ``across``: two unit vectors [2, 3]; the departure (mm) is ``departure`` [6] times 1, u, v, u^2, uv, v^2 of a
    direction's components u and v along them.
    """

    centre: Array
    radius: float
    across: Array
    departure: Array

    def beyond(self, points: Array) -> Array:
        """Distance of points [..., 3] beyond the outline along the ball's rays, negative inside."""
        away = points - self.centre
        length = np.linalg.norm(away, axis=-1)
        return np.asarray(length - self.reach(away / np.maximum(length, 1e-9)[..., None]))

    def reach(self, directions: Array) -> Array:
        """Distance from the centre to the outline in unit directions [..., 3]."""
        return np.asarray(self.radius + _second_order(directions @ self.across.T) @ self.departure)


def _second_order(at: Array) -> Array:
    u, v = at[..., 0], at[..., 1]
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=-1)


def _outline(ends: Array, inside: Array) -> _Outline | None:
    """The outline through most of some points [n, 3]; None where they lie on none about ``inside``.

    The ball, unless the points lie clearly nearer to one that departs from it. Where the outline meets another vessel a
    few ends lie off: they are left out, again and again.
    """
    outline, off = _ball(ends)
    if outline.beyond(inside) > _ABOUT * outline.radius:
        return None
    other, nearer = _departing(outline, ends)
    if np.median(nearer) < _CLEARLY * np.median(off):
        outline, off = other, nearer
    return outline if np.median(off) <= _OFF_OUTLINE_MM else None


def _ball(ends: Array) -> tuple[_Outline, Array]:
    """The ball nearest to most points (an algebraic fit), and how far off each lies (mm)."""
    middle, spread = ends.mean(axis=0), float(ends.std())
    points = (ends - middle) / spread
    terms = np.column_stack([(points**2).sum(axis=1), points, np.ones(len(points))])
    kept = np.ones(len(points), dtype=bool)
    for _ in range(_FITS):
        shape = np.linalg.svd(terms[kept], full_matrices=False)[2][-1]
        slope = np.linalg.norm(2 * shape[0] * points + shape[1:4], axis=1)
        off = np.abs(terms @ shape) / np.maximum(slope, 1e-9)
        kept = _kept(off)
    flat = max(abs(float(shape[0])), 1e-9) * (1.0 if shape[0] >= 0 else -1.0)
    centre = -shape[1:4] / (2 * flat)
    radius = float(np.sqrt(max(centre @ centre - shape[4] / flat, 0.0)))
    return _Outline(middle + spread * centre, spread * radius, np.eye(3)[:2], np.zeros(6)), spread * off


def _departing(ball: _Outline, ends: Array) -> tuple[_Outline, Array]:
    """A ball and the departure of the points from it, by least squares, and how far off each lies (mm)."""
    away = ends - ball.centre
    length = np.linalg.norm(away, axis=1)
    directions = away / length[:, None]
    towards = directions.mean(axis=0)
    across = np.linalg.svd(towards[None])[2][1:]
    terms = _second_order(directions @ across.T)
    kept = np.ones(len(ends), dtype=bool)
    for _ in range(_FITS):
        departure = np.linalg.lstsq(terms[kept], (length - ball.radius)[kept], rcond=None)[0]
        off = np.abs(length - ball.radius - terms @ departure)
        kept = _kept(off)
    return _Outline(ball.centre, ball.radius, across, departure), off


def _kept(off: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(off <= max(3.0 * float(np.median(off)), 1e-3))


def _outside_lumen(outline: _Outline, planes: list[_Plane]) -> Callable[[Array], Array]:
    """Distance (mm) to what of the tumour lies outside the lumen: to its outline there, and to the wall in it."""
    wall = np.concatenate([plane.points for plane in planes])
    count = int(4 * np.pi * outline.radius**2 / _SURFACE_MM**2)
    height = 1 - (2 * np.arange(count) + 1) / count
    turn, across = np.pi * (1 + np.sqrt(5)) * np.arange(count), np.sqrt(1 - height**2)
    directions = np.column_stack([across * np.cos(turn), across * np.sin(turn), height])
    surface = outline.centre + outline.reach(directions)[:, None] * directions
    centres = np.array([plane.centre for plane in planes])
    reach = max(float(plane.wall_mm.max()) for plane in planes) + _BEYOND_MM
    apart, nearest = cKDTree(centres).query(surface, distance_upper_bound=reach)
    near = np.isfinite(apart)
    free = [surface[near & (nearest == n)] for n in range(len(planes))]
    outside = [points[~_in_lumen(plane, points)] for plane, points in zip(planes, free, strict=True)]
    tree = cKDTree(np.concatenate([*outside, wall[outline.beyond(wall) <= 0]]))
    return lambda points: np.asarray(tree.query(points)[0])


def _in_lumen(plane: _Plane, points: Array) -> npt.NDArray[np.bool_]:
    """Which points [n, 3] near a plane lie within its wall, carried straight on along the vessel."""
    side, other = plane.rays[0], plane.rays[RAYS // 4]
    x, y = (points - plane.centre) @ side, (points - plane.centre) @ other
    place = np.degrees(np.arctan2(y, x)) % 360.0 * RAYS / 360.0
    return np.asarray(np.hypot(x, y) < _radius_at(place, plane.wall_mm))


def _radius_at(place: Array, wall: Array) -> Array:
    return np.asarray(np.interp(place % RAYS, np.arange(RAYS + 1), np.append(wall, wall[0])))


def _on_ring(place: Array, outside_mm: float, wall: Array) -> Array:
    """Points [n, 2] (mm, in the plane) at places (rays, need not be whole) of rings outside the wall."""
    radius = _radius_at(place, wall) + outside_mm
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


def _in_tumour(values: Array, tumour: float) -> npt.NDArray[np.bool_]:
    """Which rays of a ring lie in the tumour, without single ones."""
    inside = np.abs(values - tumour) < _SURE_HU
    inside = ndimage.binary_closing(np.tile(inside, 3), iterations=3)[RAYS : 2 * RAYS]
    return np.asarray(ndimage.binary_opening(np.tile(inside, 3), iterations=3)[RAYS : 2 * RAYS])


def _arc_ends(values: Array, inside: npt.NDArray[np.bool_], tumour: float, ray_mm: float) -> Array:
    """Places (rays, need not be whole) on a ring where the tumour ends half way to its neighbour; unsure ones left out.

    ``inside``: the rays of the ring in the tumour. ``ray_mm``: from ray to ray along the ring.
    """
    starts = np.flatnonzero(inside & ~np.roll(inside, 1)).tolist()
    ends = np.flatnonzero(inside & ~np.roll(inside, -1)).tolist()
    places = [start - _overhang(values, start, -1, tumour, ray_mm) for start in starts]
    places += [end + _overhang(values, end, 1, tumour, ray_mm) for end in ends]
    return np.array([place for place in places if np.isfinite(place)])


def _overhang(values: Array, end: int, step: int, tumour: float, ray_mm: float) -> float:
    """Rays from the last sure ray of an arc to the half-way crossing.

    Not a number where no neighbour's level settles, or where the edge is lopsided: then two follow each other.
    """
    settled, back = max(round(_SETTLED_MM / ray_mm), 2), round(_WITHIN_MM / ray_mm)
    run = values[(end + step * np.arange(-back, round(_BEYOND_MM / ray_mm) + settled)) % RAYS]
    away = np.abs(run - tumour)
    flat = np.abs(run[settled:] - run[:-settled]) <= _SETTLED_SHARE * away[:-settled]
    flat &= away[:-settled] >= _SURE_HU
    if not flat.any():
        return np.nan
    whole = float(away[int(flat.argmax())])
    low = max(_FOOT_SHARE * whole, _FOOT_HU)
    foot, half, head = (_crossing(away, level) for level in (low, whole / 2, whole - low))
    if half - foot > _LOPSIDED * (head - half) + 1.0:
        return np.nan
    return half - back


def _crossing(values: Array, level: float) -> float:
    """Where values first reach a level, interpolated linearly."""
    at = int((values >= level).argmax())
    return float(at) if at == 0 else float(at - 1 + (level - values[at - 1]) / (values[at] - values[at - 1]))
