"""The advisor's books: pathways, exams, tracers, cautions and looks, checked when they are loaded."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import ROOM, Cited, Entry, citations, cited_keys
from isletscope.criteria.clinical import ExamGroup, Germline, Question, Subtype
from isletscope.model import Support
from isletscope.yaml_text import read_yaml

Role = Literal["first", "add", "problem_solver", "avoid"]
TOUCHES = frozenset({"iodinated", "gadolinium", "gadoxetate", "ionising", "nuclear", "invasive", *ExamGroup})


class PerKilogram(Entry):
    """An amount by body weight, bounded where the source bounds it."""

    value: float
    unit: str
    low: float | None = None
    high: float | None = None


class Line(Cited):
    """A sentence with its support; ``dose`` marks an activity, dose or drug hold."""

    text: Annotated[str, Field(min_length=5)]
    dose: bool = False
    per_kg: PerKilogram | None = None


class Row(Entry):
    """One exam of a pathway."""

    exam: str
    role: Role
    because: Annotated[str, Field(min_length=8)]
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    promote_when: str | None = Field(default=None, description="fact that moves the exam to the first line")
    yields: tuple[str, ...] = ()
    support: Support = Support.RECALL
    cite: tuple[str, ...] = ()


class Outcomes(Entry):
    """Next step for each outcome of the pathway's exams."""

    positive: Line
    negative: Line
    equivocal: Line


class Pathway(Entry):
    """One clinical question with its ranked exams."""

    title: str
    rows: tuple[Row, ...]
    notes: tuple[Line, ...] = ()
    schedule: tuple[Line, ...] = ()
    outcomes: Outcomes


class Exam(Entry):
    """How an exam is done, what it needs, and what to look for."""

    name: str
    group: ExamGroup
    modality: Literal["CT", "MR", "PT", "US", "ES", "XA", "NM"] = Field(description="DICOM modality")
    body_site: str
    contrast: Literal["iodinated", "gadolinium", "gadoxetate"] | None = None
    ionising: bool = False
    nuclear: bool = False
    invasive: bool = False
    tracers: tuple[str, ...] = ()
    protocol: tuple[Line, ...] = ()
    preparation: tuple[Line, ...] = ()
    look_for: tuple[str, ...]

    def touched(self) -> set[str]:
        """What cautions may name: group, contrast and kinds of burden."""
        kinds = {name for name in ("ionising", "nuclear", "invasive") if getattr(self, name)}
        return {self.group.value, *kinds, *([self.contrast] if self.contrast else [])}


class Activity(Cited):
    """Activity of a tracer: fixed, or by weight with its bounds, in MBq."""

    fixed_mbq: float | None = None
    mbq_per_kg: float | None = None
    mbq_per_kg_high: float | None = None
    min_mbq: float | None = None
    max_mbq: float | None = None
    low_mbq: float | None = None
    high_mbq: float | None = None


class Tracer(Activity):
    """A tracer: activity, uptake time, and the child's rule."""

    code: str | None = Field(default=None, description="SNOMED CT, only where DICOM carries it")
    code_meaning: str = ""
    uptake: Line = Field(description="time from injection to scan")
    child: Activity | None = None
    no_child: Line | None = None


class Caution(Cited):
    """What in the patient changes an exam."""

    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    ask: str | None = None
    touches: tuple[str, ...]
    effect: Literal["caution", "avoid", "ask"]
    text: str
    instead: tuple[str, ...] = ()
    dose: bool = False


class Look(Line):
    """What to look for on exams of some groups."""

    groups: tuple[str, ...]


class Kind(Entry):
    """A tumour type or syndrome: what it is like, and its looks."""

    about: Line
    look_for: tuple[Look, ...]


class ImagingBook(Entry):
    """All of the advisor's data."""

    name: str
    title: str
    version: str
    about: str
    pathways: dict[str, Pathway]
    wording: dict[str, Question]
    exams: dict[str, Exam]
    tracers: dict[str, Tracer]
    yields: dict[str, Line]
    cautions: dict[str, Caution]
    subtypes: dict[Subtype, Kind]
    syndromes: dict[Germline, Kind]


@cache
def imaging_book() -> ImagingBook:
    """The advisor's data from its four YAML files.

    Raises ValidationError when one does not follow its schema, ValueError when a name in one is unknown in another.
    """
    content: dict[str, object] = {}
    for name in ("imaging_choice", "imaging_exams", "imaging_cautions", "imaging_subtypes"):
        part = read_yaml((files(ROOM) / f"{name}.yaml").read_text(encoding="utf-8"))
        assert isinstance(part, dict)
        unknown = sorted(set(cited_keys(part)) - set(citations()))
        if unknown:
            raise ValueError(f"{name}.yaml: citations not in the registry: {', '.join(unknown)}")
        content.update(part)
    book = ImagingBook.model_validate(content)
    strangers = _strangers(book)
    if strangers:
        raise ValueError(f"the imaging books name what they do not hold: {', '.join(strangers)}")
    return book


def _strangers(book: ImagingBook) -> list[str]:
    """Names used and not defined: exams, yields, tracers, what cautions touch."""
    rows = [row for pathway in book.pathways.values() for row in pathway.rows]
    exams = {row.exam for row in rows} | {exam for caution in book.cautions.values() for exam in caution.instead}
    yields = {name for row in rows for name in row.yields}
    tracers = {name for exam in book.exams.values() for name in exam.tracers}
    touches = {name for caution in book.cautions.values() for name in caution.touches}
    return sorted(
        (exams - set(book.exams)) | (yields - set(book.yields)) | (tracers - set(book.tracers)) | (touches - TOUCHES)
    )
