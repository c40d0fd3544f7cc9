"""What the documents say is so: links, commands, make targets, examples, figures."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from isletscope.intake.suv_tables import suv_tables
from isletscope.model import EntrySubject, Measurement, Verdict
from isletscope.reading import load_entries
from scripts import commands

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "THIRD_PARTY.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
# Written by `make accept-full`, which takes longer than the tests.
MADE_LATER = {"docs/accuracy.md", "accuracy.md"}

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    """Fenced blocks of a language in a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


@pages
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists() and target not in MADE_LATER] == []


@pages
def test_commands_named_in_a_page_exist(page: Path) -> None:
    text = "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", page.read_text(), flags=re.MULTILINE | re.DOTALL))
    named = set(re.findall(r"(?<![\w/.-])isletscope ([a-z][a-z-]+)", text))
    assert named <= set(commands.command_names())


@pages
def test_make_targets_named_in_a_page_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), flags=re.MULTILINE))
    assert named <= targets


def test_the_page_of_commands_is_what_the_program_says() -> None:
    assert commands.PAGE.read_text() == commands.commands_page()


def test_exit_codes_of_the_readme_are_the_programs() -> None:
    from isletscope.cli.console import ExitCode

    rows = re.findall(r"^\| (\d+) \| ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    assert [int(row) for row in rows] == sorted(int(code) for code in ExitCode)
    assert all(f"{int(code)} " in commands.HEAD for code in ExitCode)


@pages
def test_python_examples_run(page: Path) -> None:
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), {})


def test_the_example_of_readers_entries_is_valid(tmp_path: Path) -> None:
    page = ROOT / "docs/case.md"
    (example,) = blocks(page, "yaml")
    (tmp_path / "entries.yaml").write_text(example)
    given = load_entries(tmp_path / "entries.yaml")
    assert [entry.value for entry in given.entries] == [71.5, "2026-01-01 08:45:00", "ct_arterial"]
    assert [(item.lesion, item.verdict) for item in given.overrides] == [("X1", Verdict.PHYSIOLOGIC)]
    assert {f"`{subject}`" for subject in EntrySubject} <= set(re.findall(r"`\w+`", page.read_text()))


def test_the_examples_of_measurements_are_valid() -> None:
    for block in blocks(ROOT / "docs/case.md", "json"):
        Measurement.model_validate_json(block)


def test_half_lives_of_the_page_are_those_of_the_table() -> None:
    text = (ROOT / "docs/suv.md").read_text().replace("\n", " ").replace("45 721", "45721")
    for nuclide in suv_tables().nuclides:
        assert f"{nuclide.name} {nuclide.half_life_s:g} s" in text


def test_ci_entry_is_a_script_that_runs_lint_and_tests() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
    text = script.read_text()
    assert text.index("lint || status=1") < text.index("make test || status=1")


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.yaml")), ids=lambda path: path.name)
def test_every_yaml_file_is_a_mapping_or_a_list(path: Path) -> None:
    loaded: Any = yaml.safe_load(path.read_text())
    assert isinstance(loaded, dict | list)
    json.dumps(loaded, default=str)
