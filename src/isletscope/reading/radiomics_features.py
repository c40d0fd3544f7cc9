"""Radiomics on demand: features of lesions by MIRP, an optional extra, run as a program of its own."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from isletscope.errors import InputError
from isletscope.lesions import Outlined
from isletscope.model import Case, Lesion
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import nifti_affine
from isletscope.reading.optional_part import require_package
from isletscope.reading.outlines import Outlines
from isletscope.reading.places import Look, Places
from isletscope.reading.writing import write_text
from isletscope.spatial import Volume, bounding_box, cropped_volume
from isletscope.yaml_text import read_yaml

_MODALITY = {"PT": "pet", "CT": "ct", "MR": "mr"}
_IDENTITY = ("lesion", "exam", "series_key", "focus_id", "modality", "because")
_NOT_FEATURES = ("image_", "sample_name")
_MARGIN_MM = 15.0


@dataclass(frozen=True)
class Radiomics:
    """Features by row (one lesion on one series), and where they were written."""

    rows: tuple[dict[str, Any], ...]
    version: str
    table: Path
    document: Path


def radiomics(folder: CaseFolder, lesions: Sequence[str] = (), python: str = sys.executable) -> Radiomics:
    """Features of lesions (all when none is named) within their own outlines; writes radiomics.csv and radiomics.json.

    ``python``: the Python that MIRP is installed for. A lesion that is too small or whose images are gone has a row
    with the reason. Raises InputError when MIRP is not installed or a lesion is not in the case; OutputError.
    """
    case = folder.case
    chosen = _chosen(case, lesions)
    require_package("mirp", python=python, extra="radiomics", subject="radiomics")
    with tempfile.TemporaryDirectory(prefix="isletscope-") as workspace:
        rows, jobs = _jobs(folder, case, chosen, Path(workspace))
        version, results = _run(python, jobs, Path(workspace)) if jobs else ("", [])
    for row, result in zip([row for row in rows if not row["because"]], results, strict=True):
        row["because"] = result.get("because", "")
        row["features"] = {
            key: value for key, value in result.get("features", {}).items() if not key.startswith(_NOT_FEATURES)
        }
    return _written(folder, rows, version)


def _chosen(case: Case, names: Sequence[str]) -> list[Lesion]:
    known = {one.id: one for one in case.lesions}
    wrong = [name for name in names if name not in known]
    if wrong:
        raise InputError(
            "is not a lesion of this case",
            subject=", ".join(wrong),
            expected=f"one of {', '.join(known)}" if known else "a case with lesions",
        )
    return [known[name] for name in names] if names else list(known.values())


def _jobs(
    folder: CaseFolder, case: Case, lesions: Sequence[Lesion], workspace: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A row for every outline, and for each that can be measured a job with its image and mask files."""
    places, outlines = Places(case, {}), Outlines(case, folder.path)
    rows: list[dict[str, Any]] = []
    jobs: list[dict[str, Any]] = []
    for lesion in lesions:
        for look in places.looks(lesion):
            modality = _MODALITY.get(case.series(look.grid_key).modality, "")
            outlined, volume = outlines.of(look, lesion.compartment), folder.volume(look.grid_key)
            because = _why_not(look, outlined, volume, modality)
            rows.append(_row(lesion, look, modality, because))
            if not because and outlined is not None and volume is not None:
                image, mask = _write_files(workspace, len(jobs), volume, outlined)
                jobs.append({"image": image, "mask": mask, "settings": _settings()["settings"][modality]})
    return rows, jobs


def _row(lesion: Lesion, look: Look, modality: str, because: str) -> dict[str, Any]:
    return {
        "lesion": lesion.id,
        "exam": look.exam.key,
        "series_key": look.grid_key,
        "focus_id": look.focus.id,
        "modality": modality,
        "because": because,
        "features": {},
    }


def _why_not(look: Look, outlined: Outlined | None, volume: Volume | None, modality: str) -> str:
    if look.no_outline:
        return f"its outline does not hold: {look.no_outline}"
    if outlined is None or volume is None:
        return "its images or its outline are not in the case folder; run isletscope read again"
    if not modality:
        return "no settings for this modality"
    if outlined.mask.voxel_count < _settings()["fewest_voxels"]:
        return f"{outlined.mask.voxel_count} voxels: {_settings()['fewest_because']}"
    return ""


def _write_files(workspace: Path, number: int, volume: Volume, outlined: Outlined) -> tuple[str, str]:
    """Image and mask around the lesion as NIfTI."""
    inner = bounding_box(outlined.mask.array)
    assert inner is not None  # an outline has voxels
    corner = volume.geometry.to_index(outlined.mask.geometry.to_lps((0, 0, 0)))
    k, j, i = (int(v) for v in np.rint(corner))
    start = (k + inner.start[0], j + inner.start[1], i + inner.start[2])
    stop = (k + inner.stop[0], j + inner.stop[1], i + inner.stop[2])
    box = type(inner)(start, stop).grown(_MARGIN_MM, volume.geometry)
    part = cropped_volume(volume, box)
    mask = np.zeros(part.array.shape, dtype=np.uint8)
    low = [a - b for a, b in zip(start, box.start, strict=True)]
    shape = [b - a for a, b in zip(start, stop, strict=True)]
    where = tuple(slice(a, a + n) for a, n in zip(low, shape, strict=True))
    mask[where] = outlined.mask.array[inner.slices]
    names = []
    for word, array in (("image", np.asarray(part.array, dtype=np.float32)), ("mask", mask)):
        path = workspace / f"{word}_{number}.nii.gz"
        nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(array.T), nifti_affine(part.geometry)), path)
        names.append(str(path))
    return names[0], names[1]


def _run(python: str, jobs: list[dict[str, Any]], workspace: Path) -> tuple[str, list[dict[str, Any]]]:
    """Run the jobs in a process of their own. Raises InputError when it ends without a result."""
    given, result = workspace / "jobs.json", workspace / "result.json"
    given.write_text(json.dumps(jobs), encoding="utf-8")
    runner = files("isletscope.reading").joinpath("mirp_runner.py")
    done = subprocess.run([python, str(runner), str(given), str(result)], capture_output=True, text=True, check=False)
    if not result.is_file():
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise InputError("MIRP stopped", subject="radiomics", found=last[0], expected="a table of features")
    document = json.loads(result.read_text(encoding="utf-8"))
    return str(document["version"]), list(document["results"])


def _written(folder: CaseFolder, rows: list[dict[str, Any]], version: str) -> Radiomics:
    table, document = folder.path / "radiomics.csv", folder.path / "radiomics.json"
    names = list(dict.fromkeys(name for row in rows for name in row["features"]))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, (*_IDENTITY, *names), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: row[key] for key in _IDENTITY} | row["features"])
    write_text(table, buffer.getvalue())
    told = {"library": "MIRP", "version": version, **_settings(), "rows": rows}
    write_text(document, json.dumps(told, indent=1) + "\n")
    return Radiomics(tuple(rows), version, table, document)


@cache
def _settings() -> dict[str, Any]:
    text = files("isletscope.reading").joinpath("radiomics.yaml").read_text(encoding="utf-8")
    settings: dict[str, Any] = read_yaml(text)
    return settings
