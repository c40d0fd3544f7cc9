"""Planes through the patient: square pictures in axial, coronal and sagittal view from grids of any orientation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import contourpy
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.spatial import Geometry, Volume

# Unit LPS vectors of a picture's columns (to the right) and rows (downwards), as a reader looks at it.
_VIEWS = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
EDGE_LETTERS = {"axial": ("R", "A"), "coronal": ("R", "H"), "sagittal": ("A", "H")}


@dataclass(frozen=True)
class Plane:
    """A square of ``edge_mm`` around an LPS point, sampled at ``pixels`` x ``pixels`` pixel centres."""

    view: str
    centre_lps_mm: tuple[float, float, float]
    edge_mm: float
    pixels: int

    def points(self) -> npt.NDArray[np.float64]:
        """LPS mm of every pixel centre: [row, column, 3]."""
        right, down = (np.asarray(vector) for vector in _VIEWS[self.view])
        steps = ((np.arange(self.pixels) + 0.5) / self.pixels - 0.5) * self.edge_mm
        return np.asarray(self.centre_lps_mm) + steps[None, :, None] * right + steps[:, None, None] * down


def sample(volume: Volume, plane: Plane, *, outside: float) -> npt.NDArray[np.float32]:
    """Values of the volume in the plane, linearly interpolated; ``outside`` beyond its grid."""
    return _sampled(volume.array, volume.geometry.to_index(plane.points()), outside)


def _sampled(array: npt.NDArray[Any], index: npt.NDArray[np.float64], outside: float) -> npt.NDArray[np.float32]:
    """Linear interpolation in the part of the array that the indices touch, so that a mapped file is read in part."""
    low = np.maximum(np.floor(index.min(axis=(0, 1))).astype(int) - 1, 0)
    high = np.minimum(np.ceil(index.max(axis=(0, 1))).astype(int) + 2, array.shape)
    if np.any(high <= low):
        return np.full(index.shape[:2], outside, dtype=np.float32)
    part = np.asarray(array[low[0] : high[0], low[1] : high[1], low[2] : high[2]], dtype=np.float32)
    coordinates = np.moveaxis(index - low, -1, 0)
    values = ndimage.map_coordinates(part, coordinates, order=1, mode="nearest")
    inside = np.all((index >= -0.5) & (index <= np.asarray(array.shape) - 0.5), axis=-1)
    return np.where(inside, values, np.float32(outside)).astype(np.float32)


def outline(
    mask: npt.NDArray[np.bool_], geometry: Geometry, plane: Plane
) -> list[list[tuple[float, float]]]:
    """Outlines of a mask in the plane, each a closed or open line of (x, y) as fractions of the plane's edge."""
    values = _sampled(mask, geometry.to_index(plane.points()), 0.0)
    if not np.any(values >= 0.5):
        return []
    lines = contourpy.contour_generator(z=values).lines(0.5)
    return [[((x + 0.5) / plane.pixels, (y + 0.5) / plane.pixels) for x, y in line] for line in lines]
