"""Measuring given regions of one series, outside any case."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isletscope.errors import InputError
from isletscope.intake import Region, Regions, SeriesFiles, load_suv, load_volume, read_image, read_regions
from isletscope.lesions import RegionStatistics, measure_region
from isletscope.model import ReaderEntry, Role, Series, Severity
from isletscope.reading.first_look import look
from isletscope.spatial import Volume

_NIFTI = (".nii", ".nii.gz")


def measure_series(
    series: Path, mask: Path, *, roi: str | None = None, entries: Sequence[ReaderEntry] = ()
) -> list[dict[str, Any]]:
    """Statistics of each region of ``mask`` (or of region ``roi``) on a DICOM series or a NIfTI image.

    PET is measured as SUVbw g/mL, CT in HU, anything else as it is stored. Raises InputError when the folder holds
    no or several series, when PET cannot be quantified, when the region is not found; GeometryError when the mask
    belongs to another place.
    """
    if series.name.lower().endswith(_NIFTI):
        volume = read_image(series)
        return _rows(volume, read_regions(mask, volume), roi, mask.name, None)
    with tempfile.TemporaryDirectory(prefix="isletscope-") as workspace:
        seen = look([series], Path(workspace), entries=entries)
        record = only_series([one for exam in seen.exams for one in exam.series], series)
        files = seen.files_of[record.key]
        return _rows(_load(record, files), read_regions(mask, files), roi, mask.name, record)


def _rows(
    volume: Volume, regions: Regions, roi: str | None, mask_name: str, record: Series | None
) -> list[dict[str, Any]]:
    chosen = regions.regions if roi is None else regions.chosen(roi, mask_name)
    return [
        _row(measure_region(volume, region.mask), region, record) | {"notes": list(regions.notes)} for region in chosen
    ]


def only_series(found: list[Series], path: Path) -> Series:
    """The one series of a path that forms a volume. Raises InputError where there is none, or more than one."""
    candidates = [one for one in found if one.grid is not None]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates and found:
        problems = [f.problem for one in found for f in one.findings if f.severity is Severity.ERROR]
        raise InputError("no series here forms a volume", subject=str(path), found="; ".join(problems) or "none")
    listed = ", ".join(f"{one.key} ({one.description or one.modality})" for one in candidates)
    raise InputError(
        "one series is needed",
        subject=str(path),
        found=f"{len(candidates)} series: {listed}",
        expected="the images of one series",
        remedy="Give the folder or the files of that series alone.",
    )


def _load(record: Series, files: SeriesFiles) -> Volume:
    errors = [finding for finding in record.findings if finding.severity is Severity.ERROR]
    if record.role is Role.PET and record.quantification:
        errors += [finding for finding in record.quantification.findings if finding.severity is Severity.ERROR]
    if errors:
        first = errors[0]
        raise InputError(
            first.problem,
            subject=record.description or record.series_uid,
            found=first.found,
            expected=first.expected,
            remedy=first.remedy,
        )
    if record.role is Role.PET and record.quantification:
        return load_suv(files, record.quantification)
    return load_volume(files)


def _row(statistics: RegionStatistics, region: Region, record: Series | None) -> dict[str, Any]:
    if statistics.refusal is not None:
        refusal = statistics.refusal
        raise InputError(
            refusal.problem,
            subject=refusal.subject,
            found=refusal.found,
            expected=refusal.expected,
            remedy=refusal.remedy,
        )
    quantification = record.quantification if record else None
    row: dict[str, Any] = {
        "roi": region.mask.name,
        "quantity": statistics.quantity,
        "unit": statistics.unit,
        "voxels": statistics.voxels,
        "volume_ml": statistics.volume_ml,
        "min": statistics.minimum,
        "max": statistics.maximum,
        "mean": statistics.mean,
        "median": statistics.median,
        "peak_local": statistics.peak_local,
        "peak_global": statistics.peak_global,
        "tlg": statistics.total,
        "missing": statistics.missing,
    }
    if region.planimetric_volume_ml is not None:
        row["planimetric_volume_ml"] = region.planimetric_volume_ml
    if quantification is not None:
        row["suv"] = {"branch": quantification.branch, "factor": quantification.factor}
        row["warnings"] = [finding.problem for finding in quantification.findings]
    return row
