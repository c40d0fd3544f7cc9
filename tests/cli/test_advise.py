"""`isletscope advise`: from a file, from options, from answers; as text, JSON, Markdown and a page."""

from __future__ import annotations

import json
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from isletscope.cli import main
from isletscope.cli.advice_html import plan_html
from isletscope.cli.advice_page import plan_markdown
from isletscope.cli.questions import ask_clinical
from isletscope.criteria import advise, read_clinical

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "insulinoma-ct-negative.yaml"
TODAY = ["--today", "2026-03-01"]


def test_the_example_answers_what_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", str(EXAMPLE), *TODAY]) == 0
    printed = capsys.readouterr().out
    order = [
        "1. MRI of the pancreas",
        "2. GLP-1 receptor",
        "3. Endoscopic ultrasound",
        "Problem solver",
        "Avoid",
        "Already",
    ]
    places = [printed.index(words) for words in order]
    assert places == sorted(places)
    assert "13 % were found by exendin PET alone. [Boss2024]" in printed
    assert "If negative: " in printed


def test_verbose_prints_protocol_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", str(EXAMPLE), *TODAY, "-v"]) == 0
    printed = capsys.readouterr().out
    for words in ("Protocol", "Preparation", "What to look for", "Sources", "unverified; follow the local protocol"):
        assert words in printed


def test_json_holds_the_whole_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", str(EXAMPLE), *TODAY, "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["recommendations"][0]["exam"] == "mr_pancreas"
    assert plan["recommendations"][0]["codes"][0]["code"] == "MR"
    assert plan["done"][0]["finding"] == "negative"


def test_options_alone(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--syndrome", "insulin", "--done", "CT=negative", "--available", "CT,MR,SSTR", "--age", "46", "--json"]
    assert main(["advise", *options, *TODAY]) == 0
    plan = json.loads(capsys.readouterr().out)
    by_name = {item["exam"]: item for item in plan["recommendations"]}
    assert by_name["mr_pancreas"]["rank"] == 1
    assert not by_name["exendin_pet"]["available"]


def test_options_go_over_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", str(EXAMPLE), "--pregnant", "--json", *TODAY]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert {item["exam"]: item["role"] for item in plan["recommendations"]}["exendin_pet"] == "avoid"


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--done", "CT"], "an earlier exam is EXAM=FINDING"),
    (["--syndrome", "insuline"], "Did you mean insulin?"),
    (["--syndrome", "none", "--sex", "M", "--pregnant"], "pregnant and sex contradict each other"),
    (["--syndrome", "none", "--available", "CT,PETT"], "available.1 does not fit"),
    ([], "a clinical file or options are needed"),
    (["nowhere.yaml"], "does not exist"),
])  # fmt: skip
def test_bad_input_is_told(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", *arguments, *TODAY]) == 2
    assert sentence in capsys.readouterr().err


def test_pages_are_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "plan.html"
    command = ["advise", str(EXAMPLE), *TODAY, "--format", "html", "--out", str(page)]
    assert main(command) == 0
    assert page.read_text().startswith("<!doctype html>")
    assert main(command) == 2
    assert "--force" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_sound_and_escapes_what_was_given() -> None:
    document: dict[str, Any] = {"question": "staging <script>alert(1)</script> & more"}
    plan = advise(read_clinical(document, today=date(2026, 3, 1)), today=date(2026, 3, 1))
    tags = _Tags()
    tags.feed(plan_html(plan))
    assert tags.open == []
    assert tags.scripts == 0
    assert "&lt;script&gt;" in plan_html(plan)
    assert "\\<script>" in plan_markdown(plan)


def test_every_face_tells_the_same_sentences() -> None:
    plan = advise(read_clinical(yaml.safe_load(EXAMPLE.read_text()), today=date(2026, 3, 1)), today=date(2026, 3, 1))
    assert "does not exist" not in plan_markdown(plan)
    for reason in plan.recommendations[0].reasons:
        assert reason.text in plan_markdown(plan)
        assert reason.text in plan_html(plan)


def test_questions_one_by_one() -> None:
    answers = iter(["", "insuline", "insulin", "", "46", "F", "71"])
    said: list[str] = []
    document = ask_clinical(date(2026, 3, 1), said.append, lambda words: next(answers, ""))
    assert document == {
        "hormones": {"syndrome": "insulin"},
        "patient": {"age_years": "46", "sex": "F", "weight_kg": "71"},
    }
    assert any("Did you mean insulin?" in line for line in said)
    assert advise(read_clinical(document, today=date(2026, 3, 1)), today=date(2026, 3, 1)).pathways


def test_the_schema_of_the_clinical_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "clinical"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "constraints" in schema["properties"]
