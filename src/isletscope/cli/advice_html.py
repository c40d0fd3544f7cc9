"""The imaging plan as one HTML page that needs nothing else: the order at a glance, then every exam in full."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from isletscope.cli.advice_page import FOOTER, ROLES, plan_title
from isletscope.criteria import ExamAnswered, ImagingPlan, Recommendation, Statement
from isletscope.model import Support

_MARKS = {
    Support.VERIFIED: "",
    Support.VERIFIED_SECOND_HAND: "second hand",
    Support.RECALL: "recall",
    Support.CONVENTION: "conv.",
    Support.COMPUTED: "computed",
}
_LEGEND = (
    "Marks: second hand, read in another work that quotes the source; recall, from memory and not read again; conv., "
    "convention of this software; computed from published figures. Without a mark: read at the source."
)
_TRACERS = {"sstr": "sstr", "fdg": "fdg"}


@dataclass(frozen=True)
class Said:
    """One sentence with the mark of its support and the keys of its sources."""

    text: str
    mark: str = ""
    sources: str = ""


@dataclass(frozen=True)
class Part:
    """A heading with its sentences."""

    heading: str
    items: tuple[Said, ...]
    warn: bool = False


@dataclass(frozen=True)
class Exam:
    """One exam as it stands on the page; ``tracer`` chooses its colour."""

    rank: str
    name: str
    role: str
    tracer: str
    condition: str
    reasons: tuple[Said, ...]
    rows: tuple[Part, ...]
    side: tuple[Part, ...]


def plan_html(plan: ImagingPlan, *, full: bool = False) -> str:
    """As one HTML page, always complete (``full`` changes nothing); all text is escaped."""
    environment = Environment(
        loader=PackageLoader("isletscope.cli", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    chosen = [one for role in ROLES for one in plan.recommendations if one.role == role and one.available]
    return environment.get_template("advice.html.j2").render(
        title=plan_title(plan),
        patient=plan.patient,
        today=plan.today,
        question=f"Question: {plan.question}",
        exams=[_exam(one) for one in chosen],
        opening=(Part("Why this plan", _opening(plan)),),
        closing=_closing(plan),
        sources=plan.citations,
        legend=_LEGEND,
        footer=FOOTER,
    )


def _opening(plan: ImagingPlan) -> tuple[Said, ...]:
    return (*(Said(f"{way.title}: {way.because}") for way in plan.pathways), *_said(plan.about))


def _exam(item: Recommendation) -> Exam:
    outcomes = tuple(_one(outcome.next_step, f"If {outcome.finding}: ") for outcome in item.outcomes)
    rows = (
        Part("Protocol", _said(item.protocol)),
        Part("Preparation", _said(item.preparation)),
        Part("Cautions", _said(item.cautions), warn=True),
    )
    side = (Part("What to look for", _said(item.look_for)), Part("Next step", outcomes))
    return Exam(
        rank=str(item.rank or ""),
        name=item.name,
        role=ROLES[item.role],
        tracer=next((tracer for part, tracer in _TRACERS.items() if item.exam.startswith(part)), ""),
        condition=item.condition,
        reasons=_said([*item.reasons, *item.yields]),
        rows=tuple(part for part in rows if part.items),
        side=tuple(part for part in side if part.items),
    )


def _closing(plan: ImagingPlan) -> tuple[Part, ...]:
    absent = [item for item in plan.recommendations if not item.available and item.role != "avoid"]
    return (
        Part("Would help, not available here", tuple(_absent(item) for item in absent)),
        Part("Already done", tuple(_one(item.next_step, _done(item)) for item in plan.done)),
        Part("Schedule", _said(plan.schedule)),
        Part("Notes", _said(plan.notes)),
        Part("Not given; would make the plan firmer", tuple(Said(text) for text in plan.missing)),
    )


def _done(item: ExamAnswered) -> str:
    return f"{item.name}: {item.finding}{f' on {item.done_on}' if item.done_on else ''}. "


def _absent(item: Recommendation) -> Said:
    reasons = _said(item.reasons)
    return Said(f"{item.name}: {ROLES[item.role].lower()}. {' '.join(one.text for one in reasons)}")


def _said(statements: Iterable[Statement]) -> tuple[Said, ...]:
    return tuple(_one(statement) for statement in statements)


def _one(statement: Statement, before: str = "") -> Said:
    mark = "" if statement.unverified else _MARKS[statement.support]
    return Said(f"{before}{statement.printed()}", mark, ", ".join(statement.sources))
