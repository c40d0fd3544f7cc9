"""``isletscope report --to``: formats by name, where they go, what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from isletscope.cli import main
from isletscope.exchange import FORMATS


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
