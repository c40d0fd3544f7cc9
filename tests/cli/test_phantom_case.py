"""phantom-case and phantom-check on it, through the program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isletscope.cli import main
from tests.scenario_cases import scenario_truth


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    folder = tmp_path / "patient"
    (folder / "truth").mkdir(parents=True)
    (folder / "truth" / "truth.json").write_text(json.dumps(scenario_truth("cystic")))
    return folder


def test_a_case_of_truth_is_written_marked_and_agrees(
    patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    assert main(["phantom-case", str(patient), str(case), "--quiet"]) == 0
    assert (case / "report" / "report.html").is_file()
    capsys.readouterr()
    assert main(["phantom-check", str(case)]) == 0
    text = capsys.readouterr().out
    assert "1 of 1 that can be seen" in text
    assert "Statements of the scenario" in text
    assert main(["phantom-check", str(case), "--json"]) == 0
    marked = json.loads(capsys.readouterr().out)
    assert marked["statements"] == {"equal": len(marked["expected"]), "differs": 0, "missing": 0}
    assert {mark["said"] for mark in marked["findings"]} == {"seen"}


def test_an_older_truth_is_refused(patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = patient / "truth" / "truth.json"
    truth = json.loads(path.read_text())
    del truth["tissues"]
    path.write_text(json.dumps(truth))
    assert main(["phantom-case", str(patient), str(tmp_path / "case")]) == 2
    assert "older version" in capsys.readouterr().err


def test_an_unknown_scenario_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phantom-case", "no-such-patient", str(tmp_path / "case")]) == 2
    assert "no-such-patient" in capsys.readouterr().err
