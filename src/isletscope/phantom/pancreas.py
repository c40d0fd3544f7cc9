"""Pancreas around its main duct, with side branches and the duodenal loop (anatomical mm; schematic, convention).

Calibre of the main duct: 3 mm in the head, 2 mm in the body, 1.5 mm in the tail (usual upper values: 3.5, 2.5, 1.5 mm;
recall). The parts follow the borders of the UICC chapter: head to the right border of the portal vein, neck before the
vein, body to the left border of the aorta, tail beyond.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from isletscope.phantom.scenario_anatomy import AnatomyRule
from isletscope.phantom.shapes import Array, capsule
from isletscope.phantom.sketch import Sketch, smooth_course
from isletscope.phantom.tubes import Tube
from isletscope.phantom.vessels import narrowed

PARTS = ("pancreas_head", "pancreas_neck", "pancreas_body", "pancreas_tail")
NECK = (-11.0, -23.0, -5.0)
_AXIS = (NECK, (8, -26, 8), (30, -15, 20), (54, 6, 32), (80, 30, 46))
_AXIS_RADII = np.array([8.8, 9.5, 9.5, 9.5, 8.5])
# x, y, z, diameter of the main duct, from the tail's end to the papilla in the wall of the descending duodenum
_DUCT = [
    (76, 26.5, 44, 1.5), (54, 6, 32, 1.7), (30, -15, 20, 2.0), (8, -26, 8, 2.1), (-11, -23, -5, 2.4),
    (-20, -18.5, -9, 2.6), (-27, -13.5, -18, 2.8), (-31, -10, -29, 3.0), (-36, -7.5, -37, 2.8), (-43, -5.2, -40.5, 2.2),
]  # fmt: skip
_BRANCH_GAP_MM = 9.0
_DUODENUM = [
    (-18, -36, 9), (-41, -24, 10), (-50, -6, -10), (-51.5, -2, -44), (-38, -4, -68), (-18, -9.8, -75), (3, -17.2, -73),
    (24, -14, -60), (34, -14, -38), (40, -22, -52),
]  # fmt: skip
_DUODENUM_RADII = [10.5, 9.5, 10, 10, 9.5, 8.8, 8.5, 9, 9.5, 10.5]
DUODENUM_LOWEST_MM = min(point[2] - radius for point, radius in zip(_DUODENUM, _DUODENUM_RADII, strict=True))
HEAD_MIDDLE_MM = -28.0


def add_duodenum(sketch: Sketch, bulb: dict[str, float]) -> None:
    """Duodenal loop from the pylorus to the jejunal flexure; ``bulb`` multiplies the uptake of its first parts."""
    sketch.tube(
        "duodenum",
        _DUODENUM,
        _DUODENUM_RADII,
        factors=lambda t: bulb if t < 0.55 else {},
        structure="duodenum",
    )
    sketch.tube("bowel_content", _DUODENUM, np.array(_DUODENUM_RADII) - 4.5, structure="duodenum")


def add_pancreas(sketch: Sketch, thick: float, uncinate_factor: float) -> None:
    """Head, neck, body and tail as one solid, and the uncinate process behind the superior mesenteric vein."""
    course = smooth_course(_AXIS, _AXIS_RADII * thick, 10)
    rods = [
        capsule((-31, -9, -46), (-29, -12, -10), 13 * thick, 13.5 * thick, blend_mm=8),
        capsule((-28, -15, -10), NECK, 12 * thick, 8.8 * thick, blend_mm=8),
    ]
    rods += [capsule(one[:3], two[:3], one[3], two[3], blend_mm=5) for one, two in pairwise(course)]
    sketch.add("pancreas", *rods, structure="pancreas_head")
    sketch.add(
        "uncinate",
        capsule((-27, -7, -48), (-11.5, -4.5, -45), 10 * thick, 6.2 * thick),
        factors={"sstr": uncinate_factor},
        structure="pancreas_uncinate",
    )
    sketch.landmarks.update(
        pancreas_head=(-30.0, -10.0, HEAD_MIDDLE_MM),
        pancreas_uncinate=(-18.0, -5.5, -46.0),
        pancreas_neck=NECK,
        pancreas_body=(5.0, -25.5, 6.0),
        pancreas_tail=(48.0, 1.0, 29.0),
    )


def draw_ducts(rule: AnatomyRule) -> tuple[Tube, Tube]:
    """Main pancreatic duct and its side branches; they run in the axis of the gland."""
    points = np.array(_DUCT, dtype=np.float64)
    main = smooth_course(points[:, :3], points[:, 3] / 2, 3.0)
    branches = _side_branches(main)
    for narrowing in rule.narrowed:
        if narrowing.vessel == "pancreatic_duct":
            main = narrowed(main, narrowing)
    return (
        Tube("pancreatic_duct_branches", branches[0], "pancreatic_duct", branches[1:]),
        Tube("pancreatic_duct", main, "pancreatic_duct"),
    )


def _side_branches(main: Array) -> tuple[Array, ...]:
    """Short branches on alternate sides, one to the uncinate process and one to the minor papilla."""
    tube = Tube("", main, "")
    stations = tube.sample(_BRANCH_GAP_MM)
    branches = []
    for n in range(1, len(stations.points) - 3):
        across = np.cross(stations.tangents[n], (0.0, 1.0, 0.0))
        across *= (-1) ** n / np.linalg.norm(across)
        tip = stations.points[n] + 4.0 * across - 2.5 * stations.tangents[n]
        branches.append(np.array([[*stations.points[n], 0.6], [*tip, 0.3]]))
    uncinate = smooth_course([(-31.5, -9.5, -30), (-29, -8, -40), (-22, -6.5, -47)], [0.8, 0.7, 0.4], 3.0)
    minor = smooth_course([(-24, -16, -12), (-32, -14, -15), (-41, -11, -19)], [0.8, 0.7, 0.5], 3.0)
    return (uncinate, minor, *branches)


def part_borders(tubes: dict[str, Tube]) -> list[float]:
    """Borders between PARTS, anatomical x in mm, by this person's portal vein and aorta."""
    vein = tubes["portal_vein"].course[0]
    aorta = tubes["aorta"].course
    level = aorta[np.abs(aorta[:, 2] - NECK[2] - 15).argmin()]
    return [float(vein[0] - vein[3]), float(vein[0] + vein[3]), float(level[0] + level[3])]


def pancreas_part(points: Array, tubes: dict[str, Tube]) -> npt.NDArray[np.int64]:
    """Part of the pancreas (index into PARTS, [n]) at anatomical points [n, 3]; borders by this person's vessels."""
    return np.asarray(np.digitize(points[:, 0], part_borders(tubes)), dtype=np.int64)
