"""Arrays with a place in the patient: volumes that know their quantity, and masks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError
from isletscope.spatial.geometry import Geometry


@dataclass(frozen=True)
class Quantity:
    """What the voxels of a volume mean: name and UCUM-like unit."""

    name: str
    unit: str


HOUNSFIELD = Quantity("CT number", "[hnsf'U]")
SUV_BODY_WEIGHT = Quantity("SUVbw", "g/mL")
ACTIVITY = Quantity("activity concentration", "Bq/mL")
ADC = Quantity("apparent diffusion coefficient", "10-6.mm2/s")
ARBITRARY = Quantity("arbitrary intensity", "1")


@dataclass(frozen=True)
class Volume:
    """Voxel values on a grid.

    ``array`` is indexed [k, j, i]; ``missing_slices`` are planes k whose image was not there and was interpolated for
    display: nothing may be measured in them.
    """

    array: npt.NDArray[Any]
    geometry: Geometry
    quantity: Quantity
    frame_of_reference_uid: str | None = None
    missing_slices: tuple[int, ...] = field(default=())

    def __post_init__(self) -> None:
        _check_shape(self.array, self.geometry)

    def with_array(self, array: npt.NDArray[Any], quantity: Quantity | None = None) -> Volume:
        """The same grid with other values."""
        return replace(self, array=array, quantity=quantity or self.quantity)


@dataclass(frozen=True)
class Mask:
    """A region on a grid: boolean ``array`` indexed [k, j, i]."""

    array: npt.NDArray[np.bool_]
    geometry: Geometry
    frame_of_reference_uid: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        _check_shape(self.array, self.geometry)
        if self.array.dtype != np.bool_:
            raise GeometryError("a mask is an array of true and false", found=str(self.array.dtype))

    @property
    def voxel_count(self) -> int:
        """Number of voxels inside."""
        return int(np.count_nonzero(self.array))

    @property
    def volume_ml(self) -> float:
        """Voxels inside times the voxel volume, in mL."""
        return self.voxel_count * self.geometry.voxel_volume_ml


def _check_shape(array: npt.NDArray[Any], geometry: Geometry) -> None:
    if array.shape != geometry.shape:
        raise GeometryError("array and grid differ in shape", found=str(array.shape), expected=str(geometry.shape))
