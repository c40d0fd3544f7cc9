"""A case assessed anew with a clinical file and a reader's answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from isletscope.cli import main
from isletscope.model import case_from_json


@pytest.fixture
def case(reference_case: Path, tmp_path: Path) -> Path:
    """A copy of the reference case that a test may change."""
    return Path(shutil.copytree(reference_case, tmp_path / "case"))


def test_read_leaves_time_points_observations_and_conclusions(reference_case: Path) -> None:
    read = case_from_json((reference_case / "case.json").read_text())
    assert [point.exam_keys for point in read.time_points] == [[exam.key for exam in read.exams]]
    assert "liver" in read.time_points[0].coverage
    assert all(lesion.observations for lesion in read.lesions)
    krenning = read.assessments[0].conclusion("krenning")
    assert krenning is not None
    assert krenning.lesions
    assert any(reference.startswith("lesion/") for reference in krenning.rests_on)


def test_a_clinical_file_and_answers_change_the_assessment(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinical, answers = tmp_path / "clinical.yaml", tmp_path / "answers.yaml"
    clinical.write_text("histology: {sample: P1, differentiation: well, ki67_percent: 8}\n")
    answers.write_text("answers: {PRI.seen: {value: seen, source: entered, by: A. Reader}}\n")
    assert main(["assess", str(case), "--clinical", str(clinical), "--answers", str(answers), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["assessments"][0]["answers"]["PRI.seen"]["source"] == "entered"
    kept = case_from_json((case / "case.json").read_text())
    assert kept.clinical["histology"] == {"sample": "P1", "differentiation": "well", "ki67_percent": 8}
    assert main(["assess", str(case)]) == 0
    assert "Krenning" in capsys.readouterr().out
    again = case_from_json((case / "case.json").read_text())
    assert again.answers == kept.answers


def test_an_unknown_time_point_is_refused_and_nothing_changes(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("answers: {PRI.seen: {value: seen, source: entered, by: A. Reader}}\n")
    before = (case / "case.json").read_bytes()
    assert main(["assess", str(case), "--answers", str(answers), "--time-point", "yesterday"]) == 2
    assert "the case has no such time point" in capsys.readouterr().err
    assert (case / "case.json").read_bytes() == before


def test_the_report_of_a_reading_of_pet_alone_passes_its_checks(reference_case: Path) -> None:
    run = json.loads((reference_case / "run.json").read_text())
    assert [fault for fault in run["report_checks"] if fault["level"] == "blocks_signing"] == []
