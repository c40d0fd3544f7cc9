"""``isletscope report --to``: formats by name, where they go, what is refused."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from isletscope.cli import main
from isletscope.exchange import FORMATS
from isletscope.model import Signature, case_from_json, case_to_json, content_sha256


@pytest.fixture
def case(reference_case: Path, tmp_path: Path) -> Path:
    """A copy of the reference case that a test may change."""
    return Path(shutil.copytree(reference_case, tmp_path / "case"))


def test_an_unknown_format_is_refused_with_the_list(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (case / "case.json").read_bytes()
    assert main(["report", str(case), "--to", "text,word"]) == 2
    told = capsys.readouterr().err
    assert "no format is named word" in told
    assert all(name in told for name in FORMATS)
    assert (case / "case.json").read_bytes() == before


def test_formats_are_written_and_told(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["report", str(case), "--to", "csv,Text,html,pdf", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["formats"]) == ["html", "pdf", "text", "csv"]
    files = [Path(name) for one in told["formats"].values() for name in one["files"]]
    assert {path.name for path in files} >= {"report.html", "report.pdf", "report.txt", "lesions.csv", "values.csv"}
    assert all(path.parent == out and path.stat().st_size for path in files)
    assert (out / "lesions.csv").read_bytes() == (case / "lesions.csv").read_bytes()


def test_without_a_folder_they_lie_in_the_case(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(case), "--to", "text"]) == 0
    assert "not in it: pictures" in capsys.readouterr().out
    text = (case / "exchange" / "report.txt").read_text()
    assert text.startswith("Patient: ")
    assert "\nIMPRESSION\n1. " in text


def test_a_draft_is_sent_only_when_that_was_said(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(case), "--mllp", "127.0.0.1:1"]) == 2
    assert "is a draft: nobody signed it" in capsys.readouterr().err
    assert not (case / "exchange").exists()


def test_a_message_that_nobody_takes_is_an_error(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert main(["report", str(case), "--mllp", f"127.0.0.1:{port}", "--allow-draft"]) == 2
    assert "nothing was acknowledged" in capsys.readouterr().err
    assert (case / "exchange" / "oru.hl7").is_file()


@pytest.mark.parametrize("place", ["ris", "ris:port", ":2575", "ris:70000"])
def test_a_place_that_is_none(case: Path, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(case), "--mllp", place]) == 2
    assert "HOST:PORT" in capsys.readouterr().err


def sign(case: Path) -> None:
    read = case_from_json((case / "case.json").read_text())
    signature = Signature(by="A. Reader", at="2026-05-20T10:00:00+02:00", sha256=content_sha256(read))
    (case / "case.json").write_text(case_to_json(read.model_copy(update={"signatures": [signature]})))


def test_a_signed_case_is_not_assessed_again(case: Path) -> None:
    sign(case)
    before = (case / "case.json").read_bytes()
    assert main(["report", str(case), "--to", "text"]) == 0
    assert (case / "case.json").read_bytes() == before
    text = (case / "exchange" / "report.txt").read_text()
    assert "State: signed by A. Reader, 2026-05-20T10:00:00+02:00." in text
    assert "Signed by A. Reader" in (case / "report" / "report.html").read_text()


def test_an_answer_after_signing_is_told_and_keeps_the_case_at_home(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("answers: {PRI.calc: {value: none, source: entered, by: B. Reader}}\n")
    sign(case)
    assert main(["assess", str(case), "--answers", str(answers)]) == 0
    capsys.readouterr()
    assert main(["report", str(case), "--to", "fhir"]) == 2
    assert "was changed after A. Reader signed it" in capsys.readouterr().err
    assert not (case / "exchange").exists()
    assert "Changed after it was signed by A. Reader" in (case / "report" / "report.html").read_text()


def test_reading_again_keeps_a_signature_as_long_as_nothing_changes(
    case: Path, reference_patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(case)
    read = ["read", str(reference_patient / "dicom"), "--out", str(case), "--quiet"]
    assert main(read) == 0
    assert main(["report", str(case), "--to", "text"]) == 0
    answers = tmp_path / "answers.yaml"
    answers.write_text("answers: {PRI.calc: {value: none, source: entered, by: B. Reader}}\n")
    assert main([*read, "--answers", str(answers)]) == 0
    assert len(case_from_json((case / "case.json").read_text()).signatures) == 1
    capsys.readouterr()
    assert main(["report", str(case), "--to", "text"]) == 2
    assert "was changed after A. Reader signed it" in capsys.readouterr().err
