"""Intensity peaks: the highest mean in a sphere of 1 cm3, by voxel centres.

Rule of the Image Biomarker Standardisation Initiative (IBSI reference manual, local intensity features): a voxel
belongs to the sphere when its centre lies within the radius; the sphere may leave the region; at the image edge the
voxels that exist are averaged. Local peak (IBSI VJGA): around the highest voxel of the region, the larger one where
several voxels share the highest value. Global peak (IBSI 0F91): the highest over all voxels of the region.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError
from isletscope.spatial._compiled import compiled
from isletscope.spatial.crop import Box, bounding_box
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
    exact = np.float32 if volume.array.dtype in (np.float32, np.int16, np.uint16, np.uint8) else np.float64
    values = np.ascontiguousarray(volume.array[block.slices], dtype=exact)
    inside = np.ascontiguousarray(mask.array[block.slices])
    local, local_at, highest, highest_at = _peaks(values, inside, _chords(offsets))
    if local_at < 0:
        return Peaks(None, None, None, None, len(offsets), "the region holds no valid value")
    return Peaks(
        local=local,
        global_=highest,
        local_centre_lps_mm=_place(volume.geometry, block, local_at),
        global_centre_lps_mm=_place(volume.geometry, block, highest_at),
        voxels_in_sphere=len(offsets),
    )


def _chords(offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The sphere as lines along i: offset k, offset j and half the length, (n, 3)."""
    along = offsets[offsets[:, 2] >= 0]
    lines, where = np.unique(along[:, :2], axis=0, return_inverse=True)
    half = np.zeros(len(lines), np.int64)
    np.maximum.at(half, where.reshape(-1), along[:, 2])
    return np.column_stack([lines, half])


def _place(geometry: Geometry, block: Box, at: int) -> Point:
    """LPS mm of the voxel with this number in the block."""
    shape = [b - a for a, b in zip(block.start, block.stop, strict=True)]
    x, y, z = (float(v) for v in geometry.to_lps(np.asarray(np.unravel_index(at, shape)) + np.asarray(block.start)))
    return x, y, z


@compiled
def _peaks(
    values: npt.NDArray[Any], inside: npt.NDArray[np.bool_], chords: npt.NDArray[np.int64]
) -> tuple[float, int, float, int]:
    """Local peak, its voxel number, global peak, its voxel number (-1 where there is none).

    Sums over the chords of the sphere come from running totals along i, so that large regions stay cheap.
    """
    planes, rows, columns = values.shape
    reach = chords[:, 2].max()
    running, counted = np.zeros(columns + 1), np.zeros(columns + 1, np.int64)
    total, count = np.zeros(columns), np.zeros(columns, np.int64)
    local, highest, maximum = -np.inf, -np.inf, -np.inf
    local_at, highest_at = -1, -1
    for k0 in range(planes):
        for j0 in range(rows):
            first, last = -1, -1
            for i in range(columns):
                if inside[k0, j0, i]:
                    first = i if first < 0 else first
                    last = i
            if first < 0:
                continue
            low, high = max(0, first - reach), min(columns, last + reach + 1)
            total[first : last + 1] = 0.0
            count[first : last + 1] = 0
            for n in range(len(chords)):
                k, j, half = k0 + chords[n, 0], j0 + chords[n, 1], chords[n, 2]
                if k < 0 or j < 0 or k >= planes or j >= rows:
                    continue
                running[low], counted[low] = 0.0, 0
                for i in range(low, high):
                    value = float(values[k, j, i])
                    known = np.isfinite(value)
                    running[i + 1] = running[i] + (value if known else 0.0)
                    counted[i + 1] = counted[i] + (1 if known else 0)
                for i in range(first, last + 1):
                    begin, end = max(low, i - half), min(high, i + half + 1)
                    total[i] += running[end] - running[begin]
                    count[i] += counted[end] - counted[begin]
            for i in range(first, last + 1):
                centre = float(values[k0, j0, i])
                if not inside[k0, j0, i] or not np.isfinite(centre):
                    continue
                mean = total[i] / count[i]
                at = (k0 * rows + j0) * columns + i
                if mean > highest:
                    highest, highest_at = mean, at
                if centre > maximum or (centre == maximum and mean > local):
                    maximum, local, local_at = centre, mean, at
    return local, local_at, highest, highest_at
