"""The outline of an organ settled by the image itself: where the value is half-way from the organ to what lies beyond.

A mixture of classes gives the outermost voxels of an organ away, because partial volume makes them look like a third
tissue. Along the normal of the surface the value inside and the value outside are known, and the edge of a blurred step
lies at half its height, whatever the blur.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy.images.frame import ImageFrame
from isletscope.anatomy.images.tissues import T, Tissues, is_ct
from isletscope.anatomy.images.vessels import VESSELS
from isletscope.anatomy.shapes import Bool3D, Float3D, Spacing, box_around, smoothed
from isletscope.spatial import gaussian

Points = npt.NDArray[np.float32]
_ROOM_MM = 16.0


def settled(
    masks: Mapping[str, Bool3D],
    names: tuple[str, ...],
    frame: ImageFrame,
    tissues: Tissues,
    free: Bool3D,
    share: Mapping[str, Float3D],
) -> dict[str, Bool3D]:
    """The masks [k, j, i] with the outlines of ``names`` at half height, one organ after the other.

    ``free``: voxels that no organ holds and that an organ may take; what one gives away another may take.
    ``share``: how often the atlases have each organ, 0 to 1.
    """
    result = dict(masks)
    values = smoothed(frame.image, T.number("edge.smoothing_mm"), frame.spacing_mm)
    least = _least_step(frame, values, tissues)
    if is_ct(frame.role):
        values = np.maximum(values, np.float32(T.number("edge.lowest_hu")))
    open_voxels = free.copy()
    for name in names:
        before = result[name]
        likely = open_voxels & (share[name] > T.number("edge.expected"))
        near = open_voxels & (share[name] > T.number("edge.possible_vessel" if name in VESSELS else "edge.possible"))
        after = at_half_height(before, near, likely, values, least, frame.spacing_mm)
        open_voxels = (open_voxels & ~after) | (before & ~after)
        result[name] = after
    return result


def at_half_height(
    mask: Bool3D, free: Bool3D, likely: Bool3D, values: Float3D, least_step: float, spacing_mm: Spacing
) -> Bool3D:
    """``mask`` [k, j, i] with its surface moved to half height, as far as ``edge.reach_mm``.

    ``values``: the image; ``free``: voxels that may be taken; ``likely``: those among them that may be taken by their
    value alone, where what lies beyond has the organ's value too; ``least_step``: difference of inside and outside
    below which the image tells no edge.
    """
    box = box_around(mask, _ROOM_MM, spacing_mm)
    if box is None:
        return mask
    result = mask.copy()
    result[box] = _moved(mask[box], free[box], likely[box], np.ascontiguousarray(values[box]), least_step, spacing_mm)
    return result


def _least_step(frame: ImageFrame, values: Float3D, tissues: Tissues) -> float:
    if is_ct(frame.role):
        return T.number("edge.least_step_hu")
    low, high = np.percentile(values[tissues.classes > 0], (10, 90))
    return T.number("edge.least_step_mr") * float(high - low)


@dataclass(frozen=True)
class _Band:
    """Voxels beside a surface: ``index`` [3, n]; ``height_mm`` above it, inside negative; outward ``normal``."""

    index: npt.NDArray[np.intp]
    height_mm: Points
    normal: Points

    def value_at(self, values: Float3D, height_mm: float, spacing_mm: Spacing) -> Points:
        """Values at a height on the normal through each voxel."""
        step = np.asarray(spacing_mm, dtype=np.float32)[:, None]
        points = self.index + self.normal * (height_mm - self.height_mm) / step
        return np.asarray(ndimage.map_coordinates(values, points, order=1, mode="nearest"), dtype=np.float32)


def _moved(
    mask: Bool3D, free: Bool3D, likely: Bool3D, values: Float3D, least_step: float, spacing_mm: Spacing
) -> Bool3D:
    """The mask with each voxel beside its surface judged by the values inside and outside on its normal.

    Of two heights outside the one counts whose value is nearer to the inside yet apart from it, so that a thin layer
    before something else (muscle before fat) is no part of the organ.
    """
    band = _band(mask, free, spacing_mm)
    place = tuple(band.index)
    inside = band.value_at(values, -T.number("edge.inside_mm"), spacing_mm)
    near, far = (band.value_at(values, height, spacing_mm) for height in T.bounds("edge.outside_mm"))
    here = values[place]
    result = mask.copy()
    near_apart = np.abs(near - inside) >= least_step
    far_nearer = (np.abs(far - inside) >= least_step) & (np.abs(far - inside) < np.abs(near - inside))
    outside = np.where(far_nearer, far, near)
    share = (here - outside) / np.where(near_apart, inside - outside, 1.0)
    alike = (np.abs(here - inside) < least_step / 2) & likely[place]
    result[place] = np.where(near_apart, share > 0.5, mask[place] | alike)
    return result


def _band(mask: Bool3D, free: Bool3D, spacing_mm: Spacing) -> _Band:
    half = spacing_mm[0] / 2
    outer = edt.edt(np.ascontiguousarray(~mask), anisotropy=spacing_mm, black_border=False)
    inner = edt.edt(np.ascontiguousarray(mask), anisotropy=spacing_mm, black_border=False)
    height = np.where(mask, half - inner, outer - half).astype(np.float32)
    reach = T.number("edge.reach_mm")
    near = (np.abs(height) < reach) & (mask | free)
    smooth = gaussian(height, 1.0)
    normal = np.stack([np.asarray(np.gradient(smooth, axis=axis))[near] for axis in range(3)]).astype(np.float32)
    normal /= np.maximum(np.linalg.norm(normal, axis=0), 1e-6)
    return _Band(np.argwhere(near).T, height[near], normal)
