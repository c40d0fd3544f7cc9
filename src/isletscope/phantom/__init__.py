"""The digital reference patient: scenarios, body, physics, DICOM writing, truth, and marking of readings."""

from isletscope.phantom.case_document import case_of_truth
from isletscope.phantom.check import CheckResult, check_case
from isletscope.phantom.generate import generate
from isletscope.phantom.scenario import Scenario, load_scenario, scenarios
from isletscope.phantom.truth_alone import truth_alone

__all__ = [
    "CheckResult",
    "Scenario",
    "case_of_truth",
    "check_case",
    "generate",
    "load_scenario",
    "scenarios",
    "truth_alone",
]
