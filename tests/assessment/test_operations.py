"""Surveillance, operations and node dissection from the findings of a case."""

from __future__ import annotations

from typing import Any

import pytest

from isletscope.model import Answer, Origin, State
from tests.assessment.cases import assessed, lesion, seen
from tests.assessment.surgical_cases import NET, primary, structures, surgical, vessels
from tests.assessment.test_vessels import conclusion


@pytest.mark.parametrize(("mm", "expected"), [(20.0, "surveillance"), (20.1, "surgery_recommended")])
def test_a_sporadic_tumour_without_signs_is_watched_up_to_20_mm(mm: float, expected: str) -> None:
    found = conclusion(surgical(primary(mm=mm)), "surveillance")
    assert found.value == expected
    assert not found.provisional
    assert any("No earlier exam" in one.text for one in found.evidence)


def test_symptoms_in_words_are_left_to_the_reader() -> None:
    found = conclusion(surgical(clinical={"symptoms": ["tired"]}), "surveillance")
    assert found.state is State.MISSING
    assert "symptoms by mass" in found.missing
    unknown = {name: value for name, value in NET.items() if name != "symptoms"}
    silent = surgical().model_copy(update={"clinical": unknown})
    assert conclusion(silent, "surveillance").state is State.MISSING


def test_smooth_contact_of_the_splenic_vein_is_no_involvement() -> None:
    found = conclusion(surgical(vessels=vessels(splenic_vein=34)), "surveillance")
    assert found.value == "surveillance"


def test_an_untested_germline_reads_as_sporadic_where_it_alone_decides() -> None:
    small = conclusion(surgical(primary(mm=9.0), clinical={"germline": "not tested"}), "surveillance")
    assert small.value == "surveillance"
    assert not small.provisional
    grade2 = {"germline": "not tested", "histology": {"ki67_percent": 5, "differentiation": "well"}}
    found = conclusion(surgical(primary(mm=15.0), clinical=grade2), "surveillance")
    assert found.value == "surgery_or_surveillance"
    assert found.provisional
    assert found.missing == ["germline test"]
    nothing = {name: value for name, value in grade2.items() if name != "germline"}
    unknown = surgical(primary(mm=15.0), clinical=nothing)
    unknown = unknown.model_copy(update={"clinical": {k: v for k, v in unknown.clinical.items() if k != "germline"}})
    assert conclusion(unknown, "surveillance").state is State.MISSING


def test_surveillance_is_not_asked_with_distant_disease() -> None:
    liver = lesion("L1", seen("ct", long_axis=20, volume=4.2), region="6")
    assert assessed(surgical(primary(), liver)).conclusion("surveillance") is None


def test_a_wide_duct_asks_for_surgery() -> None:
    wide = structures(calibre_upstream=5.0, dilated="yes")
    assert conclusion(surgical(structures=wide), "surveillance").value == "surgery_recommended"


def test_the_largest_of_several_primaries_decides_in_men1() -> None:
    given = surgical(
        primary("P1", mm=22.0, region="tail"),
        primary("P2", mm=9.0),
        vessels=[*vessels("P1"), *vessels("P2")],
        clinical={"germline": "MEN1"},
    )
    assert conclusion(given, "surveillance").value == "surgery_recommended"
    assert conclusion(given, "surveillance", "P2").value == "surveillance"


@pytest.mark.parametrize(
    ("found", "gate"),
    [
        ({"main_duct_distance": 3.01}, "ok"),
        ({"main_duct_distance": 3.0}, "caution"),
        ({"main_duct_distance": 2.0}, "no"),
        ({"main_duct_distance": 5.0, "mm": 20.1}, "caution"),
        ({"main_duct_distance": 5.0, "mm": 30.1}, "no"),
    ],
)
def test_the_gate_of_enucleation(found: dict[str, Any], gate: str) -> None:
    assert conclusion(surgical(primary(**found)), "operations").parts["enucleation_gate"] == gate


def test_without_the_duct_the_gate_stays_open() -> None:
    bare = lesion(
        "P1", seen("ct", long_axis=15, splenic_hilum_distance=60), seen("sstr_pet", suv_max=30), region="body"
    )
    gate = conclusion(surgical(bare), "operations").parts["enucleation_gate"]
    assert set(gate.split(" or ")) == {"ok", "caution", "no"}


def test_an_insulinoma_near_the_duct_of_the_proximal_body() -> None:
    given = surgical(
        primary(mm=11, main_duct_distance=1.5, body_half="proximal", distal_remnant=80, right_cut_clearance=20),
        clinical={"hormones": {"syndrome": "insulin"}},
    )
    found = conclusion(given, "operations")
    assert set((found.value or "").split(", ")) == {"kimura", "central_pancreatectomy"}
    assert conclusion(given, "surveillance").value == "surgery_recommended"
    assert conclusion(given, "lymphadenectomy").value == "not_routine"


def test_a_head_tumour_around_the_vein() -> None:
    given = surgical(primary(mm=30, region="head"), vessels=vessels(superior_mesenteric_vein=220))
    found = conclusion(given, "operations")
    assert found.value == "pancreatoduodenectomy"
    assert "VEIN_READY" in found.flag_codes()


def test_a_held_splenic_vein_takes_the_spleen() -> None:
    given = surgical(primary(mm=15, region="tail"), vessels=vessels(splenic_vein=181))
    assert "distal_with_splenectomy_and_nodes" in (conclusion(given, "operations").value or "")


def test_nodes_are_absent_only_where_an_exam_shows_them() -> None:
    hidden = surgical(coverage={"pancreas": ["baseline-ct/ct"], "liver": ["baseline-ct/ct"]})
    assert conclusion(hidden, "operations").parts["kimura"] == "possible"
    assert conclusion(surgical(), "operations").parts["kimura"] == "yes"
    node = lesion("N1", seen("ct", long_axis=14, short_axis=12), region="celiac")
    assert conclusion(surgical(primary(), node), "lymphadenectomy").value == "formal"


def entered(given: Any, **answers: Any) -> Any:
    """The case with a reader's answers; underscores in the names stand for the point of the item."""
    made = {
        name.replace("_", ".", 1): Answer(value=value, source=Origin.ENTERED, by="A. Reader")
        for name, value in answers.items()
    }
    return given.model_copy(update={"answers": {"baseline": made}})


def test_a_readers_entry_outranks_the_finding() -> None:
    size = entered(surgical(), PRI_size={"longest_mm": 24.0})
    found = conclusion(size, "surveillance")
    assert found.value == "surgery_recommended"
    assert "answer/PRI.size" in found.rests_on
    gate = conclusion(entered(surgical(), MPD_dist=2.5), "operations").parts["enucleation_gate"]
    assert gate == "caution"
    insulin = conclusion(entered(surgical(), CTX_hormone=["insulin"]), "surveillance")
    assert insulin.value == "surgery_recommended"
    men1 = entered(surgical(clinical={"germline": "not tested"}), CTX_syndrome="men1")
    assert "syndrome: MEN1" in [one.text for one in conclusion(men1, "surveillance").evidence]


def test_an_entered_size_is_not_given_to_one_of_several_primaries() -> None:
    two = surgical(primary("P1"), primary("P2"), vessels=[*vessels("P1"), *vessels("P2")])
    found = conclusion(entered(two, PRI_size={"longest_mm": 24.0}), "surveillance", "P2")
    assert found.value == "surveillance"


def test_vessels_that_a_reader_entered_stand_in_place_of_the_findings() -> None:
    held = entered(surgical(primary(region="head")), VES_SMA={"value": "above_180", "contact_deg": 190})
    found = conclusion(held, "resectability_nccn")
    assert found.value == "LA"
    assert "answer/VES.SMA" in conclusion(held, "vessel_signs", "P1 superior_mesenteric_artery").rests_on[0]
    vein = {"contact_deg": 120, "narrowing_percent": 10, "lumen": "tumour_thrombus"}
    thrombus = conclusion(entered(surgical(primary(region="head")), VES_PV=vein), "resectability_net")
    assert thrombus.value == "resectable_with_thrombectomy_or_vein_resection"
    bare = surgical(vessels=vessels(without=("celiac_artery",)))
    assert conclusion(bare, "resectability_nccn").state is State.MISSING
    free = entered(bare, VES_coeliac={"value": "none"})
    assert conclusion(free, "resectability_nccn").value == "R"
    about = entered(bare, VES_coeliac={"value": "up_to_180"})
    assert conclusion(about, "resectability_nccn").state is State.MISSING
