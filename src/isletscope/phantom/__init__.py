"""The digital reference patient: scenarios, body, physics, DICOM writing, truth."""

from isletscope.phantom.generate import generate
from isletscope.phantom.scenario import Scenario, load_scenario, scenarios

__all__ = ["Scenario", "generate", "load_scenario", "scenarios"]
