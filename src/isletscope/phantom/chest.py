"""Lungs, heart, great vessels, head and neck of the reference patient (anatomical mm; schematic, convention)."""

from __future__ import annotations

import numpy as np

from isletscope.phantom.shapes import INTERSECT, SUBTRACT, capsule, ellipsoid, surface
from isletscope.phantom.skeleton import WALL_MM, spine_y
from isletscope.phantom.sketch import Sketch, smooth_course
from isletscope.phantom.tubes import Tube

LIVER_DOME = ((-48.0, -2.0, 56.0), (112.0, 98.0, 92.0))
_LEFT_DOME = ((62.0, 4.0, 66.0), (84.0, 94.0, 72.0))


def add_lungs(sketch: Sketch) -> None:
    """Both lungs on their diaphragm domes, with trachea and main bronchi."""
    inside = surface(WALL_MM + 1, operation=INTERSECT, blend_mm=6)
    grown = [tuple(r + 5 for r in dome[1]) for dome in (LIVER_DOME, _LEFT_DOME)]
    domes = [
        ellipsoid(LIVER_DOME[0], grown[0], operation=SUBTRACT, blend_mm=10),
        ellipsoid(_LEFT_DOME[0], grown[1], operation=SUBTRACT, blend_mm=10),
    ]
    middle = ellipsoid((4, -6, 190), (26, 120, 200), operation=SUBTRACT, blend_mm=14)
    sketch.add("lung", ellipsoid((-70, 12, 196), (66, 94, 126)), inside, middle, *domes, structure="lung_right")
    sketch.add("lung", ellipsoid((72, 12, 196), (64, 94, 124)), inside, middle, *domes, structure="lung_left")
    for side in (-1, 1):
        hilum = (side * 30, 18, 205)
        for end in ((62, 40, 250), (78, 30, 200), (70, 62, 160), (66, -20, 190), (58, -10, 235)):
            sketch.tube(
                "pulmonary_vessel",
                [hilum, (side * (end[0] * 0.6 + 12), end[1], end[2]), (side * end[0], *end[1:])],
                [6, 4, 2],
            )


def add_chest(sketch: Sketch) -> None:
    """Heart, aorta with arch and branches, caval veins, pulmonary trunk, oesophagus, trachea, thymic fat."""
    sketch.tube("airway", [(0, 2, 400), (0, 4, 330), (2, 16, 280), (4, 24, 226)], 8.5)
    sketch.tube("airway", [(4, 24, 228), (-26, 26, 206), (-44, 30, 190)], [7, 6, 4])
    sketch.tube("airway", [(4, 24, 228), (34, 28, 208), (50, 34, 190)], [7, 6, 4])
    sketch.tube(
        "stomach",
        [(2, 24, 330), (2, 36, 230), (6, 34, 165), (28, 20, 124)],
        7,
        factors=lambda _: {"sstr": 0.45, "fdg": 0.75},
        structure="oesophagus",
    )
    _heart(sketch)
    _great_vessels(sketch)


def _heart(sketch: Sketch) -> None:
    shift = sketch.around((0, 0, 0), 2.5)
    fed = float(sketch.rng.choice([0.0, 0.25, 1.0], p=[0.45, 0.25, 0.30]))
    table = sketch.rng.uniform(1.6, 2.4) if fed == 0 else fed * sketch.rng.uniform(6.0, 9.0)
    wall = {"fdg": float(table)}
    sketch.add("heart_chamber", ellipsoid((14 + shift[0], -24, 172), (54, 42, 46), (0, 30, -20)), structure="heart")
    left = (40 + shift[0], -20 + shift[1], 160 + shift[2])
    turned = (18, 48, -28)
    sketch.add(
        "heart_wall",
        ellipsoid(left, (33, 33, 46), turned),
        factors=_absolute(sketch, "heart_wall", wall),
        structure="heart",
    )
    sketch.add(
        "heart_chamber", ellipsoid((left[0] - 5, left[1] + 1, left[2] + 6), (22, 22, 36), turned), structure="heart"
    )
    sketch.add("heart_chamber", ellipsoid((20 + shift[0], 12, 184), (36, 22, 28)), structure="heart")
    sketch.landmarks["heart"] = (14.0, -22.0, 170.0)


def _absolute(sketch: Sketch, tissue: str, uptake: dict[str, float]) -> dict[str, float]:
    """Factors that give a tissue the wanted SUV."""
    return {key: value / sketch.tissues[tissue].uptake[key] for key, value in uptake.items()}


def _great_vessels(sketch: Sketch) -> None:
    wide = float(sketch.rng.uniform(0.92, 1.12))
    root = [(-2, -18, 190), (-14, -26, 216), (-12, -18, 244), (2, 4, 262), (18, 30, 258)]
    descending = [
        (25, spine_y(235) - 6, 235),
        (25, spine_y(200) - 8, 200),
        (20, spine_y(150) - 14, 150),
        (12, spine_y(100) - 25, 100),
        (7, spine_y(50) - 27, 50),
        (6, spine_y(10) - 27, 10),
        (5, spine_y(-40) - 27, -40),
        (3, spine_y(-84) - 26, -84),
    ]
    wide_below = 1 + (wide - 1) / 2
    radii = np.array([15, 16, 15, 14, 13.5, 13, 12.5, 12, 11.5, 10.5, 9.5, 9, 8.5])
    radii *= np.where(np.arange(len(radii)) < 9, wide, wide_below)
    sketch.add_tube(Tube("aorta", smooth_course([*root, *descending], radii, 8.0), "aorta"))
    sketch.landmarks["aorta_t8"] = (20.0, spine_y(150) - 14, 150.0)
    for side in (-1, 1):
        sketch.tube(
            "artery",
            [(side * 10, -2, 262), (side * 24, 6, 300), (side * 28, 16, 350), (side * 30, 14, 430)],
            [6, 5, 4, 3.5],
        )
        sketch.tube(
            "vena_cava",
            [(side * 14, -30, 272), (side * 34, 2, 305), (side * 38, 10, 360), (side * 38, 14, 430)],
            [7, 6, 6, 5],
        )
        sketch.tube("artery", [(side * 30, -8, 296), (side * 72, -6, 296), (side * 120, 8, 270)], [6, 6, 5])
    upper = smooth_course([(-31, -14, 270), (-36, -9, 230), (-30, -4, 188)], [9, 10, 11], 8.0)
    sketch.add_tube(Tube("superior_vena_cava", upper, "vena_cava"))
    sketch.tube("pulmonary_vessel", [(16, -40, 196), (20, -22, 222), (28, 8, 222)], [13, 13, 10])
    sketch.tube("pulmonary_vessel", [(20, -12, 220), (-8, 2, 212), (-34, 14, 204)], [11, 9, 7])


def add_head_and_neck(sketch: Sketch) -> None:
    """Brain, pituitary, salivary glands, thyroid, mouth."""
    sketch.add("brain", ellipsoid((0, 14, 514), (62, 78, 76)), structure="brain")
    for side in (-1, 1):
        sketch.add("brain", ellipsoid((side * 26, 58, 452), (28, 26, 22)), structure="brain")
    sketch.add("brain", capsule((0, 34, 470), (0, 30, 420), 12, 7), factors={"fdg": 0.6}, structure="brain")
    sketch.add("pituitary", ellipsoid((0, -2, 462), (6.5, 5, 4.5)), structure="pituitary")
    sketch.add("airway", capsule((0, -28, 448), (0, -8, 410), 10, 8))
    sketch.add("oral_mucosa", ellipsoid((0, -46, 422), (24, 30, 12)))
    sketch.add("oral_mucosa", ellipsoid((0, -8, 430), (16, 8, 14)))
    for side in (-1, 1):
        strength = {key: float(sketch.rng.uniform(0.8, 1.15)) for key in ("sstr", "fdg")}
        parotid = sketch.around((side * 58, 6, 430), 1.5)
        sketch.add(
            "salivary", ellipsoid(parotid, sketch.grown((10, 17, 22))), factors=strength, structure="salivary_glands"
        )
        sketch.add(
            "salivary",
            ellipsoid(sketch.around((side * 28, -34, 398), 1.5), sketch.grown((8, 14, 9))),
            factors=strength,
            structure="salivary_glands",
        )
        lobe = sketch.around((side * 19, 4, 322), 1.0)
        sketch.add(
            "thyroid",
            ellipsoid(lobe, sketch.grown((8.5, 9, 20)), (0, side * 8, 0)),
            factors=strength,
            structure="thyroid",
        )
    sketch.add("thyroid", capsule((-14, -4, 314), (14, -4, 314), 4), structure="thyroid")
