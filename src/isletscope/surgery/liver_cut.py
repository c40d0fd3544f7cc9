"""The best cut of a liver into Couinaud's segments that the masks at hand allow, and why no better one was possible.

Sources in their order (SURG-501): an imported map, hepatic and portal veins, landmarks. Planes and typical shares hold
for a whole liver alone: after a hepatectomy, and where the images cut the liver off, only an imported map is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from isletscope.errors import InputError
from isletscope.spatial import FloatArray, Mask
from isletscope.surgery.liver_map import LiverMap, Region, SegmentSource
from isletscope.surgery.liver_segments import (
    VEINS,
    Masks,
    segment_rules,
    segments_from_landmarks,
    segments_from_map,
    segments_from_veins,
    touches_edge,
)

PORTAL_BRANCHES = (
    "portal_vein_left", "portal_vein_right", "portal_vein_right_anterior", "portal_vein_right_posterior",
)  # fmt: skip
"""First and second order, as the structures of a reading name them; with them run the bile ducts."""
SEGMENT_MASKS = tuple(f"liver_segment_{number}" for number in range(1, 9))
STRUCTURES_OF_CUT = (*VEINS, "inferior_vena_cava", "gallbladder", "umbilical_fissure", *SEGMENT_MASKS)
"""Names of all masks that a cut may use."""
NO_MAP = "no map of the segments was given"
_GUESSED = (SegmentSource.LANDMARKS,)


@dataclass(frozen=True)
class LiverCut:
    """The map, None where the liver cannot be cut; and for each better source that was passed over, why."""

    map: LiverMap | None
    passed_over: Mapping[SegmentSource, str]

    @property
    def because(self) -> str:
        """Why there is no map, or no better one; empty for an imported map."""
        reasons = dict.fromkeys(self.passed_over.values())
        sources = {why: [one.value for one, said in self.passed_over.items() if said == why] for why in reasons}
        return "; ".join(f"{' or '.join(names)}: {why}" for why, names in sources.items())


def best_cut(liver: Mask, masks: Masks, *, previous_hepatectomy: bool = False) -> LiverCut:
    """Cut with the best source there is. ``masks``: those of STRUCTURES_OF_CUT that are known, on the liver's grid.

    A map in which a segment has an implausible share is passed over: the veins it rests on are not what they are taken
    for; an imported map is the drawer's own and only flagged. Raises InputError for an empty liver.
    """
    passed: dict[SegmentSource, str] = {}
    imported = _imported(liver, masks, passed)
    if imported is not None:
        return LiverCut(imported, passed)
    unfit = _unfit(liver, previous_hepatectomy)
    for source, cut in _by_planes(masks):
        if unfit:
            passed[source] = unfit
            continue
        try:
            found = cut(liver)
        except InputError as error:
            passed[source] = (error.refusal.found or error.refusal.problem).replace("_", " ")
            continue
        odd = implausible(found)
        if not odd:
            return LiverCut(found, passed)
        passed[source] = f"implausible share of segment {', '.join(odd)}"
    return LiverCut(None, passed)


def with_tumours(cut: LiverMap, tumours: Mapping[str, Region]) -> LiverMap:
    """The map of the liver and its tumours, which count as liver: what lies outside takes the nearest segment."""
    whole = cut.liver.array.copy()
    for region in tumours.values():
        whole |= region
    if not np.any(whole & ~cut.liver.array):
        return replace(cut, tumours=tumours)
    grown = segments_from_map(Mask(whole, cut.liver.geometry), cut.segments, tumours)
    return replace(grown, source=cut.source, flags=cut.flags)


def is_guessed(source: SegmentSource) -> bool:
    """Whether borders of the segments were laid by typical shares: no lesion near one has a segment then."""
    return source in _GUESSED


def pedicles(masks: Masks) -> Region | None:
    """Portal branches of first and second order; None unless both sides are known.

    A branch is followed into its finest twigs where it is found by its blood: what lies farther from where right and
    left part than branches of second order reach does not count.
    """
    present = {name: masks[name] for name in PORTAL_BRANCHES if name in masks and masks[name].array.any()}
    if not {"portal_vein_left", "portal_vein_right"} <= set(present):
        return None
    fork = portal_fork(present["portal_vein_left"], present["portal_vein_right"])
    found = np.zeros(next(iter(present.values())).array.shape, dtype=bool)
    for mask in present.values():
        voxels = np.argwhere(mask.array)
        away = np.linalg.norm(mask.geometry.to_lps(voxels) - fork, axis=1)
        found[tuple(voxels[away <= segment_rules().pedicle_reach_mm.value].T)] = True
    return found


def liver_vessels(masks: Masks) -> Region | None:
    """Hepatic veins and portal branches together; None where one of those that a cut needs is missing."""
    if not all(name in masks and masks[name].array.any() for name in VEINS):
        return None
    found = np.zeros(masks[VEINS[0]].array.shape, dtype=bool)
    for name in (*VEINS, *PORTAL_BRANCHES):
        if name in masks:
            found |= masks[name].array
    return found


def portal_fork(left: Mask, right: Mask) -> FloatArray:
    """Where the left and right portal branch come closest, LPS mm; both on one grid, neither empty."""
    points, others = (mask.geometry.to_lps(np.argwhere(mask.array)) for mask in (left, right))
    gap, nearest = cKDTree(others).query(points)
    first = int(np.argmin(gap))
    return np.asarray((points[first] + others[nearest[first]]) / 2, dtype=np.float64)


def implausible(found: LiverMap) -> list[str]:
    """The segments whose share is off the typical one by more than the factor of the rules."""
    return [flag.split()[1] for flag in found.flags if flag.startswith("IMPLAUSIBLE_SHARE")]


def _imported(liver: Mask, masks: Masks, passed: dict[SegmentSource, str]) -> LiverMap | None:
    """The map of drawn segments: all eight, or the liver has a part that is nobody's."""
    drawn = {n: masks[name] for n, name in enumerate(SEGMENT_MASKS, start=1) if name in masks}
    drawn = {n: mask for n, mask in drawn.items() if np.any(mask.array & liver.array)}
    if not drawn:
        passed[SegmentSource.IMPORTED] = NO_MAP
        return None
    labels = np.zeros(liver.array.shape, np.uint8)
    for number, mask in drawn.items():
        labels[mask.array & liver.array] = number
    missing = [str(n) for n in range(1, 9) if n not in drawn]
    unnamed = 1 - np.count_nonzero(labels) / np.count_nonzero(liver.array)
    if unnamed > segment_rules().unnamed_percent.value / 100:
        told = f" (without segment {', '.join(missing)})" if missing else ""
        passed[SegmentSource.IMPORTED] = f"{100 * unnamed:.0f} % of the liver has no segment in the given map{told}"
        return None
    return segments_from_map(liver, labels, {})


def _by_planes(masks: Masks) -> Iterable[tuple[SegmentSource, Callable[[Mask], LiverMap]]]:
    known = {name: mask for name, mask in masks.items() if mask.array.any()}
    yield SegmentSource.VEINS, lambda liver: segments_from_veins(liver, known, {})
    yield SegmentSource.LANDMARKS, lambda liver: segments_from_landmarks(liver, _with_bifurcation(known), {})


def _with_bifurcation(masks: Masks) -> dict[str, Mask]:
    """The masks with a voxel where the portal vein parts, unless it was marked or a side of it is not known."""
    left, right = masks.get("portal_vein_left"), masks.get("portal_vein_right")
    if "portal_bifurcation" in masks or left is None or right is None:
        return dict(masks)
    voxels = np.argwhere(left.array | right.array)
    fork = portal_fork(left, right)
    nearest = voxels[np.argmin(np.linalg.norm(left.geometry.to_lps(voxels) - fork, axis=1))]
    marked = np.zeros(left.array.shape, dtype=bool)
    marked[tuple(nearest)] = True
    return {**masks, "portal_bifurcation": Mask(marked, left.geometry)}


def _unfit(liver: Mask, previous_hepatectomy: bool) -> str:
    """Why planes and typical shares say nothing of this liver; empty when they do."""
    if previous_hepatectomy:
        return "a part of the liver was removed before; give a map of its segments"
    if touches_edge(liver.array):
        return "the liver is cut off by the field of view"
    return ""
