"""The figures behind outlining foci, read from ``delineation.yaml`` and checked."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from isletscope.model import Support, TracerClass
from isletscope.yaml_text import read_yaml


class Rules(BaseModel):
    """Base: nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(Rules):
    """One threshold with its source and how well it is supported."""

    value: Annotated[float, Field(gt=0)]
    source: Annotated[str, Field(min_length=5)]
    support: Support


class ShellRules(Rules):
    """Surroundings of a focus."""

    inner_mm: Figure
    outer_mm: Figure
    minimum_voxels: Figure


class DiscernibleRules(Rules):
    """When a focus stands out, and when it is colder than its surroundings."""

    standard_deviations: Figure
    peak_over_shell: Figure
    photopenic_below: Figure


class ByTracer(Rules):
    """A figure that depends on the tracer."""

    sstr: Figure
    fdg: Figure
    other: Figure

    def of(self, tracer: TracerClass) -> Figure:
        """The figure for a tracer class."""
        if tracer is TracerClass.SSTR:
            return self.sstr
        return self.fdg if tracer is TracerClass.FDG else self.other


class AdaptedRules(Rules):
    """The percentage rule on what stands above background."""

    assessable_over_background: Figure
    rounds: Figure
    settled_within: Figure


class LiverRules(Rules):
    """Liver mean + k standard deviations."""

    standard_deviations: Figure


class PercistRules(Rules):
    """PERCIST: factor x liver mean + k standard deviations."""

    factor: Figure
    standard_deviations: Figure


class LimitRules(Rules):
    """What is said beside a volume."""

    minimum_volume_ml: Figure
    fdg_over_liver: Figure
    bulk_over_liver: Figure
    bulk_volume_ml: Figure
    hotter_beside: Figure


class DelineationRules(Rules):
    """All figures of ``delineation.yaml``."""

    shell: ShellRules
    discernible: DiscernibleRules
    percentage: ByTracer
    background_adapted: AdaptedRules
    fixed_suv: ByTracer
    liver_based: LiverRules
    percist: PercistRules
    limits: LimitRules


@cache
def delineation_rules() -> DelineationRules:
    """The rules that come with the software."""
    text = (files("isletscope.lesions") / "delineation.yaml").read_text(encoding="utf-8")
    return DelineationRules.model_validate(read_yaml(text))
