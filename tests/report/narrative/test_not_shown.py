"""A liver that no exam shows well enough: the step says of each CT and MR what it lacks."""

from __future__ import annotations

import pytest

from isletscope.assessment import assess
from isletscope.model import Compartment, ExamKind, ReadingOfImages, Verdict
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


def test_a_leg_alone_leaves_no_step_without_words() -> None:
    """An exam that shows nothing of the abdomen: each step says so, and zero is told as the least there is."""
    thigh = lesion("X1", seen("fdg_pet", long_axis=36.0, volume=9.7, suv_max=6.4), compartment=Compartment.OTHER)
    thigh = thigh.model_copy(update={"verdict": Verdict.UNSURE})
    given = case(thigh, exams={"fdg_pet": "2026-03-02"})
    points = [point.model_copy(update={"coverage": {}}) for point in given.time_points]
    told = narrate(assess(given.model_copy(update={"time_points": points})), points[0].name)
    steps = {step.number: " ".join(one.text for one in step.sentences) for step in told.steps}
    assert all(steps.values())
    assert steps[9].startswith("No stage, class or treatment question is assessable because these are missing: ")
    assert "MTV at least 0\u202fmL" in steps[7].replace("\u00a0", "\u202f")
