"""Answers that the program proposes: what the findings hold, what no exam shows, and what only a reader can say."""

from __future__ import annotations

from typing import Any

import pytest

from isletscope.assessment.proposals import PROPOSERS
from isletscope.assessment.view import views
from isletscope.criteria import all_criteria
from isletscope.items import catalogue, read_answers
from isletscope.model import (
    Answer,
    AssessedTimePoint,
    Case,
    Exam,
    ItemState,
    Lesion,
    Origin,
    QualityFinding,
    Role,
    Severity,
    Verdict,
)
from tests.assessment.cases import (
    assessed,
    case,
    lesion,
    liver,
    not_covered,
    not_seen,
    seen,
    structure,
    vessel,
)

CLINICAL: dict[str, Any] = {
    "question": "resectability",
    "hormones": {"syndrome": "none"},
    "germline": "none found",
    "treatment": [],
    "histology": {
        "sample": "biopsy of the primary",
        "differentiation": "well",
        "ki67_percent": 8,
        "mitoses_per_2mm2": 5,
    },
    "laboratory": {"egfr_ml_min": 84},
    "constraints": {"iodinated_contrast_reaction": "none", "gadolinium_reaction": "mild"},
}


def tail_tumour(**more: Any) -> Lesion:
    on_ct: dict[str, Any] = {
        "long_axis": 24,
        "short_axis": 20,
        "craniocaudal": 18,
        "largest_diameter": 25,
        "volume": 5.2,
    }
    return lesion(
        "P1",
        seen("ct", margin="lobulated", nature="solid", calcification="none", **on_ct, **more),
        seen("sstr_pet", suv_max=30, suv_mean=20, volume=6.1, to_liver=6.0),
        seen("fdg_pet", suv_max=3, volume=5.0, total_uptake=12),
        region="tail",
    )


def value(found: AssessedTimePoint, item: str, part: str = "value") -> Any:
    answer = found.answers[item]
    assert isinstance(answer.value, dict), f"{item}: {answer}"
    return answer.value.get(part)


def state(found: AssessedTimePoint, item: str) -> ItemState:
    assert found.completeness is not None
    return found.completeness.of(item).state


def why(found: AssessedTimePoint, item: str) -> str:
    assert found.completeness is not None
    return found.completeness.of(item).because


# The catalogue and the proposers.


def test_every_item_with_a_proposal_has_a_proposer_and_the_other_way_round() -> None:
    told = {item.id for item in catalogue().items.values() if item.proposal is not None}
    assert told == set(PROPOSERS)


def test_only_the_sign_off_is_left_to_the_reader_alone() -> None:
    assert set(catalogue().items) - set(PROPOSERS) == {"SUM.critical"}


def check(found: AssessedTimePoint) -> None:
    """The catalogue's own check of a reader's answers, applied to what was proposed; every proposal explains itself."""
    answers = {item: answer.model_dump(mode="json") for item, answer in found.answers.items()}
    read_answers({"exams": found.exams, "facts": found.facts, "answers": answers}, catalogue())
    for item, answer in found.answers.items():
        if answer.source is Origin.PROPOSED:
            assert answer.by
            assert answer.value is None or answer.because, item


def test_a_full_case_gives_valid_answers_that_rest_on_something() -> None:
    found = assessed(full_case())
    check(found)
    unsupported = {item for item, answer in found.answers.items() if answer.value is not None and not answer.rests_on}
    assert unsupported <= {"CTX.prior", "LN.caveat", "LIV.missed", "THY", "PIT", "PTH", "BRN", "CNS"}


def test_what_a_criterion_proposes_rests_on_its_conclusion() -> None:
    found = assessed(full_case())
    for item, answer in found.answers.items():
        if answer.by in all_criteria() and answer.value is not None:
            assert any(one.startswith("conclusion/") for one in answer.rests_on), item


def full_case() -> Case:
    return case(
        tail_tumour(),
        lesion(
            "N1", seen("ct", short_axis=11, long_axis=14, shape="round"), seen("sstr_pet", suv_max=12), region="celiac"
        ),
        lesion("L1", seen("ct", long_axis=30, volume=14), seen("sstr_pet", suv_max=25, suv_mean=14), region="7"),
        lesion("O1", not_seen("ct"), seen("sstr_pet", suv_max=9), region="L2"),
        clinical=CLINICAL,
        vessels=[vessel("P1", "splenic_vein", 72, contact_length=9, narrowing=4, thrombus="none")],
        structures=[structure("pancreatic_duct", calibre_upstream=2.4, calibre_downstream=2.0, transition="none")],
        liver=[liver({"7": (250.0, 14.0), "8": (300.0, 0.0)}, whole_volume=1500, tumour_volume=14)],
    )


# Context.


def test_context_comes_from_the_clinical_file() -> None:
    found = assessed(case(tail_tumour(), clinical=CLINICAL))
    assert value(found, "CTX.question") == ["plan_surgery"]
    assert value(found, "CTX.syndrome") == "none"
    assert value(found, "CTX.histology", "type") == "g2"
    assert value(found, "CTX.treatment", "given") == ["none"]
    assert value(found, "CTX.renal", "egfr") == 84
    assert value(found, "CTX.allergy") == ["gadolinium"]


def test_an_empty_clinical_file_answers_nothing_of_the_patient() -> None:
    found = assessed(case(tail_tumour()))
    for item in ("CTX.question", "CTX.hormone", "CTX.syndrome", "CTX.histology", "CTX.treatment"):
        assert state(found, item) is ItemState.OPEN


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("177Lu-DOTATATE, 4 x 7.4 GBq", "prrt"),
        ("lanreotide 120 mg every four weeks", "ssa"),
        ("everolimus 10 mg", "targeted"),
        ("CAPTEM: capecitabine and temozolomide", "chemotherapy"),
        ("distal pancreatectomy 2021", "surgery"),
        ("bland embolisation of the right liver", "embolisation"),
        ("diazoxide", "other"),
    ],
)
def test_a_treatment_is_known_by_its_words(text: str, named: str) -> None:
    found = assessed(case(tail_tumour(), clinical={"treatment": [text]}))
    assert value(found, "CTX.treatment", "given") == [named]


def test_one_reaction_that_is_not_known_keeps_the_question_open() -> None:
    clinical = {"constraints": {"iodinated_contrast_reaction": "none"}}
    assert "CTX.allergy" not in assessed(case(tail_tumour(), clinical=clinical)).answers


# Exams.


def with_finding(severity: Severity) -> Case:
    made = case(tail_tumour())
    first: Exam = made.exams[0]
    finding = QualityFinding(code="missing_slices", severity=severity, problem="3 slices are missing")
    series = first.series[0].model_copy(update={"findings": [finding]})
    return made.model_copy(update={"exams": [first.model_copy(update={"series": [series]}), *made.exams[1:]]})


def test_a_fault_of_a_series_limits_the_quality_and_a_remark_does_not() -> None:
    limited = assessed(with_finding(Severity.WARNING))
    assert value(limited, "CTX.quality") == "limited"
    assert "3 slices are missing" in value(limited, "CTX.quality", "reason")
    assert value(assessed(with_finding(Severity.INFO)), "CTX.quality") == "diagnostic"


def test_two_pet_scans_have_a_row_each_and_one_fills_the_parts() -> None:
    both = assessed(case(tail_tumour()))
    assert [row["tracer"] for row in value(both, "CTX.technique", "pet")] == ["68Ga-DOTATATE", "18F-FDG"]
    one = assessed(case(tail_tumour(), exams={"sstr_pet": "2026-03-09"}))
    assert value(one, "CTX.technique", "tracer") == "68Ga-DOTATATE"


def test_days_between_the_two_pet_scans() -> None:
    assert value(assessed(case(tail_tumour())), "PET.timing", "days_between") == 3


def test_a_reference_region_that_could_not_be_measured_is_named() -> None:
    made = case(tail_tumour())
    reading = made.readings[0]
    regions = [
        one.model_copy(update={"state": "missing", "mean": None, "missing_because": "too many metastases"})
        if one.name == "liver"
        else one
        for one in reading.references
    ]
    changed = made.model_copy(
        update={"readings": [reading.model_copy(update={"references": regions}), *made.readings[1:]]}
    )
    found = assessed(changed)
    assert value(found, "PET.bg", "unusable") == ["liver"]
    assert value(found, "PET.bg", "liver_suv_mean") is None
    assert state(found, "PET.bg") is ItemState.ANSWERED
    assert "too many metastases" in found.answers["PET.bg"].because


# Primary.


def test_the_primary_is_described_from_its_observations() -> None:
    found = assessed(case(tail_tumour(hu_late_arterial=160, organ_hu_late_arterial=110)))
    assert value(found, "PRI.seen") == "seen"
    assert value(found, "PRI.site", "region") == "tail"
    sizes = [value(found, "PRI.size", part) for part in ("longest_mm", "second_mm", "third_mm")]
    assert sizes == [25.0, 20.0, 18.0]
    assert value(found, "PRI.margin") == "lobulated"
    assert value(found, "PRI.enh_art", "level") == "hyper"
    assert value(found, "PRI.SSTR", "level") == "above_spleen"


@pytest.mark.parametrize(("tumour_hu", "level"), [(121.0, "hyper"), (120.9, "iso"), (99.1, "iso"), (99.0, "hypo")])
def test_brightness_by_the_ratio_of_attenuations(tumour_hu: float, level: str) -> None:
    found = assessed(case(tail_tumour(hu_late_arterial=tumour_hu, organ_hu_late_arterial=110)))
    assert value(found, "PRI.enh_art", "level") == level


def test_a_phase_that_was_not_acquired_is_not_assessable_and_one_of_unknown_kind_stays_open() -> None:
    made = case(tail_tumour(hu_portal_venous=100, organ_hu_portal_venous=95), exams={"ct": "2026-03-02"})
    found = assessed(made)
    assert found.answers["PRI.enh_art"].not_assessable == "no arterial phase was acquired"
    assert value(found, "PRI.HU", "not_acquired") == ["arterial"]
    assert state(found, "PRI.HU") is ItemState.ANSWERED
    exam: Exam = made.exams[0]
    unknown = exam.series[0].model_copy(update={"role": Role.CT_PHASE_UNKNOWN})
    changed = made.model_copy(update={"exams": [exam.model_copy(update={"series": [unknown]})]})
    assert state(assessed(changed), "PRI.enh_art") is ItemState.OPEN


def test_no_lesion_in_a_pancreas_that_exams_show_is_not_seen() -> None:
    found = assessed(case())
    assert value(found, "PRI.seen") == "not_seen"
    assert "CT, SSTR PET and FDG PET" in found.answers["PRI.seen"].because
    assert value(found, "PRI.SSTR_pattern") == "none"
    assert state(found, "PRI.margin") is ItemState.NOT_APPLICABLE


def test_a_pancreas_outside_every_exam_is_not_assessable() -> None:
    found = assessed(case(coverage={"pancreas": []}))
    assert found.answers["PRI.seen"].not_assessable
    assert state(found, "PRI.seen") is ItemState.NOT_ASSESSABLE


def test_a_region_of_which_nothing_is_known_stays_open() -> None:
    found = assessed(case(coverage={}))
    for item in ("PRI.seen", "LIV.count", "PER.nod", "BON.les", "LNG.nod", "LN.regional", "SUR.extrahepatic"):
        assert state(found, item) is ItemState.OPEN, item


def test_a_tumour_that_ct_does_not_show_has_no_look_on_ct() -> None:
    found = assessed(case(lesion("P1", not_seen("ct"), seen("sstr_pet", suv_max=12), region="body")))
    assert found.answers["PRI.margin"].not_assessable == "P1 is not seen on CT"
    assert state(found, "PRI.size") is ItemState.NOT_ASSESSABLE


def test_a_tumour_without_uptake_needs_no_suv() -> None:
    found = assessed(case(lesion("P1", seen("ct", long_axis=20), not_seen("sstr_pet"), region="tail")))
    assert value(found, "PRI.SSTR", "level") == "none"
    assert state(found, "PRI.SSTR") is ItemState.ANSWERED


def test_a_tumour_outside_the_pet_is_not_assessable_there() -> None:
    found = assessed(case(lesion("P1", seen("ct", long_axis=20), not_covered("sstr_pet"), region="tail")))
    assert found.answers["PRI.SSTR"].not_assessable == "P1 lies outside the images of SSTR PET"


def test_an_unsure_focus_is_equivocal() -> None:
    unsure = lesion("P1", seen("sstr_pet", suv_max=6), region="uncinate", verdict=Verdict.UNSURE)
    assert value(assessed(case(unsure)), "PRI.seen") == "equivocal"


# Vessels and ducts.


@pytest.mark.parametrize(
    ("degrees", "more", "group"),
    [
        (0, {}, "none"),
        (1, {}, "up_to_180"),
        (180, {}, "up_to_180"),
        (181, {}, "above_180"),
        (120, {"narrowing": 10}, "encased"),
        (120, {"narrowing": 9}, "up_to_180"),
        (120, {"contour": "irregular"}, "encased"),
        (0, {"narrowing": 40}, "none"),
    ],
)
def test_contact_with_an_artery(degrees: float, more: dict[str, Any], group: str) -> None:
    beside = vessel("P1", "superior_mesenteric_artery", degrees, **more)
    found = assessed(case(tail_tumour(), clinical=CLINICAL, vessels=[beside]))
    assert value(found, "VES.SMA") == group


def test_a_vein_full_of_tumour_has_no_angle_and_asks_for_its_extent() -> None:
    grown = vessel("P1", "portal_vein", thrombus="tumour", narrowing=0, clean_above=12, clean_below=4)
    inside = grown.model_copy(update={"contact_deg": {}})
    found = assessed(case(tail_tumour(), clinical=CLINICAL, vessels=[inside]))
    assert value(found, "VES.PV", "lumen") == "tumour_thrombus"
    assert state(found, "VES.PV") is ItemState.ANSWERED
    assert value(found, "SUR.thrombus_extent", "to_portal_bifurcation_mm") == 12
    assert state(found, "SUR.thrombus_extent") is ItemState.ANSWERED
    assert value(found, "SUR.vessel_table", "vessels")[0]["thrombus"] == "tumour"


def test_a_vein_of_which_nobody_said_that_it_is_open_lacks_its_lumen() -> None:
    found = assessed(case(tail_tumour(), clinical=CLINICAL, vessels=[vessel("P1", "portal_vein", 20, narrowing=5)]))
    assert state(found, "VES.PV") is ItemState.OPEN
    assert "lumen" in why(found, "VES.PV")


def test_vessel_items_are_not_asked_where_no_surgery_is_considered() -> None:
    made = case(tail_tumour(), vessels=[vessel("P1", "portal_vein", 20, narrowing=5, thrombus="none")])
    found = assessed(made.model_copy(update={"facts": {"baseline": {"surgery_considered": False}}}))
    assert "VES.PV" not in found.answers
    assert state(found, "VES.PV") is ItemState.NOT_APPLICABLE


def test_the_worst_of_several_primaries_is_the_one_reported() -> None:
    other = lesion("P2", seen("ct", long_axis=12), region="head")
    beside = [
        vessel(name, "portal_vein", angle, narrowing=0, thrombus="none") for name, angle in (("P1", 0), ("P2", 95))
    ]
    found = assessed(case(tail_tumour(), other, clinical=CLINICAL, vessels=beside))
    assert value(found, "VES.PV", "contact_deg") == 95
    assert [row["vessel"] for row in value(found, "SUR.vessel_table", "vessels")] == [
        "portal vein (P2)",
        "portal vein (P1)",
    ]


def test_a_duct_that_could_not_be_measured_is_not_assessable() -> None:
    missing = structure("pancreatic_duct")
    reason = {"name": "calibre", "state": "missing", "unit": "mm", "missing_because": "the duct is not visible"}
    held = missing.model_copy(update={"measurements": {"calibre_upstream": type(quantity()).model_validate(reason)}})
    found = assessed(case(tail_tumour(), structures=[held]))
    assert found.answers["MPD.cal"].not_assessable == "the duct is not visible"


def quantity() -> Any:
    return structure("pancreatic_duct", calibre=2.0).measurements["calibre"]


@pytest.mark.parametrize(("percent", "group"), [(9, "none"), (10, "below_50"), (50, "50_to_80"), (80, "from_80")])
def test_narrowing_of_the_coeliac_axis(percent: float, group: str) -> None:
    narrowed = structure("celiac_artery", narrowing=percent)
    found = assessed(case(tail_tumour(), clinical=CLINICAL, structures=[narrowed]))
    assert value(found, "SUR.coeliac_stenosis", "degree") == group


# Nodes, liver, elsewhere.


def test_a_node_counts_as_regional_or_distant_by_the_primary() -> None:
    near = lesion("N1", seen("ct", short_axis=12), region="splenic_hilum")
    found = assessed(case(tail_tumour(), near))
    assert value(found, "LN.regional", "nodes")[0]["short_axis_mm"] == 12
    assert value(found, "LN.distant", "sites") == ["none"]
    far = lesion("N1", seen("ct", short_axis=12), region="mediastinal")
    found = assessed(case(tail_tumour(), far))
    assert value(found, "LN.regional", "state") == "none"
    assert value(found, "LN.distant", "sites") == ["mediastinal"]


def test_a_node_on_pet_alone_needs_no_short_axis() -> None:
    node = lesion("N1", seen("sstr_pet", suv_max=14), region="celiac")
    found = assessed(case(tail_tumour(), node, exams={"sstr_pet": "2026-03-09"}))
    assert value(found, "LN.regional", "nodes")[0]["seen_on"] == "pet"
    assert state(found, "LN.regional") is ItemState.ANSWERED
    assert value(found, "LN.uptake", "state") == "sstr"


def test_a_node_on_ct_without_its_short_axis_is_not_complete() -> None:
    node = lesion("N1", seen("ct", long_axis=14), region="celiac")
    assert state(assessed(case(tail_tumour(), node)), "LN.regional") is ItemState.OPEN


GROUPS = {0: "0", 1: "1-3", 3: "1-3", 4: "4-10", 10: "4-10", 11: "11-20", 20: "11-20", 21: "above_20"}


@pytest.mark.parametrize(("count", "group"), GROUPS.items())
def test_groups_of_liver_metastases(count: int, group: str) -> None:
    found = assessed(case(*(lesion(f"L{one}", seen("ct", long_axis=9)) for one in range(1, count + 1))))
    assert value(found, "LIV.count", "group") == group


def test_one_metastasis_without_a_score_leaves_the_count_of_uptake_open() -> None:
    known = lesion("L1", seen("ct", long_axis=20), seen("sstr_pet", suv_max=22), region="7")
    unknown = lesion("L2", seen("ct", long_axis=20), region="6")
    found = assessed(case(known, unknown, exams={"ct": "2026-03-02", "sstr_pet": "2026-03-09"}))
    assert state(found, "LIV.SSTR") is ItemState.OPEN


def test_a_benign_liver_lesion_is_named_and_not_counted() -> None:
    cyst = lesion("L1", seen("ct"), region="4", verdict=Verdict.PHYSIOLOGIC, explained_by="simple hepatic cyst")
    found = assessed(case(cyst))
    assert value(found, "LIV.benign") == ["cyst"]
    assert value(found, "LIV.count", "group") == "0"


def test_fourth_segment_is_one_segment() -> None:
    found = assessed(case(lesion("L1", seen("ct", long_axis=9), region="4")))
    assert value(found, "LIV.lobes", "segments") == ["IV"]


def test_distances_of_a_metastasis_are_those_of_the_nearest_vein_and_pedicle() -> None:
    gaps = {"hepatic_vein_right": 12, "hepatic_vein_middle": 4, "portal_vein_right": 20, "portal_vein": 35}
    beside = [vessel("L1", name, distance=gap) for name, gap in gaps.items()]
    metastasis = lesion("L1", seen("ct", long_axis=20), region="8")
    found = assessed(case(metastasis, clinical={"question": "cytoreduction"}, vessels=beside))
    row = {"lesion": "L1", "hepatic_vein_mm": 4.0, "pedicle_mm": 20.0, "hilum_mm": 35.0}
    assert value(found, "SUR.lesion_distances", "lesions") == [row]


def test_without_a_plan_no_remnant_and_no_cleared_share_is_proposed() -> None:
    metastasis = lesion("L1", seen("ct", long_axis=20, volume=4), region="8")
    whole = liver({"7": (250.0, 0.0), "8": (300.0, 4.0)}, whole_volume=1500, tumour_volume=4)
    found = assessed(case(metastasis, clinical={"question": "cytoreduction"}, liver=[whole]))
    assert state(found, "LIV.remnant") is ItemState.OPEN
    assert state(found, "SUR.cytoreduction") is ItemState.OPEN


def test_background_is_normal_only_when_fat_and_cirrhosis_were_looked_for() -> None:
    whole = liver({"7": (250.0, 0.0)})
    told = whole.model_copy(update={"features": {"steatosis": "no", "cirrhosis": "no"}})
    half = whole.model_copy(update={"features": {"steatosis": "no"}})
    assert value(assessed(case(liver=[told])), "SUR.liver_background") == ["normal"]
    assert "SUR.liver_background" not in assessed(case(liver=[half])).answers


def test_a_bone_lesion_that_ct_does_not_show_is_said_so() -> None:
    found = assessed(case(lesion("O1", not_seen("ct"), seen("sstr_pet", suv_max=9), region="L2")))
    assert value(found, "BON.les", "kinds") == ["unseen_on_ct"]
    assert why(found, "BON.les") == "the answer lacks risk of fracture"


def test_no_bone_lesion_needs_no_word_on_fractures() -> None:
    found = assessed(case())
    assert value(found, "BON.les", "kinds") == ["none"]
    assert state(found, "BON.les") is ItemState.ANSWERED


def test_ascites_is_never_made_up() -> None:
    assert why(assessed(case()), "PER.nod") == "the answer lacks ascites"
    told = assessed(case(structures=[structure("ascites", extent="none")]))
    assert state(told, "PER.nod") is ItemState.ANSWERED


def test_a_lesion_left_unsure_is_never_counted_as_nothing_seen() -> None:
    names = {"N1": "mediastinum", "L1": "7", "O1": "L2", "X1": "neck"}
    doubtful = [
        lesion(one, seen("sstr_pet", suv_max=5), region=place, verdict=Verdict.UNSURE) for one, place in names.items()
    ]
    found = assessed(case(tail_tumour(), *doubtful))
    for item in ("LN.regional", "LN.uptake", "LN.distant", "LIV.count", "BON.les", "THY"):
        assert item not in found.answers, item
    assert "hepatectomy_considered" not in found.facts


def test_foci_that_nobody_matched_are_not_counted_twice() -> None:
    two = {"sstr_pet": "2026-03-09", "fdg_pet": "2026-03-12"}
    alone = [lesion("L1", seen("sstr_pet", suv_max=20)), lesion("L2", seen("fdg_pet", suv_max=9))]
    found = assessed(case(*alone, exams=two))
    assert value(found, "LIV.count", "group") == "1-3"
    assert value(found, "LIV.count", "count") is None
    pancreas = [lesion("P1", seen("sstr_pet", suv_max=20)), lesion("P2", seen("fdg_pet", suv_max=9))]
    assert "PRI.number" not in assessed(case(*pancreas, exams=two)).answers


def test_an_extent_on_pet_is_no_diameter() -> None:
    focus = lesion("L1", seen("sstr_pet", suv_max=20, largest_diameter=33), region="7")
    found = assessed(case(focus, exams={"sstr_pet": "2026-03-09"}))
    assert found.answers["LIV.size"].not_assessable
    assert "LIV.size" not in assessed(case(focus)).answers


def test_other_findings_are_said_only_by_a_reading() -> None:
    assert state(assessed(case()), "INC") is ItemState.OPEN
    assert value(assessed(case(structures=[structure("incidental", present="no")])), "INC", "found") is False


def test_a_value_that_cannot_be_is_not_proposed_and_said() -> None:
    found = assessed(case(lesion("P1", seen("ct", long_axis=0.4), region="tail")))
    assert "PRI.size" not in found.answers
    notes = [alert for alert in found.alerts if alert.code == "implausible_value"]
    assert len(notes) == 1
    assert "PRI.size" in notes[0].finding
    assert "1 to 400 mm" in notes[0].against


# A reader's answers.


def entered(given: Any) -> Answer:
    return Answer(value=given, source=Origin.ENTERED, by="A. Reader")


def test_a_reader_outranks_the_program_and_the_proposal_is_kept() -> None:
    made = case(tail_tumour(), answers={"baseline": {"PRI.margin": entered("ill_defined")}})
    found = assessed(made)
    assert found.answers["PRI.margin"].value == "ill_defined"
    assert found.set_aside["PRI.margin"].value == {"value": "lobulated"}
    notes = [alert for alert in found.alerts if alert.code == "reader_differs"]
    assert len(notes) == 1
    assert "ill_defined" in notes[0].finding
    assert "lobulated" in notes[0].against


def test_a_reader_who_agrees_raises_no_note() -> None:
    found = assessed(case(tail_tumour(), answers={"baseline": {"PRI.margin": entered({"value": "lobulated"})}}))
    assert found.set_aside == {}
    assert [alert for alert in found.alerts if alert.code == "reader_differs"] == []


def test_an_entered_fact_outranks_the_derived_one() -> None:
    made = case(tail_tumour(), clinical=CLINICAL)
    assert assessed(made).facts["surgery_considered"] is True
    changed = made.model_copy(update={"facts": {"baseline": {"surgery_considered": False}}})
    assert assessed(changed).facts["surgery_considered"] is False


ASKED = {"resectability": True, "cytoreduction": True, "surveillance or surgery": True, "staging": None, None: None}


@pytest.mark.parametrize(("question", "considered"), ASKED.items())
def test_surgery_is_considered_when_the_referral_asks_for_it(question: str | None, considered: bool | None) -> None:
    clinical = {} if question is None else {"question": question}
    metastasis = lesion("L1", seen("ct", long_axis=20), region="7")
    assert assessed(case(metastasis, clinical=clinical)).facts.get("surgery_considered") is considered


def test_facts_that_nothing_tells_stay_out() -> None:
    made = case()
    assert len(views(made)) == 1
    assert set(assessed(made).facts) == {"contrast_planned", "hepatectomy_considered"}


def test_a_second_time_point_is_a_follow_up_with_an_earlier_exam() -> None:
    both = lesion("P1", seen("ct", long_axis=20), seen("ct", at="later", long_axis=26), region="tail")
    found = assessed(case(both, exams={"ct": "2025-03-02"}, followed_by={"later": {"ct": "2026-03-02"}}))
    assert found.facts["follow_up"] is True
    assert value(found, "CTX.prior", "date") == "2025-03-02"
    assert value(found, "PRI.growth", "mm_per_year") == pytest.approx(6.0, abs=0.1)
