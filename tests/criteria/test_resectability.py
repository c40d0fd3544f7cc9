"""Local resectability: the vectors of the knowledge files (1.4 n1-n15, 1.5 o1-o10, 1.6, 1.7), limits, properties."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from isletscope.criteria import resectability_nccn, resectability_net, resectability_systems, vein_reconstruction
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound
from tests.criteria.vessels import PATHS, documents, free, without

OCCLUDED: JsonValue = {"contact_deg": 360, "occluded": True, "thrombus": "bland"}
IRREGULAR: JsonValue = {"contact_deg": 90, "contour_irregular": True}


def nccn(document: dict[str, JsonValue]) -> Conclusion:
    return resectability_nccn.CRITERION.run_document(document)


def net(document: dict[str, JsonValue]) -> Conclusion:
    return resectability_net.CRITERION.run_document(document)


def systems(document: dict[str, JsonValue]) -> Conclusion:
    return resectability_systems.CRITERION.run_document(document)


def vein(**document: JsonValue) -> Conclusion:
    return vein_reconstruction.CRITERION.run_document(document)


@pytest.mark.parametrize(
    ("name", "document", "value", "row"),
    [
        ("n1", free(smv=150), "R", "R"),
        ("n2", free(smv=180.0), "R", "R"),
        ("n3", free(smv=181), "BR", "BR5"),
        ("n4", free(smv=IRREGULAR), "BR", "BR5"),
        ("n5", free(smv=OCCLUDED, vein_reconstructible=False), "LA", "LA4"),
        ("n6", free(sma=180), "BR", "BR2"),
        ("n7", free(sma=181), "LA", "LA1"),
        ("n8", free(common_hepatic=270), "BR", "BR1"),
        ("n9", free(common_hepatic=60, hepatic_contact_reaches_celiac=True), "LA", "LA5"),
        ("n10", free("tail", celiac=200), "LA", "LA2"),
        ("n10 Appleby", free("tail", celiac=200, appleby_as_borderline=True), "BR", "A1"),
        ("n11", free("body", celiac=30, aorta=20), "LA", "LA3"),
        ("n12", free(variant_artery=100), "BR", "BR3"),
        ("n13", free(ivc=40), "BR", "BR6"),
        ("G1", free(celiac=180), "BR", "G1"),
        ("G1 above", free(celiac=180.1), "LA", "LA2"),
        ("G2", free("body", sma=180), "BR", "G2"),
        ("G2 above", free("body", sma=180.1), "LA", "LA1"),
        ("G3", free("tail", common_hepatic=40), "BR", "G3"),
        ("G4", free("body", aorta=10), "LA", "G4"),
        ("G5", free("tail", splenic_artery=360, splenic_vein=360, gastroduodenal=200), "R", "R"),
        ("variant artery, body", free("body", variant_artery=40), "BR", "G7"),
        ("hepatic artery lost", free(common_hepatic=40, common_hepatic_reconstructible=False), "LA", "LA5b"),
        ("jejunal, default", free(first_jejunal_artery=90), "R", "R"),
        ("jejunal, old clause", free(first_jejunal_artery=90, jejunal_clause=True), "LA", "LA6"),
        ("Appleby with aorta", free("tail", celiac=200, aorta=10, appleby_as_borderline=True), "LA", "LA2"),
        ("Appleby, head", free(celiac=200, appleby_as_borderline=True), "LA", "LA2"),
        ("floats at the limit", free(sma=180 + 1e-12), "BR", "BR2"),
    ],
)
def test_nccn(name: str, document: dict[str, JsonValue], value: str, row: str) -> None:
    result = nccn(document)
    assert (result.value, result.rule) == (value, f"resectability_nccn.{row}"), name
    assert sound(result)
    assert "DESCRIPTIVE" in result.flag_codes()


def test_nccn_missing_vein_contact_n14() -> None:
    document = without(free(), [("smv", "contact_deg"), ("vein_reconstructible",), ("smv", "contour_irregular")])
    result = nccn(document)
    assert result.state is State.MISSING
    assert set(result.possible) == {"R", "BR", "LA"}
    assert "superior mesenteric vein: contact" in result.missing


def test_nccn_missing_that_does_not_matter_n15() -> None:
    result = nccn(without(free(sma=200), [("smv", "contact_deg")]))
    assert result.value == "LA"
    assert "INSENSITIVE_TO_MISSING" in result.flag_codes()
    later = nccn(without(free(variant_artery=100, celiac=40), [("ivc", "contact_deg")]))
    assert later.value == "BR"
    needs_both = nccn(without(free(ivc=40), [("celiac", "contact_deg")]))
    assert set(needs_both.possible) == {"BR", "LA"}


def test_nccn_says_when_a_missing_input_does_not_matter() -> None:
    result = nccn(without(free(ivc=40), [("variant_artery", "contact_deg")]))
    assert result.value == "BR"
    assert "INSENSITIVE_TO_MISSING" in result.flag_codes()
    assert "BR6" in result.parts["criteria_hit"]
    assert result.parts["criteria_open"] == "BR3"


def test_nccn_spanning_two_sites_takes_the_worse() -> None:
    document = {**free("body", celiac=40, aorta=20), "second_site": "head_uncinate"}
    result = nccn(document)
    assert result.value == "LA"
    assert "MULTI_SITE" in result.flag_codes()
    open_vein = without({**free("body"), "second_site": "head_uncinate"}, [("common_hepatic", "contact_deg")])
    assert set(nccn(open_vein).possible) == {"R", "BR"}


def test_nccn_flags() -> None:
    near = nccn(free(smv=170))
    assert near.value == "R"
    assert "NEAR_THRESHOLD" in near.flag_codes()
    assert "NEAR_THRESHOLD" not in nccn(free(smv=150)).flag_codes()
    assert "NEAR_THRESHOLD" in nccn(free(smv={"contact_deg": 150, "radius_mm": 2})).flag_codes()
    assert "NEAR_THRESHOLD" in nccn(free(smv=145, thick_slices=True)).flag_codes()
    assert "NEAR_THRESHOLD" not in nccn(free()).flag_codes()
    assert "TABLE_SILENT" in nccn(free("body", sma=40)).flag_codes()
    assert "FIRST_JEJUNAL_CONTACT" in nccn(free(first_jejunal_vein=20)).flag_codes()
    only = {"variant_artery": 200, "variant_artery_only_supply": True}
    assert "NEEDS_ARTERIAL_RECONSTRUCTION_OR_EMBOLISATION" in nccn(free(**only)).flag_codes()


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("o1", {"smv": 60}, "R/R/R/R/R"),
        ("o2", {"smv": 90}, "R/R/R/R/R"),
        ("o3", {"smv": 91}, "R/R/R/R/BR"),
        ("o4", {"smv": 180}, "R/BR/R/BR/BR"),
        ("o5", {"smv": 271}, "BR/BR/R/BR/irresectable"),
        ("o6", {"smv": {**OCCLUDED, "thrombus": "none"}}, "BR/BR/BR/BR/irresectable"),
        ("o7", {"sma": 90}, "BR/BR/BR/BR/BR"),
        ("o8", {"sma": 91}, "BR/BR/BR/BR/irresectable"),
        ("o9", {"sma": 180}, "BR/LA/BR/UR-LA/irresectable"),
        ("o10", {"smv": 200, "vein_contact_below_duodenum": True}, "BR/BR/R/UR-LA/BR"),
        ("vein just below half", {"smv": 179.9}, "R/R/R/R/BR"),
        ("vein at 270", {"smv": 270}, "BR/BR/R/BR/BR"),
        ("artery just below half", {"sma": 179.9}, "BR/BR/BR/BR/irresectable"),
        ("artery above half", {"sma": 180.1}, "LA/LA/LA/UR-LA/irresectable"),
    ],
)
def test_systems(name: str, changes: dict[str, JsonValue], expected: str) -> None:
    parts = systems(free(**changes)).parts
    shown = [nccn(free(**changes)).value, *(parts[key] for key in ("alliance", "mdacc", "iap_jps", "dpcg"))]
    assert "/".join(map(str, shown)) == expected, name
    assert sound(systems(free(**changes)))


@pytest.mark.parametrize(
    ("site", "changes", "system", "value"),
    [
        ("head_uncinate", {"celiac": 40}, "mdacc", "LA"),
        ("body", {"celiac": 180}, "mdacc", "BR"),
        ("body", {"celiac": 181}, "mdacc", "LA"),
        ("head_uncinate", {"celiac": 40}, "ahpba", "LA"),
        ("head_uncinate", {"smv": 40}, "ahpba", "BR"),
        ("head_uncinate", {"smv": 40, "vein_reconstructible": False}, "ahpba", "LA"),
        ("head_uncinate", {"common_hepatic": 40, "proper_hepatic": 20}, "iap_jps", "UR-LA"),
        ("head_uncinate", {"common_hepatic": 40}, "iap_jps", "BR"),
        ("head_uncinate", {"sma": {"contact_deg": 40, "narrowing_percent": 20}}, "iap_jps", "UR-LA"),
        ("body", {"celiac": 40, "aorta": 10}, "iap_jps", "UR-LA"),
        ("head_uncinate", {"smv": 90, "vein_narrowed_on_both_sides": True}, "iap_jps", "BR"),
        ("head_uncinate", {"smv": 200, "vein_reconstructible": False}, "mdacc", "LA"),
        ("head_uncinate", {"common_hepatic": 20, "common_hepatic_reconstructible": False}, "alliance", "LA"),
    ],
)
def test_single_systems(site: str, changes: dict[str, JsonValue], system: str, value: str) -> None:
    assert systems(free(site, **changes)).parts[system] == value


def test_systems_with_missing_inputs() -> None:
    result = systems(without(free(smv=200), [("vein_contact_below_duodenum",)]))
    assert (result.value, result.provisional) == ("BR", True)
    assert result.parts["iap_jps"] == "BR or UR-LA"
    assert result.missing == ["whether the vein contact passes the lower border of the duodenum"]
    open_main = systems(without(free(), [("sma", "contact_deg")]))
    assert open_main.state is State.MISSING
    assert set(open_main.possible) == {"R", "BR", "LA"}
    assert "SYSTEMS_DIFFER" in systems(free(smv=271)).flag_codes()


CLEAN: dict[str, JsonValue] = {
    "ileal_branch": "clean",
    "jejunal_branch": "clean",
    "ileal_branch_mm": 7,
    "jejunal_branch_mm": 6,
    "portal_bifurcation_involved": False,
    "cavernous_transformation": False,
    "inflow_vessel_mm": 8,
}
NO_BRANCH: dict[str, JsonValue] = {**CLEAN, "ileal_branch_mm": 4, "jejunal_branch_mm": 3}


@pytest.mark.parametrize(
    ("mesenteric", "portal", "changes", "value"),
    [
        (12, 15, {}, "yes"),
        (10, 10, {}, "yes"),
        (0, 15, {"jejunal_branch": "involved"}, "yes"),
        (15, 15, {"ileal_branch": "involved", "jejunal_branch": "occluded"}, "no"),
        (15, 15, {"portal_bifurcation_involved": True}, "no"),
        (15, 9.9, {}, "expert"),
        (15, 5, {}, "expert"),
        (15, 4.9, {}, "no"),
        (8, 15, {}, "expert"),
        (4.9, 15, NO_BRANCH, "no"),
        (0, 15, NO_BRANCH, "no"),
        (15, 15, {"cavernous_transformation": True, "inflow_vessel_mm": 4.9}, "no"),
        (15, 15, {"cavernous_transformation": True, "inflow_vessel_mm": 5}, "yes"),
        (15, 0, {"tumour_thrombus_extraction": True}, "yes"),
    ],
)
def test_vein_reconstruction(mesenteric: float, portal: float, changes: dict[str, JsonValue], value: str) -> None:
    result = vein(mesenteric_stump_mm=mesenteric, portal_stump_mm=portal, **{**CLEAN, **changes})
    assert result.value == value
    assert sound(result)


def test_vein_reconstruction_with_missing_inputs() -> None:
    branches_unknown = {name: value for name, value in CLEAN.items() if "branch" not in name}
    short = vein(mesenteric_stump_mm=8, portal_stump_mm=15, **branches_unknown)
    assert short.state is State.MISSING
    assert set(short.possible) == {"expert", "no"}
    unknown = vein(portal_stump_mm=15, **CLEAN)
    assert unknown.state is State.MISSING
    assert unknown.missing == ["clean superior mesenteric vein below the contact"]
    assert "FIRST_ORDER_SACRIFICE" in vein(mesenteric_stump_mm=0, portal_stump_mm=15, **CLEAN).flag_codes()
    assert "GRAFT_LIKELY" in vein(mesenteric_stump_mm=12, portal_stump_mm=15, involved_length_mm=31).flag_codes()
    assert "GRAFT_LIKELY" not in vein(mesenteric_stump_mm=12, portal_stump_mm=15, involved_length_mm=30).flag_codes()


@pytest.mark.parametrize(
    ("name", "document", "row", "biology"),
    [
        ("vein encased", free(smv={"contact_deg": 300, "narrowing_percent": 60}), "P7", False),
        ("thrombus", free("tail", portal={"thrombus": "tumour"}, splenic_vein={"thrombus": "tumour"}), "P6", True),
        ("biology", free(smv=60, ki67_percent=6, size_mm=32, suspicious_nodes=True), "P8", True),
        ("Ki-67 4", free(smv=60, ki67_percent=4, size_mm=32, suspicious_nodes=True), "P8", False),
        ("Ki-67 5, 30 mm", free(smv=60, ki67_percent=5, size_mm=30, suspicious_nodes=True), "P8", True),
        ("29.9 mm", free(smv=60, ki67_percent=5, size_mm=29.9, suspicious_nodes=True), "P8", False),
        ("artery smooth", free(sma=150), "P5", False),
        ("artery encased", free(sma=220), "P3", False),
        ("artery narrowed", free(sma={"contact_deg": 220, "narrowing_percent": 55}), "P1", False),
        ("artery narrowed, limit", free(sma={"contact_deg": 220, "narrowing_percent": 50}), "P1", False),
        ("artery 49.9 narrowed", free(sma={"contact_deg": 220, "narrowing_percent": 49.9}), "P3", False),
        ("coeliac, tail", free("tail", celiac=250), "P4", False),
        ("coeliac, gastroduodenal", free("tail", celiac=250, gastroduodenal=10), "P3", False),
        ("coeliac, head", free(celiac=250), "P3", False),
        ("compressed", free(smv={"contact_deg": 40, "narrowing_percent": 30}), "P8", False),
        ("collaterals", free(portal=OCCLUDED, cavernous_transformation=True), "P3", False),
        ("branches involved", free(smv=200, vein_reconstructible=False), "P2", False),
        ("aorta 90", free(aorta=90), "P3", False),
        ("aorta 90.1", free(aorta=90.1), "P1", False),
        ("vein 180", free(smv=180), "P8", False),
        ("vein 180.1", free(smv=180.1), "P7", False),
        ("hepatic artery lost", free(common_hepatic=20, common_hepatic_reconstructible=False), "P3", False),
        ("variant artery", free(variant_artery=20), "P5", False),
        ("splenic vein", free("tail", splenic_vein=34), "P8", False),
        ("splenic vein encased", free("tail", splenic_vein=300), "P8", False),
        ("nothing", free(), "P9", False),
    ],
)
def test_net(name: str, document: dict[str, JsonValue], row: str, biology: bool) -> None:
    known = {"ki67_percent": 2, "size_mm": 20, "suspicious_nodes": False, **document}
    result = net(known)
    assert result.rule == f"resectability_net.{row}", name
    assert result.value == resectability_net.BOOK.results[row]
    assert ("BIO_BORDERLINE" in result.flag_codes()) is biology
    assert sound(result)


def test_net_lists_every_row_that_holds() -> None:
    result = net(free(sma=40, smv=200))
    assert result.value == "resectable_with_arterial_dissection"
    assert result.parts["criteria_hit"] == "P5, P7, P8"


def test_net_thrombus_of_unknown_kind() -> None:
    document = without(free(portal={"contact_deg": 200, "occluded": True}), [("portal", "thrombus")])
    result = net(document)
    assert result.state is State.MISSING
    assert set(result.possible) == {
        "resectable_with_thrombectomy_or_vein_resection",
        "resectable_with_vein_reconstruction_possible",
    }
    assert "BIO_BORDERLINE_OPEN" in result.flag_codes()


@pytest.mark.parametrize("assess", [nccn, net, systems])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_less_is_never_more_certain(assess: object, data: st.DataObject) -> None:
    assert callable(assess)
    document = data.draw(documents())
    hidden = data.draw(st.lists(st.sampled_from(PATHS), max_size=3, unique=True))
    full: Conclusion = assess(document)
    part: Conclusion = assess(without(document, hidden))
    assert certainty(part) <= certainty(full)
    assert full.value in (part.possible if part.state is State.MISSING else [part.value])


@given(
    document=documents(),
    more=st.sampled_from([0, 30, 90, 180, 181, 360]),
    vessel=st.sampled_from(["sma", "smv", "celiac", "ivc", "aorta"]),
)
@settings(max_examples=60, deadline=None)
def test_more_contact_is_never_milder(document: dict[str, JsonValue], more: float, vessel: str) -> None:
    state = document[vessel]
    assert isinstance(state, dict)
    contact = state["contact_deg"]
    assert isinstance(contact, int | float)
    worse = {**document, vessel: {**state, "contact_deg": max(contact, more)}}
    order = resectability_nccn.SEVERITY
    assert order.index(str(nccn(worse).value)) >= order.index(str(nccn(document).value))
    rows = list(resectability_net.BOOK.results)
    row = {key: rows.index(net(one).rule.split(".")[1]) for key, one in (("less", document), ("more", worse))}
    assert row["more"] <= row["less"]
