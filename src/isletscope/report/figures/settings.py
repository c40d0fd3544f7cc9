"""Windows, colours and sizes of the figures, from display.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from isletscope.model import Role, Support, TracerClass
from isletscope.yaml_text import read_yaml


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TracerDisplay(_Settings):
    """Window ends in g/mL and colours of one tracer class."""

    slice: float = Field(gt=0)
    projection: float = Field(gt=0)
    map: tuple[str, ...] = Field(min_length=2)
    ink: str


class Fusion(_Settings):
    """Opacity ramp of PET over CT, as fractions of the window."""

    begin: float = Field(alias="from", ge=0, lt=1)
    full_at: float = Field(gt=0, le=1)
    opacity: float = Field(gt=0, le=1)


class CtWindow(_Settings):
    """Level and width in HU."""

    level: float
    width: float = Field(gt=0)
    name: str


class FieldOfView(_Settings):
    """Edge length of a key slice in mm."""

    smallest_mm: float
    largest_mm: float
    step_mm: float
    times_long_axis: float

    def edge_mm(self, long_axis_mm: float | None) -> float:
        """Edge for a lesion of that long axis: so many times the axis, in steps, between the limits."""
        wanted = (long_axis_mm or 0.0) * self.times_long_axis
        stepped = -(-wanted // self.step_mm) * self.step_mm
        return min(max(stepped, self.smallest_mm), self.largest_mm)


class Display(_Settings):
    """The content of display.yaml, checked when it is read."""

    version: int
    support: Support
    source: str
    tracers: Mapping[TracerClass, TracerDisplay]
    fusion: Fusion
    ct_windows: Mapping[str, CtWindow]
    ct_window_of_site: Mapping[str, str]
    ct_order: tuple[Role, ...]
    field_of_view: FieldOfView
    most_rows: int

    def ct_window(self, site_code: str) -> CtWindow:
        """The CT window for a lesion at that site."""
        return self.ct_windows[self.ct_window_of_site.get(site_code, "soft")]


@cache
def display() -> Display:
    """The display settings."""
    text = resources.files("isletscope.report.figures").joinpath("display.yaml").read_text(encoding="utf-8")
    return Display.model_validate(read_yaml(text))
