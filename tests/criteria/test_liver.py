"""Liver pattern, burden, disease outside the liver, transplantation screen: vectors of surgery.md 3.1 to 3.4."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from isletscope.criteria import extrahepatic, liver_burden, liver_pattern, transplant_screen
from isletscope.errors import InputError
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound

Document = dict[str, JsonValue]


def pattern(lesions: list[Document], right: float | None = 10, left: float | None = 10) -> Conclusion:
    document: Document = {"lesions": list(lesions), "right_burden_percent": right, "left_burden_percent": left}
    return liver_pattern.CRITERION.run_document(document)


def spread(right: list[float], left: list[float], side: bool = True) -> list[Document]:
    """Lesions with their volumes by side."""
    places = [("right", volume) for volume in right] + [("left", volume) for volume in left]
    return [
        {"id": f"L{number}", "side": place if side else None, "volume_ml": volume}
        for number, (place, volume) in enumerate(places)
    ]


@pytest.mark.parametrize(
    ("name", "lesions", "burdens", "value", "rule"),
    [
        ("one", spread([382], []), (None, None), "I", "single"),
        ("segments 6 and 7", spread([10, 5], []), (None, None), "I-unilobar", "unilobar"),
        ("segments 2, 3, 4", spread([], [10, 5, 4]), (None, None), "I-unilobar", "unilobar"),
        ("96 % right", spread([75] * 4, [3] * 4), (30, 2), "II", "bulk"),
        ("even", spread([40] * 4, [37.5] * 4), (20, 20), "III", "diffuse"),
        ("75.0 % right", spread([25] * 3, [12.5, 12.5]), (20, 5), "II", "bulk"),
        ("74.9 % right", spread([24.9] * 3, [12.6, 12.7]), (20, 5), "III", "diffuse"),
        ("60 lesions", spread([55 / 30] * 30, [45 / 30] * 30), (20, 20), "III", "diffuse"),
        ("one mass", spread([400, *[4.5] * 12], [3.5] * 12 + [4]), (40, 10), "II", "bulk"),
        ("both above half", spread([300] * 3, [200] * 3), (60, 55), "III", "replaced"),
        ("one above half", spread([800], [5] * 4), (70, 4), "II", "bulk"),
        ("exactly half", spread([300] * 3, [20]), (50, 55), "II", "bulk"),
    ],
)
def test_pattern(name: str, lesions: list[Document], burdens: tuple[float, float], value: str, rule: str) -> None:
    result = pattern(lesions, *burdens)
    assert (result.value, result.rule) == (value, f"liver_pattern.{rule}"), name
    assert sound(result)


def test_pattern_clusters_caudate_and_missing_sides() -> None:
    cluster = [{**one, "cluster": "a"} for one in spread([15, 15, 20], [])] + spread([], [25, 25])
    for number, lesion in enumerate(cluster):
        lesion["id"] = f"L{number}"
    assert pattern(cluster).rule == "liver_pattern.bulk"
    caudate: list[Document] = [{"id": "L1", "side": "caudate", "volume_ml": 2}, *spread([5], [])]
    result = pattern(caudate)
    assert (result.value, "CAUDATE" in result.flag_codes()) == ("I-unilobar", True)
    blind = pattern(spread([10, 10], [10, 8], side=False), None, None)
    assert blind.state is State.MISSING
    assert set(blind.possible) == {"I-unilobar", "II", "III"}
    assert "side of L0" in blind.missing
    assert pattern([]).value == "none"
    assert pattern(spread([1] * 21, [])).parts["count"] == ">20 (21)"
    no_burden = pattern(spread([75] * 4, [3] * 4), None, 2)
    assert no_burden.value == "II"
    assert set(pattern(spread([75] * 4, [3] * 4), None, None).possible) == {"II", "III"}
    with pytest.raises(InputError, match="two lesions share one id"):
        pattern([*spread([1], []), *spread([1], [])])


volumes = st.lists(st.sampled_from([1.0, 5.0, 20.0, 100.0]), max_size=4)


@given(right=volumes, left=volumes, burden=st.sampled_from([5, 55]), data=st.data())
@settings(max_examples=80, deadline=None)
def test_pattern_order_and_less_knowledge(
    right: list[float], left: list[float], burden: float, data: st.DataObject
) -> None:
    lesions = spread(right, left)
    full = pattern(lesions, burden, burden)
    assert pattern(data.draw(st.permutations(lesions)), burden, burden) == full
    if not lesions:
        return
    hidden = data.draw(st.sampled_from(range(len(lesions))))
    what = data.draw(st.sampled_from(["side", "volume_ml"]))
    poorer = [{**one, what: None} if number == hidden else one for number, one in enumerate(lesions)]
    for part in (pattern(poorer, burden, burden), pattern(lesions, None, burden)):
        assert certainty(part) <= certainty(full)
        assert full.value in (part.possible if part.state is State.MISSING else [part.value])


@pytest.mark.parametrize(
    ("tumour", "fine", "others"),
    [
        (0, "0", {"promid": "<=10", "clarinet": "0"}),
        (150, ">0-10", {"promid": "<=10", "netter1": "low"}),
        (151, ">10-25", {"promid": ">10"}),
        (375, ">10-25", {"netter1": "moderate", "clarinet_split": "<=25"}),
        (374, ">10-25", {"netter1": "low"}),
        (376, ">25-50", {"clarinet_split": ">25"}),
        (750, ">25-50", {"netter1": "moderate", "milan": "<=50"}),
        (751, ">50-75", {"netter1": "high", "milan": ">50", "clarinet": ">50"}),
        (1125, ">50-75", {"embolisation": ">=75"}),
        (1124, ">50-75", {"embolisation": "<75"}),
        (1126, ">75", {}),
    ],
)
def test_burden(tumour: float, fine: str, others: dict[str, str]) -> None:
    result = liver_burden.CRITERION.run_document({"tumour_ml": tumour, "liver_ml": 1500})
    assert result.value == fine
    assert others.items() <= result.parts.items()
    assert sound(result)


def test_burden_score_and_lacks() -> None:
    run = liver_burden.CRITERION.run_document
    assert run({"largest_mm": 30, "count": 4}).parts["tumour_burden_score"] == "5.00"
    assert liver_burden.burden_score(90, 12) == pytest.approx(15.0)
    cut = run({"tumour_ml": 100, "liver_ml": 1500, "liver_truncated": True})
    assert cut.missing == ["the whole liver in the field of view"]
    assert run({"liver_ml": 1500}).missing == ["tumour volume in the liver"]
    assert run({"tumour_ml": 1, "liver_ml": 9, "all_segmented": False}).missing == ["outlines of all liver metastases"]
    seen = run({"visual_percent": 30})
    assert (seen.value, "VISUAL" in seen.flag_codes()) == (">25-50", True)
    assert "NEAR_THRESHOLD" in run({"tumour_ml": 165, "liver_ml": 1500}).flag_codes()
    assert "NEAR_THRESHOLD" not in run({"tumour_ml": 195, "liver_ml": 1500}).flag_codes()
    with pytest.raises(InputError, match="exceeds that of the whole liver"):
        run({"tumour_ml": 1501, "liver_ml": 1500})


@given(st.floats(0, 1500), st.floats(0, 1500))
def test_more_tumour_is_never_a_lower_band(one: float, other: float) -> None:
    names = list(liver_burden.BOOK.schemes["fine"].names)
    less, more = sorted((one, other))
    bands = [liver_burden.CRITERION.run_document({"tumour_ml": ml, "liver_ml": 1500}).value for ml in (less, more)]
    assert names.index(str(bands[0])) <= names.index(str(bands[1]))


def outside(*findings: Document, nodes: int | None = 0, whole: bool = True) -> Conclusion:
    document: Document = {"compartments": list(findings), "regional_nodes": nodes, "whole_body_examined": whole}
    return extrahepatic.CRITERION.run_document(document)


@pytest.mark.parametrize(
    ("findings", "nodes", "value", "flag"),
    [
        ([], 0, "none", ""),
        ([], 1, "regional", ""),
        ([{"compartment": "bone", "lesions": 1}], 0, "limited_unresectable", "EHD_BONE"),
        ([{"compartment": "peritoneum", "lesions": 3}], 0, "limited_resectable", "PERITONEUM"),
        ([{"compartment": "bone", "lesions": 6}], 0, "diffuse", "EHD_BONE"),
        ([{"compartment": "bone", "lesions": 5}], 0, "limited_unresectable", "EHD_BONE"),
        ([{"compartment": "distant_node", "lesions": 1}], 0, "limited_resectable", "DISTANT_NODE"),
        ([{"compartment": "lung", "lesions": 1, "resectable": True}], 0, "limited_resectable", ""),
        ([{"compartment": "lung", "lesions": 1}, {"compartment": "bone", "lesions": 1}], 0, "diffuse", ""),
    ],
)
def test_outside_the_liver(findings: list[Document], nodes: int, value: str, flag: str) -> None:
    result = outside(*findings, nodes=nodes)
    assert result.value == value
    assert not flag or flag in result.flag_codes()
    assert sound(result)


def test_outside_the_liver_not_examined() -> None:
    nobody = outside(whole=False)
    assert nobody.state is State.MISSING
    assert "none" in nobody.possible
    one = outside({"compartment": "bone", "lesions": None})
    assert one.missing == ["examination of: bone"]
    assert "none" in one.possible
    assert outside({"compartment": "bone", "lesions": 6}, whole=False).value == "diffuse"
    assert outside(nodes=None).possible == ["none", "regional"]
    assert outside({"compartment": "bone", "lesions": 1}, nodes=None).value == "limited_unresectable"
    assert "regional" in outside(nodes=2, whole=False).possible
    with pytest.raises(InputError, match="a compartment is given twice"):
        outside({"compartment": "bone", "lesions": 1}, {"compartment": "bone", "lesions": 2})


MILAN: Document = {
    "well_differentiated_g1_g2": True,
    "ki67_percent": 5,
    "portal_drained_primary_removed": True,
    "liver_involvement_percent": 40,
    "stable_months": 8,
    "age_years": 45,
    "extrahepatic_disease": False,
}


@pytest.mark.parametrize(
    ("changes", "value", "flag"),
    [
        ({}, "meets", ""),
        ({"liver_involvement_percent": 50.0}, "meets", "NEAR_THRESHOLD"),
        ({"liver_involvement_percent": 50.1}, "not_met", "NEAR_THRESHOLD"),
        ({"stable_months": 6}, "meets", ""),
        ({"stable_months": 5.9}, "not_met", "STABILITY_3_6"),
        ({"stable_months": 3}, "not_met", "STABILITY_3_6"),
        ({"stable_months": 2.9}, "not_met", "-STABILITY_3_6"),
        ({"age_years": 60}, "meets", ""),
        ({"age_years": 61}, "meets_except_relative(age)", ""),
        ({"age_years": 65}, "meets_except_relative(age)", ""),
        ({"age_years": 66}, "not_met", ""),
        ({"ki67_percent": 10.0}, "not_met", ""),
        ({"ki67_percent": 9.9}, "meets", ""),
        ({"portal_drained_primary_removed": False}, "not_met", ""),
        ({"well_differentiated_g1_g2": False}, "not_met", ""),
        ({"liver_resectable": True}, "meets", "LIVER_RESECTABLE"),
    ],
)
def test_transplant_screen(changes: Document, value: str, flag: str) -> None:
    result = transplant_screen.CRITERION.run_document({**MILAN, **changes})
    assert result.value == value
    if flag.startswith("-"):
        assert flag[1:] not in result.flag_codes()
    elif flag:
        assert flag in result.flag_codes()
    assert sound(result)


def test_transplant_screen_with_missing_inputs() -> None:
    unknown = transplant_screen.CRITERION.run_document({**MILAN, "extrahepatic_disease": None})
    assert set(unknown.possible) == {"meets", "not_met"}
    assert unknown.missing == ["whether there is disease outside the liver"]
    settled = transplant_screen.CRITERION.run_document({**MILAN, "ki67_percent": 15, "age_years": None})
    assert settled.value == "not_met"
    assert set(transplant_screen.CRITERION.run_document({**MILAN, "age_years": None}).possible) == {
        "meets",
        "meets_except_relative(age)",
        "not_met",
    }


def test_places_that_are_seldom_examined_are_named_and_leave_the_axis_standing() -> None:
    free = [{"compartment": name, "lesions": 0} for name in ("distant_node", "mesentery", "peritoneum", "bone", "lung")]
    result = extrahepatic.CRITERION.run_document({"compartments": free, "regional_nodes": 0})
    assert result.value == "none"
    (flag,) = [flag for flag in result.flags if flag.code == "NOT_EXAMINED"]
    assert flag.text == "Not examined: brain, heart, ovary."
    other = [*free, {"compartment": "other", "lesions": 1}]
    found = extrahepatic.CRITERION.run_document({"compartments": other, "regional_nodes": 0})
    assert found.value == "limited_unresectable"
