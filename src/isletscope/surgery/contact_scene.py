"""A tumour and the vessels about it in space, small enough to be kept: tumour, arteries and veins on a grid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.spatial import Mask, bounding_box
from isletscope.surgery.pictured import SCENE_STEP_MM, ContactScene, Shares

_AROUND_MM = 22.0
_SMOOTH_MM = 1.2
_MOST_STEPS = 160


def contact_scene(tumour: Mask, vessels: Mapping[str, Mask]) -> ContactScene | None:
    """The scene about a tumour, 22 mm beyond it on every side; None where it is too large, or there is no vessel.

    ``vessels``: by name, on the grid of the tumour; a name with vein or cava is a vein, any other an artery.
    """
    inner = bounding_box(tumour.array)
    if inner is None or not vessels:
        return None
    ends = np.stack([inner.start, inner.stop], axis=-1).astype(np.float64)
    points = tumour.geometry.to_lps(np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3))
    low, high = points.min(axis=0) - _AROUND_MM, points.max(axis=0) + _AROUND_MM
    count = np.ceil((high - low) / SCENE_STEP_MM).astype(int) + 1
    if count.max() > _MOST_STEPS:
        return None
    steps = (low[axis] + SCENE_STEP_MM * np.arange(count[axis]) for axis in (2, 1, 0))
    z, y, x = np.meshgrid(*steps, indexing="ij")
    index = np.moveaxis(tumour.geometry.to_index(np.stack([x, y, z], axis=-1)), -1, 0)
    named = {name: one for name, one in vessels.items() if one.array.any()}
    veins = [one for name, one in named.items() if "vein" in name or "cava" in name]
    arteries = [one for name, one in named.items() if "vein" not in name and "cava" not in name]
    return ContactScene(*(_shares(masks, tumour, index) for masks in ([tumour], arteries, veins)))


def _shares(masks: list[Mask], grid: Mask, index: npt.NDArray[np.float64]) -> Shares:
    every = np.zeros(grid.array.shape, dtype=bool)
    for one in masks:
        every |= one.array
    sampled = ndimage.map_coordinates(every.astype(np.float32), index, order=1, mode="constant")
    smooth = np.asarray(ndimage.gaussian_filter(sampled, _SMOOTH_MM / SCENE_STEP_MM))
    return np.asarray(np.rint(255 * np.clip(smooth, 0, 1)), dtype=np.uint8)
