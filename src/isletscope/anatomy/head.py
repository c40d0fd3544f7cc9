"""The brain, by FDG uptake or by the skull on CT."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from isletscope.anatomy.found import THRESHOLDS as T
from isletscope.anatomy.found import Found, not_found
from isletscope.anatomy.frame import BodyFrame
from isletscope.anatomy.shapes import Bool3D, closed, dilated, largest_part, opened
from isletscope.anatomy.trunk import Trunk
from isletscope.model import TracerClass


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
        return not_found(
            f"the head is not in the field (only {volume:.0f} mL fit a brain)"
            if volume < low
            else f"{volume:.0f} mL are too much for a brain"
        )
    return Found(np.asarray(ndimage.binary_fill_holes(mask)), source, "high" if frame.hu is not None else "moderate")


def _inside_skull(frame: BodyFrame, trunk: Trunk, upper: Bool3D) -> Bool3D:
    if frame.hu_4 is None:
        return np.zeros_like(trunk.body)
    low, high = T.bounds("brain.hu")
    bone = closed(trunk.bone & upper, 6.0, frame.spacing_mm)
    inside = np.stack([ndimage.binary_fill_holes(plane) for plane in bone]) & ~bone
    inside &= (frame.hu_4 > low - 20.0) & (frame.hu_4 < high + 30.0)
    return largest_part(opened(inside, 10.0, frame.spacing_mm))
