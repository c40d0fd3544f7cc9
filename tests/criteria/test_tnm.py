"""Vectors T1 to T23, limits from both sides, both node lists, and what unknown inputs do."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria.tnm import CRITERION
from isletscope.criteria.tnm_book import BOOK, EDITIONS, System
from isletscope.errors import InputError
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound

NET: dict[str, Any] = {"histology": "net", "site": "head", "invades": [], "nodes": [], "metastases": []}
NEC: dict[str, Any] = {**NET, "histology": "nec"}


def staged(**findings: Any) -> Conclusion:
    result = CRITERION.run_document(findings)
    assert sound(result)
    return result


def short(result: Conclusion) -> str:
    return " ".join(result.parts[name] for name in ("T", "N", "M", "stage"))


def other(result: Conclusion, edition: System) -> str | None:
    name = EDITIONS[edition]
    return next((one.value for one in result.alternatives if one.system == name), None)


def node(number: int, count: int | None = 1) -> dict[str, Any]:
    return {"jps": number, "count": count}


@pytest.mark.parametrize(
    ("vector", "base", "findings", "expected"),
    [
        ("T1", NET, {"size_mm": 19.9}, "T1 N0 M0 I"),
        ("T2", NET, {"size_mm": 20.0}, "T2 N0 M0 II"),
        ("T3", NET, {"size_mm": 40.0}, "T2 N0 M0 II"),
        ("T4", NET, {"size_mm": 40.1}, "T3 N0 M0 II"),
        ("T5", NET, {"size_mm": 12, "invades": ["duodenum"]}, "T3 N0 M0 II"),
        ("T6", NET, {"size_mm": 30, "invades": ["peripancreatic_fat"]}, "T2 N0 M0 II"),
        ("T7", NET, {"size_mm": 30, "invades": ["superior_mesenteric_artery"]}, "T4 N0 M0 III"),
        ("T8", NET, {"size_mm": 15, "nodes": [node(13)]}, "T1 N1 M0 III"),
        ("T9", NET, {"size_mm": 55, "nodes": [node(17)], "metastases": ["liver"]}, "T3 N1 M1a IV"),
        ("T10", NET, {"size_mm": 25, "site": "tail", "metastases": ["liver", "bone"]}, "T2 N0 M1c IV"),
        ("T11", NET, {"size_mm": 22, "tumours": 4}, "T2(4) N0 M0 II"),
        ("T12", NET, {"size_mm": 15, "nodes": None}, "T1 NX M0 unknown"),
        ("T13", NEC, {"size_mm": 35, "nodes": [node(13, 5)]}, "T2 N2 M0 III"),
        ("T14", NEC, {"size_mm": 18, "invades": ["common_hepatic_artery"]}, "T4 N0 M0 III"),
        ("T15", NET, {"size_mm": 25, "nodes": [node(16)]}, "T2 N0 M1b IV"),
        ("T16", NET, {"size_mm": 30, "invades": ["stomach"], "nodes": None}, "T4 NX M0 III"),
        ("T17a", NET, {"primary_found": False, "nodes": [node(13)]}, "T0 N1 M0 III"),
        ("T17b", NET, {"nodes": [node(13)]}, "TX N1 M0 III"),
        ("T18", NET, {"size_mm": 30, "site": "tail", "invades": ["splenic_vein"]}, "T2 N0 M0 II"),
        ("T19", NET, {"size_mm": 25, "nodes": [node(9)]}, "T2 N1 M0 III"),
        ("T20", NEC, {"size_mm": 10.0}, "T1c N0 M0 IA"),
        ("T21", NEC, {"size_mm": 30, "invades": ["celiac_artery"], "nodes": None}, "T4 NX M0 III"),
        ("T22", NET, {"size_mm": 30, "site": "tail", "invades": ["kidney"]}, "T4 N0 M0 III"),
        ("T23", NET, {"size_mm": 25, "site": "tail", "nodes": [node(14)]}, "T2 N0 M1b IV"),
    ],
)
def test_vectors(vector: str, base: dict[str, Any], findings: dict[str, Any], expected: str) -> None:
    result = staged(**{**base, **findings})
    assert short(result) == expected, vector
    assert result.provisional == (vector in {"T12", "T16", "T17b", "T21"})


def test_what_the_vectors_print_beside_the_result() -> None:
    assert other(staged(**NET, size_mm=20), "uicc8") == "cT1 cN0 cM0, stage I"
    at_forty = staged(**NET, size_mm=40)
    assert other(at_forty, "uicc8") is None
    assert "boundary_gap" in at_forty.flag_codes()
    stomach = staged(**{**NET, "size_mm": 30, "invades": ["stomach"], "nodes": None})
    assert other(stomach, "ajcc9") == "cT4 cNX cM0, stage unknown"
    splenic = staged(**{**NET, "site": "tail", "size_mm": 30, "invades": ["splenic_vein"]})
    assert other(splenic, "registry") == "cT4 cN0 cM0, stage III"
    assert "t4_by_registry_coding" in splenic.flag_codes()
    kidney = staged(**{**NET, "site": "tail", "size_mm": 30, "invades": ["kidney"]})
    assert "t4_list_read_as_examples" in kidney.flag_codes()
    assert other(kidney, "registry") is None
    ten = staged(**NEC, size_mm=10)
    assert "boundary" in ten.flag_codes()
    assert other(ten, "exocrine_registry") == "cT1b cN0 cM0, stage IA"


@pytest.mark.parametrize(
    ("site", "number", "registry"),
    [
        ("head", 16, "cT2 cN1 cM0, stage III"),
        ("head", 9, "cT2 cN0 cM1b, stage IV"),
        ("tail", 14, "cT2 cN1 cM0, stage III"),
    ],
)
def test_where_the_node_lists_disagree_both_stages_are_printed(site: str, number: int, registry: str) -> None:
    result = staged(**{**NET, "site": site, "size_mm": 25, "nodes": [node(number)]})
    assert "node_region_conflict" in result.flag_codes()
    assert other(result, "registry") == registry


def test_both_readings_are_printed_even_where_they_end_in_the_same_stage() -> None:
    both_ways = staged(**{**NET, "size_mm": 25, "nodes": [node(9), node(16)]})
    assert both_ways.value == other(both_ways, "registry") == "cT2 cN1 cM1b, stage IV"


def test_another_edition_as_default_prints_ajcc_beside_it() -> None:
    result = staged(**NET, size_mm=20, edition="uicc8")
    assert result.value == "cT1 cN0 cM0, stage I"
    assert other(result, "ajcc8") == "cT2 cN0 cM0, stage II"
    assert other(result, "ajcc9") is None
    assert other(staged(**NET, size_mm=30, edition="enets"), "ajcc8") == "cT2 cN0 cM0, stage II"


def test_the_sentence_of_t_names_growth_that_does_not_count() -> None:
    vein = staged(**{**NET, "size_mm": 30, "invades": ["splenic_vein"]})
    assert "growth into the splenic vein does not change T here: T2" in vein.because
    assert "limited to the pancreas: T2" in staged(**{**NET, "size_mm": 30, "invades": ["peripancreatic_fat"]}).because


def test_a_carcinoma_in_situ_is_stage_0() -> None:
    assert staged(**NEC, in_situ=True).value == "cTis cN0 cM0, stage 0"


def test_a_specimen_is_marked_so() -> None:
    result = staged(**NET, size_mm=12, basis="pathological")
    assert result.value == "pT1 pN0 cM0, stage I"
    spread = {**NET, "size_mm": 12, "metastases": ["liver"]}
    assert staged(**spread, metastasis_proven=True).value == "cT1 cN0 pM1a, stage IV"
    assert "nodes_by_imaging" not in result.flag_codes()


@pytest.mark.parametrize(
    ("size_mm", "net", "uicc", "exocrine"),
    [
        (4.9, "T1", "T1", "T1a"),
        (5.0, "T1", "T1", "T1a"),
        (5.1, "T1", "T1", "T1b"),
        (9.99, "T1", "T1", "T1b"),
        (10.0, "T1", "T1", "T1c"),
        (19.99, "T1", "T1", "T1c"),
        (20.0, "T2", "T1", "T1c"),
        (20.0 - 1e-12, "T2", "T1", "T1c"),
        (20.01, "T2", "T2", "T2"),
        (40.0, "T2", "T2", "T2"),
        (40.01, "T3", "T3", "T3"),
    ],
)
def test_size_limits_from_both_sides(size_mm: float, net: str, uicc: str, exocrine: str) -> None:
    assert staged(**NET, size_mm=size_mm).parts["T"] == net
    assert staged(**NET, size_mm=size_mm, edition="uicc8").parts["T"] == uicc
    assert staged(**NEC, size_mm=size_mm).parts["T"] == exocrine


@pytest.mark.parametrize(("size_mm", "flagged"), [(18.9, False), (19, True), (21, True), (21.1, False), (39.5, True)])
def test_sizes_near_a_limit_are_called_so(size_mm: float, flagged: bool) -> None:
    assert ("NEAR_THRESHOLD" in staged(**NET, size_mm=size_mm).flag_codes()) == flagged


@pytest.mark.parametrize(
    ("size_mm", "invades", "nodes", "stage"),
    [
        (15, [], [], "I"),
        (25, [], [], "IIA"),
        (45, [], [], "IIB"),
        (15, ["spleen"], [], "IIIA"),
        (15, [], [node(8)], "IIIB"),
    ],
)
def test_enets_stages(size_mm: float, invades: list[str], nodes: list[Any], stage: str) -> None:
    result = staged(**{**NET, "size_mm": size_mm, "invades": invades, "nodes": nodes})
    printed = other(result, "enets")
    assert (printed or str(result.value)).endswith(f"stage {stage}")
    if stage == "IIIA":
        (entry,) = [one for one in result.alternatives if one.system == EDITIONS["enets"]]
        assert entry.support == "recall"


@pytest.mark.parametrize(
    ("diagnosed", "edition"), [("2023-12-31", "AJCC 8"), ("2024-01-01", "AJCC Version 9"), (None, "AJCC 8")]
)
def test_the_edition_follows_the_date_of_diagnosis(diagnosed: str | None, edition: str) -> None:
    result = staged(**NET, size_mm=12, diagnosed=diagnosed)
    assert result.parts["edition"] == edition
    assert result.value == "cT1 cN0 cM0, stage I"


@pytest.mark.parametrize(
    ("metastases", "m"),
    [
        (["liver"], "M1a"),
        (["bone"], "M1b"),
        (["distant_node"], "M1b"),
        (["liver", "peritoneum"], "M1c"),
        (["unnamed"], "M1"),
        (["liver", "unnamed"], "M1"),
        (["liver", "bone", "unnamed"], "M1c"),
    ],
)
def test_sites_of_spread(metastases: list[str], m: str) -> None:
    assert staged(**{**NET, "size_mm": 12, "metastases": metastases}).parts["M"] == m
    assert staged(**{**NEC, "size_mm": 12, "metastases": metastases}).parts["M"] == "M1"


def test_unexamined_sites_give_m0_with_a_flag_and_never_mx() -> None:
    for findings in ({"metastases": None}, {"metastases": [], "not_examined": ["bone", "brain"]}):
        result = staged(**{**NET, "size_mm": 12, **findings})
        assert result.parts["M"] == "M0"
        assert result.provisional
        assert "m0_not_fully_assessed" in result.flag_codes()
    assert "bone" in staged(**NET, size_mm=12, not_examined=["bone"]).missing


def test_contact_without_invasion_never_changes_t() -> None:
    result = staged(**NET, size_mm=12, touches=["portal_vein"])
    assert result.parts["T"] == "T1"
    assert "t4_by_registry_coding" in result.flag_codes()


def test_the_serosa_counts_in_uicc_only() -> None:
    result = staged(**{**NET, "size_mm": 12, "invades": ["serosa"], "grade": "G3"})
    assert result.parts["T"] == "T1"
    assert other(result, "uicc8") == "cT4 cN0 cM0, stage III"
    assert {"serosa", "uicc8_scope_g1_g2"} <= result.flag_codes()


def test_an_open_number_of_nodes_leaves_both_classes_of_a_carcinoma() -> None:
    result = staged(**{**NEC, "size_mm": 30, "nodes": [node(8, None)]})
    assert result.state is State.MISSING
    assert result.possible == ["cT2 cN1 cM0, stage IIB", "cT2 cN2 cM0, stage III"]
    assert "number of involved nodes" in result.missing
    spread = staged(**{**NEC, "size_mm": 30, "nodes": [node(8, None)], "metastases": ["lung"]})
    assert spread.value == "cT2 cN1 or cN2 cM1, stage IV"
    assert "INSENSITIVE_TO_MISSING" in spread.flag_codes()


@pytest.mark.parametrize(("count", "n"), [(1, "N1"), (3, "N1"), (4, "N2")])
def test_nodes_of_a_carcinoma_are_counted(count: int, n: str) -> None:
    assert staged(**{**NEC, "size_mm": 30, "nodes": [node(8, count)]}).parts["N"] == n
    assert ("many_nodes" in staged(**{**NET, "size_mm": 30, "nodes": [node(8, count)]}).flag_codes()) == (count > 3)


def test_an_unknown_part_of_the_pancreas_leaves_both_stages_where_it_matters() -> None:
    unknown = {**NET, "site": None, "size_mm": 25}
    assert staged(**unknown).value == "cT2 cN0 cM0, stage II"
    assert staged(**{**unknown, "nodes": [node(8)]}).value == "cT2 cN1 cM0, stage III"
    splenic = staged(**{**unknown, "nodes": [node(10)]})
    assert splenic.possible == ["cT2 cN0 cM1b, stage IV", "cT2 cN1 cM0, stage III"]
    assert splenic.missing[-1] == "part of the pancreas that holds the primary"


def test_nothing_known_is_not_assessable() -> None:
    result = staged()
    assert result.missing == ["primary tumour", "regional nodes", "distant sites"]


def test_centimetres_given_as_millimetres_are_doubted() -> None:
    assert "size_unit_doubted" in staged(**NET, size_mm=2.4).flag_codes()
    with pytest.raises(InputError, match="size_mm"):
        staged(size_mm=400)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"invades": ["stomac"]}, "did you mean stomach"),
        ({"nodes": [{"station": "coeliac"}]}, "did you mean celiac"),
        ({"nodes": [{"jps": 99}]}, "no station has the number 99"),
        ({"nodes": [{"jps": 9, "station": "splenic_hilum"}]}, "does not have the number 9"),
        ({"primary_found": False, "size_mm": 12}, "was not found"),
        ({"tumours": 0}, "1 or more"),
        ({"histology": "net", "in_situ": True}, "exocrine table only"),
        ({"metastases": ["livr"]}, "metastases"),
        ({"sise_mm": 12}, "Did you mean size_mm"),
    ],
)
def test_wrong_entries_are_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        staged(**wrong)


def test_every_combination_has_at_most_one_stage_and_net_tables_know_only_their_categories() -> None:
    for system in ("ajcc8", "ajcc9", "uicc8", "enets"):
        for t, n, m in product(["T0", "TX", "T1", "T2", "T3", "T4"], ["N0", "N1", "NX"], ["M0", "M1"]):
            rows = [row for row in BOOK.groups[system] if t in row.t and n in row.n and row.m == m]
            assert len(rows) <= 1
    for t, n, m in product(["Tis", "T0", "TX", "T1", "T2", "T3", "T4"], ["N0", "N1", "N2", "NX"], ["M0", "M1"]):
        assert len([row for row in BOOK.groups["exocrine"] if t in row.t and n in row.n and row.m == m]) <= 1


def test_only_t4_nx_m0_differs_between_the_editions_of_ajcc() -> None:
    differ = []
    for t, n, m in product(["T0", "TX", "T1", "T2", "T3", "T4"], ["N0", "N1", "NX"], ["M0", "M1"]):
        eighth, ninth = BOOK.stage_row(t, n, m, "ajcc8"), BOOK.stage_row(t, n, m, "ajcc9")
        if (eighth and eighth.stage) != (ninth and ninth.stage):
            differ.append((t, n, m))
    assert differ == [("T4", "NX", "M0")]


ORDER = ["I", "II", "III", "IV"]
STATIONS = st.sampled_from(sorted(BOOK.stations))
findings_of_net = st.fixed_dictionaries(
    {
        "histology": st.just("net"),
        "site": st.sampled_from(["head", "body", "tail", None]),
        "size_mm": st.one_of(st.none(), st.floats(4, 120)),
        "invades": st.one_of(st.none(), st.lists(st.sampled_from(sorted(BOOK.invasion)), max_size=3)),
        "nodes": st.one_of(st.none(), st.lists(st.builds(lambda name: {"station": name}, STATIONS), max_size=3)),
        "metastases": st.one_of(st.none(), st.lists(st.sampled_from(["liver", "bone", "lung"]), max_size=3)),
    }
)


@given(findings_of_net)
def test_removing_an_input_never_makes_the_stage_more_certain(findings: dict[str, Any]) -> None:
    full = staged(**findings)
    for name in ("site", "size_mm", "invades", "nodes", "metastases"):
        if findings[name] is not None:
            assert certainty(staged(**{**findings, name: None})) <= certainty(full)


@given(findings_of_net, st.randoms())
def test_order_of_findings_does_not_matter(findings: dict[str, Any], random: Any) -> None:
    shuffled = {**findings}
    for name in ("invades", "nodes", "metastases"):
        if findings[name]:
            shuffled[name] = random.sample(findings[name], len(findings[name]))
    first, second = staged(**findings), staged(**shuffled)
    assert (first.value, first.because, first.possible) == (second.value, second.because, second.possible)


@given(findings_of_net, st.floats(0, 60), STATIONS, st.sampled_from(["liver", "bone"]))
def test_more_disease_never_lowers_the_stage(
    findings: dict[str, Any], growth_mm: float, station: str, site: str
) -> None:
    known = {**findings, "site": findings["site"] or "head", "size_mm": findings["size_mm"] or 12.0}
    known = {**known, **{name: known[name] or [] for name in ("invades", "nodes", "metastases")}}
    stage = ORDER.index(staged(**known).parts["stage"])
    for more in (
        {"size_mm": known["size_mm"] + growth_mm},
        {"nodes": [*known["nodes"], {"station": station}]},
        {"metastases": [*known["metastases"], site]},
        {"invades": [*known["invades"], "stomach"]},
    ):
        assert ORDER.index(staged(**{**known, **more}).parts["stage"]) >= stage


def test_a_node_without_station_is_regional_or_distant() -> None:
    findings = {"histology": "net", "site": "tail", "size_mm": 30, "invades": [], "nodes": [], "metastases": []}
    result = staged(**findings, unplaced_nodes=["N1"])
    assert result.value is None
    assert result.possible == ["cT2 cN1 cM0, stage III", "cT2 cN0 cM1b, stage IV"]
    assert result.missing == ["station of N1"]
    settled = staged(**{**findings, "nodes": [{"station": "celiac"}], "metastases": ["bone"]}, unplaced_nodes=["N2"])
    assert settled.value == "cT2 cN1 cM1b, stage IV"


def test_contact_read_as_growth_is_printed_with_its_alternatives() -> None:
    findings = {"histology": "net", "site": "head", "size_mm": 30, "nodes": [], "metastases": []}
    sma = ["superior_mesenteric_artery"]
    encased = staged(**findings, invades=sma, encased=sma)
    assert encased.parts["T"] == "T4"
    assert "t4_by_encasement" in encased.flag_codes()
    assert encased.branches[0].rule == "tnm.t_encasement"
    assert encased.branches[0].text.startswith("Contact with the superior mesenteric artery over 180 degrees")
    assert {one.system: one.value for one in encased.alternatives}["by size alone"] == "cT2 cN0 cM0, stage II"
    touched = staged(**findings, invades=[], touches=["superior_mesenteric_vein"])
    assert touched.parts["T"] == "T2"
    coded = {one.system: one.value for one in touched.alternatives}
    assert coded["registry coding (SEER)"] == "cT4 cN0 cM0, stage III"
