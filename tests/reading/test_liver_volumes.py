"""Volumes of the liver and the segment of its lesions, from the label maps of a case whose volumes are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isletscope.model import Case, LiverFinding, Verdict
from isletscope.reading import CaseFolder, plan_case, read_label_map, write_label_map
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.liver_volumes import measure_livers
from isletscope.spatial import points_between
from tests.reading.small_case import distance_mm, grid, transforms
from tests.reading.test_liver_plan import folder as plan_folder  # noqa: F401
from tests.reading.test_liver_plan import small

STEP_ML = 27 / 1000
BALL = distance_mm() <= 32.0


@pytest.fixture
def folder(plan_folder: CaseFolder) -> CaseFolder:  # noqa: F811
    """L1 on PET (carried to the middle of the CT), L2 on CT; segments of the CT: halves along x, VII and III."""
    case = plan_folder.case
    for lesion in case.lesions:
        lesion.verdict = Verdict.TUMOUR
    cut(plan_folder, case, "hepatic and portal veins")
    plan_folder.save(case)
    return plan_folder


def cut(folder: CaseFolder, case: Case, source: str) -> None:
    """Halves: segment VII on the patient's right of the ball's middle, III on its left."""
    x = np.indices(BALL.shape)[2]
    labels = np.where(BALL, np.where(x < BALL.shape[2] // 2, 7, 3), 0).astype(np.uint8)
    write_label_map(folder.path / "masks/ct-2_segments.nii.gz", labels, grid("ct-2"))
    reading = case.image_readings[0]
    reading.segment_map, reading.segments_from = "masks/ct-2_segments.nii.gz", source


def measured_on(folder: CaseFolder, case: Case, results: KeptResults | None = None) -> LiverFinding:
    measure_livers(folder, case, transforms(), results)
    (found,) = [one for point in case.time_points for one in point.liver]
    return found


def test_volumes_of_liver_tumour_and_segments_are_those_of_the_voxels(folder: CaseFolder) -> None:
    case = folder.case
    found = measured_on(folder, case)
    own = read_label_map(folder.path / "masks/ct-2_foci.nii.gz") > 0
    whole, tumour = found.number("whole_volume"), found.number("tumour_volume")
    assert whole == pytest.approx(np.count_nonzero(BALL | own) * STEP_ML)
    assert tumour is not None
    assert tumour > np.count_nonzero(own) * STEP_ML
    assert found.number("functional_volume") == pytest.approx(whole - tumour)
    by = {one.segment: (one.parenchyma.value or 0.0) + (one.tumour.value or 0.0) for one in found.segments}
    assert sum(by.values()) == pytest.approx(whole)
    assert by["7"] == pytest.approx(by["3"], rel=0.1)
    assert found.segments_from == "hepatic and portal veins"
    assert "carried over from another exam: L1" in str(found.measurements["tumour_volume"].limitation)


def test_each_lesion_gets_the_segment_of_its_centre_and_what_it_is_known_by(folder: CaseFolder) -> None:
    case = folder.case
    measured_on(folder, case)
    own = np.argwhere(read_label_map(folder.path / "masks/ct-2_foci.nii.gz") > 0).mean(axis=0)
    expected = "7" if own[2] < BALL.shape[2] // 2 else "3"
    second = next(one for one in case.lesions if one.id == "L2").place
    assert (second.region, second.second_region) == (expected, "")
    assert second.known_by == "segments from hepatic and portal veins"
    first = next(one for one in case.lesions if one.id == "L1").place
    assert {first.region, first.second_region} == {"3", "7"}  # carried over, it lies across the border


def test_guessed_borders_tell_the_side_alone(folder: CaseFolder) -> None:
    case = folder.case
    cut(folder, case, "landmarks and typical shares")
    found = measured_on(folder, case)
    assert {one.place.region for one in case.lesions} == {""}
    assert {one.place.side for one in case.lesions} <= {"right", "left"}
    assert "typical shares" in str(found.segments[0].parenchyma.limitation)


def test_a_place_that_is_known_already_stays(folder: CaseFolder) -> None:
    case = folder.case
    case.lesions[1].place = case.lesions[1].place.model_copy(update={"region": "5", "known_by": "reader"})
    measured_on(folder, case)
    assert case.lesions[1].place.region == "5"


def test_after_a_hepatectomy_the_segments_are_missing_because(folder: CaseFolder) -> None:
    case = folder.case
    case.clinical = {"treatment": ["right hepatectomy 2024"]}
    found = measured_on(folder, case)
    assert found.segments == []
    assert "removed before" in found.segments_because
    assert found.number("whole_volume") is not None
    assert {one.place.region for one in case.lesions} == {""}


def test_a_liver_that_is_cut_off_has_no_volume(folder: CaseFolder) -> None:
    labels = np.where(BALL, 7, 0).astype(np.uint8)
    labels[10:14, 10:20, 0] = 7
    write_label_map(folder.path / "masks/ct-2_organs.nii.gz", labels, grid("ct-2"))
    found = measured_on(folder, folder.case)
    for name in ("whole_volume", "tumour_volume", "functional_volume"):
        assert found.measurements[name].value is None
        assert "cut off by the field of view" in str(found.measurements[name].missing_because)
    assert found.segments == []  # those kept are of another outline


def test_lesions_that_are_unsure_make_no_tumour_volume_of_nought(folder: CaseFolder) -> None:
    case = folder.case
    for lesion in case.lesions:
        lesion.verdict = Verdict.UNSURE
    found = measured_on(folder, case)
    assert found.measurements["tumour_volume"].missing_because == "lesions of the liver are left unsure: L1, L2"
    assert all(one.tumour.value is None for one in found.segments)


def test_what_was_kept_is_not_measured_again(folder: CaseFolder) -> None:
    case, results = folder.case, KeptResults()
    first = measured_on(folder, case, results)
    (folder.path / "masks/ct-2_organs.nii.gz").unlink()
    assert measured_on(folder, case, results) == first


def test_a_plan_uses_the_segments_of_the_reading_and_says_so(folder: CaseFolder) -> None:
    plan = plan_case(folder, small())
    assert plan.segments_from == "hepatic and portal veins"
    assert any("cut from hepatic and portal veins" in one for one in plan.assumptions)
    resected = plan_case(folder, small(previous_hepatectomy=True))
    assert resected.segments_from == ""
    assert any("removed before" in one for one in resected.lacking)


def test_the_middle_of_the_carried_lesion_lies_where_its_frame_puts_it(folder: CaseFolder, tmp_path: Path) -> None:
    """The premise of the tests above: the PET's middle is the CT's."""
    there = transforms()
    middle = (np.asarray(BALL.shape) - 1) / 2
    carried = points_between(grid("pet-1").to_lps(middle)[None], there["pet-1"], there["ct-2"])[0]
    assert carried == pytest.approx(grid("ct-2").to_lps(middle))
