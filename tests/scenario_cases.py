"""Perfect readings of the reference patients: cases made from stored truths, for the tests of all rooms.

``python -m scripts.reference_truths`` renews the stored truths; statements and clinical blocks are those of the
scenario files as they are now.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from isletscope.assessment import assess
from isletscope.model import Case, case_from_json
from isletscope.phantom import load_scenario
from isletscope.phantom.case_document import case_of_truth

FOLDER = Path(__file__).resolve().parent / "reference_truths"
SCENARIOS = sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def scenario_truth(name: str) -> dict[str, Any]:
    """The truth of a scenario's patient, seed 1, small."""
    truth: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    scenario = load_scenario(name)
    return {**truth, "clinical": scenario.clinical, "expected": scenario.expected}


@cache
def scenario_case(name: str) -> Case:
    """What a reading would hold that saw everything right; not assessed."""
    return case_from_json(json.dumps(case_of_truth(scenario_truth(name))))


@cache
def assessed_scenario(name: str) -> Case:
    """The same, assessed."""
    return assess(scenario_case(name))
