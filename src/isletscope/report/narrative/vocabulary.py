"""The coded words of words.yaml as the sentences need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from isletscope.model import Compartment, ExamKind, Support
from isletscope.yaml_text import read_yaml


class SiteWords(BaseModel):
    """A part of the pancreas in a sentence and in a table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    long: str
    short: str


class CompartmentWords(BaseModel):
    """Lesions of a compartment, one and many, and the place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    one: str
    many: str
    place: str


class Vocabulary(BaseModel):
    """The content of words.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    exams: Mapping[ExamKind, str]
    tracers: Mapping[ExamKind, str]
    pancreas: Mapping[str, SiteWords]
    compartments: Mapping[Compartment, CompartmentWords]
    vessels: Mapping[str, str]
    vessel_order: tuple[str, ...]
    decisive_vessels: tuple[str, ...]
    veins: tuple[str, ...]
    organs: Mapping[str, str]
    certainty: Mapping[str, str]
    tumour_of: Mapping[str, str]
    tumour_of_hormone: Mapping[str, str]
    pathognomonic: Mapping[str, ExamKind]
    sstr_rads_certainty: Mapping[str, str]
    explained: Mapping[str, str]
    patterns: Mapping[str, str]
    concordance_labels: Mapping[str, str]
    answers: Mapping[str, Mapping[str, str]]
    outcomes: Mapping[str, Mapping[str, str]]
    score_titles: Mapping[str, str]
    with_others: tuple[str, ...]
    printed_flags: tuple[str, ...]
    possible: Mapping[str, Mapping[str, str]]
    quantities: Mapping[str, str]
    local_systems: Mapping[str, str]
    local_classes: Mapping[str, str]
    thresholds_mm: Mapping[str, tuple[float, ...]]
    supports: Mapping[Support, str]

    def vessel(self, name: str) -> str:
        """A vessel's printed name; its own name, spaced, where there is none."""
        return self.vessels.get(name, name.replace("_", " "))

    def answer(self, item: str, value: str) -> str:
        """Words of a coded answer; the code, spaced, where there are none."""
        return self.answers.get(item, {}).get(value, value.replace("_", " "))

    def outcome(self, criterion: str, value: str) -> str:
        """What is printed of a rule's outcome."""
        words = self.outcomes.get(criterion, {})
        return words.get(value) or " or ".join(words.get(part, part).replace("_", " ") for part in value.split(" or "))

    def title(self, criterion: str) -> str:
        """The short name of a score."""
        return self.score_titles.get(criterion, criterion.replace("_", " "))

    def remaining(self, criterion: str, values: Sequence[str]) -> str:
        """Results that remain possible; three and more are called open."""
        words = [self.possible.get(criterion, {}).get(one) or self.outcome(criterion, one) for one in values]
        return f"possible: {' or '.join(words)}" if len(words) < 3 else "open"

    def needed(self, missing: Sequence[str], most: int) -> str:
        """What a rule lacks, at most so many: "superior mesenteric vein: contact" is "contact with the SMV"."""
        shown = []
        for one in missing[:most]:
            name, _, what = one.partition(": ")
            vessel = self.vessels.get(name.replace(" ", "_").replace("coeliac_axis", "celiac_artery"))
            shown.append(f"{what} of the {vessel}" if vessel and what else one)
        return ", ".join(shown)

    def limits_mm(self, compartment: Compartment) -> tuple[float, ...]:
        """Diameters that separate classes in that compartment, mm."""
        return self.thresholds_mm.get(compartment.value, self.thresholds_mm["other"])


@cache
def vocabulary() -> Vocabulary:
    """The words of the written report."""
    text = resources.files("isletscope.report.narrative").joinpath("words.yaml").read_text(encoding="utf-8")
    return Vocabulary.model_validate(read_yaml(text))
