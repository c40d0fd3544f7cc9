"""Solving a tumour's place and elongation for contact with vessels and distance to a duct.

All happens in personal space in the neutral pose. A tumour is a volume-preserving elongation of its shape along the
first vessel it should touch; its centre and elongation are found so that the exact contact (contact.py) is as asked.
One contact: bisection on the offset from the vessel, and on the elongation for the length, for several stations and
directions; the first that keeps clear of other structures wins. Several constraints, or one contact that no ball meets
clear of the tubes to be spared: least squares on centre and elongations from those starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isletscope.phantom.contact import (
    Distance,
    Wall,
    contact_of,
    gap_on,
    ring_degrees,
    stretches,
    tumour_distance,
    wall_of,
)
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.pose import Pose
from isletscope.phantom.scenario_place import Place, Touch
from isletscope.phantom.shapes import Array
from isletscope.phantom.tubes import Tube

_SEARCH_STEP_MM = 1.0
_SEARCH_RAYS = 72
_FINE_STEP_MM = 0.25
_FINE_RAYS = 360
_BISECTIONS = 18
_ENCLOSED_DEGREES = 359.5
_HOPELESS = 4.0
_ELONGATIONS = (0.5, 2.4)
_MISS_DEGREES, _MISS_DEGREES_LEFT = 1.0, 2.0
_MISS_LENGTH_MM = 0.5
_MISS_GAP_MM = 0.1
_SLOPE_DEGREES_PER_MM = 8.0
_CLEAR_STEP_MM = 0.3
_CLEAR_AIM_MM = 0.2
_STRAY_STEP_MM = 4.0
_ROUNDNESS, _ROUNDNESS_LEFT = 3.0, 0.1
# Unknowns of the least squares: three of the centre, two elongations.
_PLACE, _PLACE_AND_SHAPE = 3, 5
_GOOD_COST = 1.0
_STARTS = 6
_STATIONS = 5
_AROUND_DEGREES = (0.0, 25.0, -25.0, 50.0, -50.0, 80.0, -80.0)
_DIRECTIONS = {
    "left": (1.0, 0.0, 0.0),
    "right": (-1.0, 0.0, 0.0),
    "posterior": (0.0, 1.0, 0.0),
    "anterior": (0.0, -1.0, 0.0),
    "superior": (0.0, 0.0, 1.0),
    "inferior": (0.0, 0.0, -1.0),
}

Cost = Callable[[Tumour], float]


def direction_of(side: str) -> Array:
    """Unit vector (LPS) of a side's name."""
    return np.array(_DIRECTIONS[side])


@dataclass(frozen=True)
class Solved:
    """A placed tumour, and how far its constraints are missed: ``miss`` in units of what is tolerated (1: just met)."""

    tumour: Tumour
    miss: float
    reached: str


@dataclass(frozen=True)
class Problem:
    """What is to be solved: constraints, tubes and person, where the tumour should tend to, and what else it costs.

    ``towards``: personal point that the tumour's centre should lie near when no side is given. ``cost``: penalty of a
    placed tumour (0: good; 1 and more: it lies where it should not). ``gap``: distance (mm) of a tumour and a tube,
    negative where they overlap. ``stray``: how far (mm) a tumour's centre lies outside the structure it belongs to.
    ``lumina``: the tubes painted over a tumour, where no contact is.
    """

    place: Place
    tubes: Mapping[str, Tube]
    pose: Pose
    towards: Array
    cost: Cost
    gap: Callable[[Tumour, str], float]
    stray: Cost
    lumina: Callable[[Tumour], Sequence[Tube]]

    def too_near(self, tumour: Tumour) -> dict[str, float]:
        """The tubes to be kept clear of that a tumour comes too near to, and by how much (mm)."""
        short = {name: distance - self.gap(tumour, name) for name, distance in self.place.clear_of}
        return {name: mm for name, mm in short.items() if mm > 0}


def solve(tumour: Tumour, problem: Problem) -> Solved:
    """Place a tumour (its centre and orientation are free) so that all constraints hold as well as they can."""
    place = problem.place
    if not place.touches:
        return _beside_duct(tumour, problem)
    starts = _touching(tumour, problem, place.touches[0])
    if len(place.touches) == 1 and not place.near_duct:
        single = _best(starts, problem)
        if not place.clear_of or problem.cost(single.tumour) < _GOOD_COST:
            return single
    found = []
    for shape in (_PLACE, _PLACE_AND_SHAPE):
        for start in starts[:_STARTS]:
            found.append(_refine(start.tumour, problem, shape))
            if found[-1].miss <= 1 and problem.cost(found[-1].tumour) < _GOOD_COST:
                return found[-1]
        if min(solved.miss for solved in found) <= 1:
            break
    return _best(found, problem)


def _ball(centre: Array, radius_mm: float) -> Distance:
    return lambda points: np.asarray(np.linalg.norm(points - centre, axis=1) - radius_mm)


def _best(found: Sequence[Solved], problem: Problem) -> Solved:
    """The candidate that meets the constraints at the least cost, else the one that misses least."""
    met = [item for item in found if item.miss <= 1]
    if met:
        return min(met, key=lambda item: problem.cost(item.tumour))
    return min(found, key=lambda item: item.miss)


def _touching(tumour: Tumour, problem: Problem, touch: Touch) -> list[Solved]:
    """Solutions of one contact at several stations and directions, the likeliest first; stops at a good one."""
    tube = problem.tubes[touch.vessel]
    single = len(problem.place.touches) == 1 and not problem.place.near_duct
    found: list[Solved] = []
    rough: list[tuple[float, int, Tumour, Wall, Array, Array, Array]] = []
    for away, (base, along) in enumerate(_stations(tube, problem, touch)):
        wall = wall_of(
            tube,
            problem.pose,
            near=(_ball(base, 3.5 * tumour.reach_mm), 0.0),
            step_mm=_SEARCH_STEP_MM,
            rays=_SEARCH_RAYS,
        )
        if wall is None:
            continue
        for order, direction in enumerate(_directions(base, along, problem, touch)):
            aligned = _aligned(tumour, along, 1.0)
            placed = _offset_for(aligned, wall, base, direction, touch.degrees)
            cost = problem.cost(placed) + 0.15 * order + 0.02 * away
            rough.append((cost, len(rough), placed, wall, base, along, direction))
    for _, _, placed, wall, base, along, direction in sorted(rough, key=lambda item: item[:2])[: 2 * _STARTS]:
        if touch.length_mm is not None:
            placed = _elongated(tumour, wall, (base, along, direction), touch.degrees, touch.length_mm)
        if single and _judged(placed, problem, {touch.vessel: wall}).miss > _HOPELESS and found:
            continue
        polished = _polished(placed, tube, problem, touch, (base, direction)) if single else Solved(placed, 0.0, "")
        found.append(polished)
        if single and polished.miss <= 1 and problem.cost(polished.tumour) < _GOOD_COST:
            break
        if not single and len(found) >= _STARTS:
            break
    return found


def _stations(tube: Tube, problem: Problem, touch: Touch) -> list[tuple[Array, Array]]:
    """Points and tangents of the vessel's centreline (personal) where contact may be centred."""
    samples = tube.sample(2.0)
    points = problem.pose.from_anatomical(samples.points)
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    open_lumen = samples.radii_mm > 0.5
    if touch.along is not None:
        picked = [int(np.argmin(np.abs(samples.arc_mm / samples.arc_mm[-1] - touch.along)))]
    else:
        away = np.linalg.norm(points - problem.towards, axis=1) + np.where(open_lumen, 0.0, 1e3)
        middle = int(np.argmin(away))
        picked = [
            middle + turn * step
            for step in range(0, 3 * _STATIONS, 3)
            for turn in ((1, -1) if step else (1,))
            if 0 <= middle + turn * step < len(points) and open_lumen[middle + turn * step]
        ]
    return [(points[n], tangents[n]) for n in picked]


def _directions(base: Array, along: Array, problem: Problem, touch: Touch) -> list[Array]:
    """Unit directions from the vessel to the tumour, perpendicular to it, the wanted one first."""
    wanted = direction_of(touch.side) if touch.side else problem.towards - base
    across = wanted - (wanted @ along) * along
    if float(np.linalg.norm(across)) < 1e-6:
        across = np.eye(3)[int(np.argmin(np.abs(along)))]
        across = across - (across @ along) * along
    across /= np.linalg.norm(across)
    other = np.cross(along, across)
    turns = _AROUND_DEGREES if touch.side is None else _AROUND_DEGREES[:5]
    if touch.side is None:
        turns = (*turns, 120.0, -120.0, 180.0)
    return [np.cos(np.deg2rad(turn)) * across + np.sin(np.deg2rad(turn)) * other for turn in turns]


def _aligned(tumour: Tumour, along: Array, elongation: float) -> Tumour:
    """The tumour with its third axis along a direction, stretched along it at equal volume."""
    axis = along / np.linalg.norm(along)
    second = float(np.degrees(np.arctan2(np.hypot(axis[0], axis[1]), axis[2])))
    third = float(np.degrees(np.arctan2(axis[1], axis[0])))
    mean = tumour.diameter_mm / 2
    wide = mean / float(np.sqrt(elongation))
    return replace(tumour, semi_axes_mm=(wide, wide, mean * elongation), turned_degrees=(0.0, second, third))


def _at(tumour: Tumour, centre: Array) -> Tumour:
    return replace(tumour, centre_personal_mm=(float(centre[0]), float(centre[1]), float(centre[2])))


@dataclass(frozen=True)
class _Reach:
    """What one placement reaches on one wall: contact angle and length, and the signed gap (mm).

    ``depth_mm``: how far inside the tumour the ring lies that is enclosed deepest; negative where no ring is enclosed.
    """

    degrees: float
    length_mm: float
    gap_mm: float
    depth_mm: float = -np.inf

    @property
    def sloping_degrees(self) -> float:
        """The angle, going on below 0 with the gap and above 360 with the depth, so that solvers see a way."""
        if self.degrees == 0:
            return -_SLOPE_DEGREES_PER_MM * self.gap_mm
        return self.degrees + _SLOPE_DEGREES_PER_MM * max(self.depth_mm, 0.0)


def _reach(tumour: Tumour, wall: Wall) -> _Reach:
    gaps = tumour_distance(tumour)(wall.points.reshape(-1, 3)).reshape(wall.points.shape[:2])
    nearest = gaps.min(axis=1)
    return _Reach(
        float(ring_degrees(gaps, 0.0).max()),
        float(stretches(nearest, wall.arc_mm, wall.weight_mm).sum()),
        float(nearest.min()),
        -float(gaps.max(axis=1).min()),
    )


def _offset_for(tumour: Tumour, wall: Wall, base: Array, direction: Array, degrees: float) -> Tumour:
    """The tumour moved along ``direction`` from ``base`` until its contact angle is as asked."""
    farthest = tumour.reach_mm + 3 * float(np.linalg.norm(wall.points - wall.centres[:, None], axis=2).max())

    def excess(offset: float) -> float:
        return _reach(_at(tumour, base + offset * direction), wall).sloping_degrees - degrees

    if degrees > _ENCLOSED_DEGREES:
        low, high = 0.0, farthest
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle) >= _ENCLOSED_DEGREES - degrees else (low, middle)
        return _at(tumour, base + low * direction)
    if excess(0.0) <= 0:
        return _at(tumour, base)
    if excess(farthest) >= 0:
        return _at(tumour, base + farthest * direction)
    from scipy import optimize  # loads slowly, and few lesions need it

    return _at(tumour, base + float(optimize.brentq(excess, 0.0, farthest, xtol=1e-4)) * direction)


def _elongated(
    tumour: Tumour, wall: Wall, line: tuple[Array, Array, Array], degrees: float, length_mm: float
) -> Tumour:
    """Offset and elongation for an angle and a length of contact (nested bisection)."""
    base, along, direction = line
    low, high = _ELONGATIONS
    placed = tumour
    for _ in range(_BISECTIONS // 2):
        middle = float(np.sqrt(low * high))
        placed = _offset_for(_aligned(tumour, along, middle), wall, base, direction, degrees)
        if _reach(placed, wall).length_mm < length_mm:
            low = middle
        else:
            high = middle
    return placed


def _polished(tumour: Tumour, tube: Tube, problem: Problem, touch: Touch, line: tuple[Array, Array]) -> Solved:
    """The offset solved once more on a fine wall, and what was reached."""
    base, direction = line
    fine = wall_of(
        tube, problem.pose, near=(tumour_distance(tumour), 4.0), step_mm=_FINE_STEP_MM,
        rays=_FINE_RAYS,
    )  # fmt: skip
    if fine is None:
        return Solved(tumour, np.inf, "no contact")
    placed = _offset_for(tumour, fine, base, direction, touch.degrees)
    return _confirmed(_judged(placed, problem, {touch.vessel: fine}), problem)


def _confirmed(solved: Solved, problem: Problem) -> Solved:
    """What was solved against bare walls, judged again as the truth tells it: branches leave less wall to touch."""
    if solved.miss > 1:
        return solved
    lumina, misses, words = problem.lumina(solved.tumour), [solved.miss], []
    for touch in problem.place.touches:
        contact = contact_of(
            solved.tumour, problem.tubes[touch.vessel], problem.pose, (0.0,), others=lumina, rays=_FINE_RAYS
        )
        degrees = 0.0 if contact is None else contact.degrees_max[0.0]
        misses.append(abs(degrees - touch.degrees) / _MISS_DEGREES_LEFT)
        words.append(f"{touch.vessel} {degrees:.0f} degrees where no branch leaves it")
    return replace(solved, miss=max(misses), reached=solved.reached if max(misses) <= 1 else ", ".join(words))


def _walls(tumour: Tumour, problem: Problem, step_mm: float, rays: int) -> dict[str, Wall]:
    names = [touch.vessel for touch in problem.place.touches]
    if problem.place.near_duct:
        names.append(problem.place.near_duct.duct)
    near = (tumour_distance(tumour), 0.5 * tumour.reach_mm + 8.0)
    walls = {name: wall_of(problem.tubes[name], problem.pose, near=near, step_mm=step_mm, rays=rays) for name in names}
    return {name: wall for name, wall in walls.items() if wall is not None}


def _refine(start: Tumour, problem: Problem, unknowns: int) -> Solved:
    """All constraints at once, by least squares from one start: the centre, or centre and two elongations.

    First with what is wished for (round, in its own structure), then, from there, with what is asked alone.
    """
    walls = _walls(start, problem, _SEARCH_STEP_MM, _SEARCH_RAYS)
    origin, axes = np.asarray(start.centre_personal_mm), np.asarray(start.semi_axes_mm)

    def shaped(unknown: Array) -> Tumour:
        first, second = unknown[3:] if len(unknown) > _PLACE else (0.0, 0.0)
        a, b, c = axes * np.exp(np.array([first, second, -first - second]))
        return replace(_at(start, origin + unknown[:3]), semi_axes_mm=(float(a), float(b), float(c)))

    def asked(unknown: Array) -> Array:
        return np.concatenate([_residuals(shaped(unknown), problem, walls), _ROUNDNESS_LEFT * unknown[3:]])

    def wished(unknown: Array) -> Array:
        placed = shaped(unknown)
        soft = [problem.stray(placed) / _STRAY_STEP_MM, *(_ROUNDNESS * unknown[3:])]
        return np.concatenate([_residuals(placed, problem, walls), soft])

    widest = np.array([40.0] * 3 + [0.7] * 2)[:unknowns]
    scale = np.array([2, 2, 2, 0.2, 0.2])[:unknowns]
    from scipy import optimize  # loads slowly, and few lesions need it

    found = np.zeros(unknowns)
    for misses, rounds in ((wished, 40), (asked, 20)):
        found = optimize.least_squares(misses, found, bounds=(-widest, widest), diff_step=1e-3, x_scale=scale,
                                       max_nfev=rounds).x  # fmt: skip
    placed = shaped(found)
    return _confirmed(_judged(placed, problem, _walls(placed, problem, 2 * _FINE_STEP_MM, _FINE_RAYS // 2)), problem)


def _residuals(tumour: Tumour, problem: Problem, walls: Mapping[str, Wall]) -> Array:
    """Differences from what is asked, in units of what is tolerated; finite and sloping where there is no contact."""
    out: list[float] = []
    for touch in problem.place.touches:
        wall = walls.get(touch.vessel)
        if wall is None:
            out += [touch.degrees / _MISS_DEGREES] * (1 if touch.length_mm is None else 2)
            continue
        reached = _reach(tumour, wall)
        out.append((reached.sloping_degrees - touch.degrees) / _MISS_DEGREES)
        if touch.length_mm is not None:
            out.append((reached.length_mm - touch.length_mm) / _MISS_LENGTH_MM)
    near = problem.place.near_duct
    if near:
        wall = walls.get(near.duct)
        gap = _reach(tumour, wall).gap_mm if wall else 30.0
        out.append((gap - near.distance_mm) / _MISS_GAP_MM)
    for name, distance in problem.place.clear_of:
        out.append(max(distance + _CLEAR_AIM_MM - problem.gap(tumour, name), 0.0) / _CLEAR_STEP_MM)
    return np.array(out)


def _judged(tumour: Tumour, problem: Problem, walls: Mapping[str, Wall]) -> Solved:
    """What a placed tumour reaches, in words and as the largest miss."""
    distance = tumour_distance(tumour)
    misses, words = [0.0], []
    for touch in problem.place.touches:
        wall = walls.get(touch.vessel)
        reached = _reach(tumour, wall) if wall else _Reach(0.0, 0.0, np.inf)
        degrees, length = reached.degrees, reached.length_mm
        misses.append(abs(degrees - touch.degrees) / _MISS_DEGREES)
        if touch.length_mm is not None:
            misses.append(abs(length - touch.length_mm) / _MISS_LENGTH_MM)
        words.append(f"{touch.vessel} {degrees:.0f} degrees for {length:.1f} mm")
    near = problem.place.near_duct
    if near:
        wall = walls.get(near.duct)
        gap = gap_on(distance, wall) if wall else np.inf
        misses.append(abs(gap - near.distance_mm) / _MISS_GAP_MM)
        words.append(f"{near.duct} at {gap:.1f} mm")
    for name, short_mm in problem.too_near(tumour).items():
        misses.append(1.0 + short_mm / _CLEAR_STEP_MM)
        words.append(f"{short_mm:.1f} mm too near to {name}")
    return Solved(tumour, max(misses), ", ".join(words))


def _beside_duct(tumour: Tumour, problem: Problem) -> Solved:
    """A tumour at a distance from a duct: offset by bisection for several stations and directions."""
    near = problem.place.near_duct
    assert near is not None
    tube = problem.tubes[near.duct]
    touch = Touch(near.duct, 1.0)
    found: list[Solved] = []
    for base, along in _stations(tube, problem, touch):
        wall = wall_of(tube, problem.pose, near=(_ball(base, 3 * tumour.reach_mm + near.distance_mm + 5), 0.0),
                       step_mm=_SEARCH_STEP_MM, rays=_SEARCH_RAYS)  # fmt: skip
        if wall is None:
            continue
        for direction in _directions(base, along, problem, touch):
            low, high = 0.0, tumour.reach_mm + near.distance_mm + 15.0
            for _ in range(_BISECTIONS):
                middle = (low + high) / 2
                if gap_on(tumour_distance(_at(tumour, base + middle * direction)), wall) < near.distance_mm:
                    low = middle
                else:
                    high = middle
            solved = _judged(_at(tumour, base + high * direction), problem, {near.duct: wall})
            found.append(solved)
            if solved.miss <= 1 and problem.cost(solved.tumour) < _GOOD_COST:
                return solved
    return _best(found, problem)
