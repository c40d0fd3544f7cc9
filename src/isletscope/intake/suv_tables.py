"""Figures and sentences of the SUV computation, read from ``suv_tables.yaml`` and ``suv_findings.yaml``."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from isletscope.model import Support
from isletscope.yaml_text import read_yaml


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Sourced(_Row):
    source: str = Field(min_length=3)
    support: Support


class Nuclide(_Sourced):
    """A radionuclide: how headers name it, its half-life, and how long after injection scans are plausible."""

    name: str
    symbol: str
    mass_number: int
    element: str
    codes: list[str] = Field(description="code value and scheme designator, with one space")
    half_life_s: float = Field(gt=0)
    longest_uptake_h: float | None = None

    def named_in(self, text: str) -> bool:
        """Whether free text or a code meaning names this nuclide, as in 68Ga, Ga-68 or ^68^Gallium."""
        between, mass = r"[\s\-^]*", self.mass_number
        after = rf"(?<![A-Za-z]){self.symbol}{between}{mass}(?!\d)"
        before = rf"(?<!\d){mass}{between}(?:{self.symbol}(?![A-Za-z])|{self.element})"
        return re.search(f"{after}|{before}", text, re.IGNORECASE) is not None


class Tolerance(_Sourced):
    """A relative tolerance."""

    value: float = Field(gt=0, lt=1)


class UptakeGate(_Sourced):
    """Plausible delays from injection to scan."""

    shortest_min: float
    longest_half_lives: float
    warn_below_min: float
    ambiguous_clock_half_life_h: float
    hint_from_min: float
    hint_to_min: float


class WeightGate(_Sourced):
    """Plausible weights."""

    least_kg: float
    most_kg: float
    grams_above: float


class SizeGate(_Sourced):
    """Plausible heights."""

    least_m: float
    most_m: float


class ActivityGate(_Sourced):
    """Which numbers are MBq, which are Bq, and which cannot be told."""

    mbq_from: float
    mbq_below: float
    bq_from: float
    usual_least_mbq: float
    usual_most_mbq: float


class TimeGate(_Sourced):
    """When two clocks disagree."""

    disagreement_s: float
    rounding_s: float


class SuvTables(_Row):
    """All figures of ``suv_tables.yaml``."""

    nuclides: list[Nuclide]
    half_life_tolerance: Tolerance
    uptake: UptakeGate
    weight: WeightGate
    size: SizeGate
    activity: ActivityGate
    times: TimeGate


class FindingText(_Row):
    """One sentence pattern of ``suv_findings.yaml``."""

    severity: Literal["error", "warning", "info", "doubt", "lack"]
    problem: str
    expected: str
    remedy: str


def _yaml(name: str) -> Any:
    return read_yaml(resources.files("isletscope.intake").joinpath(name).read_text(encoding="utf-8"))


@cache
def suv_tables() -> SuvTables:
    """The figures, checked against their schema."""
    return SuvTables.model_validate(_yaml("suv_tables.yaml"))


@cache
def finding_texts() -> dict[str, FindingText]:
    """The sentences, checked against their schema, by finding code."""
    return {code: FindingText.model_validate(row) for code, row in _yaml("suv_findings.yaml").items()}
