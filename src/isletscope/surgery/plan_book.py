"""Words and figures of a plan, read from ``plan.yaml`` and checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from isletscope.model import Support
from isletscope.yaml_text import read_yaml


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    support: Support
    note: str


class _Goals(_Told):
    values: tuple[float, ...]


class _Growth(_Told):
    least: float
    most: float


class _Figure(_Told):
    value: float = Field(gt=0)


class PlanWords(BaseModel):
    """Sentences with named places."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    remnant: str
    local: str
    number: str
    nothing: str
    all_together: str
    no_segments: str
    pedicles_unknown: str
    around_unknown: str
    neighbours_unknown: str
    out_of_time: str
    two_stage: str
    within: str
    beyond: str


class PlanBook(BaseModel):
    """All of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    goals_percent: _Goals
    growth_percent: _Growth
    front_percent: _Goals
    front_seconds: _Figure
    tolerance_percent: _Figure
    seconds: _Figure
    whole_seconds: _Figure
    assumptions: tuple[str, ...]
    flags: Mapping[str, str]
    words: PlanWords


@cache
def plan_book() -> PlanBook:
    """The book in force."""
    text = files("isletscope.surgery").joinpath("plan.yaml").read_text(encoding="utf-8")
    return PlanBook.model_validate(read_yaml(text))
