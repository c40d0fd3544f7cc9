"""Size of an outlined lesion with its uncertainty, from outlining it again a little differently.

The level is moved to 40 and 60 % of the contrast, and the seed by a quarter of the radius to four sides; outlines that
are refused do not count. Half a voxel on the outline is added (:mod:`isletscope.spatial.axes_uncertainty`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isletscope.lesions.images.outline import SeedOutline, outline_from_seed
from isletscope.spatial import Mask, SizeIntervals, Volume, size_intervals

_LEVELS = (0.4, 0.6)
_JITTER_OF_RADIUS = 0.25
_SIDES = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]]) / np.sqrt(3.0)
METHOD = (
    "interval: outline at 40 and 60 % of the contrast, seed moved by a quarter of the radius to four sides, half a "
    "voxel on the outline"
)


def outline_sizes(
    volume: Volume, outline: SeedOutline, organ: Mask | None = None, expected_radius_mm: float | None = None
) -> tuple[SizeIntervals, int]:
    """Sizes of an outline that was given, with intervals, and how many of the six further outlines count.

    Raises GeometryError when there is no outline (``outline.mask`` is None).
    """
    mask = (
        outline.mask if outline.mask is not None else Mask(np.zeros(volume.geometry.shape, np.bool_), volume.geometry)
    )
    radius = float(np.cbrt(3000.0 * mask.volume_ml / (4.0 * np.pi)))
    # The size found is what is expected of the same lesion drawn again.
    expected = expected_radius_mm if expected_radius_mm is not None else max(radius, 2.0)
    seed = np.asarray(outline.seed_lps_mm)
    tried = [outline_from_seed(volume, seed, organ, expected, level=level) for level in _LEVELS]
    tried += [outline_from_seed(volume, point, organ, expected) for point in _jittered(seed, radius)]
    others = [one.mask for one in tried if one.mask is not None and _same(one.mask, mask)]
    return size_intervals(mask, others), len(others)


def _jittered(seed: npt.NDArray[np.float64], radius_mm: float) -> npt.NDArray[np.float64]:
    return np.asarray(seed + _SIDES * _JITTER_OF_RADIUS * radius_mm)


def _same(one: Mask, other: Mask) -> bool:
    """Whether two outlines are of one thing: at least half of the smaller lies in the larger."""
    return bool(np.count_nonzero(one.array & other.array) >= 0.5 * min(one.voxel_count, other.voxel_count))
