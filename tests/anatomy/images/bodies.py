"""A body of the reference patient's generator as CT or MR on a coarse grid, with its organs; no atlas has its seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from isletscope.phantom.body import build_body, draw_person
from isletscope.phantom.pose import Pose, Variation
from isletscope.phantom.render import Scene, paint_scene
from isletscope.phantom.scanner_ct import hounsfield_contrast
from isletscope.phantom.structures import structure_label
from isletscope.phantom.tissues import draw_tissues
from isletscope.phantom.visit import random_source
from isletscope.spatial import HOUNSFIELD, Geometry, Volume

STEP_MM = 4.0
SEED = 230
VESSELS_OF_LIVER = ["portal_vein_left", "portal_vein_right", "hepatic_vein_right", "hepatic_vein_middle"]
ORGANS = {
    "liver": ["liver", *(f"liver_segment_{n}" for n in range(1, 9)), *VESSELS_OF_LIVER],
    "spleen": ["spleen"],
    "kidney_right": ["kidney_right"],
    "kidney_left": ["kidney_left"],
    "aorta": ["aorta"],
    "inferior_vena_cava": ["inferior_vena_cava"],
    "pancreas": [f"pancreas_{part}" for part in ("head", "uncinate", "neck", "body", "tail")],
}


@dataclass(frozen=True)
class TrunkCt:
    """CT in HU by phase, and the true organ masks by name, all on one grid."""

    phases: dict[str, Volume]
    truth: dict[str, npt.NDArray[np.bool_]]


@cache
def trunk_ct(noise_hu: float = 8.0) -> TrunkCt:
    """Chest base to pelvis of a person who is neither atlas nor reference scenario, without and with contrast."""
    rng = random_source(SEED, "organs on images", "test body")
    person = draw_person(rng, "F", 50, 169, 70.0)
    body = build_body(person, draw_tissues(random_source(SEED, "test tissues"), person.weight_kg), rng)
    pose = Pose(body.scale, Variation.draw(rng), (0.0, 0.0, 4.0), (6.0, -4.0, 20.0), np.zeros((0, 9)))
    grid = Geometry((76, 66, 92), (STEP_MM,) * 3, (-182.0, -142.0, -118.0))
    names = ("unenhanced", "portal_venous")
    contrasts = [hounsfield_contrast(name) for name in names]
    painted = paint_scene(Scene(body, pose), grid, contrasts, background=-1000.0, edge_mm=STEP_MM)
    noise = np.random.default_rng(SEED)
    phases = {
        name: Volume(image + noise.normal(0.0, noise_hu, grid.shape).astype(np.float32), grid, HOUNSFIELD)
        for name, image in zip(names, painted.images, strict=True)
    }
    truth = {
        name: np.isin(painted.structures, [structure_label(one) for one in parts]) for name, parts in ORGANS.items()
    }
    return TrunkCt(phases, truth)


def mirrored(volume: Volume) -> Volume:
    """The image with right and left exchanged on the same grid."""
    return volume.with_array(np.ascontiguousarray(volume.array[:, :, ::-1]))
