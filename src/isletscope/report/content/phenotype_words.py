"""Columns, words and windows of the section on phenotype, from ``phenotype.yaml``."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict

from isletscope.model import Support, TracerClass
from isletscope.yaml_text import read_yaml


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PhenotypeColumn(_Words):
    """One column: its cell, the small figure below it, heading, group, how it is printed."""

    cell: str
    below: str = ""
    head: str
    group: str
    print: Literal["hounsfield", "two", "diffusion", "suv", "ratio"]
    width_mm: float


class PictureColumn(_Words):
    """One picture of the row: its place, heading and window."""

    column: str
    head: str
    tracer: TracerClass | None = None
    level: float = 0.0
    width: float = 0.0
    percentiles: tuple[float, float] | None = None


class PictureField(_Words):
    """Edge of the pictures in mm."""

    smallest_mm: float
    times_long_axis: float
    step_mm: float

    def edge_mm(self, long_axis_mm: float | None) -> float:
        """Edge for a lesion of that long axis, in steps."""
        wanted = (long_axis_mm or 0.0) * self.times_long_axis
        return max(self.smallest_mm, -(-wanted // self.step_mm) * self.step_mm)


class PhenotypeWords(_Words):
    """The content of ``phenotype.yaml``; sentences have gaps in braces."""

    version: int
    support: Support
    title: str
    table_title: str
    most_rows: int
    intro: str
    left_out: str
    legend: str
    dropped: str
    pictures_title: str
    pictures_note: str
    no_series: str
    not_shown: str
    concordance_open: str
    columns: tuple[PhenotypeColumn, ...]
    pictures: tuple[PictureColumn, ...]
    field: PictureField


@cache
def phenotype_words() -> PhenotypeWords:
    """The words of the section."""
    text = resources.files("isletscope.report.content").joinpath("phenotype.yaml").read_text(encoding="utf-8")
    return PhenotypeWords.model_validate(read_yaml(text))
