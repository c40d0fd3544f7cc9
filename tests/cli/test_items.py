from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from isletscope.cli import main

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "answers.yaml"


def test_items_are_listed_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["items", "list", "--step", "4"]) == 0
    shown = capsys.readouterr().out
    assert "LN.regional" in shown
    assert "PRI.size" not in shown


def test_items_as_json_hold_all_that_the_catalogue_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["items", "list", "--json"]) == 0
    listed = {item["id"]: item for item in json.loads(capsys.readouterr().out)}
    assert len(listed) == 123
    size = listed["PRI.size"]
    assert size["step"] == 2
    assert size["exams"] == ["ct", "mri"]
    assert size["answer"]["longest_mm"]["unit"] == "mm"
    assert size["surgeon"] == ["R02"]
    assert size["cite"] == ["SciELO-PDAC", "AJCC8"]


def test_check_says_what_blocks_signing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["items", "check", str(EXAMPLE)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "1 item blocks signing."
    assert any(line.strip().startswith("SUM.next [blocks signing]") for line in lines)
    assert "Minimum for CT: 9 of 9" in lines


def test_check_asks_for_facts_that_are_not_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text("exams: [ct]\n")
    assert main(["items", "check", str(path)]) == 0
    assert "Say under facts whether follow_up is true or false" in capsys.readouterr().out


def test_check_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["items", "check", str(EXAMPLE), "--step", "9", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["can_be_signed"] is False
    assert {item["step"] for item in document["items"]} == {9}


def test_what_the_command_lacks_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["items", "check"]) == 2
    assert "expected isletscope items check ANSWERS.yaml" in capsys.readouterr().err
    path = tmp_path / "answers.yaml"
    path.write_text("answers: {PRI.sean: {value: seen, source: entered, by: Reader}}\n")
    assert main(["items", "check", str(path)]) == 2
    assert "Did you mean PRI.seen?" in capsys.readouterr().err
    assert main(["items", "list", str(path)]) == 2


def test_the_example_follows_the_schema_of_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "answers"]) == 0
    schema = json.loads(capsys.readouterr().out)
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(document, default=str)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"answers": {"PRI.seen": {"value": "seen", "by": "Reader"}}}, schema)
