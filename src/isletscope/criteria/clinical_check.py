"""Reading a clinical file: friendly refusals of unknown keys, of dates to come, and of what cannot be true at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date

from pydantic import BaseModel, JsonValue, ValidationError

from isletscope.criteria.clinical import (
    ClinicalFile,
    Differentiation,
    Germline,
    Grade,
    Sex,
    Subtype,
)
from isletscope.errors import InputError

SMALLEST_MM = 3.0
LARGEST_MM = 300.0
"""A tumour size outside these is more likely centimetres, or metres of something else (software convention)."""
PREGNANCY_YEARS = (10, 60)
_GERMLINE_GENE = re.compile(r"^(MEN1|MEN4|VHL|NF1|TSC)[12]?\b.*(pathogenic|variant|mutation)", re.IGNORECASE)
_GRADE_KI67 = {Grade.G1: (0.0, 3.0), Grade.G2: (0.0, 20.0), Grade.NEC: (20.0, 100.0)}
_REMEDY = "`isletscope schema clinical` prints every key and value."


def read_clinical(document: JsonValue, *, today: date, subject: str = "clinical file") -> ClinicalFile:
    """The clinical file of a document. ``today`` is given by the caller, so that the same input gives the same answer.

    Raises InputError for unknown keys (with the closest known one), values that do not fit, dates after ``today``,
    sizes that look like centimetres, and entries that contradict each other.
    """
    if not isinstance(document, dict):
        raise InputError("is not a list of names with values", subject=subject, found=type(document).__name__)
    try:
        clinical = ClinicalFile.model_validate(_without_gene_words(document))
    except ValidationError as error:
        raise _input_error(error, subject) from error
    check_clinical(clinical, today=today, subject=subject)
    return clinical


def check_clinical(clinical: ClinicalFile, *, today: date, subject: str = "clinical file") -> None:
    """Refuse what cannot be true: dates to come, implausible sizes, contradictions. Raises InputError."""
    for place, value in _dates(clinical, ""):
        if value > today:
            raise InputError(
                f"{place} lies in the future", subject=subject, found=str(value), expected=f"{today} or earlier"
            )
    _check_age(clinical, today, subject)
    _check_size(clinical, subject)
    for problem, found, expected in _contradictions(clinical):
        raise InputError(problem, subject=subject, found=found, expected=expected)


def age_years(clinical: ClinicalFile, today: date) -> float | None:
    """Age as stated, or from the date of birth; None when neither is known."""
    if clinical.patient.age_years is not None or clinical.patient.birth_date is None:
        return clinical.patient.age_years
    return (today - clinical.patient.birth_date).days / 365.25


def _without_gene_words(document: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """``MEN1 pathogenic variant`` reads as MEN1; a variant of uncertain significance is no syndrome and stays text."""
    germline = document.get("germline")
    if not isinstance(germline, str) or "uncertain" in germline.lower():
        return document
    match = _GERMLINE_GENE.match(germline)
    return {**document, "germline": match[1].upper()} if match else document


def _dates(part: BaseModel, place: str) -> Iterator[tuple[str, date]]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        here = f"{place}.{name}" if place else name
        items = value if isinstance(value, tuple) else (value,)
        for item in items:
            if isinstance(item, date):
                yield here, item
            elif isinstance(item, BaseModel):
                yield from _dates(item, here)


def _check_age(clinical: ClinicalFile, today: date, subject: str) -> None:
    stated, born = clinical.patient.age_years, clinical.patient.birth_date
    if born is None or stated is None:
        return
    reckoned = (today - born).days / 365.25
    if abs(reckoned - stated) > 1.5:
        raise InputError(
            "age and date of birth contradict each other",
            subject=subject,
            found=f"{stated:g} years, born {born}",
            expected=f"{int(reckoned)} years on {today}",
        )


def _check_size(clinical: ClinicalFile, subject: str) -> None:
    size = clinical.tumour.largest_mm
    if size is None or clinical.tumour.size_confirmed or SMALLEST_MM <= size <= LARGEST_MM:
        return
    guess = f"If it was meant in cm, write {size * 10:g}. " if size < SMALLEST_MM else ""
    raise InputError(
        "tumour.largest_mm is not a plausible size in mm",
        subject=subject,
        found=f"{size:g} mm",
        expected=f"{SMALLEST_MM:g} to {LARGEST_MM:g} mm",
        remedy=f"{guess}If the size is right, add `size_confirmed: true` under tumour.",
    )


def _contradictions(clinical: ClinicalFile) -> Iterator[tuple[str, str, str]]:
    """What is stated twice and differently: problem, found, expected."""
    yield from _person_contradictions(clinical)
    yield from _tumour_contradictions(clinical)
    limits = clinical.constraints
    if limits.insulin_treatment and limits.diabetes is False:
        yield (
            "insulin treatment without diabetes",
            "insulin_treatment: true, diabetes: false",
            "one of the two corrected",
        )
    if limits.metformin and limits.diabetes is False:
        yield "metformin without diabetes", "metformin: true, diabetes: false", "one of the two corrected"


def _person_contradictions(clinical: ClinicalFile) -> Iterator[tuple[str, str, str]]:
    patient, limits = clinical.patient, clinical.constraints
    for name, stated in (("pregnant", limits.pregnant), ("breast_feeding", limits.breast_feeding)):
        if not stated:
            continue
        if patient.sex is Sex.MALE:
            yield f"{name} and sex contradict each other", f"{name}: true, sex: M", "one of the two corrected"
        low, high = PREGNANCY_YEARS
        if patient.age_years is not None and not low <= patient.age_years <= high:
            yield f"{name} is not possible at this age", f"{patient.age_years:g} years", f"{low} to {high} years"


def _tumour_contradictions(clinical: ClinicalFile) -> Iterator[tuple[str, str, str]]:
    syndrome, subtype = clinical.hormones.syndrome, clinical.tumour.subtype
    if syndrome is not None and subtype is not None and not _fits(clinical):
        yield "subtype and hormone syndrome contradict each other", f"{subtype}, {syndrome}", "one tumour type"
    tissue = clinical.histology
    if tissue.grade in (Grade.G1, Grade.G2, Grade.G3) and tissue.differentiation is Differentiation.POOR:
        yield "grade and differentiation contradict each other", f"{tissue.grade}, poor", "NEC, or well differentiated"
    if tissue.grade is Grade.NEC and tissue.differentiation is Differentiation.WELL:
        yield "grade and differentiation contradict each other", "NEC, well", "G1 to G3, or poorly differentiated"
    if tissue.grade in _GRADE_KI67 and tissue.ki67_percent is not None:
        low, high = _GRADE_KI67[tissue.grade]
        index = tissue.ki67_percent
        if index.low > high or index.high < low or (tissue.grade is Grade.G1 and index.low >= high):
            expected = f"Ki-67 below {high:g} %" if tissue.grade is Grade.G1 else f"Ki-67 {low:g} to {high:g} %"
            yield "grade and Ki-67 contradict each other", f"{tissue.grade}, Ki-67 {index.printed()} %", expected
    if clinical.tumour.number == 0 and clinical.tumour.largest_mm is not None:
        yield "a size without a tumour", f"number: 0, {clinical.tumour.largest_mm:g} mm", "one of the two corrected"
    if clinical.tumour.resection_complete and clinical.tumour.resected_on is None and clinical.tumour.growing:
        yield "completely resected and growing", "resection_complete: true, growing: true", "one of the two corrected"


def _fits(clinical: ClinicalFile) -> bool:
    """Whether stated subtype and syndrome can be one tumour; a silent serotonin tumour can."""
    syndromic = clinical.model_copy(update={"tumour": clinical.tumour.model_copy(update={"subtype": None})}).subtype
    silent = clinical.hormones.syndrome == "none" and clinical.tumour.subtype is Subtype.SEROTONIN
    return silent or syndromic is clinical.tumour.subtype


def _input_error(error: ValidationError, subject: str) -> InputError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return InputError(f"has an unknown key {place}", subject=subject, remedy=_near_key(first["loc"]))
    found = first.get("input")
    expected = str(first["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    syndrome = first["loc"][:1] == ("germline",)
    if syndrome:
        expected = ", ".join(Germline)
    return InputError(
        f"{place} does not fit",
        subject=subject,
        found=repr(found) if isinstance(found, str | int | float | bool) or found is None else type(found).__name__,
        expected=expected,
        remedy=_REMEDY if syndrome else _near_value(found, expected) or _REMEDY,  # MEN2 is no misspelt MEN1
    )


def _near_key(place: tuple[int | str, ...]) -> str:
    """Where the key belongs when another part has it; else the closest key of this part; else of any part."""
    name, above = str(place[-1]), place[:-1]
    if name not in known_keys(None):
        close = difflib.get_close_matches(name, known_keys(above), n=1, cutoff=0.5)
        if close:
            return f"Did you mean {_place_of(close[0], above)}?"
    elsewhere = difflib.get_close_matches(name, known_keys(None), n=1, cutoff=0.8)
    return f"Did you mean {_place_of(elsewhere[0], None)}?" if elsewhere else _REMEDY


def known_keys(place: tuple[int | str, ...] | None) -> list[str]:
    """Keys of the part at ``place``; of the whole file and all its parts when None or not found."""
    parts = _parts()
    names = [str(step) for step in place or () if isinstance(step, str)]
    if place is not None:
        return list(parts.get(names[-1] if names else "", ClinicalFile).model_fields)
    return [name for part in parts.values() for name in part.model_fields]


def _parts() -> dict[str, type[BaseModel]]:
    parts: dict[str, type[BaseModel]] = {"": ClinicalFile}
    for name, field in ClinicalFile.model_fields.items():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                parts[name] = kind
    return parts


def _place_of(key: str, place: tuple[int | str, ...] | None) -> str:
    if place is not None:
        return ".".join([*(str(step) for step in place), key])
    return next((f"{name}.{key}" if name else key for name, part in _parts().items() if key in part.model_fields), key)


def _near_value(found: object, expected: str) -> str:
    if not isinstance(found, str):
        return ""
    choices = re.findall(r"'([^']+)'", expected) or expected.split(", ")
    lowered = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(found.lower(), list(lowered), n=1, cutoff=0.5)
    return f"Did you mean {lowered[close[0]]}?" if close else ""
