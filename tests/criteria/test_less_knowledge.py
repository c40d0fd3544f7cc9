"""Properties of the criteria of surgery, liver and response: less knowledge, worse findings, odd input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from isletscope.criteria import all_criteria, find_criterion
from isletscope.criteria.cytoreduction import fraction_bounds
from isletscope.criteria.liver_burden import Scheme
from isletscope.criteria.open_inputs import Inputs, TableBook, Way, first_hit, settle, sides
from isletscope.criteria.repeatability import BOOK as REPEATABILITY
from isletscope.criteria.repeatability import RepeatabilityBook
from isletscope.criteria.resectability_systems import BOOK as SYSTEMS
from isletscope.criteria.resectability_systems import SystemsBook
from isletscope.errors import InputError
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound

Document = dict[str, JsonValue]
Values = dict[str, list[JsonValue]]
yes_no: list[JsonValue] = [True, False]

COMPLETE: dict[str, Values] = {
    "choi": {
        "baseline_sum_mm": [100],
        "current_sum_mm": [70, 90, 100, 112],
        "baseline_density_hu": [80],
        "current_density_hu": [60, 78],
        "same_technique": [True],
        "new_lesion": yes_no,
        "new_or_growing_nodule_in_tumour": yes_no,
        "clear_progression_elsewhere": yes_no,
        "modified": yes_no,
    },
    "mrecist": {
        "arterial_phase": [True],
        "enhanced_at_baseline": yes_no,
        "baseline_sum_mm": [60],
        "current_sum_mm": [0, 40, 60, 80],
        "new_lesions": [[], [{"id": "L9", "longest_mm": 12, "typical_enhancement": True}]],
    },
    "eortc": {
        "baseline_suv_bsa_g_ml": [10],
        "current_suv_bsa_g_ml": [5, 8, 10, 13],
        "baseline_extent_mm": [50],
        "current_extent_mm": [50, 65],
        "more_than_one_cycle": yes_no,
        "resolved": yes_no,
        "new_lesion": yes_no,
    },
    "transplant_screen": {
        "well_differentiated_g1_g2": yes_no,
        "ki67_percent": [5, 10],
        "portal_drained_primary_removed": yes_no,
        "liver_involvement_percent": [40, 55],
        "stable_months": [3, 8],
        "age_years": [50, 63, 70],
        "extrahepatic_disease": yes_no,
    },
    "vein_reconstruction": {
        "mesenteric_stump_mm": [0, 4, 7, 12],
        "portal_stump_mm": [0, 4, 7, 12],
        "ileal_branch": ["clean", "involved"],
        "ileal_branch_mm": [3, 7],
        "jejunal_branch": ["clean", "occluded"],
        "jejunal_branch_mm": [3, 7],
        "portal_bifurcation_involved": yes_no,
        "cavernous_transformation": yes_no,
        "inflow_vessel_mm": [3, 7],
    },
    "ablation": {
        "diameter_mm": [20, 35, 45, 60],
        "margin_mm": [3, 7, 12],
        "duct_distance_mm": [4, 8, 20],
        "vessel_touching": yes_no,
        "neighbour_distance_mm": [4, 8, 20],
        "lesions_in_session": [1, 7, 12],
    },
    "operations": {
        "site": ["head_uncinate", "neck", "body", "tail"],
        "proximal_body": yes_no,
        "size_mm": [12, 25, 40],
        "function": ["none", "insulinoma", "VIPoma"],
        "duct_distance_mm": [1, 2.5, 6],
        "duct_dilated": yes_no,
        "peripheral": yes_no,
        "zone3": yes_no,
        "suspicious_nodes": yes_no,
        "vessel_involved": yes_no,
        "grade": ["G1", "G2", "G3"],
        "ki67_percent": [1, 5, 15],
        "splenic_artery_deg": [0, 120, 200],
        "splenic_vein_deg": [0, 120, 200],
        "splenic_vessels_narrowed": yes_no,
        "hilum_distance_mm": [5, 30],
        "short_gastric_veins_patent": yes_no,
        "spleen_unsafe_without_vessels": yes_no,
        "distal_remnant_mm": [30, 80],
        "right_cut_clearance_mm": [5, 20],
        "unlikely_curative": yes_no,
    },
    "lymphadenectomy": {
        "size_mm": [8, 15, 25],
        "suspicious_nodes": [False],
        "function": ["none", "insulinoma", "gastrinoma"],
        "grade": ["G1", "G2"],
        "ki67_percent": [1, 5],
        "proximal": yes_no,
    },
    "extrahepatic": {
        "regional_nodes": [0, 2],
        "whole_body_examined": [True],
        "compartments": [[], [{"compartment": "bone", "lesions": 1}], [{"compartment": "lung", "lesions": 7}]],
    },
}


@pytest.mark.parametrize("name", sorted(COMPLETE))
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_less_is_never_more_certain(name: str, data: st.DataObject) -> None:
    values = COMPLETE[name]
    document: Document = {key: data.draw(st.sampled_from(choices)) for key, choices in values.items()}
    removable = [key for key in values if key not in ("modified", "compartments", "whole_body_examined")]
    hidden = data.draw(st.lists(st.sampled_from(removable), max_size=3, unique=True))
    full = find_criterion(name).run_document(document)
    part = find_criterion(name).run_document({**document, **dict.fromkeys(hidden)})
    assert sound(full)
    assert sound(part)
    assert certainty(part) <= certainty(full)
    if name != "operations" and part.possible:
        assert full.value in part.possible
    if part.state is not State.MISSING and not part.provisional:
        assert part.value == full.value


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_an_operation_that_stays_certain_is_one(data: st.DataObject) -> None:
    values = COMPLETE["operations"]
    document: Document = {key: data.draw(st.sampled_from(choices)) for key, choices in values.items()}
    hidden = data.draw(st.lists(st.sampled_from([key for key in values if key != "function"]), max_size=4))
    full = find_criterion("operations").run_document(document)
    part = find_criterion("operations").run_document({**document, **dict.fromkeys(hidden)})
    for name, answer in part.parts.items():
        assert answer == full.parts[name] or answer == "possible" or full.parts[name] in answer.split(" or ")


WORSE: list[tuple[str, str, list[float], list[str]]] = [
    ("ablation", "diameter_mm", [10, 30, 31, 41, 51], ["ok", "caution", "no"]),
    ("ablation", "duct_distance_mm", [20, 10, 6, 5, 1], ["ok", "caution", "no"]),
    ("vein_reconstruction", "portal_stump_mm", [20, 10, 9, 5, 4, 0], ["yes", "expert", "no"]),
    (
        "transplant_screen",
        "liver_involvement_percent",
        [10, 50, 51],
        ["meets", "meets_except_relative(age)", "not_met"],
    ),
    ("transplant_screen", "age_years", [50, 60, 61, 65, 66], ["meets", "meets_except_relative(age)", "not_met"]),
    ("eortc", "current_suv_bsa_g_ml", [5, 7, 9, 12, 13], ["CMR", "PMR", "SMD", "PMD"]),
]


@pytest.mark.parametrize(("name", "key", "steps", "order"), WORSE)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_worse_findings_are_never_a_milder_result(
    name: str, key: str, steps: list[float], order: list[str], data: st.DataObject
) -> None:
    document: Document = {field: data.draw(st.sampled_from(choices)) for field, choices in COMPLETE[name].items()}
    results = [find_criterion(name).run_document({**document, key: step}).value for step in steps]
    ranks = [order.index(str(result)) for result in results]
    assert ranks == sorted(ranks)


def percist(**changes: JsonValue) -> Conclusion:
    scan: Document = {"liver_mean_g_ml": 1.6, "liver_sd_g_ml": 0.2, "uptake_min": 60}
    now = changes.pop("now")
    document: Document = {
        "baseline": {**scan, "sul_peak_g_ml": 8},
        "current": {**scan, "sul_peak_g_ml": now},
        "new_lesion": False,
        "uptake_above_background": False,
        "lesion_grew": False,
        **changes,
    }
    return find_criterion("percist").run_document(document)


@given(
    now=st.sampled_from([1.0, 5.0, 8.0, 11.0]),
    answers=st.lists(st.booleans(), min_size=3, max_size=3),
    hidden=st.sets(st.sampled_from(["new_lesion", "uptake_above_background", "lesion_grew"])),
)
def test_percist_less_is_never_more_certain(now: float, answers: list[bool], hidden: set[str]) -> None:
    names = ["new_lesion", "uptake_above_background", "lesion_grew"]
    known: Document = dict(zip(names, answers, strict=True))
    full = percist(now=now, **known)
    part = percist(now=now, **{**known, **dict.fromkeys(hidden)})
    assert certainty(part) <= certainty(full)
    assert full.value in (part.possible if part.state is State.MISSING else [part.value])


@pytest.mark.parametrize("name", sorted(all_criteria()))
def test_nothing_known_is_never_a_result(name: str) -> None:
    for document in ({}, {"lesions": []}, {"samples": []}):
        try:
            result = find_criterion(name).run_document(document)
        except InputError:
            continue
        assert result.state is State.MISSING or result.value in ("none", "no target", "no lesions")
        assert sound(result)
        return


@pytest.mark.parametrize(
    ("name", "document", "words"),
    [
        ("recist", {"targets": [{"id": "P1", "baseline_mm": 0}]}, "targets.0.baseline_mm"),
        ("recist", {"target": []}, "Did you mean targets"),
        ("resectability_nccn", {"sma": {"contact_deg": 361}}, "sma.contact_deg"),
        ("resectability_nccn", {"sma": {"contact": 20}}, "Did you mean contact_deg"),
        ("surveillance", {"size_mm": -3}, "size_mm"),
        ("surveillance", {"size_cm": 3}, "Did you mean size_mm"),
        ("liver_burden", {"tumour_ml": 2000, "liver_ml": 1500}, "exceeds"),
        ("ablation", {"tool": "laser"}, "tool"),
        ("growth_rate", {"interval_days": 0}, "interval_days"),
    ],
)
def test_odd_input_is_named(name: str, document: Document, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find_criterion(name).run_document(document)


def example_table() -> TableBook:
    return TableBook.model_validate(
        {
            "name": "example",
            "title": "An example",
            "version": "1",
            "group": "surgery",
            "about": "answers nothing, for tests only",
            "results": {"one": "high", "two": "low"},
            "rules": {name: {"text": "It is so.", "support": "convention"} for name in ("one", "two")},
        }
    )


def test_a_table_tries_what_is_missing() -> None:
    table = first_hit(example_table(), {"one": lambda i: i.number("size") > 10 and i.flag("near")})
    known: dict[str, float | bool | str | None] = {"size": None, "near": True}
    choices = {"size": sides(10)}
    outcome = settle(table, known, choices)
    assert (set(outcome.values), outcome.needed) == ({"high", "low"}, ("size",))
    small = settle(table, {"size": 5, "near": None}, choices)
    assert (small.values, small.needed, small.insensitive) == (("low",), (), ())
    same = settle(lambda i: Way("low", "two") if i.flag("near") else Way("low", "one"), {"near": None})
    assert (same.settled, same.insensitive, len(same.ways)) == (True, ("near",), 2)
    assert sides(5, 10) == (4, 5, 7.5, 10, 11)
    assert Inputs({"kind": "bland"}).word("kind") == "bland"


def test_a_table_without_an_end_is_a_fault() -> None:
    table = first_hit(example_table(), {"one": lambda i: False, "two": lambda i: False})
    with pytest.raises(AssertionError, match="the last row has a test"):
        table(Inputs({}))


def test_books_with_holes_are_refused() -> None:
    with pytest.raises(ValidationError, match="rows without a sentence: three"):
        TableBook.model_validate({**example_table().model_dump(), "results": {"three": "high"}})
    with pytest.raises(ValidationError, match="one band more than limits"):
        Scheme.model_validate({"title": "x", "limits": [1], "names": ["a"], "support": "convention"})
    with pytest.raises(ValidationError, match="every quantity has at least one limit"):
        RepeatabilityBook.model_validate({**REPEATABILITY.model_dump(), "limits": {}})
    with pytest.raises(ValidationError, match="rows and sentences differ"):
        SystemsBook.model_validate({**SYSTEMS.model_dump(), "systems": {}})


def test_bounds_of_nothing_say_nothing() -> None:
    assert fraction_bounds(0, 0, 20) == (0.0, 100.0)
    least, most = fraction_bounds(78, 22, 20)
    assert least < 78 < most


def test_liver_without_volume_and_targets_of_one_name() -> None:
    lesions: list[JsonValue] = [
        {"id": name, "side": side, "volume_ml": 0} for name, side in (("a", "right"), ("b", "left"))
    ]
    empty = find_criterion("liver_pattern").run_document(
        {"lesions": lesions, "right_burden_percent": 1, "left_burden_percent": 1}
    )
    assert set(empty.possible) == {"II", "III"}
    same: JsonValue = [{"id": "L1", "organ": "liver"}, {"id": "L1", "organ": "liver"}]
    with pytest.raises(InputError, match="two lesions share one id"):
        find_criterion("recist_targets").run_document({"lesions": same})
    unsaid = {"before_ml": 50, "after_ml": 50, "same_tracer": True, "same_reconstruction": True}
    change = find_criterion("sstr_change").run_document({**unsaid, "same_uptake_time": True, "fdg_done": True})
    assert "new FDG lesions not stated" in change.because


def test_eortc_says_when_a_missing_input_does_not_matter() -> None:
    result = find_criterion("eortc").run_document(
        {"baseline_suv_bsa_g_ml": 10, "current_suv_bsa_g_ml": 14, "new_lesion": None, "resolved": False}
    )
    assert (result.value, "INSENSITIVE_TO_MISSING" in result.flag_codes()) == ("PMD", True)
