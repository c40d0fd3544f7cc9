"""``isletscope plan``: a readable plan, a JSON document, a section in the report, refusals without a traceback."""

from __future__ import annotations

import json

import pytest

from isletscope.cli import main
from isletscope.reading import CaseFolder
from tests.reading.test_liver_plan import folder

__all__ = ["folder"]


def test_a_plan_is_printed_and_stands_in_the_report(folder: CaseFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(folder.path), "--min-sflr", "0", "--liver-background", "normal"]) == 0
    told = capsys.readouterr().out
    assert "Liver that stays" in told
    assert "Volume is not function" in told
    page = (folder.path / "report" / "report.html").read_text()
    assert "Plan of cytoreduction" in page
    assert "Decision support for a tumour board" in page


def test_the_json_document_is_the_plan_alone(folder: CaseFolder, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(folder.path), "--min-sflr", "0", "--goal", "0.7", "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["plan"]["goal_percent"] == 70
    assert document["plan"]["least"]["sflr_percent"] == 0


def test_a_state_that_is_none_is_refused(folder: CaseFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(folder.path), "--liver-background", "fatty"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_limits_that_leave_no_plan_are_told(folder: CaseFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """A minimum above all there is."""
    assert main(["plan", str(folder.path)]) != 0
    told = capsys.readouterr().err
    assert "no plan keeps to the limits" in told
    assert "Traceback" not in told
