"""The truth of a reference patient as one document (truth.json), written beside the scanner files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isletscope.phantom.disease import Disease
from isletscope.phantom.exams import ExamOutcome
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.sketch import Person

TRUTH_VERSION = 2


def truth_document(
    plan: Scenario, seed: int, size: str, person: Person, disease: Disease, exams: Sequence[ExamOutcome]
) -> dict[str, Any]:
    """Everything that is true of a patient, as plain data. A superset of version 1, which knew PET/CT only."""
    lesions = _distinct(exams)
    return {
        "truth_version": TRUTH_VERSION,
        "scenario": plan.name,
        "title": plan.title,
        "seed": seed,
        "size": size,
        "patient": {
            "id": exams[0].visit.patient_id,
            "name": exams[0].visit.patient_name,
            "sex": person.sex,
            "age_years": person.age_years,
            "height_cm": person.height_cm,
            "weight_kg": person.weight_kg,
        },
        "clinical": plan.clinical,
        "expected": plan.expected,
        "exams": [exam.truth for exam in exams],
        "lesions": [_lesion(lesion, exams) for lesion in lesions if not lesion.mimic],
        "mimics": [_lesion(lesion, exams) for lesion in lesions if lesion.mimic],
        "tumour_volume_ml": {exam.visit.rule.name: _shown_volume(exam) for exam in exams if exam.visit.tracer},
    }


def _distinct(exams: Sequence[ExamOutcome]) -> list[Tumour]:
    """Every lesion of any exam once, as it is in the first exam that has it, by label."""
    found: dict[str, Tumour] = {}
    for exam in exams:
        for lesion in exam.scene.lesions:
            found.setdefault(lesion.id, lesion)
    return sorted(found.values(), key=lambda lesion: lesion.label)


def _lesion(lesion: Tumour, exams: Sequence[ExamOutcome]) -> dict[str, Any]:
    """One lesion; its size and CT number are those of the first exam that has it."""
    return {
        "id": lesion.id,
        "label": lesion.label,
        "site": lesion.site,
        "place": lesion.organ,
        "volume_ml": round(lesion.volume_ml, 5),
        "diameter_mm": round(lesion.diameter_mm, 3),
        "semi_axes_mm": [round(a, 3) for a in lesion.semi_axes_mm],
        "lobulated": bool(lesion.lobes.size),
        "hu": round(lesion.hu, 1),
        "exams": {
            exam.visit.rule.name: _at_exam(there, exam)
            for exam in exams
            if (there := next((other for other in exam.scene.lesions if other.id == lesion.id), None)) is not None
        },
    }


def _at_exam(lesion: Tumour, exam: ExamOutcome) -> dict[str, Any]:
    centre = exam.scene.centres([lesion])[0]
    return {"centre_lps_mm": [round(float(v), 3) for v in centre], **exam.lesions.get(lesion.id, {})}


def _shown_volume(exam: ExamOutcome) -> float:
    return round(sum(t.volume_ml for t in exam.scene.tumours if exam.lesions[t.id]["shows"]), 4)
