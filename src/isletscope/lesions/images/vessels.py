"""Vessels inside an organ: as bright as blood where blood is brighter than the organ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.contrast import Bool3D, Contrast
from isletscope.spatial import Mask, Volume, resample_mask

_BLOOD_SHOWN_IN = ("portal_venous", "delayed", "phase_unknown", "arterial")


def blood_difference(contrast: Contrast, volume: Volume, blood: Mask | None) -> float | None:
    """How much brighter blood is than the organ, in the unit of the contrast; None when it cannot be told."""
    if blood is None or not blood.array.any():
        return None
    inside = resample_mask(blood, volume.geometry).array
    if not inside.any():
        return None
    level = float(np.median(volume.array[inside]))
    shown = contrast.difference != 0
    organ = float(np.median(contrast.background[shown])) if shown.any() else float(np.median(contrast.background))
    difference = level - organ
    return difference if contrast.unit != "%" else 100.0 * difference / max(organ, 1e-6)


def vessels_of(
    contrasts: Sequence[Contrast], series: Mapping[str, Volume], blood: Mask | None, thresholds: Thresholds
) -> Bool3D | None:
    """Voxels at least half way from the organ to blood in a phase after contrast, with their blurred rim.

    None when no phase shows blood clearly brighter than the organ. ``blood``: the aorta.
    """
    found: Bool3D | None = None
    for contrast in contrasts:
        if contrast.name not in _BLOOD_SHOWN_IN:
            continue
        above = blood_difference(contrast, series[contrast.series_key], blood)
        least = thresholds.number("vessels.least_hu" if contrast.unit != "%" else "vessels.least_percent")
        if above is None or above < least:
            continue
        bar = min(thresholds.number("vessels.share_of_blood") * above, thresholds.number("search.largest_hu"))
        core = contrast.difference >= bar
        rim = ndimage.binary_dilation(core) & (contrast.difference >= 0.3 * bar)
        found = core | rim if found is None else found | core | rim
    return found


def without(contrast: Contrast, vessels: Bool3D | None) -> Contrast:
    """The contrast with vessels made like the organ, in the phases that show them bright."""
    if vessels is None or contrast.name not in _BLOOD_SHOWN_IN:
        return contrast
    return replace(contrast, difference=np.where(vessels, np.float32(0.0), contrast.difference))
