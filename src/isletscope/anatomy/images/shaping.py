"""From shares of classes to organs: each one connected, whole, without bridges to its neighbours."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from isletscope.anatomy.images.frame import ImageFrame
from isletscope.anatomy.images.tissues import T
from isletscope.anatomy.shapes import Bool3D, Float3D, Parts, closed, dilated, largest_part, opened, smoothed, touching

VESSELS = ("aorta", "inferior_vena_cava")
ORGANS = ("liver", "spleen", "kidney_right", "kidney_left", "bladder", *VESSELS)
_STRANGER_LIMIT_ML = 130.0


def organ_masks(
    shares: dict[str, Float3D], frame: ImageFrame, solid: Bool3D, expected_liver: Float3D
) -> dict[str, Bool3D]:
    """The most likely class of each voxel, organs cleaned; the liver with what it encloses.

    ``expected_liver``: how often the atlases have liver, 0 to 1.
    """
    names = list(shares)
    winner = np.argmax(np.stack([shares[name] for name in names]), axis=0)
    masks = {name: np.asarray((winner == row) & solid) for row, name in enumerate(names)}
    for name in ORGANS:
        if name in masks:
            masks[name] = _one_piece(masks[name], name, frame) & solid
    taken = np.any([masks[name] for name in (*ORGANS, "pancreas")], axis=0)
    for name in ("kidney_right", "kidney_left", "spleen"):
        masks[name] = _regrown(masks[name], solid & ~taken, frame)
        taken |= masks[name]
    others = np.zeros_like(solid)
    for name in ORGANS:
        if name != "liver":
            others |= masks[name]
    within = solid & ~others & (expected_liver > T.number("shape.liver_expected"))
    masks["liver"] = _with_enclosed(_with_tumours(masks["liver"], within, frame), solid & ~others, frame)
    rim = T.number("shape.rim_mm")
    free = solid & ~others & ~masks["liver"] & dilated(~solid, rim, frame.spacing_mm)
    for name in ORGANS:
        masks[name] = masks[name] | (dilated(masks[name], rim, frame.spacing_mm) & free)
        free &= ~masks[name]
    return masks


def _one_piece(mask: Bool3D, name: str, frame: ImageFrame) -> Bool3D:
    """The largest part once thin bridges are cut, its rim given back, its holes filled."""
    neck = T.number("shape.vessel_neck_mm" if name in VESSELS else "shape.neck_mm")
    core = opened(mask, neck, frame.spacing_mm)
    if not core.any():
        return largest_part(mask)
    if name in VESSELS:
        parts = Parts(core)
        kept = np.zeros_like(core)
        for number in range(min(len(parts), 4)):
            if parts.voxels[number] * frame.voxel_ml >= 3.0 or number == 0:
                kept |= parts.mask(number)
    else:
        kept = largest_part(core)
    whole = dilated(kept, neck, frame.spacing_mm) & mask
    return np.asarray(ndimage.binary_fill_holes(closed(whole, 4.0, frame.spacing_mm) & (whole | ~core)))


def _regrown(mask: Bool3D, free: Bool3D, frame: ImageFrame) -> Bool3D:
    """The organ with what touches it broadly and has its grey, where the atlases lie beside it."""
    if not mask.any():
        return mask
    values = smoothed(frame.image, T.number("mixture.smoothing_mm"), frame.spacing_mm)
    low, high = np.percentile(values[mask], T.bounds("shape.regrown_percentiles"))
    reach = dilated(mask, T.number("shape.regrown_mm"), frame.spacing_mm)
    alike = free & reach & (values >= low) & (values <= high)
    neck = T.number("shape.neck_mm")
    return np.asarray(mask | (largest_part(opened(mask | alike, neck, frame.spacing_mm)) & (mask | alike)))


def _with_tumours(liver: Bool3D, within: Bool3D, frame: ImageFrame) -> Bool3D:
    """The liver with tissue of any grey that touches it where all atlases have liver: large tumours at its edge."""
    if not liver.any():
        return liver
    neck = T.number("shape.neck_mm")
    return np.asarray(liver | (touching(opened(liver | within, neck, frame.spacing_mm), liver) & within))


def _with_enclosed(liver: Bool3D, free: Bool3D, frame: ImageFrame) -> Bool3D:
    """The liver with vessels and lesions that it surrounds on most sides, of whatever grey."""
    if not liver.any():
        return liver
    gap = T.number("shape.gap_mm")
    filled = closed(liver, gap, frame.spacing_mm) & free
    result = np.asarray(ndimage.binary_fill_holes(liver | filled))
    beside = free & ~result & dilated(result, 6.0, frame.spacing_mm)
    hull = closed(result, 30.0, frame.spacing_mm)
    parts = Parts(free & ~result & hull, least_voxels=8)
    for number in range(len(parts)):
        if parts.voxels[number] * frame.voxel_ml > _STRANGER_LIMIT_ML:
            continue
        box = parts.near(number, 8.0, frame.spacing_mm)
        part = parts.labels[box] == number + 1
        if not (part & beside[box]).any():
            continue
        shell = dilated(part, 4.5, frame.spacing_mm) & ~part
        if float(result[box][shell].mean()) > T.number("shape.enclosed"):
            result[box] |= part
    return result


def pancreas_region(expected: Float3D, share: Float3D, frame: ImageFrame, body: Bool3D) -> Bool3D:
    """Where the pancreas may lie: what looks like it where the atlases have it, with a margin."""
    wide = (expected > T.number("shape.region_expected")) | (share > 0.5)
    core = largest_part(wide)
    return np.asarray(dilated(core, T.number("shape.region_margin_mm"), frame.spacing_mm) & body)


def even_edges(mask: Bool3D, frame: ImageFrame) -> Float3D:
    """The mask as a soft edge that finer grids can cut at 0.5."""
    return smoothed(mask.astype(np.float32), 0.6 * frame.spacing_mm[0], frame.spacing_mm)
