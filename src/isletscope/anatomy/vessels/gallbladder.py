"""The gallbladder on portal venous CT: fluid without contrast at the lower side of the liver, not inside it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from isletscope.anatomy.found import Found, not_found
from isletscope.anatomy.shapes import Bool3D, Parts, dilated, eroded, opened, smoothed
from isletscope.anatomy.vessels.lumen import Tube
from isletscope.anatomy.vessels.scene import RULES, Scene
from isletscope.model import Role
from isletscope.spatial import Geometry, Mask, resample_mask

_SMOOTH_MM = 1.5


def find_gallbladder(scene: Scene, aorta: Tube, onto: Geometry) -> Found:
    """The gallbladder on the grid ``onto``, or why there is none.

    Fluid is opened by a ball, so that the blurred outlines between liver and fat drop out; bodies with the wall of gut
    around them or inside the liver are left out, and of the rest the one with the most liver beside it is taken, unless
    another one has nearly as much.
    """
    if not scene.has("liver"):
        return not_found("the liver, on which it lies, was not found")
    values = smoothed(scene.phase.values, _SMOOTH_MM, scene.spacing_mm)
    low, high = RULES.bounds("gallbladder.fluid_hu")
    body = (
        (values > low)
        & (values < high)
        & dilated(scene.organs["liver"], RULES.number("gallbladder.near_mm"), scene.spacing_mm)
    )
    cores = Parts(opened(body, RULES.number("gallbladder.core_mm"), scene.spacing_mm))
    least, most = RULES.bounds("gallbladder.volume_ml")
    found: list[tuple[float, Bool3D]] = []
    for number, count in enumerate(cores.voxels):
        if count * scene.geometry.voxel_volume_ml < 0.5 * least:
            break
        part = _grown(cores.mask(number), scene)
        volume = int(np.count_nonzero(part)) * scene.geometry.voxel_volume_ml
        beside, wall = _around(part, scene)
        is_free = beside <= RULES.number("gallbladder.most_beside_liver")
        is_gut = wall - 0.5 * beside > RULES.number("gallbladder.gut_wall")
        is_bile = least <= volume <= most and is_free and not is_gut and _is_still(part, scene)
        if is_bile and _is_right(part, scene, aorta):
            found.append((beside, part))
    if not found:
        return not_found("no body of fluid without contrast or wall of gut lies at the lower side of the liver")
    found.sort(key=lambda one: -one[0])
    if len(found) > 1 and found[1][0] >= RULES.number("gallbladder.rival") * found[0][0]:
        return not_found("two bodies of fluid lie at the liver alike; which is the gallbladder is unsure")
    mask = resample_mask(Mask(found[0][1], scene.geometry), onto).array
    return Found(mask, "fluid without contrast at the lower side of the liver on portal venous CT", "moderate")


def _grown(core: Bool3D, scene: Scene) -> Bool3D:
    """A core with its blurred rim: half way to liver on the one side, to fat on the other."""
    low, high = RULES.bounds("gallbladder.rim_hu")
    rim = dilated(core, RULES.number("gallbladder.rim_mm"), scene.spacing_mm)
    return np.asarray(core | (rim & (scene.phase.values > low) & (scene.phase.values < high)))


def _is_still(part: Bool3D, scene: Scene) -> bool:
    """Whether nothing in it changes between the phases and it is as even as fluid."""
    inner = eroded(part, 3.0, scene.spacing_mm)
    inner = inner if inner.any() else part
    low, high = RULES.bounds("gallbladder.mean_hu")
    if not low <= float(scene.phase.values[inner].mean()) <= high:
        return False
    early = scene.phases.get(Role.CT_ARTERIAL)
    if early is None:
        return True
    change = float(scene.phase.values[inner].mean() - early.values[inner].mean())
    return abs(change) < RULES.number("gallbladder.change_hu")


def _is_right(part: Bool3D, scene: Scene, aorta: Tube) -> bool:
    """Whether it lies right of the aorta, before it, and not at the dome of the liver."""
    middle = scene.lps(np.argwhere(part)).mean(axis=0)
    nearest = aorta.course[np.argmin(np.abs(aorta.course[:, 2] - middle[2]))]
    heights = scene.lps(np.argwhere(scene.organs["liver"]))[:, 2]
    return bool(
        nearest[0] - middle[0] > RULES.number("gallbladder.right_of_aorta_mm")
        and middle[1] < nearest[1]
        and middle[2] < np.quantile(heights, RULES.number("gallbladder.below_share"))
    )


def _around(part: Bool3D, scene: Scene) -> tuple[float, float]:
    """Share of what lies just around it that is liver, and that is other tissue with contrast: the wall of gut."""
    ring = ndimage.binary_dilation(part, iterations=2) & ~part
    liver = scene.organs["liver"][ring]
    bright = scene.phase.values[ring] > RULES.bounds("gallbladder.rim_hu")[1]
    return float(np.mean(liver)), float(np.mean(bright & ~liver))
