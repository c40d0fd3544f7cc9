"""Scenarios: who is scanned, when, with what, and which tumours there are. YAML, checked line by line.

A wrong key, a wrong kind of value or an unknown name raises InputError with the file, the line and what is allowed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from isletscope.errors import InputError
from isletscope.phantom.tracers import tracers

VENDORS = ("siemens", "ge", "philips")
SITES = ("pancreas", "liver", "node", "bone", "lung", "peritoneum", "other")
SHAPES = ("round", "ellipsoid", "lobulated")
SYNTAXES = ("explicit", "implicit", "deflated", "rle", "jpeg2000", "jpegls", "jpeg")
FORMS = ("classic", "enhanced")
Range = tuple[float, float]


@dataclass(frozen=True)
class Uptake:
    """Tumour uptake of one tracer class: absolute SUVbw or a multiple of the host tissue's; drawn in a range."""

    suv: Range | None = None
    times_background: Range | None = None


@dataclass(frozen=True)
class LesionRule:
    """One or more tumours to make; ranges are drawn per tumour. ``line`` is where the rule stands in the file."""

    site: str
    place: dict[str, Any]
    diameter_mm: Range
    uptake: dict[str, Uptake]
    count: tuple[int, int] = (1, 1)
    shape: str = "round"
    hu_offset: float = -8.0
    margin_mm: float = 8.0
    line: int = 0


@dataclass(frozen=True)
class ExamRule:
    """One PET/CT visit. None means: drawn by seed."""

    name: str
    tracer: str
    date: dt.date
    time: dt.time | None = None
    vendor: str | None = None
    pet_form: str = "classic"
    ct_form: str = "classic"
    transfer_syntax: str = "explicit"
    uncorrected_series: bool = False
    liver_noise: float | None = None
    resolution_mm: float | None = None
    breathing_mm: float = 7.0
    turn_degrees: float = 1.5
    table_shift_mm: float = 18.0
    line: int = 0


@dataclass(frozen=True)
class PatientRule:
    """Who; None means: drawn by seed."""

    sex: str | None = None
    age_years: int | None = None
    height_cm: float | None = None
    weight_kg: float | None = None


@dataclass(frozen=True)
class Scenario:
    """One checked scenario file."""

    name: str
    title: str
    exams: tuple[ExamRule, ...]
    patient: PatientRule = PatientRule()
    lesions: tuple[LesionRule, ...] = ()
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
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"not valid YAML: {error.problem}", subject=f"{path}, line {line}") from error
    if root is None:
        raise InputError("the scenario file is empty", subject=path, expected="name, title, exams")
    node = _Node(root, path, "scenario")
    entries = node.mapping(required=("name", "title", "exams"), optional=("patient", "lesions", "description"))
    exams = tuple(_exam(item) for item in entries["exams"].items())
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
        lesions=tuple(_lesion(item) for item in entries["lesions"].items()) if "lesions" in entries else (),
        text=text,
        path=path,
    )


@dataclass(frozen=True)
class _Node:
    """A YAML node with the file and the name of the thing it describes."""

    node: yaml.Node
    path: str
    what: str

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def refuse(self, problem: str, found: str = "", expected: str = "") -> InputError:
        return InputError(problem, subject=f"{self.path}, line {self.line}", found=found, expected=expected)

    def value(self) -> Any:
        loader = yaml.SafeLoader("")
        return loader.construct_object(self.node, deep=True)

    def mapping(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, _Node]:
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refuse(f"{self.what} must be a mapping of keys", found=str(self.value())[:60])
        entries: dict[str, _Node] = {}
        for key, value in self.node.value:
            name = str(key.value)
            if name not in required + optional:
                raise _Node(key, self.path, self.what).refuse(
                    f"unknown key '{name}' in {self.what}", expected=", ".join(required + optional)
                )
            entries[name] = _Node(value, self.path, f"'{name}'")
        missing = [name for name in required if name not in entries]
        if missing:
            raise self.refuse(f"{self.what} lacks {', '.join(missing)}", expected=", ".join(required))
        return entries

    def items(self) -> list[_Node]:
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.refuse(f"{self.what} must be a list", found=str(self.value())[:60])
        return [_Node(item, self.path, f"an entry of {self.what}") for item in self.node.value]

    def text(self) -> str:
        value = self.value()
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(f"{self.what} must be text", found=repr(value))
        return value

    def choice(self, allowed: tuple[str, ...]) -> str:
        value = self.value()
        if value not in allowed:
            raise self.refuse(f"{self.what} is not known", found=repr(value), expected=", ".join(allowed))
        return str(value)

    def number(self, low: float, high: float) -> float:
        value = self.value()
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.refuse(
                f"{self.what} is out of range", found=repr(value), expected=f"a number, {low:g} to {high:g}"
            )
        return float(value)

    def range(self, low: float, high: float) -> Range:
        if isinstance(self.node, yaml.SequenceNode):
            ends = [item.number(low, high) for item in self.items()]
            if len(ends) != 2 or ends[0] > ends[1]:
                raise self.refuse(f"{self.what} must be one number or [smallest, largest]", found=str(ends))
            return ends[0], ends[1]
        value = self.number(low, high)
        return value, value

    def flag(self) -> bool:
        value = self.value()
        if not isinstance(value, bool):
            raise self.refuse(f"{self.what} must be true or false", found=repr(value))
        return value

    def date(self) -> dt.date:
        value = self.value()
        if not isinstance(value, dt.date):
            raise self.refuse(f"{self.what} must be a date", found=repr(value), expected="e.g. 2026-09-01")
        return value

    def clock(self) -> dt.time:
        try:
            return dt.time.fromisoformat(str(self.node.value))
        except ValueError as error:
            raise self.refuse(
                f"{self.what} must be a time", found=str(self.node.value), expected="e.g. 09:40"
            ) from error


def _patient(node: _Node) -> PatientRule:
    entries = node.mapping((), ("sex", "age_years", "height_cm", "weight_kg"))
    return PatientRule(
        sex=entries["sex"].choice(("F", "M")) if "sex" in entries else None,
        age_years=int(entries["age_years"].number(18, 95)) if "age_years" in entries else None,
        height_cm=entries["height_cm"].number(145, 200) if "height_cm" in entries else None,
        weight_kg=entries["weight_kg"].number(40, 130) if "weight_kg" in entries else None,
    )


def _exam(node: _Node) -> ExamRule:
    readers: dict[str, Callable[[_Node], Any]] = {
        "name": _Node.text,
        "tracer": lambda n: n.choice(tuple(tracers())),
        "date": _Node.date,
        "time": _Node.clock,
        "vendor": lambda n: n.choice(VENDORS),
        "pet_form": lambda n: n.choice(FORMS),
        "ct_form": lambda n: n.choice(FORMS),
        "transfer_syntax": lambda n: n.choice(SYNTAXES),
        "uncorrected_series": _Node.flag,
        "liver_noise": lambda n: n.number(0, 0.5),
        "resolution_mm": lambda n: n.number(3.5, 12),
        "breathing_mm": lambda n: n.number(0, 20),
        "turn_degrees": lambda n: n.number(0, 5),
        "table_shift_mm": lambda n: n.number(0, 60),
    }
    required = ("name", "tracer", "date")
    entries = node.mapping(required, tuple(key for key in readers if key not in required))
    return ExamRule(line=node.line, **{key: readers[key](value) for key, value in entries.items()})


def _lesion(node: _Node) -> LesionRule:
    entries = node.mapping(("site", "place", "diameter_mm", "uptake"), ("count", "shape", "hu_offset", "margin_mm"))
    uptake = {}
    for key, item in entries["uptake"].mapping(("sstr", "fdg")).items():
        given = item.mapping((), ("suv", "times_background"))
        if len(given) != 1:
            raise item.refuse(f"{item.what} needs either suv or times_background", found=", ".join(given) or "neither")
        uptake[key] = Uptake(
            suv=given["suv"].range(0, 400) if "suv" in given else None,
            times_background=given["times_background"].range(0, 200) if "times_background" in given else None,
        )
    count = entries["count"].range(0, 80) if "count" in entries else (1.0, 1.0)
    return LesionRule(
        site=entries["site"].choice(SITES),
        place=_place(entries["place"]),
        diameter_mm=entries["diameter_mm"].range(4, 120),
        uptake=uptake,
        count=(int(count[0]), int(count[1])),
        shape=entries["shape"].choice(SHAPES) if "shape" in entries else "round",
        hu_offset=entries["hu_offset"].number(-200, 1200) if "hu_offset" in entries else -8.0,
        margin_mm=entries["margin_mm"].number(0, 60) if "margin_mm" in entries else 8.0,
        line=node.line,
    )


def _place(node: _Node) -> dict[str, Any]:
    entries = node.mapping((), ("in", "at", "side"))
    if ("in" in entries) == ("at" in entries):
        raise node.refuse("'place' needs either 'in' (a structure) or 'at' (x, y, z in anatomical mm)")
    if "at" in entries:
        point = [item.number(-600, 600) for item in entries["at"].items()]
        if len(point) != 3:
            raise entries["at"].refuse("'at' needs three numbers", found=str(point))
        return {"at": tuple(point)}
    place: dict[str, Any] = {"in": entries["in"].text()}
    if "side" in entries:
        place["side"] = entries["side"].choice(("left", "right"))
    return place
