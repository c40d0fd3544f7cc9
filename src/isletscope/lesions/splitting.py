"""Telling foci apart that touch.

Water is let out of the image from its highest voxel down: every voxel joins the peak it is connected with, and where
two peaks meet, the saddle decides. They are one focus unless the saddle lies deep enough below the lower peak and the
peaks lie far enough apart (watershed by flooding in order of value, with merging by saddle depth).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from isletscope.lesions.delineation_rules import DelineationRules, delineation_rules
from isletscope.spatial import Box, Volume, component_statistics, label_components
from isletscope.spatial._compiled import compiled

_FWHM_PER_SIGMA = float(np.sqrt(8.0 * np.log(2.0)))
_SMOOTHING_REACH = 3.0

Labels = npt.NDArray[np.uint32]


def split_touching(
    pet: Volume, mask: npt.NDArray[np.bool_], background: float = 0.0, rules: DelineationRules | None = None
) -> tuple[Labels, int]:
    """Number the foci in a mask [k, j, i] of the PET grid 1 to n, touching ones apart; 0 is outside.

    Values are smoothed first. ``background`` is the level that the depth of a saddle is measured against, in the unit
    of the image. Every voxel of the mask gets a number.
    """
    rules = rules or delineation_rules()
    parts, count = label_components(mask)
    statistics = component_statistics(parts, pet.array, count)
    result = np.zeros(mask.shape, np.uint32)
    last = 0
    for label in range(1, count + 1):
        box = statistics.box(label)
        inside = parts[box.slices] == label
        numbers = _split_one(pet, inside, box, background, rules)
        result[box.slices][inside] = numbers + last
        last += int(numbers.max())
    return result, last


def _split_one(
    pet: Volume, inside: npt.NDArray[np.bool_], box: Box, background: float, rules: DelineationRules
) -> npt.NDArray[np.int64]:
    """Numbers 1 to n of the voxels of one connected region, in the order of ``inside``'s true voxels."""
    figures = rules.splitting
    spacing = np.asarray(pet.geometry.spacing_mm)
    sigma = figures.smoothing_fwhm_mm.value / _FWHM_PER_SIGMA / spacing
    wide = box.grown(_SMOOTHING_REACH * figures.smoothing_fwhm_mm.value, pet.geometry)
    smooth = gaussian_filter(pet.array[wide.slices].astype(np.float64), sigma, mode="nearest")
    inner = tuple(slice(a - w, b - w) for a, b, w in zip(box.start, box.stop, wide.start, strict=True))
    values = smooth[inner][inside]
    order = np.argsort(-values, kind="stable")
    number_at = np.full(inside.shape, -1, np.int64)
    number_at[inside] = np.arange(len(values))
    roots = _flood(
        values, order, np.argwhere(inside), number_at, spacing,
        figures.saddle_depth.value, figures.peak_distance_mm.value, background,
    )  # fmt: skip
    return np.unique(roots, return_inverse=True)[1].reshape(-1) + 1


@compiled
def _flood(
    values: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    index: npt.NDArray[np.int64],
    number_at: npt.NDArray[np.int64],
    spacing: npt.NDArray[np.float64],
    depth: float,
    distance_mm: float,
    background: float,
) -> npt.NDArray[Any]:
    """For every voxel the number of the peak voxel it belongs to."""
    count = len(values)
    parent = np.full(count, -1, np.int64)
    shape = number_at.shape
    for at in range(count):
        voxel = order[at]
        best, best_value = -1, -np.inf
        for step in range(27):
            neighbour = _neighbour(index[voxel], step, number_at, shape)
            if neighbour >= 0 and parent[neighbour] >= 0 and values[neighbour] > best_value:
                best, best_value = neighbour, values[neighbour]
        if best < 0:
            parent[voxel] = voxel
            continue
        parent[voxel] = _root(parent, best)
        for step in range(27):
            neighbour = _neighbour(index[voxel], step, number_at, shape)
            if neighbour < 0 or parent[neighbour] < 0 or neighbour == voxel:
                continue
            high, low = _root(parent, voxel), _root(parent, neighbour)
            if high == low:
                continue
            if values[low] > values[high]:
                high, low = low, high
            apart = 0.0
            for axis in range(3):
                apart += ((index[high, axis] - index[low, axis]) * spacing[axis]) ** 2
            shallow = values[low] - values[voxel] < depth * (values[low] - background)
            if shallow or apart < distance_mm * distance_mm:
                parent[low] = high
    result = np.empty(count, np.int64)
    for voxel in range(count):
        result[voxel] = _root(parent, voxel)
    return result


@compiled
def _neighbour(
    voxel: npt.NDArray[np.int64], step: int, number_at: npt.NDArray[np.int64], shape: tuple[int, int, int]
) -> int:
    k, j, i = voxel[0] + step // 9 - 1, voxel[1] + step // 3 % 3 - 1, voxel[2] + step % 3 - 1
    if k < 0 or j < 0 or i < 0 or k >= shape[0] or j >= shape[1] or i >= shape[2]:
        return -1
    return int(number_at[k, j, i])


@compiled
def _root(parent: npt.NDArray[np.int64], voxel: int) -> int:
    while parent[voxel] != voxel:
        parent[voxel] = parent[parent[voxel]]
        voxel = parent[voxel]
    return voxel
