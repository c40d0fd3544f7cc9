"""RECIST 1.1: vectors R1 to R15, the tables of overall and best response, limits from both sides, properties."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from isletscope.criteria import recist, recist_best, recist_targets
from isletscope.errors import InputError
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound

Document = dict[str, JsonValue]


def follow_up(baseline: float, nadir: float | None, now: float | None, **changes: JsonValue) -> Document:
    """One target outside nodes carries the whole sum; non-target lesions without progression, nothing new."""
    document: Document = {
        "targets": [{"id": "P1", "baseline_mm": baseline, "current_mm": now}],
        "earlier_sums_mm": [] if nadir is None else [nadir],
        "non_target": "non-CR/non-PD",
        "new_lesions": [],
    }
    return {**document, **changes}


def node(baseline: float, now: float, **more: JsonValue) -> Document:
    return {"id": "N1", "nodal": True, "baseline_mm": baseline, "current_mm": now, **more}


def run(document: Document) -> Conclusion:
    return recist.CRITERION.run_document(document)


NEW_LIVER: JsonValue = [{"id": "L9", "seen_on": "ct_mri", "unequivocal": True}]
GONE: JsonValue = [{"id": "P1", "baseline_mm": 14, "current_mm": 0}, node(16, 9)]


@pytest.mark.parametrize(
    ("name", "document", "value"),
    [
        ("R1", follow_up(100, 100, 70), "PR"),
        ("R2", follow_up(100, 100, 71), "SD"),
        ("R3", follow_up(100, 50, 60), "PD"),
        ("R4", follow_up(20, 20, 24), "SD"),
        ("R5", follow_up(25, 25, 30), "PD"),
        ("R6", follow_up(1, None, 0, targets=GONE, earlier_sums_mm=[30], non_target="CR"), "CR"),
        ("R7", follow_up(1, None, 0, targets=GONE, earlier_sums_mm=[30]), "PR"),
        ("R8", follow_up(100, 60, 72), "PD"),
        ("R9", follow_up(100, 100, 85, new_lesions=NEW_LIVER), "PD"),
        ("R10", follow_up(100, 100, None), "NE"),
        ("R11", follow_up(100, 95, 100, non_target="PD"), "PD"),
        ("R12 at 12", follow_up(1, None, 0, targets=[node(16, 12)]), "SD"),
        ("R12 at 11", follow_up(1, None, 0, targets=[node(16, 11)]), "PR"),
        ("R12 at 9", follow_up(1, None, 0, targets=[node(16, 9)], non_target="none"), "CR"),
        ("R14", follow_up(165, 63, 65), "PR"),
        ("R15", follow_up(1, None, 0, targets=[node(20, 11)], earlier_sums_mm=[8], non_target="none"), "PR"),
        ("node at 10", follow_up(1, None, 0, targets=[node(16, 10)], non_target="none"), "PR"),
        ("node at 9.9", follow_up(1, None, 0, targets=[node(16, 9.9)], non_target="none"), "CR"),
        ("just below 20 %", follow_up(100, 100, 119.9), "SD"),
        ("20 %", follow_up(100, 100, 120), "PD"),
        ("just above -30 %", follow_up(100, 100, 70.01), "SD"),
        ("4.99 mm", follow_up(24.9, 24.9, 29.89), "SD"),
        ("floats", follow_up(8, 8, 5.6), "PR"),
    ],
)
def test_time_point(name: str, document: Document, value: str) -> None:
    result = run(document)
    assert result.value == value, name
    assert sound(result)


def test_r10_measured_targets_that_reach_progression() -> None:
    targets: JsonValue = [
        {"id": "P1", "baseline_mm": 50, "current_mm": 130},
        {"id": "L1", "baseline_mm": 50, "current_mm": None},
    ]
    result = run(follow_up(1, None, 0, targets=targets))
    assert result.value == "PD"
    assert result.branches[0].rule == "recist.target_pd_measured"


def test_a_lesion_that_comes_back_after_cr() -> None:
    back = run(follow_up(30, 0, 4, earlier_complete=True))
    assert back.value == "PD"
    assert "review_previous_cr" in back.flag_codes()
    assert run(follow_up(30, 0, 6)).value == "PD"
    assert run(follow_up(30, 0, 4)).value == "PR"


def test_too_small_to_measure_counts_five() -> None:
    result = run(follow_up(1, None, 0, targets=[{"id": "P1", "baseline_mm": 20, "too_small": True}]))
    assert result.value == "PR"
    assert "TOO_SMALL" in result.flag_codes()
    assert ("sum", 5.0) in [(item.text, item.value) for item in result.evidence]


def test_targets_in_opposite_directions_are_flagged() -> None:
    targets: JsonValue = [
        {"id": "L1", "baseline_mm": 50, "current_mm": 60},
        {"id": "L2", "baseline_mm": 50, "current_mm": 35},
    ]
    mixed = run(follow_up(1, None, 0, targets=targets))
    assert (mixed.value, "MIXED_RESPONSE" in mixed.flag_codes()) == ("SD", True)
    assert "MIXED_RESPONSE" not in run(follow_up(100, None, 130)).flag_codes()


OVERALL = [
    ("CR", "CR", False, "CR"),
    ("CR", "none", False, "CR"),
    ("CR", "non-CR/non-PD", False, "PR"),
    ("CR", "NE", False, "PR"),
    ("PR", "CR", False, "PR"),
    ("PR", "non-CR/non-PD", False, "PR"),
    ("PR", "NE", False, "PR"),
    ("SD", "CR", False, "SD"),
    ("SD", "non-CR/non-PD", False, "SD"),
    ("SD", "NE", False, "SD"),
    ("NE", "CR", False, "NE"),
    ("NE", "non-CR/non-PD", False, "NE"),
    ("PD", "CR", False, "PD"),
    ("PD", "NE", True, "PD"),
    ("SD", "PD", False, "PD"),
    ("NE", "PD", False, "PD"),
    ("PR", "non-CR/non-PD", True, "PD"),
    ("none", "CR", False, "CR"),
    ("none", "non-CR/non-PD", False, "non-CR/non-PD"),
    ("none", "NE", False, "NE"),
    ("none", "PD", False, "PD"),
    ("none", "CR", True, "PD"),
]
NOW = {"CR": 0, "PR": 60, "SD": 100, "PD": 130, "NE": None}


@pytest.mark.parametrize(("target", "rest", "new", "value"), OVERALL)
def test_overall_table(target: str, rest: str, new: bool, value: str) -> None:
    document = follow_up(100, None, NOW.get(target), non_target=rest, new_lesions=NEW_LIVER if new else [])
    if target == "none":
        document["targets"] = []
    result = run(document)
    assert result.value == value
    assert result.parts["target"] == target


@pytest.mark.parametrize(
    ("lesion", "value", "flag"),
    [
        ({"seen_on": "ct_mri", "unequivocal": False}, "SD", "possible_new_lesion"),
        ({"seen_on": "ct_mri", "unequivocal": False, "confirmed_on_ct_mri": True}, "PD", ""),
        (
            {"seen_on": "ct_mri", "unequivocal": True, "region_scanned_at_baseline": False},
            "PD",
            "NEW_IN_UNSCANNED_REGION",
        ),
        ({"seen_on": "fdg", "unequivocal": True, "fdg_negative_baseline": True}, "PD", ""),
        ({"seen_on": "fdg", "unequivocal": False}, "SD", "possible_new_lesion"),
        ({"seen_on": "fdg", "unequivocal": True, "fdg_negative_baseline": False}, "SD", "possible_new_lesion"),
        ({"seen_on": "fdg", "unequivocal": True, "confirmed_on_ct_mri": True}, "PD", ""),
        ({"seen_on": "fdg", "unequivocal": True, "matches_stable_known_lesion": True}, "SD", ""),
        ({"seen_on": "sstr", "unequivocal": True}, "SD", "possible_new_lesion"),
        ({"seen_on": "sstr", "unequivocal": True, "confirmed_on_ct_mri": True}, "PD", ""),
    ],
)
def test_new_lesions(lesion: Document, value: str, flag: str) -> None:
    result = run(follow_up(100, None, 100, new_lesions=[{"id": "L9", **lesion}]))
    assert result.value == value
    assert not flag or flag in result.flag_codes()


def test_what_is_not_known_stays_open() -> None:
    nobody = run(follow_up(100, None, 100, new_lesions=None))
    assert nobody.state is State.MISSING
    assert set(nobody.possible) == {"PD", "SD"}
    assert nobody.missing == ["whether there is a new lesion"]
    rest = run(follow_up(100, None, 0, non_target=None))
    assert set(rest.possible) == {"CR", "PR", "PD"}
    certain = run(follow_up(100, None, 130, non_target=None, new_lesions=None))
    assert certain.value == "PD"
    undecided = run(follow_up(100, None, 100, new_lesions=[{"id": "L9", "seen_on": "ct_mri"}]))
    assert set(undecided.possible) == {"PD", "SD"}
    fdg = run(follow_up(100, None, 100, new_lesions=[{"id": "L9", "seen_on": "fdg", "unequivocal": True}]))
    assert set(fdg.possible) == {"PD", "SD"}
    assert "possible_new_lesion" in fdg.flag_codes()
    assert run({"targets": [], "non_target": "none", "new_lesions": []}).missing == ["any lesion at baseline"]


def test_two_targets_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="two targets share one id"):
        run(follow_up(1, None, 0, targets=[node(20, 10), node(20, 10)]))


@st.composite
def follow_ups(draw: st.DrawFn) -> Document:
    size = st.integers(0, 60)
    targets: list[JsonValue] = [
        {
            "id": f"T{number}",
            "nodal": draw(st.booleans()),
            "baseline_mm": draw(st.integers(10, 60)),
            "current_mm": draw(size),
        }
        for number in range(draw(st.integers(1, 4)))
    ]
    sums: list[JsonValue] = list(draw(st.lists(st.integers(20, 120), max_size=2)))
    return {
        "targets": targets,
        "earlier_sums_mm": sums,
        "non_target": draw(st.sampled_from(["none", "CR", "non-CR/non-PD", "NE", "PD"])),
        "new_lesions": draw(st.sampled_from([[], NEW_LIVER])),
    }


@given(document=follow_ups(), data=st.data())
@settings(max_examples=80, deadline=None)
def test_order_never_matters_and_less_is_never_more_certain(document: Document, data: st.DataObject) -> None:
    full = run(document)
    targets = document["targets"]
    assert isinstance(targets, list)
    turned = run({**document, "targets": data.draw(st.permutations(targets))})
    assert turned == full
    for name in ("non_target", "new_lesions"):
        part = run({**document, name: None})
        assert certainty(part) <= certainty(full)
        assert full.value in (part.possible if part.state is State.MISSING else [part.value])


@given(document=follow_ups(), grow=st.integers(0, 40))
@settings(max_examples=80, deadline=None)
def test_growth_is_never_a_better_response(document: Document, grow: int) -> None:
    order = ["CR", "PR", "SD", "PD"]
    targets = document["targets"]
    assert isinstance(targets, list)
    assert isinstance(targets[0], dict)
    size = targets[0]["current_mm"]
    assert isinstance(size, int)
    larger: Document = {**document, "targets": [{**targets[0], "current_mm": size + grow}, *targets[1:]]}
    assert order.index(str(run(larger).value)) >= order.index(str(run(document).value))


PAIRS: list[tuple[str, str, bool, str]] = [
    ("CR", "CR", True, "CR"),
    ("CR", "SD", True, "SD"),
    ("CR", "SD", False, "PD"),
    ("CR", "PD", True, "SD"),
    ("CR", "PD", False, "PD"),
    ("CR", "NE", True, "SD"),
    ("CR", "NE", False, "NE"),
    ("PR", "CR", True, "PR"),
    ("PR", "PR", True, "PR"),
    ("PR", "SD", True, "SD"),
    ("PR", "SD", False, "SD"),
    ("PR", "PD", True, "SD"),
    ("PR", "PD", False, "PD"),
    ("PR", "NE", True, "SD"),
    ("PR", "NE", False, "NE"),
    ("NE", "NE", True, "NE"),
]


def best(points: list[tuple[float, str]], confirm: bool = True, minimum: float | None = None) -> Conclusion:
    document: Document = {
        "time_points": [{"day": day, "response": value} for day, value in points],
        "confirmation_required": confirm,
        "minimum_stable_days": minimum,
    }
    return recist_best.CRITERION.run_document(document)


@pytest.mark.parametrize(("first", "second", "lasting", "value"), PAIRS)
def test_best_response_with_confirmation(first: str, second: str, lasting: bool, value: str) -> None:
    result = best([(50, first), (85, second)], minimum=42 if lasting else 100)
    assert result.value == value
    assert sound(result)


def test_best_response_that_needs_review() -> None:
    result = best([(50, "CR"), (85, "PR")])
    assert result.state is State.MISSING
    assert set(result.possible) == {"SD", "PD", "PR"}
    assert "REVIEW_CR_THEN_PR" in result.flag_codes()


@pytest.mark.parametrize(
    ("points", "confirm", "value"),
    [
        ([(50, "SD")], True, "SD"),
        ([(42, "SD")], True, "SD"),
        ([(41, "SD")], True, "NE"),
        ([(41, "SD"), (80, "PD")], True, "PD"),
        ([(50, "PR"), (77, "PR")], True, "SD"),
        ([(50, "PR"), (78, "PR")], True, "PR"),
        ([(50, "PR"), (60, "NE"), (90, "PR")], True, "PR"),
        ([(50, "PR"), (85, "SD")], False, "PR"),
        ([(50, "PR"), (85, "SD"), (120, "PD"), (150, "CR")], False, "PR"),
        ([(50, "PD"), (85, "PR")], False, "PD"),
        ([(50, "PR"), (80, "PR"), (110, "CR"), (140, "PR")], True, "PR"),
        ([(50, "non-CR/non-PD")], False, "non-CR/non-PD"),
        ([(50, "CR")], False, "CR"),
    ],
)
def test_best_response_over_time(points: list[tuple[float, str]], confirm: bool, value: str) -> None:
    assert best(points, confirm).value == value


def test_best_response_without_a_scan() -> None:
    assert best([]).missing == ["any follow-up scan"]


@given(st.permutations([(50.0, "SD"), (90.0, "PR"), (130.0, "PR"), (170.0, "PD")]))
def test_best_response_does_not_depend_on_the_order_given(points: list[tuple[float, str]]) -> None:
    assert best(points).value == "PR"


def lesion(name: str, size: float, organ: str = "liver", **more: JsonValue) -> Document:
    return {"id": name, "organ": organ, "longest_mm": size, "slice_mm": 3, "locally_treated": False, **more}


def baseline(*lesions: Document, **more: JsonValue) -> Conclusion:
    return recist_targets.CRITERION.run_document({"lesions": list(lesions), **more})


@pytest.mark.parametrize(
    ("document", "role"),
    [
        (lesion("L1", 12, slice_mm=7), "non_target"),
        (lesion("L1", 14, slice_mm=7), "target"),
        (lesion("L1", 13.9, slice_mm=7), "non_target"),
        (lesion("L1", 10), "target"),
        (lesion("L1", 9.9), "non_target"),
        (lesion("L1", 10, slice_mm=5), "target"),
        (lesion("L1", 10, slice_mm=5.1), "non_target"),
        (lesion("N1", 30, nodal=True, short_axis_mm=15), "target"),
        (lesion("N1", 30, nodal=True, short_axis_mm=14.9), "non_target"),
        (lesion("N1", 30, nodal=True, short_axis_mm=10), "non_target"),
        (lesion("N1", 30, nodal=True, short_axis_mm=9.9), "normal"),
        (lesion("O1", 30, nature="bone_blastic"), "non_target"),
        (lesion("O1", 30, nature="bone_lytic_or_mixed", soft_tissue_mm=10), "target"),
        (lesion("O1", 30, nature="bone_lytic_or_mixed", soft_tissue_mm=9.9), "non_target"),
        (lesion("X1", 30, nature="simple_cyst"), "normal"),
        (lesion("X1", 30, nature="ascites_or_effusion"), "non_target"),
        (lesion("L1", 30, nature="cystic_metastasis"), "target"),
        (lesion("L1", 30, locally_treated=True, progressed_since_local_therapy=False), "non_target"),
        (lesion("L1", 30, locally_treated=True, progressed_since_local_therapy=True), "target"),
    ],
)
def test_measurable(document: Document, role: str) -> None:
    result = baseline(document)
    assert result.lesions[0].value == role
    assert sound(result)
    assert sound(result.lesions[0])


def test_unknown_measurability_blocks_the_choice() -> None:
    assert baseline(lesion("L1", 30, slice_mm=None)).missing == ["slice thickness for L1"]
    assert baseline(lesion("L1", 30, locally_treated=None)).missing == ["whether L1 was treated locally before"]
    assert baseline(lesion("N1", 30, nodal=True)).missing == ["short axis of N1"]
    treated = baseline(lesion("L1", 30, locally_treated=True))
    assert treated.missing == ["whether L1 progressed after its local therapy"]
    assert baseline(lesion("L1", 9, slice_mm=None)).value == "no target"


def test_targets_represent_all_organs() -> None:
    liver = [lesion(f"L{number}", 60 - number) for number in range(4)]
    nodes = [lesion(f"N{number}", 30, "node", nodal=True, short_axis_mm=20 + number) for number in range(3)]
    chosen = baseline(*liver, *nodes, lesion("P1", 25, "pancreas"), lesion("X1", 12, "lung"))
    assert chosen.parts["targets"] == "L0, P1, N2, X1, L1"
    assert chosen.parts["baseline_sum_mm"] == "178"
    assert [one.value for one in chosen.lesions].count("target") == 5
    blurred = baseline(lesion("L1", 60, reproducible=False), lesion("L2", 20), lesion("L3", 15))
    assert blurred.parts["targets"] == "L2, L3"
    assert "BASELINE_OLD" in baseline(lesion("L1", 20), days_before_treatment=29).flag_codes()
    assert "BASELINE_OLD" not in baseline(lesion("L1", 20), days_before_treatment=28).flag_codes()
    assert "CYSTIC_TARGET" in baseline(lesion("L1", 20, nature="cystic_metastasis")).flag_codes()


def test_choice_does_not_depend_on_the_order() -> None:
    lesions = [lesion("L1", 20), lesion("L2", 20), lesion("L3", 20), lesion("P1", 20, "pancreas")]
    assert {baseline(*turn).parts["targets"] for turn in itertools.permutations(lesions)} == {"L1, P1, L2"}
