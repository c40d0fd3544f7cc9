"""Contact of a tumour with the wall of a vessel or duct, exact by construction.

At points of the tube's centreline rays are cast in the plane perpendicular to it; the wall point of a ray is where the
tube's own distance function (the one that is painted) is zero. A ray is in contact where the tumour, without the lumina
that are painted over it, comes within the tolerance of its wall point. The contact angle at a centreline point is 360
degrees times the share of its ring in contact (all arcs summed), and lengths are measured along the centreline.
All is done in the scanner space of one exam when a pose is given, else in the space of the tube. Where contact begins
and ends between rays or planes is interpolated linearly, so that angles and lengths vary smoothly with position.

Method: perpendicular planes and rays as is usual for contact angles of pancreatic tumours; the distance to the tumour
without lumina is the distance to the tumour, or to the rim of the contact where the nearest tumour point would lie
inside a lumen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import ndimage

from isletscope.phantom.lesions import Tumour
from isletscope.phantom.pose import Pose
from isletscope.phantom.shapes import Array
from isletscope.phantom.tubes import Tube

TOLERANCES_MM = (0.0, 0.5, 1.0, 1.5)
RAYS = 720
STEP_MM = 0.5
SMOOTHING_MM = 3.0
LEVELS_DEGREES = (90.0, 180.0)
_SECANTS = 4
_WALL_MM = 2e-4
_FOOT_ROUNDS = 6
_NUDGE_MM = 1e-4
_BEYOND_MM = 3.0
# A wall point lies within this share of the radius of where it would lie on a round tube.
_UNROUND = 0.4
# Gaps are looked into up to this many times the widest tolerance and 0.1 mm more; walls are exact a little farther.
_UNSURE, _EXACT_BEYOND_MM = 1.3, 0.4
_INSIDE_MM = 1e-6
_FAR_MM = 1e3
_OCCLUDED_MM = 0.2
_CLOSEST = 64

Distance = Callable[[Array], Array]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Wall:
    """The wall of a tube in one space: ``points`` [s, ray, 3] on rings about ``centres`` [s, 3], LPS mm.

    ``arc_mm`` [s] is the centreline's arc length from the tube's first end, ``weight_mm`` [s] the length that each ring
    stands for, ``inside`` gives the signed distance to the lumen at points of the same space.
    """

    name: str
    centres: Array
    tangents: Array
    arc_mm: Array
    weight_mm: Array
    points: Array
    inside: Distance


@dataclass(frozen=True)
class Contact:
    """Contact of one tumour with one tube; tables by tolerance in mm.

    ``degrees_max``: largest contact angle; ``degrees_smoothed``: largest running median over 3 mm of centreline.
    ``length_mm``: centreline length with any contact, and with more than 90 and 180 degrees (keys ``any``, ``gt90``,
    ``gt180``); ``longest_run_mm``: longest unbroken stretch with any contact. ``gap_mm``: smallest distance of tumour
    and wall (0 in contact). ``profile``: arc length and angle by tolerance along the centreline.
    """

    vessel: str
    gap_mm: float
    degrees_max: dict[float, float]
    degrees_smoothed: dict[float, float]
    length_mm: dict[float, dict[str, float]]
    longest_run_mm: dict[float, float]
    arc_mm: Array
    profile: dict[float, Array]

    def as_json(self) -> dict[str, Any]:
        """For truth.json; tolerances are keys with one decimal."""
        return {
            "gap_mm": round(self.gap_mm, 3),
            "by_tolerance_mm": {
                f"{tolerance:.1f}": {
                    "degrees_max": round(self.degrees_max[tolerance], 2),
                    "degrees_max_median_3mm": round(self.degrees_smoothed[tolerance], 2),
                    "length_any_mm": round(self.length_mm[tolerance]["any"], 2),
                    "length_gt90_mm": round(self.length_mm[tolerance]["gt90"], 2),
                    "length_gt180_mm": round(self.length_mm[tolerance]["gt180"], 2),
                    "longest_run_mm": round(self.longest_run_mm[tolerance], 2),
                }
                for tolerance in self.profile
            },
        }


def wall_of(
    tube: Tube,
    pose: Pose | None = None,
    *,
    near: tuple[Distance, float] | None = None,
    step_mm: float = STEP_MM,
    rays: int = RAYS,
    space: TubeSpace | None = None,
    exact_mm: float | None = None,
) -> Wall | None:
    """The wall of a tube's main course in scanner space (``pose`` given) or in the tube's own space.

    ``near``: a signed distance in that space and a margin (mm): only rings whose wall can come so near. Stretches
    without lumen have no wall, side branches are left out. None if no ring is left. ``space``: where other lumina are
    measured at the wall's points too. ``exact_mm``: wall points that stay farther than this from what ``near`` tells
    of, and are not its nearest, need not be exact: they are those of a round tube.
    """
    space = space or TubeSpace(pose)
    samples = tube.sample(step_mm)
    points, tangents, radii = samples.points, samples.tangents, samples.radii_mm
    if pose is not None:
        points = pose.to_scanner(pose.from_anatomical(points))
        tangents = np.gradient(points, axis=0)
        radii = radii * float(pose.scale.mean())
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    weight = np.minimum(np.gradient(arc), 2 * step_mm) if len(arc) > 1 else np.full(1, step_mm)
    keep = radii > _OCCLUDED_MM
    if near is not None:
        keep &= near[0](points) < 1.4 * radii + near[1]
    if not keep.any():
        return None
    trunk = _trunk(tube, samples.arc_mm[keep], 3 * float(samples.radii_mm[keep].max()))
    points, tangents, radii = points[keep], tangents[keep], radii[keep]
    tangents = tangents / np.linalg.norm(tangents, axis=1, keepdims=True)
    directions = _rings(tangents, rays)
    walls = points[:, None] + radii[:, None, None] * directions
    asked = np.ones(walls.shape[:2], dtype=bool)
    if near is not None and exact_mm is not None:
        asked = _near_rays(walls, radii, near[0], exact_mm)
    centres = np.broadcast_to(points[:, None], walls.shape)[asked]
    reach = np.broadcast_to(radii[:, None], asked.shape)[asked]
    along = directions[asked]
    walls[asked] = centres + _wall_radii(centres, along, reach, _lumen(trunk, space))[:, None] * along
    return Wall(tube.name, points, tangents, arc[keep], weight[keep], walls, _lumen(tube, space))


def _near_rays(round_walls: Array, radii: Array, distance: Distance, exact_mm: float) -> Flags:
    """Rays [s, ray] whose wall point comes within ``exact_mm`` or nearest, from the points of a round tube."""
    apart = distance(round_walls.reshape(-1, 3)).reshape(round_walls.shape[:2])
    return np.asarray(apart <= max(exact_mm, float(apart.min())) + _UNROUND * radii[:, None])


def _trunk(tube: Tube, arc_mm: Array, margin_mm: float) -> Tube:
    """The part of a tube's main course that shapes its wall at some stations, without branches."""
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(tube.course[:, :3], axis=0), axis=1))])
    first = max(int(np.searchsorted(arc, arc_mm.min() - margin_mm)) - 1, 0)
    last = int(np.searchsorted(arc, arc_mm.max() + margin_mm)) + 1
    return Tube(tube.name, tube.course[first : last + 1], tube.tissue)


def _rings(tangents: Array, rays: int) -> Array:
    """Unit directions [s, ray, 3] perpendicular to the tangents, carried along without twist."""
    first = np.eye(3)[int(np.argmin(np.abs(tangents[0])))]
    side = np.empty_like(tangents)
    for n, tangent in enumerate(tangents):
        first = first - (first @ tangent) * tangent
        first = first / np.linalg.norm(first)
        side[n] = first
    other = np.cross(tangents, side)
    angle = 2 * np.pi * np.arange(rays) / rays
    return side[:, None] * np.cos(angle)[None, :, None] + other[:, None] * np.sin(angle)[None, :, None]


def _wall_radii(centres: Array, directions: Array, radii: Array, inside: Distance) -> Array:
    """Where each ray [n] leaves the lumen, mm from its centre [n, 3]: secant steps on the lumen's distance."""

    def at(where: Array) -> Array:
        return inside(centres + where[:, None] * directions)

    before = radii
    value = at(before)
    now = before - value
    for _ in range(_SECANTS):
        latest = at(now)
        if float(np.abs(latest).max()) < _WALL_MM:
            break
        change = latest - value
        safe = np.abs(change) > 1e-12
        slope = np.where(safe, (now - before) / np.where(safe, change, 1.0), 1.0)
        before, value, now = now, latest, now - latest * np.clip(slope, 0.5, 2.0)
    return now


def tumour_distance(tumour: Tumour, pose: Pose | None = None) -> Distance:
    """Signed distance (mm) to the tumour's outline at points of scanner space, or personal space without a pose."""
    centre = np.asarray(tumour.centre_personal_mm)
    if pose is None:
        return lambda points: tumour.distance(points - centre)
    centre, turn = pose.to_scanner(centre[None])[0], pose.matrix
    return lambda points: tumour.distance((points - centre) @ turn)


def contact_on(
    distance: Distance,
    wall: Wall,
    lumina: Sequence[Distance] = (),
    tolerances_mm: Sequence[float] = TOLERANCES_MM,
) -> Contact:
    """Contact of a tumour, given by its signed ``distance``, with a wall in the same space.

    ``lumina``: signed distances of other tubes that are painted over the tumour. Where a lumen lies, no tumour is.
    """
    gaps = _gaps(distance, wall, lumina, max(tolerances_mm))
    profile = {t: ring_degrees(gaps, t) for t in tolerances_mm}
    nearest = gaps.min(axis=1)
    width = max(round(SMOOTHING_MM / float(np.median(wall.weight_mm))), 1) | 1
    lengths: dict[float, dict[str, float]] = {}
    for t, degrees in profile.items():
        lengths[t] = {"any": float(stretches(nearest - t, wall.arc_mm, wall.weight_mm).sum())}
        for level in LEVELS_DEGREES:
            longer = float(stretches(level - degrees, wall.arc_mm, wall.weight_mm).sum())
            lengths[t][f"gt{level:g}"] = min(longer, lengths[t]["any"])
    return Contact(
        vessel=wall.name,
        gap_mm=_gap(distance, wall, gaps, max(tolerances_mm)),
        degrees_max={t: float(degrees.max()) for t, degrees in profile.items()},
        degrees_smoothed={
            t: float(ndimage.median_filter(degrees, size=width, mode="constant").max())
            for t, degrees in profile.items()
        },
        length_mm=lengths,
        longest_run_mm={
            t: float(stretches(nearest - t, wall.arc_mm, wall.weight_mm).max(initial=0.0)) for t in profile
        },
        arc_mm=wall.arc_mm,
        profile=profile,
    )


def _gap(distance: Distance, wall: Wall, gaps: Array, widest_mm: float) -> float:
    """The smallest of the gaps. Within the widest tolerance they are exact and know what lies behind a lumen; beyond it
    the nearest outline counts, but never as nearer: it may lie behind one."""
    least = float(gaps.min())
    return max(least, 0.0) if least <= widest_mm else max(gap_on(distance, wall, gaps), widest_mm)


def gap_on(distance: Distance, wall: Wall, gaps: Array | None = None) -> float:
    """Smallest distance (mm) of a tumour and a wall, 0 where they meet; exact through the nearest wall points."""
    flat = wall.points.reshape(-1, 3)
    values = distance(flat) if gaps is None else gaps.ravel()
    if float(values.min()) <= 0:
        return 0.0
    closest = np.argsort(values)[:_CLOSEST]
    return float(foot_points(distance, flat[closest])[1].min())


def contact_of(
    tumour: Tumour,
    tube: Tube,
    pose: Pose | None = None,
    tolerances_mm: Sequence[float] = TOLERANCES_MM,
    *,
    others: Sequence[Tube] = (),
    step_mm: float = STEP_MM,
    rays: int = RAYS,
) -> Contact | None:
    """Contact of a tumour with a tube in one exam's scanner space (or, without pose, where both lie as they are).

    ``others``: further tubes that are painted over the tumour. None when the tube lies more than some mm away.
    """
    distance = tumour_distance(tumour, pose)
    space = TubeSpace(pose)
    widest = max(tolerances_mm)
    near = (distance, widest + _BEYOND_MM)
    exact = _UNSURE * widest + _EXACT_BEYOND_MM
    wall = wall_of(tube, pose, near=near, step_mm=step_mm, rays=rays, space=space, exact_mm=exact)
    if wall is None:
        return None
    lumina = [_lumen(other, space) for other in others if other.name != tube.name]
    return contact_on(distance, wall, lumina, tolerances_mm)


class TubeSpace:
    """Takes points of scanner space (``pose`` given), or of the tubes' own, to the space of the tubes.

    The points asked for last are kept, since many lumina are measured at the same points.
    """

    def __init__(self, pose: Pose | None) -> None:
        self._pose = pose
        self._asked = self._found = np.zeros((0, 3))

    def __call__(self, points: Array) -> Array:
        """Points [n, 3] in the space of the tubes. An array must not be changed between two calls with it."""
        if self._pose is None:
            return points
        if points is not self._asked:
            self._asked, self._found = points, self._pose.to_anatomical(self._pose.to_personal(points))
        return self._found


def _lumen(tube: Tube, space: TubeSpace) -> Distance:
    return lambda points: tube.distance(space(points))


def _gaps(distance: Distance, wall: Wall, lumina: Sequence[Distance], widest_mm: float) -> Array:
    """Signed distance [s, ray] of the wall points to the tumour without lumina (exact up to ``widest_mm``)."""
    shape = wall.points.shape[:2]
    flat = wall.points.reshape(-1, 3)
    gaps = distance(flat)
    close = np.flatnonzero(gaps < widest_mm)
    touched = flat[close]
    for lumen in lumina:
        if close.size:
            gaps[close] = np.maximum(gaps[close], -lumen(touched))
    unsure = np.flatnonzero((gaps > 0) & (gaps < _UNSURE * widest_mm + 0.1))
    if widest_mm > 0 and unsure.size:
        feet, exact = foot_points(distance, flat[unsure])
        blocked = wall.inside(feet) < -_INSIDE_MM
        for lumen in lumina:
            blocked |= lumen(feet) < -_INSIDE_MM
        rim = _rim(gaps.reshape(shape), wall.points)
        around = nearest_mm(flat[unsure], rim)
        gaps[unsure] = np.where(blocked, np.maximum(around, exact), np.minimum(exact, around))
    return np.asarray(gaps.reshape(shape))


def foot_points(distance: Distance, points: Array) -> tuple[Array, Array]:
    """Nearest points of a surface to ``points`` [n, 3] outside it and near, and their distances (mm).

    ``distance`` need only vanish on the surface and grow outward: steps along its gradient onto the surface, then along
    the surface toward the point, in turn.
    """
    feet = points.copy()
    for _ in range(_FOOT_ROUNDS):
        value, gradient = _with_gradient(distance, feet)
        feet = feet - (value / (gradient**2).sum(axis=1))[:, None] * gradient
        normal = gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
        apart = points - feet
        feet = feet + 0.8 * (apart - (apart * normal).sum(axis=1)[:, None] * normal)
    value, gradient = _with_gradient(distance, feet)
    feet = feet - (value / (gradient**2).sum(axis=1))[:, None] * gradient
    return feet, np.linalg.norm(points - feet, axis=1)


def _with_gradient(distance: Distance, points: Array) -> tuple[Array, Array]:
    nudges = np.concatenate([np.zeros((1, 3)), _NUDGE_MM * np.eye(3), -_NUDGE_MM * np.eye(3)])
    values = distance((points[None] + nudges[:, None]).reshape(-1, 3)).reshape(7, -1)
    gradient = (values[1:4] - values[4:7]).T / (2 * _NUDGE_MM)
    return values[0], gradient


def _rim(gaps: Array, points: Array) -> Array:
    """Points [n, 3] of the wall where contact begins or ends, interpolated along rings and along the tube."""
    found = [np.zeros((0, 3))]
    for a, b, p, q in (
        (gaps, np.roll(gaps, -1, axis=1), points, np.roll(points, -1, axis=1)),
        (gaps[:-1], gaps[1:], points[:-1], points[1:]),
    ):
        crossing = (a <= 0) != (b <= 0)
        share = (a[crossing] / (a[crossing] - b[crossing]))[:, None]
        found.append(p[crossing] + share * (q[crossing] - p[crossing]))
    return np.concatenate(found)


@njit(cache=True, fastmath=True, nogil=True)
def nearest_mm(points: Array, others: Array) -> Array:
    """Distance (mm) of each of ``points`` [n, 3] to the nearest of ``others`` [m, 3]; very far where there is none."""
    out = np.empty(points.shape[0])
    for n in range(points.shape[0]):
        least = _FAR_MM * _FAR_MM
        for m in range(others.shape[0]):
            x, y, z = points[n, 0] - others[m, 0], points[n, 1] - others[m, 1], points[n, 2] - others[m, 2]
            least = min(least, x * x + y * y + z * z)
        out[n] = np.sqrt(least)
    return out


@njit(cache=True, nogil=True)
def ring_degrees(gaps: Array, tolerance_mm: float) -> Array:
    """Contact angle [s] of rings: the share of each ring where the gap, linear between rays, is within tolerance."""
    degrees = np.empty(gaps.shape[0])
    rays = gaps.shape[1]
    for s in range(gaps.shape[0]):
        total = 0.0
        a = gaps[s, rays - 1] - tolerance_mm
        for n in range(rays):
            b = gaps[s, n] - tolerance_mm
            if a <= 0 and b <= 0:
                total += 1.0
            elif a <= 0 or b <= 0:
                total -= min(a, b) / abs(a - b)
            a = b
        degrees[s] = 360.0 * total / rays
    return degrees


@njit(cache=True, nogil=True)
def stretches(excess: Array, arc_mm: Array, weight_mm: Array) -> Array:
    """Lengths (mm) of the unbroken stretches where ``excess`` [s], linear between rings, is not positive."""
    lengths = np.zeros(excess.size + 1)
    count, current, inside = 0, 0.0, False
    for n in range(excess.size):
        inside = inside or excess[n] <= 0
        if n + 1 == excess.size:
            break
        a, b, step = excess[n], excess[n + 1], arc_mm[n + 1] - arc_mm[n]
        if step > 3 * weight_mm[n]:
            step = 0.0
        if a <= 0 and b <= 0:
            current += step
        elif a <= 0 or b <= 0:
            current += step * min(abs(min(a, b)) / abs(a - b), 1.0)
        if b > 0 and inside:
            lengths[count] = current
            count, current, inside = count + 1, 0.0, False
    if inside:
        lengths[count] = current
        count += 1
    return lengths[:count]
