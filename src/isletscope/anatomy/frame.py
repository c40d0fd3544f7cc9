"""The frame that the organ rules work in: PET and CT on one coarse grid along the patient's axes.

Whatever order and direction the scanner's axes have, arrays here are [z, y, x] with z to the head, y to the back and
x to the patient's left, so that a rule about "right" or "below" is written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from isletscope.anatomy.shapes import Bool3D, Float3D, smoothed
from isletscope.spatial import Geometry, Volume, resample

WORKING_SPACING_MM = 4.0
NO_CT_HU = -3000.0
_CT_COVERED_ABOVE_HU = -1100.0


@dataclass(frozen=True)
class BodyFrame:
    """PET and CT on the working grid; arrays are [z, y, x].

    ``suv``: SUVbw; ``hu``: Hounsfield units or None; ``seen``: inside the PET's field; ``ct_seen``: covered by CT.
    """

    geometry: Geometry
    suv: Float3D
    hu: Float3D | None
    seen: Bool3D
    ct_seen: Bool3D

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Grid steps along z, y, x in mm."""
        return self.geometry.spacing_mm

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in mL."""
        return self.geometry.voxel_volume_ml

    @cached_property
    def z_mm(self) -> npt.NDArray[np.float64]:
        """LPS z of each slice, shape [z, 1, 1]."""
        return self._axis(0)[:, None, None]

    @cached_property
    def y_mm(self) -> npt.NDArray[np.float64]:
        """LPS y of each row, shape [1, y, 1]."""
        return self._axis(1)[None, :, None]

    @cached_property
    def x_mm(self) -> npt.NDArray[np.float64]:
        """LPS x of each column, shape [1, 1, x]."""
        return self._axis(2)[None, None, :]

    def _axis(self, axis: int) -> npt.NDArray[np.float64]:
        step = self.geometry.spacing_mm[axis]
        return self.geometry.origin_lps_mm[2 - axis] + step * np.arange(self.geometry.shape[axis], dtype=np.float64)

    @cached_property
    def suv_5(self) -> Float3D:
        """SUV smoothed with a sigma of 5 mm."""
        return smoothed(self.suv, 5.0, self.spacing_mm)

    @cached_property
    def suv_3(self) -> Float3D:
        """SUV smoothed with a sigma of 3 mm."""
        return smoothed(self.suv, 3.0, self.spacing_mm)

    @cached_property
    def hu_4(self) -> Float3D | None:
        """HU smoothed with a sigma of 4 mm; None without CT."""
        return None if self.hu is None else smoothed(self.hu, 4.0, self.spacing_mm)

    def volume_ml(self, mask: Bool3D) -> float:
        """Volume of a mask on this grid in mL."""
        return int(np.count_nonzero(mask)) * self.voxel_ml

    def centre_lps_mm(self, mask: Bool3D) -> tuple[float, float, float]:
        """Centre of gravity of a mask in LPS mm. Raises ValueError when the mask is empty."""
        if not mask.any():
            raise ValueError("an empty mask has no centre")
        k, j, i = np.nonzero(mask)
        return (
            float(self.x_mm.ravel()[i].mean()),
            float(self.y_mm.ravel()[j].mean()),
            float(self.z_mm.ravel()[k].mean()),
        )

    def cut_by_edge(self, mask: Bool3D) -> bool:
        """Whether the mask reaches the first or last slice of the PET's field (an organ that is only partly seen)."""
        planes = np.flatnonzero(mask.any(axis=(1, 2)))
        seen = np.flatnonzero(self.seen.any(axis=(1, 2)))
        return bool(planes.size and (planes[0] <= seen[0] + 1 or planes[-1] >= seen[-1] - 1))


def working_frame(pet: Volume, ct: Volume | None) -> BodyFrame:
    """PET (SUVbw) and CT (HU) brought to the working grid, cropped to where PET shows the body."""
    whole = _aligned_grid(pet.geometry)
    coarse = _block_mean(pet, whole.spacing_mm)
    suv = np.asarray(resample(coarse, whole, order="linear", outside=-1.0).array, dtype=np.float32)
    box = _body_box(suv)
    grid = _cropped(whole, box)
    suv = suv[box]
    hu = None
    covered = np.zeros(grid.shape, dtype=bool)
    if ct is not None:
        placed = resample(_block_mean(ct, grid.spacing_mm), grid, order="linear", outside=NO_CT_HU).array
        covered = np.asarray(placed > _CT_COVERED_ABOVE_HU)
        hu = np.where(covered, placed, -1000.0).astype(np.float32)
    seen = suv > -0.5
    return BodyFrame(grid, np.maximum(suv, 0).astype(np.float32), hu, seen, covered)


def _aligned_grid(geometry: Geometry) -> Geometry:
    """A grid along z, y, x that holds the whole PET."""
    corners = np.array([[k, j, i] for k in (0, 1) for j in (0, 1) for i in (0, 1)]) * (np.array(geometry.shape) - 1)
    points = geometry.to_lps(corners)
    low, high = points.min(axis=0), points.max(axis=0)
    steps = [int(np.floor(length / WORKING_SPACING_MM + 1e-6)) + 1 for length in high - low]
    return Geometry(
        shape=(steps[2], steps[1], steps[0]),
        spacing_mm=(WORKING_SPACING_MM,) * 3,
        origin_lps_mm=(float(low[0]), float(low[1]), float(low[2])),
    )


def _block_mean(volume: Volume, spacing_mm: tuple[float, float, float]) -> Volume:
    """Mean over blocks of voxels along the axes much finer than the working grid, so that nothing is skipped."""
    _, permutation, _ = volume.geometry.reordered()
    factors = [1, 1, 1]
    for target, axis in enumerate(permutation):
        factors[axis] = max(1, int(spacing_mm[target] / volume.geometry.spacing_mm[axis] + 0.3))
    factors = [min(f, n) for f, n in zip(factors, volume.array.shape, strict=True)]
    if max(factors) == 1:
        return volume
    shape = tuple(n // f for n, f in zip(volume.array.shape, factors, strict=True))
    trimmed = volume.array[tuple(slice(0, n * f) for n, f in zip(shape, factors, strict=True))]
    blocks = trimmed.reshape(shape[0], factors[0], shape[1], factors[1], shape[2], factors[2])
    centre = volume.geometry.to_lps([(f - 1) / 2 for f in factors])
    geometry = Geometry(
        shape=(shape[0], shape[1], shape[2]),
        spacing_mm=tuple(s * f for s, f in zip(volume.geometry.spacing_mm, factors, strict=True)),  # type: ignore[arg-type]
        origin_lps_mm=(float(centre[0]), float(centre[1]), float(centre[2])),
        axes_lps=volume.geometry.axes_lps,
    )
    mean = blocks.mean(axis=(1, 3, 5), dtype=np.float32)
    return Volume(mean, geometry, volume.quantity, volume.frame_of_reference_uid)


def _body_box(suv: Float3D) -> tuple[slice, slice, slice]:
    """Slices around everything with uptake, with a margin of three voxels; all slices along z stay."""
    warm = suv > 0.1
    rows, columns = np.flatnonzero(warm.any(axis=(0, 2))), np.flatnonzero(warm.any(axis=(0, 1)))
    if not rows.size:
        return (slice(None),) * 3
    return (
        slice(None),
        slice(max(0, int(rows[0]) - 3), int(rows[-1]) + 4),
        slice(max(0, int(columns[0]) - 3), int(columns[-1]) + 4),
    )


def _cropped(geometry: Geometry, box: tuple[slice, slice, slice]) -> Geometry:
    starts = [part.indices(n)[0] for part, n in zip(box, geometry.shape, strict=True)]
    shape = [len(range(*part.indices(n))) for part, n in zip(box, geometry.shape, strict=True)]
    origin = geometry.to_lps(starts)
    return Geometry(
        shape=(shape[0], shape[1], shape[2]),
        spacing_mm=geometry.spacing_mm,
        origin_lps_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
    )
