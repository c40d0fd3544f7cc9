"""Vessels: from findings beside a primary to its local class."""

from __future__ import annotations

from typing import Any

import pytest

from isletscope.model import Conclusion, State
from tests.assessment.cases import assessed, structure
from tests.assessment.surgical_cases import primary, structures, surgical, vessels


def conclusion(given: Any, name: str, subject: str = "") -> Conclusion:
    found = assessed(given).conclusion(name, subject)
    assert found is not None
    return found


def test_every_vessel_has_its_signs_with_references() -> None:
    given = surgical(vessels=vessels(superior_mesenteric_vein=(100, {"contact_length": 18.0})))
    signs = conclusion(given, "vessel_signs", "P1 superior_mesenteric_vein")
    assert (signs.value, signs.parts["thrombus"], signs.parts["length_band"]) == ("abutment", "none", ">5-20")
    assert "vessel/P1/superior_mesenteric_vein/baseline-ct/contact_deg/1.0" in signs.rests_on
    assert conclusion(given, "vessel_signs", "P1 celiac_artery").value == "none"


@pytest.mark.parametrize(
    ("found", "net", "nccn"),
    [
        ({}, "resectable", "R"),
        ({"superior_mesenteric_vein": 180}, "resectable", "R"),
        ({"superior_mesenteric_vein": 180.1}, "resectable_with_vein_reconstruction_possible", "BR"),
        ({"superior_mesenteric_artery": 180}, "resectable_with_arterial_dissection", "BR"),
        ({"superior_mesenteric_artery": 180.1}, "borderline_expert", "LA"),
        (
            {"portal_vein": (120, {"thrombus": "tumour", "clean_above": 4.0})},
            "resectable_with_thrombectomy_or_vein_resection",
            "BR",
        ),
        ({"splenic_vein": 300}, "resectable", "R"),
    ],
)
def test_local_class_of_a_head_tumour(found: dict[str, Any], net: str, nccn: str) -> None:
    given = surgical(primary(mm=30, region="head", lower_head="no"), vessels=vessels(**found))
    assert conclusion(given, "resectability_net").value == net
    assert conclusion(given, "resectability_nccn").value == nccn


@pytest.mark.parametrize(
    ("clean_mm", "vein", "net"),
    [
        (2.0, "no", ["unlikely_curative"]),
        (7.0, "expert", ["unlikely_curative", "resectable_with_vein_reconstruction_possible"]),
        (10.0, "yes", ["resectable_with_vein_reconstruction_possible"]),
    ],
)
def test_the_clean_stump_below_decides_about_a_held_vein(clean_mm: float, vein: str, net: list[str]) -> None:
    held = vessels(superior_mesenteric_vein=(220, {"clean_below": clean_mm}))
    given = surgical(primary(mm=30, region="head"), vessels=held)
    assert conclusion(given, "vein_reconstruction").value == vein
    found = conclusion(given, "resectability_net")
    assert set(found.possible or [str(found.value)]) == set(net)


def test_a_clean_trunk_below_speaks_for_its_ileal_branch() -> None:
    held = {"superior_mesenteric_vein": (220, {"clean_below": 10.0}), "first_jejunal_vein": 90}
    vein = conclusion(surgical(vessels=vessels(**held)), "vein_reconstruction")
    assert vein.value == "yes"
    assert "counts as clean (convention)" in vein.evidence[0].text
    shorter = {**held, "superior_mesenteric_vein": (220, {"clean_below": 9.9})}
    assert conclusion(surgical(vessels=vessels(**shorter)), "vein_reconstruction").state is State.MISSING


def test_a_free_trunk_needs_no_reconstruction() -> None:
    assert assessed(surgical()).conclusion("vein_reconstruction") is None


def test_an_unmeasured_artery_leaves_the_class_open() -> None:
    given = surgical(vessels=vessels(without=("superior_mesenteric_artery",)))
    net = conclusion(given, "resectability_net")
    assert net.state is State.MISSING
    assert "borderline_expert" in net.possible
    assert "superior mesenteric artery: contact" in net.missing


@pytest.mark.parametrize("lost", ["celiac_artery", "aorta", "portal_vein", "superior_mesenteric_vein"])
def test_losing_a_vessel_never_changes_a_certain_class_to_another(lost: str) -> None:
    held = {"superior_mesenteric_vein": 100, "celiac_artery": 30}
    for name in ("resectability_net", "resectability_nccn"):
        whole = conclusion(surgical(vessels=vessels(**held)), name)
        less = conclusion(surgical(vessels=vessels(without=(lost,), **held)), name)
        assert less.state is State.MISSING or less.value == whole.value
        assert less.state is not State.MISSING or whole.value in less.possible


def test_organs_beside_a_lesion_are_no_vessels() -> None:
    duodenum = vessels()[0].model_copy(update={"vessel": "duodenum"})
    found = assessed(surgical(vessels=[*vessels(), duodenum]))
    assert found.conclusion("vessel_signs", "P1 duodenum") is None


def test_a_variant_artery_is_read_as_one_and_none_is_free() -> None:
    variant = vessels()[0].model_copy(update={"vessel": "replaced_right_hepatic_artery"})
    touched = variant.model_copy(
        update={"contact_deg": {"1.0": variant.contact_deg["1.0"].model_copy(update={"value": 60.0})}}
    )
    given = surgical(primary(region="head"), vessels=[*vessels(), touched])
    assert conclusion(given, "resectability_nccn").parts["criteria_hit"] == "BR3"
    without = [one for one in structures() if one.structure != "hepatic_artery"]
    unknown = conclusion(surgical(primary(region="head"), structures=without), "resectability_nccn")
    assert unknown.state is State.MISSING
    assert "variant hepatic artery: contact" in unknown.missing


def test_the_worst_of_several_primaries_stands_for_the_patient() -> None:
    both = [*vessels("P1"), *vessels("P2", superior_mesenteric_artery=200)]
    given = surgical(primary("P1", mm=30, region="tail"), primary("P2", mm=12, region="head"), vessels=both)
    patient = conclusion(given, "resectability_nccn")
    assert patient.value == "LA"
    assert patient.evidence[0].text.startswith("P2 decides for the patient (2 primaries)")
    assert conclusion(given, "resectability_nccn", "P1").value == "R"


def test_a_primary_that_is_not_known_may_decide() -> None:
    both = [*vessels("P1"), *vessels("P2", without=("superior_mesenteric_artery",))]
    given = surgical(primary("P1", mm=30), primary("P2", mm=12), vessels=both)
    assert conclusion(given, "resectability_net").state is State.MISSING


def test_cavernous_transformation_is_asked_for_and_not_assumed() -> None:
    without = [one for one in structures() if one.structure != "cavernous_transformation"]
    held = vessels(portal_vein=(200, {"occlusion": "yes", "thrombus": "bland"}))
    open_case = conclusion(surgical(vessels=held, structures=without), "resectability_net")
    assert open_case.state is State.MISSING
    shunt = conclusion(
        surgical(vessels=held, structures=[*without, structure("cavernous_transformation", present="no")]),
        "resectability_net",
    )
    assert shunt.value == "resectable_with_vein_reconstruction_possible"


def test_without_any_vessel_the_class_says_so_in_one_line() -> None:
    found = conclusion(surgical(vessels=[]), "resectability_nccn")
    assert found.missing == ["the vessels beside P1, measured on CT or MRI"]


def test_a_vessel_is_read_on_ct_before_mri_and_with_a_known_contact_first() -> None:
    exams = {"ct": "2026-03-02", "mri": "2026-03-04"}
    on_mri = [one.model_copy(update={"exam_key": "baseline-mri"}) for one in vessels(superior_mesenteric_vein=40)]
    given = surgical(exams=exams, vessels=[*on_mri, *vessels(superior_mesenteric_vein=60)])
    signs = conclusion(given, "vessel_signs", "P1 superior_mesenteric_vein")
    assert "vessel/P1/superior_mesenteric_vein/baseline-ct/contact_deg/1.0" in signs.rests_on
    unmeasured = [one.model_copy(update={"contact_deg": {}}) for one in vessels()]
    given = surgical(exams=exams, vessels=[*unmeasured, *on_mri])
    signs = conclusion(given, "vessel_signs", "P1 superior_mesenteric_vein")
    assert "vessel/P1/superior_mesenteric_vein/baseline-mri/contact_deg/1.0" in signs.rests_on
