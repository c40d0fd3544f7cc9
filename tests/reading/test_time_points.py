"""Exams gathered into time points, and what a PET covers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.model import (
    Case,
    Exam,
    ExamKind,
    OrganFinding,
    Patient,
    ReadingOfImages,
    ReadingOfPet,
    Software,
    State,
    TracerClass,
)
from isletscope.reading.time_points import covered_by, covered_by_images, time_points


def _case(*dates: str | None) -> Case:
    exams = [
        Exam(key=f"exam-{number}", study_uid=str(number), patient_id="A", date=day, title="CT")
        for number, day in enumerate(dates, start=1)
    ]
    return Case(software=Software(version="0", created="2026-11-01"), patient=Patient(id="A"), exams=exams)


@pytest.mark.parametrize(
    ("dates", "names"),
    [
        (["2026-03-01", "2026-03-20", "2026-05-04"], ["2026-05-04"]),
        (["2026-03-01", "2026-04-15"], ["2026-04-15"]),
        (["2026-03-01", "2026-04-16"], ["2026-03-01", "2026-04-16"]),
        (["2026-09-01", "2025-03-01"], ["2025-03-01", "2026-09-01"]),
        ([None], ["undated"]),
        ([], []),
    ],
)
def test_a_gap_of_more_than_45_days_begins_a_time_point(dates: list[str | None], names: list[str]) -> None:
    assert [point.name for point in time_points(_case(*dates))] == names


def test_an_exam_without_a_date_stands_with_the_first() -> None:
    points = time_points(_case("2026-03-01", None, "2026-09-01"))
    assert [point.exam_keys for point in points] == [["exam-2", "exam-1"], ["exam-3"]]


@given(st.lists(st.dates(), max_size=12))
def test_every_exam_stands_in_one_time_point_whatever_the_order(dates: list[object]) -> None:
    points = time_points(_case(*map(str, dates)))
    keys = [key for point in points for key in point.exam_keys]
    assert sorted(keys) == sorted(f"exam-{number}" for number in range(1, len(dates) + 1))
    assert [point.date for point in points] == sorted(point.date for point in points)


def test_a_region_is_covered_only_where_its_organs_were_found() -> None:
    organs = [
        OrganFinding(name="liver", state=State.DERIVED),
        OrganFinding(name="bladder", state=State.DERIVED),
        OrganFinding(name="spleen", state=State.MISSING, missing_because="not in the images"),
    ]
    reading = ReadingOfPet(series_key="pet-1", tracer_class=TracerClass.SSTR, organs=organs)
    assert covered_by(reading) == ["liver", "abdominal_nodes", "peritoneum", "pelvis"]
    assert covered_by(reading.model_copy(update={"organs": []})) == []


@pytest.mark.parametrize(
    ("series", "confidence", "regions"),
    [(2, "moderate", ["liver", "pancreas"]), (2, "low", []), (1, "high", [])],
)
def test_ct_and_mr_cover_only_what_was_searched_on_several_series(
    series: int, confidence: str, regions: list[str]
) -> None:
    """Lymph nodes, peritoneum and chest are not searched there, whatever organs were found."""
    names = ("liver", "spleen", "kidney_right", "kidney_left", "bladder", "lung_right", "lung_left", "heart")
    organs = [OrganFinding(name=name, state=State.DERIVED, confidence=confidence) for name in names]
    keys = [f"ct-{number + 1}" for number in range(series)]
    reading = ReadingOfImages(exam_key="exam-1", kind=ExamKind.CT, series_key="ct-1", series_keys=keys, organs=organs)
    assert covered_by_images(reading) == regions
