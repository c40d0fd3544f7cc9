"""Perfect readings of every scenario against what its file says by hand, and the advisor against reviewed plans."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from isletscope.assessment import assess
from isletscope.model import Case, ItemState, case_from_json, case_to_json
from isletscope.phantom import load_scenario
from isletscope.phantom.case_document import case_of_truth
from isletscope.phantom.expected_marks import mark_expected
from isletscope.phantom.scenario import scenario_names
from isletscope.phantom.truth_alone import truth_alone
from isletscope.report.checks import run_checks
from isletscope.report.checks.fault import Level
from isletscope.report.narrative import narrate
from isletscope.yaml_text import read_yaml
from scripts.accept.claims import Claim
from scripts.accept.program import ROOT, Result, isletscope

STATEMENTS = "Perfect readings of the scenarios, against statements written by hand"
ADVICE = "Imaging advisor, against reviewed plans of the example files"
PLANS = ROOT / "tests" / "criteria" / "imaging_plans.yaml"
# What the issue names: stage, scores, PRRT, liver pattern. The others rest on the same findings and are listed apart.
ASKED = (
    "who_grade", "t", "n", "m", "stage", "krenning", "sstr_rads", "netpet", "karfis", "zidan", "prrt", "liver_pattern",
    "burden", "extrahepatic",
)  # fmt: skip
# What to resect is a plan, and planning is a part of its own.
NEEDS_A_PLAN = ("debulking", "remnant")
LEAST_PLANS = 26


def measure_statements(work: Path) -> Result:
    """Every scenario's truth as a case, assessed, reported and checked; ``work`` stays empty: no image is made."""
    return {name: _scenario(name) for name in scenario_names() if load_scenario(name).expected}


def _scenario(name: str) -> Result:
    truth = truth_alone(name, seed=1, size="small")
    case = assess(case_from_json(json.dumps(case_of_truth(truth))))
    marks = mark_expected(truth, json.loads(case_to_json(case)))
    return {
        "marks": [[mark.time_point, mark.item, mark.expected, mark.found, mark.outcome] for mark in marks],
        "open": _open_items(case),
        "faults": _faults(case),
    }


def _open_items(case: Case) -> list[str]:
    last = case.assessments[-1].completeness
    return [] if last is None else [status.id for status in last.items if status.state is ItemState.OPEN]


def _faults(case: Case) -> list[str]:
    """Faults that would block signing, in the report of every time point."""
    reports = [narrate(case, point.name) for point in case.time_points]
    return [
        fault.printed()
        for report in reports
        for fault in run_checks(case, report)
        if fault.level is Level.BLOCKS_SIGNING
    ]


def statement_claims(result: Result) -> list[Claim]:
    """How many statements hold, what stays open, and whether the reports pass their checks."""
    marks = [mark for scenario in result.values() for mark in scenario["marks"]]
    asked = [mark for mark in marks if _item(mark) in ASKED]
    others = [mark for mark in marks if _item(mark) not in (*ASKED, *NEEDS_A_PLAN)]
    plans = [mark for mark in marks if _item(mark) in NEEDS_A_PLAN]
    faults = [f"{name}: {fault}" for name, scenario in result.items() for fault in scenario["faults"]]
    claims = [
        _agreement("grade, TNM, stage, uptake scores, PRRT, liver pattern and burden", asked),
        _agreement("vessels, local class, operations, size rules, response, mimics", others),
        Claim(STATEMENTS, "debulking and remnant", "reported", f"{len(plans)} wait for a plan", None),
        Claim(STATEMENTS, "faults that block signing, forty checks of every report", "0", _named(faults), not faults),
    ]
    open_items = Counter(item for scenario in result.values() for item in scenario["open"])
    listed = ", ".join(f"{item} ({count})" for item, count in open_items.most_common())
    return [*claims, Claim(STATEMENTS, "items left to the reader (scenarios)", "reported", listed or "none", None)]


def _agreement(what: str, marks: list[list[str]]) -> Claim:
    wrong = [f"{point} {item}: {found or 'missing'} for {said}" for point, item, said, found, how in marks
             if how != "equal"]  # fmt: skip
    measured = f"{len(marks) - len(wrong)} of {len(marks)}" + (f"; {_named(wrong)}" if wrong else "")
    return Claim(STATEMENTS, what, "all", measured, not wrong)


def _item(mark: list[str]) -> str:
    return mark[1].split(",")[0]


def _named(faults: list[str]) -> str:
    return "; ".join(faults[:4]) + (f"; {len(faults) - 4} more" if len(faults) > 4 else "") if faults else "0"


def measure_advice(work: Path) -> Result:
    """The program's plan for every example file that has a reviewed plan, asked on the command line."""
    plans: dict[str, dict[str, Any]] = read_yaml(PLANS.read_text())
    found = {}
    for name, expected in plans.items():
        answer = isletscope("advise", ROOT / "examples" / name, "--today", str(expected["today"]), "--json")
        found[name] = {"exit_code": answer.exit_code, "differs": _differences(answer.document, expected)}
    return found


def _differences(plan: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    there = {
        role: [one["exam"] for one in plan["recommendations"] if one["role"] == role and one["available"]]
        for role in ("first", "add", "problem_solver", "avoid")
    }
    there |= {
        "pathways": [one["name"] for one in plan["pathways"]],
        "done": [one["exam"] for one in plan["done"]],
    }
    return [part for part, listed in there.items() if listed != expected[part]]


def advice_claims(result: Result) -> list[Claim]:
    """Plans that equal their reviewed form."""
    wrong = [name for name, one in result.items() if one["differs"] or one["exit_code"]]
    measured = f"{len(result) - len(wrong)} of {len(result)}" + (f"; {_named(wrong)}" if wrong else "")
    bar = f"all, at least {LEAST_PLANS}"
    return [Claim(ADVICE, "plans that equal the reviewed one", bar, measured, not wrong and len(result) >= LEAST_PLANS)]
