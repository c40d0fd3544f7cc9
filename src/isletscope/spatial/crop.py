"""Working on the part of a grid that matters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError
from isletscope.spatial.geometry import Geometry
from isletscope.spatial.volume import Mask, Volume


@dataclass(frozen=True)
class Box:
    """A block of voxels: first index along k, j, i, and the index after the last."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """To index an array with."""
        k, j, i = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return k, j, i

    def grown(self, margin_mm: float, geometry: Geometry) -> Box:
        """The box with at least ``margin_mm`` more on every side, as far as the grid goes."""
        margin = [int(np.ceil(margin_mm / spacing)) for spacing in geometry.spacing_mm]
        start = [max(0, a - m) for a, m in zip(self.start, margin, strict=True)]
        stop = [min(n, b + m) for b, m, n in zip(self.stop, margin, geometry.shape, strict=True)]
        return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def bounding_box(array: npt.NDArray[Any]) -> Box | None:
    """Smallest box around the true (non-zero) voxels of an array [k, j, i]; None when there are none."""
    inside: npt.NDArray[np.bool_] = array if array.dtype == np.bool_ else array != 0
    planes = np.flatnonzero(inside.any(axis=(1, 2)))
    if planes.size == 0:
        return None
    k0, k1 = int(planes[0]), int(planes[-1]) + 1
    flat = np.asarray(inside[k0:k1].any(axis=0), dtype=np.bool_)
    rows, columns = np.flatnonzero(flat.any(axis=1)), np.flatnonzero(flat.any(axis=0))
    return Box((k0, int(rows[0]), int(columns[0])), (k1, int(rows[-1]) + 1, int(columns[-1]) + 1))


def cropped_geometry(geometry: Geometry, box: Box) -> Geometry:
    """The grid of the box; voxels stay where they are in the patient. GeometryError when it leaves the grid."""
    k, j, i = (b - a for a, b in zip(box.start, box.stop, strict=True))
    if min(box.start) < 0 or max(b - n for b, n in zip(box.stop, geometry.shape, strict=True)) > 0:
        raise GeometryError("a box leaves its grid", found=f"{box.start} to {box.stop}", expected=str(geometry.shape))
    x, y, z = (float(v) for v in geometry.to_lps(box.start))
    return replace(geometry, shape=(k, j, i), origin_lps_mm=(x, y, z))


def box_in(geometry: Geometry, other: Geometry, box: Box | None = None) -> Box:
    """The part of the grid ``geometry`` that holds a box of ``other`` (all of it by default), two voxels around it.

    At least one voxel, that nearest to the box, where both do not meet.
    """
    inner = other if box is None else cropped_geometry(other, box)
    corners = np.array([[k, j, i] for k in (0, 1) for j in (0, 1) for i in (0, 1)])
    at = geometry.to_index(inner.to_lps(corners * (np.asarray(inner.shape) + 1) - 1))
    start = np.clip(np.floor(at.min(axis=0)).astype(int) - 2, 0, np.asarray(geometry.shape) - 1)
    stop = np.clip(np.ceil(at.max(axis=0)).astype(int) + 3, start + 1, geometry.shape)
    (k0, j0, i0), (k1, j1, i1) = start.tolist(), stop.tolist()
    return Box((k0, j0, i0), (k1, j1, i1))


def cropped_volume(volume: Volume, box: Box) -> Volume:
    """The part of a volume inside the box (a view of its array, not a copy)."""
    missing = tuple(k - box.start[0] for k in volume.missing_slices if box.start[0] <= k < box.stop[0])
    return replace(
        volume,
        array=volume.array[box.slices],
        geometry=cropped_geometry(volume.geometry, box),
        missing_slices=missing,
    )


def cropped_mask(mask: Mask, box: Box) -> Mask:
    """The part of a mask inside the box (a view of its array, not a copy)."""
    return replace(mask, array=mask.array[box.slices], geometry=cropped_geometry(mask.geometry, box))
