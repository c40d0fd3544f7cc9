"""Where lesions can lie: organs and their parts, node stations, bones and peritoneal recesses of one person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.phantom.body import Body, anatomical_box
from isletscope.phantom.pancreas import PARTS
from isletscope.phantom.pose import Pose
from isletscope.phantom.render import Scene, paint_scene
from isletscope.phantom.shapes import Array
from isletscope.phantom.stations import stations
from isletscope.spatial import Geometry

STEP_MM = 3.0
_CLOSING_ROUNDS = 2
ORGANS = {
    "liver": ("liver",),
    "pancreas": ("pancreas", "uncinate"),
    "pancreas_uncinate": ("uncinate",),
    "spleen": ("spleen",),
    "lung": ("lung",),
}
# Segments of the hemilivers (Brisbane terminology).
RIGHT_SEGMENTS, LEFT_SEGMENTS = (5, 6, 7, 8), (2, 3, 4)
# Peritoneal recesses: centre (anatomical mm) and spread (mm); schematic places (convention).
PERITONEUM: dict[str, tuple[tuple[float, float, float], float]] = {
    "peritoneum_paracolic_right": ((-112.0, 6.0, -100.0), 5.0),
    "peritoneum_paracolic_left": ((114.0, 6.0, -90.0), 5.0),
    "peritoneum_omentum": ((8.0, -74.0, -52.0), 9.0),
    "peritoneum_douglas": ((2.0, 34.0, -214.0), 4.0),
    "peritoneum_mesentery": ((30.0, -40.0, -96.0), 9.0),
}
BONES = (
    *(f"T{n}" for n in range(3, 13)),
    *(f"L{n}" for n in range(1, 6)),
    "ilium_left",
    "ilium_right",
    "femur_left",
    "femur_right",
)
_BONE_SPREAD_MM = 4.0


def _groups() -> dict[str, tuple[str, ...]]:
    """Collective names: one of the group is drawn."""
    return {"node": tuple(stations()), "bone": BONES, "peritoneum": tuple(PERITONEUM)}


def _spot(region: str) -> tuple[tuple[float, float, float], float] | None:
    """Centre (anatomical mm) and spread (mm) of a node station or peritoneal recess."""
    station = stations().get(region)
    return (station.centre, station.spread_mm) if station else PERITONEUM.get(region)


def region_names() -> tuple[str, ...]:
    """Everything that 'in' may name."""
    return (*ORGANS, *PARTS, *stations(), *PERITONEUM, *BONES, *_groups())


def neutral_pose(pose: Pose) -> Pose:
    """The person at rest: no turn, no shift, no breathing, so that scanner and personal space are one."""
    return Pose(pose.scale, pose.variation, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), np.zeros((0, 9)))


@dataclass
class Regions:
    """Organ and structure labels of one person in the neutral pose, on a 3 mm grid of personal space."""

    body: Body
    pose: Pose
    labels: npt.NDArray[np.uint8]
    structures: npt.NDArray[np.uint8]
    origin: Array
    _points: dict[tuple[str, tuple[int, ...], str | None], tuple[Array, Array]] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Body, pose: Pose) -> Regions:
        """Paint the labels of a person; ``pose`` gives scale and variation."""
        x0, y0, x1, y1 = anatomical_box(body)
        low = np.array([x0, y0, -320.0]) * body.scale
        high = np.array([x1, y1, 345.0]) * body.scale
        shape = np.ceil((high - low) / STEP_MM).astype(int)[::-1]
        origin = (float(low[0]), float(low[1]), float(low[2]))
        geometry = Geometry((int(shape[0]), int(shape[1]), int(shape[2])), (STEP_MM,) * 3, origin)
        neutral = neutral_pose(pose)
        painted = paint_scene(Scene(body, neutral), geometry, (), background=0.0, edge_mm=STEP_MM)
        return cls(body, neutral, painted.organs, painted.structures, low)

    def structure_volumes_ml(self) -> Array:
        """Volume of every structure by its label (256 entries), by counting; 0 where the grid's ends cut it."""
        volumes = np.bincount(self.structures.ravel(), minlength=256) * STEP_MM**3 / 1000.0
        volumes[np.unique(self.structures[[0, -1]])] = 0.0
        return np.asarray(volumes)

    def labels_at(self, points: Array) -> npt.NDArray[np.uint8]:
        """Organ labels at personal points [n, 3]; 0 outside the grid."""
        index = np.rint((points - self.origin) / STEP_MM).astype(int)[:, ::-1]
        inside = ((index >= 0) & (index < self.labels.shape)).all(axis=1)
        found = np.zeros(len(points), dtype=np.uint8)
        k, j, i = index[inside].T
        found[inside] = self.labels[k, j, i]
        return found

    def organ_labels(self, region: str) -> set[int]:
        """Labels of the organ that a region belongs to; empty for stations and bones."""
        names = ORGANS.get(region, ("pancreas",) if region in PARTS else ())
        return {self.body.tissues[name].label for name in names}

    def volume_points(
        self, region: str, side: str | None = None, segments: tuple[int, ...] = ()
    ) -> tuple[Array, Array]:
        """Personal points [n, 3] of an organ or part on the grid, and how deep each lies under its surface (mm)."""
        key = (region, segments, side)
        if key not in self._points:
            self._points[key] = self._collect(region, side, segments)
        return self._points[key]

    def _collect(self, region: str, side: str | None, segments: tuple[int, ...]) -> tuple[Array, Array]:
        inside = np.isin(self.labels, list(self.organ_labels(region)))
        if region == "liver":
            inside = ndimage.binary_closing(inside, iterations=_CLOSING_ROUNDS)
        points, depth = self._with_depth(inside)
        keep = np.ones(len(points), dtype=bool)
        if region in PARTS:
            keep &= self.body.pancreas_part(self.pose.to_anatomical(points)) == PARTS.index(region)
        if region == "liver" and (segments or side):
            wanted = segments or (RIGHT_SEGMENTS if side == "right" else LEFT_SEGMENTS)
            keep &= np.isin(self.body.liver_segment(self.pose.to_anatomical(points)), wanted)
        elif side:
            across = self.pose.to_anatomical(points)[:, 0]
            keep &= across < 0 if side == "right" else across > 0
        return points[keep], depth[keep]

    def _with_depth(self, inside: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
        box = ndimage.find_objects(inside.astype(np.uint8))
        if not box:
            return np.zeros((0, 3)), np.zeros(0)
        window = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box[0])
        depth = ndimage.distance_transform_edt(inside[window]) * STEP_MM
        k, j, i = np.nonzero(inside[window])
        start = np.array([s.start for s in window])
        index = np.column_stack([i + start[2], j + start[1], k + start[0]])
        return self.origin + STEP_MM * index, depth[k, j, i] - STEP_MM / 2

    def draw(
        self,
        region: str,
        rng: np.random.Generator,
        radius_mm: float,
        ease: float,
        side: str | None = None,
        segments: tuple[int, ...] = (),
    ) -> tuple[Array, str]:
        """A personal point of a region for a ball of ``radius_mm``, and the exact name of the place.

        ``ease`` (0 to 1) allows points nearer an organ's surface, or farther from a station.
        """
        if region in _groups():
            region = str(rng.choice(list(_groups()[region])))
        spot = _spot(region)
        if spot or region in BONES:
            centre, spread = spot or (self.body.landmarks[region], _BONE_SPREAD_MM)
            shift = np.clip(rng.normal(size=3), -1.5, 1.5) * spread * (1 + 1.5 * ease)
            return self.pose.from_anatomical((np.asarray(centre) + shift)[None])[0], region
        points, depth = self.volume_points(region, side, segments)
        wanted = min(radius_mm, 0.8 * float(depth.max())) * (1 - 0.7 * ease)
        points = points[depth >= wanted - 1e-6]
        jitter = rng.uniform(-0.5, 0.5, 3) * STEP_MM
        return points[int(rng.integers(len(points)))] + jitter, region

    def distance_mm(self, region: str, point: Array) -> float:
        """Distance (mm) of a personal point [3] to the nearest grid point of an organ or part."""
        points, _ = self.volume_points(region)
        return float(np.linalg.norm(points - point, axis=1).min())

    def centre(self, region: str) -> Array:
        """Personal centre of a region."""
        spot = _spot(region)
        if spot or region in BONES:
            at = spot[0] if spot else self.body.landmarks[region]
            return np.asarray(self.pose.from_anatomical(np.asarray(at)[None])[0])
        return np.asarray(self.volume_points(region)[0].mean(axis=0))
