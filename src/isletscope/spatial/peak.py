"""Intensity peaks: the highest mean in a sphere of 1 cm3, by voxel centres.

Rule of the Image Biomarker Standardisation Initiative (IBSI reference manual, local intensity features): a voxel
belongs to the sphere when its centre lies within the radius; the sphere may leave the region; at the image edge the
voxels that exist are averaged. Local peak (IBSI VJGA): around the highest voxel of the region, the larger one where
several voxels share the highest value. Global peak (IBSI 0F91): the highest over all voxels of the region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError
from isletscope.spatial._compiled import compiled
from isletscope.spatial.crop import bounding_box
from isletscope.spatial.geometry import Geometry
from isletscope.spatial.volume import Mask, Volume

PEAK_VOLUME_MM3 = 1000.0
PEAK_RADIUS_MM = float((3.0 * PEAK_VOLUME_MM3 / (4.0 * np.pi)) ** (1.0 / 3.0))
"""Radius of the sphere of 1 cm3: 6.2035 mm."""

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Peaks:
    """Local and global peak of a region in the unit of the volume, and the centres of their spheres (LPS mm).

    ``None`` with ``missing_because`` where there is no peak. ``voxels_in_sphere`` is the size of a whole sphere.
    """

    local: float | None
    global_: float | None
    local_centre_lps_mm: Point | None
    global_centre_lps_mm: Point | None
    voxels_in_sphere: int
    missing_because: str | None = None


def sphere_offsets(geometry: Geometry, radius_mm: float = PEAK_RADIUS_MM) -> npt.NDArray[np.int64]:
    """Index offsets (n, 3) in the order k, j, i of the voxels whose centre lies within the radius of a voxel centre."""
    reach = [int(radius_mm / spacing) for spacing in geometry.spacing_mm]
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij"), axis=-1).reshape(-1, 3)
    distance_mm = np.linalg.norm(grid * np.asarray(geometry.spacing_mm), axis=1)
    return np.asarray(grid[distance_mm <= radius_mm * (1 + 1e-9)], dtype=np.int64)


def intensity_peaks(volume: Volume, mask: Mask) -> Peaks:
    """IBSI local and global intensity peak of a region, by voxel centres.

    A peak is missing, with the reason, for an empty region and where a sphere would need a slice that is missing
    from the images. Voxels that are not numbers are left out like voxels beyond the image edge.
    Raises GeometryError when volume and mask lie on different grids.
    """
    if not volume.geometry.same_grid(mask.geometry):
        raise GeometryError(
            "image and region lie on different grids",
            subject=mask.name or "region",
            found=f"shape {mask.geometry.shape}",
            expected=f"shape {volume.geometry.shape} at the same place",
            remedy="Resample the region onto the image first.",
        )
    offsets = sphere_offsets(volume.geometry)
    box = bounding_box(mask.array)
    if box is None:
        return Peaks(None, None, None, None, len(offsets), "the region is empty")
    reach = int(offsets[:, 0].max())
    if any(box.start[0] - reach <= k < box.stop[0] + reach for k in volume.missing_slices):
        reason = "the 1 cm3 sphere would reach into a slice that is missing from the images"
        return Peaks(None, None, None, None, len(offsets), reason)
    block = box.grown(PEAK_RADIUS_MM, volume.geometry)
    values = np.ascontiguousarray(volume.array[block.slices], dtype=np.float64)
    voxels = np.argwhere(mask.array[block.slices])
    local, local_at, highest, highest_at = _peaks(values, voxels, offsets)
    if local_at < 0:
        return Peaks(None, None, None, None, len(offsets), "the region holds no valid value")
    return Peaks(
        local=local,
        global_=highest,
        local_centre_lps_mm=_point(volume.geometry, voxels[local_at] + np.asarray(block.start)),
        global_centre_lps_mm=_point(volume.geometry, voxels[highest_at] + np.asarray(block.start)),
        voxels_in_sphere=len(offsets),
    )


def _point(geometry: Geometry, index: npt.NDArray[np.int64]) -> Point:
    x, y, z = (float(v) for v in geometry.to_lps(index))
    return x, y, z


@compiled
def _peaks(
    values: npt.NDArray[np.float64], voxels: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]
) -> tuple[float, int, float, int]:
    """Local peak, its voxel number, global peak, its voxel number (-1 where there is none)."""
    planes, rows, columns = values.shape
    local, highest, maximum = -np.inf, -np.inf, -np.inf
    local_at, highest_at = -1, -1
    for n in range(len(voxels)):
        k0, j0, i0 = voxels[n, 0], voxels[n, 1], voxels[n, 2]
        centre = values[k0, j0, i0]
        if not np.isfinite(centre):
            continue
        total = 0.0
        count = 0
        for m in range(len(offsets)):
            k, j, i = k0 + offsets[m, 0], j0 + offsets[m, 1], i0 + offsets[m, 2]
            if k < 0 or j < 0 or i < 0 or k >= planes or j >= rows or i >= columns:
                continue
            value = values[k, j, i]
            if np.isfinite(value):
                total += value
                count += 1
        mean = total / count
        if mean > highest:
            highest, highest_at = mean, n
        if centre > maximum or (centre == maximum and mean > local):
            maximum, local, local_at = centre, mean, n
    return local, local_at, highest, highest_at
