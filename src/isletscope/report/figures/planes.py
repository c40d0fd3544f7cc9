"""Planes through the patient: square pictures in axial, coronal and sagittal view from grids of any orientation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import contourpy
import numpy as np
import numpy.typing as npt
import scipy

from isletscope.spatial import Geometry, Volume

# Unit LPS vectors of a picture's columns (to the right) and rows (downwards), as a reader looks at it.
_VIEWS = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
# What lies beyond the left and the upper edge of the picture.
EDGE_LETTERS = {"axial": ("R", "A"), "coronal": ("R", "H"), "sagittal": ("A", "H")}


FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """A square of ``edge_mm`` around an LPS point, sampled at ``pixels`` x ``pixels`` pixel centres."""

    view: str
    centre_lps_mm: tuple[float, float, float]
    edge_mm: float
    pixels: int

    def frame(self, geometry: Geometry) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Index [k, j, i] of the first pixel centre, and the steps in index to the next row and the next column."""
        right, down = (np.asarray(vector) for vector in _VIEWS[self.view])
        step = self.edge_mm / self.pixels
        first = np.asarray(self.centre_lps_mm) - 0.5 * (self.pixels - 1) * step * (right + down)
        corner, below, beside = geometry.to_index([first, first + step * down, first + step * right])
        return corner, below - corner, beside - corner


def sample(volume: Volume, plane: Plane, *, outside: float) -> npt.NDArray[np.float32]:
    """Values of the volume in the plane [row, column], linearly interpolated; ``outside`` beyond its voxel centres."""
    return _sampled(volume.array, volume.geometry, plane, outside)


def _sampled(array: npt.NDArray[Any], geometry: Geometry, plane: Plane, outside: float) -> npt.NDArray[np.float32]:
    """Linear interpolation in the part of the array that the plane crosses, so that a mapped file is read in part."""
    corner, row, column = plane.frame(geometry)
    last = plane.pixels - 1
    corners = np.array([corner, corner + last * row, corner + last * column, corner + last * (row + column)])
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 2, array.shape)
    if np.any(high <= low):
        return np.full((plane.pixels, plane.pixels), outside, dtype=np.float32)
    part = np.asarray(array[low[0] : high[0], low[1] : high[1], low[2] : high[2]], dtype=np.float32)
    matrix = np.stack([np.zeros(3), row, column], axis=1)
    shape = (1, plane.pixels, plane.pixels)
    values: npt.NDArray[np.float32] = scipy.ndimage.affine_transform(
        part, matrix, offset=corner - low, output_shape=shape, order=1, mode="constant", cval=outside, prefilter=False
    )
    picture: npt.NDArray[np.float32] = values[0]
    return picture


def outline(mask: npt.NDArray[np.bool_], geometry: Geometry, plane: Plane) -> list[list[tuple[float, float]]]:
    """Outlines of a mask in the plane, each a closed or open line of (x, y) as fractions of the plane's edge."""
    return outline_of_values(_sampled(mask, geometry, plane, 0.0))


def outline_of_values(values: npt.NDArray[np.float32]) -> list[list[tuple[float, float]]]:
    """Where shares [row, column] of a square picture pass one half: lines of (x, y) as fractions of its edge."""
    if not np.any(values >= 0.5):
        return []
    generator = contourpy.contour_generator(z=values, line_type=contourpy.LineType.Separate)
    lines = cast("list[FloatArray]", generator.lines(0.5))
    pixels = len(values)
    return [[(float(x + 0.5) / pixels, float(y + 0.5) / pixels) for x, y in line] for line in lines]
