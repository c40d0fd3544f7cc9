"""The command explain: a readable tree, JSON, and a question back where a name is unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isletscope.cli import main
from isletscope.model import case_to_json
from tests.report.narrated_cases import whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case folder of a small assessed case."""
    (tmp_path / "case.json").write_text(case_to_json(whole()), encoding="utf-8")
    return tmp_path


def test_a_lesion_s_value_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(folder), "P1", "suv_max"]) == 0
    told = capsys.readouterr().out
    assert "SSTR SUVmax 42.0" in told
    assert "series UID" in told


def test_json_holds_the_whole_chain(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(folder), "krenning", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["conclusions"][0]["result"] == "4 highest, 0 lowest"


def test_an_unknown_name_and_an_unknown_time_point_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(folder), "PRI.SSRT"]) == 2
    assert "Did you mean PRI.SSTR" in capsys.readouterr().err
    assert main(["explain", str(folder), "krenning", "--time-point", "later"]) == 2
    assert "no assessment of this time point" in capsys.readouterr().err
