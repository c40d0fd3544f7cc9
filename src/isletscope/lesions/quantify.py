"""What is measured in a region of an image.

Volume is the number of voxels times the voxel volume; sums run in float64; the standard deviation is that of the
population (n). Peaks follow the IBSI sphere of 1 cm3 by voxel centres (:mod:`isletscope.spatial.peak`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError, Refusal
from isletscope.spatial import (
    PEAK_RADIUS_MM,
    SUV_BODY_WEIGHT,
    Box,
    Geometry,
    Mask,
    Volume,
    bounding_box,
    component_statistics,
    cropped_volume,
    intensity_peaks,
)

Point = tuple[float, float, float]
_FIRST_VOXEL = Box((0, 0, 0), (1, 1, 1))

_SUV_NAMES = frozenset({SUV_BODY_WEIGHT.name, "SUL", "SUVbsa"})


@dataclass(frozen=True)
class RegionStatistics:
    """Figures of one region; a figure that is None has its reason in ``missing`` under its own name.

    ``quantity`` and ``unit`` are those of the volume (min to peak); ``total`` is mean times volume in mL (total lesion
    uptake: TLG, TLSRE), for SUV only. Positions are LPS mm, of voxel centres or means of voxel centres.
    """

    quantity: str
    unit: str
    voxels: int
    volume_ml: float
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    median: float | None = None
    standard_deviation: float | None = None
    peak_local: float | None = None
    peak_global: float | None = None
    total: float | None = None
    centroid_lps_mm: Point | None = None
    maximum_lps_mm: Point | None = None
    peak_local_lps_mm: Point | None = None
    peak_global_lps_mm: Point | None = None
    missing: dict[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None


def measure_region(volume: Volume, mask: Mask) -> RegionStatistics:
    """Measure a volume inside a mask on the same grid.

    An empty mask gives zero voxels and says for every other figure why it is missing. A mask that touches a slice
    missing from the images, or voxels without a value, is refused: ``refusal`` says so and no value is given.
    Raises GeometryError when the grids or the frames of reference differ.
    """
    _check_same_space(volume, mask)
    subject = mask.name or "region"
    box = bounding_box(mask.array)
    if box is None:
        return _without_values(volume, 0, "the region is empty", None)
    inside = mask.array[box.slices]
    count = int(np.count_nonzero(inside))
    touched = _touched_missing_slices(volume, mask)
    if touched:
        return _without_values(volume, count, "", _missing_slice_refusal(subject, touched, volume))
    values = volume.array[box.slices][inside].astype(np.float64)
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        refusal = Refusal(
            subject,
            "the region holds voxels without a value",
            found=f"{bad} of {count} voxels",
            expected="a number in every voxel",
            remedy="Draw the region where the image has values.",
        )
        return _without_values(volume, count, "", refusal)
    return _with_values(volume, mask, np.argwhere(inside) + np.asarray(box.start), values)


def measure_labels(volume: Volume, labels: npt.NDArray[np.unsignedinteger[Any]], count: int) -> list[RegionStatistics]:
    """Measure labels 1 to ``count`` of a label map on the volume's grid, each on its own small block.

    Raises GeometryError when the label map does not fit the volume.
    """
    boxes = component_statistics(labels, volume.array, count)
    results = []
    for label in range(1, count + 1):
        block = boxes.box(label).grown(PEAK_RADIUS_MM, volume.geometry) if boxes.voxels[label - 1] else _FIRST_VOXEL
        part = cropped_volume(volume, block)
        mask = Mask(labels[block.slices] == label, part.geometry, volume.frame_of_reference_uid, f"region {label}")
        results.append(measure_region(part, mask))
    return results


def _with_values(
    volume: Volume,
    mask: Mask,
    voxels: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
) -> RegionStatistics:
    geometry = volume.geometry
    volume_ml = len(values) * geometry.voxel_volume_ml
    mean = float(values.mean())
    peaks = intensity_peaks(volume, mask)
    missing: dict[str, str] = {}
    if peaks.missing_because:
        missing["peak_local"] = missing["peak_global"] = peaks.missing_because
    is_suv = volume.quantity.name in _SUV_NAMES
    if not is_suv:
        missing["total"] = f"mean times volume is defined for SUV, not for {volume.quantity.name}"
    return RegionStatistics(
        quantity=volume.quantity.name,
        unit=volume.quantity.unit,
        voxels=len(values),
        volume_ml=volume_ml,
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=mean,
        median=float(np.median(values)),
        standard_deviation=float(values.std()),
        peak_local=peaks.local,
        peak_global=peaks.global_,
        total=mean * volume_ml if is_suv else None,
        centroid_lps_mm=_point(geometry, voxels.mean(axis=0)),
        maximum_lps_mm=_point(geometry, voxels[int(values.argmax())]),
        peak_local_lps_mm=peaks.local_centre_lps_mm,
        peak_global_lps_mm=peaks.global_centre_lps_mm,
        missing=missing,
    )


def _without_values(volume: Volume, count: int, reason: str, refusal: Refusal | None) -> RegionStatistics:
    because = reason or (refusal.sentence() if refusal else "")
    names = ("minimum", "maximum", "mean", "median", "standard_deviation", "peak_local", "peak_global", "total")
    return RegionStatistics(
        quantity=volume.quantity.name,
        unit=volume.quantity.unit,
        voxels=count,
        volume_ml=count * volume.geometry.voxel_volume_ml,
        missing=dict.fromkeys(names, because),
        refusal=refusal,
    )


def _check_same_space(volume: Volume, mask: Mask) -> None:
    frames = (volume.frame_of_reference_uid, mask.frame_of_reference_uid)
    if None not in frames and frames[0] != frames[1]:
        raise GeometryError(
            "the region belongs to another frame of reference than the image",
            subject=mask.name or "region",
            found=str(frames[1]),
            expected=str(frames[0]),
            remedy="Choose the series that the region was drawn on, or register the two first.",
        )
    if not volume.geometry.same_grid(mask.geometry):
        raise GeometryError(
            "image and region lie on different grids",
            subject=mask.name or "region",
            found=_describe(mask.geometry),
            expected=_describe(volume.geometry),
            remedy="Resample the region onto the image, or choose the series that it was drawn on.",
        )


def _describe(geometry: Geometry) -> str:
    spacing = " x ".join(f"{s:.4g}" for s in geometry.spacing_mm)
    origin = ", ".join(f"{o:.1f}" for o in geometry.origin_lps_mm)
    return (
        f"{' x '.join(str(n) for n in geometry.shape)} voxels (slice, row, column) of {spacing} mm from ({origin}) mm"
    )


def _touched_missing_slices(volume: Volume, mask: Mask) -> list[int]:
    return [k for k in volume.missing_slices if 0 <= k < mask.array.shape[0] and mask.array[k].any()]


def _missing_slice_refusal(subject: str, touched: list[int], volume: Volume) -> Refusal:
    planes = ", ".join(str(k) for k in touched)
    return Refusal(
        subject,
        "the region lies in slices that are missing from the images",
        found=f"slice {planes} of 0 to {volume.geometry.shape[0] - 1} missing",
        expected="images for every slice of the region",
        remedy="Send the missing images, or measure a region that does not touch them.",
    )


def _point(geometry: Geometry, index: npt.NDArray[Any]) -> Point:
    x, y, z = (float(v) for v in geometry.to_lps(index))
    return x, y, z
