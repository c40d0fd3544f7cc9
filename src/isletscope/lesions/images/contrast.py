"""How each series differs from the organ it shows: the search grid, and the difference from a robust background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy import Thresholds
from isletscope.spatial import (
    HOUNSFIELD,
    Box,
    Geometry,
    Mask,
    Volume,
    bounding_box,
    cropped_geometry,
    cropped_volume,
    gaussian,
    resample,
)

Float3D = npt.NDArray[np.float32]
Bool3D = npt.NDArray[np.bool_]
_MAD_TO_DEVIATION = 1.4826
_NOT_TAKEN = -1e6
_ROUNDS = 3


@dataclass(frozen=True)
class Contrast:
    """One series as difference from the organ on the search grid.

    ``name`` is one of :data:`isletscope.lesions.images.naming.CONTRASTS`; ``difference`` [k, j, i] is in HU on CT and
    in percent of the organ's signal on MR, 0 outside organ and series; ``background`` is the organ's value at each
    voxel in the unit of the series; ``noise`` is the deviation of one voxel; ``covered`` tells where the series has an
    image; ``full`` is the difference everywhere, the organ's blurred edge and its vessels too.
    """

    name: str
    series_key: str
    unit: str
    difference: Float3D
    background: Float3D
    noise: float
    covered: Bool3D
    full: Float3D


def averaged(volume: Volume, voxel_mm: float) -> Volume:
    """The mean over blocks of voxels, as many along each axis as fit into ``voxel_mm``; a part of a block is cut."""
    counts = [max(1, int(voxel_mm / spacing + 1e-6)) for spacing in volume.geometry.spacing_mm]
    counts = [min(count, size) for count, size in zip(counts, volume.array.shape, strict=True)]
    if counts == [1, 1, 1]:
        return volume
    geometry = averaged_geometry(volume.geometry, voxel_mm)
    k, j, i = (size * count for size, count in zip(geometry.shape, counts, strict=True))
    blocks = volume.array[:k, :j, :i].reshape(
        geometry.shape[0], counts[0], geometry.shape[1], counts[1], geometry.shape[2], counts[2]
    )
    array = blocks.mean(axis=(1, 3, 5), dtype=np.float32)
    missing = tuple(sorted({plane // counts[0] for plane in volume.missing_slices if plane < k}))
    return Volume(array, geometry, volume.quantity, volume.frame_of_reference_uid, missing)


def averaged_geometry(geometry: Geometry, voxel_mm: float) -> Geometry:
    """The grid of :func:`averaged`."""
    counts = [max(1, int(voxel_mm / spacing + 1e-6)) for spacing in geometry.spacing_mm]
    counts = [min(count, size) for count, size in zip(counts, geometry.shape, strict=True)]
    k, j, i = (size // count for size, count in zip(geometry.shape, counts, strict=True))
    sk, sj, si = (spacing * count for spacing, count in zip(geometry.spacing_mm, counts, strict=True))
    x, y, z = (float(v) for v in geometry.to_lps([(count - 1) / 2.0 for count in counts]))
    return replace(geometry, shape=(k, j, i), spacing_mm=(sk, sj, si), origin_lps_mm=(x, y, z))


def search_grid(organ: Mask, thresholds: Thresholds) -> Geometry:
    """The grid on which one organ is searched: the organ's block with a margin, voxels averaged to a working size.

    ``organ`` must not be empty.
    """
    box = bounding_box(organ.array)
    assert box is not None  # callers ask whether the organ is known
    block = box.grown(thresholds.number("search.margin_mm"), organ.geometry)
    return averaged_geometry(cropped_geometry(organ.geometry, block), thresholds.number("search.voxel_mm"))


def on_grid(volume: Volume, geometry: Geometry, voxel_mm: float) -> tuple[Float3D, Bool3D]:
    """Values of a series on a grid (block means, then linear), and where the series has an image, both [k, j, i]."""
    part = averaged(_near(volume, geometry), voxel_mm)
    values = resample(part, geometry, order="linear", outside=_NOT_TAKEN)
    array = np.asarray(values.array, dtype=np.float32)
    covered = array > _NOT_TAKEN / 2
    for plane in values.missing_slices:
        covered[plane] = False
    return np.where(covered, array, 0.0).astype(np.float32), covered


def _near(volume: Volume, geometry: Geometry) -> Volume:
    """The part of a series around a grid, so that far voxels cost nothing."""
    ends = [(0, n - 1) for n in geometry.shape]
    corners = geometry.to_lps([[k, j, i] for k in ends[0] for j in ends[1] for i in ends[2]])
    index = volume.geometry.to_index(corners)
    low = np.maximum(np.floor(index.min(axis=0)).astype(int) - 4, 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 5, volume.geometry.shape)
    if np.any(high - low < 1):
        return volume
    start, stop = (int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2]))
    return cropped_volume(volume, Box(start, stop))


def contrast_of(
    name: str,
    series_key: str,
    volume: Volume,
    organ: Bool3D,
    geometry: Geometry,
    thresholds: Thresholds,
    gland: Bool3D | None = None,
    parenchyma: Bool3D | None = None,
) -> Contrast | None:
    """The difference of one series from the organ; None when the series shows less than half of it.

    ``organ``: bool [k, j, i] on ``geometry``. The background begins as the organ's commonest value and follows the
    signal slowly over the organ, voxels that stand out left aside. ``gland``: where ``organ`` is only a region around
    the pancreas, the voxels that look like gland: then the background is their median. ``parenchyma``: where most of
    the organ is tumour, the voxels that are not: then the background is told by them alone.
    """
    values, covered = on_grid(volume, geometry, thresholds.number("search.voxel_mm"))
    shown = organ & covered
    if np.count_nonzero(shown) < max(20, thresholds.number("search.least_covered") * np.count_nonzero(organ)):
        return None
    is_ct = volume.quantity == HOUNSFIELD
    if gland is None:
        background = _background(values, _known(shown, parenchyma), geometry, is_ct, thresholds)
    elif (gland & covered).any():
        background = np.full(values.shape, np.median(values[_core(gland & covered)]), np.float32)
    else:
        return None
    difference = values - background
    if not is_ct:
        difference = 100.0 * difference / np.maximum(background, 1e-6)
    if gland is None:
        shown &= _deep(shown, geometry, volume.geometry)
    noise = deviation(difference[shown] - ndimage.uniform_filter(difference, 3)[shown]) * np.sqrt(27.0 / 26.0)
    limit = thresholds.number("search.largest_hu" if is_ct else "search.largest_percent")
    kept = np.where(shown, np.clip(difference, -limit, limit), 0.0).astype(np.float32)
    return Contrast(
        name, series_key, "[hnsf'U]" if is_ct else "%", kept, background, max(float(noise), 1e-3), covered, difference
    )


def _known(shown: Bool3D, parenchyma: Bool3D | None) -> Bool3D:
    """The voxels that tell the organ's value: those of parenchyma where they are known and enough."""
    if parenchyma is None or np.count_nonzero(shown & parenchyma) < 20:
        return shown
    return shown & parenchyma


def _core(gland: Bool3D) -> Bool3D:
    """The gland without its blurred edge, where enough is left."""
    core = ndimage.binary_erosion(gland)
    return np.asarray(core) if np.count_nonzero(core) >= 30 else gland


def _deep(shown: Bool3D, geometry: Geometry, own: Geometry) -> Bool3D:
    """Voxels at least one voxel of the series (or of the grid, where coarser) inside the organ: its edge is blurred."""
    steps = [
        spacing / max(spacing, 0.8 * width) for spacing, width in zip(geometry.spacing_mm, own.spacing_mm, strict=True)
    ]
    depth = edt.edt(np.ascontiguousarray(shown), anisotropy=steps, black_border=True)
    return np.asarray(depth > 1.0)


def _background(values: Float3D, shown: Bool3D, geometry: Geometry, is_ct: bool, thresholds: Thresholds) -> Float3D:
    """The organ's value at every voxel: its commonest value, then a smooth mean over voxels near it."""
    common = commonest(values[shown])
    background = np.full(values.shape, common, np.float32)
    spread = deviation(values[shown], common)
    floor = thresholds.number("search.organ_spread_hu") if is_ct else 0.01 * abs(common)
    start = floor if is_ct else thresholds.number("search.organ_spread_share") * abs(common)
    width = [thresholds.number("search.background_mm") / spacing for spacing in geometry.spacing_mm]
    tolerance = max(min(spread, 2.0 * start), start)
    for _ in range(_ROUNDS):
        near = (shown & (np.abs(values - background) <= 2.5 * tolerance)).astype(np.float32)
        weight = gaussian(near, width, mode="constant", truncate=2.5)
        total = gaussian(near * values, width, mode="constant", truncate=2.5)
        small = 0.02
        background = ((total + small * common) / (weight + small)).astype(np.float32)
        inside = near > 0
        tolerance = max(deviation((values - background)[inside]), floor) if inside.any() else tolerance
    return background


def commonest(values: npt.NDArray[np.float32]) -> float:
    """The mode: middle of the shortest interval that holds a third of the values (half-sample mode, one round)."""
    ordered = np.sort(values.astype(np.float64, copy=False))
    count = max(2, len(ordered) // 3)
    width = ordered[count - 1 :] - ordered[: len(ordered) - count + 1]
    first = int(width.argmin())
    return float(np.median(ordered[first : first + count]))


def deviation(values: npt.NDArray[np.floating], centre: float | None = None) -> float:
    """Standard deviation as the median distance from the middle tells it, robust against what stands out."""
    if values.size == 0:
        return 0.0
    middle = float(np.median(values)) if centre is None else centre
    return float(_MAD_TO_DEVIATION * np.median(np.abs(values - middle)))


def contrasts_of(
    series: Mapping[str, Volume],
    names: Mapping[str, str],
    organ: Bool3D,
    geometry: Geometry,
    thresholds: Thresholds,
    gland: Bool3D | None = None,
    parenchyma: Bool3D | None = None,
) -> list[Contrast]:
    """The contrast of every series that shows the organ; see :func:`contrast_of`."""
    found = (
        contrast_of(names[key], key, volume, organ, geometry, thresholds, gland, parenchyma)
        for key, volume in series.items()
    )
    return [contrast for contrast in found if contrast is not None]
