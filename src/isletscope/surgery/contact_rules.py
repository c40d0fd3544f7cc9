"""The figures behind vessel contact, read from ``contact.yaml`` and checked."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from isletscope.model import Support
from isletscope.yaml_text import read_yaml

TOLERANCES_MM = (0.0, 0.5, 1.0, 1.5)


class Figure(BaseModel):
    """One threshold with its source and how well it is supported."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[float, Field(gt=0)]
    source: Annotated[str, Field(min_length=5)]
    support: Support


class ContactRules(BaseModel):
    """All of them; each is told in the YAML."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tolerance_mm: Figure
    median_mm: Figure
    bridged_mm: Figure
    crumb_share: Figure
    reference_mm: Figure
    teardrop_half_arc_deg: Figure
    filled_share: Figure
    thick_slice_mm: Figure
    sure_radius_mm: Figure
    edge_offset_voxels: Figure
    edge_noise_voxels: Figure
    draws: Figure


@cache
def contact_rules() -> ContactRules:
    """The figures in force."""
    text = files("isletscope.surgery").joinpath("contact.yaml").read_text(encoding="utf-8")
    return ContactRules.model_validate(read_yaml(text))
