"""Vectors E1 to E10, fixed wording, limits from both sides, and what missing scans do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria.prrt import BOOK, CRITERION
from isletscope.errors import InputError
from isletscope.model import Conclusion
from tests.criteria.support import certainty, sound

SUPPORTS = "imaging supports discussion of PRRT"
BORDERLINE = "uptake borderline for discussion of PRRT"
DISCORDANT = "PRRT alone is not supported by imaging; for the tumour board"
NO = "SSTR uptake does not support discussion of PRRT"
ORDER = [SUPPORTS, BORDERLINE, NO, DISCORDANT]
LABORATORY = {"creatinine_clearance_ml_min": 70, "platelets_10e9_l": 150}


def lesion(name: str, sstr: int, fdg: int | None = 0, size_mm: float | None = 25, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "site": "liver",
        "longest_mm": size_mm,
        "sstr": {"reader_score": sstr},
        "fdg": None if fdg is None else {"reader_score": fdg},
        **more,
    }


def at_ratio(name: str, ratio: float) -> dict[str, Any]:
    return {**lesion(name, 2), "sstr": {"discernible": True, "suv_max_g_ml": 5 * ratio}}


def judged(*lesions: dict[str, Any], **more: Any) -> Conclusion:
    reference = {"blood_pool_mean_g_ml": 1.5, "liver_mean_g_ml": 5.0, "spleen_mean_g_ml": 18.0}
    result = CRITERION.run_document({"lesions": list(lesions), "sstr_reference": reference, **LABORATORY, **more})
    assert sound(result)
    return result


def test_the_wording_is_the_fixed_one() -> None:
    assert list(BOOK.outcomes.values()) == [SUPPORTS, BORDERLINE, DISCORDANT, NO]


@pytest.mark.parametrize(
    ("vector", "lesions", "more", "outcome", "flags"),
    [
        ("E1", [lesion("L1", 4), lesion("L2", 4)], {}, SUPPORTS, set()),
        ("E2", [lesion("L1", 3), lesion("L2", 4), lesion("H1", 0, 4)], {}, DISCORDANT, {"single_discordant"}),
        ("E3", [at_ratio("L1", 0.95), at_ratio("L2", 0.97)], {}, BORDERLINE, {"equals_liver"}),
        ("E4", [lesion("L1", 1), lesion("L2", 0)], {}, NO, set()),
        ("E5", [lesion("L1", 4)], {"creatinine_clearance_ml_min": 35}, SUPPORTS, {"renal"}),
        ("E6", [lesion("L1", 4)], {"platelets_10e9_l": 60}, SUPPORTS, {"marrow_platelets"}),
        ("E7", [lesion("L1", 4)], {"sstr_scan_age_days": 200}, None, set()),
        ("E8", [lesion("L1", 3)], {"grade": "NEC", "ki67_percent": 80}, SUPPORTS, {"outside_trial_population"}),
        ("E9", [at_ratio("L1", 0.60)], {}, BORDERLINE, {"below_liver"}),
        ("E10", [lesion("L1", 4)], {"cycle": 2, "platelets_10e9_l": 68}, SUPPORTS, {"withhold_platelets"}),
    ],
)
def test_vectors(
    vector: str, lesions: list[dict[str, Any]], more: dict[str, Any], outcome: str | None, flags: set[str]
) -> None:
    result = judged(*lesions, **more)
    assert (result.value, result.flag_codes()) == (outcome, flags), vector
    assert not result.provisional
    if vector == "E7":
        assert result.missing == ["SSTR PET of the last 6 months"]


def wording(result: Conclusion) -> dict[str, str]:
    return {one.system: one.value for one in result.alternatives}


def test_the_wording_of_label_and_trials_is_printed_beside_the_outcome() -> None:
    label, trial = "EU label and NETTER-1, uptake", "NETTER-2, uptake"
    assert wording(judged(lesion("L1", 3))) == {label: "met", trial: "met"}
    assert wording(judged(at_ratio("L1", 0.95))) == {label: "met", trial: "not met"}
    assert wording(judged(at_ratio("L1", 0.6))) == {label: "not met", trial: "not met"}
    assert wording(judged(lesion("L1", 2))) == {label: "not known", trial: "not met"}


@pytest.mark.parametrize(("ratio", "flag"), [(0.899, "below_liver"), (0.9, "equals_liver"), (1.0, "equals_liver")])
def test_the_band_around_liver_from_both_sides(ratio: float, flag: str) -> None:
    assert flag in judged(at_ratio("L1", ratio)).flag_codes()


@pytest.mark.parametrize(
    ("name", "at_limit", "beyond", "flag"),
    [
        ("creatinine_clearance_ml_min", 40, 39.9, "renal"),
        ("platelets_10e9_l", 75, 74.9, "marrow_platelets"),
        ("haemoglobin_g_l", 80, 79.9, "haemoglobin"),
        ("white_cells_10e9_l", 2, 1.99, "white_cells"),
        ("albumin_g_l", 30, 29.9, "albumin"),
        ("bilirubin_times_uln", 3, 3.1, "bilirubin"),
    ],
)
def test_laboratory_limits_from_both_sides(name: str, at_limit: float, beyond: float, flag: str) -> None:
    assert flag not in judged(lesion("L1", 4), **{name: at_limit}).flag_codes()
    warned = judged(lesion("L1", 4), **{name: beyond})
    assert flag in warned.flag_codes()
    assert warned.value == SUPPORTS


@pytest.mark.parametrize(("days", "assessable"), [(183, True), (184, False), (None, True)])
def test_age_of_the_scan_from_both_sides(days: int | None, assessable: bool) -> None:
    assert (judged(lesion("L1", 4), sstr_scan_age_days=days).value is not None) == assessable


@pytest.mark.parametrize(("ki67", "flagged"), [(55, False), (55.1, True)])
def test_ki67_beyond_the_trials(ki67: float, flagged: bool) -> None:
    assert ("outside_trial_population" in judged(lesion("L1", 4), ki67_percent=ki67).flag_codes()) == flagged


def test_suspicious_anatomy_without_uptake_is_discordant() -> None:
    assert judged(lesion("L1", 4), lesion("L2", 0, 0, anatomy_suspicious=True)).value == DISCORDANT
    assert judged(lesion("L1", 4), lesion("L2", 0, 0, anatomy_suspicious=False)).value == BORDERLINE


def test_cold_disease_alone_is_not_discordant_with_anything() -> None:
    result = judged(lesion("L1", 0, 0, anatomy_suspicious=True))
    assert (result.value, result.parts["rule"]) == (NO, "too_low")


def test_estimated_filtration_stands_in_for_clearance_and_says_so() -> None:
    def flags(egfr_ml_min: float, creatinine_clearance_ml_min: float | None = None) -> set[str]:
        values = {"egfr_ml_min": egfr_ml_min, "creatinine_clearance_ml_min": creatinine_clearance_ml_min}
        return judged(lesion("L1", 4), **values).flag_codes()

    assert "renal_estimated" in flags(egfr_ml_min=39.9)
    assert "renal_estimated" not in flags(egfr_ml_min=40)
    assert "renal_estimated" not in flags(egfr_ml_min=30, creatinine_clearance_ml_min=45)


def test_uptake_that_differs_between_lesions_is_borderline() -> None:
    result = judged(lesion("L1", 4), lesion("L2", 1))
    assert (result.value, result.parts["rule"]) == (BORDERLINE, "mixed")


def test_small_lesions_without_correlate_do_not_decide_unless_discordant() -> None:
    small = judged(lesion("L1", 4), lesion("L2", 1, size_mm=9.9, anatomical_correlate=False))
    assert small.value == SUPPORTS
    assert "not_relevant" in small.flag_codes()
    at_limit = lesion("L2", 1, size_mm=10, anatomical_correlate=False)
    assert judged(lesion("L1", 4), at_limit).value == BORDERLINE
    assert judged(lesion("L1", 4), lesion("L2", 1, size_mm=9.9)).value == BORDERLINE
    assert judged(lesion("L1", 4), lesion("L2", 1, size_mm=9.9, anatomical_correlate=True)).value == BORDERLINE
    assert judged(lesion("L1", 4), lesion("L2", 0, 3, size_mm=6)).value == DISCORDANT


def test_discordance_by_the_liver_threshold_is_flagged() -> None:
    assert "threshold_dependent" in judged(lesion("L1", 2, 3)).flag_codes()


def test_without_fdg_the_outcome_is_provisional_and_without_sstr_there_is_none() -> None:
    no_fdg = judged(lesion("L1", 4, None))
    assert (no_fdg.value, no_fdg.provisional, no_fdg.missing) == (SUPPORTS, True, ["FDG PET"])
    assert judged().missing == ["SSTR PET"]
    assert judged(sstr_done=True).missing == ["a relevant lesion"]


def test_open_scores_leave_outcomes_possible() -> None:
    unjudged = {**lesion("L1", 3), "sstr": {"suv_max_g_ml": 8.0}}
    result = judged(unjudged)
    assert result.possible == sorted([SUPPORTS, NO])
    assert judged(unjudged, lesion("H1", 0, 4)).value == DISCORDANT


def test_red_flags_are_printed_and_unknown_ones_refused() -> None:
    result = judged(lesion("L1", 4), red_flags=["hydronephrosis"])
    assert any("relieved" in flag.text for flag in result.flags)
    with pytest.raises(InputError, match="no red flag is named"):
        judged(red_flags=["hydronephroses"])


def test_values_that_were_not_given_are_named() -> None:
    result = judged(lesion("L1", 4), creatinine_clearance_ml_min=None)
    assert [flag.text for flag in result.flags if flag.code == "laboratory_open"] == [
        "Not given: creatinine clearance; trial and product limits could not be compared."
    ]


some_lesions = st.lists(
    st.tuples(
        st.integers(0, 4), st.one_of(st.none(), st.integers(0, 4)), st.sampled_from([None, 6.0, 25.0]),
        st.sampled_from([None, True, False]),
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


@given(some_lesions, st.randoms())
def test_properties(many: list[tuple[Any, ...]], random: Any) -> None:
    lesions = [
        lesion(f"L{n}", sstr, fdg, size_mm, anatomical_correlate=correlate)
        for n, (sstr, fdg, size_mm, correlate) in enumerate(many)
    ]
    full = judged(*lesions, fdg_done=True)
    assert full == judged(*random.sample(lesions, len(lesions)), fdg_done=True)
    for name in ("sstr", "fdg"):
        less = judged({**lesions[0], name: None}, *lesions[1:], fdg_done=True, sstr_done=True)
        assert certainty(less) <= certainty(full)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(0, 3))
def test_less_uptake_never_makes_the_outcome_more_favourable(scores: list[int], place: int) -> None:
    lesions = [lesion(f"L{n}", score) for n, score in enumerate(scores)]
    lower = [lesion(f"L{n}", max(0, score - (n == place))) for n, score in enumerate(scores)]
    assert ORDER.index(str(judged(*lower).value)) >= ORDER.index(str(judged(*lesions).value))
