"""The truth of a reference patient as one document (truth.json), written beside the scanner files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from isletscope.phantom.disease import Disease
from isletscope.phantom.exams import ExamOutcome
from isletscope.phantom.lesion_truth import look_truth
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.regions import Regions
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.sketch import Person
from isletscope.phantom.structures import structure_label, structures

TRUTH_VERSION = 2
_STEP_MM = 3.0
# Heights of the average adult between which structures are measured (mm): pelvis to the dome of the liver.
_LOW_MM, _HIGH_MM = -280.0, 175.0
_SEGMENTS = range(1, 9)
# Tissues that lesions are compared with.
_TISSUES = ("pancreas", "liver", "spleen", "marrow", "muscle", "cavity_fat", "lung", "blood")


def truth_document(
    plan: Scenario, seed: int, size: str, person: Person, disease: Disease, exams: Sequence[ExamOutcome]
) -> dict[str, Any]:
    """Everything that is true of a patient, as plain data. A superset of version 1, which knew PET/CT only."""
    lesions = _distinct(exams)
    body = exams[0].scene.body
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
        "anatomy": {**_plain(asdict(plan.anatomy)), **_volumes(disease.regions)},
        "structures": {
            key: {"label": item.label, "name": item.name, "snomed": item.snomed} for key, item in structures().items()
        },
        "vessels": sorted(body.tubes),
        "tissues": {name: look_truth(body.tissues[name].appearance) for name in _TISSUES},
        "calibres_mm": _calibres(exams[0]),
        "exams": [exam.truth for exam in exams],
        "lesions": [_lesion(lesion, disease, exams) for lesion in lesions if not lesion.mimic],
        "mimics": [_lesion(lesion, disease, exams) for lesion in lesions if lesion.mimic],
        "tumour_volume_ml": {exam.visit.rule.name: _shown_volume(exam) for exam in exams if exam.visit.tracer},
        "liver_burden": {exam.visit.rule.name: _liver_burden(exam, disease) for exam in exams},
    }


def _calibres(exam: ExamOutcome) -> dict[str, float]:
    """Largest diameter (mm) of every vessel and duct along its main course."""
    scale = float(exam.scene.pose.scale.mean())
    return {
        name: round(2.0 * scale * float(tube.course[:, 3].max()), 1) for name, tube in exam.scene.body.tubes.items()
    }


def _plain(values: Any) -> Any:
    """Tuples as lists, lines of the scenario left out."""
    if isinstance(values, dict):
        return {key: _plain(value) for key, value in values.items() if key != "line"}
    return [_plain(value) for value in values] if isinstance(values, list | tuple) else values


def _volumes(regions: Regions) -> dict[str, Any]:
    """Volumes (mL) of abdominal structures at rest, lesions included, by counting on a 3 mm grid."""
    counts = regions.structure_volumes_ml()
    segments = {str(n): round(float(counts[structure_label(f"liver_segment_{n}")]), 1) for n in _SEGMENTS}
    named = {key: round(float(counts[item.label]), 2) for key, item in structures().items() if counts[item.label]}
    return {
        "volumes_ml": named,
        "liver_segments_ml": segments,
        "liver_ml": round(sum(segments.values()), 1),
        "volumes_note": "vessels inside the liver count for themselves; lesions count for their organ; 3 mm grid",
    }


def _distinct(exams: Sequence[ExamOutcome]) -> list[Tumour]:
    """Every lesion of any exam once, as it is in the first exam that has it, by label."""
    found: dict[str, Tumour] = {}
    for exam in exams:
        for lesion in exam.scene.lesions:
            found.setdefault(lesion.id, lesion)
    return sorted(found.values(), key=lambda lesion: lesion.label)


def _lesion(lesion: Tumour, disease: Disease, exams: Sequence[ExamOutcome]) -> dict[str, Any]:
    """One lesion; size and CT number at the top are those of the first exam that has it."""
    there = {exam.visit.rule.name: exam.lesions[lesion.id] for exam in exams if lesion.id in exam.lesions}
    first = next(iter(there.values()))
    names = [exam.visit.rule.name for exam in exams]
    fates = {name: fate.as_json() for name in names if (fate := disease.fates[name].get(lesion.id)) is not None}
    return {
        "id": lesion.id,
        "label": lesion.label,
        "site": lesion.site,
        "place": lesion.organ,
        "nature": lesion.nature,
        "mimic": lesion.mimic,
        "volume_ml": first["volume_ml"],
        "diameter_mm": round(lesion.diameter_mm, 3),
        "semi_axes_mm": [round(a, 3) for a in lesion.semi_axes_mm],
        "lobulated": bool(lesion.lobes.size),
        "hu": round(lesion.hu, 1),
        "fates": fates,
        "exams": there,
    }


def _shown_volume(exam: ExamOutcome) -> float:
    shown = [exam.lesions[tumour.id] for tumour in exam.scene.tumours]
    return round(sum(float(lesion["volume_ml"]) for lesion in shown if lesion["shows"]), 4)


def _liver_burden(exam: ExamOutcome, disease: Disease) -> dict[str, Any]:
    """Tumour in the liver: count, mL, percent of the liver at rest (tumours included)."""
    inside = [exam.lesions[tumour.id]["volume_ml"] for tumour in exam.scene.tumours if tumour.site == "liver"]
    share = 100.0 * sum(inside) / disease.liver_ml if inside and disease.liver_ml > 0 else 0.0
    return {"lesions": len(inside), "volume_ml": round(sum(inside), 3), "percent": round(share, 2)}
