"""The block of an image around a seed that outlining works on: near to isotropic, with what may be used of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy import Thresholds
from isletscope.spatial import (
    Box,
    Geometry,
    Mask,
    Volume,
    cropped_mask,
    cropped_volume,
    distance_to_mm,
    gaussian,
    inside_depth_mm,
    resample,
    resample_mask,
)

Floats = npt.NDArray[np.float32]
Booleans = npt.NDArray[np.bool_]

_LEAST_SHARE = 0.2  # voxels whose centre lies further outside than this in the blurred region are never taken


@dataclass(frozen=True)
class Window:
    """Values [k, j, i] on a cubic grid along the image's own axes, centred on the seed; all arrays have its shape.

    ``valid``: inside the image and not in a missing slice. ``organ``: inside the organ, None when none was given.
    ``allowed``: where the outline may go; ``near_organ``: where it may go when it is seen to leave the organ.
    ``from_seed_mm``: distance to the seed. ``reach_mm``: limit of growth. ``voxel_mm``: of the image, in its slices.
    ``blur_mm``: standard deviation of the blur of voxels and slices, averaged over directions.
    """

    values: Floats
    geometry: Geometry
    valid: Booleans
    organ: Booleans | None
    allowed: Booleans
    near_organ: Booleans
    from_seed_mm: Floats
    reach_mm: float
    voxel_mm: float
    blur_mm: float

    @property
    def step_mm(self) -> float:
        """Edge of a voxel of the window."""
        return self.geometry.spacing_mm[0]

    def smoothed(self, sigma_mm: float) -> Floats:
        """Values after a Gaussian, what is not valid left out of the averages."""
        return weighted_mean(self.values, self.valid, sigma_mm / self.step_mm)


def weighted_mean(values: Floats, inside: Booleans, sigma_voxels: float) -> Floats:
    """Gaussian average [k, j, i] of the values inside a region; 0 where the region is too far away to count."""
    weight = gaussian(inside.astype(np.float32), sigma_voxels, mode="constant")
    total = gaussian(np.where(inside, values, np.float32(0)), sigma_voxels, mode="constant")
    return np.asarray(np.divide(total, weight, out=np.zeros_like(total), where=weight > 1e-4), dtype=np.float32)


def window_around(
    volume: Volume, seed_lps_mm: npt.NDArray[np.float64], organ: Mask | None, radius_mm: float, rules: Thresholds
) -> Window:
    """The window for a lesion of about that radius at the seed (LPS mm), reaching as far as growth may go."""
    reach = rules.number("window.reach_of_radius") * radius_mm + rules.number("window.reach_more_mm")
    across = rules.number("window.voxels_across")
    voxel = max(sorted(volume.geometry.spacing_mm)[:2])
    finest = max(0.5 * voxel, rules.number("window.spacing_smallest_mm"))
    step = max(finest, 2 * reach / across)
    half = int(np.ceil(reach / step)) + 1
    corner = seed_lps_mm - half * step * np.sum(np.asarray(volume.geometry.axes_lps), axis=0)
    count = 2 * half + 1
    geometry = Geometry((count, count, count), (step, step, step), _point(corner), volume.geometry.axes_lps)
    part = cropped_volume(volume, _box_around(volume.geometry, seed_lps_mm, reach + 2 * step))
    clean = part.with_array(np.asarray(part.array, dtype=np.float32))
    resampled = resample(clean, geometry, outside=float("nan"))
    values = np.asarray(resampled.array, dtype=np.float32)
    valid = np.isfinite(values)
    valid[list(resampled.missing_slices)] = False
    values = np.where(valid, values, np.float32(np.median(values[valid]) if valid.any() else 0.0))
    index = (np.arange(count, dtype=np.float32) - half) * np.float32(step)
    squared = index[:, None, None] ** 2 + index[None, :, None] ** 2 + index[None, None, :] ** 2
    from_seed = np.sqrt(squared)
    inside = None if organ is None else _organ_on(organ, geometry, seed_lps_mm, reach)
    return Window(
        values=values,
        geometry=geometry,
        valid=valid,
        organ=inside,
        allowed=valid & _closed(inside, geometry, radius_mm),
        near_organ=valid & _near(inside, geometry, from_seed, radius_mm),
        from_seed_mm=from_seed,
        reach_mm=reach,
        voxel_mm=voxel,
        blur_mm=blur_mm(volume.geometry),
    )


def blur_mm(geometry: Geometry) -> float:
    """Blur of a box as wide as the voxel (variance 1/12 of its square), root mean square of the three axes."""
    return float(np.sqrt(np.mean(np.square(geometry.spacing_mm)) / 12))


def _organ_on(organ: Mask, geometry: Geometry, seed_lps_mm: npt.NDArray[np.float64], reach: float) -> Booleans | None:
    """The organ on the window by the voxel that each centre lies in; None where none of it is near."""
    part = cropped_mask(organ, _box_around(organ.geometry, seed_lps_mm, reach * 1.8))
    inside = resample_mask(part, geometry).array
    return inside if inside.any() else None


def _closed(organ: Booleans | None, geometry: Geometry, radius_mm: float) -> Booleans:
    """The organ with notches of the lesion's size closed, because masks often leave out what is abnormal."""
    if organ is None:
        return np.ones(geometry.shape, np.bool_)
    grown = distance_to_mm(Mask(organ, geometry)) <= radius_mm
    return np.asarray(organ | (inside_depth_mm(Mask(grown, geometry)) > radius_mm - 0.5 * geometry.spacing_mm[0]))


def _near(organ: Booleans | None, geometry: Geometry, from_seed: Floats, radius_mm: float) -> Booleans:
    """The organ and half a radius around it, and the place of the lesion itself."""
    if organ is None:
        return np.ones(geometry.shape, np.bool_)
    beyond = distance_to_mm(Mask(organ, geometry)) <= max(3.0, 0.5 * radius_mm)
    return np.asarray(beyond | (from_seed <= 0.8 * radius_mm))


def _box_around(geometry: Geometry, centre_lps_mm: npt.NDArray[np.float64], reach_mm: float) -> Box:
    """The block of a grid that holds a ball, and at least one voxel."""
    index = geometry.to_index(centre_lps_mm)
    size = np.asarray(geometry.shape)
    margin = reach_mm / np.asarray(geometry.spacing_mm) + 1
    low = np.clip(np.floor(index - margin), 0, size - 1).astype(int)
    high = np.clip(np.ceil(index + margin) + 1, low + 1, size).astype(int)
    return Box((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2])))


def on_grid(inside: Booleans, window: Window, volume: Volume, name: str) -> Mask:
    """A region of the window as a mask on the image's grid that keeps its volume: the voxels deepest in its blur."""
    soft = gaussian(inside.astype(np.float32), 1.0)
    box = _box_around(volume.geometry, np.asarray(window.geometry.to_lps(_middle(window))), window.reach_mm)
    grid = np.stack(
        np.meshgrid(*[np.arange(a, b) for a, b in zip(box.start, box.stop, strict=True)], indexing="ij"), axis=-1
    )
    index = window.geometry.to_index(volume.geometry.to_lps(grid.reshape(-1, 3))).T
    share = ndimage.map_coordinates(soft, index, order=1, mode="constant").reshape(grid.shape[:3])
    array = np.zeros(volume.geometry.shape, np.bool_)
    wanted = round(np.count_nonzero(inside) * window.geometry.voxel_volume_ml / volume.geometry.voxel_volume_ml)
    if wanted:
        least = np.partition(share.ravel(), -wanted)[-wanted] if wanted < share.size else 0.0
        array[box.slices] = share >= max(float(least), _LEAST_SHARE)
    return Mask(array, volume.geometry, volume.frame_of_reference_uid, name)


def _middle(window: Window) -> npt.NDArray[np.float64]:
    return (np.asarray(window.values.shape, dtype=np.float64) - 1) / 2


def _point(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in values)
    return x, y, z
