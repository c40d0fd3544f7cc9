"""The rooms: import contracts, public names, and data files that say where they come from."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import isletscope

SOURCE = Path(isletscope.__file__).parent
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
OWN_PROGRAMS = {"mirp_runner.py": "radiomics"}
"""Files that run in a process of their own, and the extra of pyproject.toml that brings what they need."""
SUPPORT = {"verified", "verified_2nd", "recall", "convention", "computed"}


def test_the_rooms_are_the_ones_that_the_contract_orders() -> None:
    expected = (
        "anatomy assessment cli criteria exchange intake items lesions model phantom reading report spatial surgery"
    )
    assert expected.split() == ROOMS


def test_imports_only_point_down() -> None:
    checked = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=SOURCE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_are_the_names_that_are_there(room: str) -> None:
    module = importlib.import_module(f"isletscope.{room}")
    listed = getattr(module, "__all__", None)
    assert listed is not None, f"isletscope.{room} lists no public names in __all__"
    assert len(listed) == len(set(listed))
    assert [name for name in listed if not hasattr(module, name)] == []
    assert names_in_init(room) - set(listed) == set(), "imported in __init__ and not listed in __all__"


def names_in_init(room: str) -> set[str]:
    """Names without a leading underscore that the room's __init__ imports or defines."""
    tree = ast.parse((SOURCE / room / "__init__.py").read_text())
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return {name for name in names if not name.startswith("_")}


def test_other_rooms_are_entered_through_their_door() -> None:
    """A room imports another room's public names from its ``__init__``, never from a module behind it."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        room = path.relative_to(SOURCE).parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            parts = node.module.split(".")
            if parts[0] == "isletscope" and len(parts) > 2 and parts[1] in ROOMS and parts[1] != room:
                found.append(f"{path.relative_to(SOURCE)}:{node.lineno} imports {node.module}")
    assert found == []


def test_every_module_can_be_imported_by_itself() -> None:
    for module in pkgutil.walk_packages([str(SOURCE)], prefix="isletscope."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_files_and_functions_stay_readable() -> None:
    lengths = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in SOURCE.rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > 500} == {}
    assert [line for path in SOURCE.rglob("*.py") for line in long_functions(path)] == []


def long_functions(path: Path) -> list[str]:
    """Functions of more than 80 lines, docstring included; compiled loops may be longer."""
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    place = path.relative_to(SOURCE)
    return [
        f"{place}:{node.lineno} {node.name}"
        for node in functions
        if (node.end_lineno or 0) - node.lineno > 80
        and "compiled" not in {getattr(mark, "id", "") for mark in node.decorator_list}
    ]


def data_files() -> list[Path]:
    """All YAML files of the package."""
    return sorted(SOURCE.rglob("*.yaml"))


@pytest.mark.parametrize("path", data_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_support_marks_are_of_the_one_list(path: Path) -> None:
    marks = list(values_under("support", yaml.safe_load(path.read_text())))
    assert [mark for mark in marks if mark not in SUPPORT] == []


def values_under(key: str, data: Any) -> Any:
    """All values that stand under a key, at any depth."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name == key and isinstance(value, str):
                yield value
            yield from values_under(key, value)
    elif isinstance(data, list):
        for item in data:
            yield from values_under(key, item)


def test_only_declared_parts_are_imported() -> None:
    """What the package imports is asked for in pyproject.toml itself, not brought along by another part by chance."""
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    distributions = packages_distributions()
    strangers = set()
    for path in SOURCE.rglob("*.py"):
        if path.name in OWN_PROGRAMS:
            continue
        for name in imported_packages(path) - set(sys.stdlib_module_names) - {"isletscope"}:
            owners = {canonicalize_name(owner) for owner in distributions.get(name, [name])}
            if not owners & declared:
                strangers.add(f"{path.relative_to(SOURCE)} imports {name}")
    assert sorted(strangers) == []


def test_every_declared_part_is_used() -> None:
    """A dependency that nothing imports is left out. Only the pixel decoder is found by pydicom and not imported."""
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    imported = {name for path in SOURCE.rglob("*.py") for name in imported_packages(path)}
    distributions = packages_distributions()
    used = {canonicalize_name(owner) for name in imported for owner in distributions.get(name, [])}
    assert declared - used == {"python-gdcm"} - used


def test_programs_of_their_own_know_nothing_of_the_package() -> None:
    """What needs an extra runs as a program of its own: it imports nothing of Isletscope, and nothing imports it."""
    extras = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name, extra in OWN_PROGRAMS.items():
        asked_for = {Requirement(line).name for line in extras[extra]}
        (path,) = SOURCE.rglob(name)
        assert imported_packages(path) - set(sys.stdlib_module_names) == asked_for
        importers = [other for other in SOURCE.rglob("*.py") if f"import {path.stem}" in other.read_text()]
        assert importers == []


def imported_packages(path: Path) -> set[str]:
    """Top-level names of everything a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            names.update(part.value.split(".")[0] for part in node.args if isinstance(part, ast.Constant))
    return names
