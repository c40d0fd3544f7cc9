"""What the report templates ask for, and how kinds of answers become fields: ``mrrt.yaml``."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from isletscope.yaml_text import read_yaml


@cache
def template_book() -> dict[str, Any]:
    """The content of mrrt.yaml."""
    text = resources.files("isletscope.exchange").joinpath("mrrt.yaml").read_text(encoding="utf-8")
    book: dict[str, Any] = read_yaml(text)
    return book
