from __future__ import annotations

from pathlib import Path

from isletscope.model import Verdict, case_from_json
from isletscope.reading.open_items import open_items


def test_foci_with_one_reason_are_one_item(reference_case: Path) -> None:
    case = case_from_json((reference_case / "case.json").read_text())
    foci = case.readings[0].foci
    for focus in foci:
        focus.verdict = Verdict.UNSURE
        focus.assessment.because = "The tracer is unknown."
    items = [item for item in open_items(case) if "The tracer is unknown." in item]
    assert len(items) == 1
    assert f"and {len(foci) - 8} more need a reader's verdict" in items[0]


def test_a_missing_reference_is_an_open_item(reference_case: Path) -> None:
    case = case_from_json((reference_case / "case.json").read_text())
    region = case.readings[0].references[0]
    case.readings[0].references[0] = region.model_validate(
        {"name": "liver", "state": "missing", "missing_because": "the liver was not found"}
    )
    assert any("liver reference is missing because the liver was not found." in item for item in open_items(case))
