"""The case: one patient, all exams, everything found; the document that every step adds to."""

from __future__ import annotations

from pydantic import Field, JsonValue

from isletscope.model.alignment import Alignment
from isletscope.model.answer import Answer
from isletscope.model.assessed import AssessedTimePoint
from isletscope.model.entry import ReaderEntry, SamePatient, VerdictOverride
from isletscope.model.exam import Exam, Patient, QualityFinding, RefusedInput, Series, SupplementaryObject
from isletscope.model.finding import TimePoint
from isletscope.model.heterogeneity import Heterogeneity
from isletscope.model.image_reading import ReadingOfImages
from isletscope.model.knowledge import Document
from isletscope.model.lesion import Lesion, ReadingOfPet
from isletscope.model.matching import UnmatchedFocus
from isletscope.model.phenotype import Phenotype
from isletscope.model.signature import Signature

SCHEMA_VERSION = 1


class Software(Document):
    """What made the case."""

    name: str = "Isletscope"
    version: str
    created: str = Field(description="ISO date-time")
    libraries: dict[str, str] = Field(default_factory=dict)


class Case(Document):
    """One patient's reading. Pixels stay in files beside it."""

    schema_version: int = SCHEMA_VERSION
    software: Software
    patient: Patient
    clinical: dict[str, JsonValue] = Field(
        default_factory=dict, description="the clinical file; its schema: isletscope schema clinical"
    )
    exams: list[Exam] = Field(default_factory=list)
    supplements: list[SupplementaryObject] = Field(default_factory=list)
    readings: list[ReadingOfPet] = Field(default_factory=list)
    image_readings: list[ReadingOfImages] = Field(default_factory=list, description="one for each exam's CT or MR")
    alignments: list[Alignment] = Field(default_factory=list, description="one for each frame of reference")
    lesions: list[Lesion] = Field(default_factory=list)
    unmatched: list[UnmatchedFocus] = Field(default_factory=list, description="foci that stand alone, and why")
    phenotypes: list[Phenotype] = Field(default_factory=list, description="by time point, then lesion")
    heterogeneity: list[Heterogeneity] = Field(default_factory=list, description="one for each time point")
    time_points: list[TimePoint] = Field(default_factory=list, description="in order of time")
    answers: dict[str, dict[str, Answer]] = Field(
        default_factory=dict, description="a reader's answers: time point -> item -> answer"
    )
    facts: dict[str, dict[str, bool]] = Field(
        default_factory=dict, description="clinical facts that a reader entered: time point -> fact -> whether it holds"
    )
    assessments: list[AssessedTimePoint] = Field(default_factory=list, description="one for each time point, in order")
    retired_names: list[str] = Field(default_factory=list, description="names of lesions no longer there, never reused")
    open_items: list[str] = Field(default_factory=list, description="what a reader must still answer")
    entries: list[ReaderEntry] = Field(default_factory=list)
    overrides: list[VerdictOverride] = Field(default_factory=list)
    same_patient: list[SamePatient] = Field(default_factory=list)
    findings: list[QualityFinding] = Field(default_factory=list, description="about the input as a whole")
    refused: list[RefusedInput] = Field(default_factory=list)
    signatures: list[Signature] = Field(default_factory=list, description="in order of time; the last one holds")

    def series(self, key: str) -> Series:
        """The series of that key. Raises KeyError when the case has none."""
        for exam in self.exams:
            for series in exam.series:
                if series.key == key:
                    return series
        raise KeyError(key)

    def exam_of(self, key: str) -> Exam:
        """The exam that holds the series of that key. Raises KeyError when the case has none."""
        for exam in self.exams:
            if any(series.key == key for series in exam.series):
                return exam
        raise KeyError(key)

    def exam(self, key: str) -> Exam:
        """The exam of that key. Raises KeyError when the case has none."""
        for exam in self.exams:
            if exam.key == key:
                return exam
        raise KeyError(key)

    def time_point(self, name: str) -> TimePoint:
        """The time point of that name. Raises KeyError when the case has none."""
        for point in self.time_points:
            if point.name == name:
                return point
        raise KeyError(name)
