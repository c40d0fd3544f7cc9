"""The parts of the item catalogue as they stand in its YAML, checked one by one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from isletscope.model import Code, Need, Support


class Entry(BaseModel):
    """Base of all data of the catalogue: nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Kind(StrEnum):
    """What an answer is made of."""

    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes_no"
    NUMBER = "number"
    INTEGER = "integer"
    TEXT = "text"
    DATE = "date"
    TABLE = "table"


class AnswerPart(Entry):
    """One answer of an item: its kind with its value set, or its unit and the limits of what can be."""

    label: Annotated[str, Field(min_length=2)]
    kind: Kind
    values: dict[str, str] = Field(default_factory=dict, description="value set: key to printed words")
    unit: str | None = Field(default=None, description="UCUM; for numbers")
    minimum: float | None = Field(default=None, description="below this the value cannot be meant")
    maximum: float | None = Field(default=None, description="above this the value cannot be meant")
    optional: bool = Field(default=False, description="the item counts as answered without it")
    unless: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="not wanted where another part of the answer has one of these values"
    )
    code: Code | None = None
    columns: dict[str, AnswerPart] = Field(default_factory=dict, description="for a table: one row for each finding")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.kind in (Kind.CHOICE, Kind.CHOICES)) != bool(self.values):
            raise ValueError("a choice has a value set, and nothing else has one")
        if (self.kind in (Kind.NUMBER, Kind.INTEGER)) != (self.unit is not None):
            raise ValueError("a number has a unit (1 for a ratio or a count), and nothing else has one")
        if (self.minimum is not None or self.maximum is not None) and self.unit is None:
            raise ValueError("only a number has limits")
        if (self.kind is Kind.TABLE) != bool(self.columns):
            raise ValueError("a table has columns, and nothing else has them")
        if any(column.kind is Kind.TABLE for column in self.columns.values()):
            raise ValueError("a table holds no table")
        return self


class Proposal(Entry):
    """Where the automatic proposal of an answer comes from."""

    criterion: str | None = Field(default=None, description="name in `isletscope criteria list`")
    measurement: str | None = Field(default=None, description="what is measured, in words")

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.criterion is None and self.measurement is None:
            raise ValueError("a proposal names a criterion or a measurement")
        return self


class Item(Entry):
    """One question of the report."""

    id: Annotated[str, Field(pattern=r"^[A-Z]+(\.[A-Za-z0-9_]+)?$")]
    question: Annotated[str, Field(min_length=10, pattern=r"\?$")]
    answer: Annotated[dict[str, AnswerPart], Field(min_length=1)]
    need: Need
    when: str | None = Field(default=None, description="condition under which the item is asked")
    otherwise: str | None = Field(default=None, description="why it is not asked when the condition does not hold")
    exams: tuple[str, ...] = Field(default=(), description="any of these can answer; none named: no exam is needed")
    every_exam: bool = Field(default=False, description="all of these exams are needed together, not any of them")
    proposal: Proposal | None = None
    code: Code | None = Field(default=None, description="the concept that is asked for")
    site: Code | None = Field(default=None, description="where in the body")
    surgeon: tuple[str, ...] = Field(default=(), description="entries of the surgeon's list that it answers")
    help: Annotated[str, Field(min_length=20)]
    support: Support
    cite: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _condition_fits_need(self) -> Self:
        if self.need is Need.CONDITIONAL and self.when is None:
            raise ValueError(f"{self.id}: a conditional item says under which condition it is asked")
        if self.need is Need.MANDATORY and self.when is not None:
            raise ValueError(f"{self.id}: an item with a condition is conditional or optional")
        if (self.when is None) != (self.otherwise is None):
            raise ValueError(f"{self.id}: a condition says under 'otherwise' why the item is else not asked")
        if self.every_exam and len(self.exams) < 2:
            raise ValueError(f"{self.id}: one exam alone is not needed together with another")
        if any(not key.isidentifier() for key in self.answer):
            raise ValueError(f"{self.id}: the parts of an answer are named in letters, digits and _")
        for parts in (self.answer, *(part.columns for part in self.answer.values())):
            for other, values in ((other, values) for part in parts.values() for other, values in part.unless.items()):
                unknown = set(values) - set(parts[other].values if other in parts else {})
                if unknown:
                    raise ValueError(f"{self.id}: {other} has no value {', '.join(sorted(unknown))}")
        return self


class Step(Entry):
    """One of the steps of the guided reading."""

    number: Annotated[int, Field(ge=1, le=10)]
    title: Annotated[str, Field(min_length=4)]
    about: Annotated[str, Field(min_length=20)]
    items: tuple[Item, ...]


class Fact(Entry):
    """A clinical fact that conditions ask for."""

    question: Annotated[str, Field(min_length=10, pattern=r"\?$")]


class Template(Entry):
    """A published synoptic template, or a minimum for one exam, as the items that answer it."""

    title: Annotated[str, Field(min_length=5)]
    about: Annotated[str, Field(min_length=20)]
    exams: tuple[str, ...] = Field(default=(), description="the template is for reports with any of these exams")
    elements: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="what the template asks for, and the items that answer it"
    )
    unread: bool = Field(default=False, description="the template exists, what it asks for could not be read")
    support: Support
    cite: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _read_or_not(self) -> Self:
        if self.unread == bool(self.elements):
            raise ValueError("a template that was read has elements; one that was not has none")
        return self


class Vocabulary(Entry):
    """What conditions and items may name: exams, groups of exams and clinical facts."""

    exams: dict[str, str]
    groups: dict[str, tuple[str, ...]]
    facts: dict[str, Fact]
