"""Liver, spleen, kidneys and bladder by uptake, density and position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from isletscope.anatomy.found import THRESHOLDS as T
from isletscope.anatomy.found import Found, not_found
from isletscope.anatomy.frame import BodyFrame
from isletscope.anatomy.shapes import (
    Bool3D,
    Float3D,
    Parts,
    closed,
    depth_mm,
    dilated,
    largest_part,
    opened,
    smoothed,
    touching,
)
from isletscope.model import TracerClass


@dataclass(frozen=True)
class Trunk:
    """What the abdominal rules start from: body, lungs and bone (empty masks where unknown), the middle of the body."""

    body: Bool3D
    right_lung: Bool3D
    left_lung: Bool3D
    bone: Bool3D
    middle_x_mm: float

    @property
    def lungs(self) -> Bool3D:
        """Both lungs."""
        return self.right_lung | self.left_lung


def find_liver(frame: BodyFrame, trunk: Trunk, tracer: TracerClass) -> Found:
    """The largest region of even uptake right of the middle, grown to where uptake (and density) changes."""
    inner = depth_mm(trunk.body, frame.spacing_mm) > 14.0
    solid = _soft_tissue(frame, trunk) & inner
    low, high = _liver_suv_bounds(tracer)
    core = _even_core(frame, trunk, solid, (low, high))
    if core is None:
        return not_found("no large region of even uptake lies right of the middle of the body")
    core, level = _narrowed(frame, core)
    mask = _grown(frame, core, _soft_tissue(frame, trunk), level)
    mask = _with_enclosed_hot_spots(frame, mask, trunk, level)
    refusal = _implausible_liver(frame, trunk, mask)
    if refusal:
        return not_found(refusal)
    with_ct = frame.hu is not None
    confidence = "low" if not with_ct else "moderate" if frame.cut_by_edge(mask) else "high"
    source = "even uptake right of the middle" + (", CT density" if with_ct else ", without CT")
    return Found(mask, source, confidence)


def _liver_suv_bounds(tracer: TracerClass) -> tuple[float, float]:
    if tracer is TracerClass.SSTR:
        return T.bounds("liver.suv_sstr")
    return T.bounds("liver.suv_fdg" if tracer is TracerClass.FDG else "liver.suv_other")


def _soft_tissue(frame: BodyFrame, trunk: Trunk) -> Bool3D:
    """Parenchyma by CT where there is CT; else the body without lungs."""
    tissue = trunk.body & ~trunk.lungs
    if frame.hu_4 is None:
        return tissue
    low, high = T.bounds("soft_tissue.hu")
    dense = (frame.hu_4 > low) & (frame.hu_4 < high) & ~trunk.bone
    return np.asarray(tissue & (dense | ~frame.ct_seen))


def _even_core(frame: BodyFrame, trunk: Trunk, solid: Bool3D, bounds: tuple[float, float]) -> Bool3D | None:
    """The largest part right of the middle whose smoothed uptake varies little within 28 mm."""
    suv = frame.suv_5
    size = [max(3, round(28.0 / step) | 1) for step in frame.spacing_mm]
    mean = ndimage.uniform_filter(suv, size)
    square = ndimage.uniform_filter(suv * suv, size)
    variation = np.sqrt(np.maximum(square - mean**2, 0)) / np.maximum(mean, 1e-3)
    even = solid & (variation < T.number("liver.core_cov")) & (mean > bounds[0]) & (mean < bounds[1])
    even = even & (frame.x_mm < trunk.middle_x_mm + 25.0)
    parts = Parts(even, least_voxels=int(0.3 * T.number("liver.core_volume_ml") / frame.voxel_ml))
    best, best_score = None, 0.0
    for number in range(min(len(parts), 6)):
        part = parts.mask(number)
        x, _, z = frame.centre_lps_mm(part)
        if x > trunk.middle_x_mm - 12.0 or frame.volume_ml(part) < T.number("liver.core_volume_ml"):
            continue
        if trunk.right_lung.any() and not _below_right_lung(frame, trunk, z):
            continue
        score = frame.volume_ml(part) * float(mean[part].mean())
        if score > best_score:
            best, best_score = part, score
    return best


def _narrowed(frame: BodyFrame, core: Bool3D) -> tuple[Bool3D, float]:
    """The core kept to its commonest uptake, and that uptake (g/mL)."""
    suv = smoothed(frame.suv, 8.0, frame.spacing_mm)
    values = suv[core]
    counts, edges = np.histogram(values, bins=60)
    counts = ndimage.gaussian_filter1d(counts.astype(float), 2.0) * (edges[:-1] + edges[1:])
    peak = int(np.argmax(counts))
    level = float(edges[peak] + edges[peak + 1]) / 2
    alike = core & (np.abs(suv / level - 1.0) < 0.2)
    bulk = largest_part(opened(alike, 16.0, frame.spacing_mm))
    kept = bulk if bulk.any() else largest_part(alike)
    return kept, float(np.median(suv[kept]))


def _below_right_lung(frame: BodyFrame, trunk: Trunk, z_mm: float) -> bool:
    """Whether a height lies in the zone of the liver: from the lower third of the right lung to 260 mm below its end."""
    planes = np.flatnonzero(trunk.right_lung.any(axis=(1, 2)))
    z = frame.z_mm.ravel()
    bottom, top = float(z[planes[0]]), float(z[planes[-1]])
    return bottom - 260.0 < z_mm < bottom + 0.55 * (top - bottom)


def _grown(frame: BodyFrame, core: Bool3D, solid: Bool3D, level: float) -> Bool3D:
    """The core grown through tissue of like uptake (and density), thin bridges cut."""
    low, high = (bound * level for bound in T.bounds("liver.band"))
    around = dilated(core, 30.0, frame.spacing_mm) & ~dilated(core, 12.0, frame.spacing_mm) & solid
    if around.any():
        background = float(np.percentile(frame.suv_5[around], 35))
        low = max(low, 0.5 * (level + background)) if background < level else low
    like = solid & (frame.suv_3 > 0.8 * low) & (frame.suv_5 > low) & (frame.suv_5 < high)
    if frame.hu_4 is not None:
        median = float(np.median(frame.hu_4[core]))
        spread = T.number("liver.hu_deviations") * float(frame.hu_4[core].std())
        low_band, high_band = T.bounds("liver.hu_band")
        like &= np.abs(frame.hu_4 - median) < float(np.clip(spread, low_band, high_band))
    like &= dilated(core, T.number("liver.reach_mm"), frame.spacing_mm)
    trimmed = opened(like, 9.0 if frame.hu is not None else 15.0, frame.spacing_mm)
    mask = touching(trimmed, core)
    return np.asarray(dilated(mask, 4.5, frame.spacing_mm) & (like | mask))


def _with_enclosed_hot_spots(frame: BodyFrame, mask: Bool3D, trunk: Trunk, level: float) -> Bool3D:
    """Adds spots of other uptake that the liver surrounds on most sides (metastases, cysts), and small gaps."""
    filled = closed(mask, 10.0, frame.spacing_mm)
    solid = _soft_tissue(frame, trunk)
    beyond = trunk.body & ~trunk.lungs & ~mask
    if frame.hu is not None:
        beyond &= frame.hu > -20.0
    result = mask | (filled & beyond & ~_strangers(frame, mask, filled & beyond, level))
    odd = beyond & ((frame.suv_5 > T.bounds("liver.band")[1] * level) | (filled & ~mask))
    odd &= dilated(mask, 4.5, frame.spacing_mm)
    parts = Parts(touching(beyond & (frame.suv_5 > T.bounds("liver.band")[1] * level), odd) | odd, connectivity=26)
    for number in range(len(parts)):
        if parts.voxels[number] * frame.voxel_ml > 0.6 * frame.volume_ml(mask):
            continue
        box = parts.near(number, 8.0, frame.spacing_mm)
        part = parts.labels[box] == number + 1
        shell = dilated(part, 6.5, frame.spacing_mm) & ~part & solid[box]
        share = 0.45 if parts.voxels[number] * frame.voxel_ml < 30.0 else 0.6
        if shell.any() and float(mask[box][shell].mean()) > share:
            result[box] |= part
    return np.asarray(ndimage.binary_fill_holes(result))


def _strangers(frame: BodyFrame, mask: Bool3D, gaps: Bool3D, level: float) -> Bool3D:
    """Gap voxels that belong to something hot and larger outside the liver, such as the right kidney."""
    hot = (frame.suv_5 > T.bounds("liver.band")[1] * level) & ~mask
    outside = hot & ~gaps
    return np.asarray(touching(hot, dilated(outside, 0.5, frame.spacing_mm) & hot) & gaps) if outside.any() else ~gaps


def _implausible_liver(frame: BodyFrame, trunk: Trunk, mask: Bool3D) -> str:
    """Why this is no liver, or an empty text."""
    low, high = T.bounds("liver.volume_ml")
    volume = frame.volume_ml(mask)
    if volume > high or volume < low:
        partly = " and is cut by the field's edge" if frame.cut_by_edge(mask) else ""
        return f"the even region has {volume:.0f} mL{partly}; expected {low:.0f} to {high:.0f} mL"
    x, _, z = frame.centre_lps_mm(mask)
    if x > trunk.middle_x_mm + 15.0:
        return "the even region does not lie on the patient's right"
    if trunk.right_lung.any() and not _below_right_lung(frame, trunk, z):
        return "the even region does not lie below the right lung"
    return ""


def find_spleen(frame: BodyFrame, trunk: Trunk, liver: Found, tracer: TracerClass) -> Found:
    """Left, back and high in the abdomen: hotter than liver on SSTR PET, about as liver on FDG PET."""
    if liver.mask is None:
        return not_found("the spleen's place and uptake are judged against the liver, and the liver was not found")
    level = float(np.median(frame.suv_5[liver.mask]))
    z = frame.z_mm.ravel()
    planes = np.flatnonzero(liver.mask.any(axis=(1, 2)))
    bottom, top = float(z[planes[0]]), float(z[planes[-1]])
    zone = (frame.z_mm > bottom - 20.0) & (frame.z_mm < top + 40.0) & (frame.x_mm > trunk.middle_x_mm + 20.0)
    solid = _soft_tissue(frame, trunk) & zone & ~liver.mask
    if tracer is TracerClass.FDG:
        low, high = (bound * level for bound in T.bounds("spleen.band_fdg"))
        inner = depth_mm(trunk.body, frame.spacing_mm) > 12.0
        like = solid & inner & (frame.suv_5 > low) & (frame.suv_5 < high)
        like &= ~dilated(liver.mask, 6.0, frame.spacing_mm)
    else:
        like = solid & (frame.suv_3 > level * T.number("spleen.over_liver_sstr"))
    return _best_spleen(frame, trunk, like, liver.mask)


def _best_spleen(frame: BodyFrame, trunk: Trunk, like: Bool3D, liver: Bool3D) -> Found:
    """The part that fits a spleen's place best: far left, behind the middle, high, compact."""
    pieces = _split_by_shape(opened(like, 8.0, frame.spacing_mm), frame)
    low, high = T.bounds("spleen.volume_ml")
    half_width = _half_width_mm(frame, trunk.body, liver)
    body_y = frame.centre_lps_mm(trunk.body)[1]
    liver_z = frame.centre_lps_mm(liver)[2]
    best: Bool3D | None = None
    best_score = 0.0
    for piece in pieces:
        volume = frame.volume_ml(piece)
        if not 0.7 * low <= volume <= high:
            continue
        x, y, z = frame.centre_lps_mm(piece)
        lateral = (x - trunk.middle_x_mm) / half_width
        if lateral < 0.3 or y < body_y - 35.0:
            continue
        score = np.sqrt(min(volume, 250.0)) * lateral * np.exp(np.clip((z - liver_z) / 80.0, -2.0, 0.6))
        if score > best_score:
            best, best_score = piece, float(score)
    if best is None:
        return not_found("no organ of plausible size, place and uptake lies left behind in the upper abdomen")
    mask = dilated(best, 6.0, frame.spacing_mm) & like & ~_others(pieces, best)
    confidence = "moderate" if frame.hu is not None else "low"
    source = "uptake and place left behind in the upper abdomen" + ("" if frame.hu is not None else ", without CT")
    return Found(np.asarray(mask), source, confidence)


def _others(pieces: list[Bool3D], chosen: Bool3D) -> Bool3D:
    rest = np.zeros_like(chosen)
    for piece in pieces:
        if piece is not chosen:
            rest |= piece
    return rest


def _half_width_mm(frame: BodyFrame, body: Bool3D, liver: Bool3D) -> float:
    """Half the width of the trunk at the liver's level, arms left out as far as the liver's side shows it."""
    right = float(frame.x_mm.ravel()[np.flatnonzero(liver.any(axis=(0, 1)))[0]])
    return max(90.0, frame.centre_lps_mm(body)[0] - right + 10.0)


def _split_by_shape(mask: Bool3D, frame: BodyFrame) -> list[Bool3D]:
    """Parts of a mask, cut at necks: each voxel goes to the thick core it is nearest to; largest first.

    Parts above the size of one organ are tried again with thicker cores.
    """
    pieces = _cut_at_depth(mask, frame, T.number("split.core_depth_mm"), 0.0)
    least, large = T.number("split.least_part_ml"), T.number("split.large_ml")
    done: list[Bool3D] = []
    while pieces:
        piece = pieces.pop()
        if frame.volume_ml(piece) < large:
            done.append(piece)
            continue
        depth = T.number("split.core_depth_mm") + 2.0
        parts = [piece]
        while len(parts) < 2 and depth < T.number("split.deepest_mm"):
            parts = _cut_at_depth(piece, frame, depth, least)
            depth += 2.0
        if len(parts) < 2:
            done.append(piece)
        else:
            pieces += parts
    return sorted(done, key=lambda piece: -int(np.count_nonzero(piece)))


def _cut_at_depth(mask: Bool3D, frame: BodyFrame, depth_limit_mm: float, least_ml: float) -> list[Bool3D]:
    """The mask shared out among its cores deeper than a limit; cores whose share is too small do not count."""
    whole = Parts(mask, least_voxels=8)
    cores = Parts((whole.labels > 0) & (depth_mm(mask, frame.spacing_mm) > depth_limit_mm), connectivity=26)
    if not len(cores):
        return [whole.mask(n) for n in range(min(len(whole), 12))]
    count = min(len(cores), 12)
    for _ in range(count):
        seeds = np.where(cores.labels <= count, cores.labels, 0)
        _, nearest = ndimage.distance_transform_edt(seeds == 0, sampling=frame.spacing_mm, return_indices=True)
        owner = seeds[tuple(nearest)]
        shares = [np.asarray(mask & (owner == n + 1)) for n in range(count)]
        small = [n for n, share in enumerate(shares) if frame.volume_ml(share) < least_ml]
        if not small or count == 1:
            break
        count = max(1, count - len(small))
    return shares


def find_kidneys(
    frame: BodyFrame, trunk: Trunk, liver: Found, spleen: Found, tracer: TracerClass
) -> tuple[Found, Found]:
    """Right and left kidney: uptake above liver beside the spine, between the liver's dome and the pelvis."""
    if liver.mask is None:
        lack = not_found("the kidneys' place is judged against the liver, and the liver was not found")
        return lack, lack
    level = float(np.median(frame.suv_5[liver.mask]))
    z = frame.z_mm.ravel()
    planes = np.flatnonzero(liver.mask.any(axis=(1, 2)))
    bottom, top = float(z[planes[0]]), float(z[planes[-1]])
    zone = (frame.z_mm > bottom - 130.0) & (frame.z_mm < bottom + 0.8 * (top - bottom))
    lateral = np.abs(frame.x_mm - trunk.middle_x_mm)
    zone = zone & (lateral > 12.0) & (lateral < 130.0) & (frame.y_mm > _front_of_kidneys_mm(frame, trunk))
    taken = liver.mask | (spleen.mask if spleen.mask is not None else np.zeros_like(liver.mask))
    hot = trunk.body & zone & ~taken & (frame.suv_3 > level * T.number("kidney.over_liver"))
    if frame.hu_4 is not None:
        hot &= (frame.hu_4 > -20.0) & ~trunk.bone
    found = [_one_kidney(frame, trunk, hot, level, side, tracer) for side in ("right", "left")]
    if tracer is TracerClass.FDG and frame.hu is not None:
        solid = _soft_tissue(frame, trunk) & zone & ~taken & (frame.suv_3 > T.number("kidney.fdg_over_liver") * level)
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
    pieces = _split_by_shape(opened(solid & half, 8.0, frame.spacing_mm), frame)
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
    mask = dilated(best, 5.0, frame.spacing_mm) & solid & half & ~_others(pieces, best)
    return Found(np.asarray(mask), "CT: compact soft tissue beside the spine, FDG uptake of kidney", "moderate")


def _front_of_kidneys_mm(frame: BodyFrame, trunk: Trunk) -> float:
    """LPS y before which no kidney lies: well in front of the spine, or of the middle of the body."""
    if trunk.bone.any():
        return frame.centre_lps_mm(trunk.bone)[1] - 60.0
    return frame.centre_lps_mm(trunk.body)[1] - 25.0


def _one_kidney(
    frame: BodyFrame, trunk: Trunk, hot: Bool3D, level: float, side: str, tracer: TracerClass
) -> Found:
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
    volume = frame.volume_ml(mask)
    low, high = T.bounds("kidney.volume_ml")
    if volume > high:
        return not_found(f"the uptake beside the spine has {volume:.0f} mL, too much for a kidney (to {high:.0f} mL)")
    if volume < low and (tracer is not TracerClass.FDG or volume < T.number("kidney.hot_part_ml")):
        return not_found(f"the uptake beside the spine has only {volume:.0f} mL (a kidney has {low:.0f} mL or more)")
    partial = volume < low
    confidence = "low" if partial or frame.hu is None else "moderate"
    return Found(mask, "uptake above liver beside the spine" + (", the part with urine only" if partial else ""), confidence)


def _main_bulk(frame: BodyFrame, mask: Bool3D, level: float) -> Bool3D:
    """The kidney without thin appendages such as the ureter and with its rim at half of its typical uptake."""
    pieces = _split_by_shape(opened(mask, 7.0, frame.spacing_mm), frame)
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
    kept = dilated(core, 5.0, frame.spacing_mm) & mask & rim & ~_others(pieces, core)
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


def _rim(suv: Float3D, part: Bool3D) -> Bool3D:
    """Where uptake is above a third of the part's typical uptake."""
    return np.asarray(suv > 0.33 * float(np.percentile(suv[part], 80)))


def find_brain(frame: BodyFrame, trunk: Trunk, tracer: TracerClass) -> Found:
    """The brain: high FDG uptake at the upper end of the body, or soft tissue enclosed by skull on CT."""
    low, high = T.bounds("brain.volume_ml")
    planes = np.flatnonzero(trunk.body.any(axis=(1, 2)))
    top = float(frame.z_mm.ravel()[planes[-1]])
    upper = frame.z_mm > top - 260.0
    if tracer is TracerClass.FDG:
        hot = trunk.body & upper & (frame.suv_5 > T.number("brain.above_suv_fdg"))
        mask = largest_part(opened(hot, 9.0, frame.spacing_mm))
        mask = dilated(mask, 5.0, frame.spacing_mm) & hot
        source = "FDG uptake at the upper end of the body"
    elif frame.hu_4 is not None and trunk.bone.any():
        mask = _inside_skull(frame, trunk, np.asarray(upper))
        source = "CT: soft tissue enclosed by skull"
    else:
        return not_found("without FDG uptake the brain is found by the skull on CT, and no CT lies with this PET")
    volume = frame.volume_ml(mask)
    if frame.cut_by_edge(mask):
        low = T.number("brain.cut_volume_ml")
    if not low <= volume <= high:
        return not_found(f"the head is not in the field (only {volume:.0f} mL fit a brain)" if volume < low else
                         f"{volume:.0f} mL are too much for a brain")
    return Found(np.asarray(ndimage.binary_fill_holes(mask)), source, "high" if frame.hu is not None else "moderate")


def _inside_skull(frame: BodyFrame, trunk: Trunk, upper: Bool3D) -> Bool3D:
    if frame.hu_4 is None:
        return np.zeros_like(trunk.body)
    low, high = T.bounds("brain.hu")
    bone = closed(trunk.bone & upper, 6.0, frame.spacing_mm)
    inside = np.stack([ndimage.binary_fill_holes(plane) for plane in bone]) & ~bone
    inside &= (frame.hu_4 > low - 20.0) & (frame.hu_4 < high + 30.0)
    return largest_part(opened(inside, 10.0, frame.spacing_mm))
