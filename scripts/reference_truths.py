"""Renew the stored truths of the scenarios, from which the tests of assessment and report make their cases.

    python -m scripts.reference_truths [SCENARIO ...]

Stored is what a case document is made of, at the small size and seed 1; poses, grids of masks and contact of lesions
outside the pancreas are left out. A test compares one of them with a fresh one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from isletscope.phantom.case_document import case_of_truth
from isletscope.phantom.scenario import scenarios
from isletscope.phantom.truth_alone import truth_alone

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "reference_truths"
_LEFT_OUT = ("pose", "breath_holds", "structures", "respiratory_motion", "pet_grid", "ct_grid")


def stored_form(truth: dict[str, Any]) -> dict[str, Any]:
    """A truth without what no case document needs."""
    kept = {key: value for key, value in truth.items() if key not in _LEFT_OUT}
    kept["exams"] = [{key: value for key, value in exam.items() if key not in _LEFT_OUT} for exam in truth["exams"]]
    for lesion in [*kept["lesions"], *kept["mimics"]]:
        if lesion["site"] != "pancreas":
            for state in lesion["exams"].values():
                state["vessel_contact"] = {}
    return kept


def main(names: list[str]) -> int:
    """Write the named truths, all with statements by default."""
    FOLDER.mkdir(exist_ok=True)
    for scenario in scenarios():
        if scenario.name in names or (not names and scenario.expected):
            truth = truth_alone(scenario.name, size="small")
            case = case_of_truth(truth)
            stored = stored_form(truth)
            assert case_of_truth(stored) == case, scenario.name
            text = json.dumps(stored, separators=(",", ":"))
            (FOLDER / f"{scenario.name}.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
