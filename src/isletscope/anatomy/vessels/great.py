"""Aorta and inferior vena cava: the course that the organ finder gave, with the lumen measured anew along it."""

from __future__ import annotations

import numpy as np

from isletscope.anatomy.organs import Organs
from isletscope.anatomy.vessels.lumen import Tube, measured_tube
from isletscope.anatomy.vessels.scene import Phase
from isletscope.spatial import FloatArray, bounding_box

_PLANE_MM = 3.0
_LEAST_AREA_MM2 = 40.0


def middle_line(organs: Organs, name: str) -> FloatArray | None:
    """Centres [n, 3] in LPS mm of an organ's planes across the body, from the feet up; None for less than five."""
    inside = organs.labels == organs.names[name]
    box = bounding_box(inside)
    if box is None:
        return None
    points = organs.geometry.to_lps(np.argwhere(inside[box.slices]) + box.start)
    step = max(_PLANE_MM, float(np.max(organs.geometry.spacing_mm)))
    plane = np.floor((points[:, 2] - points[:, 2].min()) / step).astype(int)
    count = np.bincount(plane)
    area = count * organs.geometry.voxel_volume_ml * 1000 / step
    centres = np.column_stack([np.bincount(plane, points[:, axis]) / np.maximum(count, 1) for axis in range(3)])
    centres = centres[area > _LEAST_AREA_MM2]
    return centres if len(centres) >= 5 else None


def great_vessel(
    organs: Organs, name: str, phase: Phase, radius_mm: tuple[float, float], level: float, roundness: float
) -> Tube | None:
    """The lumen of aorta or vena cava along the organ's planes; None without a course."""
    line = middle_line(organs, name)
    return None if line is None else measured_tube(phase, line, radius_mm, level, roundness)
