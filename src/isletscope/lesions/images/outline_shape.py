"""Shapes on a cubic grid: the part at a core, holes filled, bridges opened, how round it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.spatial import label_components

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


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
    depth = depth_mm(inside, step_mm)
    cut = share * float(depth[core].max(initial=0.0))
    kernel = part_at(depth > cut, core)
    if not kernel.any():
        return None
    reach = cut + 0.75 * step_mm
    return part_at(inside & (away_mm(kernel, step_mm, reach) <= reach), core)


def depth_mm(inside: Booleans, step_mm: float) -> Floats:
    """Distance of voxels inside to the nearest voxel outside, mm; 0 outside. The window's border is no edge."""
    return _within_box(inside, inside, step_mm, 1, 0.0)


def away_mm(inside: Booleans, step_mm: float, reach_mm: float) -> Floats:
    """Distance of voxels outside to the nearest voxel inside, mm; 0 inside, infinite beyond ``reach_mm`` or so."""
    return _within_box(inside, ~inside, step_mm, int(np.ceil(reach_mm / step_mm)) + 1, np.inf)


def _within_box(inside: Booleans, counted: Booleans, step_mm: float, margin: int, elsewhere: float) -> Floats:
    """Distances of ``counted`` voxels to others, reckoned in the box around a region alone, for speed."""
    found = ndimage.find_objects(inside.view(np.uint8))
    if not found:
        return np.full(inside.shape, elsewhere, np.float32)
    box = tuple(slice(max(0, part.start - margin), part.stop + margin) for part in found[0])
    distance = np.full(inside.shape, elsewhere, np.float32)
    distance[box] = ndimage.distance_transform_edt(counted[box], sampling=step_mm)
    return distance


def sphericity(inside: Booleans) -> float:
    """Surface of the ball of the same volume over the surface, 0 to 1; surface as total variation after a blur."""
    count = np.count_nonzero(inside)
    if count == 0:
        return 0.0
    box = ndimage.find_objects(inside.astype(np.uint8))[0]
    slopes = np.gradient(ndimage.gaussian_filter(np.pad(inside[box], 4).astype(np.float32), 1.0))
    surface = float(np.sqrt(sum(slope**2 for slope in slopes)).sum())
    return float(np.pi ** (1 / 3) * (6 * count) ** (2 / 3) / surface)
