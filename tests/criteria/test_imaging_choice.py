"""The imaging advisor: example files get their reviewed plans; constraints, doses, and what is unknown."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria import ExamGroup, ImagingPlan, Recommendation, advise, read_clinical
from isletscope.criteria.clinical import Germline, Question, Subtype, Treatment
from isletscope.criteria.imaging_book import imaging_book
from isletscope.criteria.imaging_choice import imaging_book as book_of_choice
from isletscope.criteria.imaging_facts import CONDITIONS, all_of, any_of, gather_facts
from isletscope.criteria.imaging_plan import UNVERIFIED
from isletscope.errors import InputError
from isletscope.model import Support

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "imaging_plans.yaml").read_text())
TODAY = date(2026, 10, 20)
CLEAR = {
    "pregnant": False,
    "iodinated_contrast_reaction": "none",
    "gadolinium_reaction": "none",
    "implant": "none",
    "somatostatin_analogue": False,
}
STAGING: dict[str, Any] = {
    "patient": {"sex": "F", "age_years": 50, "weight_kg": 70},
    "questions": ["staging"],
    "hormones": {"syndrome": "none"},
    "histology": {"grade": "G1", "ki67_percent": 2},
    "laboratory": {"egfr_ml_min": 90},
    "constraints": CLEAR,
}
INSULINOMA: dict[str, Any] = {**STAGING, "questions": ["localisation"], "hormones": {"syndrome": "insulin"}}


def plan_of(document: dict[str, Any], available: set[ExamGroup] | None = None, today: date = TODAY) -> ImagingPlan:
    return advise(read_clinical(document, today=today), today=today, available=available)


def exam(plan: ImagingPlan, name: str) -> Recommendation:
    return next(item for item in plan.recommendations if item.exam == name)


def limited(document: dict[str, Any], **limits: Any) -> dict[str, Any]:
    return {**document, "constraints": {**document["constraints"], **limits}}


def words(recommendation: Recommendation) -> str:
    return " ".join(item.printed() for item in [*recommendation.cautions, *recommendation.protocol])


def test_every_example_has_a_reviewed_plan_and_every_scenario_an_example() -> None:
    files = [
        path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.yaml") if path.name in _clinical_names()
    ]
    assert sorted(files) == sorted(EXPECTED)
    scenarios = (ROOT / "src/isletscope/phantom/scenarios").glob("*.yaml")
    clinical = [path.name for path in scenarios if "clinical" in yaml.safe_load(path.read_text())]
    assert clinical
    assert all(f"clinical/{name}" in EXPECTED for name in clinical)


def _clinical_names() -> set[str]:
    return {"insulinoma-ct-negative.yaml", *(path.name for path in (EXAMPLES / "clinical").iterdir())}


@pytest.mark.parametrize("name", EXPECTED)
def test_examples_get_their_plans(name: str) -> None:
    expected = EXPECTED[name]
    document = yaml.safe_load((EXAMPLES / name).read_text())
    plan = plan_of(document, today=expected["today"])
    assert [way.name for way in plan.pathways] == expected["pathways"]
    for role in ("first", "add", "problem_solver", "avoid"):
        assert plan.with_role(role) == expected[role], role
    assert [item.exam for item in plan.done] == expected["done"]
    assert sorted(item.exam for item in plan.recommendations if item.condition) == expected["conditional"]
    ranks = [item.rank for item in plan.recommendations if item.rank]
    assert ranks == list(range(1, len(ranks) + 1))
    assert all("{" not in statement.text for statement in plan.statements())
    for item in plan.recommendations:
        if item.role != "avoid":
            assert item.reasons
            assert item.look_for
            assert len(item.outcomes) == 3


def test_a_scenarios_clinical_block_agrees_with_its_example() -> None:
    for path in (ROOT / "src/isletscope/phantom/scenarios").glob("*.yaml"):
        scenario = yaml.safe_load(path.read_text())
        if "clinical" not in scenario:
            continue
        example = yaml.safe_load((EXAMPLES / "clinical" / path.name).read_text())
        assert example["histology"] == scenario["clinical"]["histology"]
        assert example["patient"] == scenario["patient"]


def test_every_subtype_syndrome_question_and_treatment_has_a_plan() -> None:
    for subtype in Subtype:
        assert plan_of({"tumour": {"subtype": subtype.value}}).about
    for germline in Germline:
        assert plan_of({"germline": germline.value, "questions": ["surveillance"]}).pathways
    for question in Question:
        assert plan_of({"questions": [question.value]}).recommendations
    for treatment in Treatment:
        assert plan_of({"questions": ["response"], "treatment_kind": treatment.value}).recommendations
    reached = {way.name for name in EXPECTED for way in _plan_of_example(name).pathways}
    assert reached == set(imaging_book().pathways)


def _plan_of_example(name: str) -> ImagingPlan:
    return plan_of(yaml.safe_load((EXAMPLES / name).read_text()), today=EXPECTED[name]["today"])


@pytest.mark.parametrize(("egfr", "has", "lacks"), [
    (45, "", "eGFR"),
    (44.9, "individual decision", "isotonic"),
    (30, "individual decision", "isotonic"),
    (29.9, "isotonic", "individual"),
])  # fmt: skip
def test_kidney_function_and_ct(egfr: float, has: str, lacks: str) -> None:
    text = words(exam(plan_of({**STAGING, "laboratory": {"egfr_ml_min": egfr}}), "ct_body"))
    assert has in text
    assert lacks not in text


def test_gadoxetate_below_30_is_replaced_and_dialysis_needs_no_saline() -> None:
    plan = plan_of({**STAGING, "laboratory": {"egfr_ml_min": 20}})
    assert exam(plan, "mr_liver").role == "avoid"
    assert exam(plan, "mr_plain").role == "add"
    dialysis = plan_of(limited({**STAGING, "laboratory": {"egfr_ml_min": 8}}, dialysis=True))
    assert "isotonic" not in words(exam(dialysis, "ct_body"))


def test_unknown_kidney_function_is_asked_for() -> None:
    plan = plan_of({**STAGING, "laboratory": {}})
    assert "laboratory.egfr_ml_min" in plan.missing
    assert "Kidney function is not given" in words(exam(plan, "ct_body"))


def test_pregnancy_defers_radiation_and_gadolinium() -> None:
    plan = plan_of(limited(STAGING, pregnant=True))
    assert plan.with_role("first") == ["ultrasound", "mr_plain"]
    book = imaging_book()
    assert not any(book.exams[item.exam].ionising for item in plan.recommendations if item.role != "avoid")
    unasked = {key: value for key, value in CLEAR.items() if key != "pregnant"}
    assert "constraints.pregnant" in plan_of({**STAGING, "constraints": unasked}).missing


def test_mild_and_severe_reactions_differ() -> None:
    mild = plan_of(limited(STAGING, iodinated_contrast_reaction="mild"))
    assert exam(mild, "ct_body").role == "first"
    assert "no steroid premedication" in words(exam(mild, "ct_body"))
    severe = plan_of(limited(STAGING, iodinated_contrast_reaction="severe"))
    assert exam(severe, "ct_body").role == "avoid"
    assert "mr_pancreas" in severe.with_role("first")


def test_analogue_timing() -> None:
    analogue = {"long_acting": True, "drug": "lanreotide", "last_dose_on": "2026-10-01", "interval_days": 28}
    text = words(exam(plan_of(limited(STAGING, somatostatin_analogue=analogue)), "sstr_pet"))
    assert "no withdrawal" in text
    assert "Next dose due 2026-10-29: best from 2026-10-22." in text
    short = limited(STAGING, somatostatin_analogue={"long_acting": False})
    assert "24 hours" in words(exam(plan_of(short), "sstr_pet"))
    uncontrolled = words(exam(plan_of(limited(short, uncontrolled_syndrome=True)), "sstr_pet"))
    assert "24 hours" not in uncontrolled
    assert "not stopped" in uncontrolled


def test_fdg_glucose_metformin_and_unverified_holds() -> None:
    high = {**STAGING, "histology": {"grade": "G3", "differentiation": "well", "ki67_percent": 30}}
    document = limited({**high, "laboratory": {"egfr_ml_min": 90, "glucose_mmol_l": 11.1}}, metformin=True)
    text = words(exam(plan_of(document), "fdg_pet"))
    assert "reschedule" in text
    assert f"Metformin: stop for 48 hours only if the bowel matters ({UNVERIFIED})." in text
    at_limit = {**document, "laboratory": {"egfr_ml_min": 90, "glucose_mmol_l": 11}}
    assert "reschedule" not in words(exam(plan_of(at_limit), "fdg_pet"))


@pytest.mark.parametrize(("weight", "printed"), [(70, "140 MBq"), (100, "200 MBq"), (120, "200 MBq")])
def test_activity_by_weight_is_bounded(weight: float, printed: str) -> None:
    document = {**STAGING, "patient": {"sex": "F", "age_years": 50, "weight_kg": weight}}
    assert f"68Ga-DOTATATE: {printed} for" in words(exam(plan_of(document), "sstr_pet"))


def test_children_get_the_childrens_activity_or_none() -> None:
    document = {**STAGING, "patient": {"sex": "M", "age_years": 10, "weight_kg": 6}}
    text = words(exam(plan_of(document), "sstr_pet"))
    assert "68Ga-DOTATOC: 11.1 MBq for 6 kg" in text
    assert "64Cu-DOTATATE: Not established in children." in text
    assert "no activity for children was found" in text


def test_doses_from_memory_are_marked_and_verified_ones_are_not() -> None:
    lines = {
        item.text.split(":")[0]: item for item in exam(plan_of(STAGING), "sstr_pet").protocol if "MBq" in item.text
    }
    assert not lines["68Ga-DOTATATE"].unverified
    assert lines["68Ga-DOTANOC"].unverified
    assert lines["68Ga-DOTANOC"].printed().endswith(f"({UNVERIFIED}).")
    for name in EXPECTED:
        for item in _plan_of_example(name).statements():
            assert item.unverified == (item.dose and item.support in (Support.RECALL, Support.CONVENTION))


def test_claustrophobia_and_implants() -> None:
    assert "short protocol" in words(exam(plan_of(limited(STAGING, claustrophobia=True)), "mr_liver"))
    assert exam(plan_of(limited(STAGING, implant="unsafe")), "mr_liver").role == "avoid"
    assert "maker's limits" in words(exam(plan_of(limited(STAGING, implant="conditional")), "mr_liver"))
    assert "constraints.implant" in plan_of(limited(STAGING, implant="unknown")).missing


def test_planning_with_what_exists() -> None:
    plan = plan_of(INSULINOMA, {ExamGroup.SSTR, ExamGroup.MR})
    assert plan.with_role("first") == ["mr_pancreas"]
    assert not exam(plan, "exendin_pet").available
    assert exam(plan, "exendin_pet").rank is None
    nothing = plan_of(INSULINOMA, {ExamGroup.SPECT})
    assert any("refer the patient" in note.text for note in nothing.notes)


def test_when_no_first_line_exam_exists_the_next_moves_up() -> None:
    plan = plan_of({**STAGING, "questions": ["liver_mapping"]}, {ExamGroup.SSTR, ExamGroup.CT})
    assert plan.with_role("first") == ["sstr_pet", "ct_body"]
    assert any("Moved up" in reason.text for reason in exam(plan, "sstr_pet").reasons)


def test_after_every_imaging_test_the_problem_solvers_come_first() -> None:
    done = [{"exam": name, "finding": "negative", "done_on": "2026-10-01"} for name in ("CT", "MR", "EUS", "EXENDIN")]
    plan = plan_of({**INSULINOMA, "done": done})
    assert plan.with_role("first") == ["calcium_stimulation", "intraoperative_us"]
    assert {item.exam for item in plan.done} == {"ct_pancreas", "mr_pancreas", "eus", "exendin_pet"}


def test_a_tumour_found_is_no_reason_to_go_down_the_list() -> None:
    done = [{"exam": name, "finding": "positive", "done_on": "2026-10-01"} for name in ("CT", "MR", "EUS")]
    plan = plan_of({**INSULINOMA, "done": done})
    assert plan.with_role("first") == []
    assert plan.with_role("add") == ["exendin_pet"]
    assert plan.done[0].next_step.text.startswith("One tumour seen concordantly")


def test_an_exam_that_waits_for_symptoms_is_never_moved_up() -> None:
    plan = plan_of({"germline": "NF1", "questions": ["surveillance"]}, {ExamGroup.MR})
    assert plan.with_role("first") == []
    assert plan.with_role("problem_solver") == ["mr_pancreas"]


@pytest.mark.parametrize(("done_on", "answered"), [("2026-04-19", True), ("2026-04-18", False), (None, True)])
def test_an_exam_answers_for_half_a_year(done_on: str | None, answered: bool) -> None:
    done = {"exam": "CT", "finding": "negative", **({"done_on": done_on} if done_on else {})}
    plan = plan_of({**INSULINOMA, "done": [done]})
    assert ("ct_pancreas" in [item.exam for item in plan.done]) is answered
    if done_on is None:
        assert "done.done_on of the CT" in plan.missing


def test_follow_up_repeats_exams_done() -> None:
    document = {**STAGING, "questions": ["response"], "treatment_kind": "prrt", "done": [
        {"exam": "CT", "finding": "positive", "done_on": "2026-09-01"}]}  # fmt: skip
    assert "ct_body" in plan_of(document).with_role("first")


def test_a_ki67_range_is_read_at_its_upper_end_and_said_so() -> None:
    plan = plan_of({**STAGING, "histology": {"ki67_percent": "8-12 %"}})
    assert not exam(plan, "fdg_pet").condition
    assert any("8 to 12 %: read at its upper end, provisional" in note.text for note in plan.notes)


@pytest.mark.parametrize(("ki67", "there"), [(9.9, False), (10, True)])
def test_fdg_from_ten_percent(ki67: float, there: bool) -> None:
    plan = plan_of({**STAGING, "histology": {"ki67_percent": ki67}})
    assert ("fdg_pet" in [item.exam for item in plan.recommendations]) is there


@pytest.mark.parametrize(("size", "pathway"), [(20, "small_tumour"), (20.5, "staging")])
def test_surveillance_ends_above_20_mm(size: float, pathway: str) -> None:
    plan = plan_of({**STAGING, "questions": ["surveillance"], "tumour": {"largest_mm": size}})
    assert plan.pathways[0].name == pathway


@pytest.mark.parametrize(("ki67", "size", "pathway"), [
    (2, 19, "after_resection_low"), (2, 20, "after_resection_standard"), (5, 30, "after_resection_standard"),
    (5.1, 30, "after_resection_high"), (3, 41, "after_resection_high"), (21, 10, "after_resection_g3"),
])  # fmt: skip
def test_after_resection(ki67: float, size: float, pathway: str) -> None:
    tumour = {"largest_mm": size, "resected_on": "2026-01-01", "resection_complete": True, "nodes_positive": False}
    plan = plan_of({"tumour": tumour, "histology": {"ki67_percent": ki67}})
    assert plan.pathways[0].name == pathway


def test_codes_are_dicoms() -> None:
    codes = {(code.system.rsplit("/", 1)[-1], code.code) for code in exam(plan_of(STAGING), "sstr_pet").codes}
    assert codes == {("DCM", "PT"), ("sct", "724025002")}


def test_too_little_to_plan_is_said() -> None:
    with pytest.raises(InputError, match="too little to plan imaging"):
        plan_of({"patient": {"age_years": 50}})


def test_conditions_that_can_be_open_have_words() -> None:
    book = imaging_book()
    assert book is book_of_choice()
    facts = gather_facts(read_clinical({}, today=TODAY), today=TODAY, available=set(ExamGroup))
    rows = [row for pathway in book.pathways.values() for row in pathway.rows]
    used = {name for row in rows for name in (*row.when, *row.unless)}
    assert {name for name in used if facts[name] is None} <= set(CONDITIONS)
    promoted = {row.promote_when for row in rows if row.promote_when}
    for caution in book.cautions.values():
        assert set(caution.when) | set(caution.unless) | ({caution.ask} if caution.ask else set()) <= set(facts)
    assert used | promoted <= set(facts)


@given(st.lists(st.sampled_from([True, False, None]), max_size=5))
def test_three_valued_logic(values: list[bool | None]) -> None:
    assert all_of(values) is (False if False in values else None if None in values else True)
    assert any_of(values) is (True if True in values else None if None in values else False)


@given(st.sets(st.sampled_from(["histology", "laboratory", "constraints", "patient"]), max_size=4))
def test_removing_input_never_shortens_what_is_missing(removed: set[str]) -> None:
    full = plan_of(STAGING)
    less = plan_of({key: value for key, value in STAGING.items() if key not in removed})
    assert set(full.missing) <= set(less.missing)
