"""Levels from both sides, positivity, bands, and what unknown inputs do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria.fdg_uptake import CRITERION, band_of
from isletscope.model import Conclusion
from tests.criteria.support import certainty, sound

REFERENCE = {"blood_pool_mean_g_ml": 1.6, "liver_mean_g_ml": 2.1}


def lesion(name: str = "L1", **uptake: Any) -> dict[str, Any]:
    return {"id": name, "site": "liver", "fdg": {"discernible": True, **uptake}}


def graded(*lesions: dict[str, Any], **more: Any) -> Conclusion:
    result = CRITERION.run_document({"lesions": list(lesions), "fdg_reference": REFERENCE, **more})
    assert sound(result)
    return result


@pytest.mark.parametrize(
    ("suv_max", "level"), [(1.6, "1"), (1.61, "2"), (2.1, "2"), (2.11, "3"), (4.2, "3"), (4.21, "4")]
)
def test_levels_from_both_sides(suv_max: float, level: str) -> None:
    assert graded(lesion(suv_max_g_ml=suv_max)).lesions[0].value == level


@pytest.mark.parametrize(
    ("suv_max", "band"),
    [(2.99, "< 3"), (3, "3 to 4.5"), (4.5, "3 to 4.5"), (4.6, "> 4.5 to 9"), (9, "> 4.5 to 9"), (9.1, "> 9")],
)
def test_bands(suv_max: float, band: str) -> None:
    assert band_of(suv_max) == band


@pytest.mark.parametrize(
    ("suv_max", "liver_max", "expected"),
    [(4.51, None, "positive"), (4.5, None, None), (4.5, 1.8, "positive"), (4.4, 1.8, "negative")],
)
def test_the_other_published_rule_of_positivity(suv_max: float, liver_max: float | None, expected: str | None) -> None:
    result = graded(lesion(suv_max_g_ml=suv_max), fdg_reference={**REFERENCE, "liver_max_g_ml": liver_max})
    assert [one.value for one in result.alternatives] == ([expected] if expected else [])


def test_the_reader_outranks_what_was_computed() -> None:
    assert graded(lesion(suv_max_g_ml=8, discernible=False, reader_score=3)).lesions[0].value == "3"


def test_explained_uptake_does_not_count() -> None:
    result = graded(lesion(suv_max_g_ml=8, explained_by="biliary stent"))
    assert result.value == "FDG-negative"
    assert "band" not in result.flag_codes()


def test_positive_above_background_and_above_liver_are_counted_apart() -> None:
    result = graded(lesion("L1", suv_max_g_ml=2.0), lesion("L2", suv_max_g_ml=6), lesion("L3", discernible=False))
    assert result.value == "FDG-positive"
    assert result.parts == {"positive lesions": "2", "above liver": "1", "lesions": "3"}


@pytest.mark.parametrize(
    ("grade", "gep", "text"), [("G1", True, "3.6"), (None, True, "3.8"), ("G3", True, "3.8"), ("G1", None, None)]
)
def test_the_cohort_figure_is_for_its_cohort_only(grade: str | None, gep: bool | None, text: str | None) -> None:
    result = graded(lesion(suv_max_g_ml=6), grade=grade, gep_primary=gep)
    printed = [flag.text for flag in result.flags if flag.code == "cohort_figure"]
    assert bool(printed) == bool(text)
    assert all(str(text) in one and "not an individual prediction" in one for one in printed)


def test_what_is_missing_is_named() -> None:
    assert graded().missing == ["FDG PET"]
    assert graded(fdg_done=True).missing == ["a lesion"]
    open_focus = graded(lesion(suv_max_g_ml=6, discernible=None))
    assert open_focus.possible == ["FDG-positive", "FDG-negative"]
    assert graded(lesion(suv_max_g_ml=6), fdg_reference={}).lesions[0].possible == ["1", "2", "3", "4"]


uptakes = st.fixed_dictionaries(
    {"discernible": st.sampled_from([True, False, None]), "suv_max_g_ml": st.one_of(st.none(), st.floats(0, 30))}
)


@given(st.lists(uptakes, min_size=1, max_size=4), st.randoms())
def test_properties(many: list[dict[str, Any]], random: Any) -> None:
    lesions = [lesion(f"L{n}", **uptake) for n, uptake in enumerate(many)]
    full = graded(*lesions)
    assert full == graded(*random.sample(lesions, len(lesions)))
    for name in ("discernible", "suv_max_g_ml"):
        less = graded({**lesions[0], "fdg": {**lesions[0]["fdg"], name: None}}, *lesions[1:])
        assert certainty(less) <= certainty(full)
