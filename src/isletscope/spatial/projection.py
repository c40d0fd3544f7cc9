"""Maximum intensity projections, head up, on volumes of any orientation."""

from __future__ import annotations

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
    On an oblique grid the rays follow the grid's axes nearest to the patient's. Values that are not numbers and
    rays outside the grid give nan only where nothing else is met.
    """
    array, geometry = display_array(volume)
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    if isinstance(view, str):
        axis, spacing = (1, column_mm) if view == "anterior" else (2, row_mm)
        flat = np.fmax.reduce(array, axis=axis).astype(np.float32)
        return Projection(
            np.ascontiguousarray(flat[::-1]), slice_mm, spacing, _DEGREES[view], geometry, (flat.shape[1] - 1) / 2
        )
    spacing = min(row_mm, column_mm)
    _, height_mm, width_mm = geometry.extent_mm
    columns = int(np.ceil(np.hypot(height_mm, width_mm) / spacing))
    image = _turned(np.ascontiguousarray(array), row_mm, column_mm, float(np.deg2rad(view)), columns, spacing)
    return Projection(image, slice_mm, spacing, float(view), geometry, (columns - 1) / 2)


@compiled
def _turned(
    values: npt.NDArray[Any], row_mm: float, column_mm: float, angle: float, width: int, spacing: float
) -> npt.NDArray[np.float32]:
    planes, rows, columns = values.shape
    image = np.full((planes, width), np.nan, np.float32)
    cosine, sine = np.cos(angle), np.sin(angle)
    steps = 2 * width
    # Ray by ray: the in-plane place of a sample is the same in every plane, so it is found once.
    for column in range(width):
        across = (column - (width - 1) / 2) * spacing
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
            u, v = i - i0, j - j0
            for k in range(planes):
                value = (1 - v) * ((1 - u) * values[k, j0, i0] + u * values[k, j0, i1]) + v * (
                    (1 - u) * values[k, j1, i0] + u * values[k, j1, i1]
                )
                best = image[planes - 1 - k, column]
                if value > best or (np.isnan(best) and not np.isnan(value)):
                    image[planes - 1 - k, column] = value
    return image
