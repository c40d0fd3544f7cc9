"""Whether a small round place is a piece of something long and thin: a vessel or a duct goes on, a lesion ends.

What is connected with the place is followed for a few radii. Long and thin alone does not make a tube: two metastases
that touch are as long. But between two lesions there is a waist, and a tube is as wide beside the place as in it.
"""

from __future__ import annotations

import numpy as np

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.extent import Place, extent_of
from isletscope.lesions.images.features import FloatArray, principal_axes
from isletscope.lesions.images.waist import voxel_length_mm, widths
from isletscope.spatial import Mask, Volume

# In radii of the place: where its own cross-section is taken, from where on it could end, how far a waist is sought.
_OWN, _BEYOND, _FROM, _TO = 0.35, 1.6, 0.5, 2.0


def is_part_of_a_tube(
    volume: Volume,
    organ: Mask,
    centre_lps_mm: FloatArray,
    radius_mm: float,
    level: float | None,
    thresholds: Thresholds,
) -> bool:
    """Whether what is connected with a small place (``radius_mm``), neighbours not left aside, is a tube.

    ``level``: the organ's value where the mask is a region only, else None. Places from ``accept.large_mm`` are none.
    """
    if 2.0 * radius_mm >= thresholds.number("accept.large_mm"):
        return False
    alone = Place(centre_lps_mm, radius_mm, np.empty((0, 3)), np.empty(0))
    reach = thresholds.number("accept.tube_reach")
    whole = extent_of(volume, organ.array, organ.geometry, alone, level, reach, rounds=1)
    if whole is None:
        return False
    deviations, axes, _ = principal_axes(whole)
    if deviations[0] / deviations[1] <= thresholds.number("accept.most_slender_whole"):
        return False
    points = whole.geometry.to_lps(np.argwhere(whole.inside))
    voxel_mm = voxel_length_mm(whole.geometry, axes[0])
    least = thresholds.number("accept.least_waist")
    return goes_on((points - centre_lps_mm) @ axes[0], radius_mm, voxel_mm, least)


def goes_on(along_mm: FloatArray, radius_mm: float, voxel_mm: float, least_waist: float) -> bool:
    """Whether voxels at these places along an axis through the centre (0) go on past it without a waist.

    A waist: somewhere narrower than ``least_waist`` times what is at the centre. A side on which nothing lies beyond
    1.6 radii has ended. ``voxel_mm``: length of a voxel along the axis.
    """
    own = float(widths(along_mm, voxel_mm, np.linspace(-_OWN, _OWN, 5) * radius_mm).mean())
    for side in (along_mm, -along_mm):
        farthest = float(side.max(initial=0.0))
        if farthest <= _BEYOND * radius_mm:
            continue
        beside = np.linspace(_FROM * radius_mm, min(_TO * radius_mm, farthest - voxel_mm), 12)
        if float(widths(side, voxel_mm, beside).min()) >= least_waist * own:
            return True
    return False
