"""Which organ, vessel or duct a region of a mask file is: by its name, by its code, or by a table of the user's."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from isletscope.errors import InputError
from isletscope.intake import Region
from isletscope.model import Support
from isletscope.yaml_text import read_yaml

_PAIRS = {"kidneys": "kidney", "lungs": "lung"}
_TABLES = (".csv", ".json", ".yaml", ".yml")
_HEADINGS = ({"value", "name"}, {"value", "organ"}, {"name", "organ"}, {"label", "name"}, {"roi", "organ"})


class OrganNames(BaseModel):
    """The content of ``organ_names.yaml``: names, codes with their scheme, codes of sides, what lies right of what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    support: Support
    organs: Mapping[str, tuple[str, ...]]
    structures: Mapping[str, tuple[str, ...]]
    right_of: Mapping[str, str]
    codes: Mapping[str, str]
    sides: Mapping[str, str]


@dataclass(frozen=True)
class NamesTable:
    """What the user says of regions: names by label value, and organs or structures by region name in plain words."""

    by_value: Mapping[int, str] = field(default_factory=dict)
    by_name: Mapping[str, str] = field(default_factory=dict)

    def part_of(self, name: str) -> str | None:
        """The organ or structure of a region name, by the user's table first; None when it is not known."""
        return part_of(self.by_name.get(_plain(name), name))


def part_of(name: str) -> str | None:
    """The organ or structure that a region or file name stands for; None when it is not known."""
    return _by_words().get(_plain(name))


def is_structure(part: str) -> bool:
    """Whether a part is a vessel, a duct or a segment of the liver, which stands beside the organs."""
    return part in _names().structures


def right_of() -> Mapping[str, str]:
    """Structures that lie on the patient's right of another: right one -> left one."""
    return _names().right_of


def part_of_codes(region: Region) -> str | None:
    """The organ or structure that a segment's code names, with its side where the pair is coded; None: not known."""
    names, words = _names(), [f"{value} {scheme}" for value, scheme in region.codes]
    organ = names.codes.get(words[0]) if words else None
    side = next((names.sides[word] for word in words[1:] if word in names.sides), None)
    return f"{_PAIRS[organ]}_{side}" if organ in _PAIRS and side else organ


def read_names_table(path: Path) -> NamesTable:
    """A table of the user's: CSV rows ``value,name`` or ``region name,organ``; YAML or JSON with the same as a mapping.

    Raises InputError that names the row which cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = _csv_rows(text) if path.suffix.lower() == ".csv" else _yaml_rows(read_yaml(text), path)
    except OSError as error:
        raise InputError("cannot be opened", subject=str(path), found=error.strerror or str(error)) from error
    except (yaml.YAMLError, UnicodeDecodeError, csv.Error) as error:
        raise _no_table(path, str(error).splitlines()[0]) from error
    by_value: dict[int, str] = {}
    by_name: dict[str, str] = {}
    for first, second in rows:
        if not first or not second:
            raise _no_table(path, f"the row {first!r}, {second!r}")
        if first.isdigit():
            by_value[int(first)] = second
        else:
            by_name[_plain(first)] = second
    if not rows:
        raise _no_table(path, "no row")
    return NamesTable(by_value, by_name)


def sidecar_of(path: Path) -> Path | None:
    """The table of the same name that lies beside a NIfTI label map."""
    stem = re.sub(r"\.nii(\.gz)?$", "", path.name, flags=re.IGNORECASE)
    beside = (path.with_name(stem + suffix) for suffix in _TABLES)
    return next((one for one in beside if one.is_file()), None)


def _csv_rows(text: str) -> list[tuple[str, str]]:
    lines = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if any(row)]
    if lines and {cell.lower() for cell in lines[0][:2]} in _HEADINGS:
        lines = lines[1:]
    return [(row[0], row[1] if len(row) > 1 else "") for row in lines]


def _yaml_rows(found: object, path: Path) -> list[tuple[str, str]]:
    if not isinstance(found, dict):
        raise _no_table(path, type(found).__name__)
    return [(str(key).strip(), value.strip() if isinstance(value, str) else "") for key, value in found.items()]


def _no_table(path: Path, found: str) -> InputError:
    return InputError(
        "is no table of region names",
        subject=str(path),
        found=found,
        expected="rows value,name or region name,organ (CSV), or the same as a mapping (YAML, JSON)",
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


@cache
def _names() -> OrganNames:
    text = resources.files("isletscope.reading").joinpath("organ_names.yaml").read_text(encoding="utf-8")
    return OrganNames.model_validate(read_yaml(text))


@cache
def _by_words() -> dict[str, str]:
    parts = {**_names().organs, **_names().structures}
    return {_plain(name): part for part, names in parts.items() for name in (part, *names)}
