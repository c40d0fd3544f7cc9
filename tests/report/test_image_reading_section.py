"""The report says what CT and MR were searched for, what was not found and why, and which foci stand alone."""

from __future__ import annotations

from isletscope.model import OrganFinding, ReadingOfImages, State, UnmatchedFocus
from isletscope.report.content.image_reading_section import image_reading_section
from isletscope.report.images import NoImages
from tests.model.example import example_case


def test_a_case_without_ct_and_mr_has_no_such_section() -> None:
    case = example_case()
    case.image_readings = []
    assert image_reading_section(case, NoImages()) is None


def test_limits_and_missing_organs_are_told_for_their_exam() -> None:
    case = example_case()
    reading = case.image_readings[0]
    reading.series_key = case.readings[0].series_key
    reading.organs.append(
        OrganFinding(name="spleen", state=State.MISSING, missing_because="it lies outside the image.")
    )
    section = image_reading_section(case, NoImages())
    assert section is not None
    told = " ".join(section.text)
    assert "lymph nodes were not searched" in told
    assert "liver 1500 mL (moderate confidence)" in told
    assert "spleen not found, because it lies outside the image." in told
    assert "one focus found, of these 0 held for benign" in told


def test_foci_that_stand_alone_are_listed_with_the_reason() -> None:
    case = example_case()
    focus = case.readings[0].foci[0]
    case.image_readings = [ReadingOfImages.model_validate({**case.image_readings[0].model_dump(), "foci": []})]
    case.image_readings[0].series_key = case.readings[0].series_key
    case.unmatched = [
        UnmatchedFocus(focus_id=focus.id, because="seen on CT alone"),
        UnmatchedFocus(focus_id="gone/1", because="x"),
    ]
    section = image_reading_section(case, NoImages())
    assert section is not None
    assert [row[3].text for row in section.tables[0].rows] == ["seen on CT alone"]
    case.unmatched = []
    section = image_reading_section(case, NoImages())
    assert section is not None
    assert section.tables == ()
    assert any("Every focus" in line for line in section.text)


def test_given_organs_are_listed_with_file_region_and_confidence() -> None:
    case = example_case()
    reading = case.image_readings[0]
    reading.series_key = case.readings[0].series_key
    source = "given mask seg.dcm, region 1 Spleen, drawn by Net 3, automatic"
    reading.organs.append(
        OrganFinding(name="spleen", state=State.ENTERED, source=source, confidence="moderate", volume_ml=210.4)
    )
    section = image_reading_section(case, NoImages())
    assert section is not None
    table = section.tables[0]
    assert table.caption == "Organs drawn elsewhere and used here"
    assert [cell.text for cell in table.rows[-1][1:]] == ["spleen", "210", source, "moderate"]
