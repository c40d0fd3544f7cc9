"""How far the size of a region may be off, from outlines of the same thing drawn a little differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from scipy import ndimage

from isletscope.spatial.axes import axial_axes, extent_3d_mm
from isletscope.spatial.volume import Mask


@dataclass(frozen=True)
class Interval:
    """A value with the lowest and highest it may be, all in one unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class SizeIntervals:
    """Long and short axis in an axial plane, largest diameter in space (mm), volume (mL)."""

    long_axis_mm: Interval
    short_axis_mm: Interval
    largest_diameter_mm: Interval
    volume_ml: Interval


def size_intervals(mask: Mask, others: Sequence[Mask]) -> SizeIntervals:
    """Sizes of a mask; each interval spans those of the other outlines and half a voxel on the outline.

    The half voxel is added to the span as an independent error: at both ends of a diameter in root sum of squares, of
    the voxel's edge in the slices for the axes and of the mean edge in space; over the whole surface for the volume.
    Raises GeometryError for an empty mask; empty ones among the others do not count.
    """
    drawn = [mask, *(other for other in others if other.array.any())]
    axes = [axial_axes(one) for one in drawn]
    in_plane = float(np.mean([s for a, s in enumerate(mask.geometry.spacing_mm) if a != axes[0].plane_axis]))
    edge = float(np.cbrt(np.prod(mask.geometry.spacing_mm)))
    ends = 0.5 * float(np.sqrt(2.0))
    return SizeIntervals(
        long_axis_mm=_interval([one.long_mm for one in axes], ends * in_plane),
        short_axis_mm=_interval([one.short_mm for one in axes], ends * in_plane),
        largest_diameter_mm=_interval([extent_3d_mm(one) for one in drawn], ends * edge),
        volume_ml=_interval([one.volume_ml for one in drawn], _half_voxel_ml(mask)),
    )


def _interval(values: list[float], more: float) -> Interval:
    """The first value, and the span of all widened by an independent error."""
    value = values[0]
    low, high = value - hypot(value - min(values), more), value + hypot(max(values) - value, more)
    return Interval(value, max(0.0, low), high)


def _half_voxel_ml(mask: Mask) -> float:
    """A quarter of the volume between the mask grown and shrunk by one voxel: half a voxel on either side."""
    box = np.pad(mask.array, 1)[tuple(slice(max(0, s.start - 1), s.stop + 3) for s in _box(mask))]
    grown, shrunk = ndimage.binary_dilation(box), ndimage.binary_erosion(box)
    return float(np.count_nonzero(grown) - np.count_nonzero(shrunk)) / 4 * mask.geometry.voxel_volume_ml


def _box(mask: Mask) -> tuple[slice, slice, slice]:
    k, j, i = ndimage.find_objects(mask.array.astype(np.uint8))[0]
    return k, j, i
