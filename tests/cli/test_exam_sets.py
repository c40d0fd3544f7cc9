"""Exams that do not fit together, through the front door: exit code, what is said, and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from isletscope.cli import main
from tests.intake.builders import Maker, write
from tests.reading.test_exam_sets import HEAD, TRUNK, ct, head_mr, mr


def read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *exams: Sequence[Dataset]
) -> tuple[int, str, dict[str, object]]:
    """Exit code, what the terminal said on one line, and the case document (empty when there is none)."""
    for number, datasets in enumerate(exams):
        write(datasets, tmp_path / "dicom" / f"{number}")
    out = tmp_path / "case"
    code = main(["read", str(tmp_path / "dicom"), "--out", str(out)])
    captured = capsys.readouterr()
    text = " ".join((captured.out + captured.err).split())
    assert "Traceback" not in text
    document = out / "case.json"
    return code, text, json.loads(document.read_text()) if document.is_file() else {}


def pages(tmp_path: Path) -> str:
    """The report's text; it is there in both forms."""
    folder = tmp_path / "case" / "report"
    assert (folder / "report.pdf").is_file()
    return " ".join((folder / "report.html").read_text(encoding="utf-8").split())


@pytest.mark.slow
def test_a_brain_mr_with_an_abdomen_ct(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, case = read(tmp_path, capsys, ct(Maker()), mr(Maker(), HEAD, head_mr, "BRAIN"))
    assert code == 0
    alignments = case["alignments"]
    assert isinstance(alignments, list)
    refused = [one for one in alignments if not one["usable"]]
    assert len(refused) == 1
    assert refused[0]["because"]
    assert "Not aligned: MR" in pages(tmp_path)


def test_two_patients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, case = read(tmp_path, capsys, ct(Maker()), ct(Maker(patient_id="TEST-2", date="20260315")))
    assert code == 2
    assert "never mixed" in text
    assert case == {}


def test_an_mr_without_a_ct(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, case = read(tmp_path, capsys, mr(Maker()))
    assert code == 0
    assert case["lesions"] == []
    assert "PET: not done" in text
    assert "liver not found" in pages(tmp_path)


def test_a_single_slice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, case = read(tmp_path, capsys, ct(Maker(), replace(TRUNK, slices=1)))
    assert code == 0
    assert case["lesions"] == []
    assert "PET: not done" in text
    assert "1 images" in pages(tmp_path) or "1 image" in pages(tmp_path)


def test_thick_oblique_slices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slant = float(np.sqrt(0.5))
    grid = replace(TRUNK, slices=6, orientation=(1.0, 0.0, 0.0, 0.0, slant, slant), step_mm=40.0)
    code, _, case = read(tmp_path, capsys, mr(Maker(), grid))
    assert code == 0
    assert case["lesions"] == []
    assert pages(tmp_path)
