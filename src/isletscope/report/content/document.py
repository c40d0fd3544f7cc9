"""The report as plain text in order: what HTML and PDF both print, with every number already formatted.

All parts are frozen dataclasses of strings, so that both templates print the same words and JSON can carry them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


class Given(str):
    """Text that came with the images or from a reader: printed unchanged, and no sentence of the software."""

    __slots__ = ()


@dataclass(frozen=True)
class Cell:
    """A table cell: a first line, and further lines in smaller grey type below it."""

    text: str = ""
    more: tuple[str, ...] = ()
    strong: bool = False
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """A table column. ``width_mm`` None shares what is left; ``group`` is a heading above neighbouring columns."""

    head: str
    width_mm: float | None = None
    align: str = "left"
    group: str = ""


@dataclass(frozen=True)
class Table:
    """A table with notes under it. The caption is always there for assistive technology, and shown where asked.

    ``dense``: columns as wide as their texts, in small type, for a table of the written report.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    tracer: str = ""
    caption_shown: bool = True
    dense: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture as SVG (with its raster inside), its size in print, and what it shows in words."""

    name: str
    svg: str
    width_mm: float
    height_mm: float
    alt: str
    caption: tuple[str, ...] = ()
    title: str = ""
    tracer: str = ""


@dataclass(frozen=True)
class Header:
    """Who, when, what state."""

    patient_id: str
    person: tuple[str, ...]
    exams: tuple[str, ...]
    state: str
    report_date: str
    version: str
    research_use: str


@dataclass(frozen=True)
class Fact:
    """One headline figure with its label and its comparator."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class TracerFacts:
    """The headline figures of one PET."""

    tracer: str
    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Summary:
    """One page for the tumour board."""

    tracers: tuple[TracerFacts, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Where:
    """The projections with the lesions marked, or why there are none."""

    figures: tuple[Figure, ...]
    legend: tuple[str, ...]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExamPart:
    """One exam with its series."""

    title: str
    subtitle: str
    table: Table


@dataclass(frozen=True)
class SlicePart:
    """Key slices of one focus."""

    heading: str
    text: str
    figure: Figure | None
    absent: str = ""
    tracer: str = ""


@dataclass(frozen=True)
class SliceGroup:
    """Key slices of all lesions on one PET, with the colour bars that they share."""

    title: str
    tracer: str
    parts: tuple[SlicePart, ...]
    legend: Figure | None = None
    text: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A part of the report with its own heading: paragraphs, figures, tables, and small notes at the end.

    ``key``: short name, unique in the report, for links (letters and hyphens).
    """

    key: str
    title: str
    text: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TitledList:
    """A heading with short paragraphs under it."""

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A statement of the written report. ``lead`` is set in bold before it; ``tone`` "alert" marks a discordance."""

    text: str
    lead: str = ""
    tone: str = ""


@dataclass(frozen=True)
class StepPart:
    """One step of the reading in prose."""

    number: int
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class ScorePart:
    """One score: name, result, the one line that says why, and what other editions or systems give."""

    title: str
    result: str
    why: str
    others: str = ""
    open: bool = False


@dataclass(frozen=True)
class Written:
    """The written report of one time point: summary for the tumour board, steps, tables, scores, impression."""

    reading: str
    question: tuple[Line, ...]
    exams: tuple[Table, ...]
    before_signing: tuple[Line, ...]
    headlines: tuple[Fact, ...]
    summary: tuple[Line, ...]
    summary_tables: tuple[Table, ...]
    steps: tuple[StepPart, ...]
    lesions: tuple[Table, ...]
    vessels: tuple[Table, ...]
    liver: tuple[Table, ...]
    change: tuple[Table, ...]
    scores: tuple[ScorePart, ...]
    score_notes: tuple[str, ...]
    impression: tuple[Line, ...]
    open_items: tuple[str, ...]
    not_assessable: tuple[str, ...]
    overrides: tuple[str, ...]
    footer: tuple[str, ...]
    sources: tuple[str, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportDocument:
    """The whole report in print order. ``written`` is None where the case was not assessed."""

    language: str
    title: str
    header: Header
    summary: Summary
    written: Written | None
    where: Where
    exams: tuple[ExamPart, ...]
    exams_text: tuple[str, ...]
    supplements: tuple[Table, ...]
    quantification: tuple[Table, ...]
    quantification_text: tuple[str, ...]
    references: tuple[Table, ...]
    references_text: tuple[str, ...]
    lesions: tuple[Table, ...]
    lesions_text: tuple[str, ...]
    slices: tuple[SliceGroup, ...]
    slices_text: tuple[str, ...]
    physiologic: tuple[Table, ...]
    physiologic_text: tuple[str, ...]
    given_regions: tuple[Table, ...]
    sections: tuple[Section, ...]
    totals: tuple[Table, ...]
    totals_text: tuple[str, ...]
    open_items: tuple[str, ...]
    entries: tuple[Table, ...]
    entries_text: tuple[str, ...]
    refused: tuple[Table, ...]
    refused_text: tuple[str, ...]
    methods: tuple[TitledList, ...]
    footer: tuple[str, ...] = field(default=())
