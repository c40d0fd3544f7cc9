"""Bringing values, masks and label maps from one grid onto another through patient space."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from isletscope.spatial.crop import box_in, cropped_geometry
from isletscope.spatial.geometry import Geometry
from isletscope.spatial.sitk import image_of, place, simple_itk
from isletscope.spatial.volume import Mask, Volume

Order = Literal["linear", "nearest"]
_WORTH_CUTTING = 0.5
LabelType = TypeVar("LabelType", bound=np.integer[Any])


def resample(volume: Volume, onto: Geometry, *, order: Order = "linear", outside: float) -> Volume:
    """The values of a volume at the voxel centres of another grid.

    ``order``: "linear" (result float32) or "nearest" (type kept). ``outside`` fills voxels whose centre lies beyond
    the outer voxel edges of the volume. Planes of the result that draw on a missing slice are missing too.
    """
    if volume.geometry.same_grid(onto):
        same = volume.array.astype(np.float32, copy=False) if order == "linear" else volume.array
        return Volume(same, onto, volume.quantity, volume.frame_of_reference_uid, volume.missing_slices)
    values = _resampled(volume.array, volume.geometry, onto, order, outside)
    missing = _missing_planes(volume, onto)
    return Volume(values, onto, volume.quantity, volume.frame_of_reference_uid, missing)


def resample_mask(mask: Mask, onto: Geometry) -> Mask:
    """A mask on another grid: a voxel is inside when its centre lies in a voxel of the mask, so volumes are kept."""
    if mask.geometry.same_grid(onto):
        return Mask(mask.array, onto, mask.frame_of_reference_uid, mask.name)
    values = _resampled(mask.array, mask.geometry, onto, "nearest", 0.0)
    return Mask(values.astype(np.bool_), onto, mask.frame_of_reference_uid, mask.name)


def resample_labels(labels: npt.NDArray[LabelType], geometry: Geometry, onto: Geometry) -> npt.NDArray[LabelType]:
    """A label map [k, j, i] on another grid, by the label at each voxel centre; 0 outside. The type is kept."""
    if geometry.same_grid(onto):
        return labels
    return _resampled(labels, geometry, onto, "nearest", 0.0).astype(labels.dtype, copy=False)


def _resampled(
    array: npt.NDArray[Any], geometry: Geometry, onto: Geometry, order: Order, outside: float
) -> npt.NDArray[Any]:
    library = simple_itk()
    if order == "linear":
        # Many grids to fill are small blocks of a large image: what lies far from them is not converted and copied.
        # Labels are left whole: where a voxel centre lies half way, the last digit of the origin would decide.
        box = box_in(geometry, onto)
        near = array[box.slices]
        if near.size < _WORTH_CUTTING * array.size:
            array, geometry = near, cropped_geometry(geometry, box)
        array = array.astype(np.float32, copy=False)
    grid = library.ResampleImageFilter()
    grid.SetSize(onto.shape[::-1])
    target = library.Image(1, 1, 1, library.sitkUInt8)
    place(target, onto)
    grid.SetOutputOrigin(target.GetOrigin())
    grid.SetOutputSpacing(target.GetSpacing())
    grid.SetOutputDirection(target.GetDirection())
    grid.SetInterpolator(library.sitkLinear if order == "linear" else library.sitkNearestNeighbor)
    grid.SetDefaultPixelValue(float(outside))
    return np.asarray(library.GetArrayFromImage(grid.Execute(image_of(array, geometry))))


def _missing_planes(volume: Volume, onto: Geometry) -> tuple[int, ...]:
    """Planes of the new grid that come within one slice of a missing slice, anywhere on the plane."""
    if not volume.missing_slices:
        return ()
    _, rows, columns = onto.shape
    corners = np.array([[0, j, i] for j in (0, rows - 1) for i in (0, columns - 1)], dtype=float)
    missing = []
    for k in range(onto.shape[0]):
        corners[:, 0] = k
        at = volume.geometry.to_index(onto.to_lps(corners))[:, 0]
        if any(at.min() < m + 1 - 1e-6 and at.max() > m - 1 + 1e-6 for m in volume.missing_slices):
            missing.append(k)
    return tuple(missing)
