"""Lesions of liver and pancreas found on CT and MR: the reference patients against the truth, and real images."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

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

    Keys "ct" and "mri"; each holds "exams", and by organ "true" (visible, 10 mm or more), "found" (has a focus of its
    own), "shared" (its focus stands for another lesion), "pieces" (further foci on true lesions), "false", "missed"
    (names) and "long_axis_error_mm", "volume_error" of what was found.
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
        mask = _TrueMask(patient, truth, exam)
        for organ in ("liver", "pancreas"):
            there = [focus for focus in foci if focus["site_code"] == organ]
            mark_organ(part[organ], truth, exam, organ, there, mask.site_at)
    return found


class _TrueMask:
    """The true outlines of one exam, asked point by point: a lesion that merged with another has two lobes."""

    def __init__(self, patient: Path, truth: dict[str, Any], exam: dict[str, Any]) -> None:
        path = sorted((patient / "truth").glob(f"{exam['name']}_*lesions.nii.gz"))[0]
        image = nibabel.Nifti1Image.from_filename(path)
        self._labels = np.asarray(image.dataobj)
        self._to_index = np.linalg.inv(image.affine)
        self._sites = {lesion["label"]: lesion["site"] for lesion in [*truth["lesions"], *truth["mimics"]]}

    def site_at(self, point_lps_mm: Any) -> str | None:
        """Where the true lesion or look-alike at the point lies; None where there is none."""
        x, y, z = point_lps_mm
        at = np.rint(self._to_index @ (-x, -y, z, 1.0))[:3].astype(int)
        if np.any((at < 0) | (at >= self._labels.shape)):
            return None
        return self._sites.get(int(self._labels[tuple(at)]))


def _empty() -> dict[str, Any]:
    counts = {"true": 0, "found": 0, "shared": 0, "pieces": 0, "false": 0}
    return {**counts, "missed": [], "long_axis_error_mm": [], "volume_error": []}


def mark_organ(
    marks: dict[str, Any],
    truth: dict[str, Any],
    exam: dict[str, Any],
    organ: str,
    foci: list[Any],
    site_at: Callable[[Any], str | None],
) -> None:
    """Adds the marks of one organ of one exam to ``marks``; every true lesion or look-alike may explain a focus.

    One focus stands for one lesion. ``foci``: those that the reading has in this organ; what it calls physiologic finds
    no tumour and is not false. ``site_at``: organ of the true lesion at a point, LPS mm.
    """
    foci = [focus for focus in foci if focus["verdict"] != Verdict.PHYSIOLOGIC.value]
    there = [
        lesion
        for lesion in [*truth["lesions"], *truth["mimics"]]
        if lesion["site"] == organ and exam["name"] in lesion["exams"] and _centre(lesion, exam) is not None
    ]
    nearness = np.array([[_nearness(focus, lesion, exam) for focus in foci] for lesion in there])
    nearness = nearness.reshape(len(there), len(foci))
    own = one_to_one(nearness)
    for number, lesion in enumerate(there):
        state = lesion["exams"][exam["name"]]
        if lesion not in truth["lesions"] or state["diameter_mm"] < SMALLEST_MM or not visible(truth, lesion, exam):
            continue
        marks["true"] += 1
        if number not in own:
            marks["shared"] += bool((nearness[number] <= 1.0).any())
            marks["missed"].append(f"{exam['name']} {lesion['id']} {state['diameter_mm']:.0f} mm")
            continue
        marks["found"] += 1
        measured = foci[own[number]]["measurements"]
        marks["long_axis_error_mm"].append(measured["long_axis"]["value"] - state["long_axis_mm"])
        marks["volume_error"].append(measured["volume"]["value"] / state["volume_ml"] - 1.0)
    for number in set(range(len(foci))) - set(own.values()):
        true = (nearness[:, number] <= 1.0).any() or site_at(foci[number]["centroid_lps_mm"]) == organ
        marks["pieces" if true else "false"] += 1


def one_to_one(nearness: npt.NDArray[np.float64]) -> dict[int, int]:
    """Column by row, so that as many rows as can be have a column of their own (1 or less), the nearest in sum."""
    none = 1e3
    rows, columns = linear_sum_assignment(np.where(nearness <= 1.0, nearness, none))
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if nearness[r, c] <= 1.0}


def _centre(lesion: dict[str, Any], exam: dict[str, Any]) -> Any:
    return lesion["exams"][exam["name"]].get("centre_lps_mm")


def _nearness(focus: dict[str, Any], lesion: dict[str, Any], exam: dict[str, Any]) -> float:
    """Distance of a focus's centre from the true one in radii of the lesion (6 mm at least); to 1 it is the lesion."""
    apart = float(np.linalg.norm(np.subtract(focus["centroid_lps_mm"], _centre(lesion, exam))))
    diameter_mm = float(lesion["exams"][exam["name"]]["diameter_mm"])
    return apart / max(NEAR_MM, diameter_mm / 2.0)


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
    shared, pieces = (sum(mark[name] for mark in marks) for name in ("shared", "pieces"))
    claim = f"{organ} on {words}: lesions in one outline with another; further pieces of a lesion"
    yield Claim(IMAGE_LESIONS, claim, "", f"{shared} of the missed; {pieces} in {exams} exams", None)
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
