"""Whole reports as they were read and approved, word for word.

A changed wording shows as a difference; when it is meant, ``python -m tests.report.narrative.test_golden`` writes the
texts anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from isletscope.report.narrative import narrate
from tests.report.narrative.as_text import as_text
from tests.report.narrative.patients import assessed_patient

_FOLDER = Path(__file__).parent / "golden"
GOLDEN = ("insulinoma", "discordant", "after treatment", "uptake alone")


def written(name: str) -> str:
    """The report of the patient's last time point as text."""
    case = assessed_patient(name)
    return as_text(narrate(case, case.time_points[-1].name))


def _path(name: str) -> Path:
    return _FOLDER / f"{name.replace(' ', '_')}.txt"


@pytest.mark.parametrize("name", GOLDEN)
def test_the_report_reads_as_it_was_approved(name: str) -> None:
    assert written(name) == _path(name).read_text(encoding="utf-8")


if __name__ == "__main__":
    for patient in GOLDEN:
        _path(patient).write_text(written(patient), encoding="utf-8")
