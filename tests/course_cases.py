"""Small cases of a course: a patient with CT and SSTR PET at several dates and lesions of given sizes and uptake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isletscope.model import (
    Case,
    Compartment,
    Exam,
    ExamKind,
    GridDescription,
    Lesion,
    Observation,
    Patient,
    PetQuantification,
    Role,
    Series,
    Software,
    TimePoint,
    Tracer,
    TracerClass,
    Verdict,
    Visibility,
    measured,
)

UNITS = {
    "long_axis": "mm",
    "short_axis": "mm",
    "volume": "mL",
    "adc_mean": "10-6.mm2/s",
    "hu_portal_venous": "[hnsf'U]",
}
AXES = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
KINDS = {ExamKind.CT: "ct", ExamKind.MRI: "mr", ExamKind.SSTR_PET: "pet", ExamKind.FDG_PET: "fdg"}
_ROLES = {ExamKind.CT: Role.CT_PORTAL_VENOUS, ExamKind.MRI: Role.MR_ADC}

Values = Mapping[str, float] | None
"""Measurements of a lesion at one time point; None: looked for and not seen."""


def series(kind: ExamKind, number: int, **more: Any) -> Series:
    """A usable series of that kind."""
    pet = kind in (ExamKind.SSTR_PET, ExamKind.FDG_PET)
    tracer = None
    quantification = None
    if pet:
        sstr = kind is ExamKind.SSTR_PET
        name, family = ("68Ga-DOTATATE", TracerClass.SSTR) if sstr else ("18F-FDG", TracerClass.FDG)
        tracer = Tracer(tracer_class=family, name=name, because="header")
        quantification = PetQuantification(quantified=True, unit_in="BQML", branch="test", uptake_minutes=60.0)
    fields = {
        "key": f"{KINDS[kind]}-{number}",
        "series_uid": f"1.2.{list(KINDS).index(kind)}.{number}",
        "modality": "PT" if pet else "CT" if kind is ExamKind.CT else "MR",
        "manufacturer": "MAKER",
        "model": "Scanner A",
        "role": Role.PET if pet else _ROLES[kind],
        "role_because": "test",
        "tracer": tracer,
        "instance_count": 40,
        "grid": GridDescription(
            shape_kji=(40, 60, 60), spacing_kji_mm=(3.0, 2.0, 2.0), origin_lps_mm=(0.0, 0.0, 0.0), axes_lps=AXES
        ),
        "quantification": quantification,
        "fingerprint": f"{kind.value}-{number}",
    }
    return Series.model_validate(fields | more)


def course_case(
    lesions: Mapping[str, Mapping[ExamKind, Sequence[Values]]],
    dates: Sequence[str] = ("2025-01-10", "2025-07-10", "2026-01-10"),
    clinical: Mapping[str, Any] | None = None,
    series_more: Mapping[str, Mapping[str, Any]] | None = None,
    patient: str = "P-1",
) -> Case:
    """A case with one exam for each kind and date; ``series_more``: fields of single series by key.

    Lesion names begin with the letter of their compartment.
    """
    kinds = list(dict.fromkeys(kind for values in lesions.values() for kind in values))
    count = max(len(rows) for values in lesions.values() for rows in values.values())
    exams, points = [], []
    for number in range(1, count + 1):
        date = dates[number - 1]
        made = []
        for kind in kinds:
            one = series(kind, number, **(series_more or {}).get(f"{KINDS[kind]}-{number}", {}))
            key = f"exam-{KINDS[kind]}-{number}"
            made.append(
                Exam(
                    key=key, study_uid=f"9.{key}", patient_id=patient, date=date or None, title=kind.value, series=[one]
                )
            )
        exams += made
        points.append(TimePoint(name=date or f"undated {number}", date=date, exam_keys=[one.key for one in made]))
    return Case(
        software=Software(version="0", created="2026-11-20T10:00:00+00:00"),
        patient=Patient(id=patient),
        clinical=dict(clinical or {}),
        exams=exams,
        time_points=points,
        lesions=[_lesion(name, values) for name, values in lesions.items()],
    )


def _lesion(name: str, values: Mapping[ExamKind, Sequence[Values]]) -> Lesion:
    compartment = {"L": Compartment.LIVER, "P": Compartment.PANCREAS, "N": Compartment.NODE}[name[0]]
    observations = [
        Observation(
            exam_key=f"exam-{KINDS[kind]}-{number}",
            kind=kind,
            series_key=f"{KINDS[kind]}-{number}" if one is not None else "",
            visibility=Visibility.SEEN if one is not None else Visibility.NOT_SEEN,
            measurements={key: measured(key, value, UNITS.get(key, "g/mL")) for key, value in (one or {}).items()},
        )
        for kind, rows in values.items()
        for number, one in enumerate(rows, start=1)
    ]
    return Lesion(
        id=name,
        tracking_uid=f"2.25.{sum(map(ord, name))}",
        site=compartment.value,
        compartment=compartment,
        verdict=Verdict.TUMOUR,
        observations=observations,
    )
