"""The grade of every tissue sample, and the lesion that each was taken from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.view import ANATOMICAL, View
from isletscope.criteria import Differentiation, Grade
from isletscope.model import Compartment, Conclusion, Lesion

_CLINICAL = "clinical/histology"
_ANSWER = "answer/CTX.histology"
_ANSWERED_GRADES = {"g1": "NET G1", "g2": "NET G2", "g3": "NET G3", "nec": "NEC", "minen": "MiNEN"}
_WELL = ("NET G1", "NET G2", "NET G3", "G1", "G2")
_SITES = (
    (re.compile(r"\b(liver|hepatic)\b", re.IGNORECASE), Compartment.LIVER),
    (re.compile(r"\b(node|lymph|nodal)\b", re.IGNORECASE), Compartment.NODE),
    (re.compile(r"\bbone\b", re.IGNORECASE), Compartment.BONE),
    (re.compile(r"\b(primary|pancrea\w*)\b", re.IGNORECASE), Compartment.PANCREAS),
)
_SAMPLED_GRADES = {"NET G1": "G1", "NET G2": "G2", "NET G3": "G3", "NEC": "NEC"}


@dataclass(frozen=True)
class Sample:
    """One tissue sample: where it was taken, the lesion if only one can be meant, and the input of the criterion."""

    where: str
    lesion: Lesion | None
    compartment: Compartment | None
    given: dict[str, Any]
    reference: str

    @property
    def site(self) -> str:
        """Name of the lesion, else the words of the pathology report."""
        return self.lesion.id if self.lesion is not None else self.where


def assess_grade(view: View, gathered: Gathered) -> None:
    """Ask for the grade of all samples; without a sample the result says that it is missing."""
    asking = Asking("who_grade")
    samples = samples_of(view)
    asking.put("samples", [sample.given for sample in samples] or [{}], *(sample.reference for sample in samples))
    gathered.add(asking.conclude())


def samples_of(view: View) -> list[Sample]:
    """The samples that are known: what a reader entered, be it that there is none, outranks the clinical file."""
    if view.answer("CTX.histology", "type") == "none":
        return []
    entered = _entered(view)
    if entered is not None:
        return [entered]
    stated = _stated(view)
    return [] if stated is None else [stated]


def sampled_grades(view: View, gathered: Gathered) -> list[dict[str, Any]]:
    """Grades with the lesion they belong to, as the criterion on phenotype and histology asks for them."""
    asked = gathered.get("who_grade")
    if asked is None:
        return []
    results: Sequence[Conclusion] = asked.lesions or [asked]
    found = []
    for sample, result in zip(samples_of(view), results, strict=False):
        grade = _SAMPLED_GRADES.get(result.value or "")
        if grade is not None and sample.site:
            found.append({"lesion": sample.site, "grade": grade, "sampled": sample.given.get("sampled")})
    return found


def ki67_upper_percent(view: View) -> tuple[float, str] | None:
    """Ki-67 in percent at its upper end, and where it stands; None when it is not known or has no upper end."""
    entered = view.answer("CTX.histology", "ki67_percent")
    if isinstance(entered, int | float):
        return float(entered), _ANSWER
    index = view.clinical.histology.ki67_percent
    return (index.high, f"{_CLINICAL}/ki67_percent") if index is not None and index.upper_end_given else None


def _entered(view: View) -> Sample | None:
    kind = view.answer("CTX.histology", "type")
    if not isinstance(kind, str) or kind not in _ANSWERED_GRADES:
        return None
    where = str(view.answer("CTX.histology", "lesion") or "")
    grade = _ANSWERED_GRADES[kind]
    given: dict[str, Any] = {
        "sampled": view.answer("CTX.histology", "date"),
        "differentiation": _differentiation(None, grade),
        "ki67_percent": view.answer("CTX.histology", "ki67_percent"),
        "mitoses_per_2mm2": view.answer("CTX.histology", "mitoses_per_2_mm2"),
        "stated_grade": grade,
    }
    return _sample(view, where, given, _ANSWER)


def _stated(view: View) -> Sample | None:
    tissue = view.clinical.histology
    if tissue.grade is None and tissue.ki67_percent is None and tissue.mitoses_per_2mm2 is None:
        return None
    given: dict[str, Any] = {
        "sampled": tissue.sampled_on,
        "differentiation": _differentiation(tissue.differentiation, tissue.grade),
        "ki67_percent": tissue.ki67_percent,
        "mitoses_per_2mm2": tissue.mitoses_per_2mm2,
        "stated_grade": "MiNEN" if tissue.differentiation is Differentiation.MIXED else tissue.grade,
    }
    return _sample(view, tissue.sample or "", given, _CLINICAL)


def _sample(view: View, where: str, given: dict[str, Any], reference: str) -> Sample:
    lesion, compartment = sampled_lesion(view, where)
    site = lesion.id if lesion is not None else where
    known = {name: value for name, value in given.items() if value is not None}
    return Sample(where, lesion, compartment, {"site": site, **known}, reference)


def _differentiation(stated: Differentiation | None, grade: str | Grade | None) -> str:
    """As stated; G1, G2 and NET G3 are well, NEC is poorly differentiated by definition. A bare G3 leaves it open."""
    if stated is Differentiation.WELL:
        return "well"
    if stated is Differentiation.POOR or (stated is None and grade == "NEC"):
        return "poor"
    return "well" if stated is None and grade in _WELL else "unknown"


def sampled_lesion(view: View, where: str) -> tuple[Lesion | None, Compartment | None]:
    """The lesion that the words name, and its compartment; no lesion where more than one can be meant.

    A name such as P1 decides; ``largest`` takes the largest of its compartment; else the only one of it.
    """
    by_name = {lesion.id: lesion for lesion in view.case.lesions}
    for word in re.findall(r"\b[A-Z]\d+(?:\.\d+)?\b", where):
        if word in by_name:
            return by_name[word], by_name[word].compartment
    for pattern, compartment in _SITES:
        if pattern.search(where):
            return _only(view, where, compartment), compartment
    if re.search(r"\blargest tumou?r\b|\brim\b|\bEUS\b", where):
        return _only(view, where, Compartment.PANCREAS), Compartment.PANCREAS
    return None, None


def _only(view: View, where: str, compartment: Compartment) -> Lesion | None:
    lesions = view.of(compartment)
    if len(lesions) == 1:
        return lesions[0]
    placed = [one for one in lesions if one.place.region and one.place.region.replace("_", " ") in where.lower()]
    if len(placed) == 1:
        return placed[0]
    if not re.search(r"\blargest\b", where, re.IGNORECASE):
        return None
    sized = sorted(_sizes(view, lesions), key=lambda pair: -pair[0])
    clear = len(sized) == len(lesions) and len(sized) > 1 and sized[0][0] > sized[1][0]
    return sized[0][1] if clear else None


def _sizes(view: View, lesions: Sequence[Lesion]) -> Iterator[tuple[float, Lesion]]:
    for lesion in lesions:
        size = view.find(lesion, "long_axis", ANATOMICAL)
        if size is not None:
            yield size.value, lesion
