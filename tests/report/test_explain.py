"""From the sentence back to the voxels, on a small case."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from isletscope.cli.explanation import explanation_lines
from isletscope.errors import InputError
from isletscope.report.explain import Explanation, explain_case
from tests.report.narrated_cases import followed_up, whole, written


def of(*asked: str) -> Explanation:
    return explain_case(whole(), written(), asked)


def test_a_value_names_exam_series_and_state() -> None:
    told = of("P1", "suv_max")
    assert [found.title for found in told.findings] == ["P1 on sstr pet: seen", "P1 on fdg pet: seen"]
    value = told.findings[0].values[0]
    assert (value.value, value.unit, value.state) == (42.0, "g/mL", "measured")
    assert any("SSTR SUVmax 42.0" in said.text for said in told.said)


def test_a_score_tells_branch_sources_inputs_and_what_it_rests_on() -> None:
    told = of("krenning")
    rule = told.conclusions[0]
    assert rule.result == "4 highest, 0 lowest"
    assert "L2: 0" in rule.lesions
    assert rule.branches[0].support == "convention"
    assert any("Krenning2002" in source for source in rule.sources)
    assert {"reference region liver", "reference region spleen"} <= {found.title for found in told.findings}
    assert any(said.where.startswith("score") and "→" in said.text for said in told.said)


def test_a_score_of_one_lesion() -> None:
    assert of("krenning", "L2").conclusions[0].result == "0"


def test_a_conclusion_on_another_conclusion_goes_down_to_the_clinical_file() -> None:
    told = of("who_grade")
    assert any(entry.reference.startswith("clinical/histology") for entry in told.entries)


def test_a_vessel_beside_a_lesion_shows_its_angles_by_tolerance() -> None:
    values = {value.name: value.printed for value in of("P1", "superior_mesenteric_vein").findings[0].values}
    assert values["contact at 1.0 mm"] == "110°"


def test_an_item_tells_its_answer_or_what_would_supply_it() -> None:
    answered = of("pri.size")
    assert answered.subject == "PRI.size"
    assert answered.answers[0].state == "answered"
    assert answered.answers[0].by
    open_item = of("CTX.allergy")
    assert open_item.answers[0].state == "open"
    assert "a reader's answer" in open_item.lacking[0].supplied_by


def test_what_is_missing_is_named_with_its_rule() -> None:
    told = of("cytoreduction")
    assert any("a plan" in one.what and "Cleared fraction" in one.because for one in told.lacking)


def test_a_reference_and_an_alert_can_be_asked_for() -> None:
    assert of("liver/baseline-ct/segment/8/tumour").findings[0].values[0].value == 17.1
    code = whole().assessments[-1].alerts[0].code
    assert of(code).said


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        (("PRI.SSRT",), "PRI.SSTR"),
        (("krening",), "krenning"),
        (("P1", "suvmax"), "suv_max"),
        (("krenning", "L9"), "L"),
        (("lesion/P9/x/ct",), "docs/case.md"),
    ],
)
def test_an_unknown_name_asks_whether_another_was_meant(asked: tuple[str, ...], remedy: str) -> None:
    with pytest.raises(InputError, match=remedy):
        of(*asked)


def test_a_rule_that_was_not_asked_says_so() -> None:
    with pytest.raises(InputError, match="was not asked"):
        explain_case(whole(), written(), ["percist"])


def test_an_earlier_time_point_stays_in_reach() -> None:
    told = explain_case(followed_up(), written("later"), ["doubling_time", "L1"])
    exams = {found.exam for found in told.findings}
    assert any("2026-03-02" in exam for exam in exams)
    assert any("2026-09-02" in exam for exam in exams)


def test_it_is_json_and_a_readable_tree() -> None:
    told = of("netpet")
    assert json.loads(json.dumps(asdict(told)))["subject"] == "netpet"
    lines = list(explanation_lines(told))
    assert lines[0].startswith("netpet: NETPET grade")
    assert "In the report" in lines
    assert any(line.startswith("├─ branch: ") for line in lines)
    assert all(line == line.rstrip() for line in lines)
