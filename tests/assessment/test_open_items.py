"""With a perfect reading of a reference patient nothing stays open that these data could have answered."""

from __future__ import annotations

import pytest

from isletscope.items import catalogue, read_answers
from isletscope.model import AssessedTimePoint, ItemState, Origin
from tests.scenario_cases import SCENARIOS, assessed_scenario

# Why an item may stay open although the reading is perfect.
READER = {
    "SUM.critical": "who was told is the reader's to say",
    "PRI.hetero": "an exploratory measure that is optional",
    "BON.les": "whether a bone may break is the reader's to judge",
    "SUM.next": "the imaging rules list no further exam; what follows is decided by treatment",
    "SUR.uncleared": "what no operation clears in a diseased liver depends on the plan",
}
NOT_TOLD = {"CTX.allergy": "no scenario tells of reactions to contrast agents"}
NEEDS_A_PLAN = {"LIV.remnant", "SUR.cytoreduction"}
OPTIONAL = {"PRI.enh_del", "LIV.well"}
ONLY_IN = {"BON.les": {"bone-nodes"}}
POINTS = [(name, point) for name in SCENARIOS for point in range(len(assessed_scenario(name).assessments))]


def at(name: str, point: int) -> AssessedTimePoint:
    return assessed_scenario(name).assessments[point]


@pytest.mark.parametrize(("name", "point"), POINTS)
def test_what_stays_open_is_the_readers_or_needs_a_plan(name: str, point: int) -> None:
    found = at(name, point)
    assert found.completeness is not None
    facts = {f"fact.{fact}" for fact in found.completeness.facts_wanted}
    left = {
        status.id: status.because
        for status in found.completeness.items
        if status.state is ItemState.OPEN
        and status.id not in {*READER, *NOT_TOLD, *NEEDS_A_PLAN, *OPTIONAL}
        and not (status.waits_for and set(status.waits_for) <= facts)
    }
    assert left == {}


@pytest.mark.parametrize("item", ONLY_IN)
def test_what_the_reader_must_judge_is_open_nowhere_else(item: str) -> None:
    states = {name: held.of(item).state for name, point in POINTS if (held := at(name, point).completeness) is not None}
    assert {name for name, one in states.items() if one is ItemState.OPEN} == ONLY_IN[item]


@pytest.mark.parametrize(("name", "point"), POINTS)
def test_every_proposal_passes_the_check_of_a_readers_answer(name: str, point: int) -> None:
    found = at(name, point)
    answers = {item: answer.model_dump(mode="json") for item, answer in found.answers.items()}
    read_answers({"exams": found.exams, "facts": found.facts, "answers": answers}, catalogue())
    assert {answer.source for answer in found.answers.values()} == {Origin.PROPOSED}


@pytest.mark.parametrize(("name", "point"), POINTS)
def test_no_answer_contradicts_exams_or_conditions(name: str, point: int) -> None:
    found = at(name, point)
    assert found.completeness is not None
    assert [status for status in found.completeness.items if status.remark] == []


def test_facts_stay_unknown_only_where_nobody_asks_for_surgery() -> None:
    wanting = {name for name, point in POINTS if (held := at(name, point).completeness) and held.facts_wanted}
    asked = {name for name in SCENARIOS if name.startswith("head-") or "resectable" in name or "unilobar" in name}
    assert not wanting & asked
