"""Scenario files: those that come along, and what is said about faulty ones."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.errors import InputError
from isletscope.phantom import load_scenario, scenarios
from isletscope.phantom.scenario import parse_scenario
from isletscope.phantom.tissues import draw_tissues, tissue_table
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


EXAMS = """name: x
title: X
exams:
  - {name: ct, kind: ct, date: 2026-01-02, phases: [portal_venous, late_arterial], detail: {around: P1}}
  - name: mr
    kind: mr
    date: 2026-01-03
  - {name: sstr, tracer: 68Ga-DOTATATE, date: 2026-01-04, time_point: later, respiratory_motion_mm: 8}
clinical: {since: 2026-01-01, markers: {cga: 250}}
"""


def test_exams_of_all_kinds_are_read() -> None:
    scenario = parse_scenario(EXAMS, "exams.yaml")
    ct, mr, pet = scenario.exams
    assert (ct.kind, ct.phases, ct.tracer) == ("ct", ("late_arterial", "portal_venous"), None)
    assert ct.detail is not None
    assert (ct.detail.around, ct.detail.pixel_mm, ct.detail.phase) == ("P1", 0.5, "portal_venous")
    assert mr.mr is not None
    assert (mr.kind, mr.time_point, mr.mr.agent) == ("mr", "baseline", "hepatobiliary")
    assert (pet.kind, pet.time_point, pet.respiratory_motion_mm) == ("pet_ct", "later", 8.0)
    assert [exam.what for exam in scenario.exams] == ["CT (2 phases)", "MR", "68Ga-DOTATATE PET/CT"]
    assert scenario.clinical == {"since": "2026-01-01", "markers": {"cga": 250}}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: mr", "kind: us", r"bad.yaml, line 6: 'kind' is not known; found 'us'; expected pet_ct, ct, mr"),
        ("    kind: mr\n", "    kind: mr\n    phases: [delayed]\n", r"line 7: unknown key 'phases'"),
        ("    kind: mr\n", "", r"line 5: an entry of 'exams' lacks tracer"),
        ("[portal_venous, late_arterial]", "[venous]", r"line 4: an entry of 'phases' is not known; found 'venous'"),
        ("[portal_venous, late_arterial]", "[]", r"line 4: 'phases' must name each of its entries once"),
        (
            "[portal_venous, late_arterial]",
            "[delayed, delayed, portal_venous]",
            r"line 4: 'phases' must name each of its entries once",
        ),
        ("[portal_venous, late_arterial]", "[delayed]", r"line 4: the phase of 'detail' is not among the exam's"),
        ("{around: P1}", "{around: P1, pixel_mm: 9}", r"line 4: 'pixel_mm' is out of range"),
        ("{around: P1}", "{pixel_mm: 0.5}", r"line 4: 'detail' lacks around"),
        ("respiratory_motion_mm: 8", "respiratory_motion_mm: 80", r"line 8: 'respiratory_motion_mm' is out of range"),
        ("respiratory_motion_mm: 8", "slice_mm: 1", r"line 8: unknown key 'slice_mm'"),
        ("clinical: {since", "clinical: [since", r"not valid YAML|line 9"),
        ("clinical: {since: 2026-01-01, markers: {cga: 250}}", "clinical: none", r"line 9: 'clinical' must be a"),
    ],
)
def test_a_fault_of_an_exam_is_named_with_file_and_line(old: str, new: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_scenario(EXAMS.replace(old, new, 1), "bad.yaml")


def test_an_unknown_scenario_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"nowhere.*demo.*YAML file"):
        load_scenario("nowhere")


def test_tables_hold_all_tracer_classes() -> None:
    assert {tracer.tracer_class for tracer in tracers().values()} == {"sstr", "fdg", "exendin"}
    assert tissue_table()["spleen"]["sstr"][0] > tissue_table()["liver"]["sstr"][1]


def test_all_vessels_hold_the_same_blood_before_contrast_and_differ_after_it() -> None:
    tissues = draw_tissues(np.random.default_rng(1), 70.0)
    veins = [tissues[name].appearance.hu for name in ("portal_vein", "hepatic_vein", "vena_cava", "aorta")]
    assert len({hu["unenhanced"] for hu in veins}) == 1
    assert len({hu["late_arterial"] for hu in veins}) == 4


def test_heavy_people_enhance_less() -> None:
    light, heavy = (draw_tissues(np.random.default_rng(1), kg)["liver"].appearance.hu for kg in (55.0, 100.0))
    assert light["unenhanced"] == heavy["unenhanced"]
    assert light["portal_venous"] > heavy["portal_venous"] + 15
