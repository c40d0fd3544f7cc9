"""How far a candidate reaches: the half-contrast rule on the series that shows it best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.lesions.images.contrast import Bool3D, Float3D
from isletscope.spatial import Box, Geometry, Volume, cropped_geometry, gaussian, label_components, resample

_ROUNDS = 3
_FAR_MM = 1e6


@dataclass(frozen=True)
class Extent:
    """A candidate's voxels on the block of a grid that begins at ``start_kji``.

    ``inner`` and ``outer``: the values (unit of the series) of its middle and of the shell around it; ``threshold`` is
    half way between.
    """

    inside: Bool3D
    start_kji: tuple[int, int, int]
    geometry: Geometry
    inner: float
    outer: float
    threshold: float
    radius_mm: float

    @property
    def box(self) -> Box:
        """The block of the whole grid."""
        k, j, i = (a + n for a, n in zip(self.start_kji, self.inside.shape, strict=True))
        return Box(self.start_kji, (k, j, i))

    @property
    def volume_ml(self) -> float:
        """Voxels times voxel volume."""
        return float(np.count_nonzero(self.inside)) * self.geometry.voxel_volume_ml


@dataclass(frozen=True)
class Place:
    """Where a candidate is sought: its centre in LPS mm, its radius, and those of its neighbours."""

    centre_lps_mm: npt.NDArray[np.float64]
    radius_mm: float
    others_lps_mm: npt.NDArray[np.float64]
    others_radius_mm: npt.NDArray[np.float64]


def extent_of(
    volume: Volume,
    organ: Bool3D,
    geometry: Geometry,
    place: Place,
    level: float | None = None,
    reach: float = 1.7,
    rounds: int = _ROUNDS,
) -> Extent | None:
    """Voxels of ``geometry`` (the grid of ``organ``) connected with the centre on its side of the half-contrast level.

    The level lies half way between the median of the middle (half the radius) and the median of the shell inside the
    organ (1.3 radii and 6 mm more), neighbours left aside. What lies farther than ``reach`` radii, nearer to a
    neighbour (in radii of each), or more than a little outside the organ is left out. None when middle and shell do not
    differ or nothing is connected. ``level``: the organ's value where the shell holds other things than the organ.
    """
    radius = place.radius_mm
    extent: Extent | None = None
    for _ in range(rounds):
        found = _once(volume, organ, geometry, place, radius, reach, level)
        if found is None:
            return extent
        extent = found
        measured = (3000.0 * extent.volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0)
        if abs(measured - radius) <= 0.1 * radius:
            break
        radius = float(np.clip(measured, 0.6 * place.radius_mm, 1.6 * place.radius_mm))
    return extent


def _once(
    volume: Volume,
    organ: Bool3D,
    geometry: Geometry,
    place: Place,
    radius: float,
    reach: float,
    level: float | None,
) -> Extent | None:
    at = np.rint(geometry.to_index(place.centre_lps_mm)).astype(int)
    at = np.clip(at, 0, np.asarray(geometry.shape) - 1)
    seed = Box((int(at[0]), int(at[1]), int(at[2])), (int(at[0]) + 1, int(at[1]) + 1, int(at[2]) + 1))
    box = seed.grown(reach * radius + 8.0, geometry)
    block = cropped_geometry(geometry, box)
    values = smoothed_on(volume, block, radius)
    if values is None:
        return None
    distance = distances_mm(block, place.centre_lps_mm)
    mine = np.ones(values.shape, np.bool_)
    for centre, other in zip(place.others_lps_mm, place.others_radius_mm, strict=True):
        if np.linalg.norm(centre - place.centre_lps_mm) <= reach * (radius + other) + 12.0:
            mine &= distance / radius <= distances_mm(block, centre) / other
    inside_organ = organ[box.slices]
    middle = (distance <= max(0.5 * radius, _nearby_mm(block))) & mine
    shell = (distance > 1.3 * radius) & (distance <= 1.3 * radius + 6.0) & inside_organ & mine
    if not middle.any() or np.count_nonzero(shell) < 8:
        return None
    inner = float(np.median(values[middle]))
    outer = float(np.median(values[shell])) if level is None else level
    if inner == outer:
        return None
    threshold = (inner + outer) / 2.0
    beyond = values >= threshold if inner > outer else values <= threshold
    room = ndimage.binary_dilation(inside_organ) if inner > outer else inside_organ
    allowed = beyond & mine & (distance <= reach * radius) & room
    return _connected(allowed, distance, box, block, (inner, outer, threshold), radius)


def _connected(
    allowed: Bool3D,
    distance: Float3D,
    box: Box,
    block: Geometry,
    levels: tuple[float, float, float],
    radius: float,
) -> Extent | None:
    """The connected part with most voxels near the centre, holes filled plane by plane."""
    parts, count = label_components(allowed, 6)
    near = max(0.7 * radius, _nearby_mm(block))
    central = parts[(distance <= near) & (parts > 0)]
    if count == 0 or not central.size:
        return None
    inside = np.asarray(parts == np.bincount(central).argmax())
    for plane in inside:
        plane[...] = ndimage.binary_fill_holes(plane)
    return Extent(inside, box.start, block, *levels, radius)


def _nearby_mm(block: Geometry) -> float:
    """A little more than half the diagonal of a voxel: the voxel of a point and its nearest neighbours."""
    return 0.6 * float(np.linalg.norm(block.spacing_mm))


def smoothed_on(volume: Volume, block: Geometry, radius_mm: float) -> Float3D | None:
    """Values on a block, calmed by a Gaussian of 1 mm (1.5 mm from a radius of 8 mm on); None where none was taken."""
    values = resample(volume, block, order="linear", outside=-_FAR_MM).array
    if float(values.min()) <= -_FAR_MM / 2:
        taken = values > -_FAR_MM / 2
        if np.count_nonzero(taken) < 0.3 * taken.size:
            return None
        values = np.where(taken, values, float(np.median(values[taken])))
    width = 1.5 if radius_mm >= 8.0 else 1.0
    return gaussian(np.asarray(values, np.float32), [width / s for s in block.spacing_mm])


def distances_mm(block: Geometry, centre_lps_mm: npt.NDArray[np.float64]) -> Float3D:
    """Distance of every voxel centre of a block to a point, mm [k, j, i]."""
    at = block.to_index(centre_lps_mm)
    axes = [(np.arange(n) - a) * s for n, a, s in zip(block.shape, at, block.spacing_mm, strict=True)]
    k, j, i = np.meshgrid(*[axis.astype(np.float32) for axis in axes], indexing="ij", sparse=True)
    return np.asarray(np.sqrt(k * k + j * j + i * i), dtype=np.float32)
