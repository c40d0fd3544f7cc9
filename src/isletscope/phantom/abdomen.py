"""Abdominal and pelvic organs of the reference patient (anatomical mm; schematic, convention)."""

from __future__ import annotations

import numpy as np

from isletscope.phantom.chest import LIVER_DOME
from isletscope.phantom.pancreas import add_duodenum, add_pancreas, draw_ducts
from isletscope.phantom.scenario_anatomy import AnatomyRule
from isletscope.phantom.shapes import INTERSECT, SUBTRACT, Array, capsule, ellipsoid, half_space, surface
from isletscope.phantom.skeleton import WALL_MM
from isletscope.phantom.sketch import Random, Sketch, smooth_course
from isletscope.phantom.vessels import add_thrombi, add_vessels, draw_vessels

_ROOT_MM = 26.0
_BOWEL_TOP_MM = -50.0


def add_abdomen(sketch: Sketch, rule: AnatomyRule, rng: Random) -> None:
    """All abdominal organs, back to front, then vessels and ducts. ``rng``: for what vessels leave to chance."""
    _colon(sketch)
    _small_bowel(sketch)
    _spleen(sketch)
    _kidneys(sketch)
    _adrenals(sketch)
    tubes = draw_vessels(sketch, rule, rng)
    add_vessels(sketch, tubes, "retrocaval")
    _liver(sketch)
    add_vessels(sketch, tubes, "parenchymal")
    _stomach(sketch)
    _pancreas(sketch)
    for layer in ("vein", "artery", "duct"):
        add_vessels(sketch, tubes, layer)
    for duct in draw_ducts(rule):
        sketch.add_tube(duct)
    add_thrombi(sketch, tubes, rule)
    _pelvis(sketch)


def _liver(sketch: Sketch) -> None:
    rng = sketch.rng
    centre, radii = LIVER_DOME
    lower = float(rng.uniform(-10, 10))
    reach = float(rng.uniform(-10, 14))
    steep = float(rng.uniform(0.70, 0.82))
    wedge = half_space((-120, 0, -46 + lower), (steep, 0.30, -1.0), blend_mm=24, operation=INTERSECT)
    sketch.add(
        "liver",
        ellipsoid(centre, (radii[0] - 16, radii[1] - 4, radii[2] - 1)),
        ellipsoid((16 + reach, -44, 98), (56, 34, 30), (0, 12, -14), blend_mm=22),
        wedge,
        surface(WALL_MM + 1.5, operation=INTERSECT, blend_mm=5),
        ellipsoid((22, 58, 60), (46, 64, 120), operation=SUBTRACT, blend_mm=16),
        ellipsoid((-56, 56, -16), (36, 32, 64), operation=SUBTRACT, blend_mm=12),
        capsule((-24, 13, -20), (-26, 19, 84), 9, operation=SUBTRACT, blend_mm=4),
        capsule((-26, -8, 12), (-50, -10, 30), 9, operation=SUBTRACT, blend_mm=10),
        capsule((-10, -20, 20), (-44, -21, 33), 9, operation=SUBTRACT, blend_mm=8),
        ellipsoid((6, -18, 35), (26, 17, 19), operation=SUBTRACT, blend_mm=8),
        capsule((-18, -36, 9), (-41, -24, 10), 11, operation=SUBTRACT, blend_mm=8),
        ellipsoid((-4, -70, 36), (3, 34, 30), (0, 0, 12), operation=SUBTRACT, blend_mm=5),
        ellipsoid((-46, -46, 2), (17, 26, 30), (-20, 0, 0), operation=SUBTRACT, blend_mm=8),
        structure="liver",
    )
    sketch.add(
        "gallbladder",
        ellipsoid(sketch.around((-46, -48, 2), 2), sketch.grown((14, 20, 27), 0.12), (-20, 0, 0)),
        structure="gallbladder",
    )


def _spleen(sketch: Sketch) -> None:
    size = float(np.clip(sketch.rng.normal(1.0, 0.07), 0.86, 1.16))
    centre = sketch.around((102, 46, 74), 2.5)
    sketch.add(
        "spleen",
        ellipsoid(centre, np.array((35, 60, 60)) * size, (-24, 8, -18)),
        surface(WALL_MM + 1.5, operation=INTERSECT, blend_mm=4),
        ellipsoid((50, 10, 62), (40, 52, 60), operation=SUBTRACT, blend_mm=8),
        ellipsoid((60, 50, 0), (34, 30, 60), operation=SUBTRACT, blend_mm=6),
        structure="spleen",
    )
    sketch.landmarks["spleen"] = (float(centre[0]), float(centre[1]), float(centre[2]))


def _kidneys(sketch: Sketch) -> None:
    rng = sketch.rng
    for side, height in ((-1, -22.0), (1, -2.0)):
        centre = sketch.around((side * 62, 46, height), 3)
        which = "left" if side > 0 else "right"
        name = f"kidney_{which}"
        radii = sketch.grown((27, 24, 55), 0.06)
        turned = (8, side * 12, side * 30)
        strength = {key: float(rng.uniform(0.95, 1.05)) for key in ("sstr", "fdg")}
        sinus = centre + np.array((-side * 16, -7, 0))
        sketch.add(
            "kidney_cortex",
            ellipsoid(centre, radii, turned),
            ellipsoid(sinus + np.array((-side * 5, -3, 0)), (13, 10, 20), turned, operation=SUBTRACT, blend_mm=5),
            factors=strength,
            structure=name,
        )
        sketch.add(
            "kidney_medulla",
            ellipsoid(centre - np.array((side * 3, 1, 0)), radii - 11, turned),
            factors=strength,
            structure=name,
        )
        sketch.add("cavity_fat", ellipsoid(sinus, (11, 9, 20), turned), structure=name)
        sketch.add(
            "renal_pelvis",
            ellipsoid(sinus + np.array((-side * 3, -1, -3)), (6, 6, 12), turned),
            factors={"fdg": float(rng.uniform(0.3, 1.0))},
            structure=name,
        )
        spots = rng.uniform(0.15, 0.95, size=2)
        heat = rng.uniform(1.0, 4.0, size=2)

        def along(t: float, spots: np.ndarray = spots, heat: np.ndarray = heat) -> dict[str, float]:
            level = 0.4 + float((heat * np.exp(-(((t - spots) / 0.05) ** 2))).sum())
            return {"sstr": level, "fdg": level}

        course = [
            sinus + np.array((-side * 10, 0, -8)),
            (side * 36, 26, -70),
            (side * 38, 18, -120),
            (side * 44, 26, -170),
            (side * 40, 36, -205),
            (side * 18, 14, -222),
        ]
        sketch.tube(
            "ureter", [tuple(point) for point in course], 2.6, factors=along, step_mm=6, structure=f"ureter_{which}"
        )
        sketch.landmarks[name] = (float(centre[0]), float(centre[1]), float(centre[2]))


def _adrenals(sketch: Sketch) -> None:
    right = sketch.around((-38, 35, 46), 2)
    left = sketch.around((36, 30, 50), 2)
    for top, side in ((right, -1), (left, 1)):
        for turn in (-6, 8):
            sketch.add(
                "adrenal",
                ellipsoid(top + np.array((turn, 6, -6)), (2.8, 11, 12), (0, 0, side * -12 + turn * 3)),
                structure=f"adrenal_{'left' if side > 0 else 'right'}",
            )
        sketch.add("adrenal", ellipsoid(top, (4, 6, 9)), structure=f"adrenal_{'left' if side > 0 else 'right'}")


def _stomach(sketch: Sketch) -> None:
    full = float(sketch.rng.uniform(0.7, 1.08))
    points = [(58, 14, 110), (64, -4, 84), (66, -28, 52), (52, -46, 24), (22, -53, 9), (-4, -45, 9), (-18, -36, 9)]
    radii = np.array([30, 33, 28, 24, 18, 13, 9]) * full
    hot = float(sketch.rng.uniform(0.0, 0.5))
    shape = surface(WALL_MM + 3, operation=INTERSECT, blend_mm=5)
    course = smooth_course(points, radii, 16.0)
    rods = [
        capsule(course[n, :3], course[n + 1, :3], course[n, 3], course[n + 1, 3], blend_mm=6)
        for n in range(len(course) - 1)
    ]
    inner = [
        capsule(course[n, :3], course[n + 1, :3], course[n, 3] - 5, course[n + 1, 3] - 5, blend_mm=6)
        for n in range(len(course) - 1)
    ]
    sketch.add("stomach", *rods, shape, structure="stomach")
    sketch.add(
        "stomach",
        ellipsoid((60, 10, 104), (23 * full, 24 * full, 24 * full)),
        factors={"sstr": 1 + hot, "fdg": 1.0},
        structure="stomach",
    )
    sketch.add("gastric_content", *inner, surface(WALL_MM + 8, operation=INTERSECT, blend_mm=5), structure="stomach")
    sketch.add("gas", ellipsoid((58, -38, 64), (18 * full, 11, 20 * full)), structure="stomach")


def _patchy(sketch: Sketch, strength: float, share: float) -> dict[str, float]:
    """Uptake factors of one bowel segment: mostly low, some segments clearly higher, by tracer independently."""
    factors = {}
    for key in ("sstr", "fdg"):
        high = sketch.rng.random() < share
        factors[key] = float(sketch.rng.uniform(1.2, strength) if high else sketch.rng.uniform(0.55, 1.0))
    return factors


def _colon(sketch: Sketch) -> None:
    rng = sketch.rng
    points = [
        (-92, 2, -150), (-96, 12, -110), (-96, 14, -70), (-90, -10, -44), (-60, -54, -58), (-10, -64, -80),
        (42, -58, -62), (84, -30, 0), (98, 10, 22), (100, 30, -20), (100, 28, -80), (94, 20, -130),
        (70, -14, -160), (33, -17, -152), (16, 24, -182), (2, 58, -200), (0, 58, -236), (0, 60, -258),
    ]  # fmt: skip
    jittered = [tuple(sketch.around(point, 4)) for point in points]
    course = smooth_course(jittered, [24, 23, 21, 20, 18, 17, 17, 17, 18, 16, 15, 15, 14, 13, 14, 17, 16, 12], 15)
    diffuse = float(rng.uniform(0.7, 1.3))
    for n in range(len(course) - 1):
        radius = course[n, 3] * float(rng.uniform(0.85, 1.1))
        factors = _patchy(sketch, 1.8, 0.2)
        factors["fdg"] *= diffuse
        sketch.add(
            "bowel",
            capsule(course[n, :3], course[n + 1, :3], radius, course[n + 1, 3]),
            factors=factors,
            structure="colon",
        )
    for n in range(len(course) - 1):
        content = "gas" if rng.random() < 0.35 else "bowel_content"
        sketch.add(
            content,
            capsule(course[n, :3], course[n + 1, :3], course[n, 3] - 4.5, course[n + 1, 3] - 4.5),
            structure="colon",
        )


def _small_bowel(sketch: Sketch) -> None:
    rng = sketch.rng
    points = []
    for n in range(34):
        height = -52 - 4.0 * n + rng.normal(0, 9)
        sweep = np.sin(n * 1.35 + rng.normal(0, 0.35))
        points.append((66 * sweep + rng.normal(0, 7), -28 + 24 * np.cos(n * 2.3) + rng.normal(0, 6), height))
    course = _off_the_vessels(smooth_course(points, 11.5, 12))
    jejunal = np.linspace(1.25, 0.8, len(course))
    for n in range(len(course) - 1):
        factors = {key: value * float(jejunal[n]) for key, value in _patchy(sketch, 1.6, 0.15).items()}
        sketch.add(
            "bowel",
            capsule(course[n, :3], course[n + 1, :3], course[n, 3], course[n + 1, 3]),
            factors=factors,
            structure="small_bowel",
        )
    for n in range(0, len(course) - 1, 2):
        sketch.add("bowel_content", capsule(course[n, :3], course[n + 1, :3], 6.5), structure="small_bowel")


def _off_the_vessels(course: Array) -> Array:
    """Bowel course [n, 4] moved forward off the great vessels, the pancreatic head and the root of the mesentery."""
    moved = course.copy()
    x, z = moved[:, 0], np.minimum(moved[:, 2], _BOWEL_TOP_MM)
    middle = np.interp(z, [-200, -170, -135, -112, -75], [10, -10, -6, -26, -22])
    lateral = np.interp(z, [-200, -175, -150, -115, -60], [-40, -16, -11, -10, -10])
    before_head = np.where((x > -55) & (x < -8) & (z > -74), -37.0, 100.0)
    root_x, root_y = np.interp(z, [-90, -46], [-1, -4]), np.interp(z, [-90, -74, -46], [-35, -31, -18])
    across = np.clip(1 - ((x - root_x) / _ROOT_MM) ** 2, 0, 1)
    before_root = np.where((across > 0) & (z > -106), root_y - _ROOT_MM * np.sqrt(across), 100.0)
    limit = np.where(np.abs(x) < 44, middle, lateral)
    moved[:, 1] = np.minimum.reduce([moved[:, 1], limit, before_head, before_root])
    moved[:, 2] = z
    return moved


def _pancreas(sketch: Sketch) -> None:
    rng = sketch.rng
    thick = float(rng.uniform(0.9, 1.1))
    bulb = {key: float(rng.uniform(1.0, 1.5)) for key in ("sstr", "fdg")}
    shown = bool(rng.random() < 0.45)
    add_duodenum(sketch, bulb)
    factor = 1.0 if shown else sketch.tissues["pancreas"].uptake["sstr"] / sketch.tissues["uncinate"].uptake["sstr"]
    add_pancreas(sketch, thick, factor)


def _pelvis(sketch: Sketch) -> None:
    fill = float(sketch.rng.uniform(0.8, 1.2))
    base = sketch.around((0, -14, -222), 2)
    sketch.add(
        "bladder", ellipsoid(base + np.array((0, 0, 8 * fill)), np.array((42, 33, 34)) * fill), structure="bladder"
    )
    if sketch.female:
        sketch.add("prostate_uterus", ellipsoid((4, 26, -196), (25, 17, 34), (-35, 0, 0)), structure="uterus")
    else:
        sketch.add("prostate_uterus", ellipsoid((0, 4, -260), (22, 16, 17)), structure="prostate")
