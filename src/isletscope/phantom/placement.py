"""From a scenario's rules to tumours at known places in one person."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.phantom.appearance import CT_PHASES, Appearance
from isletscope.phantom.body import Body, anatomical_box
from isletscope.phantom.lesions import Tumour, draw_lobes
from isletscope.phantom.pose import Pose
from isletscope.phantom.render import paint_body
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.scenario_lesions import LesionRule, Uptake
from isletscope.phantom.shapes import Array
from isletscope.spatial import Geometry

_STEP_MM = 3.0
_TRIES = 400
_SOFT_TISSUE_HU = 42.0
_BONE_SPREAD_MM = 4.0
_LIVER_MIDDLE_MM = -22.0
_LETTERS = {"pancreas": "P", "node": "N", "liver": "L", "bone": "O"}

# Regions that a rule may name: organ label maps, parts of the pancreas (nearest landmark), and point stations.
ORGANS = {"liver": ("liver",), "pancreas": ("pancreas", "uncinate"), "spleen": ("spleen",), "lung": ("lung",)}
PANCREAS_PARTS = ("pancreas_head", "pancreas_uncinate", "pancreas_neck", "pancreas_body", "pancreas_tail")
# Node stations: centre (anatomical mm) and spread (mm); schematic places of the usual regional and distant stations.
STATIONS: dict[str, tuple[tuple[float, float, float], float]] = {
    "node_hepatoduodenal": ((-34.0, -14.0, 16.0), 4.0),
    "node_coeliac": ((14.0, -18.0, 34.0), 4.0),
    "node_peripancreatic": ((22.0, 6.0, 0.0), 5.0),
    "node_mesenteric": ((14.0, -22.0, -66.0), 8.0),
    "node_paraaortic": ((24.0, 6.0, -52.0), 6.0),
    "node_splenic_hilum": ((82.0, 32.0, 52.0), 4.0),
    "node_supraclavicular_left": ((54.0, 4.0, 304.0), 5.0),
}
BONES = (
    *(f"T{n}" for n in range(3, 13)),
    *(f"L{n}" for n in range(1, 6)),
    "ilium_left",
    "ilium_right",
    "femur_left",
    "femur_right",
)
_HOSTS = {"pancreas": "pancreas", "liver": "liver", "node": "cavity_fat", "bone": "marrow", "lung": "lung"}


def region_names() -> tuple[str, ...]:
    """Everything that 'in' may name."""
    return (*ORGANS, *PANCREAS_PARTS, *STATIONS, "node", *BONES, "bone")


@dataclass
class _Atlas:
    """Organ labels of the person in a neutral pose, personal space."""

    labels: npt.NDArray[np.uint8]
    origin: Array
    regions: dict[tuple[str, str | None], tuple[Array, Array]] = field(default_factory=dict)

    def points(self, inside: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
        """Personal points of a region [n, 3], and how deep each lies under its surface (mm)."""
        box = ndimage.find_objects(inside.astype(np.uint8))
        if not box:
            return np.zeros((0, 3)), np.zeros(0)
        window = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box[0])
        depth = ndimage.distance_transform_edt(inside[window]) * _STEP_MM
        k, j, i = np.nonzero(inside[window])
        start = np.array([s.start for s in window])
        index = np.column_stack([i + start[2], j + start[1], k + start[0]])
        return self.origin + _STEP_MM * index, depth[k, j, i] - _STEP_MM / 2


def place_tumours(scenario: Scenario, body: Body, pose: Pose, rng: np.random.Generator) -> list[Tumour]:
    """Tumours of a scenario in this person; ``pose`` gives the person's scale and variation.

    Raises InputError naming the rule's line when a place is unknown or no room is left there.
    """
    if not scenario.lesions:
        return []
    placer = _Placer(scenario, body, pose, _atlas(body, pose), rng)
    drawn = [
        (rule, float(rng.uniform(*rule.diameter_mm)))
        for rule in scenario.lesions
        for _ in range(int(rng.integers(rule.count[0], rule.count[1] + 1)))
    ]
    numbers: dict[str, int] = {}
    for rule, diameter in sorted(drawn, key=lambda item: ("at" not in item[0].place, -item[1])):
        letter = _LETTERS.get(rule.site, "X")
        numbers[letter] = numbers.get(letter, 0) + 1
        placer.place(rule, diameter, f"{letter}{numbers[letter]}")
    return placer.placed


def _atlas(body: Body, pose: Pose) -> _Atlas:
    x0, y0, x1, y1 = anatomical_box(body)
    low = np.array([x0, y0, -320.0]) * body.scale
    high = np.array([x1, y1, 345.0]) * body.scale
    shape = np.ceil((high - low) / _STEP_MM).astype(int)[::-1]
    geometry = Geometry(
        (int(shape[0]), int(shape[1]), int(shape[2])), (_STEP_MM,) * 3, (float(low[0]), float(low[1]), float(low[2]))
    )
    neutral = Pose(pose.scale, pose.variation, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), np.zeros((0, 9)))
    painted = paint_body(body, neutral, geometry, lambda _: 0.0, 0.0, _STEP_MM)
    return _Atlas(painted.labels, low)


@dataclass
class _Placer:
    """Places tumours one by one, keeping them apart."""

    scenario: Scenario
    body: Body
    pose: Pose
    atlas: _Atlas
    rng: np.random.Generator
    placed: list[Tumour] = field(default_factory=list)

    def place(self, rule: LesionRule, diameter_mm: float, name: str) -> None:
        """Shape, place and keep one tumour. Raises InputError when there is no room."""
        rng, radius = self.rng, diameter_mm / 2
        axes = np.full(3, radius)
        if rule.shape != "round":
            axes = axes * np.exp(rng.normal(0, 0.13, 3))
            axes *= radius / axes.prod() ** (1 / 3)
        turned = rng.uniform(-40, 40, 3)
        host = self.body.tissues[_HOSTS.get(rule.site, "cavity_fat")]
        solid = rule.site in ("pancreas", "liver", "bone")
        tumour = Tumour(
            id=name,
            site=rule.site,
            organ="",
            centre_personal_mm=(0.0, 0.0, 0.0),
            semi_axes_mm=(float(axes[0]), float(axes[1]), float(axes[2])),
            turned_degrees=(float(turned[0]), float(turned[1]), float(turned[2])),
            appearance=Appearance(
                hu=dict.fromkeys(CT_PHASES, (host.hu if solid else _SOFT_TISSUE_HU) + rule.hu_offset),
                uptake={key: _suv(item, host.uptake[key], rng) for key, item in rule.uptake.items()},
            ),
            lobes=draw_lobes(rng) if rule.shape == "lobulated" else np.zeros((0, 4)),
        )
        centre, region = self._centre(rule, radius, tumour.reach_mm)
        x, y, z = (float(v) for v in centre)
        self.placed.append(replace(tumour, organ=region, centre_personal_mm=(x, y, z)))

    def _centre(self, rule: LesionRule, radius: float, reach: float) -> tuple[Array, str]:
        if "at" in rule.place:
            return self._given(rule, radius), "given place"
        region = str(rule.place["in"])
        if region not in region_names():
            raise self.scenario.refuse(rule.line, "the place is not known", f"'{region}'", ", ".join(region_names()))
        for attempt in range(_TRIES):
            point, exact = self._candidate(region, rule.place.get("side"), radius, attempt / _TRIES)
            gaps = [np.linalg.norm(point - t.centre_personal_mm) - t.reach_mm - reach for t in self.placed]
            if not gaps or min(gaps) >= rule.margin_mm:
                return point, exact
        raise self.scenario.refuse(
            rule.line,
            f"no room was found in '{region}' for a tumour of {2 * radius:.0f} mm",
            f"{len(self.placed)} tumours placed before it, {rule.margin_mm:g} mm to keep from each",
            "fewer or smaller tumours, or a smaller margin_mm",
        )

    def _given(self, rule: LesionRule, radius: float) -> Array:
        anatomical = np.array([rule.place["at"]])
        if self.body.depth(anatomical)[0] > -radius:
            raise self.scenario.refuse(
                rule.line, "the tumour would not lie inside the body", f"at {rule.place['at']}, radius {radius:.0f} mm"
            )
        return np.asarray(self.pose.from_anatomical(anatomical)[0])

    def _candidate(self, region: str, side: str | None, radius: float, ease: float) -> tuple[Array, str]:
        """A point of a region; ``ease`` (0 to 1) allows points nearer the surface, or farther from a station."""
        rng = self.rng
        if region in ("node", "bone"):
            region = str(rng.choice(list(STATIONS if region == "node" else BONES)))
        if region in STATIONS or region in BONES:
            centre, spread = STATIONS.get(region) or (self.body.landmarks[region], _BONE_SPREAD_MM)
            shift = np.clip(rng.normal(size=3), -1.5, 1.5) * spread * (1 + 1.5 * ease)
            return self.pose.from_anatomical((np.asarray(centre) + shift)[None])[0], region
        points, depth = self._region(region, side)
        wanted = min(radius, 0.8 * float(depth.max())) * (1 - 0.7 * ease)
        points = points[depth >= wanted - 1e-6]
        jitter = rng.uniform(-0.5, 0.5, 3) * _STEP_MM
        return points[int(rng.integers(len(points)))] + jitter, region

    def _region(self, region: str, side: str | None) -> tuple[Array, Array]:
        """Personal points of an organ or part of it, and their depths (mm)."""
        if (region, side) in self.atlas.regions:
            return self.atlas.regions[region, side]
        names = ORGANS["pancreas"] if region in PANCREAS_PARTS else ORGANS[region]
        points, depth = self.atlas.points(np.isin(self.atlas.labels, [self.body.tissues[n].label for n in names]))
        keep = np.ones(len(points), dtype=bool)
        if region in PANCREAS_PARTS:
            marks = self.pose.from_anatomical(np.array([self.body.landmarks[name] for name in PANCREAS_PARTS]))
            nearest = np.linalg.norm(points[:, None, :] - marks[None], axis=2).argmin(axis=1)
            keep &= nearest == PANCREAS_PARTS.index(region)
        if side:
            across = self.pose.to_anatomical(points)[:, 0] - (_LIVER_MIDDLE_MM if region == "liver" else 0.0)
            keep &= across < 0 if side == "right" else across > 0
        self.atlas.regions[region, side] = (points[keep], depth[keep])
        return points[keep], depth[keep]


def _suv(uptake: Uptake, host_suv: float, rng: np.random.Generator) -> float:
    if uptake.suv is not None:
        return float(rng.uniform(*uptake.suv))
    low, high = uptake.times_background or (1.0, 1.0)
    return host_suv * float(rng.uniform(low, high))
