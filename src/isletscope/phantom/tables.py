"""The tables that stand beside the code, as YAML."""

from __future__ import annotations

from importlib import resources
from typing import Any

from isletscope.yaml_text import read_yaml


def read_table(name: str) -> dict[str, Any]:
    """A whole table by its file name."""
    text = resources.files("isletscope.phantom").joinpath(name).read_text(encoding="utf-8")
    table: dict[str, Any] = read_yaml(text)
    return table
