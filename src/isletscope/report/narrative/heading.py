"""The head of the report: patient, state, what kind of reading, and the clinical question."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.criteria.clinical import Question, Syndrome
from isletscope.report import format as fmt
from isletscope.report.narrative.known import ENTERED, Known
from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import joined, listed, tell
from isletscope.report.words import words


def header(known: Known) -> tuple[Sentence, ...]:
    """Patient, state and kind of reading."""
    patient, clinical = known.case.patient, known.view.clinical.patient
    sex = patient.sex or (clinical.sex.value if clinical.sex else None)
    age = patient.age_years if patient.age_years is not None else clinical.age_years
    weight = patient.weight_kg if patient.weight_kg is not None else clinical.weight_kg
    height_cm = patient.size_m * 100 if patient.size_m is not None else clinical.height_cm
    parts = [
        patient.id,
        words().sexes.get(sex.upper(), "") if sex else "",
        f"{int(age)}{fmt.NO_BREAK}y" if age is not None else "",
        f"{fmt.number(weight, 0)}{fmt.NO_BREAK}kg" if weight is not None else "",
        f"{fmt.number(height_cm, 0)}{fmt.NO_BREAK}cm" if height_cm is not None else "",
    ]
    reading = "follow-up" if known.earlier is not None else "first reading"
    behind = f"time_point/{known.view.point.name}"
    return (
        tell("heading.patient", behind, patient=joined(parts)),
        tell("heading.state", behind, state=words().state[:1].lower() + words().state[1:]),
        tell("heading.reading", behind, reading=reading, date=fmt.day(known.view.point.date)),
    )


def clinical_question(known: Known) -> tuple[Sentence, ...]:
    """What was asked, and what is known beside the images; all of it marked as entered."""
    return tuple(_question(known))


def _question(known: Known) -> Iterator[Sentence]:
    clinical = known.view.clinical
    if clinical.question:
        yield tell("heading.question", "clinical/question", question=clinical.question, mark=ENTERED)
    elif clinical.questions:
        names = listed(_words(one) for one in clinical.questions)
        yield tell("heading.questions", "clinical/questions", questions=names, mark=ENTERED)
    else:
        yield tell("heading.no_question", "clinical/question")
    if clinical.symptoms:
        given = ", ".join(clinical.symptoms)
        yield tell("heading.symptoms", "clinical/symptoms", symptoms=given, mark=ENTERED)
    yield _hormones(known)
    yield _histology(known)
    yield _treatment(known)
    yield _germline(known)


def _words(question: Question) -> str:
    return question.value.replace("_", " ").replace("prrt", "PRRT")


def _hormones(known: Known) -> Sentence:
    syndrome = known.view.clinical.hormones.syndrome
    if syndrome is None:
        return tell("heading.hormones_unknown", "clinical/hormones/syndrome")
    if syndrome is Syndrome.NONE:
        return tell("heading.non_functioning", "clinical/hormones/syndrome", mark=ENTERED)
    return tell("heading.functioning", "clinical/hormones/syndrome", hormone=syndrome.value, mark=ENTERED)


def _histology(known: Known) -> Sentence:
    histology = known.view.clinical.histology
    grade = known.conclusion("who_grade")
    if histology.sample is None and grade is None:
        return tell("heading.no_histology", "clinical/histology")
    parts = [
        histology.sample or "sample not described",
        fmt.day(histology.sampled_on.isoformat()) if histology.sampled_on else "",
        (grade.value or "") if grade else "",
        f"Ki-67 {histology.ki67_percent.printed()}{fmt.NO_BREAK}%" if histology.ki67_percent else "",
        _mitoses(histology.mitoses_per_2mm2),
    ]
    return tell(
        "heading.histology", "clinical/histology", "conclusion/who_grade", histology=joined(parts), mark=ENTERED
    )


def _mitoses(count: float | None) -> str:
    if count is None:
        return ""
    return f"{fmt.number(count, 0)} {'mitosis' if count == 1 else 'mitoses'} per 2{fmt.NO_BREAK}mm²"


def _treatment(known: Known) -> Sentence:
    clinical = known.view.clinical
    if clinical.treatment:
        return tell("heading.treatment", "clinical/treatment", treatment="; ".join(clinical.treatment), mark=ENTERED)
    if "treatment" in known.case.clinical:
        return tell("heading.no_treatment", "clinical/treatment", mark=ENTERED)
    return tell("heading.treatment_unknown", "clinical/treatment")


def _germline(known: Known) -> Sentence:
    found = known.view.clinical.germline
    if found is None:
        return tell("heading.germline_unknown", "clinical/germline")
    return tell("heading.germline", "clinical/germline", germline=found.value, mark=ENTERED)
