"""Lesions of liver and pancreas found on CT and MR: the reference patients against the truth, and real images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from isletscope.model import ExamKind, Verdict
from isletscope.phantom.case_looks import Looks, stands_out
from scripts.accept.claims import Claim

IMAGE_LESIONS = "Lesions on CT and MR"
SMALLEST_MM = 10.0
SENSITIVITY = {"liver": 0.9, "pancreas": 0.8}
FALSE_PER_EXAM = 1.0
NEAR_MM = 6.0
_KINDS = {"ct": ExamKind.CT, "mr": ExamKind.MRI}


def measure_image_lesions(patient: Path, case: Path) -> dict[str, Any]:
    """Lesions found and missed, false candidates and errors of size, for every CT and MR exam of one patient.

    Keys "ct" and "mri"; each holds "exams", and by organ "true" (visible, 10 mm or more), "found", "false",
    "missed" (names) and "long_axis_error_mm", "volume_error" of what was found.
    """
    truth = json.loads((patient / "truth" / "truth.json").read_text(encoding="utf-8"))
    document = json.loads((case / "case.json").read_text(encoding="utf-8"))
    keys = {exam["study_uid"]: exam["key"] for exam in document["exams"]}
    found: dict[str, Any] = {}
    for exam in truth["exams"]:
        kind = _KINDS.get(exam["kind"])
        if kind is None:
            continue
        key = keys.get(exam["study_uid"])
        foci = [
            focus
            for reading in document.get("image_readings", [])
            if (reading["exam_key"], reading["kind"]) == (key, kind.value)
            for focus in reading["foci"]
        ]
        part = found.setdefault(kind.value, {"exams": 0, "liver": _empty(), "pancreas": _empty()})
        part["exams"] += 1
        for organ in ("liver", "pancreas"):
            there = [focus for focus in foci if focus["site_code"] == organ]
            _mark(part[organ], truth, exam, organ, there, _TrueMask(patient, exam))
    return found


class _TrueMask:
    """The true outlines of one exam, asked point by point: a lesion that merged with another has two lobes."""

    def __init__(self, patient: Path, exam: dict[str, Any]) -> None:
        path = sorted((patient / "truth").glob(f"{exam['name']}_*lesions.nii.gz"))[0]
        image = nibabel.Nifti1Image.from_filename(path)
        self._labels = np.asarray(image.dataobj)
        self._to_index = np.linalg.inv(image.affine)

    def holds(self, point_lps_mm: Any) -> bool:
        """Whether some true lesion or look-alike lies at the point."""
        x, y, z = point_lps_mm
        at = np.rint(self._to_index @ (-x, -y, z, 1.0))[:3].astype(int)
        return bool(np.all((at >= 0) & (at < self._labels.shape)) and self._labels[tuple(at)] > 0)


def _empty() -> dict[str, Any]:
    return {"true": 0, "found": 0, "false": 0, "missed": [], "long_axis_error_mm": [], "volume_error": []}


def _mark(
    marks: dict[str, Any], truth: dict[str, Any], exam: dict[str, Any], organ: str, foci: list[Any], mask: _TrueMask
) -> None:
    """Marks of one organ of one exam; every true lesion or look-alike, small ones too, may explain a focus."""
    there = [
        lesion
        for lesion in [*truth["lesions"], *truth["mimics"]]
        if lesion["site"] == organ and exam["name"] in lesion["exams"] and _centre(lesion, exam) is not None
    ]
    for lesion in there:
        state = lesion["exams"][exam["name"]]
        hits = [focus for focus in foci if _belongs(focus, lesion, exam)]
        counts = lesion in truth["lesions"] and state["diameter_mm"] >= SMALLEST_MM and visible(truth, lesion, exam)
        if not counts:
            continue
        marks["true"] += 1
        if not hits:
            marks["missed"].append(f"{exam['name']} {lesion['id']} {state['diameter_mm']:.0f} mm")
            continue
        marks["found"] += 1
        best = max(hits, key=lambda focus: focus["measurements"]["volume"]["value"])["measurements"]
        marks["long_axis_error_mm"].append(best["long_axis"]["value"] - state["long_axis_mm"])
        marks["volume_error"].append(best["volume"]["value"] / state["volume_ml"] - 1.0)
    judged = [focus for focus in foci if focus["verdict"] != Verdict.PHYSIOLOGIC.value]
    marks["false"] += sum(
        not mask.holds(focus["centroid_lps_mm"]) and not any(_belongs(focus, lesion, exam) for lesion in there)
        for focus in judged
    )


def _centre(lesion: dict[str, Any], exam: dict[str, Any]) -> Any:
    return lesion["exams"][exam["name"]].get("centre_lps_mm")


def _belongs(focus: dict[str, Any], lesion: dict[str, Any], exam: dict[str, Any]) -> bool:
    """Whether a focus's centre lies in the true lesion (6 mm at least)."""
    apart = float(np.linalg.norm(np.subtract(focus["centroid_lps_mm"], _centre(lesion, exam))))
    return bool(apart <= max(NEAR_MM, lesion["exams"][exam["name"]]["diameter_mm"] / 2.0))


def visible(truth: dict[str, Any], lesion: dict[str, Any], exam: dict[str, Any]) -> bool:
    """Whether some series of the exam shows the lesion: 10 HU on CT, 10 % on MR (the rule of the truth as a case)."""
    kind = _KINDS[exam["kind"]].value
    return bool(stands_out(Looks(truth, lesion, lesion["exams"][exam["name"]]), exam, kind))


def image_lesions_claims(results: Mapping[str, Mapping[str, Any]]) -> Iterator[Claim]:
    """Sensitivity, false candidates and errors of size by modality and organ over all patients."""
    for kind, words in (("ct", "CT"), ("mri", "MR")):
        parts = [result[kind] for result in results.values() if kind in result]
        exams = sum(part["exams"] for part in parts)
        if not exams:
            continue
        for organ, bar in SENSITIVITY.items():
            yield from _organ_claims(parts, exams, organ, words, bar)


def _organ_claims(parts: list[Any], exams: int, organ: str, words: str, bar: float) -> Iterator[Claim]:
    marks = [part[organ] for part in parts]
    true, found, false = (sum(mark[name] for mark in marks) for name in ("true", "found", "false"))
    missed = [name for mark in marks for name in mark["missed"]]
    if true:
        text = f"{found / true:.2f} ({found} of {true}"
        text += f"; missed: {', '.join(missed[:6])}{' ...' if len(missed) > 6 else ''})" if missed else ")"
        claim = f"visible lesions of the {organ} from {SMALLEST_MM:.0f} mm found on {words}"
        yield Claim(IMAGE_LESIONS, claim, f"≥ {bar:g}", text, found / true >= bar)
    per_exam = false / exams
    yield Claim(
        IMAGE_LESIONS,
        f"false candidates in the {organ} on {words}, for each exam",
        f"≤ {FALSE_PER_EXAM:g}",
        f"{per_exam:.2f} ({false} in {exams} exams)",
        per_exam <= FALSE_PER_EXAM,
    )
    axis = np.array([value for mark in marks for value in mark["long_axis_error_mm"]])
    volume = np.array([value for mark in marks for value in mark["volume_error"]])
    if axis.size:
        text = (
            f"long axis {np.median(axis):+.1f} mm (90 % within {np.percentile(np.abs(axis), 90):.1f} mm), "
            f"volume {100 * np.median(volume):+.0f} % (90 % within {100 * np.percentile(np.abs(volume), 90):.0f} %)"
        )
        yield Claim(IMAGE_LESIONS, f"error of size in the {organ} on {words}, median", "", text, None)
