"""Veins inside the liver: portal branches and hepatic veins told apart by where their blood goes.

Every bright voxel of the liver belongs to the portal vein or to the vena cava, whichever it reaches by the cheaper way.
Along that way it belongs to one of the portal branches, or to the right, middle or left hepatic vein, told by the
direction from the vena cava in which the way sets out. The outline is the half way line between blood and liver.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from isletscope.anatomy.shapes import Bool3D, largest_part, opened
from isletscope.anatomy.vessels.courses import fork_of, share_of
from isletscope.anatomy.vessels.lumen import Tube
from isletscope.anatomy.vessels.scene import RULES
from isletscope.anatomy.vessels.veins import VenousTree
from isletscope.anatomy.vessels.ways import Index, Spread
from isletscope.model import Role
from isletscope.spatial import (
    FloatArray,
    Geometry,
    Mask,
    bounding_box,
    box_in,
    cropped_geometry,
    gaussian,
    resample_mask,
)

PORTAL_BRANCHES = (
    "portal_vein_left", "portal_vein_right", "portal_vein_right_anterior", "portal_vein_right_posterior",
)  # fmt: skip
HEPATIC_VEINS = ("hepatic_vein_right", "hepatic_vein_middle", "hepatic_vein_left")
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class LiverVeins:
    """Regions of blood by name on the scene's voxels, the blood's HU, and why others are missing.

    ``labels`` [k, j, i]: 1 and more in the order of ``names``; ``levels``: HU of blood by name.
    """

    labels: Labels
    names: tuple[str, ...]
    levels: dict[str, float]
    reasons: dict[str, str]


def liver_veins(tree: VenousTree, portal: Tube, cava: Tube | None) -> LiverVeins:
    """Portal branches from the end of the portal vein, hepatic veins from the vena cava."""
    ways = tree.ways
    roots = _along(tree, portal.course)
    mouths = _mouths(tree, cava, float(portal.course[-1, 2]))
    to_portal, to_cava = ways.spread(roots), ways.spread(mouths)
    vessel = _vessel_nodes(tree, portal.course[-1])
    dearest = RULES.number("in_liver.dearest")
    is_portal = vessel & (to_portal.cost < np.minimum(to_cava.cost, dearest))
    is_hepatic = vessel & (to_cava.cost < np.minimum(to_portal.cost, dearest))
    early = _early(tree, vessel)
    if early is not None:
        margin = RULES.number("in_liver.early_margin_hu")
        is_portal &= early > -margin
        is_hepatic &= early < margin
    number = np.zeros(len(ways.voxels), dtype=np.uint8)
    reasons: dict[str, str] = {}
    _name_portal(tree, to_portal, roots, is_portal, number, reasons)
    _name_hepatic(tree, to_cava, cava, is_hepatic, number, reasons)
    labels = np.zeros(ways.shape, dtype=np.uint8)
    labels[tuple(ways.voxels.T)] = number
    names = (*PORTAL_BRANCHES, *HEPATIC_VEINS)
    values = tree.scene.phase.values[tuple(ways.voxels.T)]
    levels = {}
    for label, name in enumerate(names, start=1):
        of_name = values[number == label]
        levels[name] = float(np.percentile(of_name, 80)) if of_name.size else 0.0
    return LiverVeins(labels, names, levels, reasons)


def _vessel_nodes(tree: VenousTree, hilum: FloatArray) -> Bool3D:
    """Per node: bright, in the liver (or at its outline near the hilum), and no thicker than a vein of the liver."""
    near = np.linalg.norm(tree.points - hilum, axis=1) < RULES.number("in_liver.hilum_mm")
    at = tuple(tree.ways.voxels.T)
    blood = np.zeros(tree.ways.shape, dtype=bool)
    blood[at] = tree.ways.brightness > 0.5
    thick = opened(blood, RULES.number("in_liver.thickest_mm"), tree.scene.spacing_mm)[at]
    bright = tree.ways.brightness > RULES.number("in_liver.brightness")
    return np.asarray(((tree.depth > 0) | (tree.in_liver & near)) & bright & ~thick)


def _early(tree: VenousTree, vessel: Bool3D) -> FloatArray | None:
    """HU over the liver on the late arterial phase per node, averaged along vessels; None without that phase.

    Portal blood has come through spleen and gut by then, hepatic venous blood has no contrast yet.
    """
    scene = tree.scene
    tissue = scene.inner_level("liver", Role.CT_ARTERIAL, 10.0)
    if tissue is None:
        return None
    at = tuple(tree.ways.voxels.T)
    weight = np.zeros(tree.ways.shape, dtype=np.float32)
    weight[at] = vessel
    sigma = [RULES.number("in_liver.early_smooth_mm") / step for step in scene.spacing_mm]
    total = gaussian(weight * (scene.phases[Role.CT_ARTERIAL].values - np.float32(tissue)), sigma)
    return np.asarray(total[at] / np.maximum(gaussian(weight, sigma)[at], 1e-6), dtype=np.float64)


def _along(tree: VenousTree, course: FloatArray) -> Index:
    """Nodes along a course, in its order."""
    _, nearest = cKDTree(tree.points).query(course)
    _, first = np.unique(nearest, return_index=True)
    return np.asarray(nearest[np.sort(first)], dtype=np.intp)


def _mouths(tree: VenousTree, cava: Tube | None, portal_z: float) -> Index:
    """Bright nodes in the liver on the vena cava, above the end of the portal vein."""
    if cava is None:
        return np.zeros(0, dtype=np.intp)
    share = share_of(tree.scene, cava)[tuple(tree.ways.voxels.T)]
    near = (share < RULES.number("in_liver.mouth_share")) & tree.in_liver
    high = tree.points[:, 2] > portal_z + RULES.number("in_liver.mouth_above_mm")
    return np.flatnonzero(near & high & (tree.ways.brightness > 0.5))


def _inherited(spread: Spread, number: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Numbers handed on along the ways: a node without one has that of the node before it."""
    handed = number.copy()
    order = np.argsort(spread.cost, kind="stable")
    for node in order[np.isfinite(spread.cost[order])]:
        if handed[node] == 0 and spread.before[node] >= 0:
            handed[node] = handed[spread.before[node]]
    return handed


def _name_portal(
    tree: VenousTree,
    spread: Spread,
    roots: Index,
    inside: Bool3D,
    number: npt.NDArray[np.uint8],
    reasons: dict[str, str],
) -> None:
    """Left branch, and the right one with its two sections."""
    fork = tree.points[int(roots[-1])]
    away = np.linalg.norm(tree.points - fork, axis=1)
    reach = RULES.number("in_liver.branch_mm")
    x = tree.points[:, 0]
    far = inside & (away > reach)
    right, left = far & (x < fork[0]), far & (x > fork[0])
    if not right.any() or not left.any():
        for name in PORTAL_BRANCHES:
            reasons[name] = "no bright vessel leaves the portal vein to both sides"
        return
    sides = np.zeros_like(number)
    trunk = np.zeros(len(number), dtype=bool)
    trunk[roots] = True
    leaving = ~trunk & (spread.before >= 0) & trunk[np.maximum(spread.before, 0)]
    sides[leaving] = np.where(x[leaving] > fork[0], 1, 2)
    sides = _inherited(spread, sides)
    number[inside & (sides == 1)] = 1
    of_right = np.flatnonzero(inside & (sides == 2))
    number[of_right] = _sections(tree, spread, of_right, reach)[of_right]


def _sections(tree: VenousTree, spread: Spread, of_right: Index, reach: float) -> npt.NDArray[np.uint8]:
    """2 on the trunk of the right branch, 3 and 4 in its anterior and posterior section."""
    number = np.zeros(len(tree.points), dtype=np.uint8)
    y = tree.points[of_right, 1]
    front, back = spread.path(int(of_right[np.argmin(y)])), spread.path(int(of_right[np.argmax(y)]))
    apart = RULES.number("vein.fork_mm")
    first = fork_of(tree.points[back], tree.points[front], apart)
    second = fork_of(tree.points[front], tree.points[back], apart)
    number[front[: first + 1]] = 2
    number[back[: second + 1]] = 2
    number[front[first + 1 :]] = 3
    number[back[second + 1 :]] = 4
    return _inherited(spread, number)


def _name_hepatic(
    tree: VenousTree,
    spread: Spread,
    cava: Tube | None,
    inside: Bool3D,
    number: npt.NDArray[np.uint8],
    reasons: dict[str, str],
) -> None:
    """Right, middle and left by the direction in which a way leaves the vena cava."""
    if cava is None or not inside.any():
        for name in HEPATIC_VEINS:
            reasons[name] = "no bright vessel of the liver leads to the vena cava"
        return
    order = np.argsort(cava.course[:, 2])
    axis = [np.interp(tree.points[:, 2], cava.course[order, 2], cava.course[order, n]) for n in (0, 1)]
    dx, dy = tree.points[:, 0] - axis[0], tree.points[:, 1] - axis[1]
    away = np.hypot(dx, dy)
    out = RULES.number("in_liver.set_out_mm")
    angle = np.degrees(np.arctan2(-dy, -dx)) % 360.0
    gate = np.zeros(len(number), dtype=bool)
    reached = np.isfinite(spread.cost) & (spread.before >= 0)
    gate[reached] = (away[reached] >= out) & (away[spread.before[reached]] < out)
    sides = np.zeros_like(number)
    for label, (low, high) in enumerate((RULES.bounds(f"in_liver.{name}_degrees") for name in HEPATIC_VEINS), start=5):
        turned = (angle - low) % 360.0
        sides[gate & (turned < high - low)] = label
    handed = _inherited(spread, sides)
    number[inside & (handed > 0)] = handed[inside & (handed > 0)]


def region_checks(veins: LiverVeins, tree: VenousTree, portal: Tube, cava: Tube | None) -> dict[str, str]:
    """Why regions are not what their name says: volume, how far they reach, the side on which they lie."""
    refused = dict(veins.reasons)
    hilum = portal.course[-1]
    for label, name in enumerate(veins.names, start=1):
        voxels = np.argwhere(veins.labels == label)
        if name in refused:
            continue
        if not len(voxels):
            refused[name] = "no bright vessel of the liver leads there"
            continue
        points = tree.scene.lps(voxels)
        volume = len(points) * tree.scene.geometry.voxel_volume_ml
        low, high = RULES.bounds(f"{name}.volume_ml")
        origin = hilum if name in PORTAL_BRANCHES or cava is None else cava.course[:, :3].mean(axis=0)
        away = points - origin if name in PORTAL_BRANCHES else _from_axis(points, cava)
        reach, least = float(np.linalg.norm(away, axis=1).max()), RULES.number(f"{name}.reach_mm")
        side = float(np.median(points[:, 0]) - hilum[0])
        if not low <= volume <= high:
            refused[name] = f"what was followed has {volume:.1f} mL; expected {low:g} to {high:g} mL"
        elif reach < least:
            refused[name] = f"what was followed reaches {reach:.0f} mm far; expected at least {least:g} mm"
        elif name in PORTAL_BRANCHES and (side > 0) != (name == "portal_vein_left"):
            refused[name] = f"it lies {abs(side):.0f} mm on the wrong side of the end of the portal vein"
    if any("wrong side" in refused.get(name, "") for name in PORTAL_BRANCHES):
        for name in PORTAL_BRANCHES:
            refused.setdefault(name, "another branch lies on the wrong side: the division of the portal vein is unsure")
    lost = next((name for name in HEPATIC_VEINS if name in refused), "")
    for name in HEPATIC_VEINS if lost else ():
        refused.setdefault(name, f"the {lost.replace('_', ' ')} was not told apart, so that its name is unsure")
    return refused


def _from_axis(points: FloatArray, cava: Tube | None) -> FloatArray:
    """Vectors from the vena cava's middle at the height of each point."""
    if cava is None:
        return points
    order = np.argsort(cava.course[:, 2])
    axis = np.column_stack(
        [np.interp(points[:, 2], cava.course[order, 2], cava.course[order, n]) for n in (0, 1)] + [points[:, 2]]
    )
    return np.asarray(points - axis)


def region_mask(
    veins: LiverVeins, name: str, tree: VenousTree, grid: Geometry
) -> tuple[tuple[slice, slice, slice], Bool3D] | None:
    """A region on another grid: a box of it, and there the voxels beyond half way from liver to blood."""
    own = veins.labels == veins.names.index(name) + 1
    box = bounding_box(own)
    if box is None:
        return None
    there = box_in(grid, tree.scene.geometry, box)
    near = cropped_geometry(grid, there)
    around = Mask(ndimage.binary_dilation(own) & ((veins.labels == 0) | own), tree.scene.geometry)
    inside = resample_mask(around, near).array
    grey = tree.scene.phase.at(near.to_lps(np.argwhere(inside)))
    half = 0.5 * (veins.levels[name] + tree.tissue)
    mask = np.zeros(near.shape, dtype=bool)
    mask[inside] = np.nan_to_num(grey, nan=-1000.0) > half
    return there.slices, largest_part(mask)
