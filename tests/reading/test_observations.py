"""What every exam says of a lesion: seen, not seen, not covered, not assessable, each with its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isletscope.model import Case, Course, ExamKind, Fate, Focus, Observation, Visibility
from isletscope.reading import write_label_map
from isletscope.reading.observations import observe
from isletscope.spatial import Transform
from tests.reading.small_case import ct_reading, distance_mm, grid, small_case, transforms


def _of(case: Case, kind: ExamKind) -> Observation | None:
    return next((one for one in case.lesions[0].observations if one.kind is kind), None)


def test_without_alignment_only_foci_are_told(tmp_path: Path) -> None:
    case, _ = small_case(tmp_path)
    observe(case)
    assert [one.reference for one in case.lesions[0].observations] == ["exam-1/sstr_pet"]
    seen = case.lesions[0].observations[0]
    assert seen.number("suv_peak") == 19.0
    assert seen.features == {"uptake_visible": "yes"}
    assert seen.mask == "masks/pet-1_foci.nii.gz#1"


def test_a_covered_place_without_uptake_is_not_seen_and_unread_images_are_not_assessable(tmp_path: Path) -> None:
    case, _ = small_case(tmp_path)
    observe(case, transforms(), tmp_path)
    fdg, ct, mri = (_of(case, kind) for kind in (ExamKind.FDG_PET, ExamKind.CT, ExamKind.MRI))
    assert fdg is not None
    assert (fdg.visibility, fdg.because) == (Visibility.NOT_SEEN, "no uptake stands out at its place")
    assert ct is not None
    assert (ct.visibility, ct.because) == (Visibility.NOT_ASSESSABLE, "these images were not read")
    assert mri is not None
    assert mri.visibility is Visibility.NOT_ASSESSABLE


def test_ct_is_not_seen_only_where_somebody_looked(tmp_path: Path) -> None:
    case, _ = small_case(tmp_path)
    case.image_readings = [ct_reading()]
    observe(case, transforms(), tmp_path)
    before = _of(case, ExamKind.CT)
    case.image_readings = [ct_reading(looked_for={"L1": "looked at; nothing stands out"})]
    observe(case, transforms(), tmp_path)
    after = _of(case, ExamKind.CT)
    assert before is not None
    assert before.because == "its place was not looked at on these images"
    assert after is not None
    assert (after.visibility, after.because) == (Visibility.NOT_SEEN, "looked at; nothing stands out")


def test_what_the_second_look_left_open_is_not_assessable(tmp_path: Path) -> None:
    case, _ = small_case(tmp_path)
    case.image_readings = [ct_reading(undecided={"L1": "the place lies at a vessel"})]
    observe(case, transforms(), tmp_path)
    ct = _of(case, ExamKind.CT)
    assert ct is not None
    assert (ct.visibility, ct.because) == (Visibility.NOT_ASSESSABLE, "the place lies at a vessel")


def test_a_frame_that_could_not_be_aligned_is_not_assessable(tmp_path: Path) -> None:
    case, _ = small_case(tmp_path)
    known = {key: one for key, one in transforms().items() if key != "pet-2"}
    observe(case, known, tmp_path)
    fdg = _of(case, ExamKind.FDG_PET)
    assert fdg is not None
    assert fdg.visibility is Visibility.NOT_ASSESSABLE
    assert "pet-2" in fdg.because


@pytest.mark.parametrize(("shift_mm", "covered"), [(30.0, True), (60.0, False)])
def test_a_place_outside_the_images_is_not_covered(tmp_path: Path, shift_mm: float, covered: bool) -> None:
    case, _ = small_case(tmp_path)
    away = np.eye(4)
    away[1, 3] = shift_mm
    observe(case, transforms() | {"pet-2": Transform(away)}, tmp_path)
    fdg = _of(case, ExamKind.FDG_PET)
    assert fdg is not None
    assert fdg.visibility is (Visibility.NOT_SEEN if covered else Visibility.NOT_COVERED)


def test_uptake_of_something_else_at_the_place_hides_the_lesion(tmp_path: Path) -> None:
    case, _ = small_case(tmp_path)
    other = case.readings[0].foci[0].model_copy(update={"id": "pet-2/1", "series_key": "pet-2", "site": "right kidney"})
    case.readings[1].foci = [Focus.model_validate(other.model_dump())]
    write_label_map(tmp_path / "masks/pet-2_foci.nii.gz", (distance_mm() <= 12.0).astype(np.uint16), grid("pet-2"))
    observe(case, transforms(), tmp_path)
    fdg = _of(case, ExamKind.FDG_PET)
    assert fdg is not None
    assert fdg.visibility is Visibility.NOT_ASSESSABLE
    assert "right kidney" in fdg.because


def test_a_merged_lesion_is_not_seen_by_itself(tmp_path: Path) -> None:
    case, _ = small_case(tmp_path, merged_into="L2")
    point = case.time_points[0].name
    case.lesions[0].course = [Course(time_point=point, fate=Fate.MERGED)]
    observe(case, transforms(), tmp_path)
    fdg = _of(case, ExamKind.FDG_PET)
    assert fdg is not None
    assert (fdg.visibility, fdg.because) == (Visibility.NOT_SEEN, "merged into L2")
