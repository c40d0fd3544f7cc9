"""Volumes to SimpleITK images and back; the place in the patient goes along."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.spatial.geometry import Geometry
from isletscope.spatial.volume import Quantity, Volume

_NO_COSINE = 1e-12


@cache
def simple_itk() -> Any:
    """SimpleITK, which carries no types; loaded when first needed, because many commands do without it."""
    return import_module("SimpleITK")


def image_of(array: npt.NDArray[Any], geometry: Geometry) -> Any:
    """SimpleITK image (its index order is i, j, k) of an array [k, j, i]; true and false become 1 and 0."""
    plain = array.astype(np.uint8) if array.dtype == np.bool_ else array
    if plain.dtype == np.float16:
        plain = plain.astype(np.float32)
    native = plain.dtype.newbyteorder("=")
    image = simple_itk().GetImageFromArray(np.ascontiguousarray(plain, dtype=native))
    place(image, geometry)
    return image


def place(image: Any, geometry: Geometry) -> None:
    """Give an image the origin, spacing and directions of a grid."""
    image.SetOrigin(geometry.origin_lps_mm)
    image.SetSpacing(geometry.spacing_mm[::-1])
    columns = np.asarray(geometry.axes_lps)[::-1].T
    # Cosines near the smallest number a float can hold make SimpleITK's resampler miss the whole image.
    columns = np.where(np.abs(columns) < _NO_COSINE, 0.0, columns)
    image.SetDirection([float(v) for v in columns.ravel()])


def to_image(volume: Volume) -> Any:
    """SimpleITK image of a volume (values copied)."""
    return image_of(volume.array, volume.geometry)


def geometry_of(image: Any) -> Geometry:
    """Grid of a three-dimensional SimpleITK image."""
    columns = np.asarray(image.GetDirection(), dtype=np.float64).reshape(3, 3)
    i_axis, j_axis, k_axis = (tuple(float(v) for v in columns[:, n]) for n in range(3))
    ni, nj, nk = image.GetSize()
    si, sj, sk = image.GetSpacing()
    x, y, z = image.GetOrigin()
    return Geometry(
        shape=(nk, nj, ni),
        spacing_mm=(sk, sj, si),
        origin_lps_mm=(x, y, z),
        axes_lps=(_three(k_axis), _three(j_axis), _three(i_axis)),
    )


def from_image(image: Any, quantity: Quantity, frame_of_reference_uid: str | None = None) -> Volume:
    """Volume of a three-dimensional SimpleITK image (values copied)."""
    return Volume(simple_itk().GetArrayFromImage(image), geometry_of(image), quantity, frame_of_reference_uid)


def _three(values: tuple[float, ...]) -> tuple[float, float, float]:
    first, second, third = values
    return first, second, third
