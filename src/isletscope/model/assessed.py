"""What the rules conclude at one time point: conclusions, discordances, answers to the items, what is still open."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from isletscope.model.answer import Answer, Completeness
from isletscope.model.conclusion import Conclusion
from isletscope.model.knowledge import Document, Support


class AlertKind(StrEnum):
    """How loud a discordance is said."""

    ALERT = "alert"
    NOTE = "note"


class Alert(Document):
    """Two findings that do not fit each other, in the fixed form: against, meaning, what would settle it."""

    code: str = Field(description="stable identifier, e.g. sstr_negative_fdg_positive")
    kind: AlertKind
    step: int = Field(ge=1, le=10, description="step of the reading in which it arises")
    finding: str
    against: str
    meaning: str
    settled_by: str
    lesions: list[str] = Field(default_factory=list)
    support: Support = Support.CONVENTION
    sources: list[str] = Field(default_factory=list, description="keys of the citation registry")
    rests_on: list[str] = Field(default_factory=list)
    closed_by: str = Field(default="", description="reader, date and reason, when a reader closed it")

    def sentence(self) -> str:
        """The alert as it is printed everywhere."""
        word = "ALERT, discordance" if self.kind is AlertKind.ALERT else "Note"
        return (
            f"{word}: {self.finding} against {self.against}. Meaning: {self.meaning}. "
            f"Would be settled by: {self.settled_by}."
        )


class AssessedTimePoint(Document):
    """Everything the rules made of one time point."""

    time_point: str
    conclusions: list[Conclusion] = Field(default_factory=list, description="in the order of the list of criteria")
    alerts: list[Alert] = Field(default_factory=list, description="alerts first, then notes")
    exams: list[str] = Field(
        default_factory=list, description="kinds of exam as the items name them, e.g. ct, sstr_pet"
    )
    facts: dict[str, bool] = Field(default_factory=dict, description="clinical facts that are known")
    answers: dict[str, Answer] = Field(default_factory=dict, description="proposed, and a reader's on top")
    set_aside: dict[str, Answer] = Field(
        default_factory=dict, description="proposals that say otherwise than the reader's answer to the same item"
    )
    completeness: Completeness | None = None

    def conclusion(self, name: str, subject: str = "") -> Conclusion | None:
        """The conclusion of that criterion, for the patient or one lesion; None when it was not asked."""
        for one in self.conclusions:
            if one.name == name and one.subject == subject:
                return one
        return None
