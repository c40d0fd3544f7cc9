"""The tables beside this code (words of vendors, codes, limits), checked against their schema when they are read."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from isletscope.model import Support
from isletscope.yaml_text import read_yaml


class Table(BaseModel):
    """Base of all tables: version, source and support; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    source: str = Field(min_length=3)
    support: Support


class FileRules(Table):
    """Which files are looked at, and the limits of archives."""

    ignored_suffixes: frozenset[str]
    ignored_names: frozenset[str]
    archive_suffixes: frozenset[str]
    closed_archives: frozenset[str]
    nifti_suffixes: tuple[str, ...]
    archive_limit_bytes: int = Field(gt=0)
    archive_limit_files: int = Field(gt=0)
    archive_limit_ratio: float = Field(gt=1)
    archive_ratio_from_bytes: int = Field(gt=0)
    archive_depth: int = Field(ge=1)


AnyTable = TypeVar("AnyTable", bound=Table)


def read_table(name: str, model: type[AnyTable]) -> AnyTable:
    """The table ``data/name.yaml``. Raises pydantic's ValidationError when it breaks its schema."""
    content = resources.files("isletscope.intake").joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    return model.model_validate(read_yaml(content))


@cache
def file_rules() -> FileRules:
    """The rules of files.yaml."""
    return read_table("files", FileRules)
