"""A body of the reference patient's generator as two-phase contrast CT, with its vessels and organs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from isletscope.anatomy import Organs
from isletscope.model import OrganFinding, Role, State
from isletscope.phantom.body import build_body, draw_person
from isletscope.phantom.pose import Pose, Variation
from isletscope.phantom.render import Scene, paint_scene
from isletscope.phantom.scanner_ct import hounsfield_contrast
from isletscope.phantom.structures import structure_label
from isletscope.phantom.tissues import draw_tissues
from isletscope.phantom.visit import random_source
from isletscope.spatial import HOUNSFIELD, Geometry, Volume

SPACING_MM = (2.5, 1.6, 1.6)
SEED = 77
NOISE_HU = 10.0
LIVER = ["liver", *(f"liver_segment_{n}" for n in range(1, 9))]
LIVER_VESSELS = [f"portal_vein_{part}" for part in ("left", "right", "right_anterior", "right_posterior")]
LIVER_VESSELS += [f"hepatic_vein_{part}" for part in ("right", "middle", "left")]
BONES = ["ribs", "sternum", "pelvis", *(f"vertebra_{level}" for level in ("T9", "T10", "T11", "T12"))]
BONES += [f"vertebra_L{level}" for level in range(1, 6)]
ORGANS = {
    "liver": LIVER + LIVER_VESSELS,
    "spleen": ["spleen"],
    "kidney_right": ["kidney_right"],
    "kidney_left": ["kidney_left"],
    "aorta": ["aorta"],
    "inferior_vena_cava": ["inferior_vena_cava"],
    "bone": BONES,
}


@dataclass(frozen=True)
class ContrastBody:
    """Phases in HU, organs, and the structures' labels, all on one grid."""

    series: dict[Role, Volume]
    organs: Organs
    structures: npt.NDArray[np.uint8]

    def truth(self, *names: str) -> npt.NDArray[np.bool_]:
        """The true mask of some structures together."""
        return np.isin(self.structures, [structure_label(name) for name in names])


@cache
def contrast_body() -> ContrastBody:
    """From the liver's dome to the lower pole of the kidneys; no tumour."""
    rng = random_source(SEED, "named vessels", "test body")
    person = draw_person(rng, "M", 55, 176, 76.0)
    body = build_body(person, draw_tissues(random_source(SEED, "test tissues"), person.weight_kg), rng)
    pose = Pose(body.scale, Variation.draw(rng), (0.0, 0.0, 0.0), (6.0, -4.0, 20.0), np.zeros((0, 9)))
    grid = Geometry((104, 130, 180), SPACING_MM, (-150.0, -120.0, -110.0))
    contrasts = [hounsfield_contrast(name) for name in ("late_arterial", "portal_venous")]
    painted = paint_scene(Scene(body, pose), grid, contrasts, background=-1000.0, edge_mm=SPACING_MM[1])
    noise = np.random.default_rng(SEED)
    series = {
        role: Volume(image + noise.normal(0.0, NOISE_HU, grid.shape).astype(np.float32), grid, HOUNSFIELD)
        for role, image in zip((Role.CT_ARTERIAL, Role.CT_PORTAL_VENOUS), painted.images, strict=True)
    }
    structures = np.asarray(painted.structures, dtype=np.uint8)
    return ContrastBody(series, organs_of(structures, grid), structures)


def organs_of(structures: npt.NDArray[np.uint8], grid: Geometry, *, without: tuple[str, ...] = ()) -> Organs:
    """True organs as the organ finder gives them."""
    labels = np.zeros(structures.shape, dtype=np.uint8)
    names, findings = {}, []
    for number, (name, parts) in enumerate(ORGANS.items(), start=2):
        if name in without:
            findings.append(OrganFinding(name=name, state=State.MISSING, missing_because="left out"))
            continue
        labels[np.isin(structures, [structure_label(part) for part in parts])] = number
        names[name] = number
        findings.append(OrganFinding(name=name, state=State.DERIVED, source="truth", confidence="high", label=number))
    return Organs(labels, grid, names, findings)


def dice(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Twice the overlap over the sum of both."""
    return 2.0 * int(np.count_nonzero(one & other)) / max(int(one.sum()) + int(other.sum()), 1)
