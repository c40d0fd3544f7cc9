"""Body layers, muscles and bones of the reference patient (anatomical mm; schematic, convention)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from isletscope.phantom.shapes import INTERSECT, SUBTRACT, capsule, cylinder, ellipsoid, half_space, surface
from isletscope.phantom.sketch import Sketch, smooth_course

WALL_MM = 15.0
_SPINE = np.array(
    [[-150, 42], [-124, 34], [-88, 28], [-52, 27], [-16, 30], [20, 36], [52, 43], [105, 55], [156, 62], [204, 63],
     [249, 57], [290, 47], [328, 38], [380, 32], [440, 27]],
    dtype=np.float64,
)  # fmt: skip
# name, centre z, half height of body, half width, half depth (mm)
_VERTEBRAE = (
    [(f"L{n}", z, 13.5, 23.0, 16.5) for n, z in zip((5, 4, 3, 2, 1), (-124, -88, -52, -16, 20), strict=True)]
    + [
        (f"T{n}", z, 11.0 - 0.25 * (12 - n), 17.5 - 0.4 * (12 - n), 15.0 - 0.25 * (12 - n))
        for n, z in zip(range(12, 0, -1), (52, 80, 106, 131, 155, 178, 200, 222, 243, 264, 284, 304), strict=True)
    ]
    + [(f"C{n}", z, 6.5, 12.0, 8.5) for n, z in zip(range(7, 1, -1), (324, 342, 360, 378, 396, 414), strict=True)]
)


def spine_y(z: float) -> float:
    """Middle of the vertebral bodies, y in mm, at height z."""
    return float(np.interp(z, _SPINE[:, 0], _SPINE[:, 1]))


def add_layers(sketch: Sketch) -> None:
    """Skin, subcutaneous fat, muscle wall, and the fat of the body cavity."""
    fat = sketch.fat_mm
    sketch.add("skin", surface(-fat - 2.0))
    sketch.add("fat", surface(-fat))
    sketch.add("muscle", surface(0.0))
    if sketch.female:
        for side in (-1, 1):
            sketch.add("fat", ellipsoid((side * 68, -110, 178), (50, 32, 46)))
    trunk = [half_space((0, 0, 282), (0, 0, 1), blend_mm=20), half_space((0, 0, -262), (0, 0.35, -1), blend_mm=20)]
    sketch.add("cavity_fat", surface(WALL_MM), *trunk)
    for side in (-1, 1):
        sketch.tube(
            "muscle",
            [(side * 34, spine_y(20) + 2, 30), (side * 40, 34, -50), (side * 56, 24, -130), (side * 80, -8, -215)],
            [9, 19, 21, 12],
        )
        sketch.tube(
            "muscle", [(side * 34, 66, -150), (side * 34, 66, -60), (side * 32, 76, 60), (side * 28, 88, 200)], 23
        )
        sketch.add("muscle", ellipsoid((side * 66, 62, -200), (58, 30, 62)))


def add_bones(sketch: Sketch) -> None:
    """Spine, ribs, sternum, shoulder girdle, pelvis, femora and skull."""
    _spine(sketch)
    _ribs(sketch)
    _shoulders(sketch)
    _pelvis(sketch)
    _skull(sketch)


def _spine(sketch: Sketch) -> None:
    for name, z, half_height, half_width, half_depth in _VERTEBRAE:
        y = spine_y(z)
        tilt = float(np.degrees(np.arctan((spine_y(z + 10) - spine_y(z - 10)) / 20)))
        turned = (-tilt, 0, 0)
        sketch.landmarks[name] = (0.0, y, float(z))
        sketch.add(
            "bone_cortex",
            cylinder((0, y, z), (half_width, half_depth, half_height), turned),
            structure=f"vertebra_{name}",
        )
        sketch.add(
            "marrow",
            cylinder((0, y, z), (half_width - 2, half_depth - 2, half_height - 1.5), turned),
            structure=f"vertebra_{name}",
        )
        back = y + half_depth
        wide = 0.75 * half_width
        for side in (-1, 1):
            sketch.add(
                "bone_cortex",
                capsule((side * wide, back - 2, z + 3), (side * 11, back + 18, z - 2), 4.5),
                structure=f"vertebra_{name}",
            )
            sketch.add(
                "bone_cortex",
                capsule((side * wide, back + 8, z), (side * (half_width + 14), back + 13, z + 2), 4),
                structure=f"vertebra_{name}",
            )
        sketch.add(
            "bone_cortex",
            capsule((0, back + 18, z - 2), (0, back + 34, z - 12), 4.5, 3.5),
            structure=f"vertebra_{name}",
        )
    for lower, upper in pairwise(_VERTEBRAE):
        bottom, top = lower[1] + lower[2], upper[1] - upper[2]
        between = (bottom + top) / 2
        half_height = (top - bottom) / 2 + 0.6
        sketch.add("disc", cylinder((0, spine_y(between), between), (lower[3] - 1.5, lower[4] - 1.5, half_height)))


def _ribs(sketch: Sketch) -> None:
    for number in range(1, 13):
        z = 304.0 - (number - 1) * 23.0
        drop = 18 + 5.0 * number
        end = {11: 0.62, 12: 0.45}.get(number, 0.93)
        a = float(np.interp(z, [50, 150, 220, 270, 300], [128, 138, 132, 92, 62]))
        b = float(np.interp(z, [50, 150, 220, 270, 300], [84, 92, 86, 62, 44]))
        middle = float(np.interp(z, [50, 220, 300], [0, 4, 22]))
        for side in (-1, 1):
            angles = np.radians(np.linspace(14, 14 + 158 * end, 9))
            points = [
                (side * a * np.sin(t), middle + b * np.cos(t), z + 8 - drop * (1 - np.cos(t)) / 1.6) for t in angles
            ]
            for one, two in pairwise(smooth_course(points, 5.2, 12.0)[:, :3]):
                sketch.add("bone_cortex", capsule(one, two, 5.2), structure="ribs")
                sketch.add("marrow", capsule(one, two, 3.2), structure="ribs")
            x, y, height = (float(v) for v in points[4])
            sketch.landmarks[f"rib_{number}_{'left' if side > 0 else 'right'}"] = (x, y, height)
            if number <= 9:
                front = points[-1]
                sketch.add("cartilage", capsule(front, (side * 16, -86 + 0.06 * z, max(front[2] + 22, 118)), 5))
    sketch.add("bone_cortex", capsule((0, -84, 125), (0, -76, 225), 9, 10), structure="sternum")
    sketch.add("marrow", capsule((0, -84, 125), (0, -76, 225), 6.5, 7.5), structure="sternum")
    sketch.add("bone_cortex", ellipsoid((0, -64, 248), (27, 9, 24)), structure="sternum")
    sketch.add("marrow", ellipsoid((0, -64, 248), (24, 6.5, 21)), structure="sternum")


def _shoulders(sketch: Sketch) -> None:
    for side in (-1, 1):
        sketch.tube(
            "bone_cortex",
            [(side * 24, -58, 262), (side * 70, -38, 284), (side * 128, 12, 290)],
            6.5,
            structure="shoulder_girdle",
        )
        blade = ellipsoid((side * 98, 74, 218), (36, 5.5, 58), (0, side * 8, side * 28))
        sketch.add("bone_cortex", blade, structure="shoulder_girdle")
        sketch.add("bone_cortex", ellipsoid((side * 136, 22, 272), (22, 21, 23)), structure="shoulder_girdle")
        sketch.add("marrow", ellipsoid((side * 136, 22, 272), (19, 18, 20)), structure="shoulder_girdle")


def _pelvis(sketch: Sketch) -> None:
    sketch.add(
        "bone_cortex",
        capsule((0, 52, -150), (0, 84, -222), 33, 14),
        half_space((0, 40, -152), (0, -1.0, -0.35), operation=INTERSECT, blend_mm=8),
        structure="pelvis",
    )
    sketch.add(
        "marrow",
        capsule((0, 55, -152), (0, 84, -220), 29, 11),
        half_space((0, 44, -152), (0, -1.0, -0.35), operation=INTERSECT, blend_mm=8),
        structure="pelvis",
    )
    for side in (-1, 1):
        wing = [
            ellipsoid((side * 92, 26, -142), (40, 66, 64), (0, side * -22, side * 12)),
            ellipsoid((side * 76, 14, -128), (41, 66, 66), (0, side * -22, side * 12), operation=SUBTRACT),
            half_space((0, 88, 0), (0, 1, 0)),
        ]
        sketch.add("bone_cortex", *wing, structure="pelvis")
        sketch.add(
            "bone_cortex", capsule((side * 78, 40, -170), (side * 90, 6, -212), 16, 26, blend_mm=6), structure="pelvis"
        )
        sketch.add("marrow", capsule((side * 78, 40, -170), (side * 90, 6, -212), 13, 23), structure="pelvis")
        sketch.add("bone_cortex", capsule((side * 72, -22, -222), (side * 14, -56, -248), 9.5, 10), structure="pelvis")
        sketch.add("marrow", capsule((side * 72, -22, -222), (side * 14, -56, -248), 7, 7.5), structure="pelvis")
        sketch.add("bone_cortex", capsule((side * 78, 34, -226), (side * 58, 40, -276), 15, 17), structure="pelvis")
        sketch.add("marrow", capsule((side * 78, 34, -226), (side * 58, 40, -276), 12, 14), structure="pelvis")
        sketch.add("bone_cortex", capsule((side * 14, -54, -256), (side * 56, 34, -282), 8, 8), structure="pelvis")
        sketch.add("cartilage", ellipsoid((side * 92, 4, -216), (26, 26, 26)))
        sketch.landmarks[f"ilium_{'left' if side > 0 else 'right'}"] = (side * 82.0, 28.0, -182.0)
        _femur(sketch, side)


def _femur(sketch: Sketch, side: int) -> None:
    head, trochanter = (side * 92, 4, -216), (side * 134, 14, -238)
    knee = (side * 104, 4, -590)
    name = f"femur_{'left' if side > 0 else 'right'}"
    shaft = (side * 128, 10, -275)
    for tissue, less in (("bone_cortex", 0.0), ("marrow", 3.0)):
        sketch.add(tissue, ellipsoid(head, (23 - less, 23 - less, 23 - less)), structure=name)
        sketch.add(tissue, capsule(head, (side * 126, 12, -250), 15 - less, 17 - less), structure=name)
        sketch.add(tissue, capsule(trochanter, shaft, 14 - less, 15 - less), structure=name)
    for tissue, less in (("bone_cortex", 0.0), ("marrow", 6.0)):
        sketch.add(tissue, capsule(shaft, knee, 15 - less, 14 - less), structure=name)
    sketch.landmarks[name] = (side * 126.0, 12.0, -262.0)


def _skull(sketch: Sketch) -> None:
    sketch.add("bone_cortex", ellipsoid((0, 14, 512), (68, 84, 86)), structure="skull")
    for side in (-1, 1):
        sketch.tube(
            "bone_cortex", [(side * 48, 2, 448), (side * 44, -20, 416), (side * 6, -68, 404)], 7, structure="skull"
        )
        sketch.add("bone_cortex", ellipsoid((side * 36, -48, 462), (20, 22, 20)), structure="skull")
        sketch.add("airway", ellipsoid((side * 28, -52, 462), (12, 14, 13)))
