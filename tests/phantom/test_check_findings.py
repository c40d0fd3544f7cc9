"""Findings on CT and MR marked by outlines: which lesion of a case stands for which true one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from isletscope.model import case_to_json
from isletscope.phantom import check_case
from isletscope.phantom.check_findings import FindingMark
from tests.scenario_cases import scenario_case, scenario_truth

SHAPE, AFFINE = (20, 20, 20), np.diag([-2.0, -2.0, 2.0, 1.0])


def save(path: Path, **corners: int) -> None:
    """A label map with one block of 4 voxels for each number."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    for name, start in corners.items():
        labels[start : start + 4, 5:9, 5:9] = int(name.removeprefix("n"))
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(labels, AFFINE), str(path))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A CT of the slow-growth patient read by another program: P1 outlined under the name T7."""
    truth, case = copy.deepcopy(scenario_truth("follow-up-slow-growth")), tmp_path / "case"
    for exam in truth["exams"]:
        if exam["kind"] == "ct":
            exam["masks"] = {"ct": {"lesions": "ct.nii.gz"}}
    save(tmp_path / "truth" / "ct.nii.gz", n1=4)
    (tmp_path / "truth" / "truth.json").write_text(json.dumps(truth))
    document: dict[str, Any] = json.loads(case_to_json(scenario_case("follow-up-slow-growth")))
    document["software"]["name"] = "another program"
    document["readings"] = []
    (lesion,) = document["lesions"]
    lesion["id"] = "T7"
    lesion["focus_ids"] = []
    for seen in lesion["observations"]:
        if seen["kind"] == "ct":
            seen["mask"] = "masks/ct.nii.gz#3"
    case.mkdir()
    (case / "case.json").write_text(json.dumps(document))
    return case, tmp_path / "truth"


def ct_mark(case: Path, truth: Path) -> FindingMark:
    return next(mark for mark in check_case(case, truth).findings if mark.exam == "ct_2024")


def test_an_outline_on_the_true_lesion_finds_it(folders: tuple[Path, Path]) -> None:
    case, truth = folders
    save(case / "masks" / "ct.nii.gz", n3=6)
    mark = ct_mark(case, truth)
    assert (mark.visible, mark.said, mark.missed) == ("seen", "seen", False)
    assert mark.measured_long_axis_mm == mark.long_axis_mm == pytest.approx(16.0)


def test_an_outline_elsewhere_does_not(folders: tuple[Path, Path]) -> None:
    case, truth = folders
    save(case / "masks" / "ct.nii.gz", n3=14)
    mark = ct_mark(case, truth)
    assert (mark.said, mark.missed) == ("", True)
    assert "ct_2024      0 of 1 that can be seen, 0 looked for" in check_case(case, truth).to_text()
