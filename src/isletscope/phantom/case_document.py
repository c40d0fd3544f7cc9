"""The truth of a reference patient as a case document: what a reading would hold that saw everything right.

The document is written as a stranger writes it, from the published schema (``isletscope schema``); this room does not
know the program's own model. What the truth does not know stays out. Rules and words: ``case_rules.yaml``.
"""

from __future__ import annotations

import re
from datetime import datetime

from isletscope.phantom.case_foci import foci_of, totals_of
from isletscope.phantom.case_lesions import lesion_documents
from isletscope.phantom.case_parts import Json, exam_kind, grid_document, rules, series_key
from isletscope.phantom.case_structures import liver_findings, structure_findings, vessel_findings
from isletscope.phantom.visit import VENDORS

SCHEMA_VERSION = 1
_REFERENCES = {"liver": "liver", "blood_pool": "aorta", "spleen": "spleen"}
_NUCLIDES = {"68Ga": "68Ga", "64Cu": "64Cu", "18F": "18F"}


def case_of_truth(truth: Json) -> Json:
    """A case document from the truth of a reference patient (``truth.json``, or ``truth_alone``).

    Lesions bear the truth's names. Time points are those of ``expected``, or else of the exams.
    """
    points = [_time_point(truth, name, exams) for name, exams in _time_points(truth).items()]
    lesions = lesion_documents(truth)
    last = max(str(exam["date"]) for exam in truth["exams"])
    return {
        "schema_version": SCHEMA_VERSION,
        "software": {"name": "Isletscope reference patient", "version": str(truth["truth_version"]), "created": last},
        "patient": _patient(truth),
        "clinical": clinical_file(truth),
        "exams": [_exam(truth, exam) for exam in truth["exams"]],
        "readings": [_reading(truth, exam, lesions) for exam in truth["exams"] if exam["kind"] == "pet_ct"],
        "lesions": lesions,
        "time_points": points,
    }


def _patient(truth: Json) -> Json:
    person = truth["patient"]
    return {
        "id": person["id"],
        "name": person["name"],
        "sex": person["sex"],
        "age_years": float(person["age_years"]),
        "weight_kg": person["weight_kg"],
        "size_m": person["height_cm"] / 100.0,
    }


def clinical_file(truth: Json) -> Json:
    """The scenario's clinical block and the person, in the schema of the clinical file; every fact is kept."""
    block = dict(truth["clinical"])
    person = truth["patient"]
    block["patient"] = {key: person[key] for key in ("sex", "age_years", "height_cm", "weight_kg")}
    germline = str(block.pop("germline", ""))
    if germline:
        named = [name for word, name in rules()["germline"].items() if re.search(rf"\b{word}\b", germline)]
        block["germline"] = named[0] if named else germline
    if "treatment" in block:
        courses = [course for text in block["treatment"] for course in _course(str(text))]
        block["courses"] = courses
    return block


def _course(text: str) -> list[Json]:
    """The course of treatment that a line of the scenario tells; none for what is no treatment of the tumour."""
    for word, kind in rules()["courses"].items():
        if word in text:
            dates = re.findall(r"\b(\d{4}(?:-\d{2})?)\b", text)
            named = dict(zip(("started_on", "ended_on"), [date for date in dates if len(date) == 7], strict=False))
            return [{"kind": kind, "drug": text.split(",")[0].split(" since")[0].split(" from")[0], **named}]
    return []


def _time_points(truth: Json) -> dict[str, list[str]]:
    """Names of the exams of each time point, in order of time."""
    stated = {name: list(point["exams"]) for name, point in (truth.get("expected") or {}).items()}
    if not stated:
        for exam in truth["exams"]:
            stated.setdefault(str(exam["time_point"]), []).append(exam["name"])
    dates = {exam["name"]: exam["date"] for exam in truth["exams"]}
    return dict(sorted(stated.items(), key=lambda item: max(dates[name] for name in item[1])))


def _time_point(truth: Json, name: str, names: list[str]) -> Json:
    exams = [exam for exam in truth["exams"] if exam["name"] in names]
    return {
        "name": name,
        "date": max(str(exam["date"]) for exam in exams),
        "exam_keys": [exam["name"] for exam in exams],
        "coverage": _coverage(exams),
        "vessels": vessel_findings(truth, exams),
        "structures": structure_findings(truth, exams),
        "liver": liver_findings(truth, exams),
    }


def _coverage(exams: list[Json]) -> dict[str, list[str]]:
    covered: dict[str, list[str]] = {region: [] for region in rules()["regions"]}
    for exam in exams:
        for region in covered_regions(exam):
            covered[region].append(f"{exam['name']}/{exam_kind(exam)}")
    return covered


def covered_regions(exam: Json) -> list[str]:
    """Regions of the body that an exam shows as a whole."""
    if exam["kind"] != "ct":
        found: list[str] = rules()["coverage"][exam["kind"]]
        return found
    grid = exam["grids"]["ct"]
    long = grid["shape_kji"][0] * grid["spacing_kji_mm"][0] > rules()["abdomen_longest_mm"]
    found = rules()["coverage"]["trunk" if long else "abdomen"]
    return found


def _exam(truth: Json, exam: Json) -> Json:
    title = {"ct": "CT of the abdomen", "mr": "MRI of liver and pancreas"}.get(
        exam["kind"], f"{exam.get('tracer')} PET/CT"
    )
    return {
        "key": exam["name"],
        "study_uid": exam["study_uid"],
        "patient_id": truth["patient"]["id"],
        "date": exam["date"],
        "title": title,
        "series": [_series(exam, series, number) for number, series in enumerate(exam["series"], start=1)],
    }


def _series(exam: Json, series: Json, number: int) -> Json:
    phase = f"_{series['phase']}" if series["role"] in ("phase", "detail") else ""
    role = rules()["roles"][f"{series['role']}{phase}".replace("detail_", "phase_")]
    document = {
        "key": f"{exam['name']}-{number}",
        "series_uid": series["uid"],
        "modality": series["modality"],
        "description": series["role"].replace("_", " ") + phase.replace("_", " "),
        "number": number,
        "manufacturer": VENDORS[exam["vendor"]].manufacturer,
        "model": VENDORS[exam["vendor"]].pet_model if exam["kind"] == "pet_ct" else "",
        "acquired": exam["scan_start"],
        "frame_of_reference_uid": exam["frame_of_reference_uid"],
        "role": role,
        "role_because": "known from the reference patient",
        "instance_count": 0,
        "fingerprint": series["uid"],
    }
    if series["grid"] in exam["grids"]:
        grid = exam["grids"][series["grid"]]
        document |= {"grid": grid_document(grid), "instance_count": grid["shape_kji"][0]}
    if "b_s_mm2" in series:
        document |= {"b_value_s_mm2": float(series["b_s_mm2"]), "part": f"b = {series['b_s_mm2']}"}
    if series["role"] == "pet":
        document |= {"tracer": _tracer(exam), "quantification": _quantification(exam)}
    return document


def _tracer(exam: Json) -> Json:
    nuclide = next((name for name in _NUCLIDES if exam["tracer"].startswith(name)), None)
    return {
        "tracer_class": exam["tracer_class"],
        "name": exam["tracer"],
        "nuclide": nuclide,
        "because": "known from the reference patient",
    }


def _quantification(exam: Json) -> Json:
    started, injected = (datetime.fromisoformat(exam[key]) for key in ("scan_start", "injection"))
    return {
        "quantified": True,
        "unit_in": "g/mL",
        "branch": "true uptake of the reference patient",
        "injection_time": exam["injection"],
        "uptake_minutes": round((started - injected).total_seconds() / 60.0, 1),
        "injected_activity_mbq": exam["dose_mbq"],
    }


def _reading(truth: Json, exam: Json, lesions: list[Json]) -> Json:
    key = series_key(exam, "pet")
    foci = foci_of(truth, exam, lesions, key)
    references = [
        {
            "name": name,
            "state": "measured",
            "source": "truth of the reference patient",
            "confidence": "high",
            "mean": exam["organs"][organ]["mean_suv"],
        }
        for name, organ in _REFERENCES.items()
        if organ in exam["organs"]
    ]
    organs = [
        {
            "name": name,
            "state": "measured",
            "source": "truth of the reference patient",
            "volume_ml": organ["volume_ml"],
            "mean_suv": organ["mean_suv"],
            "label": int(organ["label"]),
        }
        for name, organ in exam["organs"].items()
    ]
    return {
        "series_key": key,
        "tracer_class": exam["tracer_class"],
        "organs": organs,
        "references": references,
        "foci": foci,
        "totals": totals_of(exam, foci),
        "methods": ["True values of the reference patient; no image was read."],
    }
