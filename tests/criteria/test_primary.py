"""Size rules, surveillance, operations, nodes: vectors M1-M8 and surgery.md 2.2 to 2.4, limits, properties."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from isletscope.criteria import hereditary_size, lymphadenectomy, operations, surveillance
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound

Document = dict[str, JsonValue]


def size_rule(syndrome: str, size: float | None, **changes: JsonValue) -> Conclusion:
    document: Document = {"syndrome": syndrome, "size_mm": size, "functioning": False, **changes}
    return hereditary_size.CRITERION.run_document(document)


@pytest.mark.parametrize(
    ("name", "syndrome", "size", "changes", "value", "flag"),
    [
        ("M1", "MEN1", 18, {"growth_mm_per_year": 1}, "below_limit", ""),
        ("M2", "MEN1", 21, {"growth_mm_per_year": 0}, "above_limit", ""),
        ("M3", "MEN1", 15, {"growth_mm_per_year": 6}, "growth", "GROWTH"),
        ("M4", "VHL", 28, {"site": "tail", "exon3_variant": True, "doubling_time_days": 900}, "1 of 3", ""),
        ("M5", "VHL", 22, {"site": "head", "doubling_time_days": 400}, "1 of 3", "HEAD_ABOVE_20"),
        ("M6", "VHL", 35, {"exon3_variant": True, "doubling_time_days": 300}, "3 of 3", ""),
        ("M6b", "VHL", 30.0, {"exon3_variant": False, "doubling_time_days": 900}, "0 of 3", "boundary"),
        ("M7", "sporadic", 19, {}, "below_limit", ""),
        ("M8", "MEN1", 20.0, {"growth_mm_per_year": 0}, "below_limit", "OPERATOR"),
        ("above", "MEN1", 20.1, {"growth_mm_per_year": 0}, "above_limit", "NEAR_THRESHOLD"),
        ("4.9 mm/a", "MEN1", 15, {"growth_mm_per_year": 4.9}, "below_limit", "ABOVE_OLD_LIMIT"),
        ("5 mm/a", "MEN1", 15, {"growth_mm_per_year": 5}, "growth", "GROWTH"),
        ("sporadic above", "sporadic", 20.1, {}, "above_limit", ""),
        ("VHL 30.1", "VHL", 30.1, {"exon3_variant": False, "doubling_time_days": 500}, "1 of 3", ""),
        ("VHL 499 d", "VHL", 20, {"exon3_variant": False, "doubling_time_days": 499}, "1 of 3", "NOT_LINEAR"),
        ("functioning", "MEN1", 30, {"functioning": True}, "not size driven", ""),
    ],
)
def test_size_rules(name: str, syndrome: str, size: float, changes: Document, value: str, flag: str) -> None:
    result = size_rule(syndrome, size, **changes)
    assert result.value == value, name
    assert not flag or flag in result.flag_codes()
    assert sound(result)


def test_size_rules_with_missing_inputs() -> None:
    m5 = size_rule("VHL", 22, site="head", doubling_time_days=400)
    assert m5.provisional
    assert m5.missing == ["exon 3 variant"]
    assert "GENOTYPE_MISSING" in m5.flag_codes()
    assert size_rule("MEN1", None).missing == ["largest diameter"]
    assert size_rule("MEN1", 15).provisional
    assert size_rule("MEN1", 15, functioning=None).missing == ["whether the tumour is functioning"]


PLAIN: Document = {
    "syndrome": "sporadic",
    "functioning": False,
    "site": "body",
    "duct_upstream_mm": 2,
    "duct_wider_than_downstream": True,
    "jaundice": False,
    "symptoms_by_mass": False,
    "suspicious_nodes": False,
    "vessel_involved": False,
    "grade": "G1",
    "ki67_percent": 1,
    "growth_mm_per_year": 0,
    "earlier_size_mm": 10,
    "exon3_variant": False,
    "doubling_time_days": 900,
}


def watch(size: float | None, **changes: JsonValue) -> Conclusion:
    return surveillance.CRITERION.run_document({**PLAIN, "size_mm": size, **changes})


SURGERY, CONSIDER, EITHER, WATCH = (
    "surgery_recommended",
    "surgery_consider",
    "surgery_or_surveillance",
    "surveillance",
)


@pytest.mark.parametrize(
    ("size", "changes", "value", "row", "flag"),
    [
        (15, {}, WATCH, "S6", "NCCN_1_2CM_OPTIONS"),
        (9, {}, WATCH, "S6", ""),
        (10, {}, WATCH, "S6", ""),
        (20.0, {}, WATCH, "S6", "NCCN_1_2CM_OPTIONS"),
        (20.5, {}, SURGERY, "S3", "NEAR_THRESHOLD"),
        (12, {"duct_upstream_mm": 6}, SURGERY, "S2", ""),
        (12, {"duct_upstream_mm": 3}, SURGERY, "S2", ""),
        (12, {"duct_upstream_mm": 2.9}, WATCH, "S6", ""),
        (12, {"duct_upstream_mm": 6, "duct_wider_than_downstream": False}, WATCH, "S6", ""),
        (12, {"grade": "G3"}, SURGERY, "S2", ""),
        (12, {"ki67_percent": 20}, WATCH, "S6", ""),
        (12, {"ki67_percent": 20.1}, SURGERY, "S2", ""),
        (9, {"functioning": True}, SURGERY, "S1", ""),
        (9, {"functioning": True, "syndrome": "MEN1"}, SURGERY, "S1", ""),
        (9, {"functioning": True, "syndrome": None}, SURGERY, "S1", ""),
        (20.5, {"growth_mm_per_year": 6.5, "earlier_size_mm": 14}, SURGERY, "S3", ""),
        (17, {"growth_mm_per_year": 5, "earlier_size_mm": 12}, CONSIDER, "S4", ""),
        (16.9, {"growth_mm_per_year": 4.9, "earlier_size_mm": 12}, CONSIDER, "S4", ""),
        (12.5, {"growth_mm_per_year": 2.5, "earlier_size_mm": 10}, WATCH, "S6", "NCCN_1_2CM_OPTIONS"),
        (13, {"growth_mm_per_year": 3, "earlier_size_mm": 10}, CONSIDER, "S4", ""),
        (19, {"growth_mm_per_year": 3, "earlier_size_mm": 16}, WATCH, "S6", ""),
        (18, {"site": "head", "ki67_percent": 4}, EITHER, "S5", ""),
        (18, {"site": "head", "ki67_percent": 2.9}, WATCH, "S6", ""),
        (18, {"grade": "G2", "ki67_percent": 4}, EITHER, "S5", ""),
        (10, {"grade": "G2", "ki67_percent": 4}, WATCH, "S6", ""),
        (18, {"syndrome": "MEN1"}, WATCH, "S7c", ""),
        (20, {"syndrome": "MEN1"}, WATCH, "S7c", ""),
        (21, {"syndrome": "MEN1"}, SURGERY, "S7a", ""),
        (12, {"syndrome": "MEN1", "growth_mm_per_year": 5}, SURGERY, "S7a", ""),
        (12, {"syndrome": "MEN1", "growth_mm_per_year": 4}, CONSIDER, "S7b", ""),
        (10, {"syndrome": "MEN1", "growth_mm_per_year": 4}, WATCH, "S7c", ""),
        (25.0, {"syndrome": "VHL"}, CONSIDER, "S8b", "NEAR_THRESHOLD"),
        (24.9, {"syndrome": "VHL"}, WATCH, "S8c", "NEAR_THRESHOLD"),
        (20, {"syndrome": "VHL", "exon3_variant": True}, CONSIDER, "S8b", ""),
        (19.9, {"syndrome": "VHL", "exon3_variant": True}, WATCH, "S8c", ""),
        (22, {"syndrome": "VHL", "doubling_time_days": 499}, CONSIDER, "S8b", ""),
        (22, {"syndrome": "VHL", "doubling_time_days": 500}, WATCH, "S8c", ""),
        (22, {"syndrome": "VHL", "site": "head"}, CONSIDER, "S8b", ""),
        (30.0, {"syndrome": "VHL"}, CONSIDER, "S8x", "boundary"),
        (30.1, {"syndrome": "VHL"}, SURGERY, "S8a", ""),
    ],
)
def test_surveillance(size: float, changes: Document, value: str, row: str, flag: str) -> None:
    result = watch(size, **changes)
    assert (result.value, result.rule) == (value, f"surveillance.{row}")
    assert not flag or flag in result.flag_codes()
    assert ("NCCN_1_2CM_OPTIONS" in result.flag_codes()) is (row == "S6" and size > 10)
    assert sound(result)


def test_surveillance_with_missing_inputs() -> None:
    unknown: Document = {"syndrome": "VHL", "exon3_variant": None, "doubling_time_days": None}
    settled = watch(28, **unknown)
    assert (settled.value, "INSENSITIVE_TO_MISSING" in settled.flag_codes()) == (CONSIDER, True)
    assert set(watch(24, **unknown).possible) == {WATCH, CONSIDER}
    duct = watch(18, duct_upstream_mm=None)
    assert set(duct.possible) == {WATCH, SURGERY}
    assert duct.missing == ["width of the upstream main duct"]


LISTED: Document = {
    "function": "none",
    "duct_dilated": False,
    "peripheral": True,
    "zone3": False,
    "suspicious_nodes": False,
    "vessel_involved": False,
    "portal_vein_touched": False,
    "grade": "G1",
    "ki67_percent": 1,
    "splenic_artery_deg": 0,
    "splenic_vein_deg": 0,
    "splenic_vessels_narrowed": False,
    "hilum_distance_mm": 30,
    "short_gastric_veins_patent": True,
    "spleen_unsafe_without_vessels": False,
    "distal_remnant_mm": 80,
    "right_cut_clearance_mm": 20,
    "unlikely_curative": False,
    "proximal_body": False,
}


def listed(site: str, size: float, duct: float | None, **changes: JsonValue) -> Conclusion:
    document: Document = {**LISTED, "site": site, "size_mm": size, "duct_distance_mm": duct, **changes}
    return operations.CRITERION.run_document(document)


DPS = "distal_with_splenectomy_and_nodes"


@pytest.mark.parametrize(
    ("number", "site", "size", "duct", "changes", "value", "gate"),
    [
        (1, "body", 12, 5, {"function": "insulinoma"}, "enucleation, kimura", "ok"),
        (2, "head_uncinate", 12, 2.5, {"function": "insulinoma"}, "enucleation, pancreatoduodenectomy", "caution"),
        (3, "head_uncinate", 12, 1.5, {"function": "insulinoma"}, "pancreatoduodenectomy", "no"),
        (5, "tail", 32, 10, {"splenic_vein_deg": 200}, DPS, "no"),
        (6, "tail", 18, 6, {"splenic_vein_deg": 60}, "enucleation, kimura, distal", "ok"),
        (7, "neck", 25, 0, {}, "central_pancreatectomy, extended_distal, pancreatoduodenectomy", "no"),
        (8, "neck", 25, 0, {"distal_remnant_mm": 45}, "extended_distal, pancreatoduodenectomy", "no"),
        (9, "head_uncinate", 45, 5, {"portal_vein_touched": True}, "pancreatoduodenectomy", "no"),
        (10, "body", 18, 1, {"splenic_vein_deg": 120, "distal_remnant_mm": 40}, "warshaw, distal", "no"),
        (12, "head_uncinate", 14, 4, {"zone3": True}, "enucleation, pancreatoduodenectomy", "caution"),
        (13, "tail", 40, 6, {"function": "glucagonoma", "splenic_vein_deg": 60}, DPS, "no"),
        (14, "body", 15, 6, {"function": "VIPoma"}, f"enucleation, {DPS}", "caution"),
    ],
)
def test_operations(number: int, site: str, size: float, duct: float, changes: Document, value: str, gate: str) -> None:
    result = listed(site, size, duct, **changes)
    assert (result.value, result.parts["enucleation_gate"]) == (value, gate), number
    assert sound(result)


@pytest.mark.parametrize(
    ("size", "duct", "changes", "gate"),
    [
        (12, 3.0, {"function": "insulinoma"}, "caution"),
        (12, 3.1, {"function": "insulinoma"}, "ok"),
        (12, 2.0, {"function": "insulinoma"}, "no"),
        (12, 2.1, {"function": "insulinoma"}, "caution"),
        (30, 5, {"function": "insulinoma"}, "ok"),
        (30.1, 5, {"function": "insulinoma"}, "no"),
        (20, 5, {}, "ok"),
        (20.1, 5, {}, "caution"),
        (30.1, 5, {}, "no"),
        (15, 5, {"ki67_percent": 3}, "caution"),
        (15, 5, {"ki67_percent": 2.9}, "ok"),
        (15, 5, {"ki67_percent": 9.9}, "caution"),
        (15, 5, {"ki67_percent": 10}, "no"),
        (21, 5, {"ki67_percent": 3}, "no"),
        (15, 5, {"suspicious_nodes": True}, "no"),
        (15, 5, {"function": None}, "ok"),
        (20, 5, {"function": "VIPoma"}, "no"),
        (19, 5, {"function": "VIPoma", "peripheral": False}, "no"),
    ],
)
def test_enucleation_gate(size: float, duct: float, changes: Document, gate: str) -> None:
    assert listed("body", size, duct, **changes).parts["enucleation_gate"] == gate


def test_operations_with_missing_inputs_and_flags() -> None:
    result = listed("body", 15, None, function="insulinoma")
    assert result.parts["kimura"] == "yes"
    assert result.parts["enucleation"] == "possible"
    assert set(result.parts["enucleation_gate"].split(" or ")) == {"ok", "caution", "no"}
    assert result.missing == ["distance to the main duct"]
    assert result.provisional
    assert "VEIN_READY" in listed("head_uncinate", 45, 5, portal_vein_touched=True).flag_codes()
    assert "NODE_SAMPLING" in listed("neck", 25, 0).flag_codes()
    assert "ZONE3" in listed("head_uncinate", 14, 4, zone3=True).flag_codes()
    assert "VACCINATE" in listed("tail", 32, 10).flag_codes()
    lost = listed("head_uncinate", 45, 0, unlikely_curative=True)
    assert lost.value == "none"
    open_site = listed("head_uncinate", 45, 0, unlikely_curative=None)
    assert open_site.state is State.MISSING
    total = listed("tail", 32, 10, head_and_tail_without_sparing=True)
    assert total.value == f"{DPS}, total_pancreatectomy"
    assert listed("body", 18, 1, splenic_vein_deg=180).parts["warshaw"] == "yes"
    assert listed("body", 18, 1, splenic_vein_deg=180.1).parts["warshaw"] == "no"
    assert listed("body", 18, 1, splenic_vein_deg=90).parts["kimura"] == "yes"
    assert listed("body", 18, 1, hilum_distance_mm=9.9).value == DPS
    assert listed("body", 18, 1, proximal_body=True).parts["central_pancreatectomy"] == "yes"


def nodes(size: float | None, **changes: JsonValue) -> Conclusion:
    document: Document = {
        "size_mm": size,
        "function": "none",
        "suspicious_nodes": False,
        "grade": "G1",
        "ki67_percent": 1,
        "proximal": False,
        **changes,
    }
    return lymphadenectomy.CRITERION.run_document(document)


@pytest.mark.parametrize(
    ("size", "changes", "value"),
    [
        (25, {}, "formal"),
        (20.1, {}, "formal"),
        (20.0, {}, "consider"),
        (10.1, {}, "consider"),
        (10.0, {}, "not_routine"),
        (15, {"function": "insulinoma", "suspicious_nodes": True}, "formal"),
        (15, {"function": "insulinoma"}, "not_routine"),
        (8, {"suspicious_nodes": True}, "formal"),
        (15, {"proximal": True, "ki67_percent": 5}, "formal"),
        (15, {"proximal": True, "ki67_percent": 2.9}, "consider"),
        (8, {"function": "gastrinoma"}, "formal"),
        (12, {"function": "VIPoma"}, "formal"),
        (12, {"grade": "G2"}, "formal"),
    ],
)
def test_nodes(size: float, changes: Document, value: str) -> None:
    result = nodes(size, **changes)
    assert result.value == value
    assert sound(result)


def test_nodes_with_missing_inputs() -> None:
    blind = nodes(8, suspicious_nodes=None, function=None)
    assert (blind.value, blind.provisional) == ("not_routine", True)
    assert {"NODES_NOT_ASSESSED", "FUNCTION_NOT_KNOWN"} <= blind.flag_codes()
    assert nodes(25, suspicious_nodes=None).value == "formal"
    assert set(nodes(None).possible) == {"formal", "consider", "not_routine"}


@given(
    size=st.sampled_from([8, 10, 15, 20, 22, 25, 28, 30, 35]),
    changes=st.fixed_dictionaries(
        {
            "syndrome": st.sampled_from(["sporadic", "MEN1", "VHL"]),
            "functioning": st.booleans(),
            "site": st.sampled_from(["head", "tail"]),
            "grade": st.sampled_from(["G1", "G2"]),
            "growth_mm_per_year": st.sampled_from([0, 3, 6]),
            "exon3_variant": st.booleans(),
        }
    ),
    hidden=st.lists(st.sampled_from([*PLAIN, "size_mm"]), max_size=3, unique=True),
)
@settings(max_examples=80, deadline=None)
def test_less_is_never_more_certain(size: float, changes: Document, hidden: list[str]) -> None:
    full = watch(size, **changes)
    part = watch(size, **{**changes, **dict.fromkeys(hidden)}) if "size_mm" not in hidden else watch(None, **changes)
    assert certainty(part) <= certainty(full)
    assert full.value in (part.possible if part.state is State.MISSING else [part.value])
