"""All checks in order on one narrative."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isletscope.model import Case
from isletscope.report.checks import contradictions, language, numbers, provenance, rules
from isletscope.report.checks.fault import Fault, check_list
from isletscope.report.checks.material import Material
from isletscope.report.narrative import Narrative
from isletscope.report.words import state_words

Check = Callable[[Material], Iterator[Fault]]
_ROOMS = (numbers, rules, contradictions, provenance, language)


def function_of(check_id: str) -> Check:
    """The function of a check. Raises KeyError when it has none."""
    for room in _ROOMS:
        found: Check | None = getattr(room, check_id.lower(), None)
        if found is not None:
            return found
    raise KeyError(check_id)


def run_checks(case: Case, narrative: Narrative) -> list[Fault]:
    """Every fault of a written report, in the order of the list of checks; the same fault is told once.

    Raises KeyError when the case has no time point of the narrative's name.
    """
    material = Material(case, narrative, state_words(case))
    faults = [fault for entry in check_list().checks for fault in function_of(entry.id)(material)]
    return list(dict.fromkeys(faults))
