"""Shapes on a cubic grid: the part at a core, holes filled, bridges opened, how round it is."""

from __future__ import annotations

import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.spatial import label_components

Booleans = npt.NDArray[np.bool_]


def radius_of(inside: Booleans, step_mm: float) -> float:
    """Radius in mm of the ball of the same volume as a region on a cubic grid."""
    return float((np.count_nonzero(inside) * step_mm**3 * 0.75 / np.pi) ** (1 / 3))


def part_at(inside: Booleans, core: Booleans) -> Booleans:
    """The part connected by faces that fills most of the core; empty when none comes near it."""
    parts, count = label_components(inside, 6)
    if count == 0:
        return np.zeros_like(inside)
    met = np.bincount(parts[core], minlength=count + 1)
    met[0] = 0
    if met.max() == 0:
        # A ring around a core of another value: the part that comes nearest to the core.
        wide = ndimage.binary_dilation(core, iterations=max(2, int(np.cbrt(np.count_nonzero(core)))))
        met = np.bincount(parts[wide], minlength=count + 1)
        met[0] = 0
    return np.asarray(parts == int(met.argmax())) if met.max() else np.zeros_like(inside)


def filled(inside: Booleans) -> Booleans:
    """Holes filled in space, then where planes of two of the three directions close around a place."""
    whole = inside | _holes(inside, (0, 1, 2))
    votes = sum(_holes(whole, (axis, (axis + 1) % 3)).astype(np.uint8) for axis in range(3))
    return np.asarray(whole | (votes >= 2))


def _holes(inside: Booleans, axes: tuple[int, ...]) -> Booleans:
    """What lies outside and is not connected, along some axes only, with the border of the array across them."""
    structure = np.zeros((3, 3, 3), np.bool_)
    structure[1, 1, 1] = True
    for axis in axes:
        structure[tuple(slice(None) if a == axis else 1 for a in range(3))] = True
    parts, count = ndimage.label(~inside, structure)
    reaches = np.zeros(count + 1, np.bool_)
    reaches[0] = True
    for axis in axes:
        for face in (0, -1):
            reaches[np.take(parts, face, axis=axis)] = True
    return np.asarray(~reaches[parts])


def opened(inside: Booleans, core: Booleans, share: float, step_mm: float) -> Booleans | None:
    """What stays connected with the core after cutting bridges thinner than a share of the inscribed radius."""
    depth = _distance_mm(inside, step_mm)
    cut = share * float(depth[core].max(initial=0.0))
    kernel = part_at(depth > cut, core)
    if not kernel.any():
        return None
    return part_at(inside & (_distance_mm(~kernel, step_mm) <= cut + 0.75 * step_mm), core)


def _distance_mm(inside: Booleans, step_mm: float) -> npt.NDArray[np.float32]:
    """Distance to the nearest voxel outside, mm."""
    return np.asarray(edt.edt(np.ascontiguousarray(inside)) * np.float32(step_mm), dtype=np.float32)


def sphericity(inside: Booleans) -> float:
    """Surface of the ball of the same volume over the surface, 0 to 1; surface as total variation after a blur."""
    count = np.count_nonzero(inside)
    if count == 0:
        return 0.0
    box = ndimage.find_objects(inside.astype(np.uint8))[0]
    slopes = np.gradient(ndimage.gaussian_filter(np.pad(inside[box], 4).astype(np.float32), 1.0))
    surface = float(np.sqrt(sum(slope**2 for slope in slopes)).sum())
    return float(np.pi ** (1 / 3) * (6 * count) ** (2 / 3) / surface)
