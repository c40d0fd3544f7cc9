"""The rules by which answers are proposed where no criterion gives them, as they stand in ``rules.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from isletscope.yaml_text import read_yaml


class Rule(BaseModel):
    """Base of the rules: nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TreatmentWords(Rule):
    """Words that name a treatment."""

    words: tuple[str, ...]
    treatment: str


class ProcedureWords(Rule):
    """Words that name an earlier procedure."""

    words: tuple[str, ...]
    procedure: str


class FactRules(Rule):
    """When a clinical fact follows from the clinical file and the conclusions."""

    surgery_questions: tuple[str, ...]
    surgery_words: tuple[str, ...]
    surgery_conclusions: tuple[str, ...]
    hepatectomy_words: tuple[str, ...]
    follow_up_questions: tuple[str, ...]


class EnhancementLimits(Rule):
    """Ratios of tumour to organ from which the tumour counts as brighter or darker."""

    higher: float
    lower: float


class CountGroup(Rule):
    """A group of counts; the last has no upper end."""

    group: str
    upto: int | None = None


class PercentGroup(Rule):
    """A group of percentages; the last has no upper end."""

    group: str
    below: float | None = None


class Rules(Rule):
    """Everything in ``rules.yaml``."""

    questions: dict[str, tuple[str, ...]]
    hormones: dict[str, str]
    syndromes: dict[str, str]
    treatments: tuple[TreatmentWords, ...]
    courses: dict[str, str]
    procedures: tuple[ProcedureWords, ...]
    facts: FactRules
    liver_treatments: tuple[str, ...]
    mimics: dict[str, str]
    enhancement: EnhancementLimits
    bands: dict[str, str]
    counts: tuple[CountGroup, ...]
    alike: int
    smallest_part_ml: float
    stenosis: tuple[PercentGroup, ...]
    encased_deg: float
    deformed_percent: float
    vessels_main: dict[str, str]
    vessels_other: dict[str, str]
    liver_vessels: dict[str, tuple[str, ...]]
    hilum: tuple[str, ...]
    distant_nodes: dict[str, str]
    sampled_by: dict[str, tuple[str, ...]]
    grade_hints: dict[str, str]


@cache
def rules() -> Rules:
    """The rules, read once."""
    text = files("isletscope.assessment.proposals").joinpath("rules.yaml").read_text(encoding="utf-8")
    return Rules.model_validate(read_yaml(text))


def has_words(text: str, words: Iterable[str]) -> bool:
    """Whether any of the words stands anywhere in a text, whatever its case."""
    lowered = text.lower()
    return any(word in lowered for word in words)


def group_of_count(count: int, groups: Sequence[CountGroup]) -> str:
    """The group that holds a count."""
    return next(one.group for one in groups if one.upto is None or count <= one.upto)


def group_of_percent(percent: float, groups: Sequence[PercentGroup]) -> str:
    """The group that holds a percentage."""
    return next(one.group for one in groups if one.below is None or percent < one.below)
