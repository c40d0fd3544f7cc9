"""Alignment of exams against the known deformations of the reference patient: what is left in liver and pancreas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.model import AlignmentKind, case_from_json
from isletscope.reading.displacements import transforms_of
from scripts.accept.claims import Claim

ALIGNMENT = "Alignment of exams"
MEDIAN_MM = {"CT": 3.0, "MR": 4.0}
LARGEST_MM = 8.0
_POINTS = 400
_ORGANS = ("liver", "pancreas")
_TURN = np.array([-1.0, -1.0, 1.0])

Points = npt.NDArray[np.float64]


def measure_alignment(patient: Path, case: Path) -> dict[str, Any]:
    """For every exam but the reference: kind, uncertainty, and the errors (mm) at points of liver and pancreas.

    Points are drawn in the exam's truth masks, taken to the reference by the truth's fields and back by the alignment.
    """
    truth = json.loads((patient / "truth" / "truth.json").read_text(encoding="utf-8"))
    document = case_from_json((case / "case.json").read_text(encoding="utf-8"), subject=str(case))
    leading = next((one for one in document.alignments if one.kind is AlignmentKind.REFERENCE), None)
    if leading is None or len(document.alignments) < 2:
        return {}
    exams = {exam["frame_of_reference_uid"]: exam for exam in truth["exams"]}
    home = exams.get(leading.frame_of_reference_uid)
    pairs = []
    for one in document.alignments:
        exam = exams.get(one.frame_of_reference_uid)
        if one is leading or exam is None or home is None:
            continue
        pair = {
            "exam": exam["name"],
            "reference": home["name"],
            "modality": document.series(one.series_key).modality,
            "kind": one.kind.value,
            "usable": one.usable,
            "because": one.because,
            "uncertainty_mm": one.uncertainty_mm,
            "error_95_mm": one.quality["error_95"].value if "error_95" in one.quality else None,
        }
        if one.usable:
            transform = transforms_of(case, [one])[one.series_key]
            for organ, points in _organ_points(patient / "truth", truth, exam).items():
                there = _moved(patient / "truth" / exam["deformation"]["to_personal"], points)
                there = _moved(patient / "truth" / home["deformation"]["to_scanner"], there)
                apart = np.linalg.norm(transform.to_frame(there) - points, axis=1)
                pair[organ] = [float(np.median(apart)), float(np.percentile(apart, 95))]
        pairs.append(pair)
    return {"pairs": pairs}


def alignment_claims(results: Mapping[str, Mapping[str, Any]]) -> Iterator[Claim]:
    """The bars on median and 95th percentile of every pair, and each pair beside them."""
    pairs = [(name, pair) for name, result in results.items() for pair in result.get("pairs", ())]
    for modality, bar in MEDIAN_MM.items():
        mine = [pair for _, pair in pairs if pair["modality"] == modality]
        used = [pair[organ] for pair in mine for organ in _ORGANS if organ in pair]
        worst = max((error[0] for error in used), default=float("inf"))
        far = max((error[1] for error in used), default=float("inf"))
        text = f"largest median {worst:.1f} mm, largest 95th percentile {far:.1f} mm ({len(mine)} pairs)"
        claim = f"{modality} to CT, liver and pancreas, every pair"
        holds = worst <= bar and far <= LARGEST_MM
        yield Claim(ALIGNMENT, claim, f"median ≤ {bar:g} mm, 95th ≤ {LARGEST_MM:g} mm", text, holds if mine else None)
    told = [(pair["error_95_mm"], pair) for _, pair in pairs if pair["usable"] and pair.get("error_95_mm") is not None]
    if told:
        held = sum(max(pair[organ][1] for organ in _ORGANS if organ in pair) <= bound for bound, pair in told)
        bounds = [bound for bound, _ in told]
        text = f"{held} of {len(told)} pairs; told {min(bounds):.1f} to {max(bounds):.1f} mm"
        yield Claim(ALIGNMENT, "true 95th percentile within the one that is told", "", text, None)
    refused = [f"{name} {pair['exam']}" for name, pair in pairs if not pair["usable"]]
    yield Claim(ALIGNMENT, "pairs of one patient refused", "0", ", ".join(refused) or "0", not refused)
    for name, pair in pairs:
        text = "; ".join(
            f"{organ} {pair[organ][0]:.1f}, 95th {pair[organ][1]:.1f} mm" for organ in _ORGANS if organ in pair
        )
        text += f"; told {pair.get('error_95_mm')} mm" if pair["usable"] else f"refused: {pair['because']}"
        yield Claim(ALIGNMENT, f"{name}: {pair['exam']} to {pair['reference']}, {pair['kind']}", "", text, None)


def _organ_points(folder: Path, truth: Mapping[str, Any], exam: Mapping[str, Any]) -> dict[str, Points]:
    """Points (LPS mm) in the truth's liver and pancreas on the first grid of an exam."""
    image = nibabel.Nifti1Image.from_filename(folder / next(iter(exam["masks"].values()))["structures"])
    labels = np.asarray(image.dataobj)
    found = {}
    for organ in _ORGANS:
        wanted = [value["label"] for name, value in truth["structures"].items() if name.startswith(organ)]
        index = np.argwhere(np.isin(labels, wanted))
        if len(index) == 0:
            continue
        index = index[np.random.default_rng(0).permutation(len(index))[:_POINTS]]
        found[organ] = (index @ image.affine[:3, :3].T + image.affine[:3, 3]) * _TURN
    return found


def _moved(path: Path, points: Points) -> Points:
    """Points (LPS mm) moved by a field of the truth: lattice in RAS, vectors along LPS, cubic interpolation."""
    image = nibabel.Nifti1Image.from_filename(path)
    vectors = np.asarray(image.dataobj)[:, :, :, 0, :]
    inverse = np.linalg.inv(image.affine)
    index = (points * _TURN) @ inverse[:3, :3].T + inverse[:3, 3]
    parts = [ndimage.map_coordinates(vectors[..., n], index.T, order=3, mode="nearest") for n in range(3)]
    return np.asarray(points + np.stack(parts, axis=1), dtype=np.float64)
