"""The command compare: the course of a case, several cases joined, sentences for input that cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isletscope.assessment import assess
from isletscope.cli import main
from isletscope.model import Case, ExamKind, case_to_json
from tests.course_cases import course_case
from tests.scenario_cases import assessed_scenario

CT = ExamKind.CT


def folder(path: Path, case: Case) -> str:
    path.mkdir()
    (path / "case.json").write_text(case_to_json(case), encoding="utf-8")
    return str(path)


def test_course_of_one_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(tmp_path / "case", assessed_scenario("course-three-points"))
    assert main(["compare", place]) == 0
    told = capsys.readouterr().out
    assert "Longest axis on CT" in told
    assert "+31\u00a0% **" in told
    assert "part of L3" in told
    assert "not seen" in told
    assert "RECIST 1.1 response" in told
    assert "106 mm (baseline 84, smallest 84)" in told


def test_verbose_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(tmp_path / "case", assessed_scenario("course-three-points"))
    assert main(["compare", place, "-v"]) == 0
    told = capsys.readouterr().out
    assert "Why      axis, CT, after: diameter, one reader, 10 %" in told
    assert "Volume on CT" in told


def test_json_holds_every_value_and_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(tmp_path / "case", assessed_scenario("course-three-points"))
    assert main(["compare", place, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["time_points"]] == ["diagnosis", "progression", "after"]
    row = next(one for one in told["changes"] if (one["lesion"], one["measure"]["name"]) == ("L1", "ct_size"))
    assert [round(one["value"]) for one in row["values"]] == [32, 42, 40]
    assert {one["since"] for one in row["changes"]} == {"previous", "baseline", "nadir"}
    assert told["response"][1]["sum"]["sum_mm"] == pytest.approx(106, abs=0.5)
    assert told["response"][2]["baseline"] == "progression"
    assert [one["label"] for one in told["treatments"]] == ["lanreotide 120 mg every four weeks", "177Lu-DOTATATE"]


def test_two_cases_become_one_with_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [
        course_case({"L1": {CT: [{"long_axis": axis}]}}, (date,))
        for axis, date in ((20.0, "2025-01-10"), (30.0, "2025-08-10"))
    ]
    for number, case in enumerate(cases):
        case.exams[0].series[0].series_uid = f"1.9.{number}"
    places = [folder(tmp_path / f"c{number}", assess(case)) for number, case in enumerate(cases)]
    assert main(["compare", *places, "--out", str(tmp_path / "joined"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["date"] for one in told["time_points"]] == ["2025-01-10", "2025-08-10"]
    assert [one["id"] for one in told["lesions"]] == ["L1", "L1.2"]
    assert any("exam-ct-1" in sentence for sentence in told["joined"])
    assert Path(told["report"]["pdf"]).is_file()


@pytest.mark.parametrize(
    ("dates", "said"), [(("2025-01-10",), "one time point"), (("",), "one time point (undated 1)")]
)
def test_one_time_point_is_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dates: tuple[str, ...], said: str
) -> None:
    place = folder(tmp_path / "case", course_case({"L1": {CT: [{"long_axis": 20.0}]}}, dates))
    assert main(["compare", place]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "isletscope compare CASE CASE --out JOINED" in told


def test_no_common_images_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = course_case({"L1": {CT: [{"long_axis": 20.0}, None]}, "L2": {CT: [None, {"long_axis": 20.0}]}})
    for lesion in case.lesions:
        lesion.observations = [one for one in lesion.observations if one.measurements]
    assert main(["compare", folder(tmp_path / "case", assess(case))]) == 0
    assert "No lesion was measured on the same kind of images" in capsys.readouterr().out


def test_bad_input_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = folder(tmp_path / "a", course_case({"L1": {CT: [{"long_axis": 20.0}]}}))
    other = folder(tmp_path / "b", course_case({"L1": {CT: [{"long_axis": 20.0}]}}, patient="Q-9"))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "case.json").write_text("{")
    joined = ["--out", str(tmp_path / "joined")]
    for arguments, said in (
        ([first, other], "--out"),
        ([first, other, *joined], "P-1, Q-9"),
        ([first, str(broken), *joined], "broken"),
        ([first, str(tmp_path / "nowhere"), *joined], "is not a case folder"),
        ([first, other, *joined, "--same-patient", "P-1=Q-9"], "--reason"),
    ):
        assert main(["compare", *arguments]) == 2
        told = capsys.readouterr().err
        assert said in told
        assert "Traceback" not in told
    assert not (tmp_path / "joined" / "case.json").exists()
