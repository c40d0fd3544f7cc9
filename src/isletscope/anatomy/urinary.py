"""Kidneys and bladder by uptake, density and position."""

from __future__ import annotations

import numpy as np

from isletscope.anatomy.found import THRESHOLDS as T
from isletscope.anatomy.found import Found, not_found
from isletscope.anatomy.frame import BodyFrame
from isletscope.anatomy.shapes import Bool3D, Float3D, Parts, closed, dilated, largest_part, opened, without_knobs
from isletscope.anatomy.trunk import Trunk, others_than, soft_tissue, split_by_shape
from isletscope.anatomy.uptake_level import least_affected
from isletscope.model import TracerClass


def find_kidneys(
    frame: BodyFrame, trunk: Trunk, liver: Found, spleen: Found, tracer: TracerClass
) -> tuple[Found, Found]:
    """Right and left kidney: uptake above liver beside the spine, between the liver's dome and the pelvis."""
    if liver.mask is None:
        lack = not_found("the kidneys' place is judged against the liver, and the liver was not found")
        return lack, lack
    level = float(np.median(least_affected(frame.suv_5[liver.mask])))
    z = frame.z_mm.ravel()
    planes = np.flatnonzero(liver.mask.any(axis=(1, 2)))
    bottom, top = float(z[planes[0]]), float(z[planes[-1]])
    zone = (frame.z_mm > bottom - 130.0) & (frame.z_mm < bottom + 0.8 * (top - bottom))
    lateral = np.abs(frame.x_mm - trunk.middle_x_mm)
    zone = zone & (lateral > 20.0) & (lateral < 130.0) & (frame.y_mm > _front_of_kidneys_mm(frame, trunk))
    taken = liver.mask | (spleen.mask if spleen.mask is not None else np.zeros_like(liver.mask))
    hot = trunk.body & zone & ~taken & (frame.suv_3 > level * T.number("kidney.over_liver"))
    if frame.hu_4 is not None:
        hot &= (frame.hu_4 > -20.0) & ~trunk.bone
    found = [_one_kidney(frame, trunk, hot, level, side, tracer) for side in ("right", "left")]
    if tracer is TracerClass.FDG and frame.hu is not None:
        solid = soft_tissue(frame, trunk) & zone & ~taken & (frame.suv_3 > T.number("kidney.fdg_over_liver") * level)
        found = [
            _kidney_by_shape(frame, trunk, solid, side) or by_urine
            for side, by_urine in zip(("right", "left"), found, strict=True)
        ]
    return found[0], found[1]


def _kidney_by_shape(frame: BodyFrame, trunk: Trunk, solid: Bool3D, side: str) -> Found | None:
    """The compact soft-tissue body of a kidney's size farthest back beside the spine; None when there is none."""
    half = frame.x_mm < trunk.middle_x_mm if side == "right" else frame.x_mm >= trunk.middle_x_mm
    near, far = T.bounds("kidney.from_midline_mm")
    low, high = T.bounds("kidney.volume_ml")
    pieces = split_by_shape(opened(solid & half, 8.0, frame.spacing_mm), frame)
    best: Bool3D | None = None
    best_y = -np.inf
    for piece in pieces:
        if not low <= frame.volume_ml(piece) <= high:
            continue
        x, y, _ = frame.centre_lps_mm(piece)
        if near <= abs(x - trunk.middle_x_mm) <= far and y > best_y:
            best, best_y = piece, y
    if best is None:
        return None
    mask = dilated(best, 5.0, frame.spacing_mm) & solid & half & ~others_than(pieces, best)
    return Found(np.asarray(mask), "CT: compact soft tissue beside the spine, FDG uptake of kidney", "moderate")


def _front_of_kidneys_mm(frame: BodyFrame, trunk: Trunk) -> float:
    """LPS y before which no kidney lies: well in front of the spine, or of the middle of the body."""
    if trunk.bone.any():
        return frame.centre_lps_mm(trunk.bone)[1] - 60.0
    return frame.centre_lps_mm(trunk.body)[1] - 25.0


def _one_kidney(frame: BodyFrame, trunk: Trunk, hot: Bool3D, level: float, side: str, tracer: TracerClass) -> Found:
    half = frame.x_mm < trunk.middle_x_mm if side == "right" else frame.x_mm >= trunk.middle_x_mm
    near, far = T.bounds("kidney.from_midline_mm")
    parts = Parts(hot & half, least_voxels=2, connectivity=26)
    best, best_score = None, 0.0
    for number in range(min(len(parts), 10)):
        part = parts.mask(number)
        x = frame.centre_lps_mm(part)[0]
        if not near <= abs(x - trunk.middle_x_mm) <= far:
            continue
        score = float(frame.suv_3[part].sum())
        if score > best_score:
            best, best_score = part, score
    if best is None:
        return not_found(f"no uptake above the liver's lies beside the spine on the {side}")
    reach = 45.0 if tracer is TracerClass.FDG else 10.0
    group = hot & half & dilated(best, reach, frame.spacing_mm)
    if tracer is not TracerClass.FDG:
        group = _main_bulk(frame, group, level)
    mask = closed(group, 12.0 if tracer is TracerClass.FDG else 6.0, frame.spacing_mm) & trunk.body & half
    if tracer is not TracerClass.FDG:
        mask = _without_knobs(frame, mask)
    volume = frame.volume_ml(mask)
    low, high = T.bounds("kidney.volume_ml")
    if volume > high:
        return not_found(f"the uptake beside the spine has {volume:.0f} mL, too much for a kidney (to {high:.0f} mL)")
    if volume < low and (tracer is not TracerClass.FDG or volume < T.number("kidney.hot_part_ml")):
        return not_found(f"the uptake beside the spine has only {volume:.0f} mL (a kidney has {low:.0f} mL or more)")
    partial = volume < low
    confidence = "low" if partial or frame.hu is None else "moderate"
    return Found(
        mask, "uptake above liver beside the spine" + (", the part with urine only" if partial else ""), confidence
    )


def _without_knobs(frame: BodyFrame, mask: Bool3D) -> Bool3D:
    """The kidney without nodes or pancreatic tail that touch it: they are thinner than any kidney."""
    return without_knobs(mask, T.number("kidney.least_radius_mm"), T.number("kidney.rim_mm"), frame.spacing_mm)


def _main_bulk(frame: BodyFrame, mask: Bool3D, level: float) -> Bool3D:
    """The kidney without thin appendages such as the ureter and with its rim at half of its typical uptake."""
    pieces = split_by_shape(opened(mask, 7.0, frame.spacing_mm), frame)
    if not pieces:
        return mask
    hindmost = max(frame.centre_lps_mm(piece)[1] for piece in pieces)
    core = max(
        pieces,
        key=lambda piece: float(
            min(frame.volume_ml(piece), 200.0) * np.exp((frame.centre_lps_mm(piece)[1] - hindmost) / 25.0)
        ),
    )
    typical = float(np.percentile(frame.suv_3[core], 70))
    rim = frame.suv_3 > max(0.4 * typical, level)
    kept = dilated(core, 5.0, frame.spacing_mm) & mask & rim & ~others_than(pieces, core)
    return np.asarray(largest_part(kept))


def find_bladder(frame: BodyFrame, trunk: Trunk, liver: Found) -> Found:
    """The hot hollow in the middle of the pelvis, the largest amount of uptake there."""
    if liver.mask is None and not trunk.bone.any():
        return not_found("neither liver nor skeleton shows where the pelvis is")
    suv = frame.suv_3
    middle = np.abs(frame.x_mm - trunk.middle_x_mm) < 70.0
    zone = trunk.body & middle & ~trunk.lungs
    if liver.mask is not None:
        z = frame.z_mm.ravel()
        lower = float(z[np.flatnonzero(liver.mask.any(axis=(1, 2)))[0]])
        zone = zone & (frame.z_mm < lower - T.number("bladder.below_liver_mm") + 40.0)
    if not zone.any():
        return not_found("the pelvis is not in the field")
    parts = Parts(zone & (suv > T.number("bladder.above_suv")), least_voxels=3, connectivity=26)
    low, high = T.bounds("bladder.volume_ml")
    best: Bool3D | None = None
    best_score = 0.0
    for number in range(min(len(parts), 12)):
        part = parts.mask(number)
        volume = frame.volume_ml(part)
        x, _, z_centre = frame.centre_lps_mm(part)
        if volume < low or abs(x - trunk.middle_x_mm) > T.number("bladder.from_midline_mm"):
            continue
        if liver.mask is not None and z_centre > lower - T.number("bladder.below_liver_mm"):
            continue
        if liver.mask is None and not _between_hips(frame, trunk, part):
            continue
        score = float(suv[part].sum())
        if score > best_score:
            best, best_score = part, score
    if best is None:
        return not_found("no urine uptake of a bladder's size lies in the middle of the pelvis")
    rim = _rim(frame.suv_3, best)
    mask = largest_part(best & rim)
    volume = frame.volume_ml(mask)
    if not 0.5 * low <= volume <= high:
        return not_found(f"the uptake in the pelvis has {volume:.0f} mL; expected {low:.0f} to {high:.0f} mL")
    return Found(mask, "urine uptake in the middle of the pelvis", "moderate" if frame.hu is not None else "low")


def _between_hips(frame: BodyFrame, trunk: Trunk, part: Bool3D) -> bool:
    """Whether bone of a pelvis lies well to both sides of a region at its height: a limb has no such place."""
    x, _, z = frame.centre_lps_mm(part)
    slab = trunk.bone & (np.abs(frame.z_mm - z) < 40.0)
    away = T.number("bladder.hip_distance_mm")
    enough = T.number("bladder.hip_bone_ml")
    sides = (slab & (frame.x_mm < x - away), slab & (frame.x_mm > x + away))
    return all(frame.volume_ml(side) >= enough for side in sides)


def _rim(suv: Float3D, part: Bool3D) -> Bool3D:
    """Where uptake is above a third of the part's typical uptake."""
    return np.asarray(suv > 0.33 * float(np.percentile(suv[part], 80)))
