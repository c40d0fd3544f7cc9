"""What a candidate is held to be, by an ordered table of rules: ``natures.yaml``.

Without a rule that says otherwise a candidate stays unsure: it is the reader who decides.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from pydantic import Field, model_validator

from isletscope.lesions.images.features import Features
from isletscope.model import Assessment, Document, Evidence, ExamKind, State, Support, Verdict
from isletscope.yaml_text import read_yaml

FIGURES: dict[str, tuple[str, str]] = {
    "hu_lowest": ("lowest density of its phases", "[hnsf'U]"),
    "hu_highest": ("highest density of its phases", "[hnsf'U]"),
    "hu_range": ("highest less lowest density", "[hnsf'U]"),
    "phases": ("phases of contrast at hand", "1"),
    "brightest_phase": ("highest difference from the organ in a phase after contrast", "%"),
    "t2": ("T2 against the organ", "%"),
    "dwi": ("diffusion weighted image against the organ", "%"),
    "adc": ("ADC against the organ", "%"),
    "adc_value": ("ADC", "10-6.mm2/s"),
    "arterial": ("late arterial phase against the organ", ""),
    "portal_venous": ("portal venous phase against the organ", ""),
    "delayed": ("delayed phase against the organ", ""),
    "hepatobiliary": ("hepatobiliary phase against the organ", "%"),
}
"""Figure of a rule -> its words and unit; an empty unit is that of the series: HU on CT, percent on MR."""

_ENHANCED = ("arterial", "portal_venous", "delayed")
_DENSITIES = ("unenhanced", "arterial", "portal_venous", "delayed", "phase_unknown")


class NatureRule(Document):
    """One line of the table; an empty ``organ`` or ``kind`` fits any."""

    id: str
    organ: str = ""
    kind: str = ""
    verdict: Verdict
    because: str = Field(min_length=8)
    cite: str
    support: Support
    when: dict[str, tuple[float | None, float | None]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_figures(self) -> NatureRule:
        unknown = set(self.when) - set(FIGURES)
        if unknown:
            raise ValueError(f"{self.id}: no figure is named {', '.join(sorted(unknown))}")
        return self


@cache
def nature_rules() -> tuple[NatureRule, ...]:
    """The rules of ``natures.yaml`` in order."""
    text = resources.files("isletscope.lesions.images").joinpath("natures.yaml").read_text(encoding="utf-8")
    return tuple(NatureRule.model_validate(row) for row in read_yaml(text))


def figures_of(features: Features) -> dict[str, float]:
    """The figures that rules compare, as far as the series at hand give them."""
    shown = features.shown
    found = {name: shown[name].difference for name in shown if name in FIGURES}
    after = [shown[name].difference for name in _ENHANCED if name in shown]
    found["phases"] = float(len(after))
    if after:
        found["brightest_phase"] = max(after)
    densities = [shown[name].value for name in _DENSITIES if name in shown and shown[name].unit != "%"]
    if densities:
        found |= {
            "hu_lowest": min(densities),
            "hu_highest": max(densities),
            "hu_range": max(densities) - min(densities),
        }
    if "adc" in shown:
        found["adc_value"] = shown["adc"].value
    return found


def judge(organ: str, kind: ExamKind, features: Features) -> tuple[Verdict, Assessment]:
    """Verdict of a candidate and the assessment that explains it, with every figure as evidence."""
    figures = figures_of(features)
    rule = next(one for one in nature_rules() if _fits(one, organ, kind, figures))
    unit_of_series = "[hnsf'U]" if kind is ExamKind.CT else "%"
    evidence = [
        Evidence(text=words, value=round(figures[name], 1), unit=unit or unit_of_series)
        for name, (words, unit) in FIGURES.items()
        if name in figures
    ]
    assessment = Assessment(
        name="nature",
        state=State.DERIVED,
        value=rule.verdict.value,
        because=rule.because,
        evidence=evidence,
        rule=rule.id,
        citations=[rule.cite],
        support=rule.support,
    )
    return rule.verdict, assessment


def _fits(rule: NatureRule, organ: str, kind: ExamKind, figures: dict[str, float]) -> bool:
    if rule.organ not in ("", organ) or rule.kind not in ("", kind.value):
        return False
    for name, (low, high) in rule.when.items():
        value = figures.get(name)
        if value is None or (low is not None and value < low) or (high is not None and value > high):
            return False
    return True
