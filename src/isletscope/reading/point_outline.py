"""A lesion of a case outlined from one point: the series, the organ around it, the outline, its sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isletscope.errors import InputError
from isletscope.lesions import SeedOutline, outline_from_seed, outline_sizes
from isletscope.model import Case, OrganFinding, Series
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import write_label_map
from isletscope.reading.outlines import Outlines
from isletscope.reading.places import Places, Point, all_readings
from isletscope.spatial import Mask, SizeIntervals, Volume

_NEAR_MM = 5.0
_SOLID = ("liver", "pancreas", "spleen")


@dataclass(frozen=True)
class PointOutline:
    """What was outlined at a point of a series: ``sizes`` is None without an outline.

    ``organ``: the organ whose tissue was the background, empty where none is known there; ``redrawn``: how many of the
    six further outlines behind the intervals count.
    """

    series: Series
    unit: str
    organ: str
    outline: SeedOutline
    sizes: SizeIntervals | None = None
    redrawn: int = 0


def outline_point(
    folder: CaseFolder, series_key: str, point_lps_mm: Point, radius_mm: float | None = None
) -> PointOutline:
    """Outline what lies at a point (LPS mm) of a series of a case, with size intervals.

    Raises InputError when the case has no such series, its volume is not kept, or the point lies outside it; CaseError
    when the case cannot be read.
    """
    case = folder.case
    series = _series(case, series_key)
    volume = folder.volume(series_key)
    if volume is None:
        raise InputError(
            "the images of this series are not kept in the case folder",
            subject=series_key,
            found="no volume in the cache",
            remedy="Run isletscope read again with the same --out; series that are read are kept.",
        )
    _check(volume, series_key, point_lps_mm, radius_mm)
    name, organ = _organ_at(folder, series_key, point_lps_mm)
    outline = outline_from_seed(volume, point_lps_mm, organ, radius_mm)
    unit = volume.quantity.unit
    if outline.mask is None:
        return PointOutline(series, unit, name, outline)
    sizes, redrawn = outline_sizes(volume, outline, organ, radius_mm)
    return PointOutline(series, unit, name, outline, sizes, redrawn)


def _series(case: Case, key: str) -> Series:
    try:
        return case.series(key)
    except KeyError:
        known = [series.key for exam in case.exams for series in exam.series if series.usable]
        raise InputError(
            "the case has no such series", subject="--series", found=key, expected=", ".join(known)
        ) from None


def _check(volume: Volume, key: str, point: Point, radius_mm: float | None) -> None:
    if radius_mm is not None and not 1.0 <= radius_mm <= 150.0:
        raise InputError(
            "cannot be the radius of a lesion", subject="--radius", found=f"{radius_mm:g} mm", expected="1 to 150 mm"
        )
    if not volume.geometry.contains(point):
        corners = np.array(
            [volume.geometry.to_lps([0, 0, 0]), volume.geometry.to_lps(np.array(volume.geometry.shape) - 1)]
        )
        low, high = corners.min(axis=0), corners.max(axis=0)
        box = ", ".join(f"{axis} {a:.0f} to {b:.0f}" for axis, a, b in zip("xyz", low, high, strict=True))
        raise InputError(
            "the point lies outside the images of this series",
            subject=key,
            found=", ".join(f"{v:g}" for v in point),
            expected=f"LPS mm about {box}",
            remedy="Give x to the patient's left, y to the back, z to the head, in mm.",
        )


def _organ_at(folder: CaseFolder, series_key: str, point: Point) -> tuple[str, Mask | None]:
    """The solid organ at a point by the organ maps of the series' own frame; empty and None where there is none."""
    case = folder.case
    places, outlines = Places(case, {}), Outlines(case, folder.path)
    for reading in all_readings(case):
        if not places.same_frame(reading.series_key, series_key):
            continue
        for finding in reading.organs:
            mask = outlines.organ(reading.series_key, finding.name) if _is_solid(finding) else None
            if mask is not None and _holds(mask, point):
                return finding.name, mask
    return "", None


def _is_solid(finding: OrganFinding) -> bool:
    return finding.name in _SOLID and finding.label is not None


def _holds(mask: Mask, point: Point) -> bool:
    """Whether some of a mask lies within a few millimetres of a point."""
    index = mask.geometry.to_index(np.asarray(point))
    margin = _NEAR_MM / np.asarray(mask.geometry.spacing_mm)
    low = np.clip(np.ceil(index - margin), 0, None).astype(int)
    high = np.clip(np.floor(index + margin) + 1, low + 1, None).astype(int)
    return bool(mask.array[low[0] : high[0], low[1] : high[1], low[2] : high[2]].any())


def write_outline(path: Path, outline: SeedOutline) -> None:
    """Write an outline as NIfTI (0 and 1) on the grid of its series.

    Raises InputError when there is no outline or the file exists, OutputError when it cannot be written.
    """
    if outline.mask is None:
        raise InputError("there is no outline to write", subject=str(path), found=outline.why_not)
    if path.exists():
        raise InputError("the file exists", subject=str(path), remedy="Choose another --out.")
    if not path.name.endswith((".nii", ".nii.gz")):
        raise InputError("is no name of a NIfTI file", subject=str(path), expected="a name ending in .nii.gz")
    write_label_map(path, outline.mask.array.astype(np.uint8), outline.mask.geometry)
