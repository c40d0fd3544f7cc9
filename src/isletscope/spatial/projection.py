"""Maximum intensity projections, head up, on volumes of any orientation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from isletscope.spatial._compiled import compiled
from isletscope.spatial.geometry import Geometry
from isletscope.spatial.volume import Volume

View = Literal["anterior", "lateral"]
_DEGREES: dict[str, float] = {"anterior": 0.0, "lateral": 90.0}


@dataclass(frozen=True)
class Projection:
    """A projection image and the way from the patient into it.

    ``image`` float32 [row, column], row 0 at the head. Anterior view: the patient's right is on the left of the
    picture. Lateral view: seen from the patient's left, the front is on the left of the picture.
    """

    image: npt.NDArray[np.float32]
    row_spacing_mm: float
    column_spacing_mm: float
    degrees: float
    _geometry: Geometry
    _centre_column: float

    @property
    def height_mm(self) -> float:
        """Height of the picture, pixel edges included."""
        return float(self.image.shape[0] * self.row_spacing_mm)

    @property
    def width_mm(self) -> float:
        """Width of the picture, pixel edges included."""
        return float(self.image.shape[1] * self.column_spacing_mm)

    def place(self, point_lps: npt.ArrayLike) -> tuple[float, float]:
        """Fractional row and column of an LPS point in mm (pixel centres are whole numbers)."""
        k, j, i = (float(v) for v in self._geometry.to_index(point_lps))
        planes, rows, columns = self._geometry.shape
        _, row_mm, column_mm = self._geometry.spacing_mm
        x, y = (i - (columns - 1) / 2) * column_mm, (j - (rows - 1) / 2) * row_mm
        angle = np.deg2rad(self.degrees)
        along = x * np.cos(angle) + y * np.sin(angle)
        return planes - 1 - k, float(along / self.column_spacing_mm + self._centre_column)


def display_array(volume: Volume) -> tuple[npt.NDArray[Any], Geometry]:
    """The values with their axes as near as can be to head, back, left (a view), and the grid that fits them."""
    geometry, permutation, flips = volume.geometry.reordered()
    array = volume.array.transpose(permutation)
    return array[tuple(slice(None, None, -1 if flip else 1) for flip in flips)], geometry


def maximum_projection(volume: Volume, view: View | float = "anterior") -> Projection:
    """Highest value along parallel rays at right angles to the long axis of the patient.

    ``view``: "anterior", "lateral" (from the patient's left), or the viewer's angle about the long axis in degrees,
    0 anterior and 90 from the patient's left. The two named views take whole voxel columns; an angle samples every
    ray at half the finer in-plane spacing with linear interpolation, on a picture as wide as the grid's diagonal.
    On an oblique grid the rays follow the grid's axes nearest to the patient's. Voxels that are not numbers, and
    rays that miss the grid, count as the lowest value of the volume.
    """
    if not isinstance(view, str):
        return turning_projections(volume, [float(view)])[0]
    array, geometry = display_array(volume)
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    axis, spacing = (1, column_mm) if view == "anterior" else (2, row_mm)
    flat = np.fmax.reduce(array, axis=axis).astype(np.float32)[::-1]
    if np.isnan(flat).any():
        flat = np.where(np.isnan(flat), _lowest(array), flat)
    image = np.ascontiguousarray(flat, dtype=np.float32)
    return Projection(image, slice_mm, spacing, _DEGREES[view], geometry, (image.shape[1] - 1) / 2)


def turning_projections(volume: Volume, degrees: Sequence[float]) -> list[Projection]:
    """Projections from several angles, as :func:`maximum_projection` makes them; the preparation is shared."""
    array, geometry = display_array(volume)
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    lowest = _lowest(array)
    upright = np.ascontiguousarray(array.transpose(1, 2, 0), dtype=np.float32)
    if np.isnan(upright).any():
        upright = np.where(np.isnan(upright), np.float32(lowest), upright)
    spacing = min(row_mm, column_mm)
    _, height_mm, width_mm = geometry.extent_mm
    columns = int(np.ceil(np.hypot(height_mm, width_mm) / spacing))
    turned = [_turned(upright, row_mm, column_mm, float(np.deg2rad(a)), columns, spacing, lowest) for a in degrees]
    return [
        Projection(np.ascontiguousarray(image.T[::-1]), slice_mm, spacing, angle, geometry, (columns - 1) / 2)
        for image, angle in zip(turned, degrees, strict=True)
    ]


def _lowest(array: npt.NDArray[Any]) -> float:
    lowest = float(np.fmin.reduce(array, axis=None))
    return 0.0 if np.isnan(lowest) else lowest


@compiled
def _turned(
    upright: npt.NDArray[np.float32],
    row_mm: float,
    column_mm: float,
    angle: float,
    width: int,
    spacing: float,
    lowest: float,
) -> npt.NDArray[np.float32]:
    """Picture [column, k] of the values [j, i, k] seen under an angle; planes are innermost, so they stream."""
    rows, columns, planes = upright.shape
    image = np.full((width, planes), np.float32(lowest))
    cosine, sine = np.cos(angle), np.sin(angle)
    steps = 2 * width
    for column in range(width):
        across = (column - (width - 1) / 2) * spacing
        line = image[column]
        for step in range(steps):
            along = (step - (steps - 1) / 2) * spacing / 2
            i = (across * cosine - along * sine) / column_mm + (columns - 1) / 2
            j = (across * sine + along * cosine) / row_mm + (rows - 1) / 2
            if i < -0.5 or j < -0.5 or i > columns - 0.5 or j > rows - 0.5:
                continue
            i = min(max(i, 0.0), columns - 1.0)
            j = min(max(j, 0.0), rows - 1.0)
            i0, j0 = int(i), int(j)
            i1, j1 = min(i0 + 1, columns - 1), min(j0 + 1, rows - 1)
            u, v = np.float32(i - i0), np.float32(j - j0)
            one = np.float32(1.0)
            a, b, c, d = (one - v) * (one - u), (one - v) * u, v * (one - u), v * u
            first, second, third, fourth = upright[j0, i0], upright[j0, i1], upright[j1, i0], upright[j1, i1]
            for k in range(planes):
                value = a * first[k] + b * second[k] + c * third[k] + d * fourth[k]
                line[k] = max(line[k], value)
    return image
