"""Answers to the report's items, and where each item stands: the part of the report that a reader signs."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, JsonValue, model_validator

from isletscope.model.knowledge import Document


class Need(StrEnum):
    """How strongly an item is wanted."""

    MANDATORY = "mandatory"
    CONDITIONAL = "conditional"
    OPTIONAL = "optional"


class Origin(StrEnum):
    """Where an answer came from."""

    ENTERED = "entered"
    PROPOSED = "proposed"


class Answer(Document):
    """The answer to one item, or why the item does not apply or cannot be assessed.

    ``value`` is one value for an item with one part, else parts by name; a table is a list of rows.
    """

    value: JsonValue = None
    unit: str | None = Field(default=None, description="UCUM; when given it must be the unit of the item")
    not_applicable: str | None = Field(default=None, min_length=3, description="why the question does not arise")
    not_assessable: str | None = Field(default=None, min_length=3, description="why it cannot be answered")
    source: Origin
    by: str = Field(min_length=1, description="the reader, or the rule or program that proposed it")
    because: str = ""
    rests_on: list[str] = Field(
        default_factory=list, description="references to what it was made of, see docs/case.md, References"
    )

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        given = [self.value is not None, self.not_applicable is not None, self.not_assessable is not None]
        if sum(given) != 1:
            raise ValueError(
                "an answer is exactly one of: a value, not_applicable with its reason, not_assessable with it"
            )
        if self.source is Origin.PROPOSED and self.value is not None and not self.because:
            raise ValueError("a proposed value says under because what it rests on")
        return self


class ItemState(StrEnum):
    """State of an item."""

    OPEN = "open"
    ANSWERED = "answered"
    NOT_APPLICABLE = "not applicable"
    NOT_ASSESSABLE = "not assessable"


class ItemStatus(Document):
    """Where one item stands, and why."""

    id: str
    step: int
    question: str
    need: Need
    state: ItemState
    because: str = Field(default="", description="the reason of every state but answered")
    blocks_signing: bool = False
    waits_for: list[str] = Field(default_factory=list, description="items and facts that decide whether it is asked")
    lacking: list[str] = Field(default_factory=list, description="parts of the answer that are still missing")
    origin: Origin | None = None
    remark: str = Field(default="", description="what does not fit together")


class TemplateScore(Document):
    """How far a report covers a template. Elements count when every item that answers them is settled."""

    name: str
    title: str
    covered: list[str] = Field(default_factory=list)
    uncovered: list[str] = Field(default_factory=list)
    not_assessable: str = Field(default="", description="why there is no score")

    def printed(self) -> str:
        """One line, e.g. ``7 of 10``."""
        if self.not_assessable:
            return f"not assessable: {self.not_assessable}"
        return f"{len(self.covered)} of {len(self.covered) + len(self.uncovered)}"


class Completeness(Document):
    """The state of a whole report."""

    items: list[ItemStatus]
    facts_wanted: list[str] = Field(description="clinical facts that are not known and decide about an item")
    templates: list[TemplateScore]

    @property
    def blocking(self) -> list[ItemStatus]:
        """Items that must be settled before the report can be signed."""
        return [status for status in self.items if status.blocks_signing]

    @property
    def can_be_signed(self) -> bool:
        """Whether nothing blocks signing."""
        return not self.blocking

    def count(self, state: ItemState) -> int:
        """Number of items in a state."""
        return sum(status.state is state for status in self.items)

    def of(self, item_id: str) -> ItemStatus:
        """The status of an item. Raises KeyError."""
        for status in self.items:
            if status.id == item_id:
                return status
        raise KeyError(item_id)
