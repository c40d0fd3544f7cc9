"""The body: from sex, size and seed to a painted list of solids in anatomical coordinates.

Anatomical coordinates are LPS directions in mm of an average adult (1.72 m), origin at the level of the first lumbar
disc, mid body; ``Body.scale`` stretches them to the person. Proportions are schematic (convention), organ sizes follow
usual adult values; ``organs`` stand in painting order, later solids lie over earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from isletscope.phantom import abdomen, chest, skeleton
from isletscope.phantom.liver_segments import LiverPlanes, liver_planes
from isletscope.phantom.painting import part_distances
from isletscope.phantom.pancreas import PARTS, pancreas_part
from isletscope.phantom.scenario_anatomy import USUAL_ANATOMY, AnatomyRule
from isletscope.phantom.shapes import Array, Solid, body_distances, capsule, ellipsoid
from isletscope.phantom.sketch import Person, Random, Sketch
from isletscope.phantom.structures import structure_label
from isletscope.phantom.tissues import Tissues
from isletscope.phantom.tubes import Tube

# z mm, half width, half depth, middle y: the lean trunk (skin fat lies on top)
_TRUNK = np.array(
    [
        [-275, 150, 82, 6],
        [-230, 160, 90, 6],
        [-190, 156, 94, 5],
        [-140, 143, 91, 2],
        [-90, 131, 85, 0],
        [-40, 127, 84, 0],
        [0, 130, 87, 0],
        [50, 137, 93, 0],
        [100, 144, 98, 0],
        [150, 148, 101, 0],
        [200, 150, 98, 3],
        [240, 150, 86, 10],
        [270, 146, 70, 18],
        [295, 112, 55, 24],
        [315, 74, 47, 26],
        [335, 57, 46, 26],
    ],
    dtype=np.float64,
)
_PROFILE_STEP_MM = 5.0


@dataclass(frozen=True)
class Body:
    """A person's anatomy. ``solids`` in painting order; ``scale`` takes average to personal coordinates (x, y, z)."""

    person: Person
    solids: tuple[Solid, ...]
    scale: Array
    fat_mm: float
    profile: Array
    outer_rows: Array
    tissues: Tissues
    landmarks: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    tubes: dict[str, Tube] = field(default_factory=dict)

    def depth(self, points: Array) -> Array:
        """Signed distance (mm) of anatomical points [n, 3] to the lean surface, negative inside."""
        out = np.empty(len(points))
        body_distances(self.outer_rows, self.profile, np.ascontiguousarray(points), out)
        return out

    def structure_distance(self, name: str, points: Array) -> Array:
        """Signed distance (mm) of anatomical points [n, 3] to all solids of a structure, whatever is painted over it.

        Raises KeyError when no solid bears the name.
        """
        flat = np.ascontiguousarray(points, dtype=np.float64)
        below = self.depth(flat)
        nearest, out = np.full(len(flat), np.inf), np.empty(len(flat))
        solids = [solid for solid in self.solids if solid.structure == name]
        if not solids:
            raise KeyError(name)
        for solid in solids:
            part_distances(solid.rows, flat, below, out)
            nearest = np.minimum(nearest, out)
        return nearest

    def liver_segment(self, points: Array) -> npt.NDArray[np.uint8]:
        """Couinaud segment (1 to 8) of anatomical points [n, 3] that lie in the liver."""
        return self._planes.segment(np.asarray(points, dtype=np.float64))

    def pancreas_part(self, points: Array) -> npt.NDArray[np.int64]:
        """Part of the pancreas (index into pancreas.PARTS) of anatomical points [n, 3] in head, neck, body or tail."""
        return pancreas_part(np.asarray(points, dtype=np.float64), self.tubes)

    def subdivide(self, labels: npt.NDArray[np.uint8], points: Array) -> npt.NDArray[np.uint8]:
        """Structure labels [n] with liver and pancreas replaced by segments and parts; points [n, 3] anatomical mm."""
        out = labels.copy()
        liver, pancreas = labels == structure_label("liver"), labels == structure_label("pancreas_head")
        if liver.any():
            first = structure_label("liver_segment_1")
            out[liver] = first - 1 + self.liver_segment(points[liver])
        if pancreas.any():
            parts = np.array([structure_label(name) for name in PARTS], dtype=np.uint8)
            out[pancreas] = parts[self.pancreas_part(points[pancreas])]
        return out

    @cached_property
    def _planes(self) -> LiverPlanes:
        return liver_planes(self.tubes)


def _profile(person: Person) -> Array:
    heights = np.arange(_TRUNK[0, 0], _TRUNK[-1, 0] + 1e-6, _PROFILE_STEP_MM)
    table = np.column_stack([heights, *(np.interp(heights, _TRUNK[:, 0], _TRUNK[:, n]) for n in (1, 2, 3))])
    smooth = np.array([1, 4, 6, 4, 1]) / 16
    for column in (1, 2, 3):
        padded = np.pad(table[:, column], 4, mode="edge")
        table[:, column] = np.convolve(np.convolve(padded, smooth, "same"), smooth, "same")[4:-4]
    if person.sex == "F":
        hips = np.exp(-(((table[:, 0] + 220) / 60) ** 2))
        waist = np.exp(-(((table[:, 0] + 20) / 60) ** 2))
        chest = np.exp(-(((table[:, 0] - 230) / 70) ** 2))
        table[:, 1] += 6 * hips - 7 * waist - 8 * chest
    return table


def _outer_rows(sketch: Sketch) -> Array:
    parts = [
        capsule((0, 30, 300), (0, 18, 430), 50, 50, blend_mm=40),
        ellipsoid((0, 8, 505), (72, 92, 100), blend_mm=30),
        ellipsoid((0, -38, 440), (48, 46, 46), blend_mm=25),
        capsule((-122, 26, 268), (-60, 28, 292), 38, 34, blend_mm=35),
        capsule((122, 26, 268), (60, 28, 292), 38, 34, blend_mm=35),
        capsule((-84, 12, -255), (-92, 6, -560), 76, 58, blend_mm=30),
        capsule((84, 12, -255), (92, 6, -560), 76, 58, blend_mm=30),
        ellipsoid((-62, 72, -215), (62, 42, 62), blend_mm=30),
        ellipsoid((62, 72, -215), (62, 42, 62), blend_mm=30),
    ]
    if sketch.female:
        size = 1 + 0.02 * (sketch.person.body_mass_index - 23)
        parts += [ellipsoid((side * 68, -104, 178), (52 * size, 34 * size, 48 * size), blend_mm=18) for side in (-1, 1)]
    return np.array([part.row for part in parts])


def draw_person(
    rng: Random, sex: str | None, age: int | None, height_cm: float | None, weight_kg: float | None
) -> Person:
    """A person; what is not given is drawn: height by sex (national surveys, recall), body mass index 20 to 32."""
    sex = sex or str(rng.choice(["F", "M"]))
    drawn_height = float(np.clip(rng.normal(164 if sex == "F" else 177, 6.5), 150, 194))
    drawn_index = float(np.clip(rng.normal(25.0, 3.2), 19.5, 32.0))
    drawn_age = int(rng.integers(38, 76))
    height = height_cm or round(drawn_height, 0)
    weight = weight_kg or round(drawn_index * (height / 100) ** 2, 1)
    return Person(sex, age or drawn_age, height, weight)


def build_body(person: Person, tissues: Tissues, rng: Random, rule: AnatomyRule = USUAL_ANATOMY) -> Body:
    """The whole anatomy of one person; ``rule``: variants, narrowed vessels and thrombi that the scenario asks for.

    What vessels leave to chance comes from a stream spawned from ``rng``, so that it shifts no organ.
    """
    fat_mm = float(np.clip(9 + 1.9 * (person.body_mass_index - 20), 5, 38))
    sketch = Sketch(rng, person, fat_mm, tissues)
    skeleton.add_layers(sketch)
    chest.add_lungs(sketch)
    skeleton.add_bones(sketch)
    chest.add_chest(sketch)
    abdomen.add_abdomen(sketch, rule, rng.spawn(1)[0])
    chest.add_head_and_neck(sketch)
    tall = person.height_cm / 172
    wide = np.clip((person.body_mass_index / 24.0) ** 0.25 * tall**0.4, 0.9, 1.1)
    return Body(
        person=person,
        solids=tuple(sketch.solids),
        scale=np.array([wide, wide, np.clip(tall, 0.9, 1.1)]),
        fat_mm=fat_mm,
        profile=_profile(person),
        outer_rows=_outer_rows(sketch),
        tissues=tissues,
        landmarks=sketch.landmarks,
        tubes=sketch.tubes,
    )


def anatomical_box(body: Body) -> npt.NDArray[np.float64]:
    """Extent of the skin in anatomical coordinates: low x, y; high x, y (mm)."""
    margin = body.fat_mm + 8
    return np.array([-172 - margin, -140 - margin, 172 + margin, 118 + margin])
