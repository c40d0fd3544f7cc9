"""The set-up script's words, and the keeping of accuracy results."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.accept import program
from scripts.accept.claims import Claim, claims_markdown, deviation_percent, within
from scripts.accept.reference_objects import given_region_claims, suv_object_claims

ROOT = Path(__file__).resolve().parents[2]


def install(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the set-up script in an empty folder."""
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/install.sh", folder / "scripts")
    return subprocess.run(
        ["sh", str(folder / "scripts/install.sh")],
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_named_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    done = install(tmp_path, PYTHON="/bin/false")
    assert done.returncode == 1
    assert done.stderr == "PYTHON=/bin/false is not a Python of version 3.11 or later.\n"
    assert not (tmp_path / ".venv").exists()


def test_a_machine_without_a_new_python_is_told_what_to_install(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    old = tools / "python3"
    old.write_text('#!/bin/sh\ncase "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac\n')
    old.chmod(0o755)
    done = install(tmp_path, PATH=str(tools), PYTHON="")
    assert done.returncode == 1
    assert "Isletscope needs Python 3.11 or later; found: Python 3.9.2." in done.stderr
    assert "apt install python3 python3-venv" in done.stderr


def test_a_result_is_measured_once_for_one_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "KEPT", tmp_path)
    calls = []

    def measure(work: Path) -> program.Result:
        assert list(work.iterdir()) == []
        calls.append(work)
        return {"value": len(calls)}

    said: list[str] = []
    assert program.kept("item", "first", measure, said.append) == {"value": 1}
    assert program.kept("item", "first", measure, said.append) == {"value": 1}
    assert program.kept("item", "second", measure, said.append) == {"value": 2}
    assert said == ["measuring item ..."] * 2
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["item-second.json"]
    assert list((tmp_path / "work").iterdir()) == []


def test_an_interrupted_measurement_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "KEPT", tmp_path)

    def stop(_work: Path) -> program.Result:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        program.kept("item", "first", stop, lambda _line: None)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_deviations_and_bars() -> None:
    assert within(1.0001, 1.0, 0.02)
    assert not within(1.001, 1.0, 0.02)
    assert not within(None, 1.0, 50)
    assert deviation_percent(None, 1.0) == float("inf")


def test_a_suv_object_that_was_refused_fails_with_the_programs_words() -> None:
    good = {f"DRO_{number}": [0.2, 1.0, 4.0] for number in range(15)}
    usual, coarse = suv_object_claims({**good, "DRO_9_9": "PT: weight is missing.", "DRO_2_3": [0.189, 0.985, 3.977]})
    assert (usual.holds, usual.measured) == (False, "15 of 16; DRO_9_9: PT: weight is missing.")
    assert coarse.holds


def test_a_region_is_held_against_each_of_its_figures() -> None:
    region = {
        "voxels": [10, 10],
        "statistics_percent": 0.001,
        "peak_percent": 2.0,
        "planimetric": [10.2, 10.3, 10.0],
        "factor": 1.0,
    }
    claims = list(given_region_claims({"PET": {"regions": [region], "factor_expected": 1.0}}))
    assert [claim.holds for claim in claims] == [True, False, True, None, True]


def test_claims_become_one_table_a_group() -> None:
    claims = [Claim("A", "one", "1", "1", True), Claim("A", "two", "2", "3", False), Claim("B", "three", "", "4", None)]
    assert claims_markdown(claims) == (
        "### A\n\n| claim | bar | measured | holds |\n| --- | --- | --- | --- |\n"
        "| one | 1 | 1 | yes |\n| two | 2 | 3 | NO |\n\n"
        "### B\n\n| claim | bar | measured | holds |\n| --- | --- | --- | --- |\n| three |  | 4 | reported |\n"
    )
