from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from isletscope.cli import main
from isletscope.criteria import all_criteria

LESIONS = {
    "lesions": [
        {"id": "P1", "site": "pancreas", "longest_mm": 34, "sstr": {"reader_score": 4}, "fdg": {"reader_score": 0}},
        {"id": "H5", "site": "liver", "longest_mm": 31, "sstr": {"reader_score": 0}, "fdg": {"reader_score": 4}},
    ]
}


EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "lesions.json"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("krenning", "3 highest, 0 lowest"),
        ("sstr_rads", "5"),
        ("fdg_uptake", "FDG-positive"),
        ("netpet", "P5"),
        ("karfis", "C3"),
        ("zidan", "4"),
        ("concordance", "2 of 5 mismatched"),
        ("prrt", "PRRT alone is not supported by imaging; for the tumour board"),
    ],
)
def test_one_example_file_feeds_all_uptake_criteria(name: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["criteria", "run", name, "--json", "--input", str(EXAMPLE)]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == value


def write(folder: Path, document: Any, name: str = "lesions.json") -> str:
    path = folder / name
    path.write_text(yaml.safe_dump(document) if name.endswith("yaml") else json.dumps(document))
    return str(path)


def test_the_list_names_every_criterion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["criteria", "list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in all_criteria())


def test_the_list_as_json_holds_the_schema_of_every_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["criteria", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in listed] == list(all_criteria())
    for one in listed:
        jsonschema.Draft202012Validator.check_schema(one["input"])


def test_run_answers_with_reason_support_and_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("lesions.json", "lesions.yaml"):
        assert main(["criteria", "run", "netpet", "--input", write(tmp_path, LESIONS, name)]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith("NETPET grade: P5\n")
        assert "why: H5: FDG-positive and SSTR-negative: P5. [netpet.P5]" in printed
        assert "source: Chan2017: " in printed


def test_run_with_every_input_as_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = {"differentiation": "well", "ki67_percent": "2-5 %", "mitoses_per_2mm2": 1}
    assert main(["criteria", "run", "who_grade", "-v", "--input", write(tmp_path, sample)]) == 0
    printed = capsys.readouterr().out
    assert "WHO grade: NET G2, provisional" in printed
    assert "input: mitoses per 2 mm²: 1 /(2.mm2)" in printed
    assert "lower end NET G1, upper end NET G2" in printed


def test_run_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["criteria", "run", "karfis", "--json", "--input", write(tmp_path, LESIONS)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["value"], answer["rule"], answer["state"]) == ("C3", "karfis.C3", "derived")


def test_what_is_missing_is_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = [{"id": "P1", "site": "pancreas", "sstr": {"reader_score": 3}}]
    assert main(["criteria", "run", "netpet", "--input", write(tmp_path, {"lesions": one})]) == 0
    assert capsys.readouterr().out == "NETPET grade: not assessable\n  needed: FDG PET\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "a criterion and its input are needed"),
        (["run", "netpet"], "a criterion and its input are needed"),
        (["run", "netpot", "--input", "LESIONS"], "netpet"),
        (["run", "netpet", "--input", "none.json"], "does not exist"),
        (["run", "netpet", "--input", "BROKEN"], "is not JSON"),
        (["run", "tnm", "--input", "LESIONS"], "does not know the key lesions"),
        (["list", "netpot"], "netpet"),
    ],
)
def test_wrong_use_is_a_sentence(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.json").write_text("{")
    files = {"LESIONS": write(tmp_path, LESIONS), "BROKEN": str(tmp_path / "broken.json")}
    assert main(["criteria", *[files.get(one, one) for one in arguments]]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
