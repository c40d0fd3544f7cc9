"""Signs of one vessel, priority for debulking, SSTR change: vectors of surgery.md 1.3, 7.2 and scores 7.6."""

from __future__ import annotations

import itertools

import pytest
from pydantic import JsonValue

from isletscope.criteria import debulking_priority, sstr_change, vessel_signs
from isletscope.errors import InputError
from isletscope.model import Conclusion, State
from tests.criteria.support import sound

Document = dict[str, JsonValue]


def signs(**document: JsonValue) -> Conclusion:
    return vessel_signs.CRITERION.run_document({"contact_deg": 60, **document})


@pytest.mark.parametrize(
    ("smallest", "percent", "grade"),
    [
        (12, "0.0", "0"),
        (10.9, "9.2", "0"),
        (10.8, "10.0", "1"),
        (6.0, "50.0", "2"),
        (5.9, "50.8", "2"),
        (0, "100.0", "3"),
    ],
)
def test_narrowing(smallest: float, percent: str, grade: str) -> None:
    result = signs(reference_diameter_mm=12, smallest_diameter_mm=smallest)
    assert (result.parts["narrowing_percent"], result.parts["narrowing_grade"]) == (percent, grade)
    assert (result.parts["irregular"] == "yes") is (grade != "0")
    assert (result.parts["teardrop"] == "not assessable (occluded)") is (grade == "3")
    assert sound(result)


def test_teardrop() -> None:
    cusp: Document = {"cusp_ratio": 1.35, "axis_ratio": 0.70, "cusp_planes": 2, "cusp_length_mm": 4}
    present = signs(**cusp)
    assert (present.parts["teardrop"], present.parts["irregular"]) == ("present", "yes")
    single = signs(**{**cusp, "cusp_planes": 1, "cusp_length_mm": 1})
    assert (single.parts["teardrop"], "SINGLE_PLANE_CUSP" in single.flag_codes()) == ("absent", True)
    assert signs(**{**cusp, "cusp_ratio": 1.29}).parts["teardrop"] == "absent"
    assert signs(**{**cusp, "cusp_ratio": 1.3, "axis_ratio": 0.75, "cusp_length_mm": 3}).parts["teardrop"] == "present"
    assert signs(**{**cusp, "axis_ratio": 0.76}).parts["teardrop"] == "absent"
    assert signs(**{**cusp, "cusp_length_mm": None}).parts["teardrop"] == "not known"


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"defect": True, "defect_sstr_positive": True, "defect_enhances_or_expands": True}, "tumour"),
        ({"defect": True, "defect_touches_tumour": True, "defect_enhances_or_expands": True}, "tumour"),
        ({"defect": True, "defect_enhances_or_expands": False, "defect_sstr_positive": False}, "bland"),
        ({"defect": True}, "not known"),
        ({"defect": True, "defect_enhances_or_expands": False}, "not known"),
        ({"defect": False}, "none"),
        ({}, "not known"),
    ],
)
def test_thrombus(document: Document, kind: str) -> None:
    assert signs(**document).parts["thrombus"] == kind


@pytest.mark.parametrize(
    ("contact", "band", "lu"),
    [
        (0, "none", 0),
        (89, "abutment", 1),
        (90, "abutment", 2),
        (180, "abutment", 2),
        (180.1, "encasement", 3),
        (270, "encasement", 3),
        (271, "encasement", 4),
    ],
)
def test_contact(contact: float, band: str, lu: int) -> None:
    result = signs(contact_deg=contact)
    assert (result.value, result.parts["lu_grade"]) == (band, str(lu))
    assert sound(result)


def test_length_tolerance_and_lacks() -> None:
    bands = {5: "<=5", 5.1: ">5-20", 20: ">5-20", 20.1: ">20"}
    assert {length: signs(contact_length_mm=length).parts["length_band"] for length in bands} == bands
    a12 = signs(contact_deg=193.4, contact_tight_deg=179, contact_wide_deg=200)
    assert "TOL_SENSITIVE" in a12.flag_codes()
    assert "TOL_SENSITIVE" not in signs(contact_tight_deg=50, contact_wide_deg=80).flag_codes()
    assert {"TRUNCATED", "ONE_SIDED_REF"} <= signs(truncated=True, reference_one_sided=True).flag_codes()
    assert signs(contact_deg=None).missing == ["contact angle"]
    assert signs(wall_step_mm=1.5).parts["irregular"] == "yes"
    assert signs(wall_step_mm=1.0, reference_diameter_mm=10).parts["irregular"] == "yes"
    smooth = signs(wall_step_mm=0.9, reference_diameter_mm=10, smallest_diameter_mm=10, cusp_ratio=1.0)
    assert smooth.parts["irregular"] == "no"


def priority(*lesions: Document, **more: JsonValue) -> Conclusion:
    return debulking_priority.CRITERION.run_document({"lesions": list(lesions), **more})


def focus(name: str, sstr: bool | None, fdg: bool | None, **more: JsonValue) -> Document:
    return {"id": name, "sstr_positive": sstr, "fdg_positive": fdg, "volume_ml": 15, **more}


def test_priority_classes() -> None:
    both: Document = {"fdg_above_sstr": True}
    cases: list[tuple[Document, str]] = [
        (focus("L1", False, True), "A"),
        (focus("L1", True, True, **both), "A"),
        (focus("L1", True, True, **{**both, "volume_ml": 0.9}), "B"),
        (focus("L1", True, True, **{**both, "volume_ml": 1}), "A"),
        (focus("L1", True, True, fdg_above_sstr=False), "B"),
        (focus("L1", True, False), "C"),
        (focus("L1", False, False), "D"),
    ]
    for lesion, expected in cases:
        assert priority(lesion).lesions[0].value == expected
    small = priority(focus("L1", False, False, longest_mm=8))
    assert (small.parts["L1"], "PARTIAL_VOLUME" in small.flag_codes()) == ("D", True)
    one_tracer = priority(focus("L1", True, None, fdg_above_sstr=False))
    assert one_tracer.state is State.MISSING
    assert one_tracer.lesions[0].possible == ["C", "B"]
    assert priority().value == "none"
    with pytest.raises(InputError, match="two lesions share one id"):
        priority(focus("L1", True, True), focus("L1", True, True))


def test_priority_of_what_stays() -> None:
    hot = [focus(f"L{number}", True, False, removed=number < 4, sstr_above_liver=True) for number in range(5)]
    assert "PRRT_AFTER" in priority(*hot).flag_codes()
    left = priority(*hot, focus("L9", False, True, removed=False))
    assert "RESIDUAL_DISCORDANT" in left.flag_codes()
    assert "PRRT_AFTER" not in left.flag_codes()
    assert left.value == "A 1, C 5"
    three = [focus(f"L{number}", False, True) for number in range(3)]
    assert "RECONSIDER" in priority(*three).flag_codes()
    assert "RECONSIDER" not in priority(*three[:2]).flag_codes()
    assert "TRACERS_FAR_APART" in priority(*hot, days_between_tracers=32).flag_codes()
    assert "TRACERS_FAR_APART" not in priority(*hot, days_between_tracers=31).flag_codes()
    assert len({priority(*turn).model_dump_json() for turn in itertools.permutations(three)}) == 1
    mixed = priority(focus("L1", True, False), focus("L2", True, None))
    assert (mixed.value, mixed.provisional) == ("C 1", True)


ALIKE: Document = {"same_tracer": True, "same_reconstruction": True, "same_uptake_time": True}


@pytest.mark.parametrize(
    ("name", "before", "after", "changes", "value", "flag"),
    [
        ("Z1", 50, 20, {"fdg_done": True, "new_fdg_only_lesion": False}, "decrease", ""),
        ("Z2", 50, 20, {"fdg_done": True, "new_fdg_only_lesion": True}, "decrease", "POSSIBLE_DEDIFFERENTIATION"),
        ("Z3", 50, 66, {}, "increase", ""),
        ("Z4", 50, 60, {}, "stable", ""),
        ("Z5", 50, 60, {"same_tracer": False}, "not_comparable", ""),
        ("at -30 %", 50, 35, {}, "decrease", "FDG_NOT_DONE"),
        ("above -30 %", 50, 35.1, {}, "stable", ""),
        ("at +30 %", 50, 65, {"new_sstr_lesion": True}, "increase", "NEW_SSTR_LESION"),
        ("below +30 %", 50, 64.9, {}, "stable", ""),
    ],
)
def test_sstr_change(name: str, before: float, after: float, changes: Document, value: str, flag: str) -> None:
    result = sstr_change.CRITERION.run_document({**ALIKE, "before_ml": before, "after_ml": after, **changes})
    assert result.value == value, name
    assert not flag or flag in result.flag_codes()
    assert sound(result)
    assert not {"CR", "PR", "SD", "PD"} & set(result.because.replace(";", " ").split())


def test_sstr_ratio_to_spleen_and_lacks() -> None:
    ratio: Document = {"tumour_to_spleen_before": 1.9, "tumour_to_spleen_after": 1.2, "after_first_prrt_cycle": True}
    z6 = sstr_change.CRITERION.run_document({**ALIKE, "before_ml": 50, "after_ml": 40, **ratio})
    assert "TUMOUR_TO_SPLEEN_FALLS" in z6.flag_codes()
    lacking = sstr_change.CRITERION.run_document({"before_ml": 50, "same_tracer": True, "same_uptake_time": True})
    assert lacking.missing == ["whether the reconstruction is the same", "SSTR tumour volume now"]
