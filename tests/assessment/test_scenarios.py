"""Every scenario's hand-written statements against what the program concludes from a perfect reading of it."""

from __future__ import annotations

import json
from functools import cache

import pytest

from isletscope.model import case_to_json
from isletscope.phantom import load_scenario
from isletscope.phantom.expected_marks import ExpectedMark, mark_expected
from isletscope.phantom.scenario import scenario_names
from tests.scenario_cases import SCENARIOS, assessed_scenario, scenario_truth

# Statements that no findings can answer: what to resect is a plan, and a plan is a reader's.
NEEDS_A_PLAN = {
    ("liver-unilobar", "debulking"),
    ("liver-unilobar", "remnant"),
    ("liver-bilobar-18", "debulking"),
    ("liver-bilobar-18", "remnant"),
    ("liver-bilobar-45", "debulking"),
    ("liver-diffuse-60", "debulking"),
    ("liver-diffuse-60", "remnant"),
}
STATEMENTS = [
    (name, point, item)
    for name in SCENARIOS
    for point, statements in load_scenario(name).expected.items()
    for item in statements
    if item != "exams"
]


@cache
def _marks(name: str) -> tuple[ExpectedMark, ...]:
    return mark_expected(scenario_truth(name), json.loads(case_to_json(assessed_scenario(name))))


def test_every_scenario_with_statements_is_here() -> None:
    assert [name for name in scenario_names() if load_scenario(name).expected] == SCENARIOS


@pytest.mark.parametrize(("name", "point", "item"), STATEMENTS)
def test_the_program_agrees_with_the_statement(name: str, point: str, item: str) -> None:
    marks = [mark for mark in _marks(name) if mark.time_point == point and mark.item.split(",")[0] == item]
    assert marks
    if (name, item) in NEEDS_A_PLAN:
        assert [mark.outcome for mark in marks] == ["missing"]
        return
    wrong = [mark for mark in marks if mark.outcome != "equal"]
    assert not wrong, "\n".join(
        f"{mark.item}: expected {mark.expected}, found {mark.found or 'nothing'} ({mark.because})" for mark in wrong
    )
