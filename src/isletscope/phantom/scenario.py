"""Scenarios: who is scanned, when, with what, and which tumours there are. YAML, checked line by line.

Exams and their keys are read in scenario_exams.py, lesions in scenario_lesions.py.

A wrong key, a wrong kind of value or an unknown name raises InputError with the file, the line and what is allowed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from isletscope.errors import InputError
from isletscope.phantom.expected import read_expected
from isletscope.phantom.scenario_anatomy import AnatomyRule, read_anatomy
from isletscope.phantom.scenario_exams import ExamRule, read_exam
from isletscope.phantom.scenario_lesions import LesionRule, read_lesion, read_mimic
from isletscope.phantom.yaml_node import Node

_OPTIONAL = ("description", "patient", "anatomy", "lesions", "mimics", "clinical", "expected")


@dataclass(frozen=True)
class PatientRule:
    """Who; None means: drawn by seed."""

    sex: str | None = None
    age_years: int | None = None
    height_cm: float | None = None
    weight_kg: float | None = None


@dataclass(frozen=True)
class Scenario:
    """One checked scenario file.

    ``clinical``: what is known apart from images; ``expected``: what a report should say, written by hand, never
    computed. Both are copied into truth.json as they stand.
    """

    name: str
    title: str
    exams: tuple[ExamRule, ...]
    patient: PatientRule = PatientRule()
    lesions: tuple[LesionRule, ...] = ()
    mimics: tuple[LesionRule, ...] = ()
    anatomy: AnatomyRule = field(default_factory=AnatomyRule)
    clinical: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)
    text: str = field(default="", repr=False)
    path: str = ""

    def refuse(self, line: int, problem: str, found: str = "", expected: str = "") -> InputError:
        """An error that names this file and a line of it."""
        return InputError(problem, subject=f"{self.path}, line {line}", found=found, expected=expected)


def scenario_names() -> list[str]:
    """Names of the scenarios that come with the program."""
    folder = resources.files("isletscope.phantom").joinpath("scenarios")
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def scenarios() -> list[Scenario]:
    """All scenarios that come with the program, checked."""
    return [load_scenario(name) for name in scenario_names()]


def load_scenario(scenario: str | Path) -> Scenario:
    """A scenario by name or by file. Raises InputError naming file, line and reason."""
    names = scenario_names()
    if str(scenario) in names:
        name = f"{scenario}.yaml"
        text = resources.files("isletscope.phantom").joinpath("scenarios").joinpath(name).read_text(encoding="utf-8")
        return parse_scenario(text, name)
    path = Path(scenario)
    if not path.is_file():
        raise InputError(
            "there is no scenario of that name, and no such file",
            subject=str(scenario),
            expected=f"one of {', '.join(names)}, or a YAML file",
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("the scenario file cannot be read", subject=str(path), found=str(error)) from error
    return parse_scenario(text, str(path))


def parse_scenario(text: str, path: str) -> Scenario:
    """Check and read a scenario's YAML text; ``path`` is named in errors."""
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"not valid YAML: {error.problem}", subject=f"{path}, line {line}") from error
    if root is None:
        raise InputError("the scenario file is empty", subject=path, expected="name, title, exams")
    node = Node(root, path, "scenario")
    entries = node.mapping(required=("name", "title", "exams"), optional=_OPTIONAL)
    exams = tuple(read_exam(item) for item in entries["exams"].items())
    if not exams:
        raise entries["exams"].refuse("a scenario needs at least one exam")
    names = [exam.name for exam in exams]
    if len(set(names)) < len(names):
        raise entries["exams"].refuse("two exams bear the same name", found=", ".join(names))
    return Scenario(
        name=entries["name"].text(),
        title=entries["title"].text(),
        exams=exams,
        patient=_patient(entries["patient"]) if "patient" in entries else PatientRule(),
        lesions=tuple(read_lesion(item) for item in entries["lesions"].items()) if "lesions" in entries else (),
        mimics=tuple(read_mimic(item) for item in entries["mimics"].items()) if "mimics" in entries else (),
        anatomy=read_anatomy(entries["anatomy"]) if "anatomy" in entries else AnatomyRule(),
        clinical=_free_mapping(entries["clinical"]) if "clinical" in entries else {},
        expected=read_expected(entries["expected"], names) if "expected" in entries else {},
        text=text,
        path=path,
    )


def _free_mapping(node: Node) -> dict[str, Any]:
    """A mapping that is copied to truth.json as written; dates become text."""
    value = node.value()
    if not isinstance(value, dict):
        raise node.refuse(f"{node.what} must be a mapping of keys", found=repr(value)[:60])
    plain: dict[str, Any] = json.loads(json.dumps(value, default=str))
    return plain


def _patient(node: Node) -> PatientRule:
    entries = node.mapping((), ("sex", "age_years", "height_cm", "weight_kg"))
    return PatientRule(
        sex=entries["sex"].choice(("F", "M")) if "sex" in entries else None,
        age_years=int(entries["age_years"].number(18, 95)) if "age_years" in entries else None,
        height_cm=entries["height_cm"].number(145, 200) if "height_cm" in entries else None,
        weight_kg=entries["weight_kg"].number(40, 130) if "weight_kg" in entries else None,
    )
