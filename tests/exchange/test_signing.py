"""Signing: what blocks it, what it covers, and that a changed case is found out."""

from __future__ import annotations

import pytest

from isletscope.errors import CaseError, InputError
from isletscope.exchange import checked_standing, signed_case
from isletscope.model import Case, Completeness, Standing, case_from_json, case_to_json, content_sha256
from isletscope.report import checked_narrative, latest_narrative
from tests.exchange.cases import signed
from tests.report.narrated_cases import whole

AT = "2026-05-20T10:00:00+02:00"


def settled() -> Case:
    """The whole case as if no item were open."""
    case = whole().model_copy(deep=True)
    for one in case.assessments:
        one.completeness = Completeness(items=[], facts_wanted=[], templates=[])
    return case


def test_open_items_block_signing() -> None:
    with pytest.raises(CaseError, match=r"cannot be signed; found open: .*CTX"):
        signed_case(whole(), "A. Reader", AT)


@pytest.mark.parametrize("at", ["yesterday", "2026-05-20T10:00:00"])
def test_the_time_of_a_signature_has_an_offset(at: str) -> None:
    with pytest.raises(InputError, match="time of signature"):
        signed_case(settled(), "A. Reader", at)


def test_faults_of_the_written_report_block_signing() -> None:
    with pytest.raises(CaseError, match="check C09"):
        signed_case(settled(), "A. Reader", AT)


def test_signed_amended_and_found_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isletscope.exchange.signing.checked_narrative", lambda case: (latest_narrative(case), ()))
    case = signed_case(settled(), "A. Reader", AT)
    assert checked_standing(case, "case") is Standing.FINAL
    with pytest.raises(CaseError, match="is signed already"):
        signed_case(case, "A. Reader", AT)
    changed = case.model_copy(deep=True)
    changed.lesions[0].site = "elsewhere"
    with pytest.raises(CaseError, match="is not sent on") as found:
        checked_standing(changed, "case")
    assert case.signatures[0].sha256 in str(found.value)
    amended = signed_case(changed, "B. Reader", "2026-05-21T10:00:00+02:00")
    assert checked_standing(amended, "case") is Standing.AMENDED


def test_the_sum_survives_writing_and_reading() -> None:
    case = signed(settled())
    again = case_from_json(case_to_json(case))
    assert content_sha256(again) == case.signatures[0].sha256
    assert checked_standing(again, "case") is Standing.FINAL


def test_the_written_report_says_who_signed() -> None:
    narrative, faults = checked_narrative(signed(settled()))
    assert narrative is not None
    assert narrative.header[1].text == f"State: signed by A. Reader, {AT}."
    assert any("A. Reader" in one.text for one in narrative.step(10).sentences)
    assert [fault for fault in faults if "2026" in fault.found] == []
