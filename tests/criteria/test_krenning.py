"""Vectors K1 to K9 (background 0, discernible true), limits from both sides, and the patient's summary."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria.krenning import CRITERION
from isletscope.errors import InputError
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound

REFERENCE = {"blood_pool_mean_g_ml": 1.5, "liver_mean_g_ml": 5.0, "spleen_mean_g_ml": 18.0}


def lesion(name: str = "L1", size_mm: float | None = 30, **uptake: Any) -> dict[str, Any]:
    return {"id": name, "site": "liver", "longest_mm": size_mm, "sstr": {"discernible": True, **uptake}}


def scored(*lesions: dict[str, Any], reference: dict[str, Any] | None = None, **more: Any) -> Conclusion:
    given = {"lesions": list(lesions), "sstr_reference": REFERENCE if reference is None else reference, **more}
    result = CRITERION.run_document(given)
    assert sound(result)
    assert all(sound(one) for one in result.lesions)
    return result


def one_score(suv_max: float | None, reference: dict[str, Any] | None = None, **uptake: Any) -> Conclusion:
    (result,) = scored(lesion(suv_max_g_ml=suv_max, **uptake), reference=reference).lesions
    return result


@pytest.mark.parametrize(
    ("vector", "suv_max", "expected", "flags"),
    [
        ("K2", 1.4, "1", {"borderline"}),
        ("K3", 1.5, "1", {"borderline"}),
        ("K4", 5.0, "2", {"borderline"}),
        ("K5", 5.6, "3", set()),
        ("K6", 18.0, "3", {"borderline"}),
        ("K7", 40, "4", set()),
    ],
)
def test_vectors(vector: str, suv_max: float, expected: str, flags: set[str]) -> None:
    result = one_score(suv_max)
    assert (result.value, result.flag_codes()) == (expected, flags), vector


def test_vector_k1_nothing_visible_is_0_whatever_its_suv() -> None:
    assert one_score(None, discernible=False).value == "0"
    assert one_score(40, discernible=False).value == "0"


def test_vector_k8_without_a_spleen_the_score_is_capped() -> None:
    result = one_score(40, {"blood_pool_mean_g_ml": 1.5, "liver_mean_g_ml": 5.0, "spleen_present": False})
    assert result.value == "3"
    assert "capped_no_spleen" in result.flag_codes()


def test_vector_k9_without_a_liver_reference_at_least_2() -> None:
    result = one_score(8, {"blood_pool_mean_g_ml": 1.5, "spleen_mean_g_ml": 18.0})
    assert result.possible == ["2", "3"]
    assert result.missing == ["liver reference"]
    assert "liver_reference_missing" in result.flag_codes()


@pytest.mark.parametrize(
    ("suv_max", "expected"),
    [(1.49, "1"), (1.51, "2"), (4.99, "2"), (5.0 + 1e-12, "2"), (5.01, "3"), (17.99, "3"), (18.01, "4")],
)
def test_limits_from_both_sides(suv_max: float, expected: str) -> None:
    assert one_score(suv_max).value == expected


@pytest.mark.parametrize(
    ("suv_max", "reference", "possible"),
    [
        (20, {"liver_mean_g_ml": 5}, ["3", "4"]),
        (4, {"liver_mean_g_ml": 5}, ["1", "2"]),
        (8, {}, ["1", "2", "3", "4"]),
        (40, {"blood_pool_mean_g_ml": 1.5, "spleen_mean_g_ml": 18}, ["2", "4"]),
    ],
)
def test_missing_references_leave_what_is_possible(
    suv_max: float, reference: dict[str, Any], possible: list[str]
) -> None:
    assert one_score(suv_max, reference).possible == possible


def test_an_unjudged_focus_may_still_be_0() -> None:
    result = one_score(8, discernible=None)
    assert result.possible == ["0", "3"]
    assert result.missing == ["whether it stands out from its surroundings"]


def test_scores_by_other_statistics_are_printed_where_they_differ() -> None:
    result = one_score(6, suv_peak_g_ml=4.8, suv_mean_g_ml=5.5)
    assert [(one.system, one.value) for one in result.alternatives] == [("by SUVpeak", "2")]


def test_the_reader_outranks_the_computed_score() -> None:
    result = one_score(5.4, reader_score=0)
    assert result.value == "0"
    assert "reader_differs" in result.flag_codes()


def test_planar_images_need_the_readers_eye() -> None:
    planar = scored(lesion(suv_max_g_ml=8), lesion("L2", reader_score=3), sstr_method="planar")
    first, second = planar.lesions
    assert first.missing == ["the reader's visual score"]
    assert second.value == "3"
    assert "not_comparable_with_pet" in second.flag_codes()


@pytest.mark.parametrize(("size_mm", "flagged"), [(11.9, True), (12, False), (None, False)])
def test_small_lesions_may_be_underestimated(size_mm: float | None, flagged: bool) -> None:
    result = scored(lesion(size_mm=size_mm, suv_max_g_ml=8))
    assert ("score_may_be_underestimated" in result.flag_codes()) == flagged


def test_highest_lowest_and_shares() -> None:
    result = scored(
        lesion("L1", suv_max_g_ml=40, volume_ml=8),
        lesion("L2", suv_max_g_ml=8, volume_ml=1),
        lesion("L3", suv_max_g_ml=3, volume_ml=1),
    )
    assert result.value == "4 highest, 2 lowest"
    assert result.parts["share of lesions at 3 or 4 (%)"] == "66.67"
    assert result.parts["share of volume at 3 or 4 (%)"] == "90"


def test_an_open_lesion_between_known_ones_changes_nothing() -> None:
    unknown = {"id": "L9", "site": "liver", "sstr": None}
    bounded = scored(lesion("L1", suv_max_g_ml=40), lesion("L2", discernible=False), unknown)
    assert bounded.value == "4 highest, 0 lowest"
    assert "INSENSITIVE_TO_MISSING" in bounded.flag_codes()
    open_result = scored(lesion("L1", suv_max_g_ml=8), lesion("L2", suv_max_g_ml=8, discernible=None))
    assert open_result.possible == ["3 highest, 3 lowest", "3 highest, 0 lowest"]


def test_without_a_scan_or_a_lesion_nothing_is_scored() -> None:
    assert scored().missing == ["SSTR scan"]
    assert scored(sstr_done=True).missing == ["a lesion"]


def test_a_lesion_without_a_site_is_named() -> None:
    with pytest.raises(InputError, match=r"lesions\.0\.site is missing"):
        CRITERION.run_document({"lesions": [{"id": "L1"}]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"lesions": [lesion(), lesion()]},
        {"sstr_reference": {"spleen_present": False, "spleen_mean_g_ml": 18}},
        {"lesions": [{"id": "L1"}]},
        {"lesions": [lesion(suv_max_g_ml=-1)]},
        {"lesions": [lesion(reader_score=5)]},
    ],
)
def test_wrong_entries_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        CRITERION.run_document(wrong)


references = st.fixed_dictionaries(
    {
        "blood_pool_mean_g_ml": st.one_of(st.none(), st.floats(0.5, 3)),
        "liver_mean_g_ml": st.one_of(st.none(), st.floats(3, 10)),
        "spleen_mean_g_ml": st.one_of(st.none(), st.floats(10, 40)),
    }
)
uptakes = st.fixed_dictionaries(
    {"discernible": st.sampled_from([True, False, None]), "suv_max_g_ml": st.one_of(st.none(), st.floats(0, 80))}
)


@given(uptakes, references)
def test_removing_an_input_never_makes_the_score_more_certain(
    uptake: dict[str, Any], reference: dict[str, Any]
) -> None:
    full = scored(lesion(**uptake), reference=reference).lesions[0]
    for name in reference:
        less = scored(lesion(**uptake), reference={**reference, name: None}).lesions[0]
        assert certainty(less) <= certainty(full)
    for name in uptake:
        less = scored(lesion(**{**uptake, name: None}), reference=reference).lesions[0]
        assert certainty(less) <= certainty(full)
        if full.value is not None and less.state is State.MISSING:
            assert full.value in less.possible


@given(references, st.floats(0, 80), st.floats(0, 80))
def test_more_uptake_never_lowers_the_score(reference: dict[str, Any], one: float, other: float) -> None:
    low = scored(lesion(suv_max_g_ml=min(one, other)), reference=reference).lesions[0]
    high = scored(lesion(suv_max_g_ml=max(one, other)), reference=reference).lesions[0]
    if low.value is not None and high.value is not None:
        assert int(low.value) <= int(high.value)


@given(st.lists(uptakes, min_size=1, max_size=5), references, st.randoms())
def test_order_of_lesions_does_not_matter(many: list[dict[str, Any]], reference: dict[str, Any], random: Any) -> None:
    lesions = [lesion(f"L{n}", **uptake) for n, uptake in enumerate(many)]
    first = scored(*lesions, reference=reference)
    assert first == scored(*random.sample(lesions, len(lesions)), reference=reference)
