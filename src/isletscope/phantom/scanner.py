"""What all scanners share: grids for one size of output, the field of view about a posed body, the couch, results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.phantom.body import anatomical_box
from isletscope.phantom.render import Scene
from isletscope.phantom.shapes import Image
from isletscope.spatial import Geometry

AIR_HU = -1000.0
_COUCH_HU, _FOAM_HU = -180.0, -940.0
# Lowest slice, in mm of the average adult: mid thigh; 900 mm reach to the skull base and above.
_LOWEST_MM = -395.0


@dataclass(frozen=True)
class Grids:
    """Voxel counts and sizes (mm) of one size of output.

    PET and its low-dose CT (``ct_``) reach from mid thigh to the head; the diagnostic CT (``phase_``) covers part of
    the body with a pixel that fits it.
    """

    ct_columns: int
    ct_pixel_mm: float
    ct_slices: int
    ct_slice_mm: float
    pet_columns: int
    pet_pixel_mm: float
    pet_slices: int
    pet_slice_mm: float
    phase_columns: int = 512
    phase_slice_mm: float = 1.5


GRIDS = {
    "full": Grids(512, 0.9765625, 300, 3.0, 200, 4.07283, 300, 3.0),
    "small": Grids(256, 1.953125, 200, 4.5, 128, 4.07283, 200, 4.5, 192, 4.0),
}


@dataclass(frozen=True)
class PetLesion:
    """One lesion in one PET; SUV of the noise-free image are measured, the rest is by construction."""

    id: str
    centre_lps_mm: tuple[float, float, float]
    suv: float
    background_suv: float
    suv_max_noise_free: float
    suv_peak_noise_free: float
    suv_mean_noise_free: float

    @property
    def contrast(self) -> float:
        """True uptake over the mean of a 3 to 8 mm shell of the noise-free image without tumours."""
        return self.suv / self.background_suv


@dataclass(frozen=True)
class PetScan:
    """PET of one visit: noisy and noise-free SUVbw [k, j, i], lesion, organ and structure labels, per-lesion truth."""

    geometry: Geometry
    image: Image
    clean: Image
    lesion_labels: npt.NDArray[np.uint8]
    organ_labels: npt.NDArray[np.uint8]
    lesions: tuple[PetLesion, ...]
    organs: dict[str, dict[str, float]] = field(default_factory=dict)
    structure_labels: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros((1, 1, 1), dtype=np.uint8))


@dataclass(frozen=True)
class CtScan:
    """One CT series: HU [k, j, i] int16."""

    geometry: Geometry
    image: npt.NDArray[np.int16]


def whole_body_grid(
    scene: Scene, table_shift_mm: float, columns: int, pixel: float, slices: int, thick: float
) -> Geometry:
    """A square field centred near the body (as well as the table shift lets it), from mid thigh up; sizes in mm."""
    half = (columns - 1) * pixel / 2
    x, y, z = scene.pose.shift_mm
    lowest = _LOWEST_MM * float(scene.body.scale[2]) + z
    middle_x, middle_y = round(x * 0.2, 2), round(y * 0.2 - 0.1 * table_shift_mm, 2)
    return Geometry(
        (slices, columns, columns), (thick, pixel, pixel), (middle_x - half, middle_y - half, round(lowest, 1))
    )


def body_window(scene: Scene, geometry: Geometry) -> tuple[slice, slice]:
    """Rows and columns of a grid that can hold the body."""
    x0, y0, x1, y1 = anatomical_box(scene.body)
    shift = np.asarray(scene.pose.shift_mm[:2])
    low = np.array([x0, y0]) * scene.body.scale[:2] + shift - 20
    high = np.array([x1, y1]) * scene.body.scale[:2] + shift + 20
    origin, spacing = geometry.origin_lps_mm, geometry.spacing_mm
    i0 = max(int((low[0] - origin[0]) / spacing[2]), 0)
    i1 = min(int((high[0] - origin[0]) / spacing[2]) + 1, geometry.shape[2])
    j0 = max(int((low[1] - origin[1]) / spacing[1]), 0)
    j1 = min(int((high[1] - origin[1]) / spacing[1]) + 1, geometry.shape[1])
    return slice(j0, j1), slice(i0, i1)


def window_grid(geometry: Geometry, rows: slice, columns: slice) -> Geometry:
    """The grid of the given rows and columns of all slices."""
    z, y, x = geometry.spacing_mm
    ox, oy, oz = geometry.origin_lps_mm
    return Geometry(
        (geometry.shape[0], rows.stop - rows.start, columns.stop - columns.start),
        (z, y, x),
        (ox + columns.start * x, oy + rows.start * y, oz),
    )


def in_whole(
    part: npt.NDArray[Any], shape: tuple[int, int, int], rows: slice, columns: slice, outside: float = 0.0
) -> npt.NDArray[Any]:
    """An array of window size put back into the whole grid."""
    whole = np.full(shape, outside, dtype=part.dtype)
    whole[:, rows, columns] = part
    return whole


def couch_hu(geometry: Geometry, scene: Scene) -> Image:
    """CT numbers [j, i] of a slice with the table (shell and foam) and no patient."""
    back = (100 + scene.body.fat_mm + 6) * float(scene.body.scale[1]) + scene.pose.shift_mm[1]
    x = geometry.origin_lps_mm[0] + geometry.spacing_mm[2] * np.arange(geometry.shape[2])
    y = geometry.origin_lps_mm[1] + geometry.spacing_mm[1] * np.arange(geometry.shape[1])
    depth = y[:, None] - (back + 10 - (x / 220.0) ** 2 * 55.0)[None, :]
    wide = np.abs(x)[None, :] < 212
    shell = wide & (depth > 0) & ((depth < 3) | ((depth > 24) & (depth < 27)))
    foam = wide & (depth >= 3) & (depth <= 24)
    return np.where(shell, _COUCH_HU, np.where(foam, _FOAM_HU, AIR_HU)).astype(np.float32)
