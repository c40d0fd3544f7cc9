"""The change since the prior exam in cases from images: PET extents, indeterminate and unaligned findings."""

from __future__ import annotations

from typing import Any

from isletscope.assessment import assess
from isletscope.model import ExamKind, Observation, Verdict, Visibility
from isletscope.report.narrative import Narrative, narrate
from tests.assessment.cases import case, lesion, not_seen, seen

PETS: dict[str, Any] = {"exams": {"sstr_pet": "2025-03-02"}, "followed_by": {"after": {"sstr_pet": "2026-03-02"}}}


def told(*lesions: Any) -> tuple[str, Narrative]:
    given = assess(case(*lesions, **PETS))
    written = narrate(given, "after")
    return " ".join(one.text for one in written.step(8).sentences).replace("\u00a0", " "), written


def on_pet(before: float, now: float) -> tuple[Observation, Observation]:
    return (
        seen("sstr_pet", long_axis=before, suv_max=40.0, volume=5.0),
        seen("sstr_pet", "after", long_axis=now, suv_max=15.0, volume=7.0),
    )


def test_extents_on_pet_are_not_told_as_larger_or_smaller() -> None:
    text, written = told(lesion("L1", *on_pet(25, 35), region="5"))
    assert "larger" not in text
    assert "35" not in text
    change = next(table for table in written.tables if table.name == "change")
    assert any("extents on PET follow uptake and threshold" in str(note) for note in change.notes)


def test_indeterminate_findings_not_seen_before_stand_beside_no_new_tumour() -> None:
    fresh = (not_seen("sstr_pet"), seen("sstr_pet", "after", suv_max=6.0))
    text, _ = told(lesion("L1", *on_pet(25, 25), region="5"), lesion("L2", *fresh, verdict=Verdict.UNSURE, region="6"))
    assert "No new tumour is seen. Not seen before and indeterminate: L2." in text
    text, _ = told(lesion("L1", *on_pet(25, 25), region="5"))
    assert "No new lesion is seen." in text


def test_a_place_that_could_not_be_judged_before_is_not_called_outside_the_images() -> None:
    open_place = Observation(
        exam_key="baseline-sstr_pet",
        kind=ExamKind.SSTR_PET,
        visibility=Visibility.NOT_ASSESSABLE,
        because="the exams could not be aligned",
    )
    fresh = lesion("L2", open_place, seen("sstr_pet", "after", suv_max=20.0), region="6")
    text, _ = told(lesion("L1", *on_pet(25, 25), region="5"), fresh)
    assert "L2: first seen; prior not comparable because its place could not be judged on them" in text
    assert "New:" not in text
