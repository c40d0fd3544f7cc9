"""A liver that no exam shows well enough: the step says of each CT and MR what it lacks."""

from __future__ import annotations

import pytest

from isletscope.assessment import assess
from isletscope.model import ExamKind, ReadingOfImages
from isletscope.report.narrative import narrate
from tests.assessment.cases import case, lesion, seen


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (["ct-1"], "the CT has one series only, and small lesions are not told from vessels on it"),
        (["ct-1", "ct-2"], "its outline was not found with confidence on the CT"),
    ],
)
def test_the_reason_is_told(series: list[str], reason: str) -> None:
    given = case(lesion("P1", seen("ct", long_axis=20.0), region="tail"), exams={"ct": "2026-03-02"})
    reading = ReadingOfImages(
        exam_key="baseline-ct", kind=ExamKind.CT, series_key=series[0], series_keys=series, organs=[], foci=[]
    )
    points = [point.model_copy(update={"coverage": {}}) for point in given.time_points]
    given = given.model_copy(update={"time_points": points, "image_readings": [reading]})
    told = " ".join(one.text for one in narrate(assess(given), points[0].name).step(5).sentences)
    assert f"The liver is not assessable because no exam shows it well enough: {reason}." in told
