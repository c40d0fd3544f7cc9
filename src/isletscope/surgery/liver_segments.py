"""Couinaud's segments of a liver mask: imported, from portal branches, from veins, or from landmarks (SURG-501).

Masks lie on one grid ``[k, j, i]``; planes are laid in patient coordinates (DICOM LPS mm), so that neither the order of
the slices nor a flip of the grid matters. Planes are an approximation of the territories: against the portal tree they
are off by -13 to +24 % of a segment's volume in 23 livers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from math import cos, radians, sin

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from isletscope.errors import InputError
from isletscope.spatial import Mask, distance_to_mm
from isletscope.surgery.liver_map import LiverMap, Region, Segments, SegmentSource
from isletscope.yaml_text import read_yaml

Points = npt.NDArray[np.float64]
Masks = Mapping[str, Mask]
VEINS = ("hepatic_vein_right", "hepatic_vein_middle", "hepatic_vein_left", "portal_vein_right", "portal_vein_left")
LANDMARKS = ("inferior_vena_cava", "gallbladder", "portal_bifurcation", "umbilical_fissure")
_UP = np.array([0.0, 0.0, 1.0])


class Setting(BaseModel):
    """One number and how well it is supported."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: float
    support: str
    note: str = ""


class Shares(BaseModel):
    """Typical share of each segment in percent."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    values: dict[int, float]
    support: str
    note: str


class SegmentRules(BaseModel):
    """``liver_segments.yaml``: conventions of the cuts."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    source: str
    typical_share_percent: Shares
    implausible_factor: Setting
    sum_within_percent: Setting
    caudate_reach_mm: Setting
    left_vein_lean_degrees: Setting
    umbilical_share_percent: Setting
    unnamed_percent: Setting
    pedicle_reach_mm: Setting
    second_segment_percent: Setting


@cache
def segment_rules() -> SegmentRules:
    """The shipped conventions."""
    text = files("isletscope.surgery").joinpath("liver_segments.yaml").read_text(encoding="utf-8")
    return SegmentRules.model_validate(read_yaml(text))


def segments_from_map(liver: Mask, labels: npt.NDArray[np.integer], tumours: Mapping[str, Region]) -> LiverMap:
    """An imported map of labels 1 to 8, brought to the liver: voxels without a label take the nearest one.

    Raises InputError when the grids differ or a label is not 0 to 8, or when there is none.
    """
    if labels.shape != liver.array.shape:
        raise InputError("not on the grid of the liver", subject="liver segments", found=str(labels.shape))
    if labels.min() < 0 or labels.max() > 8 or not labels.any():
        raise InputError(
            "no map of Couinaud's segments",
            subject="liver segments",
            found=f"labels {labels.min()} to {labels.max()}",
            expected="labels 1 to 8, IVa and IVb both 4",
        )
    flags: tuple[str, ...] = ()
    named, whole = np.count_nonzero(labels), np.count_nonzero(liver.array)
    if abs(named - whole) > segment_rules().sum_within_percent.value / 100 * whole:
        flags = ("SUM_DIFFERS",)
    return _finished(liver, _filled(labels, liver), SegmentSource.IMPORTED, tumours, flags)


def segments_from_branches(liver: Mask, branches: Mapping[int, Mask], tumours: Mapping[str, Region]) -> LiverMap:
    """Each liver voxel to the nearest portal branch; ``branches``: mask of the branches of each segment, 1 to 8.

    Straight distance in mm. A segment without a branch goes to its neighbours and is flagged.
    """
    labels = np.zeros(liver.array.shape, np.uint8)
    for segment, branch in branches.items():
        labels[branch.array] = segment
    if not labels.any() or min(branches) < 1 or max(branches) > 8:
        raise InputError("portal branches need segments from 1 to 8", subject="portal branches")
    flags = tuple(f"MISSING_BRANCH {n}" for n in range(1, 9) if not np.any(labels == n))
    return _finished(liver, _nearest(labels, liver), SegmentSource.PORTAL_BRANCHES, tumours, flags)


def segments_from_veins(liver: Mask, masks: Masks, tumours: Mapping[str, Region]) -> LiverMap:
    """Planes through the three hepatic veins, the umbilical portion, and the level of the right portal vein.

    ``masks``: those of VEINS and ``inferior_vena_cava``, on the grid of the liver. Raises InputError for missing ones.
    """
    at = _points(masks, (*VEINS, "inferior_vena_cava"), "hepatic and portal veins")
    points = liver.geometry.to_lps(np.argwhere(liver.array))
    angle = radians(segment_rules().left_vein_lean_degrees.value)
    leaning = np.array([0.0, sin(angle), -cos(angle)])
    right, middle, left_portal = (
        at[name] for name in ("hepatic_vein_right", "hepatic_vein_middle", "portal_vein_left")
    )
    is_left = _beyond(points, middle, _UP, towards=(1.0, 0.0, 0.0))
    is_anterior = _beyond(points, right, _UP, towards=(0.0, -1.0, 0.0))
    foremost = np.percentile(left_portal[:, 1], segment_rules().umbilical_share_percent.value)
    umbilical = left_portal[left_portal[:, 1] <= foremost].mean(axis=0)
    is_lateral = _beyond(points, np.vstack([_cava_at(at, right[:, 2].max()), umbilical]), _UP, towards=(1.0, 0.0, 0.0))
    is_second = _beyond(points, at["hepatic_vein_left"], leaning, towards=(0.0, 1.0, 1.0))
    is_upper = points[:, 2] > _far_end_height(at["portal_vein_right"])
    labels = _eight(is_left, is_anterior, is_lateral, is_second, is_upper)
    below_confluence = points[:, 2] < middle[:, 2].max()
    labels[below_confluence & _caudate(points, liver, masks, at, behind_mm=float(np.median(left_portal[:, 1])))] = 1
    return _finished(liver, _painted(liver, labels), SegmentSource.VEINS, tumours, ())


def segments_from_landmarks(liver: Mask, masks: Masks, tumours: Mapping[str, Region]) -> LiverMap:
    """Cantlie's plane through gallbladder and vena cava, the fissure, the portal level; the rest by typical shares.

    ``masks``: those of LANDMARKS, on the grid of the liver; ``umbilical_fissure`` may be missing, its plane is then
    laid by the typical share. What no landmark shows (right portal fissure, border of 2 and 3) is moved until the parts
    have their typical share: such borders are guesses, flagged BY_SHARE. Raises InputError for missing masks.
    """
    needed = [name for name in LANDMARKS if name != "umbilical_fissure"]
    at = _points(masks, needed, "landmarks of the liver")
    points = liver.geometry.to_lps(np.argwhere(liver.array))
    hilum = at["portal_bifurcation"].mean(axis=0)
    top = _cava_at(at, float(np.percentile(points[:, 2], 90)))
    is_left = _beyond(points, np.vstack([top, at["gallbladder"].mean(axis=0)]), _UP, towards=(1.0, 0.0, 0.0))
    is_upper = points[:, 2] > hilum[2]
    around = np.arctan2(points[:, 0] - top[0], -(points[:, 1] - top[1]))
    is_anterior = _share_above(around, ~is_left, (5, 8), (6, 7))
    fissure = masks.get("umbilical_fissure")
    if fissure is not None and fissure.array.any():
        front = fissure.geometry.to_lps(np.argwhere(fissure.array)).mean(axis=0)
        is_lateral = _beyond(points, np.vstack([top, front]), _UP, towards=(1.0, 0.0, 0.0))
    else:
        is_lateral = _share_above(around, is_left, (2, 3), (4,))
    is_second = _share_above(points[:, 1] + points[:, 2], is_left & is_lateral, (2,), (3,))
    labels = _eight(is_left, is_anterior, is_lateral, is_second, is_upper)
    labels[_caudate(points, liver, masks, at, behind_mm=float(hilum[1]))] = 1
    return _finished(liver, _painted(liver, labels), SegmentSource.LANDMARKS, tumours, ("BY_SHARE",))


def _eight(left: Region, anterior: Region, lateral: Region, second: Region, upper: Region) -> Segments:
    on_the_right = np.where(anterior, np.where(upper, 8, 5), np.where(upper, 7, 6))
    return np.where(left, np.where(lateral, np.where(second, 2, 3), 4), on_the_right).astype(np.uint8)


def _points(masks: Masks, needed: tuple[str, ...] | list[str], subject: str) -> dict[str, Points]:
    """Patient coordinates of the masks' voxels. Raises InputError for those that are missing or empty."""
    missing = [name for name in needed if name not in masks or not masks[name].array.any()]
    if missing:
        raise InputError("not assessable without them", subject=subject, found="no " + ", ".join(missing))
    return {name: masks[name].geometry.to_lps(np.argwhere(masks[name].array)) for name in needed}


def _beyond(points: Points, through: Points, along: Points, towards: tuple[float, float, float]) -> Region:
    """Which points lie on the side ``towards`` of the plane that holds ``along`` and fits the points best."""
    middle = through.mean(axis=0)
    flat = through - middle
    flat = flat - np.outer(flat @ along, along)
    direction = np.linalg.eigh(flat.T @ flat)[1][:, -1]
    normal = np.cross(along, direction)
    if normal @ np.asarray(towards) < 0:
        normal = -normal
    return np.asarray((points - middle) @ normal > 0)


def _cava_at(at: Mapping[str, Points], height_mm: float) -> Points:
    """Middle of the vena cava at a height, at its nearest end where it does not reach."""
    cava = at["inferior_vena_cava"]
    away = np.abs(cava[:, 2] - height_mm)
    return np.asarray(cava[away <= away.min() + 5.0].mean(axis=0))


def _far_end_height(vein: Points) -> float:
    """Upper quartile of the height of the right portal vein's rightmost quarter, where it parts into two branches."""
    return float(np.percentile(vein[vein[:, 0] <= np.percentile(vein[:, 0], 25), 2], 75))


def _share_above(value: Points, among: Region, above: tuple[int, ...], below: tuple[int, ...]) -> Region:
    """Which points have the highest values, as many as the typical share of the segments ``above`` asks for."""
    if not among.any():
        return among
    share = segment_rules().typical_share_percent.values
    upper, lower = (sum(share[n] for n in part) for part in (above, below))
    return np.asarray(value > np.quantile(value[among], lower / (upper + lower)))


def _caudate(points: Points, liver: Mask, masks: Masks, at: Mapping[str, Points], behind_mm: float) -> Region:
    """Liver close to the vena cava, behind the left portal vein and not right of the cava's middle."""
    cava = masks["inferior_vena_cava"]
    near = distance_to_mm(cava)[liver.array] <= segment_rules().caudate_reach_mm.value
    right_border = np.median(at["inferior_vena_cava"][:, 0])
    return near & (points[:, 1] > behind_mm) & (points[:, 0] > right_border)


def _painted(liver: Mask, labels: Segments) -> Segments:
    segments = np.zeros(liver.array.shape, np.uint8)
    segments[liver.array] = labels
    return segments


def _nearest(labels: npt.NDArray[np.integer], liver: Mask) -> Segments:
    """Each liver voxel with its own label or the nearest one in mm."""
    nearest = distance_transform_edt(
        labels == 0, sampling=liver.geometry.spacing_mm, return_distances=False, return_indices=True
    )
    return np.where(liver.array, labels[tuple(nearest)], 0).astype(np.uint8)


def _filled(labels: npt.NDArray[np.integer], liver: Mask) -> Segments:
    """The same where few voxels lack a label: only they look for the nearest one, on the border of the others."""
    filled = np.where(liver.array, labels, 0).astype(np.uint8)
    bare = np.argwhere(liver.array & (labels == 0))
    if len(bare):
        border = np.argwhere(_border(labels > 0))
        spacing = np.asarray(liver.geometry.spacing_mm)
        nearest = border[cKDTree(border * spacing).query(bare * spacing)[1]]
        filled[tuple(bare.T)] = labels[tuple(nearest.T)]
    return filled


def _border(region: Region) -> Region:
    """Voxels of a region with a neighbour across a face that is not of it; the nearest to any voxel outside is one."""
    border = np.zeros_like(region)
    for axis in range(region.ndim):
        before, after = (np.moveaxis(one, axis, 0) for one in (region, border))
        after[1:] |= before[1:] & ~before[:-1]
        after[:-1] |= before[:-1] & ~before[1:]
    return border


def _finished(
    liver: Mask, segments: Segments, source: SegmentSource, tumours: Mapping[str, Region], flags: tuple[str, ...]
) -> LiverMap:
    """The map with its checks: liver at the edge of the images, segments of implausible size."""
    inside = segments[liver.array]
    share = 100 * np.bincount(inside, minlength=9) / max(inside.size, 1)
    factor = segment_rules().implausible_factor.value
    odd = [
        f"IMPLAUSIBLE_SHARE {n}"
        for n, typical in segment_rules().typical_share_percent.values.items()
        if not typical / factor <= share[n] <= typical * factor
    ]
    cut = ("TRUNCATED",) if touches_edge(liver.array) else ()
    return LiverMap(liver, segments, source, tumours, (*flags, *cut, *odd))


def touches_edge(mask: Region) -> bool:
    """Whether a region [k, j, i] reaches the first or last voxel along any axis: it is cut off by the field of view."""
    return any(bool(np.take(mask, end, axis=axis).any()) for axis in range(3) for end in (0, -1))
