"""Physiologic, tumour or unsure: an ordered list of rules per tracer, written as data.

Each rule names a place, an organ, and bounds on figures of the focus; the first that fits decides and its sentence,
figures, citation and support become the focus's assessment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from pydantic import Field, model_validator

from isletscope.lesions.landmarks import PLACES, Landmarks, Point, in_place
from isletscope.model import Assessment, Document, Evidence, State, Support, TracerClass, Verdict
from isletscope.yaml_text import read_yaml

FIGURES: dict[str, tuple[str, str | None]] = {
    "suv_max": ("SUVmax", "g/mL"),
    "over_liver": ("SUVmax over liver mean", None),
    "over_blood": ("SUVmax over blood pool mean", None),
    "over_spleen": ("SUVmax over spleen mean", None),
    "smooth_over_blood": ("smoothed maximum over blood pool mean", None),
    "contrast": ("uptake over surroundings", None),
    "volume_ml": ("volume", "mL"),
    "rise_mm": ("extent along the body", "mm"),
    "width_mm": ("extent across", "mm"),
    "slender": ("length over width", None),
    "paired": ("mirrored partner (1 yes, 0 no)", None),
    "retroperitoneal": ("beside the large vessels (1 yes, 0 no)", None),
    "gas": ("share of gas nearby on CT", None),
    "hu": ("mean CT density", "[hnsf'U]"),
    "bone": ("share on bone", None),
    "lung": ("share on lung", None),
    "liver_rim": ("share of liver in what surrounds it", None),
    "kidney_mm": ("distance to a kidney", "mm"),
    "spleen_mm": ("distance to the spleen", "mm"),
    "bladder_mm": ("distance to the bladder", "mm"),
    "heart_mm": ("distance to the heart", "mm"),
    "liver_mm": ("distance to the liver", "mm"),
    "middle_mm": ("distance from the middle of the body", "mm"),
    "field_end_mm": ("distance to the end of the field along the body", "mm"),
    "liver_known": ("liver reference (1 known, 0 missing)", None),
    "heart_known": ("heart (1 found, 0 missing)", None),
    "kidneys_known": ("kidneys found", None),
}
ORGAN_WORDS = {
    "kidney_right": "right kidney",
    "kidney_left": "left kidney",
    "lung_right": "right lung",
    "lung_left": "left lung",
}


class Rule(Document):
    """One line of the rule table; ``settled_by_correlate``: unsure only while CT and MR show no candidate there."""

    id: str
    verdict: Verdict
    site: str
    site_code: str
    because: str = Field(min_length=8)
    cite: str
    support: Support
    place: str = "anywhere"
    organ: str = ""
    whole_organ: bool = False
    settled_by_correlate: bool = False
    when: dict[str, tuple[float | None, float | None]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_words(self) -> Rule:
        if self.place not in PLACES:
            raise ValueError(f"{self.id}: no place is named {self.place}")
        unknown = set(self.when) - set(FIGURES)
        if unknown:
            raise ValueError(f"{self.id}: no figure is named {', '.join(sorted(unknown))}")
        return self


class RuleBook(Document):
    """All rules, by family of tracers, in order."""

    citations: dict[str, str]
    sstr: list[Rule]
    fdg: list[Rule]
    other: list[Rule]

    @model_validator(mode="after")
    def _complete(self) -> RuleBook:
        for rules in (self.sstr, self.fdg, self.other):
            if rules[-1].when or rules[-1].place != "anywhere" or rules[-1].organ:
                raise ValueError("the last rule of a tracer fits every focus")
            for rule in rules:
                if rule.cite and rule.cite not in self.citations:
                    raise ValueError(f"{rule.id}: no citation is named {rule.cite}")
        return self

    def of(self, tracer_class: TracerClass) -> list[Rule]:
        """The rules for a family of tracers; those without rules of their own share ``other``."""
        if tracer_class is TracerClass.SSTR:
            return self.sstr
        return self.fdg if tracer_class is TracerClass.FDG else self.other


@cache
def rule_book() -> RuleBook:
    """The rules that ship with the software. Raises ValidationError when they do not follow their schema."""
    text = resources.files("isletscope.lesions").joinpath("physiologic.yaml").read_text(encoding="utf-8")
    return RuleBook.model_validate(read_yaml(text))


@dataclass(frozen=True)
class FocusFigures:
    """What the rules may ask about one focus; figures that are not known are absent.

    ``organ``: organ at the maximum ("body" for none); ``whole_organ``: the uptake of that organ as one.
    """

    point: Point
    organ: str
    whole_organ: bool
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Classified:
    """Verdict with its reason and, where the rule knows it, the site."""

    verdict: Verdict
    site: str
    site_code: str
    assessment: Assessment


def classify(
    focus: FocusFigures, marks: Landmarks, tracer_class: TracerClass, book: RuleBook | None = None
) -> Classified:
    """The verdict of the first rule that fits; the last rule of each tracer fits always."""
    book = book or rule_book()
    for rule in book.of(tracer_class):
        if _fits(rule, focus, marks):
            return _verdict(rule, focus, tracer_class, book)
    raise AssertionError("the last rule fits every focus")


def _fits(rule: Rule, focus: FocusFigures, marks: Landmarks) -> bool:
    if rule.whole_organ != focus.whole_organ:
        return False
    if rule.organ and rule.organ != focus.organ:
        return False
    for name, (low, high) in rule.when.items():
        value = focus.figures.get(name)
        if value is None:
            if name in ("bone", "retroperitoneal") and (low is None or low <= 0):
                continue
            return False
        if (low is not None and value < low) or (high is not None and value > high):
            return False
    return in_place(marks, rule.place, focus.point)


def _verdict(rule: Rule, focus: FocusFigures, tracer_class: TracerClass, book: RuleBook) -> Classified:
    organ = ORGAN_WORDS.get(focus.organ, focus.organ)
    words = {"organ": organ, "tracer_sentence": _tracer_sentence(tracer_class)}
    because = rule.because.format(**words)
    shown = ["suv_max", "over_liver", "over_blood", *rule.when]
    evidence = [
        Evidence(text=FIGURES[name][0], value=round(focus.figures[name], 3), unit=FIGURES[name][1])
        for name in dict.fromkeys(shown)
        if name in focus.figures
    ]
    assessment = Assessment(
        name="physiologic or tumour",
        state=State.DERIVED,
        value=rule.verdict.value,
        because=because[0].upper() + because[1:] + ".",
        evidence=evidence,
        rule=rule.id,
        citations=[book.citations[rule.cite]] if rule.cite else [],
        support=rule.support,
    )
    return Classified(rule.verdict, rule.site.format(**words), rule.site_code, assessment)


def _tracer_sentence(tracer_class: TracerClass) -> str:
    if tracer_class is TracerClass.UNKNOWN:
        return "the tracer is not known, so physiologic sites are not known; a reader may enter tracer_class"
    return f"no rules of physiologic uptake are written for the tracer class {tracer_class.value}"
