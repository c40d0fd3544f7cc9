"""What is true of a lesion in one exam: volume, axes, parts, appearance, contact with vessels, distance to ducts.

Volumes and axes are those of the outline without the vessels that are painted over it and without later lesions, from
its signed distance on a fine grid in scanner space (below 0.3 % of the volume; axes to about 0.1 mm).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.body import Body
from isletscope.phantom.contact import contact_of, gap_on, tumour_distance, wall_of
from isletscope.phantom.lesions import Tumour, spread_directions
from isletscope.phantom.pose import Pose
from isletscope.phantom.regions import neutral_pose
from isletscope.phantom.shapes import Array
from isletscope.phantom.surroundings import surroundings_of
from isletscope.phantom.tube_map import DUCT_TISSUES, TubeMap
from isletscope.phantom.tubes import Tube
from isletscope.phantom.tumour_paint import cover_of

_SAMPLES_ACROSS = 44
_FEWER_ACROSS = 32
_MANY = 4
_LINES = 41
_SLICES = 35
_CHORDS = 41
_REFINEMENTS = 3
_DIRECTIONS = 250
_BISECTIONS = 16
_CONTACT_WITHIN_MM = 4.0
_DUCTS_WITHIN_MM = 40.0
_DUCTS = ("pancreatic_duct", "common_bile_duct")


# Volumes by part of a lesion's state, by the lesions painted over it.
_VOLUMES: WeakKeyDictionary[Tumour, dict[tuple[int, ...], dict[str, float]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Size:
    """Size of a lesion in one exam.

    ``long_axis_mm``: largest diameter in an axial plane (RECIST); ``short_axis_mm``: longest diameter perpendicular to
    it in the same plane; ``largest_mm``: largest diameter in three dimensions. ``parts_ml``: volume of the main part,
    each inner part and the thrombus; the thrombus counts in ``volume_ml`` but not in the axes.
    """

    volume_ml: float
    long_axis_mm: float
    short_axis_mm: float
    largest_mm: float
    parts_ml: dict[str, float]


def size_of(tumour: Tumour, pose: Pose, body: Body, later: Sequence[Tumour] = ()) -> Size:
    """Measure a lesion's size; ``later``: lesions that are painted over it.

    Axes are those of the exam. Volumes are measured once per state, with the person at rest: breathing changes them by
    less than 0.1 % only, where it moves spared vessels against the lesion.
    """
    centre = pose.to_scanner(np.asarray(tumour.centre_personal_mm)[None])[0]
    known = _VOLUMES.setdefault(tumour, {})
    key = tuple(id(other) for other in later)
    if key not in known:
        known[key] = _part_volumes(tumour, neutral_pose(pose), body, later)
    parts = known[key]
    long_axis, short_axis, largest = _axes(tumour, pose, centre)
    return Size(sum(parts.values()), long_axis, short_axis, largest, parts)


def _part_volumes(tumour: Tumour, pose: Pose, body: Body, later: Sequence[Tumour]) -> dict[str, float]:
    """Volumes (mL) by part, from covered shares of small voxels with edges as wide as a voxel."""
    if not (tumour.inner or tumour.spared or tumour.thrombus or tumour.joined or later):
        return {"main": tumour.volume_ml}
    step = 2 * tumour.reach_mm / (_SAMPLES_ACROSS if len(later) < _MANY else _FEWER_ACROSS)
    low, high = _extent(tumour, pose)
    spacing = np.full(3, step)
    shape = tuple(int(n) for n in np.ceil((high - low) / step)[::-1] + 2)
    cover = cover_of(tumour, pose, body, shape, low - step / 2, spacing, step, parts_per_radius=0.0)
    names = ["main", *(part.name for part in tumour.inner)] + (["thrombus"] if tumour.thrombus else [])
    if cover is None:
        return dict.fromkeys(names, 0.0)
    left = np.ones(cover.lesion.shape)
    if later:
        covered = np.argwhere(cover.lesion > 0)
        start = np.array([window.start for window in cover.box])
        points = low - step / 2 + step * (covered + start)[:, ::-1]
        seen = np.ones(len(points))
        for other in later:
            seen *= np.clip(0.5 + tumour_distance(other, pose)(points) / step, 0.0, 1.0)
        left[tuple(covered.T)] = seen
    volumes: dict[str, float] = {}
    for name, part in zip(names, cover.parts, strict=True):
        volumes[name] = volumes.get(name, 0.0) + float((part * left).sum(dtype=np.float64)) * step**3 / 1000
    return volumes


def _extent(tumour: Tumour, pose: Pose) -> tuple[Array, Array]:
    """Low and high corner (scanner mm) of a box that holds a lesion and its thrombus."""
    centre = pose.to_scanner(np.asarray(tumour.centre_personal_mm)[None])[0]
    low, high = centre - 1.03 * tumour.reach_mm, centre + 1.03 * tumour.reach_mm
    if tumour.thrombus:
        along = pose.to_scanner(pose.from_anatomical(tumour.thrombus.course[:, :3]))
        wide = 1.3 * float(tumour.thrombus.course[:, 3].max())
        low, high = np.minimum(low, along.min(axis=0) - wide), np.maximum(high, along.max(axis=0) + wide)
    return low, high


def _axes(tumour: Tumour, pose: Pose, centre: Array) -> tuple[float, float, float]:
    """Long and short axial axes and the largest diameter (mm) of the outline."""
    distance = tumour_distance(tumour, pose)
    reach = 1.03 * tumour.reach_mm
    line = np.linspace(-reach, reach, _LINES)
    heights = np.linspace(-reach, reach, _SLICES)
    grid = np.stack(np.meshgrid(heights, line, line, indexing="ij"), axis=-1)[..., ::-1]
    values = distance((grid + centre).reshape(-1, 3)).reshape(grid.shape[:3])
    turns = np.deg2rad(np.arange(0.0, 180.0, 4.0))
    turns = np.column_stack([np.cos(turns), np.sin(turns)])
    longest, widest, ends = _longest_section(values, line, turns)
    if not longest:
        return 0.0, 0.0, 0.0
    return longest, _chord(_hull(widest), ends), _widest(_surface(tumour), spread_directions(_DIRECTIONS))[0]


def _surface(tumour: Tumour) -> Array:
    """Points of the outline [n, 3] (personal mm), by bisection along rays from the centre of each united part."""
    directions = spread_directions()
    found = []
    for part in (replace(tumour, joined=()), *tumour.joined):
        low, high = np.zeros(len(directions)), np.full(len(directions), 1.05 * part.reach_mm)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            inside = part.distance(directions * middle[:, None]) <= 0
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        found.append(np.asarray(part.centre_personal_mm) + directions * low[:, None])
    return np.concatenate(found)


@njit(cache=True, nogil=True)
def _longest_section(values: Array, line: Array, directions: Array) -> tuple[float, Array, Array]:
    """The section [j, i] of ``values`` [k, j, i] whose outline is longest: its length, outline [n, 2] and two ends."""
    longest, widest, ends = 0.0, np.zeros((0, 2)), np.zeros((2, 2))
    room = np.empty((2 * line.size * line.size, 2))
    for plane in values:
        points = room[: _outline(plane, line, room)]
        if points.shape[0] < 3:
            continue
        length, pair = _widest(points, directions)
        if length > longest:
            longest, widest, ends = length, points.copy(), pair
    return longest, widest, ends


@njit(cache=True, nogil=True)
def _outline(plane: Array, line: Array, points: Array) -> int:
    """Write where a plane changes sign, interpolated along rows and columns (x, y in mm); how many points there are."""
    count = 0
    for swapped in range(2):
        for j in range(line.size):
            for i in range(line.size - 1):
                a = plane[i, j] if swapped else plane[j, i]
                b = plane[i + 1, j] if swapped else plane[j, i + 1]
                if (a <= 0) != (b <= 0):
                    points[count, swapped] = line[i] + a / (a - b) * (line[1] - line[0])
                    points[count, 1 - swapped] = line[j]
                    count += 1
    return count


@njit(cache=True, nogil=True)
def _ends_along(points: Array, direction: Array) -> tuple[int, int, float]:
    """The first and last point of a cloud [n, d] along a direction [d], and how far apart they are along it."""
    first, last, low, high = 0, 0, np.inf, -np.inf
    for n in range(points.shape[0]):
        along = 0.0
        for m in range(direction.size):
            along += points[n, m] * direction[m]
        if along < low:
            first, low = n, along
        if along > high:
            last, high = n, along
    return first, last, high - low


@njit(cache=True, nogil=True)
def _widest(points: Array, directions: Array) -> tuple[float, Array]:
    """Largest distance of two points of a cloud [n, d], and the two points.

    Those farthest apart along the best of ``directions`` [m, d], then along the line between them, and so on.
    """
    best, width = directions[0].copy(), -1.0
    for direction in directions:
        apart = _ends_along(points, direction)[2]
        if apart > width:
            width = apart
            for m in range(best.size):
                best[m] = direction[m]
    pair = np.empty((2, best.size))
    length = 0.0
    for _ in range(_REFINEMENTS):
        first, last, _width = _ends_along(points, best)
        total = 0.0
        for m in range(best.size):
            pair[0, m], pair[1, m] = points[first, m], points[last, m]
            best[m] = pair[1, m] - pair[0, m]
            total += best[m] * best[m]
        length = np.sqrt(total)
        for m in range(best.size):
            best[m] /= max(length, 1e-9)
    return length, pair


def _hull(points: Array) -> Array:
    """Corners of the convex hull of points [n, 2], in order round it (Andrew's chains)."""
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))].tolist()
    corners: list[list[float]] = []
    for chain in (ordered, ordered[::-1]):
        found: list[list[float]] = []
        for x, y in chain:
            while len(found) > 1:
                (x0, y0), (x1, y1) = found[-2], found[-1]
                if (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0:
                    break
                found.pop()
            found.append([x, y])
        corners += found[:-1]
    return np.array(corners)


def _chord(hull: Array, ends: Array) -> float:
    """Longest chord of a convex outline [n, 2] perpendicular to the line between ``ends``."""
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    across = np.array([-along[1], along[0]])
    ring = np.vstack([hull, hull[:1]])
    s, t = (ring - ends[0]) @ along, (ring - ends[0]) @ across
    longest = 0.0
    for at in np.linspace(s.min(), s.max(), _CHORDS)[1:-1]:
        crossing = np.flatnonzero((s[:-1] <= at) != (s[1:] <= at))
        share = (at - s[crossing]) / (s[crossing + 1] - s[crossing])
        cuts = t[crossing] + share * (t[crossing + 1] - t[crossing])
        longest = max(longest, float(cuts.max() - cuts.min()))
    return longest


def lesion_truths(
    lesions: Sequence[Tumour], pose: Pose, body: Body, *, contact: bool = True
) -> dict[str, dict[str, Any]]:
    """Truth of all lesions of an exam by id; ``lesions`` in painting order (later over earlier).

    ``contact``: whether contact of pancreatic lesions with vessels and ducts is told; on PET nobody can see it. Of
    other lesions no angle decides anything: their distance to every tube stands in ``surroundings``.
    """
    tubes = TubeMap(body.tubes, neutral_pose(pose))
    found = {}
    for n, lesion in enumerate(lesions):
        later = [other for other in lesions[n + 1 :] if _may_overlap(lesion, other)]
        found[lesion.id] = lesion_truth(lesion, pose, body, later, tubes)
        if contact and lesion.site == "pancreas":
            found[lesion.id] |= _contact_truth(lesion, pose, body, tubes)
    return found


def _may_overlap(first: Tumour, second: Tumour) -> bool:
    apart = float(np.linalg.norm(np.subtract(first.centre_personal_mm, second.centre_personal_mm)))
    return apart < first.reach_mm + second.reach_mm


def lesion_truth(
    tumour: Tumour, pose: Pose, body: Body, later: Sequence[Tumour] = (), tubes: TubeMap | None = None
) -> dict[str, Any]:
    """What is true of a lesion in one exam, as plain data; ``later``: lesions painted over it.

    ``tubes``: those of ``body``, the person at rest, where they are at hand.
    """
    tubes = tubes or TubeMap(body.tubes, neutral_pose(pose))
    size = size_of(tumour, pose, body, later)
    looks = {"main": tumour.appearance, **{part.name: part.appearance for part in tumour.inner}}
    return {
        "volume_ml": round(size.volume_ml, 5),
        "long_axis_mm": round(size.long_axis_mm, 2),
        "short_axis_mm": round(size.short_axis_mm, 2),
        "largest_diameter_mm": round(size.largest_mm, 2),
        "nature": tumour.nature,
        **({"mimic": tumour.mimic} if tumour.mimic else {}),
        "parts": [
            {"name": name, "volume_ml": round(volume, 5), "appearance": look_truth(looks.get(name, tumour.appearance))}
            for name, volume in size.parts_ml.items()
        ],
        "spares": list(tumour.spared),
        "thrombus_in": tumour.thrombus_in,
        "surroundings": surroundings_of(tumour, body, tubes),
    }


def contact_truth(tumour: Tumour, pose: Pose, body: Body) -> dict[str, Any]:
    """Contact of a lesion with vessels and its distance to ducts in one exam, as plain data."""
    return _contact_truth(tumour, pose, body, TubeMap(body.tubes, neutral_pose(pose)))


def _contact_truth(tumour: Tumour, pose: Pose, body: Body, tubes: TubeMap) -> dict[str, Any]:
    contact, ducts = _neighbours(tumour, pose, body, tubes)
    thrombus = {"thrombus_contact": _beside_thrombus(tumour, pose, body)} if tumour.thrombus_in else {}
    return thrombus | {"vessel_contact": contact, "duct_distance_mm": ducts}


def _neighbours(tumour: Tumour, pose: Pose, body: Body, tubes: TubeMap) -> tuple[dict[str, Any], dict[str, float]]:
    """Contact with every vessel that comes within 4 mm, and distances (mm) to the main ducts.

    Vessels inside the liver and ducts that the lesion grows over are left out.
    """
    lumina = [body.tubes[name] for name in tumour.spared]
    contact: dict[str, Any] = {}
    ducts: dict[str, float] = {}
    for name, tube in body.tubes.items():
        gap = tubes.gap(tumour, name)
        if name in _DUCTS and gap < _DUCTS_WITHIN_MM:
            ducts[name] = round(_duct_distance_mm(tumour, tube, pose, gap), 3)
        may_be_overgrown = tube.parenchymal or tube.tissue in DUCT_TISSUES
        overgrown = may_be_overgrown and name not in tumour.spared and gap <= 0
        if gap < _CONTACT_WITHIN_MM and name != tumour.thrombus_in and not overgrown:
            found = contact_of(tumour, tube, pose, others=lumina)
            if found is not None:
                contact[name] = found.as_json()
    return contact, ducts


def _beside_thrombus(tumour: Tumour, pose: Pose, body: Body) -> dict[str, Any] | None:
    """Contact of the tumour's outline, without its thrombus, with the vein that the thrombus fills."""
    tube = body.tubes[str(tumour.thrombus_in)]
    others = [body.tubes[name] for name in tumour.spared if name != tube.name]
    found = contact_of(tumour, tube, pose, others=others)
    return None if found is None else found.as_json()


def _duct_distance_mm(tumour: Tumour, tube: Tube, pose: Pose, about_mm: float) -> float:
    """Smallest distance (mm) of a lesion's outline and a duct's wall in one exam; 0 where they meet."""
    distance = tumour_distance(tumour, pose)
    wall = wall_of(tube, pose, near=(distance, max(about_mm, 0.0) + 4.0), step_mm=0.5, rays=180)
    return about_mm if wall is None else gap_on(distance, wall)


def look_truth(look: Appearance) -> dict[str, Any]:
    """An appearance for truth.json."""

    def rounded(values: dict[str, float]) -> dict[str, float]:
        return {key: round(value, 3) for key, value in values.items()}

    return {
        "hu": rounded(look.hu),
        "suv": rounded(look.uptake),
        "t1_ms": round(look.t1_ms, 1),
        "t2_ms": round(look.t2_ms, 1),
        "proton_density": round(look.proton_density, 3),
        "fat_fraction": round(look.fat_fraction, 3),
        "adc": round(look.adc, 1),
        "gadolinium_per_s": rounded(look.gadolinium),
    }
