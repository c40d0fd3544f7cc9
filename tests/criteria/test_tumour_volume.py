"""Vectors V1 to V8, published cut-offs from both sides, and what unmeasured lesions do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria.tumour_volume import BOOK, CRITERION, outline_limits_g_ml, volume_of_voxels_ml
from isletscope.model import Conclusion
from tests.criteria.support import certainty, sound


def lesion(name: str, volume_ml: float | None, suv_mean: float | None = 5.0, **more: Any) -> dict[str, Any]:
    return {"id": name, "volume_ml": volume_ml, "suv_mean_g_ml": suv_mean, **more}


def summed(lesions: list[dict[str, Any]] | None, tracer: str = "sstr", **more: Any) -> Conclusion:
    document = {"tracer": tracer, "lesions": lesions, "percent_of_maximum": 45, **more}
    result = CRITERION.run_document(document)
    assert sound(result)
    return result


def test_vector_v1_voxels_to_volume() -> None:
    volume = volume_of_voxels_ml(100, (4, 4, 4))
    assert volume == pytest.approx(6.4)
    assert summed([lesion("L1", volume, 8)]).parts["TLSRE (mL·SUV)"] == "51.2"


def test_vector_v2_sums_and_mean() -> None:
    result = summed([lesion("L1", 6.4, 8), lesion("L2", 10, 3)])
    assert result.value == "SSTR-TV 16.4 mL"
    assert result.parts == {"SSTR-TV (mL)": "16.4", "TLSRE (mL·SUV)": "81.2", "mean uptake (g/mL)": "4.951"}
    fdg = summed([lesion("L1", 6.4, 8)], tracer="fdg", suv_type="lean_body_mass")
    assert set(fdg.parts) == {"MTV (mL)", "TLG_SUL (mL·SUV)", "mean uptake (g/mL)"}


def test_vectors_v3_to_v6_outlining_limits() -> None:
    assert outline_limits_g_ml("sstr", 20)["45 % of SUVmax"] == pytest.approx(9.0)
    assert outline_limits_g_ml("fdg", 20)["41 % of SUVmax"] == pytest.approx(8.2)
    assert outline_limits_g_ml("fdg", 20, (1.6, 0.2))["PERCIST"] == pytest.approx(2.8)
    both = outline_limits_g_ml("sstr", 6)
    assert (both["fixed SUV 4"], both["45 % of SUVmax"]) == (4.0, pytest.approx(2.7))


@pytest.mark.parametrize(("volume_ml", "flagged"), [(0.3, True), (0.49, True), (0.5, False)])
def test_vector_v7_small_lesions_are_counted_and_flagged(volume_ml: float, flagged: bool) -> None:
    result = summed([lesion("L1", volume_ml)])
    assert result.value is not None
    assert ("below_min_volume" in result.flag_codes()) == flagged


def test_vector_v8_no_lesion_is_zero_and_has_no_mean() -> None:
    result = summed([])
    assert result.value == "SSTR-TV 0 mL"
    assert result.parts == {"SSTR-TV (mL)": "0", "TLSRE (mL·SUV)": "0"}
    assert summed(None).missing == ["outlined lesions on SSTR PET"]


@pytest.mark.parametrize(
    ("percent", "volume_ml", "name", "value"),
    [
        (45, 11.8, "Segmentation comparison (34 GEP-NET), progression", "at most 11.8 mL"),
        (45, 11.81, "Segmentation comparison (34 GEP-NET), progression", "above 11.8 mL"),
        (60, 6.3, "Segmentation comparison (34 GEP-NET), progression", "at most 6.3 mL"),
        (60, 6.31, "Segmentation comparison (34 GEP-NET), progression", "above 6.3 mL"),
        (50, 11.3, "Toriihara 2019 (92 G1 and G2 NET), progression", "above 11.29 mL"),
        (45, 7.0, "Tirosh 2018 (184 patients), progression", "at least 7 mL"),
        (45, 6.99, "Tirosh 2018 (184 patients), progression", "below 7 mL"),
        (45, 35.8, "Tirosh 2018 (184 patients), death of disease", "at least 35.8 mL"),
    ],
)
def test_cut_offs_from_both_sides(percent: float, volume_ml: float, name: str, value: str) -> None:
    result = summed([lesion("L1", volume_ml)], percent_of_maximum=percent)
    printed = {one.system: one for one in result.alternatives}
    assert printed[name].value == value
    assert "not an individual prediction" in printed[name].because


def test_cut_offs_of_another_rule_are_not_printed() -> None:
    printed = {one.system for one in summed([lesion("L1", 20)], percent_of_maximum=41).alternatives}
    assert printed == {cut.name for cut in BOOK.cut_offs if cut.percent is None}
    assert summed([lesion("L1", 20)], tracer="fdg").alternatives == []


def test_an_unmeasured_lesion_makes_the_sum_a_lower_bound() -> None:
    result = summed([lesion("L1", 20), lesion("L2", None)])
    assert (result.value, result.provisional) == ("SSTR-TV 20 mL", True)
    assert "lower_bound" in result.flag_codes()
    assert "mean uptake (g/mL)" not in result.parts
    assert not any(one.value.startswith(("below", "at most")) for one in result.alternatives)
    assert summed([lesion("L1", None)]).missing == ["volume of every lesion"]


def test_bulky_and_faint_lesions_are_flagged() -> None:
    bulky = lesion("L1", 51, suv_max_g_ml=51)
    assert "bulk" in summed([bulky], liver_mean_g_ml=5).flag_codes()
    assert "bulk" not in summed([{**bulky, "volume_ml": 50}], liver_mean_g_ml=5).flag_codes()
    assert "bulk" not in summed([{**bulky, "suv_max_g_ml": 50}], liver_mean_g_ml=5).flag_codes()
    faint = lesion("L1", 3, suv_max_g_ml=2.99)
    assert "below_threshold" in summed([faint], tracer="fdg", liver_mean_g_ml=2).flag_codes()
    assert "below_threshold" not in summed([{**faint, "suv_max_g_ml": 3}], tracer="fdg", liver_mean_g_ml=2).flag_codes()


def test_a_volume_without_its_rule_is_provisional() -> None:
    result = summed([lesion("L1", 3)], percent_of_maximum=None)
    assert result.provisional
    assert result.missing == ["rule of outlining"]


measures = st.lists(
    st.tuples(st.one_of(st.none(), st.floats(0.1, 200)), st.one_of(st.none(), st.floats(1, 40))), min_size=1, max_size=5
)


@given(measures, st.randoms())
def test_properties(many: list[tuple[float | None, float | None]], random: Any) -> None:
    lesions = [lesion(f"L{n}", volume, mean) for n, (volume, mean) in enumerate(many)]
    full = summed(lesions)
    assert full == summed(random.sample(lesions, len(lesions)))
    for name in ("volume_ml", "suv_mean_g_ml"):
        assert certainty(summed([{**lesions[0], name: None}, *lesions[1:]])) <= certainty(full)
    more = summed([*lesions, lesion("L9", 5.0)])
    if full.value is not None:
        assert float(more.parts["SSTR-TV (mL)"]) >= float(full.parts["SSTR-TV (mL)"])


def test_undecided_lesions_make_zero_a_lower_bound() -> None:
    result = summed([], tracer="fdg", unsure=["X2", "X1"])
    assert result.value == "MTV at least 0 mL, X1, X2 unsure"
    assert certainty(result) == 1
    assert result.parts == {"MTV at least (mL)": "0", "TLG at least (mL·SUV)": "0"}
