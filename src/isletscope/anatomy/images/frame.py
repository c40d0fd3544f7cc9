"""The frame that the organ rules of CT and MR work in: all series of an exam on one even grid along z, y, x."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from isletscope.anatomy.shapes import Bool3D, Float3D, Spacing
from isletscope.model import Role
from isletscope.spatial import Geometry, Volume, resample

STEP_MM = 3.0
_PADDING_BELOW_HU = -1100.0


@dataclass(frozen=True)
class ImageFrame:
    """Series of one exam on a grid along z, y, x.

    ``images``: float32 [k, j, i] by role, nan outside that series' field; ``seen``: where the series that gives the
    grid was taken; ``role``: that series.
    """

    geometry: Geometry
    images: dict[Role, Float3D]
    seen: Bool3D
    role: Role

    @property
    def image(self) -> Float3D:
        """The series that gives the grid; outside its field the lowest value."""
        return self.images[self.role]

    @property
    def spacing_mm(self) -> Spacing:
        """Distances along z, y, x."""
        return self.geometry.spacing_mm

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in mL."""
        return self.geometry.voxel_volume_ml

    @cached_property
    def axes_mm(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """LPS z, y and x of the planes, rows and columns."""
        geometry = self.geometry
        z, y, x = (
            geometry.origin_lps_mm[2 - axis] + geometry.spacing_mm[axis] * np.arange(geometry.shape[axis], dtype=float)
            for axis in range(3)
        )
        return np.asarray(z, dtype=np.float64), np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64)

    def volume_ml(self, mask: Bool3D) -> float:
        """Volume of a mask in mL."""
        return int(np.count_nonzero(mask)) * self.voxel_ml

    def centre_lps_mm(self, mask: Bool3D) -> tuple[float, float, float]:
        """Centre of gravity in LPS mm (x, y, z). Raises ValueError when the mask is empty."""
        if not mask.any():
            raise ValueError("an empty mask has no centre")
        z, y, x = self.axes_mm
        k, j, i = np.nonzero(mask)
        return float(x[i].mean()), float(y[j].mean()), float(z[k].mean())

    def extent_z_mm(self, mask: Bool3D) -> tuple[float, float]:
        """LPS z of the lowest and the highest plane of a mask that is not empty."""
        planes = np.flatnonzero(mask.any(axis=(1, 2)))
        z = self.axes_mm[0]
        return float(z[planes[0]]), float(z[planes[-1]])

    def cut_by_edge(self, mask: Bool3D) -> bool:
        """Whether the mask reaches the first or last plane that was taken."""
        planes = np.flatnonzero(mask.any(axis=(1, 2)))
        seen = np.flatnonzero(self.seen.any(axis=(1, 2)))
        return bool(planes.size and seen.size and (planes[0] <= seen[0] + 1 or planes[-1] >= seen[-1] - 1))


def working_frame(series: Mapping[Role, Volume], role: Role, step_mm: float = STEP_MM) -> ImageFrame:
    """All series on an even grid along z, y, x that holds the series ``role``."""
    geometry = aligned_grid(series[role].geometry, step_mm)
    images = {one: _placed(volume, geometry) for one, volume in series.items()}
    seen = ~np.isnan(images[role])
    images[role] = np.where(seen, images[role], np.nanmin(images[role])).astype(np.float32)
    return ImageFrame(geometry, images, seen, role)


def aligned_grid(geometry: Geometry, step_mm: float) -> Geometry:
    """A grid along z, y, x with even steps that holds every voxel centre of another grid."""
    corners = np.array([[k, j, i] for k in (0, 1) for j in (0, 1) for i in (0, 1)]) * (np.array(geometry.shape) - 1)
    points = geometry.to_lps(corners)
    low, high = points.min(axis=0), points.max(axis=0)
    nx, ny, nz = (max(2, round(float(length) / step_mm) + 1) for length in high - low)
    middle = (low + high) / 2
    x, y, z = (float(m - (n - 1) * step_mm / 2) for m, n in zip(middle, (nx, ny, nz), strict=True))
    return Geometry((nz, ny, nx), (step_mm, step_mm, step_mm), (x, y, z))


def _placed(volume: Volume, onto: Geometry) -> Float3D:
    """A series on the working grid, averaged before it is thinned out; nan outside its field."""
    array = np.maximum(np.asarray(volume.array, dtype=np.float32), _PADDING_BELOW_HU)
    spacing = volume.geometry.spacing_mm
    factors = tuple(max(1, int(onto.spacing_mm[0] / step + 0.3)) for step in spacing)
    coarse = block_mean(volume.with_array(array), factors)
    outside = float(np.float32(-1e6))
    placed = np.asarray(resample(coarse, onto, order="linear", outside=outside).array, dtype=np.float32)
    return np.where(placed < -1e5, np.nan, placed).astype(np.float32)


def block_mean(volume: Volume, factors: tuple[int, ...]) -> Volume:
    """Means over blocks of voxels, so many along k, j, i; a remainder is cut off."""
    if max(factors) == 1:
        return volume
    geometry = volume.geometry
    a, b, c = (n // f for n, f in zip(geometry.shape, factors, strict=True))
    fa, fb, fc = factors
    cut = volume.array[: a * fa, : b * fb, : c * fc]
    mean = cut.reshape(a, fa, b, fb, c, fc).mean(axis=(1, 3, 5), dtype=np.float32)
    first = geometry.to_lps([(f - 1) / 2 for f in factors])
    sk, sj, si = (s * f for s, f in zip(geometry.spacing_mm, factors, strict=True))
    x, y, z = (float(v) for v in first)
    moved = Geometry((a, b, c), (sk, sj, si), (x, y, z), geometry.axes_lps)
    return Volume(mean, moved, volume.quantity, volume.frame_of_reference_uid)


def coarser(values: Float3D, factor: int) -> Float3D:
    """Block means of an array [k, j, i] whose remainder is cut off."""
    a, b, c = (n // factor for n in values.shape)
    cut = values[: a * factor, : b * factor, : c * factor]
    return np.asarray(
        cut.reshape(a, factor, b, factor, c, factor).mean(axis=(1, 3, 5), dtype=np.float32), dtype=np.float32
    )


def coarser_grid(geometry: Geometry, factor: int) -> Geometry:
    """The grid of :func:`coarser`."""
    a, b, c = (n // factor for n in geometry.shape)
    x, y, z = (float(v) for v in geometry.to_lps([(factor - 1) / 2] * 3))
    step = geometry.spacing_mm[0] * factor
    return Geometry((a, b, c), (step, step, step), (x, y, z))
