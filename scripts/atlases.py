"""The atlas bodies of isletscope.anatomy.images: label maps painted by the reference patient's generator.

python -m scripts.atlases [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.anatomy.images.atlas import PLAN, AtlasBody, AtlasPlan
from isletscope.phantom.body import anatomical_box, build_body, draw_person
from isletscope.phantom.pose import Pose, Variation
from isletscope.phantom.render import Scene, paint_scene
from isletscope.phantom.scanner_ct import hounsfield_contrast
from isletscope.phantom.structures import structure_label
from isletscope.phantom.tissues import draw_tissues
from isletscope.phantom.visit import random_source
from isletscope.spatial import Geometry

FOLDER = Path(__file__).parents[1] / "src" / "isletscope" / "anatomy" / "images" / "atlases"
LOWEST_MM, HIGHEST_MM = -330.0, 330.0


def write_atlases(folder: Path = FOLDER) -> list[Path]:
    """Paint every body of atlases.yaml and write its labels; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_atlas(body, PLAN, folder) for body in PLAN.bodies]


def write_atlas(body: AtlasBody, plan: AtlasPlan, folder: Path) -> Path:
    """One body at rest, without tumours, as labels uint8 [k, j, i] with origin (LPS mm) and step (mm)."""
    scene = _scene(body)
    x0, y0, x1, y1 = anatomical_box(scene.body)
    low = np.array([x0, y0, LOWEST_MM]) * scene.body.scale
    high = np.array([x1, y1, HIGHEST_MM]) * scene.body.scale
    shape = np.ceil((high - low) / plan.step_mm).astype(int)[::-1]
    origin = (float(low[0]), float(low[1]), float(low[2]))
    step = plan.step_mm
    geometry = Geometry((int(shape[0]), int(shape[1]), int(shape[2])), (step, step, step), origin)
    contrast = hounsfield_contrast("unenhanced")
    painted = paint_scene(scene, geometry, (contrast,), background=-1000.0, edge_mm=step)
    path = folder / f"{body.name}.npz"
    labels = _labels(painted.image, painted.structures, plan)
    np.savez_compressed(path, labels=labels, origin_lps_mm=np.asarray(origin), step_mm=np.float64(step))
    return path


def _scene(body: AtlasBody) -> Scene:
    rng = random_source(body.seed, "atlas", body.name)
    person = draw_person(rng, body.sex, body.age_years, body.height_cm, body.weight_kg)
    tissues = draw_tissues(random_source(body.seed, "atlas", body.name, "tissues"), person.weight_kg)
    whole = build_body(person, tissues, rng)
    pose = Pose(whole.scale, Variation.draw(rng), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), np.zeros((0, 9)))
    return Scene(whole, pose)


def _labels(hu: npt.NDArray[np.float32], structures: npt.NDArray[np.uint8], plan: AtlasPlan) -> npt.NDArray[np.uint8]:
    labels = np.zeros(hu.shape, dtype=np.uint8)
    for name, above in sorted(plan.by_hu.items(), key=lambda item: item[1]):
        labels[hu > above] = plan.codes[name].code
    table: npt.NDArray[Any] = np.zeros(256, dtype=np.uint8)
    for code in plan.codes.values():
        for name in code.structures:
            table[structure_label(name)] = code.code
    named = table[structures]
    return np.where(named > 0, named, labels).astype(np.uint8)


if __name__ == "__main__":
    for written in write_atlases(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        sys.stdout.write(f"{written.name} {written.stat().st_size / 1000:.0f} kB\n")
