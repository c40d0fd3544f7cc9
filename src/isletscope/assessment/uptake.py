"""Uptake of the lesions on SSTR and FDG PET, as the uptake criteria ask for it."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.view import ANATOMICAL, View
from isletscope.model import Compartment, ExamKind, Lesion, TracerClass, Visibility

CRITERIA = ("krenning", "sstr_rads", "fdg_uptake", "netpet", "karfis", "zidan", "concordance")
_SUV = {"suv_max": "suv_max_g_ml", "suv_peak": "suv_peak_g_ml", "suv_mean": "suv_mean_g_ml", "volume": "volume_ml"}
_TRACERS = {"sstr": (ExamKind.SSTR_PET, TracerClass.SSTR), "fdg": (ExamKind.FDG_PET, TracerClass.FDG)}


def assess_uptake(view: View, gathered: Gathered) -> None:
    """Ask every uptake criterion about the tumours of this time point."""
    for name in CRITERIA:
        asking = Asking(name)
        put_lesions(asking, view, gathered)
        gathered.add(asking.conclude())


def put_lesions(asking: Asking, view: View, gathered: Gathered) -> None:
    """The shared input of the uptake criteria: lesions on both tracers, references, exams, grade."""
    asking.put("lesions", [_lesion(asking, view, lesion) for lesion in view.lesions])
    for tracer, (kind, tracer_class) in _TRACERS.items():
        asking.put(f"{tracer}_done", view.done(kind))
        if view.done(kind):
            asking.put(f"{tracer}_reference", _reference(asking, view, tracer_class))
    grade = gathered.grade
    asking.put("grade", grade, "conclusion/who_grade")
    asking.put("gep_primary", True if view.of(Compartment.PANCREAS) else None)


def _lesion(asking: Asking, view: View, lesion: Lesion) -> dict[str, Any]:
    found: dict[str, Any] = {"id": lesion.id, "site": lesion.compartment.value}
    size = view.find(lesion, "long_axis", ANATOMICAL)
    if size is not None:
        found["longest_mm"] = size.value
        asking.rest_on(size.reference)
    found |= _anatomy(view, lesion)
    for tracer, (kind, _) in _TRACERS.items():
        uptake = _uptake(asking, view, lesion, kind)
        if uptake is not None:
            found[tracer] = uptake
    return found


def _anatomy(view: View, lesion: Lesion) -> dict[str, Any]:
    """Whether CT or MRI shows a correlate; unknown unless somebody looked."""
    looked = [one for kind in ANATOMICAL if (one := view.looked(lesion, kind)) is not None]
    if any(one.visibility is Visibility.SEEN for one in looked):
        return {"anatomical_correlate": True}
    if any(one.visibility is Visibility.NOT_SEEN for one in looked):
        return {"anatomical_correlate": False}
    return {}


def _uptake(asking: Asking, view: View, lesion: Lesion, kind: ExamKind) -> dict[str, Any] | None:
    """A lesion on one PET; None where the PET was not done or does not cover it."""
    one = view.looked(lesion, kind)
    if one is None or one.visibility in (Visibility.NOT_COVERED, Visibility.NOT_ASSESSABLE):
        return None
    if one.visibility is Visibility.NOT_SEEN:
        asking.rest_on(f"lesion/{lesion.id}/{one.reference}")
        return {"discernible": False}
    visible = one.features.get("uptake_visible")
    found: dict[str, Any] = {"discernible": True if visible is None else visible == "yes"}
    for name, key in _SUV.items():
        value = one.number(name)
        if value is not None:
            found[key] = value
            asking.rest_on(f"lesion/{lesion.id}/{one.reference}/{name}")
    return found


def _reference(asking: Asking, view: View, tracer: TracerClass) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in ("blood_pool", "liver", "spleen"):
        region = view.reference(tracer, name)
        if region is not None and region.mean is not None:
            found[f"{name}_mean_g_ml"] = region.mean
            reading = view.reading(tracer)
            assert reading is not None
            asking.rest_on(f"reference/{reading.series_key}/{name}")
        if name == "liver" and region is not None and region.maximum is not None:
            found["liver_max_g_ml"] = region.maximum
    return found
