"""Pieces of one tumour put together: places that stand out side by side with no waist between them.

A tumour that is uneven, or larger than what lies around it lets a blob be, shows several blobs. Two of them are one
tumour where the voxels beyond the half-contrast level are nearly as wide between the two as in the smaller one; two
tumours that touch have a waist there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.contrast import Bool3D
from isletscope.lesions.images.extent import Extent, Place, smoothed_on
from isletscope.lesions.images.features import FloatArray
from isletscope.lesions.images.waist import voxel_length_mm, widths
from isletscope.spatial import Box, Geometry, Volume, cropped_geometry

_SAME_PLACE_MM = 0.5
_BESIDE = 1.2


@dataclass(frozen=True)
class Piece:
    """One place that stands out: its extent, outlined on the series ``series_key``."""

    series_key: str
    extent: Extent

    @property
    def centre_lps_mm(self) -> FloatArray:
        """Mean of its voxels, LPS mm."""
        return np.asarray(self.extent.geometry.to_lps(np.argwhere(self.extent.inside)).mean(axis=0))

    @property
    def radius_mm(self) -> float:
        """Radius of the ball of the same volume."""
        return float((3000.0 * self.extent.volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0))


def groups_of(
    pieces: Sequence[Piece], volumes: Mapping[str, Volume], grid: Geometry, thresholds: Thresholds
) -> list[list[int]]:
    """Indices of the pieces, those of one tumour together; every piece stands in one group.

    ``grid``: the grid that the extents are blocks of; ``volumes`` by series key.
    The order of the pieces does not matter for who belongs together.
    """
    group = list(range(len(pieces)))
    for first in range(len(pieces)):
        for second in range(first + 1, len(pieces)):
            if group[first] != group[second] and _are_one(pieces[first], pieces[second], volumes, grid, thresholds):
                old, new = group[second], group[first]
                group = [new if one == old else one for one in group]
    return [[n for n, one in enumerate(group) if one == name] for name in dict.fromkeys(group)]


def place_of(pieces: Sequence[Piece], others: Sequence[Piece]) -> Place:
    """Where the tumour that the pieces make is to be outlined, its neighbours beside it."""
    volumes = np.array([piece.extent.volume_ml for piece in pieces])
    centres = np.array([piece.centre_lps_mm for piece in pieces])
    centre = (volumes[:, None] * centres).sum(axis=0) / volumes.sum()
    farthest = max(float(np.linalg.norm(piece.centre_lps_mm - centre)) + piece.radius_mm for piece in pieces)
    ball = float((3000.0 * volumes.sum() / (4.0 * np.pi)) ** (1.0 / 3.0))
    return Place(
        centre,
        (ball + farthest) / 2.0,
        np.array([piece.centre_lps_mm for piece in others]).reshape(-1, 3),
        np.array([piece.radius_mm for piece in others]),
    )


def _are_one(
    first: Piece, second: Piece, volumes: Mapping[str, Volume], grid: Geometry, thresholds: Thresholds
) -> bool:
    small, large = sorted((first, second), key=lambda piece: piece.extent.volume_ml)
    if (small.extent.inner > small.extent.outer) != (large.extent.inner > large.extent.outer):
        return False
    apart = float(np.linalg.norm(first.centre_lps_mm - second.centre_lps_mm))
    if apart > small.radius_mm + large.radius_mm + thresholds.number("joined.most_gap_mm"):
        return False
    return _waist(small, large, volumes[large.series_key], grid) >= thresholds.number("joined.least_waist")


def _waist(small: Piece, large: Piece, volume: Volume, grid: Geometry) -> float:
    """Narrowest cross-section between the centres over that at the smaller one's centre, at the level of the larger."""
    block = _block(small, large, grid)
    values = smoothed_on(volume, block, large.radius_mm)
    if values is None:
        return 0.0
    level = large.extent.threshold
    beyond: Bool3D = values >= level if large.extent.inner > large.extent.outer else values <= level
    start, end = small.centre_lps_mm, large.centre_lps_mm
    length = float(np.linalg.norm(end - start))
    voxel_mm = voxel_length_mm(block, (end - start) / max(length, _SAME_PLACE_MM))
    if length < max(voxel_mm, _SAME_PLACE_MM):
        return 1.0
    towards = block.to_lps(np.argwhere(beyond)) - start
    along = towards @ (end - start) / length
    beside = np.sqrt(np.maximum((towards**2).sum(axis=1) - along**2, 0.0)) <= _BESIDE * small.radius_mm
    between = widths(along[beside], voxel_mm, np.linspace(0.0, length, 16))
    return float(between.min() / between[0]) if between[0] > 0 else 0.0


def _block(small: Piece, large: Piece, grid: Geometry) -> Geometry:
    """The block of the grid that holds both pieces."""
    boxes = small.extent.box, large.extent.box
    k, j, i = (min(box.start[axis] for box in boxes) for axis in range(3))
    ends = [max(box.stop[axis] for box in boxes) for axis in range(3)]
    return cropped_geometry(grid, Box((k, j, i), (ends[0], ends[1], ends[2])))
