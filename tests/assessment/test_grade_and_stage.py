"""Grade of the samples and TNM from findings, clinical file and reader's answers."""

from __future__ import annotations

from typing import Any

import pytest

from isletscope.assessment.grade import assess_grade
from isletscope.assessment.stage import assess_stage
from isletscope.assessment.uptake import assess_uptake
from isletscope.model import Answer, Conclusion, Lesion, Origin, Verdict
from tests.assessment.cases import case, gathered, lesion, not_covered, not_seen, seen, vessel

WELL = {"sample": "EUS-guided biopsy of the primary", "differentiation": "well"}
G2 = {**WELL, "ki67_percent": 8, "mitoses_per_2mm2": 4}
ORGANS = ("duodenum", "stomach", "spleen", "colon", "adrenal_gland", "common_bile_duct")


def primary(size_mm: float = 30, region: str = "tail", name: str = "P1", **more: Any) -> Lesion:
    return lesion(name, seen("ct", long_axis=size_mm), seen("sstr_pet", suv_max=30.0), region=region, **more)


def node(name: str, region: str, **more: Any) -> Lesion:
    return lesion(name, seen("ct", short_axis=12), seen("sstr_pet", suv_max=9.0), region=region, **more)


def free_of_organs(name: str = "P1") -> list[Any]:
    arteries = ("celiac_artery", "superior_mesenteric_artery")
    return [vessel(name, organ, relation="none") for organ in ORGANS] + [vessel(name, one, 0.0) for one in arteries]


def concluded(criterion: str, *lesions: Lesion, **more: Any) -> Conclusion:
    """Only the groups of this page are asked, as local classes take time."""
    found = gathered(case(*lesions, **more), assess_grade, assess_stage, assess_uptake).get(criterion)
    assert found is not None
    return found


def stage(*lesions: Lesion, **more: Any) -> Conclusion:
    return concluded("tnm", *lesions, **{"clinical": {"histology": G2}, "vessels": free_of_organs(), **more})


def entered(**value: Any) -> Answer:
    return Answer(value=value, source=Origin.ENTERED, by="A. Reader")


def test_grade_of_the_sampled_primary() -> None:
    result = concluded("who_grade", primary(), clinical={"histology": {**G2, "sampled_on": "2026-01-05"}})
    assert (result.value, result.provisional) == ("NET G2", False)
    assert result.rests_on == ["clinical/histology"]


@pytest.mark.parametrize(("ki67", "value"), [("2 %", "NET G1"), ("3-5 %", "NET G2"), ("2 to 4 %", "NET G2")])
def test_a_range_of_ki67_counts_at_its_upper_end(ki67: str, value: str) -> None:
    clinical = {"histology": {**WELL, "ki67_percent": ki67, "mitoses_per_2mm2": 1}}
    result = concluded("who_grade", primary(), clinical=clinical)
    assert result.value == value
    assert result.provisional == (ki67 == "2 to 4 %")
    if ki67 != "2 %":
        (flag,) = [flag for flag in result.flags if flag.code == "ki67_range"]
        assert ki67.replace("-", " to ") in flag.text


def test_without_a_sample_the_grade_names_what_is_missing() -> None:
    result = concluded("who_grade", primary())
    assert (result.value, result.missing[:2]) == (None, ["Ki-67", "mitoses per 2 mm²"])


def test_minen_is_not_graded_away() -> None:
    clinical = {"histology": {"sample": "P1", "grade": "MiNEN", "ki67_percent": 60}}
    result = concluded("who_grade", primary(), clinical=clinical)
    assert (result.value, result.provisional) == ("MiNEN", True)


def test_an_entered_grade_outranks_the_clinical_file() -> None:
    answers = {"baseline": {"CTX.histology": entered(type="g3", ki67_percent=30, lesion="P1")}}
    result = concluded("who_grade", primary(), clinical={"histology": G2}, answers=answers)
    assert (result.value, result.rests_on) == ("NET G3", ["answer/CTX.histology"])


def test_an_entered_absence_of_histology_outranks_the_clinical_file() -> None:
    answers = {"baseline": {"CTX.histology": entered(type="none")}}
    assert concluded("who_grade", primary(), clinical={"histology": G2}, answers=answers).value is None


@pytest.mark.parametrize(
    ("sample", "named"),
    [
        ("EUS biopsy of the primary", "P1"),
        ("biopsy of L2", "L2"),
        ("needle biopsy of a liver metastasis", None),
        ("biopsy of the largest liver metastasis", "L1"),
        ("biopsy", None),
    ],
)
def test_a_sample_belongs_to_a_lesion_only_where_one_can_be_meant(sample: str, named: str | None) -> None:
    liver = [lesion(name, seen("ct", long_axis=size), region="7") for name, size in (("L1", 30), ("L2", 20))]
    found = concluded("who_grade", primary(), *liver, clinical={"histology": {**G2, "sample": sample}})
    assert found.value == "NET G2"
    printed = next(one.text for one in found.evidence if one.text.startswith("sample: ")).removeprefix("sample: ")
    assert printed == (named or sample)


def test_a_localised_tumour() -> None:
    result = stage(primary())
    assert result.value == "cT2 cN0 cM0, stage II"
    assert not result.provisional
    assert any("CT, long axis" in one.text for one in result.evidence)


@pytest.mark.parametrize(("size_mm", "t"), [(19.9, "T1"), (20.0, "T2"), (40.0, "T2"), (40.1, "T3")])
def test_t_follows_the_largest_axis_on_ct(size_mm: float, t: str) -> None:
    shown = lesion("P1", seen("ct", long_axis=12, craniocaudal=size_mm), seen("mri", long_axis=50), region="body")
    result = stage(shown, exams={"ct": "2026-03-02", "mri": "2026-03-03"})
    assert result.parts["T"] == t


def test_several_primaries_carry_their_number_and_the_largest_decides() -> None:
    result = stage(primary(22, "tail"), primary(9, "head", "P2"), vessels=free_of_organs() + free_of_organs("P2"))
    assert result.parts["T"] == "T2(2)"


def test_foci_that_nobody_matched_are_not_several_primaries() -> None:
    on_sstr = lesion("P1", seen("sstr_pet", suv_max=30.0), region="tail")
    on_fdg = lesion("P2", seen("fdg_pet", suv_max=9.0), region="tail")
    result = stage(on_sstr, on_fdg)
    assert result.parts["T"] == "TX"
    (flag,) = [flag for flag in result.flags if flag.code == "number_open"]
    assert flag.text == "P1 and P2 were not matched between exams and may be one tumour; their number is at least 1."
    apart = [on_sstr, lesion("P2", not_seen("sstr_pet"), seen("fdg_pet", suv_max=9.0), region="tail")]
    assert stage(*apart).parts["T"] == "TX(2)"


def test_an_entered_size_outranks_the_measurement() -> None:
    answers = {"baseline": {"PRI.size": entered(longest_mm=45, second_mm=40, third_mm=30, phase="arterial")}}
    result = stage(primary(30), answers=answers)
    assert result.parts["T"] == "T3"
    assert "answer/PRI.size" in result.rests_on


def test_pet_alone_gives_no_size() -> None:
    result = stage(lesion("P1", seen("sstr_pet", suv_max=30.0, volume=14.0), region="tail"))
    assert result.parts["T"] == "TX"
    assert "size of the primary" in result.missing


def test_growth_not_looked_for_leaves_the_stage_provisional() -> None:
    result = stage(primary(), vessels=[])
    assert result.provisional
    assert result.missing == ["growth into neighbouring organs and vessels"]


@pytest.mark.parametrize(
    ("organ", "t"), [("duodenum", "T3"), ("common_bile_duct", "T3"), ("stomach", "T4"), ("adrenal_gland", "T4")]
)
def test_growth_into_an_organ(organ: str, t: str) -> None:
    beside = [one for one in free_of_organs() if one.vessel != organ] + [vessel("P1", organ, relation="invade")]
    assert stage(primary(), vessels=beside).parts["T"] == t
    touched = [one for one in free_of_organs() if one.vessel != organ] + [vessel("P1", organ, relation="abut")]
    assert stage(primary(), vessels=touched).parts["T"] == "T2"


@pytest.mark.parametrize(("degrees", "t"), [(180.0, "T2"), (181.0, "T4")])
def test_an_encased_artery_counts_as_grown_into_and_says_so(degrees: float, t: str) -> None:
    beside = [one for one in free_of_organs() if one.vessel != "superior_mesenteric_artery"]
    result = stage(primary(), vessels=[*beside, vessel("P1", "superior_mesenteric_artery", degrees)])
    assert result.parts["T"] == t
    assert ("t4_by_encasement" in result.flag_codes()) == (t == "T4")


def test_an_encased_vein_leaves_t_to_size() -> None:
    beside = [*free_of_organs(), vessel("P1", "superior_mesenteric_vein", 220.0)]
    result = stage(primary(), vessels=beside)
    assert result.parts["T"] == "T2"
    assert "t4_by_registry_coding" in result.flag_codes()


@pytest.mark.parametrize(
    ("region", "site", "n", "m"),
    [
        ("celiac", "tail", "N1", "M0"),
        ("splenic_hilum", "tail", "N1", "M0"),
        ("splenic_hilum", "head", "N0", "M1b"),
        ("13", "head", "N1", "M0"),
        ("supraclavicular", "tail", "N0", "M1b"),
    ],
)
def test_nodes_are_regional_or_distant_by_station_and_site(region: str, site: str, n: str, m: str) -> None:
    result = stage(primary(30, site), node("N1", region))
    assert (result.parts["N"], result.parts["M"]) == (n, m)


def test_a_node_of_unknown_station_leaves_both_readings() -> None:
    result = stage(primary(), node("N1", ""))
    assert result.value is None
    assert result.possible == ["cT2 cN1 cM0, stage III", "cT2 cN0 cM1b, stage IV"]
    assert result.missing == ["station of N1"]
    assert result.parts == {"T": "T2", "edition": "AJCC 8"}


def test_a_primary_of_unknown_part_leaves_both_readings_where_it_matters() -> None:
    result = stage(primary(30, ""), node("N1", "splenic_hilum"))
    assert len(result.possible) == 2
    assert stage(primary(30, "")).value == "cT2 cN0 cM0, stage II"


def test_liver_bone_and_an_unnamed_lesion() -> None:
    liver = lesion("L1", seen("ct", long_axis=20), region="7")
    bone = lesion("O1", seen("sstr_pet", suv_max=9.0), region="L2")
    unnamed = lesion("X1", seen("sstr_pet", suv_max=9.0), site="not known")
    assert stage(primary(), liver).parts["M"] == "M1a"
    assert stage(primary(), bone).parts["M"] == "M1b"
    assert stage(primary(), liver, bone).parts["M"] == "M1c"
    assert stage(primary(), unnamed).parts["M"] == "M1"


def test_a_sampled_metastasis_is_proven() -> None:
    liver = lesion("L1", seen("ct", long_axis=20), region="7")
    clinical = {"histology": {**G2, "sample": "needle biopsy of a liver metastasis"}}
    assert stage(primary(), liver, clinical=clinical).value == "cT2 cN0 pM1a, stage IV"


def test_regions_that_no_exam_shows_are_named() -> None:
    result = stage(primary(), regions=("pancreas", "abdominal_nodes", "liver", "peritoneum"))
    assert result.provisional
    assert result.missing == ["lung", "bone"]
    without = stage(primary(), coverage={"pancreas": ["baseline-ct/ct"]})
    assert {"regional nodes", "distant sites"} <= set(without.missing)


def test_no_primary_found_is_said_only_where_the_pancreas_was_shown() -> None:
    liver = lesion("L1", seen("ct", long_axis=20), region="7")
    assert stage(liver).parts["T"] == "T0"
    assert stage(liver, regions=("liver", "abdominal_nodes")).parts["T"] == "TX"
    resected = {"histology": G2, "tumour": {"resected_on": "2025-01-10"}}
    assert stage(liver, clinical=resected).parts["T"] == "TX"
    unsure = lesion("P1", seen("sstr_pet", suv_max=6.0), verdict=Verdict.UNSURE)
    result = stage(liver, unsure)
    assert result.parts["T"] == "TX"
    assert "unsure_not_counted" in result.flag_codes()


def test_an_unsure_node_is_no_absence_of_nodes() -> None:
    unsure = node("N1", "mediastinal", verdict=Verdict.UNSURE)
    result = stage(primary(), unsure)
    assert (result.value, result.provisional) == ("cT2 cN0 cM0, stage II", True)
    assert "No suspicious" not in result.because
    assert "unsure, in doubt not counted: N1" in result.because


def test_an_unsure_lesion_of_the_liver_is_no_absence_of_metastases() -> None:
    foci = [lesion(f"L{n}", seen("ct", long_axis=12), verdict=Verdict.UNSURE, region="7") for n in range(1, 10)]
    few, many = stage(primary(), foci[0]), stage(primary(), *foci)
    for result in (few, many):
        assert (result.parts["M"], result.provisional) == ("M0", True)
        assert "No distant metastasis" not in result.because
    assert "in doubt not counted: L1. M0 until settled." in few.because
    assert "in doubt not counted: L1, L2, L3, L4, L5, L6 and 3 more. M0 until settled." in many.because


def test_the_date_of_diagnosis_decides_on_the_edition() -> None:
    for sampled, edition in (("2023-12-31", "AJCC 8"), ("2024-01-01", "AJCC Version 9")):
        result = stage(primary(), clinical={"histology": {**G2, "sampled_on": sampled}})
        assert result.parts["edition"] == edition


def test_carcinoma_takes_the_exocrine_table() -> None:
    clinical = {"histology": {"sample": "P1", "grade": "NEC", "ki67_percent": 80}}
    result = stage(primary(), clinical=clinical)
    assert result.parts["edition"] == "AJCC 8 (exocrine pancreas)"


def test_what_was_not_covered_is_not_negative() -> None:
    shown = lesion("P1", seen("ct", long_axis=30), not_covered("sstr_pet"), region="tail")
    cold = lesion("P1", seen("ct", long_axis=30), not_seen("sstr_pet"), region="tail")
    assert concluded("krenning", shown).value is None
    assert concluded("krenning", cold).value == "0 highest, 0 lowest"


def test_a_readers_answers_stage_a_case_that_no_lesion_was_measured_in() -> None:
    answers = {
        "PRI.seen": Answer(value="seen", source=Origin.ENTERED, by="A. Reader"),
        "PRI.site": entered(region="head"),
        "PRI.size": entered(longest_mm=34, second_mm=31, third_mm=28, phase="arterial"),
        "PRI.number": entered(count=2),
        "LN.regional": entered(state="suspicious", nodes=[{"station": "13", "count": 2, "short_axis_mm": 11}]),
        "LIV.count": entered(group="4-10"),
        "BON.les": entered(kinds=["none"], fracture_risk=False),
        "PER.nod": entered(certainty="none", ascites="none"),
        "LNG.nod": entered(count=0),
    }
    result = stage(answers={"baseline": answers}, coverage={}, vessels=[])
    assert result.value == "cT2(2) cN1 cM1a, stage IV"
    assert result.missing == ["growth into neighbouring organs and vessels"]
    assert {"answer/PRI.size", "answer/LN.regional", "answer/LIV.count"} <= set(result.rests_on)


def test_entered_nodes_stand_in_place_of_regional_ones_and_leave_distant_ones() -> None:
    answers = {"baseline": {"LN.regional": entered(state="none")}}
    result = stage(primary(), node("N1", "celiac"), node("N2", "supraclavicular"), answers=answers)
    assert (result.parts["N"], result.parts["M"]) == ("N0", "M1b")


def test_an_entered_node_without_a_known_station_is_not_placed() -> None:
    answers = {"baseline": {"LN.regional": entered(state="suspicious", nodes=[{"station": "behind", "count": 1}])}}
    result = stage(primary(), answers=answers)
    assert result.missing == ["station of node (behind)"]


def test_a_primary_that_a_reader_does_not_see() -> None:
    unseen = {"baseline": {"PRI.seen": Answer(value="not_seen", source=Origin.ENTERED, by="A. Reader")}}
    liver = lesion("L1", seen("ct", long_axis=20), region="7")
    assert stage(liver, answers=unseen, regions=("liver",)).parts["T"] == "T0"
