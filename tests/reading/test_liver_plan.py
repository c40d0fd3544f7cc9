"""A plan for a case folder: masks of the planned exam and those carried over, refusals, and the answer kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from isletscope.errors import CaseError, InputError
from isletscope.model import Alignment, AlignmentKind, State, Verdict, case_to_json
from isletscope.reading import CaseFolder, PlanRequest, plan_case, write_label_map
from isletscope.surgery import Asked
from tests.reading.small_case import EXAM_OF, ROLES, distance_mm, grid, small_case, transforms
from tests.reading.test_edit import second_lesion

CT = "ct-2"


@pytest.fixture
def folder(tmp_path: Path) -> CaseFolder:
    """L1 is outlined on PET alone, L2 on CT; the liver is outlined on CT."""
    case, folder = small_case(tmp_path / "case")
    case.image_readings = [second_lesion(folder.path)]
    other = case.lesions[0].model_copy(update={"id": "L2", "tracking_uid": "2.25.2", "focus_ids": ["ct-2/1"]})
    case.lesions = [*case.lesions, other]
    case.patient = case.patient.model_copy(update={"weight_kg": 70.0, "size_m": 1.75, "sex": "F"})
    for lesion, exam in (("L1", "exam-1"), ("L2", "exam-3")):
        see(case.lesions[int(lesion[1]) - 1], exam)
    case.alignments = [
        Alignment(
            exam_key=EXAM_OF[key], frame_of_reference_uid=EXAM_OF[key], series_key=key, reference_series_key="pet-1",
            series_keys=[one for one in ROLES if EXAM_OF[one] == EXAM_OF[key]], usable=True, uncertainty_mm=1.0,
            kind=AlignmentKind.REFERENCE if key == "pet-1" else AlignmentKind.RIGID, matrix=there.matrix.tolist(),
        )
        for key, there in transforms().items()
        if key != "ct-1"
    ]  # fmt: skip
    folder.save(case)
    return folder


def see(lesion: object, exam: str) -> None:
    from isletscope.model import ExamKind, Observation, Visibility

    kind = ExamKind.CT if exam == "exam-3" else ExamKind.SSTR_PET
    lesion.observations = [Observation(exam_key=exam, kind=kind, visibility=Visibility.SEEN)]  # type: ignore[attr-defined]


def small(**changes: object) -> PlanRequest:
    """The liver of the case is a ball of 137 mL: the minimum by its own volume alone."""
    return PlanRequest(asked=Asked(least_sflr_percent=0.0), **changes)  # type: ignore[arg-type]


def test_lesions_of_all_exams_are_planned_on_the_ct(folder: CaseFolder) -> None:
    plan = plan_case(folder, small())
    assert (plan.series_key, plan.exam_key) == (CT, "exam-3")
    assert sorted([*plan.best.cleared, *(one.lesion for one in plan.best.left)]) == ["L1", "L2"]
    assert any("carried over from another exam: L1" in one for one in plan.lacking)
    whole = float(((distance_mm() <= 32.0).sum()) * 27 / 1000)
    assert plan.liver_ml == pytest.approx(whole, rel=0.02)
    assert plan.functional_ml == pytest.approx(plan.liver_ml - plan.tumour_ml)


def test_the_plan_is_kept_and_answers_what_waited_for_it(folder: CaseFolder) -> None:
    plan = plan_case(folder, small())
    case = folder.case
    (planned,) = [one.plan for one in case.time_points if one.plan is not None]
    assert planned == plan
    found = {one.name: one for point in case.assessments for one in point.conclusions}
    assert found["remnant"].state is not State.MISSING
    before = case_to_json(case)
    assert plan_case(folder, small()) == plan
    assert case_to_json(folder.case) == before


def test_segments_from_outside_make_resections_possible(folder: CaseFolder, tmp_path: Path) -> None:
    geometry = grid(CT)
    halves = np.where(np.indices(geometry.shape)[2] < geometry.shape[2] // 2, 7, 3).astype(np.uint8)
    write_label_map(tmp_path / "segments.nii.gz", halves, geometry)
    plan = plan_case(folder, small(segments=tmp_path / "segments.nii.gz"))
    assert plan.segments_from == "imported map"
    assert not any("segments are not known" in one for one in plan.lacking)


def test_pedicles_from_outside_forbid_what_is_near(folder: CaseFolder, tmp_path: Path) -> None:
    near = np.zeros(grid(CT).shape, np.uint8)
    near[11:13, 15:17, 15:17] = 1
    write_label_map(tmp_path / "pedicles.nii.gz", near, grid(CT))
    plan = plan_case(folder, small(pedicles=tmp_path / "pedicles.nii.gz"))
    left = {one.lesion: one.because for one in plan.best.left}
    assert any("from a portal pedicle" in because for because in left["L1"])


def test_a_file_that_is_no_image_is_refused(folder: CaseFolder, tmp_path: Path) -> None:
    (tmp_path / "segments.nii.gz").write_text("not an image")
    with pytest.raises(InputError, match="no label map could be read"):
        plan_case(folder, small(segments=tmp_path / "segments.nii.gz"))


def test_without_a_tumour_of_the_liver_there_is_nothing_to_plan(folder: CaseFolder) -> None:
    case = folder.case
    for lesion in case.lesions:
        lesion.verdict = Verdict.UNSURE
    folder.save(case)
    with pytest.raises(InputError, match=r"nothing to plan.*2 unsure in the liver"):
        plan_case(folder, small())
    plan = plan_case(folder, small(with_unsure=True))
    assert any("planned as if they were tumour: L1, L2" in one for one in plan.lacking)


def test_a_weight_without_its_pet_is_refused(folder: CaseFolder) -> None:
    with pytest.raises(InputError, match="--weight"):
        plan_case(folder, PlanRequest(asked=Asked("fdg", least_sflr_percent=0.0)))


@pytest.mark.parametrize("edge", [np.s_[-1, 10:20, 10:20], np.s_[10:14, 10:20, 0], np.s_[10:14, 0, 10:20]])
def test_a_liver_that_reaches_an_edge_of_the_images_is_cut_off(folder: CaseFolder, edge: Any) -> None:
    labels = np.where(distance_mm() <= 32.0, 7, 0).astype(np.uint8)
    labels[edge] = 7
    write_label_map(folder.path / "masks/ct-2_organs.nii.gz", labels, grid(CT))
    with pytest.raises(InputError, match="cut off by the field of view"):
        plan_case(folder, small())


def test_a_liver_map_that_is_gone_is_told(folder: CaseFolder) -> None:
    (folder.path / "masks/ct-2_organs.nii.gz").unlink()
    with pytest.raises(CaseError, match="no longer in the case folder"):
        plan_case(folder, small())


def test_an_unknown_time_point_names_those_there_are(folder: CaseFolder) -> None:
    with pytest.raises(InputError, match="no such time point"):
        plan_case(folder, small(time_point="never"))


def test_the_written_map_is_read_by_others_too(folder: CaseFolder, tmp_path: Path) -> None:
    """A NIfTI of another program: other grid, other orientation."""
    affine = np.diag([-4.0, -4.0, 4.0, 1.0])
    affine[:3, 3] = [70.0, 70.0, -60.0]
    labels = np.full((40, 40, 30), 6, np.uint8)
    nibabel.save(nibabel.Nifti1Image(labels, affine), tmp_path / "other.nii.gz")  # type: ignore[no-untyped-call, attr-defined]
    assert plan_case(folder, small(segments=tmp_path / "other.nii.gz")).segments_from == "imported map"
