"""Exams that do not fit together or lack something: what is left is read, and what was not done is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pydicom.dataset import Dataset

from isletscope.errors import MixedPatients
from isletscope.model import Case, ExamKind, SamePatient
from isletscope.reading import ReadRequest, read_case
from tests.intake.builders import Grid, Maker, Values, write

Points = npt.NDArray[np.float64]
TRUNK = Grid(slices=30, rows=36, columns=48, origin=(-188.0, -140.0, -400.0), spacing=(8.0, 8.0), step_mm=8.0)
HEAD = Grid(slices=24, rows=28, columns=28, origin=(-108.0, -108.0, 300.0), spacing=(8.0, 8.0), step_mm=8.0)


def trunk(points: Points) -> Points:
    """An even ellipse of 340 x 240 mm in air, HU."""
    inside = (points[..., 0] / 170.0) ** 2 + (points[..., 1] / 120.0) ** 2 < 1.0
    return np.where(inside, 40.0, -1000.0)


def trunk_mr(points: Points) -> Points:
    """The same as a signal."""
    return np.where(trunk(points) > 0, 400.0, 3.0)


def head_mr(points: Points) -> Points:
    """A ball of 80 mm radius, brighter within."""
    apart = np.linalg.norm(points - np.array([0.0, 0.0, 392.0]), axis=-1)
    return np.where(apart < 80.0, np.where(apart < 65.0, 600.0, 200.0), 3.0)


def ct(maker: Maker, grid: Grid = TRUNK, of: Values = trunk) -> list[Dataset]:
    """A CT of the abdomen."""
    return maker.series("CT", grid, of=of, SeriesDescription="Abdomen", BodyPartExamined="ABDOMEN")


def mr(maker: Maker, grid: Grid = TRUNK, of: Values = trunk_mr, part: str = "ABDOMEN") -> list[Dataset]:
    """A T2-weighted MR."""
    return maker.series(
        "MR",
        grid,
        of=of,
        SeriesDescription=f"T2 TSE {part}",
        BodyPartExamined=part,
        ScanningSequence="SE",
        EchoTime="90",
        RepetitionTime="4000",
    )


def read(tmp_path: Path, *exams: Sequence[Dataset], same: tuple[SamePatient, ...] = ()) -> Case:
    """The case read from exams, each written to a folder of its own."""
    for number, datasets in enumerate(exams):
        write(datasets, tmp_path / "dicom" / f"{number}")
    request = ReadRequest((tmp_path / "dicom",), tmp_path / "case", same_patient=same)
    return read_case(request).case


def says_nothing_of_the_liver(case: Case) -> bool:
    """No result on metastases of the liver, and no region said to be covered, where no organ was found."""
    found = {one.name: one.value for point in case.assessments for one in point.conclusions}
    return not any(found.get(name) for name in ("liver_pattern", "liver_burden", "tnm")) and not any(
        point.coverage for point in case.time_points
    )


def usable(case: Case) -> dict[str, bool]:
    """Whether the frame of each series is aligned."""
    return {key: one.usable for one in case.alignments for key in one.series_keys}


@pytest.mark.slow
def test_the_head_is_not_aligned_with_the_abdomen(tmp_path: Path) -> None:
    case = read(tmp_path, ct(Maker()), mr(Maker(), HEAD, head_mr, "BRAIN"))
    assert sorted(usable(case).values()) == [False, True]
    failed = next(one for one in case.alignments if not one.usable)
    assert failed.because
    assert says_nothing_of_the_liver(case)


def test_two_patients_need_a_word_that_they_are_one(tmp_path: Path) -> None:
    one, other = ct(Maker()), ct(Maker(patient_id="TEST-2", date="20260315"))
    with pytest.raises(MixedPatients, match="never mixed"):
        read(tmp_path, one, other)


@pytest.mark.slow
def test_two_names_of_one_patient_are_read_together(tmp_path: Path) -> None:
    same = SamePatient(ids=["TEST-1", "TEST-2"], reason="one person, two hospitals")
    case = read(tmp_path, ct(Maker()), ct(Maker(patient_id="TEST-2", date="20260315")), same=(same,))
    assert len(case.exams) == 2


def test_mr_alone(tmp_path: Path) -> None:
    case = read(tmp_path, mr(Maker()))
    assert [one.kind for one in case.image_readings] == [ExamKind.MRI]
    assert says_nothing_of_the_liver(case)
    assert all(organ.missing_because for organ in case.image_readings[0].organs if organ.name == "liver")


def test_a_single_slice(tmp_path: Path) -> None:
    case = read(tmp_path, ct(Maker(), replace(TRUNK, slices=1)))
    assert says_nothing_of_the_liver(case)
    assert case.lesions == []


def test_thick_oblique_slices(tmp_path: Path) -> None:
    slant = float(np.sqrt(0.5))
    grid = replace(TRUNK, slices=6, orientation=(1.0, 0.0, 0.0, 0.0, slant, slant), step_mm=40.0)
    case = read(tmp_path, mr(Maker(), grid))
    assert says_nothing_of_the_liver(case)
    assert case.lesions == []


@pytest.mark.slow
def test_files_that_break_in_the_middle_stop_their_series_alone(tmp_path: Path) -> None:
    broken = Maker()
    datasets = ct(broken)
    paths = write(datasets, tmp_path / "dicom" / "broken")
    for path in paths[10:20]:
        path.write_bytes(path.read_bytes()[:1200])
    case = read(tmp_path, mr(Maker(date="20260303")))
    assert any(one.kind is ExamKind.MRI for one in case.image_readings)
    codes = {one.code for exam in case.exams for series in exam.series for one in series.findings}
    assert case.refused or "missing_slices" in codes
    assert says_nothing_of_the_liver(case)


@pytest.mark.slow
def test_two_exams_of_one_day_and_one_without_a_date(tmp_path: Path) -> None:
    undated = mr(Maker())
    for dataset in undated:
        dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = ""
    case = read(tmp_path, ct(Maker()), ct(Maker()), undated)
    assert len(case.exams) == 3
    assert [len(point.exam_keys) for point in case.time_points] == [3]
    assert len(case.image_readings) == 3
