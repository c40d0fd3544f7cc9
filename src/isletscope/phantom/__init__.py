"""The digital reference patient: scenarios, body, physics, DICOM writing, truth, and marking of readings."""

from isletscope.phantom.check import CheckResult, check_case
from isletscope.phantom.generate import generate
from isletscope.phantom.scenario import Scenario, load_scenario, scenarios

__all__ = ["CheckResult", "Scenario", "check_case", "generate", "load_scenario", "scenarios"]
