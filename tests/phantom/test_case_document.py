"""Truth as a case document: valid, complete, and true to the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isletscope.criteria import read_clinical
from isletscope.model import Case, ExamKind, Lesion, Verdict, Visibility
from isletscope.phantom import case_of_truth, truth_alone
from isletscope.phantom.case_parts import rules
from scripts.reference_truths import stored_form
from tests.scenario_cases import FOLDER, SCENARIOS, scenario_case, scenario_truth

NAMED_VESSELS = {
    "celiac_artery", "superior_mesenteric_artery", "common_hepatic_artery", "proper_hepatic_artery", "splenic_artery",
    "gastroduodenal_artery", "aorta", "inferior_vena_cava", "superior_mesenteric_vein", "portal_vein", "splenic_vein",
    "first_jejunal_artery", "first_jejunal_vein",
}  # fmt: skip
FIGURES_MAY_DIFFER_BY = 0.01


def lesion(case: Case, name: str) -> Lesion:
    return next(one for one in case.lesions if one.id == name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_lesions_keep_their_names_and_are_looked_for_in_every_exam(name: str) -> None:
    truth, case = scenario_truth(name), scenario_case(name)
    assert [one.id for one in case.lesions if not one.explained_by] == [one["id"] for one in truth["lesions"]]
    assert [one.id for one in case.lesions if one.explained_by] == [f"X{one['id'][1:]}" for one in truth["mimics"]]
    exams = [exam["name"] for exam in truth["exams"]]
    for one in case.lesions:
        assert [seen.exam_key for seen in one.observations] == exams
        expected = Verdict.PHYSIOLOGIC if one.explained_by else Verdict.TUMOUR
        assert one.verdict is expected


@pytest.mark.parametrize("name", SCENARIOS)
def test_time_points_are_those_of_the_statements_and_name_every_region(name: str) -> None:
    truth, case = scenario_truth(name), scenario_case(name)
    stated = {key: set(point["exams"]) for key, point in truth["expected"].items()}
    assert {point.name: set(point.exam_keys) for point in case.time_points} == stated
    assert [point.date for point in case.time_points] == sorted(point.date for point in case.time_points)
    for point in case.time_points:
        assert list(point.coverage) == rules()["regions"]
        assert point.coverage["liver"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_named_vessel_stands_beside_every_pancreatic_lesion(name: str) -> None:
    case = scenario_case(name)
    for point in case.time_points:
        for one in case.lesions:
            seen = [
                entry for entry in one.observations if entry.exam_key in point.exam_keys and entry.visibility == "seen"
            ]
            on_ct = any(entry.kind is ExamKind.CT for entry in seen)
            if one.compartment.value == "pancreas" and one.verdict is Verdict.TUMOUR and on_ct:
                named = {entry.vessel for entry in point.vessels if entry.lesion == one.id and entry.contact_deg}
                assert named >= NAMED_VESSELS


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_clinical_file_is_valid_and_keeps_every_fact(name: str) -> None:
    truth, case = scenario_truth(name), scenario_case(name)
    read = read_clinical(case.clinical, today=_day(case), subject=name)
    block = truth["clinical"]
    assert read.question == block["question"]
    assert list(read.symptoms) == block["symptoms"]
    assert case.clinical["histology"] == block["histology"]
    assert case.clinical["laboratory"] == block["laboratory"]
    assert list(read.treatment) == block["treatment"]


def _day(case: Case) -> Any:
    from datetime import date

    return date.fromisoformat(case.software.created[:10])


def test_measurements_are_those_of_the_truth() -> None:
    truth, case = scenario_truth("head-smv-220"), scenario_case("head-smv-220")
    state = truth["lesions"][0]["exams"]["ct"]
    ct = lesion(case, "P1").observation("ct", ExamKind.CT)
    assert ct is not None
    assert ct.number("long_axis") == pytest.approx(state["long_axis_mm"])
    assert ct.number("volume") == pytest.approx(state["volume_ml"], abs=1e-3)
    pancreas = truth["tissues"]["pancreas"]["hu"]["late_arterial"]
    assert ct.number("organ_hu_late_arterial") == pytest.approx(pancreas, abs=0.1)
    assert ct.features["enhancement_arterial"] == "higher"
    point = case.time_points[0]
    vein = next(one for one in point.vessels if (one.vessel, one.exam_key) == ("superior_mesenteric_vein", "ct"))
    angle = state["vessel_contact"]["superior_mesenteric_vein"]["by_tolerance_mm"]["1.0"]["degrees_max"]
    assert vein.contact_deg["1.0"].value == pytest.approx(angle, abs=0.1)
    free = next(one for one in point.vessels if (one.vessel, one.exam_key) == ("aorta", "ct"))
    assert free.contact_deg["1.0"].value == 0
    assert (free.number("distance") or 0) > 4


def test_what_does_not_stand_out_is_not_seen() -> None:
    insulinoma = lesion(scenario_case("insulinoma"), "P1")
    shown = {one.kind: one.visibility for one in insulinoma.observations}
    assert shown[ExamKind.SSTR_PET] is Visibility.NOT_SEEN
    assert shown[ExamKind.EXENDIN_PET] is shown[ExamKind.CT] is Visibility.SEEN
    bone = lesion(scenario_case("bone-nodes"), "O6")
    assert bone.observation("ct", ExamKind.CT) is not None
    assert bone.observation("ct", ExamKind.CT).visibility is Visibility.NOT_COVERED  # type: ignore[union-attr]
    node = lesion(scenario_case("bone-nodes"), "N1")
    assert node.observation("fdg", ExamKind.FDG_PET).visibility is Visibility.NOT_SEEN  # type: ignore[union-attr]


def test_lesions_that_come_go_split_and_merge() -> None:
    case = scenario_case("follow-up-prrt")
    after = {one.id: one.observation("ct_after", ExamKind.CT) for one in case.lesions}
    assert after["L6"] is not None
    assert after["L6"].visibility is Visibility.NOT_SEEN
    assert lesion(case, "L3.1").split_from == "L3"
    before = lesion(case, "L7").observation("ct_before", ExamKind.CT)
    assert before is not None
    assert before.visibility is Visibility.NOT_SEEN
    assert lesion(scenario_case("course-three-points"), "L4").merged_into == "L3"


def test_treatments_become_courses() -> None:
    courses: Any = scenario_case("course-three-points").clinical["courses"]
    assert [course["kind"] for course in courses] == ["somatostatin_analogue", "prrt"]
    assert courses[1]["started_on"] == "2026-01"
    assert scenario_case("insulinoma").clinical["courses"] == []


def test_liver_volumes_add_up() -> None:
    truth, case = scenario_truth("liver-unilobar"), scenario_case("liver-unilobar")
    liver = case.time_points[0].liver[0]
    whole, tumour = liver.number("whole_volume"), liver.number("tumour_volume")
    assert whole == pytest.approx(truth["anatomy"]["liver_ml"], abs=0.1)
    assert sum(one.tumour.value or 0 for one in liver.segments) == pytest.approx(tumour, rel=0.01)
    assert sum((one.tumour.value or 0) + (one.parenchyma.value or 0) for one in liver.segments) == pytest.approx(
        whole, abs=0.5
    )
    assert all(one.tumour.value == 0 for one in liver.segments if one.segment in "234")


def test_the_truth_alone_is_the_truth_of_the_written_patient(reference_patient: Path) -> None:
    written = json.loads((reference_patient / "truth" / "truth.json").read_text())
    alone = json.loads(json.dumps(truth_alone("demo", size="small")))
    assert _differences(alone, written) == []
    assert case_of_truth(alone) == case_of_truth(written)


def test_a_stored_truth_is_what_the_reference_patient_is_now() -> None:
    fresh = json.loads(json.dumps(stored_form(truth_alone("tail-resectable", size="small"))))
    stored = json.loads((FOLDER / "tail-resectable.json").read_text())
    assert _differences(stored, fresh) == [], "renew with: python -m scripts.reference_truths"


def _differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two documents differ by more than rounding; what only ``other`` has does not count."""
    if isinstance(one, dict) and isinstance(other, dict):
        lost = [f"{place}/{key}" for key in one if key not in other]
        return lost + [d for key in one if key in other for d in _differences(one[key], other[key], f"{place}/{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [d for n, (a, b) in enumerate(zip(one, other, strict=True)) for d in _differences(a, b, f"{place}/{n}")]
    if isinstance(one, float) and isinstance(other, float):
        near = abs(one - other) <= max(FIGURES_MAY_DIFFER_BY * abs(other), 0.02)
        return [] if near else [f"{place}: {one} {other}"]
    return [] if one == other else [f"{place}: {one} {other}"]
