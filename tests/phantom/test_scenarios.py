"""Scenario files: those that come along, and what is said about faulty ones."""

from __future__ import annotations

import pytest

from isletscope.errors import InputError
from isletscope.phantom import load_scenario, scenarios
from isletscope.phantom.scenario import parse_scenario
from isletscope.phantom.tissues import tissue_table
from isletscope.phantom.tracers import tracers

GOOD = """name: x
title: X
exams:
  - {name: sstr, tracer: 68Ga-DOTATATE, date: 2026-01-02}
lesions:
  - site: liver
    place: {in: liver}
    diameter_mm: 20
    uptake: {sstr: {suv: 20}, fdg: {times_background: 1.0}}
"""


def test_the_scenarios_that_come_along_are_valid() -> None:
    names = {scenario.name for scenario in scenarios()}
    assert {"demo", "random", "single-primary", "no-tumour"} <= names
    assert load_scenario("demo").patient.sex == "F"
    assert load_scenario("demo").exams[1].tracer == "18F-FDG"


def test_a_good_text_is_read() -> None:
    scenario = parse_scenario(GOOD, "good.yaml")
    assert scenario.lesions[0].diameter_mm == (20.0, 20.0)
    assert scenario.lesions[0].line == 6


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("diameter_mm: 20", "diametre: 20", r"bad.yaml, line 8: unknown key 'diametre'.*diameter_mm"),
        (
            "diameter_mm: 20",
            "diameter_mm: 900",
            r"line 8: 'diameter_mm' is out of range; found 900.*4 to 120",
        ),
        ("diameter_mm: 20", "diameter_mm: [30, 10]", r"line 8: 'diameter_mm' must be one number or"),
        (
            "68Ga-DOTATATE",
            "68Ga-NOTHING",
            r"line 4: 'tracer' is not known; found '68Ga-NOTHING'; expected 68Ga",
        ),
        ("date: 2026-01-02", "date: soon", r"line 4: 'date' must be a date"),
        ("{suv: 20}", "{suv: 20, times_background: 2}", r"line 9: .*either suv or times_background"),
        ("{in: liver}", "{in: liver, at: [1, 2, 3]}", r"line 7: 'place' needs either 'in'"),
        ("site: liver", "site: moon", r"line 6: 'site' is not known"),
        ("title: X", "title: ''", r"line 2: 'title' must be text"),
        ("name: x\n", "", r"lacks name"),
        ("exams:", "exams: [", r"not valid YAML"),
    ],
)
def test_a_fault_is_named_with_file_and_line(old: str, new: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_scenario(GOOD.replace(old, new, 1), "bad.yaml")


def test_an_unknown_scenario_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"nowhere.*demo.*YAML file"):
        load_scenario("nowhere")


def test_tables_hold_both_tracer_families() -> None:
    assert {tracer.tracer_class for tracer in tracers().values()} == {"sstr", "fdg"}
    assert tissue_table()["spleen"]["sstr"][0] > tissue_table()["liver"]["sstr"][1]
