"""Liver and spleen by uptake, density and position."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from isletscope.anatomy.found import THRESHOLDS as T
from isletscope.anatomy.found import Found, not_found
from isletscope.anatomy.frame import BodyFrame
from isletscope.anatomy.shapes import (
    Bool3D,
    Parts,
    closed,
    depth_mm,
    dilated,
    largest_part,
    opened,
    smoothed,
    touching,
    without_knobs,
)
from isletscope.anatomy.trunk import Trunk, others_than, soft_tissue, split_by_shape
from isletscope.anatomy.uptake_level import least_affected
from isletscope.model import TracerClass


def find_liver(frame: BodyFrame, trunk: Trunk, tracer: TracerClass) -> Found:
    """The largest region of even uptake right of the middle, grown to where uptake (and density) changes."""
    inner = depth_mm(trunk.body, frame.spacing_mm) > 14.0
    solid = soft_tissue(frame, trunk) & inner
    low, high = _liver_suv_bounds(tracer)
    core = _even_core(frame, trunk, solid, (low, high))
    if core is None:
        return not_found("no large region of even uptake lies right of the middle of the body")
    core, level = _narrowed(frame, core)
    mask = _grown(frame, core, soft_tissue(frame, trunk), level)
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
    """Whether a height lies in the zone of the liver: from the lower half of the right lung to 260 mm below it."""
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
    solid = soft_tissue(frame, trunk)
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
    level = float(np.median(least_affected(frame.suv_5[liver.mask])))
    z = frame.z_mm.ravel()
    planes = np.flatnonzero(liver.mask.any(axis=(1, 2)))
    bottom, top = float(z[planes[0]]), float(z[planes[-1]])
    zone = (frame.z_mm > bottom - 20.0) & (frame.z_mm < top + 40.0) & (frame.x_mm > trunk.middle_x_mm + 20.0)
    solid = soft_tissue(frame, trunk) & zone & ~liver.mask
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
    pieces = split_by_shape(opened(like, 8.0, frame.spacing_mm), frame)
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
    mask = dilated(best, 6.0, frame.spacing_mm) & like & ~others_than(pieces, best)
    mask = without_knobs(mask, T.number("spleen.least_radius_mm"), T.number("spleen.rim_mm"), frame.spacing_mm)
    confidence = "moderate" if frame.hu is not None else "low"
    source = "uptake and place left behind in the upper abdomen" + ("" if frame.hu is not None else ", without CT")
    return Found(np.asarray(mask), source, confidence)


def _half_width_mm(frame: BodyFrame, body: Bool3D, liver: Bool3D) -> float:
    """Half the width of the trunk at the liver's level, arms left out as far as the liver's side shows it."""
    right = float(frame.x_mm.ravel()[np.flatnonzero(liver.any(axis=(0, 1)))[0]])
    return max(90.0, frame.centre_lps_mm(body)[0] - right + 10.0)
