"""Choi, mRECIST, PERCIST, EORTC, growth rate, doubling time, repeatability: known answers, limits, properties."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from isletscope.criteria import choi, doubling_time, eortc, growth_rate, mrecist, percist, repeatability
from isletscope.errors import InputError
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound

Document = dict[str, JsonValue]


def choi_of(size: float, density: float | None, **changes: JsonValue) -> Conclusion:
    """Changes in percent of 100 mm and 80 HU."""
    document: Document = {
        "baseline_sum_mm": 100,
        "current_sum_mm": 100 + size,
        "baseline_density_hu": 80,
        "current_density_hu": None if density is None else 80 * (1 + density / 100),
        "same_technique": True,
        "new_lesion": False,
        "new_or_growing_nodule_in_tumour": False,
        "clear_progression_elsewhere": False,
        **changes,
    }
    return choi.CRITERION.run_document(document)


@pytest.mark.parametrize(
    ("size", "density", "changes", "value"),
    [
        (-10.0, 0, {}, "PR"),
        (12, -20, {}, "PR"),
        (12, -5, {}, "PD"),
        (-8, -14, {}, "SD"),
        (-8, -14, {"new_or_growing_nodule_in_tumour": True}, "PD"),
        (-50, -50, {"new_lesion": True}, "PD"),
        (-50, -50, {"clear_progression_elsewhere": True}, "PD"),
        (-9.9, -14.9, {}, "SD"),
        (0, -15, {}, "PR"),
        (10, 0, {}, "PD"),
        (9.9, 0, {}, "SD"),
        (-100, 0, {"all_vanished": True}, "CR"),
        (-10, 0, {"modified": True}, "SD"),
        (-10, -15, {"modified": True}, "PR"),
        (12, -20, {"modified": True}, "SD"),
    ],
)
def test_choi(size: float, density: float, changes: Document, value: str) -> None:
    result = choi_of(size, density, **changes)
    assert result.value == value
    assert sound(result)


def test_choi_without_comparable_density() -> None:
    for result in (choi_of(-8, None), choi_of(-8, -40, same_technique=False)):
        assert (result.value, result.provisional) == ("SD", True)
        assert "SIZE_ONLY" in result.flag_codes()
    assert choi_of(0, 0, modality="MR").state is State.MISSING
    assert choi_of(0, 0, baseline_sum_mm=None).missing == ["sum of target diameters at baseline"]
    assert choi_of(0, 0, current_sum_mm=None).missing == ["present sum"]
    assert choi_of(0, 0, new_lesion=None).possible == ["SD", "PD"]
    assert choi_of(12, 0, new_lesion=None).value == "PD"
    assert "OTHER_FORM_DIFFERS" in choi_of(-10, 0).flag_codes()


def mrecist_of(baseline: float, nadir: float, now: float | None, **changes: JsonValue) -> Conclusion:
    document: Document = {
        "arterial_phase": True,
        "enhanced_at_baseline": True,
        "baseline_sum_mm": baseline,
        "earlier_sums_mm": [nadir],
        "current_sum_mm": now,
        "new_lesions": [],
        **changes,
    }
    return mrecist.CRITERION.run_document(document)


@pytest.mark.parametrize(
    ("name", "baseline", "nadir", "now", "changes", "value"),
    [
        ("MR1", 60, 60, 0, {}, "CR"),
        ("MR2", 60, 60, 42, {}, "PR"),
        ("MR3", 60, 60, 43, {}, "SD"),
        ("MR4", 60, 30, 36, {}, "PD"),
        ("MR5", 15, 15, 18, {}, "PD"),
        ("MR6", 60, 60, 60, {"enhanced_at_baseline": False}, "not applicable"),
        ("below 20 %", 60, 30, 35.9, {}, "PR"),
        (
            "new, typical",
            60,
            60,
            60,
            {"new_lesions": [{"id": "L9", "longest_mm": 10, "typical_enhancement": True}]},
            "PD",
        ),
        ("new, 9.9", 60, 60, 60, {"new_lesions": [{"id": "L9", "longest_mm": 9.9, "typical_enhancement": True}]}, "SD"),
        ("new, grown", 60, 60, 60, {"new_lesions": [{"id": "L9", "longest_mm": 14, "growth_mm": 10}]}, "PD"),
    ],
)
def test_mrecist(name: str, baseline: float, nadir: float, now: float, changes: Document, value: str) -> None:
    result = mrecist_of(baseline, nadir, now, **changes)
    assert result.value == value, name
    assert sound(result)


def test_mrecist_needs_its_inputs() -> None:
    assert mrecist_of(60, 60, None, arterial_phase=False).missing == ["an arterial phase now", "enhancing sum now"]
    assert "SMALL_RISE" in mrecist_of(15, 15, 18).flag_codes()
    assert "SMALL_RISE" not in mrecist_of(60, 30, 36).flag_codes()
    assert mrecist_of(60, 60, 60, new_lesions=None).possible == ["SD", "PD"]
    undecided = mrecist_of(60, 60, 60, new_lesions=[{"id": "L9", "longest_mm": 12}])
    assert undecided.possible == ["SD", "PD"]
    assert mrecist_of(60, 0, 6).value == "PD"


@pytest.mark.parametrize(("now", "value"), [(0, "CR"), (500, "PR"), (501, "SD"), (1250, "SD"), (1251, "PD")])
def test_easl_by_area(now: float, value: str) -> None:
    result = mrecist_of(60, 60, 60, baseline_area_mm2=1000, current_area_mm2=now)
    assert [(other.system, other.value) for other in result.alternatives] == [("EASL", value)]
    assert sound(result)


def percist_of(before: float, now: float | None, **changes: JsonValue) -> Conclusion:
    """Liver 1.6 with SD 0.2 on both scans, 60 minutes, nothing new."""
    scans: dict[str, Document] = {
        "baseline": {"sul_peak_g_ml": before, "liver_mean_g_ml": 1.6, "liver_sd_g_ml": 0.2, "uptake_min": 60},
        "current": {"sul_peak_g_ml": now, "liver_mean_g_ml": 1.6, "uptake_min": 60},
    }
    for name in ("baseline", "current"):
        more = changes.pop(name, {})
        assert isinstance(more, dict)
        scans[name].update(more)
    rest: Document = {"new_lesion": False, "uptake_above_background": False, "lesion_grew": False, **changes}
    return percist.CRITERION.run_document({**scans, **rest})


@pytest.mark.parametrize(
    ("name", "before", "now", "changes", "value"),
    [
        ("P1", 8.0, 5.6, {}, "PMR"),
        ("P3", 3.0, 2.3, {}, "SMD"),
        ("P4", 8.0, 10.4, {}, "SMD"),
        ("P5", 8.0, 10.5, {}, "PMD"),
        ("P6", 8.0, 1.0, {}, "CMR"),
        ("P7", 2.5, 1.0, {"new_lesion": True}, "PMD"),
        ("29.9 %", 8.0, 5.61, {}, "SMD"),
        ("30 % but 0.79", 2.8, 2.01, {"current": {"liver_mean_g_ml": 1.6}}, "SMD"),
        ("grown", 8.0, 5.0, {"lesion_grew": True}, "SMD"),
        ("TLG 75 %", 8.0, 8.0, {"baseline": {"tlg_g": 100}, "current": {"tlg_g": 175}}, "SMD"),
        ("TLG 76 %", 8.0, 8.0, {"baseline": {"tlg_g": 100}, "current": {"tlg_g": 176}}, "PMD"),
        ("above background", 8.0, 1.0, {"uptake_above_background": True}, "PMR"),
    ],
)
def test_percist(name: str, before: float, now: float, changes: Document, value: str) -> None:
    result = percist_of(before, now, **changes)
    assert result.value == value, name
    assert sound(result)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("P8", {"current": {"liver_mean_g_ml": 2.0}}, "comparable scans (liver mean changed by 0.4 g/mL, 20.0 %"),
        (
            "P9",
            {"baseline": {"liver_mean_g_ml": 1.0}, "current": {"liver_mean_g_ml": 1.28}},
            "comparable scans (liver mean changed by 0.28 g/mL, 21.9 %",
        ),
        ("early", {"current": {"uptake_min": 49}}, "before 50 min"),
        ("different", {"current": {"uptake_min": 76}}, "uptake times differ by 16 min"),
        ("no time", {"current": {"uptake_min": None}}, "uptake times of both scans"),
        ("no liver", {"current": {"liver_mean_g_ml": None}}, "liver mean on both scans"),
        ("no deviation", {"baseline": {"liver_sd_g_ml": None}}, "liver standard deviation at baseline"),
    ],
)
def test_percist_that_cannot_be_compared(name: str, changes: Document, words: str) -> None:
    result = percist_of(8, 8, **changes)
    assert result.state is State.MISSING, name
    assert any(words in item for item in result.missing), result.missing


def test_percist_measurable_and_flags() -> None:
    p2 = percist_of(2.5, 1.7)
    assert p2.missing == ["a measurable lesion (SUL peak 2.5 below 2.8 g/mL)"]
    assert percist_of(2.8, 2.8).value == "SMD"
    blood: Document = {"blood_mean_g_ml": 1.2, "blood_sd_g_ml": 0.2}
    assert percist_of(2.8, 2.8, liver_diseased=True, baseline=blood).value == "SMD"
    assert percist_of(2.79, 2.8, liver_diseased=True, baseline=blood).state is State.MISSING
    assert "boundary" in percist_of(8, 10.4).flag_codes()
    assert "boundary" not in percist_of(8, 10.6).flag_codes()
    assert "UPTAKE_TIME" in percist_of(8, 8, baseline={"uptake_min": 71}, current={"uptake_min": 70}).flag_codes()
    assert "DOSE" in percist_of(8, 8, baseline={"activity_mbq": 200}, current={"activity_mbq": 241}).flag_codes()
    assert "DOSE" not in percist_of(8, 8, baseline={"activity_mbq": 200}, current={"activity_mbq": 240}).flag_codes()
    assert "OTHER_SCANNER" in percist_of(8, 8, same_scanner=False).flag_codes()
    assert percist_of(8, None).missing == ["SUL peak of the hottest lesion now"]
    assert percist_of(8, 5.6, lesion_grew=None).possible == ["PMR", "SMD"]
    assert percist_of(8, 1.0, uptake_above_background=None).possible == ["PMR", "CMR"]
    assert percist_of(8, 8, new_lesion=None).possible == ["SMD", "PMD"]


def eortc_of(suv: float | None, **changes: JsonValue) -> Conclusion:
    document: Document = {
        "baseline_suv_bsa_g_ml": 10,
        "current_suv_bsa_g_ml": None if suv is None else 10 + suv / 10,
        "baseline_extent_mm": 50,
        "current_extent_mm": 50,
        "more_than_one_cycle": True,
        "resolved": False,
        "new_lesion": False,
        **changes,
    }
    return eortc.CRITERION.run_document(document)


@pytest.mark.parametrize(
    ("suv", "changes", "value"),
    [
        (25, {}, "SMD"),
        (25.1, {}, "PMD"),
        (-25, {}, "SMD"),
        (-25.1, {}, "PMR"),
        (-15, {"more_than_one_cycle": False}, "SMD"),
        (-15.1, {"more_than_one_cycle": False}, "PMR"),
        (0, {"current_extent_mm": 60}, "SMD"),
        (0, {"current_extent_mm": 60.1}, "PMD"),
        (-60, {"new_lesion": True}, "PMD"),
        (-60, {"resolved": True}, "CMR"),
    ],
)
def test_eortc(suv: float, changes: Document, value: str) -> None:
    result = eortc_of(suv, **changes)
    assert result.value == value
    assert sound(result)


def test_eortc_with_missing_inputs() -> None:
    assert "BETWEEN_LIMITS" in eortc_of(-20).flag_codes()
    assert set(eortc_of(-20, more_than_one_cycle=None).possible) == {"PMR", "SMD"}
    assert eortc_of(-30, more_than_one_cycle=None).value == "PMR"
    assert set(eortc_of(None).possible) == {"PMD", "PMR", "SMD"}
    assert set(eortc_of(0, current_extent_mm=None).possible) == {"PMD", "SMD"}
    assert eortc_of(0, new_lesion=None).missing == ["whether there is a new FDG lesion"]


@pytest.mark.parametrize(
    ("name", "first", "second", "time", "rate"),
    [
        ("G1", 100, 110, {"interval_months": 3}, 10.0),
        ("G2", 100, 102, {"interval_months": 3}, 2.0),
        ("G3", 100, 100.8, {"interval_months": 3}, 0.8),
        ("G4", 100, 100, {"interval_months": 3}, 0.0),
        ("G5", 100, 90, {"interval_months": 3}, -10.0),
        ("G6", 80, 100, {"interval_months": 6}, 11.803),
        ("G7", 50, 60, {"interval_months": 12}, 4.664),
        ("G8", 100, 104, {"interval_months": 6}, 1.980),
        ("G9", 60, 66, {"interval_days": 91}, 10.036),
    ],
)
def test_growth_rate(name: str, first: float, second: float, time: Document, rate: float) -> None:
    result = growth_rate.CRITERION.run_document({"first_sum_mm": first, "second_sum_mm": second, **time})
    assert float(result.parts["rate_percent_per_month"]) == pytest.approx(rate, abs=5e-4), name
    assert sound(result)


@pytest.mark.parametrize(
    ("setting", "second", "months", "value"),
    [
        ("three_months", 102, 3, "high"),
        ("three_months", 100.8, 3, "high"),
        ("three_months", 100.79, 3, "low"),
        ("three_months", 100, 3, "low"),
        ("three_months", 100, 2, "low"),
        ("three_months", 100, 4, "low"),
        ("three_months", 100, 4.01, None),
        ("three_months", 100, 1.5, None),
        ("before_treatment", 104, 3, "high"),
        ("before_treatment", 103.99, 3, "low"),
        ("before_treatment", 104, 6, "low"),
    ],
)
def test_growth_rate_classes(setting: str, second: float, months: float, value: str | None) -> None:
    document: Document = {"first_sum_mm": 100, "second_sum_mm": second, "interval_months": months, "setting": setting}
    result = growth_rate.CRITERION.run_document(document)
    assert result.value == value
    assert sound(result)


def test_growth_rate_flags_and_lacks() -> None:
    run = growth_rate.CRITERION.run_document
    base: Document = {"first_sum_mm": 100, "second_sum_mm": 104, "interval_months": 3, "setting": "before_treatment"}
    assert {"BELOW_DETECTABLE", "boundary"} <= run(base).flag_codes()
    assert "BELOW_DETECTABLE" not in run({**base, "second_sum_mm": 105.1}).flag_codes()
    flagged = run({**base, "lesions": 1, "nodes_in_sum": True, "local_therapy_between": True})
    assert {"SINGLE_LESION", "NODES_IN_SUM", "LOCAL_THERAPY"} <= flagged.flag_codes()
    assert run({"second_sum_mm": 104}).missing == ["first sum", "interval"]
    assert growth_rate.smallest_detectable(3) == pytest.approx(5.0)
    with pytest.raises(InputError, match="in days or in months, not both"):
        run({**base, "interval_days": 90})


@given(st.floats(10, 200), st.floats(10, 200), st.floats(2, 4), st.floats(0, 20))
def test_a_larger_sum_grows_faster(first: float, second: float, months: float, more: float) -> None:
    slow = growth_rate.growth_rate(first, second, months)
    assert growth_rate.growth_rate(first, second + more, months) >= slow - 1e-9


@pytest.mark.parametrize(
    ("name", "document", "value", "parts"),
    [
        (
            "N1",
            {"first_mm": 20, "second_mm": 22, "interval_days": 365},
            "within_noise",
            {"doubling_time_days": "885", "growth_mm_per_year": "2.0"},
        ),
        (
            "N2",
            {"first_mm": 20, "second_mm": 25, "interval_days": 365},
            "growing",
            {"doubling_time_days": "378", "growth_mm_per_year": "5.0"},
        ),
        ("N3", {"first_mm": 15, "second_mm": 15, "interval_days": 365}, "unchanged", {}),
        ("N4", {"first_mm": 20, "second_mm": 18, "interval_days": 365}, "shrinking", {}),
        ("N6", {"first_ml": 4, "second_ml": 8, "interval_days": 500}, "growing", {"doubling_time_days": "500"}),
        ("N10", {"first_mm": 10, "second_mm": 20, "interval_days": 730}, "growing", {"doubling_time_days": "243"}),
        ("59 days", {"first_mm": 10, "second_mm": 20, "interval_days": 59}, "within_noise", {}),
        ("60 days", {"first_mm": 10, "second_mm": 20, "interval_days": 60}, "growing", {}),
    ],
)
def test_doubling_time(name: str, document: Document, value: str, parts: dict[str, str]) -> None:
    result = doubling_time.CRITERION.run_document(document)
    assert result.value == value, name
    assert parts.items() <= result.parts.items()
    assert ("doubling_time_days" in result.parts) is (value in ("growing", "within_noise"))
    assert sound(result)


def test_volumes_and_identities() -> None:
    assert doubling_time.ellipsoid_ml(30, 24, 20) == pytest.approx(7.540, abs=5e-4)
    assert doubling_time.sphere_ml(30) == pytest.approx(14.137, abs=5e-4)
    assert pytest.approx(1.1837, abs=2e-4) == 2 ** (365.25 / 500 / 3)
    assert doubling_time.doubling_time_days(1.1837**3, 365) == pytest.approx(500, abs=1)
    assert pytest.approx(0.728) == 1.2**3 - 1
    assert pytest.approx(-0.657) == 0.7**3 - 1
    assert pytest.approx(0.260, abs=5e-4) == 2 ** (1 / 3) - 1
    assert math.isinf(doubling_time.doubling_time_days(1, 100))
    lacking = doubling_time.CRITERION.run_document({"first_mm": 10})
    assert lacking.missing == ["second diameter", "days between the scans"]
    with pytest.raises(InputError, match="not both"):
        doubling_time.CRITERION.run_document({"first_mm": 10, "second_ml": 4})


@pytest.mark.parametrize(
    ("name", "quantity", "before", "after", "values"),
    [
        ("N1", "diameter", 20, 22, ["within_noise"]),
        ("N2", "diameter", 20, 25, ["likely_real"]),
        ("N4", "diameter", 20, 18, ["within_noise"]),
        ("N7", "fdg_suv", 10, 7.4, ["likely_real", "within_noise"]),
        ("N8", "fdg_suv", 10, 13.0, ["within_noise", "within_noise"]),
        ("N9", "adc_liver", 1000, 1300, ["likely_real", "likely_real"]),
        ("ADC at the limit", "adc_liver", 1000, 1270, ["within_noise", "likely_real"]),
        ("fall at the limit", "fdg_suv", 10, 7.5, ["within_noise", "within_noise"]),
        ("rise at the limit", "fdg_suv", 10, 13.3, ["within_noise", "within_noise"]),
        ("rise above", "fdg_suv", 10, 13.31, ["likely_real", "within_noise"]),
        ("small lesion", "diameter", 8, 10.1, ["likely_real"]),
        ("large lesion", "diameter", 60, 65.9, ["within_noise"]),
        ("volume", "ct_volume_10_to_34_mm", 10, 13.9, ["within_noise"]),
        ("SSTR volume", "sstr_volume", 50, 65.1, ["likely_real"]),
        ("two scanners", "fdg_suv_max_two_scanners", 10, 7, ["within_noise"]),
    ],
)
def test_repeatability(name: str, quantity: str, before: float, after: float, values: list[str]) -> None:
    document: Document = {"quantity": quantity, "before": before, "after": after}
    result = repeatability.CRITERION.run_document(document)
    assert [result.value, *(other.value for other in result.alternatives)] == values, name
    assert ("LIMITS_DISAGREE" in result.flag_codes()) is (len(set(values)) > 1)
    assert sound(result)


def test_repeatability_on_two_scans() -> None:
    run = repeatability.CRITERION.run_document
    base: Document = {"quantity": "diameter", "before": 20, "after": 25}
    assert run({**base, "next_scan": 26}).value == "definite"
    assert run({**base, "next_scan": 21}).value == "likely_real"
    assert run({**base, "next_scan": 15}).value == "likely_real"
    assert "PROVISIONAL_LIMIT" in run(base).flag_codes()
    assert run({"quantity": "diameter"}).missing == ["first value", "second value"]
    assert certainty(run({"quantity": "diameter", "before": 3})) == 0
