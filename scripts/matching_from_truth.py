"""Matching measured on the true outlines of reference patients, with errors, misses and false foci added.

Reads folders made by ``isletscope phantom`` (truth alone, no reading): every CT, MR and PET of every exam is a look,
its foci are the true outlines, carried to the body at rest by the true mapping and then moved by an error of alignment
(a smooth field for each look and a jitter for each focus, half of the variance each). Run as

    python -m scripts.matching_from_truth PATIENT... [--error-mm 4] [--draws 5]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.lesions.matching import Matching, PlacedFocus, Sight, match_foci
from isletscope.model import Verdict
from isletscope.phantom.check_maps import read_map
from isletscope.phantom.check_matching import TrueFocus, mark_fates, mark_pairs

MISSED, FALSE = 0.10, 0.10
SIZE = {"ct": (0.85, 1.15), "mri": (0.85, 1.15), "pet": (0.9, 1.35)}
_MEDIAN_OF_UNIT = 1.538  # median length of a vector whose three parts have standard deviation 1
_STEP_MM = 2.5
_KINDS = {"ct": "ct", "mr": "mri"}
_SITES = frozenset({"liver", "pancreas"})

Array = npt.NDArray[np.float64]


class Looks:
    """The true outlines of one patient, look by look, in the body at rest."""

    def __init__(self, patient: Path) -> None:
        self.folder = patient / "truth"
        self.truth: dict[str, Any] = json.loads((self.folder / "truth.json").read_text(encoding="utf-8"))
        names = {exam["time_point"] for exam in self.truth["exams"]}
        last = {name: max(e["date"] for e in self.truth["exams"] if e["time_point"] == name) for name in names}
        self.moments = sorted(names, key=lambda name: last[name])
        self.sites = {lesion["id"]: lesion["site"] for lesion in self.truth["lesions"]}
        self.looks = [(exam, self._kind(exam), self._outlines(exam)) for exam in self.truth["exams"]]

    def _kind(self, exam: dict[str, Any]) -> str:
        tracer = str(exam.get("tracer_class", ""))
        known = tracer in ("sstr", "fdg", "exendin")
        return _KINDS.get(exam["kind"]) or (f"{tracer}_pet" if known else "other_pet")

    def _outlines(self, exam: dict[str, Any]) -> dict[str, Array]:
        masks = exam["masks"]
        true = read_map(self.folder / (masks.get("dynamic") or next(iter(masks.values())))["lesions"])
        field: Any = nibabel.load(self.folder / exam["deformation"]["to_personal"])
        vectors = np.asarray(field.dataobj).squeeze()
        inverse = np.linalg.inv(np.diag([-1.0, -1.0, 1.0, 1.0]) @ field.affine)
        outlines = {}
        for lesion in self.truth["lesions"]:
            points = true.points(int(lesion["label"]))
            if len(points):
                index = (points @ inverse[:3, :3].T + inverse[:3, 3]).T
                shift = [ndimage.map_coordinates(vectors[..., a], index, order=1, mode="nearest") for a in range(3)]
                outlines[lesion["id"]] = points + np.stack(shift, axis=1)
        return outlines


def drawn(looks: Looks, error_mm: float, random: np.random.Generator) -> Iterator[tuple[PlacedFocus, TrueFocus]]:
    """Foci of all looks with errors drawn, each with what it stands for."""
    sigma = error_mm / _MEDIAN_OF_UNIT / np.sqrt(2.0)
    for exam, kind, outlines in looks.looks:
        name, number = exam["name"], 0
        centres, pulls = random.normal(scale=80.0, size=(6, 3)), random.normal(scale=sigma, size=(6, 3))
        middle = np.concatenate(list(outlines.values())).mean(axis=0) if outlines else np.zeros(3)
        for lesion, points in outlines.items():
            for false in (False, True):
                if random.random() < (1.0 - FALSE if false else MISSED):
                    continue
                number += 1
                centre = points.mean(axis=0)
                factor = random.uniform(*SIZE.get(kind, SIZE["pet"]))
                weights = np.exp(-(((centre - middle - centres) / 70.0) ** 2).sum(axis=1) / 2.0)
                smooth = weights @ pulls / max(float(np.linalg.norm(weights)), 1e-6)
                error = smooth + random.normal(scale=sigma, size=3)
                place = centre + error + (random.normal(scale=20.0, size=3) if false else 0.0)
                moved = _lattice((points - centre) * factor + place)
                identity = f"{name}/{number}"
                volume = len(moved) * _STEP_MM**3 / 1000.0
                focus = PlacedFocus(
                    identity, f"{name}/{kind}", kind, looks.moments.index(exam["time_point"]), moved,
                    volume, looks.sites[lesion], Verdict.TUMOUR, max(error_mm, 2.0), _STEP_MM,
                )  # fmt: skip
                yield focus, TrueFocus(identity, name, focus.look, () if false else (lesion,))


def _lattice(points: Array) -> Array:
    """The nodes of an even lattice nearest to points; at least one."""
    nodes: Array = np.unique(np.rint(points / _STEP_MM), axis=0) * _STEP_MM
    return nodes


def measure(looks: Looks, error_mm: float, seed: int) -> tuple[int, int, int, int, int]:
    """Correct, wrong and missed pairs, right and all fates, of one draw."""
    random = np.random.default_rng(seed)
    pairs = list(drawn(looks, error_mm, random))
    foci, true = [one for one, _ in pairs], [one for _, one in pairs]
    sights = [
        Sight(f"{exam['name']}/{kind}", kind, looks.moments.index(exam["time_point"]), lambda _: True, "",
              _SITES if kind in ("ct", "mri") else None)
        for exam, kind, _ in looks.looks
    ]  # fmt: skip
    case = document(match_foci(foci, sights), looks)
    holders = {focus: lesion["id"] for lesion in case["lesions"] for focus in lesion["focus_ids"]}
    related = {frozenset((one["id"], other)) for one in case["lesions"] for other in one["related"]}
    correct, mistakes = mark_pairs(looks.truth, true, holders, related)
    fates, _ = mark_fates(looks.truth, case, true, holders)
    wrong = sum(mistake.kind == "wrong" for mistake in mistakes)
    return correct, wrong, len(mistakes) - wrong, sum(fate.right for fate in fates), len(fates)


def document(matching: Matching, looks: Looks) -> dict[str, Any]:
    """What marking needs of a case, as a case has it."""
    names = {lesion.track: str(number) for number, lesion in enumerate(matching.lesions)}
    exams = looks.truth["exams"]
    return {
        "exams": [{"study_uid": exam["study_uid"], "key": exam["name"]} for exam in exams],
        "time_points": [
            {"name": name, "exam_keys": [exam["name"] for exam in exams if exam["time_point"] == name]}
            for name in looks.moments
        ],
        "lesions": [
            {
                "id": names[lesion.track],
                "focus_ids": [focus.focus_id for focus in lesion.track.foci()],
                "course": [
                    {"time_point": looks.moments[step.moment], "fate": step.fate.value} for step in lesion.steps
                ],
                "related": [
                    names[other] for other in (lesion.track.split_from, *lesion.track.merged.values()) if other in names
                ],
            }
            for lesion in matching.lesions
        ],
    }


def main() -> None:
    """Print a row for each patient."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patients", nargs="+", type=Path)
    parser.add_argument("--error-mm", type=float, default=4.0, help="median error of place (default 4)")
    parser.add_argument("--draws", type=int, default=5)
    given = parser.parse_args()
    total = np.zeros(5, dtype=int)
    print(f"{'patient':<24} {'correct':>8} {'wrong':>6} {'missed':>7} {'pairs right':>12} {'fates right':>14}")
    for patient in given.patients:
        looks = Looks(patient)
        found = np.sum([measure(looks, given.error_mm, seed) for seed in range(given.draws)], axis=0)
        total += found
        _row(patient.name, found)
    _row("all", total)


def _row(name: str, found: npt.NDArray[np.int_]) -> None:
    correct, wrong, missed, right, fates = (int(value) for value in found)
    share = 100.0 * correct / max(correct + wrong + missed, 1)
    print(f"{name:<24} {correct:>8} {wrong:>6} {missed:>7} {share:>10.1f} % {right:>6} of {fates}")


if __name__ == "__main__":
    main()
