"""Organs found on CT and MR without weights: against the truth of the reference patients and published label maps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.anatomy import Organs
from isletscope.anatomy.images import find_image_organs
from isletscope.model import ExamKind, Role
from isletscope.spatial import ARBITRARY, HOUNSFIELD, Geometry, Volume, resample_labels
from isletscope.spatial.sitk import geometry_of, simple_itk
from scripts.accept.claims import Claim

ORGANS = "Organs on CT and MR, without weights"
_LIVER_PARTS = {*range(1, 10), 18, 19, *range(65, 72)}
TRUE_LABELS: dict[str, set[int]] = {
    "liver": _LIVER_PARTS,
    "spleen": {22},
    "kidney_right": {31},
    "kidney_left": {32},
    "aorta": {40},
    "inferior_vena_cava": {72},
}
TRUE_PANCREAS = set(range(10, 17))
PUBLISHED_CT = {"liver": 5, "spleen": 1, "kidney_right": 2, "kidney_left": 3, "aorta": 52, "inferior_vena_cava": 63}
PUBLISHED_MR = {"liver": 5, "spleen": 1, "kidney_right": 2, "kidney_left": 3, "aorta": 23, "inferior_vena_cava": 24}
BARS_REAL = {"liver": 0.9, "spleen": 0.8, "kidney_right": 0.8, "kidney_left": 0.8, "aorta": 0.7}
_KINDS = {"ct": "ct", "mr": "mri"}
Labels = npt.NDArray[Any]


def measure_organs(patient: Path, case: Path) -> dict[str, Any]:
    """Dice of every organ on every CT and MR exam of one patient, on the grid of the truth; why others are missing.

    Keys "<exam> <kind>"; each holds "dice" by organ, "missing" by organ, and "pancreas_covered": the share of the true
    pancreas inside the region of the pancreas (organs that overlap the region lie over it).
    """
    truth = json.loads((patient / "truth" / "truth.json").read_text(encoding="utf-8"))
    document = json.loads((case / "case.json").read_text(encoding="utf-8"))
    exams = {exam["study_uid"]: exam for exam in document["exams"]}
    found: dict[str, Any] = {}
    for true_exam in truth["exams"]:
        kind = _KINDS.get(true_exam["kind"])
        exam = exams.get(true_exam["study_uid"])
        if kind is None or exam is None:
            continue
        uids = {series["key"]: series["series_uid"] for series in exam["series"]}
        for reading in document.get("image_readings", []):
            if (reading["exam_key"], reading["kind"]) != (exam["key"], kind) or not reading["organ_map"]:
                continue
            grid = next(
                (one["grid"] for one in true_exam["series"] if _is_series(one, uids.get(reading["series_key"]))), None
            )
            if grid is not None:
                path = patient / "truth" / true_exam["masks"][grid]["structures"]
                found[f"{true_exam['name']} {kind}"] = _compared(path, case / reading["organ_map"], reading["organs"])
    return found


def _is_series(series: dict[str, Any], uid: str | None) -> bool:
    return uid is not None and uid in (series["uid"], series.get("series_uid"))


def _compared(true_path: Path, found_path: Path, organs: list[dict[str, Any]]) -> dict[str, Any]:
    true, grid = read_labels(true_path)
    labels, own = read_labels(found_path)
    labels = resample_labels(labels, own, grid)
    numbers = {organ["name"]: organ["label"] for organ in organs if organ.get("label") is not None}
    marks: dict[str, Any] = {"dice": {}, "missing": {}}
    for name, values in TRUE_LABELS.items():
        mask = np.isin(true, list(values))
        if name in numbers and mask.any():
            marks["dice"][name] = dice(labels == numbers[name], mask)
    for organ in organs:
        if organ.get("missing_because"):
            marks["missing"][organ["name"]] = organ["missing_because"]
    pancreas = np.isin(true, list(TRUE_PANCREAS))
    if "pancreas_region" in numbers and pancreas.any():
        marks["pancreas_covered"] = float(np.mean(labels[pancreas] == numbers["pancreas_region"]))
    return marks


def dice(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Twice the overlap over the sum of both."""
    total = int(np.count_nonzero(one)) + int(np.count_nonzero(other))
    return 2.0 * int(np.count_nonzero(one & other)) / total if total else 0.0


def read_labels(path: Path) -> tuple[Labels, Geometry]:
    """A NIfTI image as an array [k, j, i] and its grid in LPS mm."""
    library = simple_itk()
    image = library.ReadImage(str(path))
    return np.asarray(library.GetArrayFromImage(image)), geometry_of(image)


def measure_organs_real(data: Path, work: Path) -> dict[str, Any]:
    """Dice against the label maps that a trained network drew on two CT and one MR (their files say how)."""
    folder = data / "totalsegmentator"
    plan = {
        "example_ct": ("example_seg_fast_force_split", Role.CT_UNENHANCED, PUBLISHED_CT),
        "example_ct_sm": ("example_seg", Role.CT_UNENHANCED, PUBLISHED_CT),
        "example_mr_sm": ("example_seg_mr", Role.MR_T1, PUBLISHED_MR),
    }
    measured: dict[str, Any] = {}
    for name, (labels, role, table) in plan.items():
        array, grid = read_labels(folder / f"{name}.nii.gz")
        kind = ExamKind.CT if role is Role.CT_UNENHANCED else ExamKind.MRI
        quantity = HOUNSFIELD if kind is ExamKind.CT else ARBITRARY
        organs = find_image_organs({role: Volume(array.astype(np.float32), grid, quantity)}, kind)
        true, _ = read_labels(folder / f"{labels}.nii.gz")
        measured[name] = _against(organs, true, table)
    return measured


def _against(organs: Organs, true: Labels, table: Mapping[str, int]) -> dict[str, Any]:
    marks: dict[str, Any] = {"dice": {}, "missing": {}}
    for name, value in table.items():
        if organs.known(name):
            marks["dice"][name] = dice(organs.mask(name).array, true == value)
        else:
            marks["missing"][name] = organs.finding(name).missing_because
    return marks


def organs_claims(results: Mapping[str, dict[str, Any]]) -> Iterator[Claim]:
    """Median and least Dice of each organ over all CT and over all MR exams of the reference patients."""
    for kind, label in (("ct", "CT"), ("mri", "MR")):
        exams = {f"{p} {e}": one for p, part in results.items() for e, one in part.items() if e.endswith(f" {kind}")}
        for name in TRUE_LABELS:
            values = {exam: one["dice"][name] for exam, one in exams.items() if name in one["dice"]}
            if not values:
                continue
            least = min(values, key=lambda exam: values[exam])
            text = f"median {np.median(list(values.values())):.2f}, least {values[least]:.2f} ({least})"
            text += f"; found in {len(values)} of {len(exams)}"
            yield Claim(ORGANS, f"{label}: {name.replace('_', ' ')}, Dice against the truth", "", text, None)
        covered = [one["pancreas_covered"] for one in exams.values() if "pancreas_covered" in one]
        if covered:
            text = f"median {np.median(covered):.2f}, least {min(covered):.2f}, {len(covered)} exams"
            yield Claim(ORGANS, f"{label}: share of the pancreas inside its region", "", text, None)


def organs_real_claims(measured: Mapping[str, Any]) -> Iterator[Claim]:
    """Real images; the bars hold for the CT of the trunk without contrast."""
    for image, marks in measured.items():
        for name in PUBLISHED_CT:
            value = marks["dice"].get(name)
            bar = BARS_REAL.get(name) if image == "example_ct" else None
            text = f"{value:.2f}" if value is not None else f"missing: {marks['missing'].get(name, '')}"
            holds = None if bar is None else value is not None and value >= bar
            claim = f"{image}: {name.replace('_', ' ')}, Dice against the published label map"
            yield Claim(ORGANS, claim, "" if bar is None else f"at least {bar}", text, holds)
