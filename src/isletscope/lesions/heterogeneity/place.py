"""Where inside a lesion a sample would tell most: the middle of its FDG-dominant part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.lesions.heterogeneity.tracer_map import CLASSES, TracerClasses
from isletscope.spatial import Mask, inside_depth_mm

FDG_ONLY = "fdg_only"
HOT = "hot"
_HOT_SHARE = 0.7


@dataclass(frozen=True)
class SamplePlace:
    """A point in the frame of the SSTR PET, the largest ball around it inside the part, and the part: fdg_only, hot."""

    point_lps_mm: tuple[float, float, float]
    ball_radius_mm: float
    part: str


def place_to_sample(classes: TracerClasses, smallest_part_ml: float) -> SamplePlace | None:
    """The centre of the largest ball within the part with FDG alone; where that is small, within its FDG-hottest part.

    The hottest part: at least 70 % of the lesion's FDG maximum. Among voxels of nearly the same depth the one with the
    highest FDG SUV is taken. The ball's radius is the distance to the nearest voxel centre outside the part. None
    without a map.
    """
    if classes.labels is None or classes.geometry is None or classes.fdg is None:
        return None
    alone = classes.labels == 1 + CLASSES.index(FDG_ONLY)
    uptake = np.nan_to_num(classes.fdg, nan=0.0)
    part, name = alone, FDG_ONLY
    if np.count_nonzero(alone) * classes.geometry.voxel_volume_ml < smallest_part_ml:
        inside = classes.labels > 0
        part, name = inside & (uptake >= _HOT_SHARE * uptake[inside].max()), HOT
    depth = inside_depth_mm(Mask(part, classes.geometry))
    index = _deepest(depth, uptake, min(classes.geometry.spacing_mm))
    x, y, z = (float(value) for value in classes.geometry.to_lps(index))
    return SamplePlace((x, y, z), float(depth[index]), name)


def _deepest(depth: npt.NDArray[np.float32], fdg: npt.NDArray[np.float32], step_mm: float) -> tuple[int, int, int]:
    near = depth > max(float(depth.max()) - 0.5 * step_mm, 0.0)
    k, j, i = np.unravel_index(int(np.argmax(np.where(near, fdg, -1.0))), depth.shape)
    return int(k), int(j), int(i)
