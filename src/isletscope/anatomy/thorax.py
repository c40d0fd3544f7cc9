"""Body, lungs, bone, descending aorta and heart by rule."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
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
    filled_slices,
    largest_part,
    opened,
)
from isletscope.anatomy.uptake_level import least_affected
from isletscope.model import TracerClass

NO_CT = "lungs and bone are told from soft tissue by CT, and no CT lies with this PET"


def find_body(frame: BodyFrame) -> Found:
    """The patient without table and air; by CT where there is one, else by uptake."""
    warm = frame.suv_5 > T.number("body.pet_above_suv")
    if frame.hu is not None and frame.ct_seen.mean() > 0.05:
        dense = frame.hu > T.number("body.ct_above_hu")
        mask = largest_part(opened(dense, 7.0, frame.spacing_mm))
        mask = np.where(frame.ct_seen, mask, warm)
        source, confidence = "CT above air, largest part", "high"
    else:
        mask = largest_part(opened(warm, 7.0, frame.spacing_mm))
        source, confidence = "uptake above air, largest part", "moderate"
    mask = filled_slices(np.asarray(mask, dtype=np.bool_)) & frame.seen
    if frame.volume_ml(mask) < T.number("body.least_volume_ml"):
        return not_found(f"only {frame.volume_ml(mask):.0f} mL of tissue lies in the field")
    return Found(mask, source, confidence)


def find_lungs(frame: BodyFrame, body: Bool3D) -> tuple[Found, Found]:
    """Right and left lung: air inside the body with the density of lung, split into two sides."""
    if frame.hu is None:
        return not_found(NO_CT), not_found(NO_CT)
    air = body & frame.ct_seen & (frame.hu < T.number("lung.below_hu"))
    low, high = T.bounds("lung.single_volume_ml")
    hu_low, hu_high = T.bounds("lung.mean_hu")
    core = opened(air, T.number("lung.trachea_radius_mm"), frame.spacing_mm)
    centre = _midline_x_mm(frame, body)
    sides: dict[str, Bool3D] = {}
    parts = Parts(core, least_voxels=int(0.25 * low / frame.voxel_ml))
    for number in range(min(len(parts), 4)):
        part = parts.mask(number)
        if not hu_low <= float(frame.hu[part].mean()) <= hu_high:
            continue
        for name, half in (("right", frame.x_mm < centre), ("left", frame.x_mm >= centre)):
            share = part & half
            if frame.volume_ml(share) >= 0.25 * low:
                sides[name] = sides.get(name, np.zeros_like(body)) | share
    found = []
    for name in ("right", "left"):
        mask = sides.get(name)
        if mask is None:
            found.append(not_found("no aerated lung of plausible size and density lies in the field"))
            continue
        half = frame.x_mm < centre if name == "right" else frame.x_mm >= centre
        mask = dilated(mask, 8.0, frame.spacing_mm) & air & half
        volume = frame.volume_ml(mask)
        if volume > high or (volume < low and not frame.cut_by_edge(mask)):
            found.append(
                not_found(f"its volume of {volume:.0f} mL is not plausible (expected {low:.0f} to {high:.0f})")
            )
            continue
        found.append(Found(mask, "CT density of aerated lung", "moderate" if frame.cut_by_edge(mask) else "high"))
    return found[0], found[1]


def _midline_x_mm(frame: BodyFrame, body: Bool3D) -> float:
    """LPS x of the middle of the body."""
    return frame.centre_lps_mm(body)[0]


def find_bone(frame: BodyFrame, body: Bool3D, contrast_hu: float | None = None) -> Found:
    """Skeleton by CT density, marrow filled. ``contrast_hu``: density of the aorta when it is known."""
    if frame.hu is None:
        return not_found(NO_CT)
    above = T.number("bone.above_hu")
    if contrast_hu is not None:
        above = max(above, contrast_hu + T.number("bone.above_vessel_hu"))
    dense = body & frame.ct_seen & (frame.hu > above)
    parts = Parts(dense, least_voxels=max(1, int(T.number("bone.least_part_ml") / frame.voxel_ml)), connectivity=26)
    dense = parts.labels > 0
    mask = closed(dense, T.number("bone.marrow_gap_mm"), frame.spacing_mm) & body & (frame.hu > 0)
    if frame.volume_ml(mask) < T.number("bone.least_volume_ml"):
        return not_found(f"only {frame.volume_ml(mask):.0f} mL of bone density lies in the CT")
    return Found(mask, f"CT above {above:.0f} HU, marrow filled", "moderate")


def spine_centre_mm(frame: BodyFrame, body: Bool3D, bone: Bool3D) -> npt.NDArray[np.float64]:
    """Centre of the vertebral column per slice, columns x and y in LPS mm; nan where none is seen.

    The column is the bulk of bone near the midline in the back half of the body.
    """
    centre = np.full((frame.geometry.shape[0], 2), np.nan)
    x, y = frame.x_mm.ravel(), frame.y_mm.ravel()
    middle = _midline_x_mm(frame, bone)
    near = np.abs(x - middle) < 45.0
    for plane in range(frame.geometry.shape[0]):
        rows = np.flatnonzero(body[plane].any(axis=1))
        if not rows.size:
            continue
        back = y > y[rows[0]] + T.number("aorta.spine_behind") * (y[rows[-1]] - y[rows[0]])
        here = opened_plane(bone[plane], frame.spacing_mm[1]) & near[None, :] & back[:, None]
        if np.count_nonzero(here) * frame.spacing_mm[1] * frame.spacing_mm[2] < 300.0:
            continue
        depth = ndimage.distance_transform_edt(here)
        weight = depth**2
        total = weight.sum()
        centre[plane] = (weight * x[None, :]).sum() / total, (weight * y[:, None]).sum() / total
    return _steadied(centre)


def opened_plane(plane: npt.NDArray[np.bool_], step_mm: float) -> npt.NDArray[np.bool_]:
    """One slice without thin parts (ribs, spinous processes)."""
    size = max(1, round(6.0 / step_mm))
    return np.asarray(ndimage.binary_opening(plane, structure=np.ones((2 * size - 1, 2 * size - 1))))


def _steadied(centre: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The per-slice centres after a running median over nine slices, nan kept."""
    steady = centre.copy()
    for plane in range(len(centre)):
        window = centre[max(0, plane - 4) : plane + 5]
        known = window[~np.isnan(window[:, 0])]
        steady[plane] = np.median(known, axis=0) if len(known) >= 3 else np.nan
    return steady


def find_aorta(frame: BodyFrame, body: Bool3D, lungs: Bool3D, bone: Bool3D) -> Found:
    """Descending thoracic aorta: the round soft-tissue column left of and before the vertebrae, beside the left lung.

    In every slice that shows lung, discs of the aorta's radius are scored (soft tissue inside, no bone, no lung; lung
    or fat around); the best path through the slices is taken by dynamic programming.
    """
    if frame.hu is None or frame.hu_4 is None:
        return not_found("the descending aorta is followed on CT, and no CT lies with this PET")
    spine = spine_centre_mm(frame, body, bone)
    area = lungs.sum(axis=(1, 2)) * frame.spacing_mm[1] * frame.spacing_mm[2]
    planes = np.flatnonzero((area > 4000.0) & ~np.isnan(spine[:, 0]))
    if planes.size * frame.spacing_mm[0] < T.number("aorta.least_length_mm"):
        return not_found("the chest with lungs and spine is not in the field")
    planes = np.arange(planes[0], planes[-1] + 1)
    planes = planes[: int(0.75 * len(planes))]
    spine = _bridged(spine, planes)
    score, offsets = _disc_scores(frame, lungs, bone, spine, planes)
    path, worst = _best_path(score)
    if worst < 0.35:
        return not_found("no round soft-tissue column runs along the left front of the spine")
    mask = np.zeros_like(body)
    radius = T.number("aorta.radius_mm") - 2.0
    hu_low, hu_high = T.bounds("aorta.hu")
    for row, plane in enumerate(planes):
        dx, dy = offsets[path[row]]
        x, y = spine[plane, 0] + dx, spine[plane, 1] + dy
        disc = (frame.x_mm[0] - x) ** 2 + (frame.y_mm[0] - y) ** 2 <= radius**2
        tissue = (frame.hu_4[plane] > hu_low) & (frame.hu_4[plane] < hu_high)
        mask[plane] = disc & tissue & ~lungs[plane] & ~bone[plane]
    if frame.volume_ml(mask) < T.number("aorta.least_volume_ml"):
        return not_found("the column along the left front of the spine is too thin for an aorta")
    return Found(mask, "CT: round column left and in front of the spine, path of best fit", "moderate")


def _bridged(spine: npt.NDArray[np.float64], planes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The spine's centre with gaps between known slices filled linearly."""
    known = planes[~np.isnan(spine[planes, 0])]
    filled = spine.copy()
    for column in range(2):
        filled[planes, column] = np.interp(planes, known, spine[known, column])
    return filled


def _disc_scores(
    frame: BodyFrame,
    lungs: Bool3D,
    bone: Bool3D,
    spine: npt.NDArray[np.float64],
    planes: npt.NDArray[np.int64],
) -> tuple[Float3D, list[tuple[float, float]]]:
    """Fit of an aortic disc at each offset from the spine's centre, per plane: array [plane, dy, dx]."""
    if frame.hu_4 is None:
        raise ValueError("the aorta's discs are scored on CT")
    step = frame.spacing_mm[1]
    radius = T.number("aorta.radius_mm")
    hu_low, hu_high = T.bounds("aorta.hu")
    span = np.arange(-6, 7) * step
    yy, xx = np.meshgrid(span, span, indexing="ij")
    inside = (np.hypot(yy, xx) <= radius - 1.0).astype(np.float32)
    ring = ((np.hypot(yy, xx) > radius + 2.0) & (np.hypot(yy, xx) <= radius + 8.0)).astype(np.float32)
    inside, ring = inside / inside.sum(), ring / ring.sum()
    dx = np.arange(4.0, 49.0, step)
    dy = np.arange(-40.0, 17.0, step)
    score = np.zeros((len(planes), len(dy), len(dx)), dtype=np.float32)
    tissue_all = (frame.hu_4 > hu_low) & (frame.hu_4 < hu_high) & ~lungs & ~bone
    for row, plane in enumerate(planes):
        tissue = tissue_all[plane].astype(np.float32)
        fit = ndimage.correlate(tissue, inside, mode="nearest") - 0.45 * ndimage.correlate(tissue, ring, mode="nearest")
        fit -= ndimage.correlate(bone[plane].astype(np.float32), inside, mode="nearest")
        beside = ndimage.correlate(lungs[plane].astype(np.float32), ring, mode="nearest")
        spinal = ndimage.correlate(bone[plane].astype(np.float32), ring, mode="nearest")
        fit += 0.4 * np.minimum(beside, 0.35) + 0.6 * np.minimum(spinal, 0.25)
        at_y = (spine[plane, 1] + dy - float(frame.y_mm.ravel()[0])) / step
        at_x = (spine[plane, 0] + dx - float(frame.x_mm.ravel()[0])) / step
        grid = np.meshgrid(at_y, at_x, indexing="ij")
        score[row] = ndimage.map_coordinates(fit, grid, order=1, mode="nearest")
    offsets = [(float(x), float(y)) for y in dy for x in dx]
    return score, offsets


def _best_path(score: Float3D) -> tuple[npt.NDArray[np.int64], float]:
    """Smooth path of highest score through the planes; flat offset index per plane and the tenth percentile of fit."""
    count, height, width = score.shape
    total = score[0].copy()
    back = np.zeros((count, height, width), dtype=np.int64)
    flat = np.arange(height * width).reshape(height, width)
    moves = [(a, b, 0.06 * np.hypot(a, b)) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    for row in range(1, count):
        best = np.full((height, width), -np.inf, dtype=np.float32)
        for a, b, cost in moves:
            shifted = np.full((height, width), -np.inf, dtype=np.float32)
            origin = np.zeros((height, width), dtype=np.int64)
            to = (slice(max(0, a), height + min(0, a)), slice(max(0, b), width + min(0, b)))
            start = (slice(max(0, -a), height + min(0, -a)), slice(max(0, -b), width + min(0, -b)))
            shifted[to] = total[start] - np.float32(cost)
            origin[to] = flat[start]
            better = shifted > best
            best = np.where(better, shifted, best)
            back[row] = np.where(better, origin, back[row])
        total = best + score[row]
    path = np.zeros(count, dtype=np.int64)
    path[-1] = int(np.argmax(total))
    for row in range(count - 1, 0, -1):
        path[row - 1] = back[row].ravel()[path[row]]
    along = score.reshape(count, -1)[np.arange(count), path]
    return path, float(np.percentile(along, 10))


def find_heart(
    frame: BodyFrame, body: Bool3D, lungs: Bool3D, bone: Bool3D, others: Bool3D, tracer: TracerClass, liver: Found
) -> Found:
    """The heart: the bulk of soft tissue between the lungs, above the liver; without CT, hot myocardium on FDG PET."""
    if frame.hu is None or not lungs.any():
        return _hot_myocardium(frame, body, tracer, liver)
    between = _between_lungs(lungs) & body & ~lungs & ~bone & ~dilated(others, 3.0, frame.spacing_mm)
    between &= np.asarray(frame.hu > -30.0)
    planes = np.flatnonzero(lungs.any(axis=(1, 2)))
    upper = planes[0] + int(0.62 * len(planes))
    between[upper:] = False
    core = largest_part(opened(between, 16.0, frame.spacing_mm))
    mask = dilated(core, 10.0, frame.spacing_mm) & between
    low, high = T.bounds("heart.volume_ml")
    if not low <= frame.volume_ml(mask) <= high:
        return not_found(f"soft tissue between the lungs of {frame.volume_ml(mask):.0f} mL is not a plausible heart")
    return Found(mask, "CT: bulk of soft tissue between the lungs", "moderate")


def _between_lungs(lungs: Bool3D) -> Bool3D:
    """Voxels with lung on both sides along x, or lung behind and to one side, in the same slice."""
    right = np.maximum.accumulate(lungs, axis=2)
    left = np.maximum.accumulate(lungs[:, :, ::-1], axis=2)[:, :, ::-1]
    return np.asarray(right & left)


def _hot_myocardium(frame: BodyFrame, body: Bool3D, tracer: TracerClass, liver: Found) -> Found:
    if tracer is not TracerClass.FDG or liver.mask is None:
        return not_found("without lungs on CT the heart is only seen by FDG uptake above a known liver")
    level = float(np.median(least_affected(frame.suv_5[liver.mask])))
    top = float(frame.z_mm.ravel()[np.flatnonzero(liver.mask.any(axis=(1, 2)))[-1]])
    centre = _midline_x_mm(frame, body)
    place = (frame.z_mm > top - 90.0) & (frame.z_mm < top + 110.0)
    place = place & (frame.x_mm > centre - 40.0) & (frame.x_mm < centre + 110.0)
    inner = depth_mm(body, frame.spacing_mm) > 20.0
    hot = inner & place & ~liver.mask & (frame.suv_5 > level * T.number("heart.fdg_over_liver"))
    parts = Parts(hot)
    if not len(parts) or parts.voxels[0] * frame.voxel_ml < T.number("heart.hot_part_ml"):
        return not_found("no myocardial FDG uptake above the liver's, and no CT to see the heart otherwise")
    mask = closed(parts.mask(0), 20.0, frame.spacing_mm) & body & ~liver.mask
    if frame.volume_ml(mask) > T.bounds("heart.volume_ml")[1]:
        return not_found(f"uptake of {frame.volume_ml(mask):.0f} mL above the liver is too large for a heart")
    return Found(mask, "FDG uptake of the myocardium left above the liver, without CT", "low")
