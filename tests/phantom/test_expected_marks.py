"""Marking statements: the table is complete, and every outcome is told."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import pytest

from isletscope.criteria import all_criteria
from isletscope.model import case_to_json
from isletscope.phantom.expected import expected_items
from isletscope.phantom.expected_marks import ExpectedMark, expected_lines, mark_expected
from isletscope.phantom.scenario import load_scenario, scenario_names
from isletscope.phantom.tables import read_table
from tests.scenario_cases import assessed_scenario, scenario_truth

TABLE: dict[str, Any] = read_table("expected_found.yaml")


@cache
def _case(name: str) -> str:
    return case_to_json(assessed_scenario(name))


def documents(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return copy.deepcopy(scenario_truth(name)), json.loads(_case(name))


def find(marks: tuple[ExpectedMark, ...], item: str, time_point: str = "baseline") -> ExpectedMark:
    return next(mark for mark in marks if (mark.item, mark.time_point) == (item, time_point))


def test_every_item_has_a_place_and_every_criterion_exists() -> None:
    assert set(TABLE["items"]) == set(expected_items())
    named = {rule[key] for rule in TABLE["items"].values() for key in ("criterion", "else_criterion") if key in rule}
    assert named <= set(all_criteria())


def test_every_other_system_and_remark_of_the_scenarios_is_known() -> None:
    for name in scenario_names():
        for point in load_scenario(name).expected.values():
            for item, statement in point.items():
                if item == "exams":
                    continue
                assert set(statement.get("also", {})) <= set(TABLE["also"])
                flags = [flag for flag in statement.get("flags", []) if not flag.endswith("mm and more")]
                assert set(flags) <= set(TABLE["flags"])


def test_a_wrong_conclusion_differs() -> None:
    truth, case = documents("head-smv-220")
    truth["expected"]["baseline"]["t"]["value"] = "T3"
    truth["expected"]["baseline"]["contact"]["value"] = {"superior_mesenteric_vein": "none"}
    truth["expected"]["baseline"]["krenning"]["value"] = {"lowest": 0, "highest": 1}
    marks = mark_expected(truth, case)
    assert (find(marks, "t").outcome, find(marks, "t").found) == ("differs", "T2")
    assert find(marks, "contact").found == "superior_mesenteric_vein encasement"
    assert find(marks, "krenning").outcome == "differs"
    assert any("expected T3; found T2" in line for line in expected_lines(marks))


def test_a_conclusion_that_is_missing_says_why() -> None:
    truth, case = documents("liver-unilobar")
    mark = find(mark_expected(truth, case), "debulking")
    assert mark.outcome == "missing"
    assert "plan" in mark.because
    assert any("missing: a plan" in line for line in expected_lines((mark,)))


def test_what_was_not_asked_is_missing() -> None:
    truth, case = documents("head-smv-220")
    case["assessments"][0]["conclusions"] = []
    marks = mark_expected(truth, case)
    assert find(marks, "stage").because == "tnm was not asked"
    assert find(marks, "contact").outcome == "missing"
    # netpet without FDG PET is expected not to be assessable: nothing said is not the same as asked and missing.
    assert find(marks, "site").outcome == "equal"


def test_a_case_of_other_exams_answers_nothing() -> None:
    truth, case = documents("cystic")
    for exam in case["exams"]:
        exam["study_uid"] += "9"
    marks = mark_expected(truth, case)
    assert {mark.outcome for mark in marks} == {"missing"}


def test_time_points_are_found_by_their_exams() -> None:
    truth, case = documents("follow-up-slow-growth")
    for point, assessed in zip(case["time_points"], case["assessments"], strict=True):
        point["name"] = assessed["time_point"] = point["date"]
    marks = mark_expected(truth, case)
    assert {mark.outcome for mark in marks} == {"equal"}


@pytest.mark.parametrize(("size", "outcome"), [(17.9, "equal"), (18.1, "differs")])
def test_sizes_may_differ_as_one_reader_does(size: float, outcome: str) -> None:
    truth, case = documents("follow-up-slow-growth")
    truth["expected"]["baseline"]["recist_targets"]["value"] = {"P1": size}
    assert find(mark_expected(truth, case), "recist_targets").outcome == outcome


def test_other_systems_are_read_from_the_alternatives() -> None:
    truth, case = documents("head-smv-220")
    marks = mark_expected(truth, case)
    assert find(marks, "stage, ENETS 2006").found == "IIA"
    tnm = next(one for one in case["assessments"][0]["conclusions"] if one["name"] == "tnm")
    tnm["alternatives"] = []
    assert find(mark_expected(truth, case), "stage, ENETS 2006").outcome == "differs"
