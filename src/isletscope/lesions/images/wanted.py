"""On which series an organ is searched, and for bright or dark places: ``contrasts.yaml``."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib import resources

from pydantic import Field, RootModel

from isletscope.model import Document, Support
from isletscope.yaml_text import read_yaml


class Wanted(Document):
    """One contrast of one organ: what is sought on it, and only where none of ``instead_of`` is there."""

    bright: bool
    dark: bool
    instead_of: list[str] = Field(default_factory=list)
    source: str = Field(min_length=3)
    support: Support

    @property
    def signs(self) -> tuple[float, ...]:
        """1 for bright, -1 for dark."""
        return (*((1.0,) if self.bright else ()), *((-1.0,) if self.dark else ()))


class WantedTable(RootModel[dict[str, dict[str, Wanted]]]):
    """By organ and contrast."""


@cache
def _table() -> WantedTable:
    text = resources.files("isletscope.lesions.images").joinpath("contrasts.yaml").read_text(encoding="utf-8")
    return WantedTable.model_validate(read_yaml(text))


def wanted_contrasts(organ: str, present: Collection[str]) -> dict[str, Wanted]:
    """What to search on an organ, given the contrasts that are there. Raises KeyError for an organ not searched."""
    return {
        name: wanted
        for name, wanted in _table().root[organ].items()
        if name in present and not any(other in present for other in wanted.instead_of)
    }
