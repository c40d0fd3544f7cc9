"""Distances in mm on anisotropic grids."""

from __future__ import annotations

import edt
import numpy as np
import numpy.typing as npt

from isletscope.spatial._compiled import compiled
from isletscope.spatial.volume import Mask

Distances = npt.NDArray[np.float32]


def distance_to_mm(mask: Mask) -> Distances:
    """Distance of every voxel centre to the nearest voxel centre of the mask, in mm [k, j, i].

    0 inside the mask; infinite everywhere when the mask is empty.
    """
    if not mask.array.any():
        return np.full(mask.array.shape, np.inf, np.float32)
    return _edt(~mask.array, mask.geometry.spacing_mm)


def inside_depth_mm(mask: Mask) -> Distances:
    """Distance of every voxel centre inside the mask to the nearest voxel centre outside, in mm [k, j, i].

    0 outside the mask. The image edge is not an edge of the mask; infinite inside a mask that fills the image.
    """
    if mask.array.all():
        return np.full(mask.array.shape, np.inf, np.float32)
    return _edt(mask.array, mask.geometry.spacing_mm)


def _edt(array: npt.NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> Distances:
    contiguous = np.ascontiguousarray(array)
    return np.asarray(edt.edt(contiguous, anisotropy=spacing_mm, black_border=False), dtype=np.float32)


def outline_distance_mm(mask: Mask, limit_mm: float) -> Distances:
    """Distance of every voxel centre to the outline of the mask (its outer voxel faces), in mm [k, j, i].

    0 inside the mask; infinite where it exceeds ``limit_mm``. Exact: the squared distance to a box is a sum over the
    axes, so its minimum is found axis by axis.
    """
    squared = np.where(mask.array, 0.0, np.inf)
    for axis, spacing in enumerate(mask.geometry.spacing_mm):
        reach = int(limit_mm / spacing + 0.5)
        line = np.ascontiguousarray(np.moveaxis(squared, axis, 2))
        squared = np.moveaxis(_nearest_along_last_axis(line, spacing, reach), 2, axis)
    distance = np.sqrt(squared).astype(np.float32)
    distance[distance > limit_mm] = np.inf
    return np.ascontiguousarray(distance)


@compiled
def _nearest_along_last_axis(squared: npt.NDArray[np.float64], spacing: float, reach: int) -> npt.NDArray[np.float64]:
    planes, rows, columns = squared.shape
    result = squared.copy()
    for k in range(planes):
        for j in range(rows):
            for i in range(columns):
                best = squared[k, j, i]
                for step in range(1, reach + 1):
                    apart = (step - 0.5) * spacing
                    apart = apart * apart
                    if apart >= best:
                        break
                    if i >= step:
                        best = min(best, squared[k, j, i - step] + apart)
                    if i + step < columns:
                        best = min(best, squared[k, j, i + step] + apart)
                result[k, j, i] = best
    return result
