"""What every format sends: one model of the latest assessed time point, so that each number is the same everywhere."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from isletscope.errors import CaseError
from isletscope.exchange.signing import checked_standing
from isletscope.model import (
    AssessedTimePoint,
    Case,
    Conclusion,
    Exam,
    Finding,
    Lesion,
    Measurement,
    Observation,
    Patient,
    Signature,
    Standing,
    State,
    TimePoint,
    Visibility,
)
from isletscope.report import Narrative, latest_narrative

SIGNIFICANT_DIGITS = 6
"""Digits of a number that is sent to machines: those of ``lesions.csv``."""


@dataclass(frozen=True)
class Number:
    """One measurement of the case, and what it was measured on.

    ``reference`` is its name in the grammar of docs/case.md and tells it from all others; ``subject`` is a lesion,
    vessel, organ or "patient"; ``exam_key`` is empty where no single exam holds it.
    """

    reference: str
    subject: str
    key: str
    measurement: Measurement
    exam_key: str = ""
    kind: str = ""

    @property
    def written(self) -> str:
        """The value as every format for machines writes it; empty where it is missing."""
        return "" if self.measurement.value is None else plain(self.measurement.value)


@dataclass(frozen=True)
class Look:
    """What one kind of images of one exam shows of a lesion."""

    observation: Observation
    exam: Exam
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class LesionSent:
    """A lesion with its looks of the time point."""

    lesion: Lesion
    looks: tuple[Look, ...]


@dataclass(frozen=True)
class Score:
    """One conclusion as it is sent: its result in the words of the report, or that it is missing and why."""

    conclusion: Conclusion
    reference: str
    title: str
    missing_because: str


@dataclass(frozen=True)
class Content:
    """Everything that is sent of one time point."""

    case: Case
    point: TimePoint
    assessed: AssessedTimePoint
    narrative: Narrative
    exams: tuple[Exam, ...]
    lesions: tuple[LesionSent, ...]
    vessels: tuple[Number, ...]
    organs: tuple[Number, ...]
    totals: tuple[Number, ...]
    scores: tuple[Score, ...]
    standing: Standing

    @property
    def patient(self) -> Patient:
        """The person."""
        return self.case.patient

    @property
    def signature(self) -> Signature | None:
        """The signature that holds; None for a draft."""
        return self.case.signatures[-1] if self.case.signatures else None

    @property
    def told_at(self) -> str:
        """When the report was made: signed, or for a draft written; ISO date-time."""
        return self.signature.at if self.signature else self.case.software.created

    def numbers(self) -> Iterator[Number]:
        """Every number, those of the lesions first."""
        for sent in self.lesions:
            for look in sent.looks:
                yield from look.numbers
        yield from (*self.vessels, *self.organs, *self.totals)

    def identifier(self, *parts: str) -> uuid.UUID:
        """A name that is the same whenever the same thing of the same time point of the same patient is sent."""
        studies = sorted(exam.study_uid for exam in self.exams)
        return uuid.uuid5(uuid.NAMESPACE_OID, "|".join((self.patient.id, *studies, *parts)))


def plain(value: float) -> str:
    """A number in plain decimal digits (no exponent, which HL7 v2 does not know), six of them significant."""
    text = f"{Decimal(f'{value:.{SIGNIFICANT_DIGITS}g}'):f}"
    return "0" if Decimal(text) == 0 else text


def content_of(case: Case, subject: str = "case.json") -> Content:
    """What is sent of the latest assessed time point.

    Raises CaseError when the case was never assessed, or is not as it was signed.
    """
    found = checked_standing(case, subject)
    narrative = latest_narrative(case)
    if narrative is None:
        raise CaseError(
            "holds no assessed time point", subject=subject, remedy="Run `isletscope assess CASE`, then send again."
        )
    assessed = case.assessments[-1]
    point = case.time_point(assessed.time_point)
    exams = tuple(case.exam(key) for key in point.exam_keys)
    return Content(
        case=case,
        point=point,
        assessed=assessed,
        narrative=narrative,
        exams=exams,
        lesions=tuple(_lesion(case, point, lesion) for lesion in case.lesions),
        vessels=tuple(_vessels(point)),
        organs=tuple(_organs(point)),
        totals=tuple(_totals(case, exams)),
        scores=tuple(_score(one) for one in _every(assessed.conclusions)),
        standing=found,
    )


def _lesion(case: Case, point: TimePoint, lesion: Lesion) -> LesionSent:
    looked = [one for one in lesion.observations if one.exam_key in point.exam_keys]
    looks = (Look(one, case.exam(one.exam_key), tuple(_of_look(lesion, one))) for one in looked)
    return LesionSent(lesion, tuple(looks))


def _of_look(lesion: Lesion, observation: Observation) -> Iterator[Number]:
    if observation.visibility is Visibility.SEEN:
        before = f"lesion/{lesion.id}/{observation.reference}"
        yield from _named(observation, before, lesion.id, observation.exam_key, observation.kind.value)


def _named(found: Finding, before: str, subject: str, exam_key: str, kind: str = "") -> Iterator[Number]:
    for key, measurement in found.measurements.items():
        yield Number(f"{before}/{key}", subject, key, measurement, exam_key, kind)


def _vessels(point: TimePoint) -> Iterator[Number]:
    for vessel in point.vessels:
        before = f"vessel/{vessel.lesion}/{vessel.vessel}/{vessel.exam_key}"
        subject = f"{vessel.lesion} {vessel.vessel}"
        for tolerance, contact in vessel.contact_deg.items():
            key = f"contact_deg/{tolerance}"
            yield Number(f"{before}/{key}", subject, key, contact, vessel.exam_key)
        yield from _named(vessel, before, subject, vessel.exam_key)


def _organs(point: TimePoint) -> Iterator[Number]:
    for structure in point.structures:
        before = f"structure/{structure.structure}/{structure.exam_key}"
        yield from _named(structure, before, structure.structure, structure.exam_key)
    for liver in point.liver:
        before = f"liver/{liver.exam_key}"
        yield from _named(liver, before, "liver", liver.exam_key)
        for segment in liver.segments:
            subject = f"liver segment {segment.segment}"
            for key, volume in (("parenchyma", segment.parenchyma), ("tumour", segment.tumour)):
                yield Number(f"{before}/segment/{segment.segment}/{key}", subject, key, volume, liver.exam_key)


def _totals(case: Case, exams: tuple[Exam, ...]) -> Iterator[Number]:
    own = {series.key: exam.key for exam in exams for series in exam.series}
    for reading in case.readings:
        if reading.series_key in own:
            for key, total in reading.totals.items():
                reference = f"total/{reading.series_key}/{key}"
                kind = f"{reading.tracer_class.value}_pet"
                yield Number(reference, "patient", key, total, own[reading.series_key], kind)


def _every(conclusions: list[Conclusion]) -> Iterator[Conclusion]:
    for one in conclusions:
        yield one
        yield from _every(one.lesions)


def _score(one: Conclusion) -> Score:
    reference = f"conclusion/{one.name}/{one.subject}" if one.subject else f"conclusion/{one.name}"
    because = ""
    if one.state is State.MISSING:
        because = f"lacks {', '.join(one.missing)}"
        if one.possible:
            because += f"; possible: {', '.join(one.possible)}"
    title = one.title or one.name.replace("_", " ")
    return Score(one, reference, f"{title}, {one.subject}" if one.subject else title, because)


def without_controls(text: str) -> str:
    """Text without the control characters that XML, HL7 and FHIR forbid; tabs and line breaks stay."""
    return "".join(sign for sign in text if sign in "\t\n\r" or ord(sign) >= 32)


def person_names(name: str | None) -> list[tuple[str, ...]]:
    """The groups of a DICOM person name (letters, ideographs, sounds): family, given, middle name and so on."""
    groups = [tuple(part.strip() for part in group.split("^")) for group in (name or "").split("=")]
    return [group for group in groups if any(group)]


def short_hash(text: str, digits: int = 20) -> str:
    """The first hexadecimal digits of the SHA-256 of a text, for identifiers with a limit on their length."""
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
