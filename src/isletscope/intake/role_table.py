"""The table roles.yaml: words, image types and limits that tell what a series is for."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from isletscope.intake.vocabulary import Table, read_table
from isletscope.model import Role

Text = Annotated[str, BeforeValidator(str)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ContrastRules(_Row):
    """Contrast agents: words for none, codes of the intravenous route, and how far apart steps of one injection lie."""

    no_agent: frozenset[Text]
    intravenous_routes: frozenset[Text]
    steps_within_s: float = Field(gt=0)


class Hints(_Row):
    """Image Type values and words that point to one kind of series."""

    image_types: frozenset[str] = frozenset()
    words: tuple[Text, ...] = ()


class DerivedHints(Hints):
    """Hints and SOP classes of captures and reformations."""

    sop_classes: frozenset[str]


class PetWords(_Row):
    """PET that is not attenuation-corrected, or no tracer image at all."""

    uncorrected_words: tuple[str, ...]
    uncorrected_units: frozenset[str]
    not_tracer_units: frozenset[Text]


class LowDose(_Row):
    """CT made for attenuation correction."""

    words: tuple[str, ...]
    exposure_limit_mas: float = Field(gt=0)


class PhaseWords(_Row):
    """Words of one CT phase."""

    role: Role
    words: tuple[str, ...]


class PhaseDelay(_Row):
    """Seconds after the start of contrast in which one CT phase lies."""

    role: Role
    from_s: float
    to_s: float


class CtRules(_Row):
    """Rules for CT."""

    low_dose: LowDose
    whole_protocol_words: tuple[str, ...]
    phases: tuple[PhaseWords, ...]
    stated_phases: dict[str, Role]
    delays_s: tuple[PhaseDelay, ...]


class FatSaturation(_Row):
    """Scan options and words of fat saturation."""

    scan_options: frozenset[str]
    words: tuple[str, ...]


class Hepatobiliary(_Row):
    """Words, agents, and the earliest minute after injection for each agent."""

    words: tuple[str, ...]
    agents: tuple[str, ...]
    from_minutes: dict[str, float]


class Dynamic(_Row):
    """Words of contrast-enhanced dynamic series, and of their phase before contrast."""

    words: tuple[str, ...]
    before_words: tuple[str, ...]


class T2Rules(_Row):
    """Words and shortest echo time of T2 weighting."""

    words: tuple[str, ...]
    shortest_echo_time_ms: float


class T1Rules(_Row):
    """Words and longest times of T1 weighting."""

    words: tuple[str, ...]
    longest_echo_time_ms: float
    longest_repetition_time_ms: float


class MrRules(_Row):
    """Rules for MR."""

    adc: Hints
    diffusion: Hints
    other_maps: Hints
    in_phase: Hints
    opposed_phase: Hints
    both_phases: Hints
    water: Hints
    fat: Hints
    fat_saturation: FatSaturation
    hepatobiliary: Hepatobiliary
    dynamic: Dynamic
    t2: T2Rules
    t1: T1Rules
    half_cycle_ms_tesla: float
    half_cycle_within: float


class RoleTable(Table):
    """All rules for roles."""

    localizer: Hints
    derived: DerivedHints
    bolus_tracking: Hints
    contrast: ContrastRules
    pet: PetWords
    ct: CtRules
    mr: MrRules


@cache
def role_table() -> RoleTable:
    """The table roles.yaml."""
    return read_table("roles", RoleTable)
