"""Uptake, volumes, extrahepatic disease, PRRT, hereditary sizes and the transplant screen from findings."""

from __future__ import annotations

from typing import Any

import pytest

from isletscope.assessment.grade import assess_grade
from isletscope.assessment.hereditary import assess_hereditary
from isletscope.assessment.liver import assess_liver
from isletscope.assessment.outside_liver import assess_outside_liver
from isletscope.assessment.phenotype import assess_phenotype
from isletscope.assessment.therapy import assess_therapy
from isletscope.assessment.transplant import assess_transplant
from isletscope.assessment.uptake import assess_uptake
from isletscope.assessment.volumes import assess_volumes
from isletscope.model import Answer, Case, Conclusion, Lesion, Origin, State, TracerClass, Verdict, measured
from tests.assessment.cases import (
    SSTR_REFERENCES,
    case,
    gathered,
    lesion,
    liver,
    not_covered,
    not_seen,
    seen,
    structure,
)

GROUPS = (
    assess_grade,
    assess_uptake,
    assess_phenotype,
    assess_volumes,
    assess_outside_liver,
    assess_liver,
    assess_hereditary,
    assess_therapy,
    assess_transplant,
)
G2 = {"sample": "P1", "ki67_percent": 8, "mitoses_per_2mm2": 4, "differentiation": "well"}
P1 = lesion("P1", seen("ct", long_axis=30), seen("sstr_pet", suv_max=30.0), not_seen("fdg_pet"), region="tail")
COLD = lesion("L1", seen("ct", long_axis=25), not_seen("sstr_pet"), seen("fdg_pet", suv_max=12.0), region="7")


def asked(given: Case, criterion: str, subject: str = "") -> Conclusion:
    found = gathered(given, *GROUPS).get(criterion, subject)
    assert found is not None
    return found


def test_a_lesion_on_both_tracers() -> None:
    given = case(P1, COLD)
    assert asked(given, "krenning").value == "4 highest, 0 lowest"
    assert asked(given, "netpet").value == "P5"
    assert asked(given, "concordance").value == "1 of 2 mismatched"


def test_foci_that_nobody_matched_are_no_mismatch() -> None:
    """On PET alone a focus of one tracer was never looked for on the other one."""
    on_sstr = lesion("P1", seen("sstr_pet", suv_max=30.0, uptake_visible="yes"), region="tail")
    on_fdg = lesion("L1", seen("fdg_pet", suv_max=9.0, uptake_visible="yes"), region="7")
    given = case(on_sstr, on_fdg, exams={"sstr_pet": "2026-03-09", "fdg_pet": "2026-03-12"})
    concordance = asked(given, "concordance")
    assert concordance.value is None
    assert {"SSTR uptake (L1)", "FDG uptake (P1)"} <= set(concordance.missing)
    for name in ("netpet", "karfis", "zidan"):
        found = asked(given, name)
        assert found.value is None
        assert len(found.possible) > 1
    assert asked(given, "prrt").value is None


def test_a_readers_level_of_the_primary_outranks_the_numbers_and_says_so() -> None:
    def entered(**value: Any) -> Answer:
        return Answer(value=value, source=Origin.ENTERED, by="A. Reader")

    answers = {"baseline": {"PRI.SSTR": entered(level="none")}}
    score = asked(case(P1, answers=answers), "krenning")
    assert score.value == "0 highest, 0 lowest"
    assert "reader_differs" in score.flag_codes()
    assert "answer/PRI.SSTR" in score.rests_on
    unmatched = lesion("P1", seen("sstr_pet", suv_max=30.0, uptake_visible="yes"), seen("ct", long_axis=30))
    assert asked(case(unmatched), "netpet").value is None
    answers = {"baseline": {"PRI.FDG": entered(level="negative")}}
    assert asked(case(unmatched, answers=answers), "netpet").value == "P1"


def test_one_tracer_only_is_said_so() -> None:
    given = case(P1, exams={"ct": "2026-03-02", "sstr_pet": "2026-03-09"})
    for name in ("netpet", "karfis", "zidan", "concordance", "phenotype_histology"):
        found = asked(given, name)
        assert found.value is None
        assert "FDG PET" in found.missing
    assert asked(given, "krenning").value == "4 highest, 4 lowest"


def test_scans_far_apart_are_flagged() -> None:
    given = case(P1, exams={"ct": "2026-03-02", "sstr_pet": "2026-03-09", "fdg_pet": "2026-06-12"})
    assert "interval" in asked(given, "netpet").flag_codes()


@pytest.mark.parametrize(
    ("courses", "told"),
    [
        ([{"kind": "prrt", "started_on": "2026-03-10"}], True),
        ([{"kind": "prrt", "started_on": "2026-03-13"}], False),
        ([{"kind": "chemotherapy", "started_on": "2026-01-10"}], True),
        ([{"kind": "chemotherapy", "started_on": "2026-01-10", "ended_on": "2026-03-01"}], False),
        ([{"kind": "somatostatin_analogue", "started_on": "2026-01-10"}], False),
        ([], False),
    ],
)
def test_treatment_between_the_scans_is_flagged(courses: list[dict[str, str]], told: bool) -> None:
    """SSTR PET is of 2026-03-09, FDG PET of 2026-03-12."""
    result = asked(case(P1, clinical={"courses": courses}), "netpet")
    assert ("therapy_between" in result.flag_codes()) == told


@pytest.mark.parametrize(("suv_max", "score"), [(4.9, "0"), (5.0, "0"), (5.1, "3")])
def test_a_liver_lesion_filled_by_spill_in_does_not_stand_out(suv_max: float, score: str) -> None:
    """Above blood pool (1.5) and below liver (5.0): a liver lesion at that level is photopenic, not Krenning 2."""
    shown = lesion("L1", seen("ct", long_axis=25), seen("sstr_pet", suv_max=suv_max), region="7")
    assert asked(case(shown), "krenning").value == f"{score} highest, {score} lowest"


def test_a_reader_who_saw_it_stand_out_is_believed() -> None:
    shown = lesion("L1", seen("ct", long_axis=25), seen("sstr_pet", suv_max=4.9, uptake_visible="yes"), region="7")
    assert asked(case(shown), "krenning").value == "2 highest, 2 lowest"


def test_the_spleen_that_was_removed_caps_the_score() -> None:
    means = {TracerClass.SSTR: {"blood_pool": 1.5, "liver": 5.0}}
    clinical = {"constraints": {"splenectomy": True}}
    assert asked(case(P1, references=means, clinical=clinical), "krenning").value == "3 highest, 3 lowest"
    assert asked(case(P1, references=means), "krenning").value is None


@pytest.mark.parametrize(
    ("name", "region", "category"),
    [("P1", "tail", "5"), ("L1", "7", "5"), ("N1", "celiac", "5"), ("O1", "L2", "5"), ("X1", "thyroid", None)],
)
def test_sstr_rads_takes_the_place_from_the_compartment(name: str, region: str, category: str | None) -> None:
    shown = lesion(name, seen("ct", long_axis=20, short_axis=15), seen("sstr_pet", suv_max=30.0), region=region)
    result = asked(case(shown), "sstr_rads")
    assert result.value == category
    if category is None:
        assert result.possible == ["3C", "5"]


@pytest.mark.parametrize(("size_mm", "category"), [(9.9, None), (10.0, "3D")])
def test_a_cold_lesion_that_pet_may_miss_is_left_to_the_reader(size_mm: float, category: str | None) -> None:
    cold = lesion("L1", seen("ct", long_axis=size_mm), not_seen("sstr_pet"), region="7")
    assert asked(case(cold), "sstr_rads").value == category
    rated = lesion("L1", seen("ct", long_axis=size_mm, suspicious_on_anatomy="yes"), not_seen("sstr_pet"), region="7")
    assert asked(case(rated), "sstr_rads").value == "3D"


def test_without_ct_or_mri_the_correlate_is_not_known() -> None:
    shown = lesion("P1", seen("sstr_pet", suv_max=30.0), region="tail")
    assert asked(case(shown), "sstr_rads").possible == ["4", "5"]
    alone = lesion("P1", seen("sstr_pet", suv_max=30.0), not_seen("ct"), region="tail")
    assert asked(case(alone), "sstr_rads").value == "4"


def test_figures_of_a_cohort_are_printed_only_for_a_patient_of_that_cohort() -> None:
    metastasis = lesion("L1", seen("ct", long_axis=20), seen("sstr_pet", suv_max=30), not_seen("fdg_pet"), region="7")
    known = {"tumour": {"sites": ["pancreas", "liver"]}}
    assert "cohort_figure" in asked(case(P1, metastasis), "netpet").flag_codes()
    assert "cohort_figure" in asked(case(metastasis, clinical=known), "netpet").flag_codes()
    assert "cohort_figure" not in asked(case(metastasis), "netpet").flag_codes()
    assert "cohort_figure" not in asked(case(P1), "netpet").flag_codes()


def test_volume_is_a_lower_bound_where_a_lesion_lies_outside() -> None:
    whole = lesion("P1", seen("ct", long_axis=30), seen("sstr_pet", suv_max=30.0, suv_mean=18.0, volume=10.0))
    outside = lesion("O1", seen("ct", long_axis=20), not_covered("sstr_pet"), region="femur")
    quiet = lesion("L1", seen("ct", long_axis=20), not_seen("sstr_pet"), region="7")
    result = asked(case(whole, quiet), "tumour_volume", "sstr_pet")
    assert result.value == "SSTR-TV 10 mL"
    bound = asked(case(whole, quiet, outside), "tumour_volume", "sstr_pet")
    assert bound.provisional
    assert {"lower_bound"} <= bound.flag_codes()
    assert "volume of O1" in bound.missing


def test_the_outlining_rule_is_named() -> None:
    observation = seen("sstr_pet", suv_max=30.0, suv_mean=18.0)
    observation.measurements["volume"] = measured("volume", 10.0, "mL", method="45% of SUVmax 30.00")
    result = asked(case(lesion("P1", seen("ct", long_axis=30), observation)), "tumour_volume", "sstr_pet")
    assert "45 % of SUVmax" in result.because
    assert not result.provisional


def test_prrt_supports_and_says_what_is_open() -> None:
    result = asked(case(P1, clinical={"histology": G2}), "prrt")
    assert result.value == "imaging supports discussion of PRRT"
    assert "laboratory_open" in result.flag_codes()
    assert asked(case(P1, COLD), "prrt").value == "PRRT alone is not supported by imaging; for the tumour board"
    lone = lesion("P1", seen("ct", long_axis=12), not_seen("sstr_pet"), not_seen("fdg_pet"), region="tail")
    assert asked(case(lone), "prrt").value == "SSTR uptake does not support discussion of PRRT"


def test_prrt_needs_a_scan_of_the_last_months() -> None:
    given = case(P1, exams={"sstr_pet": "2025-08-01", "ct": "2026-03-02"})
    assert asked(given, "prrt").value is None


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"clinical": {"laboratory": {"egfr_ml_min": 39}}}, "renal_estimated"),
        ({"clinical": {"laboratory": {"platelets_10e9_l": 70}}}, "marrow_platelets"),
        ({"clinical": {"laboratory": {"platelets_10e9_l": "low"}}}, "laboratory_open"),
        ({"clinical": {"constraints": {"pregnant": True}}}, "red_flag"),
        ({"structures": [structure("ureter", dilated="yes")]}, "red_flag"),
        ({"clinical": {"histology": {"sample": "P1", "grade": "NEC", "ki67_percent": 80}}}, "outside_trial_population"),
    ],
)
def test_warnings_never_change_the_outcome(more: dict[str, Any], flag: str) -> None:
    result = asked(case(P1, **more), "prrt")
    assert flag in result.flag_codes()
    assert result.value == "imaging supports discussion of PRRT"


@pytest.mark.parametrize(("tumour_ml", "told"), [(500.0, False), (600.0, True)])
def test_bulky_liver_disease_is_a_warning(tumour_ml: float, told: bool) -> None:
    metastasis = lesion("L1", seen("ct", long_axis=90, volume=tumour_ml), seen("sstr_pet", suv_max=30.0), region="7")
    whole = liver({}, whole_volume=1000.0, tumour_volume=tumour_ml)
    result = asked(case(P1, metastasis, liver=[whole]), "prrt")
    assert any("bulky" in flag.text for flag in result.flags) == told


def test_extrahepatic_axis() -> None:
    regional = lesion("N1", seen("ct", short_axis=12), region="celiac")
    bones = [lesion(f"O{i}", seen("sstr_pet", suv_max=9.0), region="spine") for i in range(1, 7)]
    assert asked(case(P1), "extrahepatic").value == "none"
    assert asked(case(P1, regional), "extrahepatic").value == "regional"
    assert asked(case(P1, bones[0]), "extrahepatic").value == "limited_unresectable"
    assert asked(case(P1, *bones), "extrahepatic").value == "diffuse"
    narrow = asked(case(P1, regions=("pancreas", "liver", "abdominal_nodes", "peritoneum")), "extrahepatic")
    assert narrow.value is None
    assert narrow.missing == ["examination of: bone", "examination of: lung"]


def test_unsure_foci_outside_the_liver_leave_the_axis_provisional() -> None:
    unsure = lesion("N1", seen("sstr_pet", suv_max=4.0), verdict=Verdict.UNSURE, region="mediastinal")
    result = asked(case(P1, unsure), "extrahepatic")
    assert (result.value, result.provisional) == ("none", True)
    (flag,) = [flag for flag in result.flags if flag.code == "UNSURE"]
    assert flag.text == "Not counted because unsure: N1."
    assert [branch.text for branch in result.branches] == [
        "No lesion outside the liver is held to be tumour; those left unsure are not counted."
    ]


def test_a_patient_with_unsure_foci_alone_gets_no_class_of_uptake() -> None:
    unsure = lesion("L1", seen("sstr_pet", suv_max=9.0), seen("fdg_pet", suv_max=6.0), verdict=Verdict.UNSURE)
    for name in ("netpet", "karfis", "zidan"):
        assert asked(case(unsure), name).state is State.MISSING


def test_unmatched_foci_do_not_make_limited_disease_diffuse() -> None:
    on_sstr = [lesion(f"O{i}", seen("sstr_pet", suv_max=9.0), region="spine") for i in range(1, 4)]
    on_fdg = [lesion(f"O{i}", seen("fdg_pet", suv_max=9.0), region="spine") for i in range(4, 7)]
    open_still = asked(case(P1, *on_sstr, *on_fdg), "extrahepatic")
    assert open_still.possible == ["limited_unresectable", "diffuse"]
    assert open_still.missing == ["number of lesions: bone"]
    assert asked(case(P1, *on_sstr), "extrahepatic").value == "limited_unresectable"
    many = [lesion(f"O{i}", seen("sstr_pet", suv_max=9.0), region="spine") for i in range(10, 13)]
    assert asked(case(P1, *on_sstr, *many, *on_fdg), "extrahepatic").value == "diffuse"


def test_what_a_reader_entered_counts_where_no_exam_shows_it() -> None:
    def entered(**value: Any) -> Answer:
        return Answer(value=value, source=Origin.ENTERED, by="A. Reader")

    narrow = ("pancreas", "liver", "abdominal_nodes", "peritoneum")
    answers = {"BON.les": entered(kinds=["lytic"], count=3, fracture_risk=False), "LNG.nod": entered(count=0)}
    result = asked(case(P1, regions=narrow, answers={"baseline": answers}), "extrahepatic")
    assert result.value == "limited_unresectable"
    uncounted = {**answers, "BON.les": entered(kinds=["lytic"], fracture_risk=False)}
    open_still = asked(case(P1, regions=narrow, answers={"baseline": uncounted}), "extrahepatic")
    assert open_still.possible == ["limited_unresectable", "diffuse"]


def test_a_node_whose_reach_is_open_leaves_the_axis_open() -> None:
    node = lesion("N1", seen("ct", short_axis=12), region="splenic_hilum")
    unknown_part = lesion("P1", seen("ct", long_axis=30))
    result = asked(case(unknown_part, node), "extrahepatic")
    assert result.value is None
    assert "regional" in result.possible or "none" in result.possible


MEN1 = {"germline": "MEN1", "hormones": {"syndrome": "none"}}


def six(*sizes: float) -> list[Lesion]:
    return [lesion(f"P{i}", seen("ct", long_axis=size), region="tail") for i, size in enumerate(sizes, 1)]


def test_every_tumour_in_men1_and_the_largest_otherwise() -> None:
    given = case(*six(21, 14, 9), clinical=MEN1)
    assert asked(given, "hereditary_size", "P1").value == "above_limit"
    assert asked(given, "hereditary_size", "P2").value == "below_limit"
    assert "ABOVE_OLD_LIMIT" in asked(given, "hereditary_size", "P2").flag_codes()
    sporadic = case(*six(21, 14), clinical={**MEN1, "germline": "none found"})
    assert asked(sporadic, "hereditary_size", "P1").value == "above_limit"
    assert gathered(sporadic, *GROUPS).get("hereditary_size", "P2") is None
    assert gathered(case(*six(21), clinical={"germline": "NF1"}), *GROUPS).get("hereditary_size", "P1") is None


def test_no_size_rule_without_a_germline_test_or_with_distant_spread() -> None:
    untested = case(*six(14), clinical={**MEN1, "germline": "not tested"})
    assert gathered(untested, *GROUPS).get("hereditary_size", "P1") is None
    metastasis = lesion("L1", seen("ct", long_axis=20), region="7")
    assert gathered(case(*six(14), metastasis, clinical=MEN1), *GROUPS).get("hereditary_size", "P1") is None


def test_the_transplant_screen_arises_with_liver_metastases_only() -> None:
    assert gathered(case(P1), *GROUPS).get("transplant_screen") is None
    metastasis = lesion("L1", seen("ct", long_axis=20), region="7")
    assert asked(case(P1, metastasis, clinical={"histology": G2}), "transplant_screen").value == "not_met"
    resected = {"histology": G2, "tumour": {"resected_on": "2025-01-10", "resection_complete": True}}
    open_still = asked(case(metastasis, clinical=resected), "transplant_screen")
    assert open_still.value is None
    assert "age" in open_still.missing


def test_phenotype_against_histology() -> None:
    result = asked(case(P1, COLD, clinical={"histology": G2}), "phenotype_histology")
    assert result.value == "discordant"
    assert result.because.startswith("ALERT, discordance: histology G2 at P1 against FDG-positive")
    assert asked(case(P1, clinical={"histology": G2}), "phenotype_histology").value == "concordant"
    assert asked(case(P1, COLD), "phenotype_histology").value is None


def test_benign_lesions_do_not_count() -> None:
    cyst = lesion("X1", seen("ct", long_axis=40), verdict=Verdict.PHYSIOLOGIC, explained_by="cyst")
    assert asked(case(P1, cyst), "krenning").parts == asked(case(P1), "krenning").parts


def test_a_missing_reference_leaves_the_score_open() -> None:
    means = {TracerClass.SSTR: {name: SSTR_REFERENCES[name] for name in ("blood_pool", "liver")}}
    result = asked(case(P1, references=means), "krenning")
    assert result.value is None
    assert any("spleen" in lack for lack in result.missing)
