"""A vessel traced between two points that a reader sets on CT or MR: its course, and its lumen as a mask.

Method: cheapest path between the points, where a step is dear when its value differs from that of the lumen at both
points (a discrete form of the minimal paths of Cohen and Kimmel, 1997). The lumen is what hangs together with the path,
has values nearer to those of the lumen than to what surrounds it, and lies within the largest radius that the reader
allows: where a tumour enhances as the vessel does, only that radius parts them, and a reader has to correct the mask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.errors import InputError
from isletscope.spatial import Box, FloatArray, Mask, Volume, cropped_volume, distance_to_mm, gaussian, label_components
from isletscope.surgery.course import even_course
from isletscope.surgery.paths import VoxelGraph

_MARGIN_MM = 15.0
_SMOOTH_MM = 0.7
_SAMPLE_MM = 1.5
_LEAST_SPREAD = 0.05
_POWER = 2.0
_MOST_VOXELS = 1_000_000


@dataclass(frozen=True)
class TracedVessel:
    """``course`` [n, 3] in LPS mm every half millimetre; ``lumen`` on the grid of the images."""

    course: FloatArray
    lumen: Mask


def traced_vessel(
    image: Volume,
    start_lps_mm: FloatArray,
    end_lps_mm: FloatArray,
    *,
    largest_radius_mm: float,
    name: str = "",
    tumour: Mask | None = None,
) -> TracedVessel:
    """The vessel between two points inside it, LPS mm.

    ``tumour``: on the grid of the image; what lies in it is lumen only where it is nearer to the value of the lumen
    than to that of the tumour, so that a tumour brighter than its surroundings is not taken for the vessel.

    Raises InputError when a point lies outside the images or the points lie too far apart for one tracing.
    """
    points = np.array([start_lps_mm, end_lps_mm], dtype=np.float64)
    for point in points:
        if not image.geometry.contains(point):
            raise InputError(
                "a point of the vessel lies outside the images",
                subject=name or "vessel",
                found=", ".join(f"{value:.0f}" for value in point),
                remedy="Set both points on the same series.",
            )
    box = _box_of(points, image)
    if int(np.prod(np.subtract(box.stop, box.start))) > _MOST_VOXELS:
        raise InputError(
            "the two points lie too far apart", subject=name or "vessel", remedy="Trace the vessel in shorter parts."
        )
    near = cropped_volume(image, box)
    values = gaussian(near.array.astype(np.float32), [_SMOOTH_MM / step for step in near.geometry.spacing_mm])
    level, spread = _lumen_values(values, near, points)
    path = _path(values, near, points, level, spread)
    lumen = np.zeros(image.array.shape, dtype=bool)
    beside = None if tumour is None else tumour.array[box.slices]
    lumen[box.slices] = _lumen(values, near, path, level, largest_radius_mm, beside)
    course = even_course(near.geometry.to_lps(path))
    return TracedVessel(course, Mask(lumen, image.geometry, image.frame_of_reference_uid, name))


def _box_of(points: FloatArray, image: Volume) -> Box:
    index = np.round(image.geometry.to_index(points)).astype(int)
    low, high = index.min(axis=0), index.max(axis=0) + 1
    return Box((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2]))).grown(
        _MARGIN_MM, image.geometry
    )


def _lumen_values(values: npt.NDArray[np.float32], near: Volume, points: FloatArray) -> tuple[float, float]:
    """Mean value of the lumen about both points, and how far values of it spread."""
    seeds = np.zeros(values.shape, dtype=bool)
    for index in np.round(near.geometry.to_index(points)).astype(int):
        seeds[tuple(index)] = True
    about = values[distance_to_mm(Mask(seeds, near.geometry)) <= _SAMPLE_MM]
    contrast = float(np.percentile(values, 99) - np.percentile(values, 1))
    return float(about.mean()), max(float(about.std()), _LEAST_SPREAD * contrast, 1e-6)


def _path(
    values: npt.NDArray[np.float32], near: Volume, points: FloatArray, level: float, spread: float
) -> npt.NDArray[np.intp]:
    cost = 0.05 + (np.abs(values - level) / spread) ** _POWER
    graph = VoxelGraph(np.ones(values.shape, dtype=bool), cost, near.geometry.spacing_mm)
    first, second = (graph.node(index) for index in near.geometry.to_index(points))
    return graph.path(first, second)


def _lumen(
    values: npt.NDArray[np.float32],
    near: Volume,
    path: npt.NDArray[np.intp],
    level: float,
    radius_mm: float,
    tumour: npt.NDArray[np.bool_] | None,
) -> npt.NDArray[np.bool_]:
    """Voxels of the lumen: nearer to its value than to the commonest value just outside the largest radius."""
    line = np.zeros(values.shape, dtype=bool)
    line[tuple(path.T)] = True
    away = distance_to_mm(Mask(line, near.geometry))
    around = values[(away > radius_mm) & (away <= 2 * radius_mm)]
    outside = float(np.median(around)) if around.size else level
    half = 0.5 * (level + outside)
    alike = values >= half if level >= outside else values <= half
    if tumour is not None and (apart := tumour & (away > radius_mm)).any():
        own = float(np.median(values[apart]))
        alike &= ~(tumour & (np.abs(values - own) < np.abs(values - level)))
    inside = ndimage.binary_opening(alike & (away <= radius_mm)) | line
    labels, _ = label_components(inside, 6)
    return np.isin(labels, np.unique(labels[line]))
