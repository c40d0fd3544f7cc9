"""Vectors S1 to S10, the overall category, targets, and what unknown facts leave possible."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria.lesion_input import LesionsInput
from isletscope.criteria.sstr_rads import BOOK, CRITERION, TYPICALITIES, Facts, choose_targets, rule_for
from isletscope.model import Conclusion
from tests.criteria.support import certainty, sound

SCORE_OF_LEVEL = {"none": 0, "1": 1, "2": 2, "3": 3}


def lesion(name: str = "L1", level: str = "3", site: str = "node", **facts: Any) -> dict[str, Any]:
    return {"id": name, "site": site, "sstr": {"reader_score": SCORE_OF_LEVEL[level]}, **facts}


def typical(name: str, category: str, **more: Any) -> dict[str, Any]:
    known: dict[str, dict[str, Any]] = {
        "5": {"level": "3", "typicality": "typical", "anatomical_correlate": True},
        "4": {"level": "3", "typicality": "typical", "anatomical_correlate": False},
        "3D": {"level": "none", "typicality": "typical", "anatomy_suspicious": True},
        "3C": {"level": "3", "typicality": "highly_atypical"},
        "3A": {"level": "2", "typicality": "typical"},
        "2": {"level": "1", "typicality": "atypical"},
        "1B": {"level": "3", "proven_benign": True},
    }
    return lesion(name, **{**known[category], **more})


def rated(*lesions: dict[str, Any], **more: Any) -> Conclusion:
    result = CRITERION.run_document({"lesions": list(lesions), **more})
    assert sound(result)
    return result


def category(**facts: Any) -> Conclusion:
    return rated(lesion(**facts)).lesions[0]


@pytest.mark.parametrize(
    ("vector", "facts", "expected"),
    [
        ("S1", {"proven_benign": True, "level": "none", "anatomical_correlate": True}, "1A"),
        ("S2", {"proven_benign": True, "level": "3", "typicality": "highly_atypical"}, "1B"),
        ("S3", {"level": "1", "typicality": "atypical"}, "2"),
        ("S4", {"level": "2", "typicality": "typical", "anatomical_correlate": False}, "3A"),
        ("S5", {"level": "2", "site": "bone", "typicality": "not_atypical", "anatomical_correlate": False}, "3B"),
        ("S6", {"level": "3", "typicality": "highly_atypical", "anatomical_correlate": True}, "3C"),
        ("S6b", {"proven_benign": True, "level": "3", "typicality": "highly_atypical"}, "1B"),
        ("S7", {"level": "none", "site": "liver", "anatomy_suspicious": True, "anatomical_correlate": True}, "3D"),
        ("S8", {"level": "3", "typicality": "typical", "anatomical_correlate": False}, "4"),
        ("S9", {"level": "3", "site": "liver", "typicality": "typical", "anatomical_correlate": True}, "5"),
        ("S10", {"level": "2", "typicality": "atypical"}, "2"),
    ],
)
def test_vectors(vector: str, facts: dict[str, Any], expected: str) -> None:
    result = category(**facts)
    assert result.value == expected, vector
    assert ("outside_table" in result.flag_codes()) == (vector == "S10")
    assert result.parts["meaning"]


@pytest.mark.parametrize(
    ("categories", "overall", "alert"),
    [(["5", "5", "3D"], "5", "alert_3d"), (["3A", "2", "1B"], "3A", None), (["4", "3C"], "4", "alert_3c")],
)
def test_overall_is_the_highest_and_3c_and_3d_stay_visible(
    categories: list[str], overall: str, alert: str | None
) -> None:
    result = rated(*[typical(f"L{n}", one) for n, one in enumerate(categories)])
    assert result.value == overall
    assert {code for code in result.flag_codes() if code.startswith("alert")} == ({alert} if alert else set())


def test_no_lesion_is_no_score_and_never_1a() -> None:
    result = rated(sstr_done=True)
    assert result.value is None
    assert "no_lesion" in result.flag_codes()
    assert rated(lesion(level="none", anatomy_suspicious=False)).value is None
    assert rated().missing == ["SSTR PET"]


def test_an_intense_focus_in_an_atypical_place_asks_for_the_reader() -> None:
    result = category(level="3", typicality="atypical")
    assert result.value == "3C"
    assert "needs_reader" in result.flag_codes()


def test_unknown_facts_leave_categories_possible_and_are_named() -> None:
    result = category(level="3", typicality="typical")
    assert result.possible == ["4", "5"]
    assert result.missing == ["whether CT or MRI shows a definite correlate"]
    unusual = category(level="2")
    assert unusual.possible == ["2", "3A"]
    assert unusual.missing == ["how usual the place is for a NET"]
    assert category(level="none").possible == ["no category", "3D"]


def test_at_most_five_targets_and_three_per_organ() -> None:
    lesions = [
        {"id": f"L{n}", "site": "liver" if n < 6 else "node", "sstr": {"suv_max_g_ml": 50 - n, "discernible": True}}
        for n in range(9)
    ]
    targets = [one.id for one in choose_targets(LesionsInput.model_validate({"lesions": lesions}))]
    assert targets == ["L0", "L1", "L2", "L6", "L7"]
    lesions[8]["target"] = True
    assert [one.id for one in choose_targets(LesionsInput.model_validate({"lesions": lesions}))] == ["L8"]


def test_levels_follow_the_krenning_score() -> None:
    reference = {"blood_pool_mean_g_ml": 1.5, "liver_mean_g_ml": 5.0, "spleen_mean_g_ml": 18.0}
    for suv, expected in [(1.5, "3A"), (5.0, "3A"), (5.1, "5"), (30, "5")]:
        uptake = {"discernible": True, "suv_max_g_ml": suv}
        one = {"id": "P1", "site": "pancreas", "sstr": uptake, "typicality": "typical", "anatomical_correlate": True}
        assert rated(one, sstr_reference=reference).value == expected


def test_every_combination_has_a_category_with_a_text() -> None:
    for benign, level, bone, place, correlate, suspicious in product(
        [False, True], ["none", "1", "2", "3"], [False, True], TYPICALITIES, [False, True], [False, True]
    ):
        found, rule = rule_for(Facts(benign, level, bone, place, correlate, suspicious))  # type: ignore[arg-type]
        assert rule in BOOK.rules
        assert found == "no category" or found in BOOK.categories


facts_of_lesions = st.fixed_dictionaries(
    {
        "level": st.sampled_from(["none", "1", "2", "3"]),
        "site": st.sampled_from(["node", "bone", "liver"]),
        "typicality": st.sampled_from([*TYPICALITIES, None]),
        "anatomical_correlate": st.sampled_from([True, False, None]),
        "anatomy_suspicious": st.sampled_from([True, False, None]),
    }
)


@given(facts_of_lesions)
def test_removing_a_fact_never_makes_the_category_more_certain(facts: dict[str, Any]) -> None:
    full = category(**facts)
    for name in ("typicality", "anatomical_correlate", "anatomy_suspicious"):
        less = category(**{**facts, name: None})
        assert certainty(less) <= certainty(full)
        if full.value and less.possible:
            assert full.value in less.possible


@given(st.lists(facts_of_lesions, min_size=1, max_size=6), st.randoms())
def test_order_of_lesions_does_not_matter(many: list[dict[str, Any]], random: Any) -> None:
    lesions = [lesion(f"L{n}", **facts) for n, facts in enumerate(many)]
    assert rated(*lesions) == rated(*random.sample(lesions, len(lesions)))


@given(
    st.lists(st.sampled_from(["5", "4", "3D", "3C", "3A", "2"]), min_size=1, max_size=4),
    st.sampled_from(["5", "4", "3A"]),
)
def test_another_lesion_never_lowers_the_overall_category(categories: list[str], more: str) -> None:
    lesions = [typical(f"L{n}", one) for n, one in enumerate(categories)]
    before, after = rated(*lesions), rated(*lesions, typical("L9", more))
    assert BOOK.order.index(str(after.value)) >= BOOK.order.index(str(before.value))
