"""Candidates of liver and pancreas on real CT and MR: found, missed, and those where no truth lies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from scipy import ndimage

from scripts.accept.claims import Claim
from scripts.accept.program import Result, isletscope

REAL_LESIONS = "Lesions on real CT and MR"
NEAR_MM = 6.0
_PATIENTS = {
    "portal CT, 5 mm, colorectal liver metastases": (
        "ct_liver_crlm_1006/image",
        "ct_liver_crlm_1006/curator_labels/lesions_semiauto.nii.gz",
    ),
    "MR of the abdomen, T2 and one b-value": ("mr_abdomen_cmbcrc_06489_visit2", None),
}


def measure_image_lesions_real(data: Path, work: Path) -> Result:
    """Read each patient and lay the candidates against the labels, where there are some.

    The labels of the CT are semi-automatic outlines at half contrast and no expert's truth; the MR has none, so that
    its candidates are counted and not judged.
    """
    measured: Result = {}
    for number, (name, (images, labels)) in enumerate(_PATIENTS.items()):
        case = work / f"case-{number}"
        run = isletscope("read", data / images, "--out", case)
        one: dict[str, Any] = {"exit_code": run.exit_code, "words": (run.errors.strip() or run.output)[-400:]}
        if (case / "case.json").is_file():
            document = json.loads((case / "case.json").read_text(encoding="utf-8"))
            one |= marked(document, true_lesions(data / labels) if labels else None)
        measured[name] = one
    return measured


def true_lesions(path: Path) -> list[dict[str, Any]]:
    """Every labelled lesion: LPS mm of its voxels, volume (mL) and diameter of the sphere of that volume (mm)."""
    image = nibabel.nifti1.Nifti1Image.from_filename(path)
    array = np.asarray(image.dataobj)
    parts = [array == value for value in np.unique(array) if value]
    if len(parts) == 1:
        labels, count = ndimage.label(parts[0], np.ones((3, 3, 3)))
        parts = [labels == number for number in range(1, count + 1)]
    lesions = []
    for part in parts:
        points = nibabel.affines.apply_affine(image.affine, np.argwhere(part)) * (-1, -1, 1)
        volume = len(points) * abs(float(np.linalg.det(image.affine[:3, :3]))) / 1000
        diameter = float(np.cbrt(6000 * volume / np.pi))
        lesions.append({"points": points, "volume_ml": volume, "diameter_mm": diameter})
    return sorted(lesions, key=lambda lesion: -lesion["volume_ml"])


def marked(document: Mapping[str, Any], true: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Candidates that are not physiologic; a lesion is found when a candidate's centre lies in it or within 6 mm."""
    readings = document.get("image_readings", [])
    foci = [focus for reading in readings for focus in reading["foci"] if focus["verdict"] != "physiologic"]
    result: dict[str, Any] = {
        "candidates": len(foci),
        "organs": sorted({o["name"] for r in readings for o in r["organs"] if o.get("label") is not None}),
    }
    if true is None:
        return result
    hits = [[_distance_mm(focus, lesion) <= NEAR_MM for lesion in true] for focus in foci]
    named = [f"{lesion['diameter_mm']:.0f} mm" for lesion in true]
    found = [any(row[n] for row in hits) for n in range(len(true))]
    result["found"] = [name for name, hit in zip(named, found, strict=True) if hit]
    result["missed"] = [name for name, hit in zip(named, found, strict=True) if not hit]
    result["elsewhere"] = sum(not any(row) for row in hits)
    return result


def _distance_mm(focus: Mapping[str, Any], lesion: Mapping[str, Any]) -> float:
    return float(np.linalg.norm(lesion["points"] - np.asarray(focus["centroid_lps_mm"]), axis=1).min())


def image_lesions_real_claims(measured: Mapping[str, Any]) -> Iterator[Claim]:
    """Counts alone: one CT with labels of a rule and one MR without truth set no bar."""
    for name, one in measured.items():
        if "candidates" not in one:
            yield Claim(REAL_LESIONS, f"{name}: read", "written", str(one["words"]), False)
            continue
        if "found" in one:
            total = len(one["found"]) + len(one["missed"])
            text = f"{len(one['found'])} of {total} found"
            text += f"; missed: {', '.join(one['missed'])} (sphere of the same volume)" if one["missed"] else ""
            yield Claim(REAL_LESIONS, f"{name}: labelled metastases", "", text, None)
            yield Claim(REAL_LESIONS, f"{name}: candidates elsewhere", "", str(one["elsewhere"]), None)
        else:
            yield Claim(REAL_LESIONS, f"{name}: candidates (no truth)", "", str(one["candidates"]), None)
        liver = "found" if "liver" in one["organs"] else "not found, hence not searched"
        yield Claim(REAL_LESIONS, f"{name}: liver", "", liver, None)
