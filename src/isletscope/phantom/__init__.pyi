"""The digital reference patient: scenarios, body, physics, DICOM writing, truth, and marking of readings."""

from .case_document import case_of_truth
from .check import CheckResult, check_case
from .generate import generate
from .scenario import Scenario, load_scenario, scenarios
from .truth_alone import truth_alone

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
