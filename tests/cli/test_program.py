from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import isletscope.phantom
from isletscope import __version__
from isletscope.cli import main
from isletscope.cli.app import app

SCENARIOS = Path(isletscope.phantom.__file__).parent / "scenarios"
COMMANDS = {
    "compare",
    "contact",
    "outline",
    "radiomics",
    "demo",
    "read",
    "check",
    "measure",
    "report",
    "advise",
    "anatomy",
    "assess",
    "explain",
    "schema",
    "criteria",
    "items",
    "phantom",
    "phantom-case",
    "phantom-check",
    "plan",
}


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"isletscope {__version__}\n"


def test_every_command_is_there_with_a_sentence_of_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert {command.name for command in app.registered_commands} == COMMANDS
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        assert len(capsys.readouterr().out.splitlines()) > 5


@pytest.mark.parametrize("document", ["case", "entries"])
def test_schema_is_valid_json_schema(document: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", document]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    "arguments",
    [
        ["raed"],
        ["read"],
        ["read", "x"],
        ["schema", "lesion"],
        ["read", "x", "--out"],
        ["phantom", "--size", "huge", "x"],
    ],
)
def test_bad_usage_ends_with_2_and_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.strip()
    assert "Traceback" not in error


def test_the_scenarios_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phantom", "--list", "--json"]) == 0
    listed = {item["name"]: item for item in json.loads(capsys.readouterr().out)}
    assert set(listed) == {path.stem for path in SCENARIOS.glob("*.yaml")}
    assert [exam["what"] for exam in listed["insulinoma"]["exams"]][:2] == ["CT (3 phases)", "MR"]
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["phantom", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, item in listed.items():
        (line,) = (line for line in lines if line.split()[:1] == [name])
        assert item["title"][:40] in line


def test_an_input_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(tmp_path / "none"), "--out", str(tmp_path / "case")]) == 2
    assert "does not exist" in capsys.readouterr().err
    assert not (tmp_path / "case").exists()


def test_an_empty_folder_is_nothing_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for command in (
        ["check", str(tmp_path / "empty")],
        ["read", str(tmp_path / "empty"), "--out", str(tmp_path / "c")],
    ):
        assert main(command) == 3
        assert "empty" in capsys.readouterr().err
    assert not (tmp_path / "c" / "case.json").exists()


def test_a_case_that_is_no_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("report", "phantom-check"):
        assert main([command, str(tmp_path)]) == 2
        assert "is not a case folder" in capsys.readouterr().err


def test_a_fault_is_a_sentence_and_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(path: Path) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("isletscope.reading.CaseFolder.open", broken)
    assert main(["report", str(tmp_path)]) == 70
    error = capsys.readouterr().err
    assert "stopped at an error it does not know: ZeroDivisionError" in error
    assert "Traceback" not in error


def test_an_interruption_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("isletscope.reading.CaseFolder.open", interrupted)
    assert main(["report", str(tmp_path)]) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
