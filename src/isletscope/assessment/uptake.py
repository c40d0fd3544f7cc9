"""Uptake of the lesions on SSTR and FDG PET, as the uptake criteria ask for it."""

from __future__ import annotations

from datetime import date
from typing import Any

from isletscope.assessment.asking import Asking
from isletscope.assessment.entered import entered_uptake
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.outside_liver import has_distant_spread, reach_of
from isletscope.assessment.primary import gep_primary, largest_primary
from isletscope.assessment.view import ANATOMICAL, KIND_OF_TRACER, View
from isletscope.criteria import Treatment
from isletscope.model import Compartment, ExamKind, Lesion, Observation, TracerClass, Visibility

CRITERIA: dict[str, tuple[str, ...]] = {
    "krenning": ("sstr",),
    "sstr_rads": ("sstr",),
    "fdg_uptake": ("fdg",),
    "netpet": ("sstr", "fdg"),
    "karfis": ("sstr", "fdg"),
    "zidan": ("sstr", "fdg"),
    "concordance": ("sstr", "fdg"),
}
"""Uptake criterion -> the tracers whose PET it reads."""
TRACERS = {"sstr": TracerClass.SSTR, "fdg": TracerClass.FDG}
_SUV = {"suv_max": "suv_max_g_ml", "suv_peak": "suv_peak_g_ml", "suv_mean": "suv_mean_g_ml", "volume": "volume_ml"}

# How usual a place is for a NET of the pancreas, where no reader has said it (software convention): the organs that
# these tumours arise in and spread to. Other places are left open, as they need a reader's eye.
_TYPICALITY = {
    Compartment.PANCREAS: "typical",
    Compartment.LIVER: "typical",
    Compartment.PERITONEUM: "typical",
    Compartment.BONE: "not_atypical",
    Compartment.LUNG: "not_atypical",
}

SMALL_FOR_PET_MM = 10.0
"""Size below which a lesion without uptake may have been missed by PET (software convention)."""


def assess_uptake(view: View, gathered: Gathered) -> None:
    """Ask every uptake criterion about the tumours of this time point."""
    for name, tracers in CRITERIA.items():
        asking = Asking(name)
        put_lesions(asking, view, gathered, tracers)
        gathered.add(asking.conclude())


def put_lesions(asking: Asking, view: View, gathered: Gathered, tracers: tuple[str, ...] = ("sstr", "fdg")) -> None:
    """The shared input of the uptake criteria: lesions on these tracers, references, exams, grade, spread."""
    asking.put("lesions", [_lesion(asking, view, lesion, tracers) for lesion in view.lesions])
    unsure = [lesion.id for lesion in view.unsure]
    asking.put("unsure", unsure or None, *(f"lesion/{name}" for name in unsure))
    for tracer in tracers:
        kind = KIND_OF_TRACER[TRACERS[tracer]]
        asking.put(f"{tracer}_done", view.done(kind), *(f"exam/{key}" for key in view.kinds.get(kind, [])))
        if view.done(kind):
            asking.put(f"{tracer}_reference", _reference(asking, view, TRACERS[tracer]))
    if len(tracers) > 1:
        _put_interval(asking, view)
    if "fdg" in tracers:
        asking.put("grade", gathered.grade, "conclusion/who_grade")
        asking.put("gep_primary", *gep_primary(view))
        asking.put("metastatic_or_unresectable", True if has_distant_spread(view) else None)


def _put_interval(asking: Asking, view: View) -> None:
    """Days between the last SSTR and the last FDG PET of this time point, and whether treatment lay between them."""
    days = sorted(one for kind in (ExamKind.SSTR_PET, ExamKind.FDG_PET) if (one := _scanned_on(view, kind)) is not None)
    if len(days) == 2:
        asking.put("days_between_scans", (days[1] - days[0]).days)
        asking.put("therapy_between_scans", treated_between(view, *days), "clinical/courses")


def _scanned_on(view: View, kind: ExamKind) -> date | None:
    keys = view.kinds.get(kind, [])
    scanned = view.case.exam(keys[-1]).date if keys else None
    return None if scanned is None else date.fromisoformat(scanned)


def treated_between(view: View, first: date, second: date) -> bool | None:
    """Whether a course began between two days, or ran through them; None while courses or their dates are not known.

    A somatostatin analogue that was given all along changes both scans alike and does not count.
    """
    courses = view.clinical.courses
    if courses is None or any(one.started_on is None for one in courses):
        return None
    for one in courses:
        began = one.started_on is not None and first < one.started_on <= second
        ended_before = one.ended_on is not None and one.ended_on < first
        earlier = one.started_on is not None and one.started_on <= first and not ended_before
        if began or (earlier and one.kind is not Treatment.SOMATOSTATIN_ANALOGUE):
            return True
    return False


def _lesion(asking: Asking, view: View, lesion: Lesion, tracers: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": lesion.id, "site": lesion.compartment.value}
    size = view.find(lesion, "long_axis", ANATOMICAL)
    if size is not None:
        found["longest_mm"] = size.value
        asking.rest_on(size.reference)
    found |= _anatomy(asking, view, lesion, None if size is None else size.value)
    found["typicality"] = _typicality(view, lesion)
    for tracer in tracers:
        uptake = _uptake(asking, view, lesion, tracer)
        entered = entered_uptake(view, tracer) if lesion is largest_primary(view) else None
        if entered is not None:
            uptake = {**(uptake or {}), **entered[0]}
            asking.rest_on(entered[1])
        if uptake is not None:
            found[tracer] = uptake
    return found


def _observations(view: View, lesion: Lesion) -> list[Observation]:
    """What the exams of this time point say of a lesion, one for each kind."""
    return [one for kind in view.kinds if (one := view.looked(lesion, kind)) is not None]


def _typicality(view: View, lesion: Lesion) -> str | None:
    """As a reader rated the place, else by the compartment; nodes by their station."""
    for one in _observations(view, lesion):
        if "typicality" in one.features:
            return one.features["typicality"]
    if lesion.compartment is Compartment.NODE:
        return {"regional": "typical", "distant": "not_atypical"}.get(reach_of(view, lesion))
    return _TYPICALITY.get(lesion.compartment)


def _anatomy(asking: Asking, view: View, lesion: Lesion, size_mm: float | None) -> dict[str, Any]:
    """Whether CT or MRI shows a correlate, and whether it is suspicious; unknown unless somebody looked.

    A correlate named on the PET counts beside what CT and MRI say. A lesion held to be tumour that CT or MRI shows is
    suspicious there, unless a reader said otherwise or it is so small that PET may miss it: then missing uptake says
    nothing, and whether it is suspicious is left to the reader.
    """
    found: dict[str, Any] = {}
    looked = [one for kind in ANATOMICAL if (one := view.looked(lesion, kind)) is not None]
    named = [one.features["correlate"] for one in _observations(view, lesion) if "correlate" in one.features]
    if any(one.visibility is Visibility.SEEN for one in looked) or "definite" in named:
        found["anatomical_correlate"] = True
    elif any(one.visibility is Visibility.NOT_SEEN for one in looked) or "none" in named:
        found["anatomical_correlate"] = False
        found["anatomy_suspicious"] = False
    rated = [one.features["suspicious_on_anatomy"] for one in looked if "suspicious_on_anatomy" in one.features]
    if rated:
        found["anatomy_suspicious"] = "yes" in rated
    elif any(one.visibility is Visibility.SEEN for one in looked) and (size_mm is None or size_mm >= SMALL_FOR_PET_MM):
        found["anatomy_suspicious"] = True
    asking.rest_on(*(f"lesion/{lesion.id}/{one.reference}" for one in looked))
    return found


def _uptake(asking: Asking, view: View, lesion: Lesion, tracer: str) -> dict[str, Any] | None:
    """A lesion on one PET; None where the PET was not done, does not cover it, or nobody looked for it there."""
    one = view.looked(lesion, KIND_OF_TRACER[TRACERS[tracer]])
    if one is None or one.visibility in (Visibility.NOT_COVERED, Visibility.NOT_ASSESSABLE):
        return None
    if one.visibility is Visibility.NOT_SEEN:
        asking.rest_on(f"lesion/{lesion.id}/{one.reference}")
        return {"discernible": False}
    found: dict[str, Any] = {}
    for name, key in _SUV.items():
        value = one.number(name)
        if value is not None:
            found[key] = value
            asking.rest_on(f"lesion/{lesion.id}/{one.reference}/{name}")
    found["discernible"] = _stands_out(asking, view, lesion, one, TRACERS[tracer])
    return found


def _stands_out(asking: Asking, view: View, lesion: Lesion, one: Observation, tracer: TracerClass) -> bool:
    """Whether a lesion stands out from its own surroundings, before it is compared with any reference region.

    A lesion in the liver whose SUVmax does not exceed the liver is filled by spill-in from it, although it lies above
    blood pool; it counts as not standing out unless somebody saw it do so.
    """
    visible = one.features.get("uptake_visible")
    if visible is not None:
        asking.rest_on(f"lesion/{lesion.id}/{one.reference}/uptake_visible")
        return visible == "yes"
    liver, suv_max = view.reference(tracer, "liver"), one.number("suv_max")
    in_liver = lesion.compartment is Compartment.LIVER
    return not (
        in_liver and liver is not None and liver.mean is not None and suv_max is not None and suv_max <= liver.mean
    )


def _reference(asking: Asking, view: View, tracer: TracerClass) -> dict[str, float | bool]:
    """Means of the reference regions; a spleen that was removed has none."""
    found: dict[str, float | bool] = {}
    reading = view.reading(tracer)
    for name in ("blood_pool", "liver", "spleen"):
        region = view.reference(tracer, name)
        if region is None or region.mean is None or reading is None:
            continue
        found[f"{name}_mean_g_ml"] = region.mean
        asking.rest_on(f"reference/{reading.series_key}/{name}")
        if name == "liver" and region.maximum is not None:
            found["liver_max_g_ml"] = region.maximum
    if view.clinical.constraints.splenectomy and "spleen_mean_g_ml" not in found:
        found["spleen_present"] = False
        asking.rest_on("clinical/constraints/splenectomy")
    return found
