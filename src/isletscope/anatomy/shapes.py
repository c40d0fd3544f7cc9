"""Shape operations on boolean arrays in millimetres: round structuring elements by distance, components, filling."""

from __future__ import annotations

from typing import Literal

import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.spatial import Geometry, gaussian, label_components

Bool3D = npt.NDArray[np.bool_]
Float3D = npt.NDArray[np.float32]
Spacing = tuple[float, float, float]
Connectivity = Literal[6, 18, 26]


def box_around(mask: Bool3D, margin_mm: float, spacing_mm: Spacing) -> tuple[slice, slice, slice] | None:
    """Slices around the true voxels with a margin in mm, cut at the array's border; None for an empty mask."""
    slices = []
    for axis, step in enumerate(spacing_mm):
        others = tuple(n for n in range(3) if n != axis)
        there = np.flatnonzero(mask.any(axis=others))
        if not there.size:
            return None
        margin = int(np.ceil(margin_mm / step)) + 1
        slices.append(slice(max(0, int(there[0]) - margin), min(mask.shape[axis], int(there[-1]) + margin + 1)))
    return slices[0], slices[1], slices[2]


def dilated(mask: Bool3D, radius_mm: float, spacing_mm: Spacing) -> Bool3D:
    """``mask`` [k, j, i] grown by a ball."""
    result = np.zeros_like(mask)
    box = box_around(mask, radius_mm, spacing_mm)
    if box is not None:
        distance = edt.edt(np.ascontiguousarray(~mask[box]), anisotropy=spacing_mm, black_border=False)
        result[box] = distance <= radius_mm
    return result


def eroded(mask: Bool3D, radius_mm: float, spacing_mm: Spacing) -> Bool3D:
    """``mask`` [k, j, i] shrunk by a ball; the border of the array counts as inside."""
    return np.asarray(depth_mm(mask, spacing_mm) > radius_mm)


def opened(mask: Bool3D, radius_mm: float, spacing_mm: Spacing) -> Bool3D:
    """``mask`` without the parts that a ball of this radius does not fit into."""
    return dilated(eroded(mask, radius_mm, spacing_mm), radius_mm, spacing_mm) & mask


def without_knobs(mask: Bool3D, radius_mm: float, slack_mm: float, spacing_mm: Spacing) -> Bool3D:
    """``mask`` without what sits on it and is thinner than a ball of ``radius_mm``; ``slack_mm`` of rim stays.

    Hollows narrower than the ball count as filled, so that a C-shaped organ keeps its lips. An organ that is thinner
    everywhere stays as it is.
    """
    core = opened(closed(mask, radius_mm, spacing_mm), radius_mm, spacing_mm)
    kept = mask & dilated(core, slack_mm, spacing_mm)
    return np.asarray(kept) if 2 * np.count_nonzero(kept) > np.count_nonzero(mask) else mask


def closed(mask: Bool3D, radius_mm: float, spacing_mm: Spacing) -> Bool3D:
    """``mask`` with the gaps filled that a ball of this radius does not fit into."""
    return eroded(dilated(mask, radius_mm, spacing_mm), radius_mm, spacing_mm) | mask


def depth_mm(mask: Bool3D, spacing_mm: Spacing) -> Float3D:
    """Distance of each inside voxel from the outside in mm; the border of the array counts as inside."""
    result = np.zeros(mask.shape, dtype=np.float32)
    box = box_around(mask, 0.0, spacing_mm)
    if box is not None:
        result[box] = edt.edt(np.ascontiguousarray(mask[box]), anisotropy=spacing_mm, black_border=False)
    return result


def smoothed(values: Float3D, sigma_mm: float, spacing_mm: Spacing) -> Float3D:
    """Gaussian smoothing with one sigma in mm."""
    sigma = [sigma_mm / step for step in spacing_mm]
    return gaussian(values, sigma, mode="nearest", truncate=3.0)


def filled_slices(mask: Bool3D) -> Bool3D:
    """``mask`` with the holes of each slice k filled."""
    return np.stack([ndimage.binary_fill_holes(plane) for plane in mask])


def _numbered(mask: Bool3D, connectivity: Connectivity) -> npt.NDArray[np.int32]:
    labels, _ = label_components(mask, connectivity)
    return labels.astype(np.int32)


class Parts:
    """Connected parts of a mask, largest first.

    ``labels`` [k, j, i] holds 1 for the largest part; ``voxels[n]`` and ``boxes[n]`` describe label ``n + 1``.
    """

    def __init__(self, mask: Bool3D, *, least_voxels: int = 1, connectivity: Connectivity = 6) -> None:
        labels = _numbered(mask, connectivity)
        counts = np.bincount(labels.ravel())
        order = [int(n) for n in np.argsort(-counts[1:], kind="stable") + 1 if counts[n] >= least_voxels]
        table = np.zeros(counts.size, dtype=np.int32)
        table[np.asarray(order, dtype=np.int64)] = np.arange(1, len(order) + 1)
        self.labels: npt.NDArray[np.int32] = table[labels]
        self.voxels: list[int] = [int(counts[n]) for n in order]
        boxes = ndimage.find_objects(self.labels)
        self.boxes: list[tuple[slice, slice, slice]] = [box for box in boxes if box is not None]

    def __len__(self) -> int:
        return len(self.voxels)

    def near(self, number: int, margin_mm: float, spacing_mm: Spacing) -> tuple[slice, slice, slice]:
        """The box of part ``number`` with a margin, cut at the array's border."""
        box = []
        for part, step, length in zip(self.boxes[number], spacing_mm, self.labels.shape, strict=True):
            margin = int(np.ceil(margin_mm / step)) + 1
            box.append(slice(max(0, part.start - margin), min(length, part.stop + margin)))
        return box[0], box[1], box[2]

    def mask(self, number: int) -> Bool3D:
        """Part ``number`` (0 is the largest) as a mask."""
        return np.asarray(self.labels == number + 1)


def largest_part(mask: Bool3D) -> Bool3D:
    """The largest connected part, or the empty mask."""
    parts = Parts(mask)
    return parts.mask(0) if len(parts) else np.zeros_like(mask)


def touching(mask: Bool3D, seed: Bool3D) -> Bool3D:
    """The connected parts of ``mask`` that share a voxel with ``seed``."""
    labels = _numbered(mask, 6)
    wanted = np.unique(labels[seed & mask])
    return np.asarray(np.isin(labels, wanted[wanted > 0]))


def right_and_left(mask: Bool3D, geometry: Geometry) -> tuple[Bool3D, Bool3D]:
    """Right and left half of a paired organ, cut at the middle of its extent along LPS x."""
    index = np.argwhere(mask)
    right, left = np.zeros_like(mask), np.zeros_like(mask)
    if len(index):
        x = geometry.to_lps(index)[:, 0]
        side = x < (x.min() + x.max()) / 2
        right[tuple(index[side].T)] = True
        left[tuple(index[~side].T)] = True
    return right, left
