"""Thresholds as data: a YAML file of numbers and ranges, each with unit, source and support, checked when loaded."""

from __future__ import annotations

from functools import cache
from importlib import resources

from pydantic import Field, RootModel, model_validator

from isletscope.model import Document, Support
from isletscope.yaml_text import read_yaml


class Threshold(Document):
    """One number or one range used by a rule."""

    value: float | None = None
    range: tuple[float, float] | None = None
    unit: str
    source: str = Field(min_length=3)
    support: Support
    note: str = ""

    @model_validator(mode="after")
    def _number_or_range(self) -> Threshold:
        if (self.value is None) == (self.range is None):
            raise ValueError("a threshold has either a value or a range")
        if self.range is not None and self.range[0] >= self.range[1]:
            raise ValueError("a range runs from low to high")
        return self


class Thresholds(RootModel[dict[str, dict[str, Threshold]]]):
    """Thresholds by group and name, read with ``"group.name"``."""

    def entry(self, key: str) -> Threshold:
        """The whole entry. Raises KeyError when there is none."""
        group, name = key.split(".", 1)
        return self.root[group][name]

    def number(self, key: str) -> float:
        """The number under ``group.name``. Raises KeyError when it is absent or a range."""
        value = self.entry(key).value
        if value is None:
            raise KeyError(f"{key} is a range")
        return value

    def bounds(self, key: str) -> tuple[float, float]:
        """The range under ``group.name``. Raises KeyError when it is absent or a number."""
        bounds = self.entry(key).range
        if bounds is None:
            raise KeyError(f"{key} is a number")
        return bounds


@cache
def load_thresholds(package: str, file_name: str) -> Thresholds:
    """Thresholds of one YAML file that lies in a package. Raises ValidationError when an entry lacks its source."""
    text = resources.files(package).joinpath(file_name).read_text(encoding="utf-8")
    return Thresholds.model_validate(read_yaml(text))
