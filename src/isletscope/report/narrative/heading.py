"""The head of the report: patient, state, what kind of reading, and the clinical question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from isletscope.criteria import Question, Syndrome
from isletscope.report import format as fmt
from isletscope.report.narrative.known import ENTERED, Known
from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import joined, listed, tell
from isletscope.report.words import state_words, words

_ENTRIES = {
    "clinical question": "question",
    "hormone function": "hormones/syndrome",
    "histology": "histology",
    "treatment": "treatment",
    "hereditary syndrome": "germline",
}
_ITEMS = {
    "clinical question": "CTX.question",
    "hormone function": "CTX.hormone",
    "histology": "CTX.histology",
    "treatment": "CTX.treatment",
    "hereditary syndrome": "CTX.syndrome",
}


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
    state = state_words(known.case)
    return (
        tell("heading.patient", behind, patient=joined(parts)),
        tell("heading.state", behind, state=state[:1].lower() + state[1:]),
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
    if clinical.symptoms:
        given = ", ".join(clinical.symptoms)
        yield tell("heading.symptoms", "clinical/symptoms", symptoms=given, mark=ENTERED)
    told = {
        "hormone function": _hormones(known),
        "histology": _histology(known),
        "treatment": _treatment(known),
        "hereditary syndrome": _germline(known),
    }
    yield from (sentence for sentence in told.values() if sentence is not None)
    missing = [name for name, sentence in told.items() if sentence is None]
    if not clinical.question and not clinical.questions:
        missing.insert(0, "clinical question")
    if missing:
        behind = [f"clinical/{_ENTRIES[name]}" for name in missing]
        sentence = tell("heading.not_given", *behind, entries=listed(missing))
        yield replace(sentence, items=tuple(_ITEMS[name] for name in missing))


def _words(question: Question) -> str:
    return question.value.replace("_", " ").replace("prrt", "PRRT")


def _hormones(known: Known) -> Sentence | None:
    syndrome = known.view.clinical.hormones.syndrome
    if syndrome is None:
        return None
    if syndrome is Syndrome.NONE:
        return tell("heading.non_functioning", "clinical/hormones/syndrome", mark=ENTERED)
    return tell("heading.functioning", "clinical/hormones/syndrome", hormone=syndrome.value, mark=ENTERED)


def _histology(known: Known) -> Sentence | None:
    histology = known.view.clinical.histology
    grade = known.conclusion("who_grade")
    if histology.sample is None and grade is None:
        return None
    parts = [
        histology.sample or "sample not described",
        fmt.day(histology.sampled_on.isoformat()) if histology.sampled_on else "",
        (grade.value or "") if grade else "",
        f"Ki-67 {histology.ki67_percent.printed()}{fmt.NO_BREAK}%" if histology.ki67_percent else "",
        _mitoses(histology.mitoses_per_2mm2),
    ]
    behind = ("clinical/histology", "conclusion/who_grade")
    return tell("heading.histology", *behind, histology=joined(parts), mark=ENTERED)


def _mitoses(count: float | None) -> str:
    if count is None:
        return ""
    return f"{fmt.number(count, 0)} {'mitosis' if count == 1 else 'mitoses'} per 2{fmt.NO_BREAK}mm²"


def _treatment(known: Known) -> Sentence | None:
    clinical = known.view.clinical
    if clinical.treatment:
        return tell("heading.treatment", "clinical/treatment", treatment="; ".join(clinical.treatment), mark=ENTERED)
    if "treatment" in known.case.clinical:
        return tell("heading.no_treatment", "clinical/treatment", mark=ENTERED)
    return None


def _germline(known: Known) -> Sentence | None:
    found = known.view.clinical.germline
    if found is None:
        return None
    return tell("heading.germline", "clinical/germline", germline=found.value, mark=ENTERED)
