"""Vectors D1 to D14 and F1 to F7 for NETPET, Karfis, Zidan and concordance; D12 as the decisions rule it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria import find_criterion
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound

SCHEMES = ("netpet", "karfis", "zidan", "concordance")


def lesion(
    name: str, sstr: int | None, fdg: int | None, relation: str | None = None, size_mm: float | None = 25, **more: Any
) -> dict[str, Any]:
    return {
        "id": name,
        "site": "liver",
        "longest_mm": size_mm,
        "anatomical_correlate": size_mm is not None and size_mm >= 10,
        "sstr": None if sstr is None else {"reader_score": sstr},
        "fdg": None if fdg is None else {"reader_score": fdg},
        "relation": relation,
        **more,
    }


def group(count: int, sstr: int, fdg: int, relation: str | None = None, first: int = 0) -> list[dict[str, Any]]:
    return [lesion(f"L{first + n}", sstr, fdg, relation) for n in range(count)]


def run(scheme: str, lesions: list[dict[str, Any]], **more: Any) -> Conclusion:
    document = {"lesions": lesions, "sstr_done": True, "fdg_done": True, **more}
    result = find_criterion(scheme).run_document(document)
    assert sound(result)
    return result


VECTORS: list[tuple[str, list[dict[str, Any]], str | None, str | None, str | None]] = [
    ("D1", [], "P0", "unclassifiable", "1"),
    ("D2", group(6, 4, 0), "P1", "C1", "2"),
    ("D3", [*group(5, 4, 0), *group(2, 4, 3, "fdg_lower", 5)], "P2a", "C2", "3"),
    ("D4", group(5, 4, 3, "fdg_lower"), "P2b", "C2", "3"),
    ("D5", [*group(4, 4, 3, "fdg_lower"), *group(1, 3, 3, "equal", 4)], "P3a", "C2", "3"),
    ("D6", [*group(3, 3, 4, "fdg_higher"), *group(4, 4, 0, None, 3)], "P4b", "C2", "3"),
    ("D7", [*group(8, 4, 0), *group(1, 0, 4, None, 8)], "P5", "C3", "4"),
    ("D8", group(3, 0, 4), "P5", "C3", "4"),
    ("D9", group(2, 2, 0), "P1", "C1", "1"),
    ("D10", group(1, 2, 3, "fdg_higher"), "P4a", "C2", "4"),
    ("D12", [*group(5, 4, 0), lesion("N1", 0, 4, None, 6)], "P1", "C3", "4"),
    ("D13", group(5, 4, 2, "fdg_lower"), "P2b", "C2", "2"),
    ("D14", [*group(5, 4, 0), *group(1, 0, 2, None, 5)], "P5", "C3", "2"),
]


@pytest.mark.parametrize(("vector", "lesions", "netpet", "karfis", "zidan"), VECTORS, ids=[one[0] for one in VECTORS])
def test_vectors(vector: str, lesions: list[dict[str, Any]], netpet: str, karfis: str, zidan: str) -> None:
    assert run("netpet", lesions).value == netpet
    assert run("karfis", lesions).value == karfis
    assert run("zidan", lesions).value == zidan


@pytest.mark.parametrize("scheme", SCHEMES)
def test_vector_d11_without_fdg_nothing_is_assessable(scheme: str) -> None:
    result = find_criterion(scheme).run_document({"lesions": [lesion("L1", 4, None)]})
    assert (result.state, result.missing, result.possible) == (State.MISSING, ["FDG PET"], [])


def test_flags_of_the_vectors() -> None:
    lesions = {vector: given for vector, given, *_ in VECTORS}
    assert "p5_minor_lesion" in run("netpet", lesions["D12"]).flag_codes()
    assert "minor_lesion" in run("karfis", lesions["D12"]).flag_codes()
    for vector in ("D9", "D10", "D13", "D14"):
        assert "threshold_dependent" in run("zidan", lesions[vector]).flag_codes()
    assert "threshold_dependent" not in run("zidan", lesions["D2"]).flag_codes()
    (flag,) = [one for one in run("zidan", lesions["D14"]).flags if one.code == "double_negative_lesions"]
    assert flag.text.startswith("1 lesion at most liver")


@pytest.mark.parametrize(
    ("grade", "group_name"), [("P0", "P0"), ("P1", "P1"), ("P2a", "P2-4"), ("P4b", "P2-4"), ("P5", "P5")]
)
def test_the_group_is_printed_with_every_grade(grade: str, group_name: str) -> None:
    lesions = next(given for _, given, value, *_ in VECTORS if value == grade)
    assert run("netpet", lesions).parts == {"grade": grade, "group": group_name}


@pytest.mark.parametrize(("size_mm", "grade"), [(9.9, "P1"), (10, "P5"), (10 - 1e-12, "P5")])
def test_a_mismatched_lesion_drives_from_one_centimetre(size_mm: float, grade: str) -> None:
    small = lesion("N1", 0, 4, size_mm=size_mm, anatomical_correlate=False)
    assert run("netpet", [*group(2, 4, 0), small]).value == grade


def test_a_correlate_lets_a_small_lesion_drive_and_unknown_size_leaves_both() -> None:
    small = lesion("N1", 0, 4, size_mm=6, anatomical_correlate=True)
    assert run("netpet", [*group(2, 4, 0), small]).value == "P5"
    unknown = lesion("N1", 0, 4, size_mm=None, anatomical_correlate=None)
    result = run("netpet", [*group(2, 4, 0), unknown])
    assert result.possible == ["P1", "P5"]
    assert result.missing == ["size or anatomical correlate (N1)"]


def test_a_lesion_that_may_be_too_small_to_decide_is_named() -> None:
    minor = lesion("L1", 0, 1, size_mm=6, anatomical_correlate=False)
    unknown = lesion("L2", 2, 0, size_mm=None, anatomical_correlate=None)
    result = run("netpet", [minor, unknown])
    assert result.possible == ["P1", "P5"]
    assert result.missing == ["size or anatomical correlate (L2)"]


def test_a_pet_volume_stands_in_for_the_size() -> None:
    by_volume = {
        "id": "H7",
        "site": "liver",
        "anatomical_correlate": False,
        "sstr": {"reader_score": 0},
        "fdg": {"reader_score": 4, "volume_ml": 1.4},
    }
    result = run("netpet", [*group(8, 4, 0), by_volume], gep_primary=True, metastatic_or_unresectable=True)
    assert result.value == "P5"
    assert "p5_rests_on_one" in result.flag_codes()
    assert "cohort_figure" not in result.flag_codes()


@pytest.mark.parametrize(("count", "suffix"), [(1, "a"), (2, "a"), (3, "b"), (5, "b")])
def test_the_suffix_counts_lesions_of_the_pattern(count: int, suffix: str) -> None:
    lesions = [*group(count, 4, 3, "equal"), *group(4, 4, 2, "fdg_lower", 10)]
    assert run("netpet", lesions).value == f"P3{suffix}"


@pytest.mark.parametrize(("sstr", "fdg", "grade"), [(4, 3, "P2a"), (3, 3, "P3a"), (3, 4, "P4a"), (2, 1, "P2a")])
def test_without_the_readers_relation_levels_are_compared(sstr: int, fdg: int, grade: str) -> None:
    result = run("netpet", [lesion("L1", sstr, fdg)])
    assert result.value == grade
    assert "relation_computed" in result.flag_codes()
    assert "relation_computed" not in run("netpet", [lesion("L1", sstr, fdg, "fdg_lower")]).flag_codes()


def test_levels_computed_from_suv() -> None:
    one = {
        "id": "L9",
        "site": "liver",
        "longest_mm": 22,
        "sstr": {"discernible": True, "suv_max_g_ml": 12.0},
        "fdg": {"discernible": True, "suv_max_g_ml": 3.9},
    }
    references = {
        "sstr_reference": {"blood_pool_mean_g_ml": 1.5, "liver_mean_g_ml": 5.6, "spleen_mean_g_ml": 22.0},
        "fdg_reference": {"blood_pool_mean_g_ml": 1.6, "liver_mean_g_ml": 2.1},
    }
    assert run("netpet", [one], **references).value == "P3a"


FIGURES: list[tuple[str, list[dict[str, Any]], dict[str, Any], str | None]] = [
    ("F1", group(3, 4, 0), {"gep_primary": True, "metastatic_or_unresectable": True}, "101.8 months in NETPET P1"),
    (
        "F2",
        group(3, 4, 3, "equal"),
        {"gep_primary": True, "metastatic_or_unresectable": True},
        "46.5 months in NETPET P2-4",
    ),
    ("F3", group(3, 0, 3), {"gep_primary": True, "metastatic_or_unresectable": True}, "11.5 months in NETPET P5"),
    ("F4", group(3, 0, 0), {"gep_primary": True, "metastatic_or_unresectable": True}, None),
    ("F5", group(3, 4, 0), {"gep_primary": True, "metastatic_or_unresectable": False}, None),
    ("F5b", group(3, 4, 0), {"gep_primary": True}, None),
    ("F7", group(3, 4, 0), {"gep_primary": False, "metastatic_or_unresectable": True}, None),
]


@pytest.mark.parametrize(("vector", "lesions", "patient", "text"), FIGURES, ids=[one[0] for one in FIGURES])
def test_cohort_figures_are_for_the_cohort_only(
    vector: str, lesions: list[dict[str, Any]], patient: dict[str, Any], text: str | None
) -> None:
    result = run("netpet", lesions, **patient)
    printed = [flag.text for flag in result.flags if flag.code == "cohort_figure"]
    assert len(printed) == (text is not None)
    assert all(str(text) in one and "not an individual prediction" in one for one in printed)
    assert ("outside_cohort" in result.flag_codes()) == (vector == "F7")


@pytest.mark.parametrize(("days", "flagged"), [(31, False), (90, False), (91, True)])
def test_scans_far_apart_are_flagged(days: int, flagged: bool) -> None:
    result = run("netpet", group(1, 4, 0), days_between_scans=days, therapy_between_scans=flagged)
    assert ("interval" in result.flag_codes()) == flagged
    assert ("therapy_between" in result.flag_codes()) == flagged


@pytest.mark.parametrize(
    ("sstr", "fdg", "label"),
    [
        (4, 0, "receptor-only"),
        (3, 0, "receptor-only"),
        (3, 1, "concordant, receptor-high"),
        (2, 1, "concordant, receptor-low"),
        (1, 1, "discordant (mismatch)"),
        (0, 4, "discordant (mismatch)"),
        (2, 0, "receptor-low"),
        (1, 0, "double-negative"),
        (0, 0, "double-negative"),
    ],
)
def test_labels_of_concordance(sstr: int, fdg: int, label: str) -> None:
    assert run("concordance", [lesion("L1", sstr, fdg)]).lesions[0].value == label


def test_mismatched_volume_and_its_share() -> None:
    lesions = [
        {**lesion("H5", 0, 4), "fdg": {"reader_score": 4, "volume_ml": 25.5}},
        {**lesion("P1", 3, 3), "fdg": {"reader_score": 3, "volume_ml": 34.6}},
        lesion("N1", 4, 0),
    ]
    result = run("concordance", lesions)
    assert result.value == "1 of 3 mismatched"
    assert result.parts["mismatch volume (mL)"] == "25.5"
    assert result.parts["share of measurable FDG volume (%)"] == "42.43"


def test_a_lesion_not_covered_by_one_tracer_leaves_results_possible() -> None:
    lesions = [lesion("L1", 4, 0), lesion("L2", None, 3)]
    assert run("karfis", lesions).possible == ["C2", "C3"]
    assert run("concordance", lesions).possible == ["0 of 2 mismatched", "1 of 2 mismatched"]
    assert run("concordance", lesions).lesions[1].missing == ["SSTR uptake"]
    assert run("netpet", lesions).possible == ["P2a", "P3a", "P4a", "P5"]
    assert run("karfis", [*lesions, lesion("L3", 0, 4)]).value == "C3"


def test_benign_lesions_do_not_count() -> None:
    assert run("netpet", [lesion("L1", 4, 0), lesion("X1", 0, 4, proven_benign=True)]).value == "P1"


def test_lesions_negative_on_both_tracers_are_counted() -> None:
    for scheme in ("netpet", "karfis", "zidan"):
        assert "double_negative_lesions" in run(scheme, [lesion("L1", 4, 0), lesion("L2", 0, 0)]).flag_codes()


levels = st.one_of(st.none(), st.integers(0, 4))
some_lesions = st.lists(
    st.tuples(
        levels,
        levels,
        st.sampled_from([None, "fdg_lower", "equal", "fdg_higher"]),
        st.sampled_from([None, 6.0, 25.0]),
        st.sampled_from([None, True, False]),
    ),
    min_size=1,
    max_size=5,
)


def built(many: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [
        lesion(f"L{n}", sstr, fdg, relation, size_mm, anatomical_correlate=correlate)
        for n, (sstr, fdg, relation, size_mm, correlate) in enumerate(many)
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@given(many=some_lesions, random=st.randoms())
def test_order_of_lesions_does_not_matter(scheme: str, many: list[tuple[Any, ...]], random: Any) -> None:
    lesions = built(many)
    assert run(scheme, lesions) == run(scheme, random.sample(lesions, len(lesions)))


@pytest.mark.parametrize("scheme", SCHEMES)
@given(many=some_lesions)
def test_removing_an_input_never_makes_the_result_more_certain(scheme: str, many: list[tuple[Any, ...]]) -> None:
    lesions = built(many)
    full = run(scheme, lesions)
    for name in ("sstr", "fdg", "longest_mm", "anatomical_correlate"):
        less = run(scheme, [{**lesions[0], name: None}, *lesions[1:]])
        assert certainty(less) <= certainty(full)
        if full.value is not None and less.possible:
            assert full.value in less.possible


RANKS = {"netpet": ["P0", "P1", "P2", "P3", "P4", "P5"], "karfis": ["C1", "C2", "C3"]}


@pytest.mark.parametrize("scheme", sorted(RANKS))
@given(many=st.lists(st.tuples(st.integers(2, 4), st.integers(0, 4)), min_size=1, max_size=4), fdg=st.integers(0, 4))
def test_a_further_mismatched_lesion_never_lowers_the_class(scheme: str, many: list[tuple[int, int]], fdg: int) -> None:
    lesions = [lesion(f"L{n}", sstr, level) for n, (sstr, level) in enumerate(many)]
    before, after = run(scheme, lesions), run(scheme, [*lesions, lesion("L9", 0, fdg)])
    assert RANKS[scheme].index(str(after.value)[:2]) >= RANKS[scheme].index(str(before.value)[:2])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_held_to_be_tumour_while_some_are_unsure_is_no_all_clear(scheme: str) -> None:
    result = run(scheme, [], unsure=[f"L{n}" for n in range(1, 10)])
    assert result.state is State.MISSING
    if scheme != "concordance":
        assert "a verdict on L1, L2, L3, L4, L5, L6 and 3 more, left unsure" in result.missing
