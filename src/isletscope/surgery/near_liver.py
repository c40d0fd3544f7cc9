"""What stands beside each tumour of the liver: size, depth below the capsule, distance to pedicles and vessels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from isletscope.spatial import (
    Box,
    Geometry,
    Mask,
    bounding_box,
    cropped_geometry,
    distance_to_mm,
    extent_3d_mm,
    inside_depth_mm,
)
from isletscope.surgery.liver_map import LiverMap, Region

# Vessels up to twice this calibre inside the liver do not count as its surface.
_CLOSED_MM = 10.0


@dataclass(frozen=True)
class Surroundings:
    """What a wedge or an ablation keeps away from, on the grid of the liver; None where it is not known.

    ``pedicles``: bile ducts of first and second order, or the portal branches that they run with. ``vessels``: hepatic
    and portal veins of 3 mm or more. ``neighbours``: bowel, gallbladder, heart.
    """

    pedicles: Region | None = None
    vessels: Region | None = None
    neighbours: Region | None = None


@dataclass(frozen=True)
class Site:
    """One tumour: largest diameter, depth of its deepest voxel below the capsule, distances; mm. None: not known.

    ``surface_lps_mm``: the point of the capsule nearest to its centre. ``shares``: of its volume by segment, above 0.
    ``box`` and ``mask``: its voxels within the grid of the liver.
    """

    lesion: str
    diameter_mm: float
    deepest_mm: float
    pedicle_mm: float | None
    vessel_mm: float | None
    neighbour_mm: float | None
    volume_ml: float
    surface_lps_mm: npt.NDArray[np.float64]
    shares: dict[int, float]
    box: Box
    mask: npt.NDArray[np.bool_]

    @property
    def centre(self) -> npt.NDArray[np.float64]:
        """Mean voxel index [k, j, i] within the box."""
        return np.asarray(np.argwhere(self.mask).mean(axis=0))


def lesion_sites(liver: LiverMap, around: Surroundings) -> list[Site]:
    """Every tumour that lies in the liver, at least in part, in the order of the map."""
    geometry = liver.liver.geometry
    capsule = _capsule(liver)
    depth = inside_depth_mm(capsule)
    surface = _surface_mm(capsule, depth)
    gaps = {
        name: None if region is None else distance_to_mm(Mask(region, geometry))
        for name, region in (
            ("pedicle", around.pedicles),
            ("vessel", around.vessels),
            ("neighbour", around.neighbours),
        )
    }

    def gap(name: str, box: Box, mask: npt.NDArray[np.bool_]) -> float | None:
        distance = gaps[name]
        nearest = None if distance is None else float(distance[box.slices][mask].min())
        return nearest if nearest is not None and np.isfinite(nearest) else None

    found = []
    for name, region in liver.tumours.items():
        place = liver.place(name)
        box = bounding_box(region & liver.liver.array)
        if place is None or box is None:
            continue
        mask = region[box.slices] & liver.liver.array[box.slices]
        found.append(
            Site(
                lesion=name,
                diameter_mm=extent_3d_mm(Mask(mask, cropped_geometry(geometry, box))),
                deepest_mm=float(depth[box.slices][mask].max()),
                pedicle_mm=gap("pedicle", box, mask),
                vessel_mm=gap("vessel", box, mask),
                neighbour_mm=gap("neighbour", box, mask),
                volume_ml=place.volume_ml,
                surface_lps_mm=surface(region_centre(mask, box, geometry)),
                shares={segment: ml / place.volume_ml for segment, ml in place.by_segment_ml.items()},
                box=box,
                mask=mask,
            )
        )
    return found


def region_centre(mask: npt.NDArray[np.bool_], box: Box, geometry: Geometry) -> npt.NDArray[np.float64]:
    """Mean of a region's voxel centres, LPS mm."""
    return np.asarray(geometry.to_lps(np.argwhere(mask).mean(axis=0) + np.asarray(box.start)))


def _capsule(liver: LiverMap) -> Mask:
    """The liver with the vessels that run through it: what is no farther than so much from liver on all sides."""
    geometry = liver.liver.geometry
    box = bounding_box(liver.liver.array)
    if box is None:
        return liver.liver
    # Room for the growth, also where the liver reaches the edge of the images.
    room = [int(np.ceil(_CLOSED_MM / spacing)) + 2 for spacing in geometry.spacing_mm]
    padded = np.pad(liver.liver.array[box.slices], [(one, one) for one in room])
    grid = replace(geometry, shape=padded.shape)
    grown = distance_to_mm(Mask(padded, grid)) <= _CLOSED_MM
    inner = tuple(slice(one, size - one) for one, size in zip(room, padded.shape, strict=True))
    closed = liver.liver.array.copy()
    closed[box.slices] |= (inside_depth_mm(Mask(grown, grid)) > _CLOSED_MM)[inner]
    return Mask(closed, geometry)


def _surface_mm(
    capsule: Mask, depth: npt.NDArray[np.float32]
) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    """Gives the voxel centre at the capsule that is nearest to a point, LPS mm."""
    outermost = capsule.array & (depth <= max(capsule.geometry.spacing_mm))
    points = capsule.geometry.to_lps(np.argwhere(outermost))
    tree = cKDTree(points)
    return lambda point: np.asarray(points[tree.query(point)[1]])


def ball(site: Site, margin_mm: float, geometry: Geometry) -> tuple[Box, npt.NDArray[np.bool_], float]:
    """The sphere about a tumour's centre that covers it with a margin: its box, its voxels in it, its radius in mm."""
    centre = site.centre + np.asarray(site.box.start)
    spacing = np.asarray(geometry.spacing_mm)
    offsets = (np.argwhere(site.mask) + site.box.start - centre) * spacing
    radius = float(np.linalg.norm(offsets, axis=1).max()) + margin_mm
    grown = site.box.grown(radius, geometry)
    axes = [
        ((np.arange(low, high) - c) * step) ** 2
        for low, high, c, step in zip(grown.start, grown.stop, centre, spacing, strict=True)
    ]
    squared = axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :]
    return grown, squared <= radius**2, radius
