"""Images made ready for registration: small grids, the body alone, values in bins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.errors import GeometryError
from isletscope.spatial.components import label_components
from isletscope.spatial.crop import bounding_box, cropped_geometry
from isletscope.spatial.geometry import FloatArray, Geometry
from isletscope.spatial.volume import Volume

BINS = 32
_OPENING_MM = 8.0
_CLOSING_MM = 12.0
_SMALLEST_BODY_VOXELS = 200
_AIR_SHARE = 0.12


@dataclass(frozen=True)
class Window:
    """How values of an image become bins.

    ``low``, ``high``: values of the first and last bin; None: the 2nd and 98th percentile of the body.
    ``body_above``: what belongs to the body; None: above a share of the 98th percentile of all voxels.
    ``root``: square roots are taken first, so that the few hot voxels of a PET do not take all bins.
    """

    low: float | None = None
    high: float | None = None
    body_above: float | None = None
    root: bool = False


@dataclass(frozen=True)
class RegistrationImage:
    """An image on a small grid: ``bins`` float32 [k, j, i] from 0 to 31, 0 outside the ``body`` (bool [k, j, i])."""

    bins: npt.NDArray[np.float32]
    body: npt.NDArray[np.bool_]
    geometry: Geometry

    @cached_property
    def body_box_mm(self) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest LPS coordinates (mm) of the body's voxel centres."""
        points = self.geometry.to_lps(np.argwhere(self.body))
        return points.min(axis=0), points.max(axis=0)

    def coarser(self, step_mm: float) -> RegistrationImage:
        """The same image averaged to voxels of about ``step_mm``."""
        factors = _factors(self.geometry, step_mm)
        if max(factors) == 1:
            return self
        bins, geometry = _averaged(self.bins, self.geometry, factors)
        body, _ = _averaged(self.body, self.geometry, factors)
        return RegistrationImage(bins, body >= 0.5, geometry)


def prepare(volume: Volume, window: Window, step_mm: float) -> RegistrationImage:
    """The image averaged to voxels of about ``step_mm``, cut to the body and put in bins.

    Table, clothes and air outside the body count as air. Raises GeometryError for a single slice or when no body
    stands out.
    """
    if min(volume.geometry.shape) < 3:
        raise GeometryError(
            "a single slice cannot be placed in the patient by its content",
            found=f"{volume.geometry.shape} voxels",
            expected="at least 3 along every axis",
        )
    values, geometry = _averaged(volume.array, volume.geometry, _factors(volume.geometry, step_mm))
    values = np.nan_to_num(values)
    if window.root:
        values = np.sqrt(np.maximum(values, 0.0))
    body = _body(values, geometry, window)
    low = _edge(window.low, window.root, values[body], 2.0)
    high = _edge(window.high, window.root, values[body], 98.0)
    if high <= low:
        raise GeometryError("an image of one value cannot be registered", found=f"{low:g} everywhere in the body")
    bins = np.clip((values - low) / (high - low), 0.0, 1.0) * np.float32(BINS - 1)
    bins[~body] = 0.0
    image = RegistrationImage(bins.astype(np.float32), body, geometry)
    return _cut_to_body(image)


def sample_points(
    image: RegistrationImage, count: int, margin_mm: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """About ``count`` points (n, 3; LPS mm) in the body and ``margin_mm`` around it, and the image there, in bins.

    Points lie at random within the voxels (the same at every call), so that no grid pattern enters the measure.
    """
    steps = [max(1, round(margin_mm / spacing)) for spacing in image.geometry.spacing_mm]
    near = ndimage.maximum_filter(image.body.astype(np.uint8), size=[2 * n + 1 for n in steps], mode="constant")
    index = np.argwhere(near)
    generator = np.random.default_rng(len(index))
    if len(index) > count:
        index = index[np.sort(generator.choice(len(index), count, replace=False))]
    inner = index + generator.uniform(-0.5, 0.5, index.shape)
    inner = np.clip(inner, 0.0, np.asarray(image.geometry.shape) - 1.0)
    values = ndimage.map_coordinates(image.bins, inner.T, order=1, mode="nearest").astype(np.float64)
    return image.geometry.to_lps(inner), np.clip(values, 0.0, BINS - 1.0)


def _edge(given: float | None, root: bool, values: npt.NDArray[Any], percentile: float) -> float:
    if given is None:
        return float(np.percentile(values, percentile))
    return float(np.sqrt(given)) if root else given


def _factors(geometry: Geometry, step_mm: float) -> tuple[int, int, int]:
    k, j, i = (
        min(max(1, round(step_mm / spacing)), max(1, size // 3))
        for spacing, size in zip(geometry.spacing_mm, geometry.shape, strict=True)
    )
    return k, j, i


def _averaged(
    array: npt.NDArray[Any], geometry: Geometry, factors: tuple[int, int, int]
) -> tuple[npt.NDArray[np.float32], Geometry]:
    """Means of blocks of voxels; an incomplete last block is left out."""
    shape = tuple(n // f for n, f in zip(geometry.shape, factors, strict=True))
    planes = np.empty((shape[0], shape[1], shape[2]), dtype=np.float32)
    for k in range(shape[0]):
        slab = array[k * factors[0] : (k + 1) * factors[0], : shape[1] * factors[1], : shape[2] * factors[2]]
        means = np.asarray(slab, dtype=np.float32).mean(axis=0)
        planes[k] = means.reshape(shape[1], factors[1], shape[2], factors[2]).mean(axis=(1, 3))
    x, y, z = (float(v) for v in geometry.to_lps([(f - 1) / 2 for f in factors]))
    sk, sj, si = (s * f for s, f in zip(geometry.spacing_mm, factors, strict=True))
    coarse = Geometry((shape[0], shape[1], shape[2]), (sk, sj, si), (x, y, z), geometry.axes_lps)
    return planes, coarse


def _body(values: npt.NDArray[np.float32], geometry: Geometry, window: Window) -> npt.NDArray[np.bool_]:
    """The largest coherent part above air, without table and clothes, its cavities included."""
    if window.body_above is None:
        level = _AIR_SHARE * float(np.percentile(values, 98.0))
    else:
        level = float(np.sqrt(window.body_above)) if window.root else window.body_above
    opened = ndimage.binary_opening(values > level, structure=_ball(_OPENING_MM / 2, geometry))
    labels, count = label_components(opened, 26)
    if count == 0:
        raise GeometryError("no body stands out from air", found="nothing above the level of air")
    largest = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    body = labels == largest
    body = ndimage.binary_closing(np.pad(body, 4, mode="edge"), structure=_ball(_CLOSING_MM / 2, geometry))
    body = body[4:-4, 4:-4, 4:-4]
    for axis in range(3):
        body = np.stack([ndimage.binary_fill_holes(plane) for plane in np.moveaxis(body, axis, 0)], axis=axis)
    if np.count_nonzero(body) < _SMALLEST_BODY_VOXELS:
        raise GeometryError("no body stands out from air", found=f"{np.count_nonzero(body)} coarse voxels")
    return np.asarray(body, dtype=np.bool_)


def _ball(radius_mm: float, geometry: Geometry) -> npt.NDArray[np.bool_]:
    reach = [int(radius_mm / spacing) for spacing in geometry.spacing_mm]
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij"), axis=-1)
    distance = np.linalg.norm(grid * np.asarray(geometry.spacing_mm), axis=-1)
    return np.asarray(distance <= radius_mm, dtype=np.bool_)


def _cut_to_body(image: RegistrationImage) -> RegistrationImage:
    """Without the empty rim of the grid, where 40 mm of air around the body are enough."""
    box = bounding_box(image.body)
    assert box is not None
    box = box.grown(40.0, image.geometry)
    geometry = cropped_geometry(image.geometry, box)
    return RegistrationImage(np.ascontiguousarray(image.bins[box.slices]), image.body[box.slices].copy(), geometry)
