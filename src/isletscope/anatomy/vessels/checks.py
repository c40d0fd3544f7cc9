"""Self-checks of a vessel: what its course and lumen must be like to bear the name, in words where they are not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from isletscope.anatomy.vessels.courses import Tree
from isletscope.anatomy.vessels.lumen import Tube
from isletscope.anatomy.vessels.scene import RULES

PARENTS = {
    "common_hepatic_artery": "celiac_artery",
    "splenic_artery": "celiac_artery",
    "gastroduodenal_artery": "common_hepatic_artery",
    "portal_vein": "superior_mesenteric_vein",
}


def words(name: str) -> str:
    """The vessel's name as it is said."""
    said = {"celiac_artery": "coeliac axis", "inferior_vena_cava": "vena cava"}
    return said.get(name, name.replace("_", " "))


def implausible(name: str, tube: Tube, tree: Tree) -> str:
    """Why a tube is not that vessel, or nothing."""
    low, high = RULES.bounds(f"{name}.diameter_mm")
    if not low <= tube.diameter_mm <= high:
        return f"what was followed is {tube.diameter_mm:.1f} mm wide; expected {low:g} to {high:g} mm"
    shortest, longest = RULES.bounds(f"{name}.length_mm")
    if not shortest <= tube.length_mm <= longest:
        return f"what was followed is {tube.length_mm:.0f} mm long; expected {shortest:g} to {longest:g} mm"
    if tube.shown.mean() < RULES.number("check.wall_shown"):
        return (
            f"its wall is seen in {100 * tube.shown.mean():.0f} % of the directions only: it has no outline of its own"
        )
    dark = dark_stretch_mm(tube, tree)
    if dark > RULES.number("check.dark_mm"):
        return f"over {dark:.0f} mm it is no brighter than tissue: not enhanced, narrowed or occluded there, or lost"
    return wrong_place(name, tube)


def dark_stretch_mm(tube: Tube, tree: Tree) -> float:
    """Longest stretch along the course whose middle is nearer to tissue than to blood."""
    values = np.nan_to_num(tree.scene.phase.at(tube.course), nan=-1000.0)
    bright = ndimage.uniform_filter1d((values - tree.grey) / (tree.level - tree.grey), 3, mode="nearest")
    dark = np.concatenate([[0], (bright < RULES.number("check.dark_below")).astype(int), [0]])
    starts, ends = np.flatnonzero(np.diff(dark) == 1), np.flatnonzero(np.diff(dark) == -1)
    steps = tube.length_mm / max(len(tube.course) - 1, 1)
    return float((ends - starts).max() * steps) if len(starts) else 0.0


def wrong_place(name: str, tube: Tube) -> str:
    """Why the course does not run where this vessel runs, or nothing. LPS: x to the left, y to the back, z up."""
    along = tube.course[-1] - tube.course[0]
    runs = {
        "celiac_artery": (-along[1], "to the front"),
        "common_hepatic_artery": (-along[0], "to the right"),
        "splenic_artery": (along[0], "to the left"),
        "gastroduodenal_artery": (-along[2], "downwards"),
        "superior_mesenteric_artery": (-along[2], "downwards"),
        "superior_mesenteric_vein": (-along[2], "downwards"),
        "splenic_vein": (-along[0], "from the spleen to the right"),
        "portal_vein": (-along[0], "to the right"),
    }
    if name not in runs:
        return ""
    way, direction = runs[name]
    least = RULES.number(f"{name}.runs_mm")
    return "" if way >= least else f"it runs {way:.0f} mm {direction}; expected at least {least:g} mm"


def wrong_together(tubes: Mapping[str, Tube]) -> dict[str, str]:
    """Vessels that do not fit to each other, with the reason: the mesenteric vein lies right of the artery."""
    refused: dict[str, str] = {}
    vein, artery = tubes.get("superior_mesenteric_vein"), tubes.get("superior_mesenteric_artery")
    if vein is not None and artery is not None:
        order = np.argsort(artery.course[:, 2])
        heights = vein.course[:, 2]
        there = (heights > artery.course[:, 2].min()) & (heights < artery.course[:, 2].max())
        beside = np.interp(heights[there], artery.course[order, 2], artery.course[order, 0]) - vein.course[there, 0]
        least = RULES.number("check.vein_right_of_artery_mm")
        if there.any() and float(np.median(beside)) < least:
            refused["superior_mesenteric_vein"] = (
                f"it lies {float(np.median(beside)):.0f} mm right of the mesenteric artery; "
                f"expected at least {least:g} mm (vessels taken for each other, or malrotation)"
            )
    return refused


def orphans(found: Mapping[str, Tube]) -> dict[str, str]:
    """Vessels whose parent was not found: nothing then vouches for their name."""
    return {
        name: f"the {words(parent)}, from which its name follows, was not found"
        for name, parent in PARENTS.items()
        if name in found and parent not in found
    }
