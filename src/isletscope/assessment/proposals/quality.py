"""Step 1, the exams: quality, technique, earlier exams, timing and reference regions, from series and readings."""

from __future__ import annotations

from datetime import date
from typing import Any

from isletscope.assessment.proposals.context import treatment_of
from isletscope.assessment.proposals.known import (
    Known,
    Proposer,
    exam_words,
    listed,
    propose,
    unassessable,
)
from isletscope.assessment.view import KIND_OF_TRACER, kinds_of
from isletscope.criteria import Analogue, Treatment
from isletscope.model import Answer, Exam, ExamKind, Role, Series, Severity, State, TracerClass

BY = "headers of the series"
_PHASES = {
    Role.CT_UNENHANCED: "unenhanced",
    Role.CT_ARTERIAL: "arterial",
    Role.CT_PORTAL_VENOUS: "portal venous",
    Role.CT_DELAYED: "delayed",
    Role.CT_LOW_DOSE: "low-dose CT",
    Role.CT_PHASE_UNKNOWN: "CT of unknown phase",
    Role.MR_T1: "T1",
    Role.MR_T1_IN_PHASE: "T1 in phase",
    Role.MR_T1_OPPOSED_PHASE: "T1 opposed phase",
    Role.MR_T1_FAT_SATURATED: "T1 fat-saturated",
    Role.MR_T2: "T2",
    Role.MR_T2_FAT_SATURATED: "T2 fat-saturated",
    Role.MR_DWI: "diffusion",
    Role.MR_ADC: "ADC",
    Role.MR_DYNAMIC: "dynamic contrast",
    Role.MR_HEPATOBILIARY: "hepatobiliary phase",
    Role.MR_OTHER: "other MR sequence",
    Role.PET: "PET",
}
_FOR_READING = set(_PHASES) - {Role.MR_OTHER}


def _prior(known: Known) -> Answer | None:
    """The time point before; a case without one has no earlier exam to compare with."""
    earlier = known.view.earlier
    if earlier is None:
        because = "no earlier exam was given with this case"
        return propose({"available": False}, "exams of the case by date", because)
    value: dict[str, Any] = {
        "available": True,
        "date": earlier.point.date,
        "modality": exam_words(earlier.kinds),
    }
    because = f"the case holds exams of {earlier.point.date}"
    return propose(value, "exams of the case by date", because, [f"exam/{key}" for key in earlier.point.exam_keys])


def _quality(known: Known) -> Answer | None:
    """Not diagnostic where no exam holds a usable series, limited where a series has an error or a warning."""
    exams = known.view.exams
    if not exams:
        return None
    references = [f"exam/{exam.key}" for exam in exams]
    reasons = [f"{exam.title}: {problem}" for exam in exams for problem in _problems(exam)]
    if not any(kinds_of(exam) for exam in exams):
        value: dict[str, Any] = {"value": "non_diagnostic"}
    else:
        value = {"value": "limited" if reasons else "diagnostic"}
    if reasons:
        value["reason"] = "; ".join(reasons)
        return propose(value, "quality findings of every series", "findings about the series", references)
    because = "no check of geometry, timing or units found a fault; movement is left to the reader"
    return propose(value, "quality findings of every series", because, references)


def _problems(exam: Exam) -> list[str]:
    found = []
    for series in exam.series:
        if series.role in _FOR_READING:
            more = series.quantification.findings if series.quantification is not None else []
            found += [one.problem for one in (*series.findings, *more) if one.severity is not Severity.INFO]
    return list(dict.fromkeys(found))


def _technique(known: Known) -> Answer | None:
    """Phases and sequences of every exam; activity, uptake time and the like as parts when one PET was done."""
    exams = known.view.exams
    texts = [f"{exam.title} {exam.date or ''}".strip() + f": {_acquired(exam)}" for exam in exams if _acquired(exam)]
    if not texts:
        return None
    rows = [row for exam in exams for series in exam.series if (row := _pet_row(known, series))]
    value: dict[str, Any] = {"phases": "; ".join(texts)}
    if len(rows) == 1:
        value |= rows[0]
    elif rows:
        value["pet"] = rows
    if known.view.case.patient.weight_kg is not None:
        value["weight_kg"] = known.view.case.patient.weight_kg
    return propose(value, BY, "headers of the series", [f"exam/{exam.key}" for exam in exams])


def _acquired(exam: Exam) -> str:
    usable = [series for series in exam.series if series.usable and series.role in _PHASES]
    names = []
    for role, name in _PHASES.items():
        values = sorted({one.b_value_s_mm2 for one in usable if one.role is role and one.b_value_s_mm2 is not None})
        if any(one.role is role for one in usable):
            names.append(name + (f" (b {', '.join(f'{value:g}' for value in values)})" if values else ""))
    return ", ".join(names)


def _pet_row(known: Known, series: Series) -> dict[str, Any]:
    if series.role is not Role.PET or series.tracer is None or not series.usable:
        return {}
    row: dict[str, Any] = {"tracer": series.tracer.name}
    made = series.quantification
    if made is not None and made.injected_activity_mbq is not None:
        row["activity_mbq"] = round(made.injected_activity_mbq, 1)
    if made is not None and made.uptake_minutes is not None:
        row["uptake_min"] = round(made.uptake_minutes)
    glucose = known.view.clinical.laboratory.glucose_mmol_l
    if series.tracer.tracer_class is TracerClass.FDG and glucose is not None:
        row["glucose_mmol_l"] = glucose
    return row


def _vessel_images(known: Known) -> Answer | None:
    """Phase and slice thickness of the images on which vessels were measured, else of the best CT or MRI."""
    keys = [one.exam_key for one in known.view.point.vessels]
    keys += known.view.kinds.get(ExamKind.CT, []) or known.view.kinds.get(ExamKind.MRI, [])
    for key in keys:
        series = _best_for_vessels(known.view.case.exam(key))
        if series is not None and series.grid is not None:
            value: dict[str, Any] = {
                "phase": _PHASES[series.role],
                "slice_mm": round(series.grid.spacing_kji_mm[0], 2),
            }
            if known.view.point.vessels:
                value["tolerance_mm"] = 1.0
            return propose(value, BY, f"{series.description or series.key} of {key}", [f"exam/{key}"])
    return None


def _best_for_vessels(exam: Exam) -> Series | None:
    order = (Role.CT_PORTAL_VENOUS, Role.CT_ARTERIAL, Role.CT_DELAYED, Role.CT_PHASE_UNKNOWN, Role.MR_DYNAMIC)
    found = [one for one in exam.series if one.role in order and one.usable and one.grid is not None]
    thinnest = sorted(found, key=lambda one: (order.index(one.role), one.grid.spacing_kji_mm[0] if one.grid else 0.0))
    return thinnest[0] if thinnest else None


def _timing(known: Known) -> Answer | None:
    """Somatostatin analogue from the clinical file, "not known" where it is silent; days between the PET scans."""
    given = known.view.clinical.constraints.somatostatin_analogue
    told = _by_treatment(known) if given is None else given is not False
    value: dict[str, Any] = {"ssa": {None: "unknown", False: "none", True: "before"}[told]}
    if isinstance(given, Analogue) and given.last_dose_on is not None:
        value["ssa_date"] = given.last_dose_on.isoformat()
    days = _days_between(known)
    if days is not None:
        value["days_between"] = days
    said = {None: "says nothing of", False: "holds no", True: "names"}[told]
    because = f"the clinical file {said}{'' if told is False else ' a'} somatostatin analogue"
    keys = [key for kind in (ExamKind.SSTR_PET, ExamKind.FDG_PET) for key in known.view.kinds.get(kind, [])]
    if not keys:
        return None
    where = "clinical/treatment" if given is None else "clinical/constraints/somatostatin_analogue"
    named = [] if told is None else [where]
    return propose(value, "dates of the PET exams", because, [*named, *(f"exam/{key}" for key in keys)])


def _by_treatment(known: Known) -> bool | None:
    """Whether the treatments name an analogue; no only where all treatments are listed and none is one."""
    clinical = known.view.clinical
    courses = clinical.courses or ()
    if any(course.kind is Treatment.SOMATOSTATIN_ANALOGUE for course in courses):
        return True
    if any(treatment_of(text) == "ssa" for text in clinical.treatment):
        return True
    nothing_given = "treatment" in clinical.model_fields_set and not clinical.treatment
    return False if nothing_given or clinical.courses is not None else None


def _days_between(known: Known) -> int | None:
    dates = []
    for kind in (ExamKind.SSTR_PET, ExamKind.FDG_PET):
        keys = known.view.kinds.get(kind, [])
        if not keys or known.view.case.exam(keys[-1]).date is None:
            return None
        dates.append(date.fromisoformat(str(known.view.case.exam(keys[-1]).date)))
    return abs((dates[1] - dates[0]).days)


def _background(known: Known) -> Answer | None:
    """Reference regions of the SSTR PET, else of the FDG PET; a region that could not be measured is named."""
    tracer = next((one for one in (TracerClass.SSTR, TracerClass.FDG) if known.view.done(KIND_OF_TRACER[one])), None)
    reading = known.view.reading(tracer) if tracer is not None else None
    if tracer is None or reading is None:
        return None
    value: dict[str, Any] = {}
    unusable, reasons, references = [], [], []
    for region in reading.references:
        if region.state is State.MISSING or region.mean is None:
            unusable.append(region.name)
            reasons.append(f"{region.name.replace('_', ' ')}: {region.missing_because or 'not measured'}")
        else:
            value[f"{region.name}_suv_mean"] = round(region.mean, 3)
            references.append(f"reference/{reading.series_key}/{region.name}")
    if not value:
        return unassessable("; ".join(reasons) or "no reference region was measured", "reference regions")
    if unusable:
        value["unusable"] = unusable
    kind = exam_words([KIND_OF_TRACER[tracer]])
    because = f"reference regions of {kind}" + (f"; not usable: {listed(reasons)}" if reasons else "")
    exam = known.view.case.exam_of(reading.series_key)
    return propose(value, "reference regions", because, [*references, f"exam/{exam.key}"])


PROPOSERS: dict[str, Proposer] = {
    "CTX.prior": _prior,
    "CTX.quality": _quality,
    "CTX.technique": _technique,
    "SUR.image_quality": _vessel_images,
    "PET.timing": _timing,
    "PET.bg": _background,
}
