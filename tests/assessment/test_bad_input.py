"""Bad input through the whole assessment: a message that helps, or a result that says what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from isletscope.assessment import assess, views
from isletscope.errors import InputError
from isletscope.model import Place
from tests.assessment.cases import assessed, case, lesion, liver, not_seen, seen

P1 = lesion("P1", seen("ct", long_axis=30), seen("sstr_pet", suv_max=30), not_seen("fdg_pet"), region="tail")


def refused(clinical: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        assess(case(P1, clinical=clinical))
    return str(caught.value)


@pytest.mark.parametrize(
    ("clinical", "words"),
    [
        ({"histology": {"grade": "G4"}}, ("grade", "G4", "'G1', 'G2', 'G3', 'NEC' or 'MiNEN'")),
        ({"histology": {"ki67_percent": "about five"}}, ("Ki-67 is not understood", "3-5 %")),
        ({"histology": {"sampled_on": "2027-01-05"}}, ("sampled_on lies in the future", "2027-01-05", "2026-04-01")),
        ({"tumour": {"largest_mm": 2.8}}, ("not a plausible size in mm", "If it was meant in cm, write 28")),
        ({"tumour": {"largest_mm": 340}}, ("not a plausible size in mm", "340 mm")),
        ({"histology": {"ki67": 5}}, ("unknown key", "Did you mean histology.ki67_percent?")),
        ({"histology": {"grade": "G1", "ki67_percent": 15}}, ("grade and Ki-67 contradict", "G1, Ki-67 15 %")),
    ],
)
def test_the_clinical_file_is_refused_with_a_remedy(clinical: dict[str, Any], words: tuple[str, ...]) -> None:
    message = refused(clinical)
    for word in words:
        assert word in message


def test_the_day_of_reading_decides_what_lies_in_the_future() -> None:
    """The case carries its own date, so that the same document gives the same answer in ten years."""
    clinical = {"histology": {"sampled_on": "2026-04-01", "ki67_percent": 2}}
    assert assess(case(P1, clinical=clinical)).assessments
    later = case(P1, clinical={"histology": {"sampled_on": "2026-04-02", "ki67_percent": 2}})
    with pytest.raises(InputError, match="future"):
        assess(later)


def test_a_size_in_centimetres_on_an_observation_is_doubted() -> None:
    small = lesion("P1", seen("ct", long_axis=2.8), region="tail")
    result = assessed(case(small)).conclusion("tnm")
    assert result is not None
    assert "size_unit_doubted" in result.flag_codes()


def test_a_lesion_without_a_site_is_counted_and_not_placed() -> None:
    nowhere = lesion("X1", seen("ct", long_axis=20), seen("sstr_pet", suv_max=9), site="", place=Place())
    found = assessed(case(P1, nowhere))
    stage, rads, axis = (found.conclusion(name) for name in ("tnm", "sstr_rads", "extrahepatic"))
    assert stage is not None
    assert stage.parts["M"] == "M1"
    assert rads is not None
    assert "how usual the place is for a NET (X1)" in rads.missing
    assert axis is not None
    assert axis.value == "limited_unresectable"


def test_no_lesion_and_no_tracer() -> None:
    found = assessed(case(exams={"ct": "2026-03-02"}))
    named = {one.name: one for one in found.conclusions}
    assert named["krenning"].missing == ["SSTR scan"]
    assert named["tnm"].parts["T"] == "T0"
    assert "prrt" not in named
    assert found.alerts == []


def test_a_case_without_a_time_point_is_assessed_to_nothing() -> None:
    empty = case(P1).model_copy(update={"time_points": []})
    assert assess(empty).assessments == []
    assert views(empty) == []


def test_contradictory_findings_give_a_result_that_says_so() -> None:
    metastasis = lesion("L1", seen("ct", long_axis=60, volume=200.0), region="7")
    found = assessed(case(P1, metastasis, liver=[liver({}, whole_volume=100.0)])).conclusion("liver_burden")
    assert found is not None
    assert found.value is None
    assert found.missing[0].startswith("findings that fit together")
