"""The grey of blood in each phase, and whether a phase shows what its name promises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isletscope.anatomy.shapes import box_around, eroded, smoothed
from isletscope.anatomy.vessels.scene import RULES, Scene
from isletscope.model import Role

_AORTA_DEPTH_MM, _LIVER_DEPTH_MM = 4.0, 10.0
_RIM_MM, _SMOOTH_MM, _VESSEL_PERCENTILE = 5.0, 1.2, 98.5


@dataclass(frozen=True)
class Blood:
    """HU of the blood that a phase is read for and of the liver there, or why the phase shows no vessels."""

    level: float = 0.0
    tissue: float = 0.0
    because: str = ""


def arterial_blood(scene: Scene) -> Blood:
    """Blood of the aorta on the late arterial phase."""
    level = scene.inner_level("aorta", Role.CT_ARTERIAL, _AORTA_DEPTH_MM)
    tissue = scene.inner_level("liver", Role.CT_ARTERIAL, _LIVER_DEPTH_MM)
    if level is None or tissue is None:
        missing = "aorta" if level is None else "liver"
        return Blood(because=f"the {missing}, which tells the grey of blood and tissue, was not found")
    least, step = RULES.number("phase.arterial_aorta_hu"), RULES.number("phase.arterial_over_liver_hu")
    if level < least or level - tissue < step:
        return Blood(
            because=f"the aorta has {level:.0f} HU and the liver {tissue:.0f} HU on the series called arterial; "
            f"expected at least {least:.0f} HU and {step:.0f} HU more than the liver"
        )
    return Blood(level, tissue)


def venous_blood(scene: Scene) -> Blood:
    """Blood on the portal venous phase: that of the aorta, or of the vessels in the liver where they are brighter."""
    tissue = scene.inner_level("liver", Role.CT_PORTAL_VENOUS, _LIVER_DEPTH_MM)
    if tissue is None:
        return Blood(because="the liver, which tells the grey of tissue, was not found")
    low, high = RULES.bounds("phase.portal_liver_hu")
    if not low <= tissue <= high:
        return Blood(
            because=f"the liver has {tissue:.0f} HU on the series called portal venous; "
            f"expected {low:.0f} to {high:.0f} HU"
        )
    in_liver = _brightest_in_liver(scene)
    aorta = scene.inner_level("aorta", Role.CT_PORTAL_VENOUS, _AORTA_DEPTH_MM)
    level = in_liver if aorta is None else max(aorta, in_liver)
    least, most = RULES.bounds("phase.portal_vein_over_liver_hu")
    if not least <= level - tissue <= most:
        return Blood(
            because=f"blood has {level:.0f} HU and the liver {tissue:.0f} HU on the series called portal venous; "
            f"expected {least:.0f} to {most:.0f} HU between them"
        )
    return Blood(level, tissue)


def _brightest_in_liver(scene: Scene) -> float:
    """HU above which the brightest 1.5 % of the liver lie, noise smoothed: its larger veins."""
    box = box_around(scene.organs["liver"], 0.0, scene.spacing_mm)
    if box is None:
        return 0.0
    inside = eroded(scene.organs["liver"][box], _RIM_MM, scene.spacing_mm)
    values = smoothed(scene.phase.values[box], _SMOOTH_MM, scene.spacing_mm)[inside]
    return float(np.percentile(values, _VESSEL_PERCENTILE)) if values.size else 0.0
