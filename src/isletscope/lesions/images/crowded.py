"""Tumours that fill most of an organ, told apart at their necks.

Where parenchyma is the smaller part, tumours touch on all sides and no blob stands alone. What differs from
parenchyma by half of the usual contrast or more is tumour. Its deepest points, seen from its surface and from where its
own enhancement or signal changes, are the middles of the tumours; two of them are one tumour unless the way between
them is narrower than the smaller of the two. Tumours alike on all series that grew together stay one mass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.contrast import Bool3D, Contrast, Float3D
from isletscope.lesions.images.extent import Extent
from isletscope.spatial import Geometry, Mask, bounding_box, cropped_geometry, gaussian, resample_mask

_FAINT = 4.0
Labels = npt.NDArray[np.intp]


def clearest(contrasts: Sequence[Contrast], tumour: Bool3D) -> Contrast | None:
    """The series on which tumour (bool [k, j, i]) differs most from parenchyma for its noise; None without any."""
    return max(contrasts, key=lambda one: abs(_usual(one, tumour)) / one.noise, default=None)


def parts_of(
    contrast: Contrast,
    contrasts: Sequence[Contrast],
    organ: Bool3D,
    parenchyma: Bool3D,
    geometry: Geometry,
    grid: Geometry,
    thresholds: Thresholds,
) -> Iterator[Extent]:
    """Each tumour as a block of ``grid``, outlined on one contrast and told apart on all ``contrasts``.

    ``organ``, ``parenchyma``: bool [k, j, i] on ``geometry``.
    """
    usual = _usual(contrast, organ & ~parenchyma)
    calm = gaussian(contrast.full, [1.0 / spacing for spacing in geometry.spacing_mm])
    tumour = organ & contrast.covered & (np.sign(usual) * calm >= 0.5 * abs(usual))
    even = tumour & ~_edges(contrasts, tumour, geometry, thresholds)
    labels, count = separated(even, geometry.spacing_mm, float(np.sqrt(thresholds.number("joined.least_waist"))))
    least_ml = np.pi / 6.0 * thresholds.number("accept.least_diameter_mm") ** 3 / 1000.0
    volumes = np.bincount(labels.ravel(), minlength=count + 1) * geometry.voxel_volume_ml
    kept = np.flatnonzero(volumes >= least_ml)
    kept = kept[kept > 0]
    if not kept.size:
        return
    middles = np.isin(labels, kept)
    nearest = ndimage.distance_transform_edt(
        ~middles, sampling=geometry.spacing_mm, return_distances=False, return_indices=True
    )
    grown = np.where(tumour, labels[tuple(nearest)], 0)
    for number in kept:
        yield _extent(grown == number, contrast, usual, geometry, grid)


def _edges(contrasts: Sequence[Contrast], tumour: Bool3D, geometry: Geometry, thresholds: Thresholds) -> Bool3D:
    """Where values change more steeply than in the middle of deep tumour, in noise for each mm on all series."""
    width = [thresholds.number("crowded.smooth_mm") / spacing for spacing in geometry.spacing_mm]
    total = np.zeros(geometry.shape, np.float32)
    for contrast in contrasts:
        limit = 2.0 * max(abs(_usual(contrast, tumour)), _FAINT * contrast.noise)
        calm = gaussian(np.clip(contrast.full, -limit, limit), width)
        for slope in np.gradient(calm, *geometry.spacing_mm):
            total += np.square(slope / contrast.noise)
    deep = ndimage.binary_erosion(tumour, iterations=2)
    return np.asarray(total > np.median(total[deep])) if deep.any() else np.zeros(tumour.shape, np.bool_)


def separated(inside: Bool3D, spacing_mm: tuple[float, float, float], least_neck: float) -> tuple[Labels, int]:
    """Parts of a shape as labels from 1 on [k, j, i], and how many.

    Every voxel belongs to the deepest point that is reached by going steadily deeper. Two parts stay two where the
    deepest way between them is narrower than ``least_neck`` times the depth of the shallower one.
    """
    depth = edt.edt(np.ascontiguousarray(inside), anisotropy=spacing_mm, black_border=False)
    calm = np.where(inside, gaussian(depth, [1.0, 1.0, 1.0]), 0.0).astype(np.float32)
    basins = _basins(calm, inside)
    count = int(basins.max(initial=0))
    peaks = ndimage.maximum(calm, basins, np.arange(count + 1)) if count else np.zeros(1)
    parent = np.arange(count + 1)
    heights = np.array(peaks, dtype=np.float64)
    for saddle, first, second in _saddles(calm, basins):
        a, b = _root(parent, first), _root(parent, second)
        if a != b and saddle >= least_neck * min(heights[a], heights[b]):
            parent[b], heights[a] = a, max(heights[a], heights[b])
    roots = np.array([_root(parent, n) for n in range(count + 1)])
    names, numbers = np.unique(np.concatenate([[0], roots]), return_inverse=True)
    return np.asarray(numbers[1:][basins]), len(names) - 1


def _basins(depth: Float3D, inside: Bool3D) -> Labels:
    """Label of the deepest point that each voxel climbs to, from 1 on; 0 outside."""
    order = np.argsort(depth, axis=None, kind="stable")
    rank = np.empty(depth.size, np.int64)
    rank[order] = np.arange(depth.size)
    towards = order[ndimage.maximum_filter(rank.reshape(depth.shape), 3, mode="nearest").ravel()]
    while True:
        further = towards[towards]
        if np.array_equal(further, towards):
            break
        towards = further
    labels = np.zeros(depth.size, np.intp)
    within = inside.ravel()
    labels[within] = np.unique(towards[within], return_inverse=True)[1] + 1
    return labels.reshape(depth.shape)


def _saddles(depth: Float3D, basins: Labels) -> list[tuple[float, int, int]]:
    """The deepest way between each pair of neighbouring parts, the deepest first."""
    best: dict[tuple[int, int], float] = {}
    shape = depth.shape
    for offset in product((-1, 0, 1), repeat=3):
        if offset <= (0, 0, 0):
            continue
        here = tuple(slice(max(0, -o), n - max(0, o)) for o, n in zip(offset, shape, strict=True))
        there = tuple(slice(max(0, o), n - max(0, -o)) for o, n in zip(offset, shape, strict=True))
        a, b = basins[here], basins[there]
        border = (a != b) & (a > 0) & (b > 0)
        saddles = np.minimum(depth[here], depth[there])[border]
        for first, second, saddle in zip(a[border].tolist(), b[border].tolist(), saddles.tolist(), strict=True):
            pair = (min(first, second), max(first, second))
            best[pair] = max(best.get(pair, 0.0), saddle)
    return sorted(((saddle, *pair) for pair, saddle in best.items()), reverse=True)


def _root(parent: Labels, number: int) -> int:
    while parent[number] != number:
        number = int(parent[number])
    return number


def _usual(contrast: Contrast, tumour: Bool3D) -> float:
    there = tumour & contrast.covered
    return float(np.median(contrast.full[there])) if there.any() else 0.0


def _extent(part: Bool3D, contrast: Contrast, usual: float, geometry: Geometry, grid: Geometry) -> Extent:
    """One part on the block of ``grid`` that holds it."""
    whole = resample_mask(Mask(part, geometry), grid)
    box = bounding_box(whole.array)
    assert box is not None  # a part has the size of several voxels of either grid
    outer = float(np.median(contrast.background[part]))
    difference = float(np.median(contrast.full[part]))
    inner = outer + (difference if contrast.unit != "%" else difference * outer / 100.0)
    half = 0.5 * (usual if contrast.unit != "%" else usual * outer / 100.0)
    volume_ml = float(np.count_nonzero(part)) * geometry.voxel_volume_ml
    radius = float((3000.0 * volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0))
    return Extent(whole.array[box.slices], box.start, cropped_geometry(grid, box), inner, outer, outer + half, radius)
