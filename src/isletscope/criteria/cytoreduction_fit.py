"""Checklist before cytoreduction of liver metastases: proposed, discuss or not proposed, with reasons."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import TableBook, Test, Value, first_hit, note_inputs, settle, sides, yes_or_no
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("cytoreduction_fit", TableBook)
Percent = Annotated[float | None, Field(ge=0, le=100)]
Extrahepatic = Literal["none", "regional", "limited_resectable", "limited_unresectable", "diffuse"]


class CytoreductionFitInput(CriterionInput):
    """What the checklist asks for; shares in percent. ``discordant_lesion_left``: FDG+/SSTR- lesion stays behind."""

    tumour: Literal["G1", "G2", "G3", "NEC"] | None = None
    reachable_percent: Percent = None
    remnant: Literal["adequate", "borderline", "insufficient"] | None = None
    extrahepatic: Extrahepatic | None = None
    performance_sufficient: bool | None = None
    syndrome: Literal["none", "controlled", "refractory"] | None = None
    carcinoid_heart_excluded: bool | None = None
    discordant_lesion_left: bool | None = None
    policy: Literal[70, 90] = 70
    ki67_percent: Percent = None
    liver_burden_percent: Percent = None
    stable_months: Annotated[float | None, Field(ge=0)] = None
    primary_removed_or_resectable: bool | None = None
    progression_under_therapy: bool | None = None


_LABELS = {
    "tumour": "grade and differentiation",
    "reachable_percent": "reachable share of the tumour volume",
    "remnant": "future liver remnant",
    "extrahepatic": "disease outside the liver",
    "performance_sufficient": "performance of the patient",
    "syndrome": "hormonal syndrome",
    "carcinoid_heart_excluded": "whether carcinoid heart disease is excluded",
    "discordant_lesion_left": "whether an FDG+/SSTR- lesion stays behind",
}
_EXTENT = {"limited_unresectable": "limited, not removable by surgery"}
"""Words of a report for a value whose name a report may not print."""
_CHOICES: dict[str, tuple[Value, ...]] = {
    "tumour": ("G1", "G2", "G3", "NEC"),
    "reachable_percent": sides(BOOK.limit("accepted"), BOOK.limit("conservative")),
    "remnant": ("adequate", "borderline", "insufficient"),
    "extrahepatic": ("none", "regional", "limited_resectable", "limited_unresectable", "diffuse"),
    "syndrome": ("none", "controlled", "refractory"),
}
_DOUBTS: dict[str, Test] = {
    "G3 NET": lambda i: i.word("tumour") == "G3",
    "performance of the patient": lambda i: not i.flag("performance_sufficient"),
    "borderline liver remnant": lambda i: i.word("remnant") == "borderline",
    "disease outside the liver that stays": lambda i: i.word("extrahepatic") == "limited_unresectable",
    "FDG+/SSTR- lesion stays behind": lambda i: i.flag("discordant_lesion_left"),
    "carcinoid heart disease not excluded": lambda i: (
        i.word("syndrome") != "none" and not i.flag("carcinoid_heart_excluded")
    ),
}


def assess(given: CytoreductionFitInput) -> Conclusion:
    """proposed, discuss or not_proposed."""
    reasoning = Reasoning(BOOK)
    known: dict[str, Value | None] = {name: getattr(given, name) for name in _LABELS}
    note_inputs(
        reasoning, known | {"extrahepatic": _EXTENT.get(given.extrahepatic or "", given.extrahepatic)}, _LABELS, "%"
    )
    reasoning.flag("POLICY", policy=given.policy)
    _weigh(reasoning, given)
    outcome = settle(first_hit(BOOK, _tests(given.policy)), known, _CHOICES)
    if not outcome.settled:
        return reasoning.not_assessable(*(_LABELS[name] for name in outcome.needed), possible=outcome.values)
    for way in outcome.ways:
        reasoning.fire(way.rule, **({"doubts": _doubts(known)} if way.rule == "C7" else {}))
    if outcome.insensitive:
        reasoning.flag("INSENSITIVE_TO_MISSING", missing=", ".join(_LABELS[name] for name in outcome.insensitive))
    return reasoning.conclude(outcome.values[0])


def _tests(policy: int) -> dict[str, Test]:
    def below(limit: str) -> Test:
        return lambda i: not at_least(i.number("reachable_percent"), BOOK.limit(limit))

    return {
        "C1": lambda i: i.word("tumour") == "NEC",
        "C3": lambda i: i.word("remnant") == "insufficient",
        "C4": lambda i: i.word("extrahepatic") == "diffuse",
        "C5": lambda i: below("accepted")(i) and i.word("syndrome") == "refractory",
        "C6": below("accepted"),
        "C7": lambda i: any(test(i) for test in _DOUBTS.values()),
        "C8": lambda i: policy == BOOK.limit("conservative") and below("conservative")(i),
    }


def _doubts(known: dict[str, Value | None]) -> str:
    """Names of the doubts that hold for sure."""
    held = []
    for name, test in _DOUBTS.items():
        if settle(yes_or_no(test, name), known, _CHOICES).values == ("yes",):
            held.append(name)
    return ", ".join(held) or "a required item is open"


def _weigh(reasoning: Reasoning, given: CytoreductionFitInput) -> None:
    """What speaks for and against; it never changes the result."""
    burden, ki67, stable = given.liver_burden_percent, given.ki67_percent, given.stable_months
    favour = {
        "functional syndrome": given.syndrome not in (None, "none"),
        "liver burden up to 50 %": burden is not None and not above(burden, BOOK.limit("burden_against")),
        "stable for 6 months or more": stable is not None and at_least(stable, BOOK.limit("stable")),
        "primary removed or resectable": bool(given.primary_removed_or_resectable),
    }
    against = {
        "Ki-67 above 20 %": ki67 is not None and above(ki67, BOOK.limit("ki67_against")),
        "FDG+/SSTR- lesion stays behind": bool(given.discordant_lesion_left),
        "liver burden above 50 %": burden is not None and above(burden, BOOK.limit("burden_against")),
        "progression under therapy": bool(given.progression_under_therapy),
    }
    for flag, points in (("IN_FAVOUR", favour), ("AGAINST", against)):
        held = [text for text, holds in points.items() if holds]
        if held:
            reasoning.flag(flag, what=", ".join(held))


CRITERION = Criterion(BOOK, CytoreductionFitInput, assess)
