"""The advisor's answer: a ranked plan in which every sentence carries its support and its sources."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, computed_field

from isletscope.criteria.book import Cited
from isletscope.criteria.imaging_book import Line, Role
from isletscope.model import Document, Support

UNVERIFIED = "unverified; follow the local protocol"


class Statement(Document):
    """A sentence of the plan with its support; ``dose`` marks activities, doses and drug holds."""

    text: str
    support: Support
    sources: list[str] = Field(default_factory=list, description="keys of the citation registry")
    dose: bool = False

    @computed_field  # type: ignore[prop-decorator]
    @property
    def unverified(self) -> bool:
        """Whether it is a dose or hold that no source confirmed."""
        return self.dose and self.support in (Support.RECALL, Support.CONVENTION)

    def printed(self) -> str:
        """The sentence, with the warning that an unconfirmed dose carries."""
        return f"{self.text.rstrip('.')} ({UNVERIFIED})." if self.unverified else self.text


class Coding(Document):
    """A code as FHIR holds it."""

    system: str
    code: str
    display: str


class Outcome(Document):
    """Next step for one outcome of an exam."""

    finding: Literal["positive", "negative", "equivocal"]
    next_step: Statement


class Recommendation(Document):
    """One exam: its place in the plan, why, how, with what care, what to look for, and what follows."""

    exam: str = Field(description="identifier, e.g. mr_pancreas")
    name: str
    role: Role
    rank: int | None = Field(default=None, description="place in the plan; none for exams to avoid or not available")
    condition: str = Field(default="", description="what must hold, where the clinical file does not say")
    available: bool = True
    reasons: list[Statement] = Field(default_factory=list)
    yields: list[Statement] = Field(default_factory=list, description="what published series found")
    protocol: list[Statement] = Field(default_factory=list)
    preparation: list[Statement] = Field(default_factory=list)
    cautions: list[Statement] = Field(default_factory=list)
    look_for: list[Statement] = Field(default_factory=list)
    outcomes: list[Outcome] = Field(default_factory=list)
    codes: list[Coding] = Field(default_factory=list)


class ExamAnswered(Document):
    """An earlier exam that the plan does not ask for again."""

    exam: str
    name: str
    finding: str
    done_on: str = ""
    next_step: Statement


class PathwayTaken(Document):
    """A pathway of the rules that this patient follows, and why."""

    name: str
    title: str
    because: str


class ImagingPlan(Document):
    """The whole plan."""

    title: str
    version: str
    today: str
    patient: str
    question: str
    pathways: list[PathwayTaken]
    about: list[Statement] = Field(default_factory=list)
    recommendations: list[Recommendation]
    done: list[ExamAnswered] = Field(default_factory=list)
    schedule: list[Statement] = Field(default_factory=list)
    notes: list[Statement] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list, description="entries that would make the plan firmer")
    citations: list[str] = Field(default_factory=list)

    def with_role(self, role: Role) -> list[str]:
        """Identifiers of the exams that exist and have this role, in order."""
        return [item.exam for item in self.recommendations if item.role == role and item.available]

    def statements(self) -> list[Statement]:
        """Every sentence of the plan."""
        found = [*self.about, *self.schedule, *self.notes, *(item.next_step for item in self.done)]
        for item in self.recommendations:
            found += [*item.reasons, *item.yields, *item.protocol, *item.preparation, *item.cautions, *item.look_for]
            found += [outcome.next_step for outcome in item.outcomes]
        return found


def stated(line: Line) -> Statement:
    """A line of the books as a sentence of the plan."""
    return Statement(text=line.text, support=line.support, sources=list(line.cite), dose=line.dose)


def statement(text: str, rule: Cited, *, dose: bool = False) -> Statement:
    """A sentence made from a rule of the books, with the rule's support and sources."""
    return Statement(text=text, support=rule.support, sources=list(rule.cite), dose=dose)


def convention(text: str) -> Statement:
    """A sentence of the software's own."""
    return Statement(text=text, support=Support.CONVENTION)
