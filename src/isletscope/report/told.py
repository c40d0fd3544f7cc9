"""The narrative of the latest time point and what the checks found in it."""

from __future__ import annotations

from isletscope.model import Case
from isletscope.report.checks import Fault, run_checks
from isletscope.report.narrative import Narrative, narrate


def latest_narrative(case: Case) -> Narrative | None:
    """The written report of the last assessed time point; None where the case was not assessed."""
    if not case.assessments:
        return None
    return narrate(case, case.assessments[-1].time_point)


def checked_narrative(case: Case) -> tuple[Narrative | None, tuple[Fault, ...]]:
    """The written report of the last assessed time point with its faults."""
    narrative = latest_narrative(case)
    return narrative, tuple(run_checks(case, narrative)) if narrative else ()
