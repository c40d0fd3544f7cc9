"""The gland inside a region that holds the pancreas and its neighbours, so that lesions can be compared with it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.contrast import Bool3D, commonest, on_grid
from isletscope.spatial import Geometry, Volume

_CT_PHASES = ("arterial", "portal_venous", "delayed", "phase_unknown")


def gland_in(
    series: Mapping[str, Volume], names: Mapping[str, str], region: Bool3D, geometry: Geometry, thresholds: Thresholds
) -> Bool3D | None:
    """Voxels [k, j, i] of ``geometry`` that look like pancreas; None when no series tells it from its neighbours.

    On CT after contrast soft tissue near the commonest density of the region. On T1 the gland is the brightest tissue
    of the region (fat saturated or before contrast): what reaches a share of the region's bright end.
    """
    key_of = {name: key for key, name in names.items()}
    voxel_mm = thresholds.number("search.voxel_mm")
    for phase in _CT_PHASES:
        if phase in key_of and "t1" not in key_of and "t2" not in key_of:
            values, covered = on_grid(series[key_of[phase]], geometry, voxel_mm)
            soft = region & covered & (values > thresholds.number("gland.soft_tissue_hu"))
            if np.count_nonzero(soft) < 20:
                return None
            width = thresholds.number("gland.width_hu")
            calm = ndimage.gaussian_filter(values, 0.7)
            return np.asarray(soft & (np.abs(calm - commonest(values[soft])) <= width))
    if "t1" not in key_of:
        return None
    values, covered = on_grid(series[key_of["t1"]], geometry, voxel_mm)
    inside = region & covered
    if np.count_nonzero(inside) < 20:
        return None
    bright = float(np.percentile(values[inside], thresholds.number("gland.bright_end_percentile")))
    calm = ndimage.gaussian_filter(values, 0.5)
    return np.asarray(inside & (calm >= thresholds.number("gland.share_of_bright_end") * bright))
