"""The parts of the written report: sentences that know what they rest on, tables as data, one why line per score.

Everything is frozen, in print order, with every number already in its printed form. A sentence names the items of the
catalogue that it answers (``items``) and the findings, conclusions and entries behind it (``rests_on``, in the grammar
of references of docs/case.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sentence:
    """One statement, or a few that belong together. ``alert`` is the code of the alert that it prints."""

    text: str
    items: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    alert: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of a table. ``mark`` says where its value comes from († ‡ § ~, or the letter of a reason)."""

    text: str
    mark: str = ""
    rests_on: tuple[str, ...] = ()

    @property
    def printed(self) -> str:
        """Text and mark: "4†", "~0.52", "n/a (c)"."""
        if self.mark == "~":
            return f"~{self.text}"
        return f"{self.text} {self.mark}" if self.mark.startswith("(") else f"{self.text}{self.mark}"


@dataclass(frozen=True)
class Row:
    """A row of a table; ``subject`` is what it is about: a lesion, a vessel, a segment, or "all" for the sum."""

    subject: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class NarrativeTable:
    """A table with the notes under it. ``columns`` are heads with their unit; ``name`` is stable."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step of the reading."""

    number: int
    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class ScoreLine:
    """A score with its one why line: inputs → rule and branch → result [source key].

    ``others`` is what other editions or systems say where they differ.
    """

    name: str
    title: str
    result: str
    why: str
    mark: str = "†"
    rests_on: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    others: str = ""


@dataclass(frozen=True)
class Override:
    """A value that a reader replaced."""

    text: str
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceLine:
    """A key used in the report and its reference."""

    key: str
    text: str


@dataclass(frozen=True)
class Counts:
    """How many items are in each state, as step 10 prints them."""

    answered: int = 0
    not_applicable: int = 0
    not_assessable: int = 0
    open: int = 0
    overrides: int = 0


@dataclass(frozen=True)
class Narrative:
    """The written report of one time point in print order."""

    time_point: str
    header: tuple[Sentence, ...] = ()
    exams: NarrativeTable | None = None
    clinical_question: tuple[Sentence, ...] = ()
    alerts: tuple[Sentence, ...] = ()
    notes: tuple[Sentence, ...] = ()
    summary: tuple[Sentence, ...] = ()
    summary_tables: tuple[NarrativeTable, ...] = ()
    steps: tuple[Step, ...] = ()
    lesions: NarrativeTable | None = None
    vessels: NarrativeTable | None = None
    liver: NarrativeTable | None = None
    change: NarrativeTable | None = None
    scores: tuple[ScoreLine, ...] = ()
    score_notes: tuple[Sentence, ...] = ()
    impression: tuple[Sentence, ...] = ()
    open_items: tuple[Sentence, ...] = ()
    not_assessable: tuple[Sentence, ...] = ()
    overrides: tuple[Override, ...] = ()
    counts: Counts = field(default_factory=Counts)
    footer: tuple[Sentence, ...] = ()
    sources: tuple[SourceLine, ...] = ()

    @property
    def tables(self) -> tuple[NarrativeTable, ...]:
        """All tables that are there, in print order."""
        found = (self.exams, *self.summary_tables, self.lesions, self.vessels, self.liver, self.change)
        return tuple(table for table in found if table is not None)

    def step(self, number: int) -> Step:
        """The step of that number. Raises KeyError when it is not there."""
        for one in self.steps:
            if one.number == number:
                return one
        raise KeyError(number)

    def sentences(self) -> Iterator[Sentence]:
        """Every sentence in print order, those under tables included."""
        yield from (*self.header, *self.clinical_question, *self.summary)
        for step in self.steps:
            yield from step.sentences
        for table in self.tables:
            yield from table.notes
        yield from (*self.score_notes, *self.impression, *self.open_items, *self.not_assessable, *self.footer)
