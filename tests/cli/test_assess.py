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


def test_a_verdict_is_taken_without_the_images_and_taken_back(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "lesion: L1, who: A. Reader, when: 2026-05-11, why: haemangioma on MRI"
    given, back = tmp_path / "given.yaml", tmp_path / "back.yaml"
    given.write_text(f"overrides: [{{{said}, verdict: physiologic}}]")
    back.write_text(f"withdrawn: [{{{said}}}]")
    before = case_from_json((case / "case.json").read_text())
    assert main(["assess", str(case), "--entries", str(given), "--quiet"]) == 0
    after = case_from_json((case / "case.json").read_text())
    assert "L1" not in [lesion.id for lesion in after.lesions]
    assert after.retired_names == ["L1"]
    assert "haemangioma on MRI" in (case / "report" / "report.html").read_text()
    assert main(["assess", str(case), "--entries", str(back), "--quiet"]) == 0
    assert case_from_json((case / "case.json").read_text()) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("overrides: [{lesion: L1, verdict: benign", "is neither YAML nor JSON"),
        ("overrides: [{lesion: L1, verdict: benign}]", "does not follow the schema of reader's entries"),
        (
            "overrides: [{lesion: L99, verdict: tumour, who: A. Reader, when: 2026-05-11, why: growing}]",
            "names a lesion that the case does not have",
        ),
    ],
)
def test_a_wrong_file_of_verdicts_leaves_case_and_report_as_they_were(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    entries = tmp_path / "entries.yaml"
    entries.write_text(text)
    before = {path: path.read_bytes() for path in case.rglob("*") if path.is_file()}
    assert main(["assess", str(case), "--entries", str(entries)]) == 2
    assert told in capsys.readouterr().err
    assert {path: path.read_bytes() for path in case.rglob("*") if path.is_file()} == before


def test_an_edit_that_is_interrupted_leaves_no_part_of_a_file(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = tmp_path / "entries.yaml"
    entries.write_text("overrides: [{lesion: L1, verdict: unsure, who: A. Reader, when: 2026-05-11, why: small}]")
    html = (case / "report" / "report.html").read_bytes()

    def stopped(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("isletscope.report.write.render_pdf", stopped)
    assert main(["assess", str(case), "--entries", str(entries), "--quiet"]) == 130
    assert (case / "report" / "report.html").read_bytes() == html
    case_from_json((case / "case.json").read_text())
    assert not list(case.rglob(".part-*"))
    monkeypatch.undo()
    assert main(["report", str(case), "--quiet"]) == 0
    assert (case / "report" / "report.html").read_bytes() != html
