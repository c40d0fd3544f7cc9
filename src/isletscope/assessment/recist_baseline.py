"""RECIST targets: the lesions of a baseline on CT or MRI as the criterion asks for them."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.asking import Asking
from isletscope.assessment.comparison import day_of, measured_on, starts_after
from isletscope.assessment.slices import slice_of
from isletscope.assessment.view import View
from isletscope.criteria import LocalTreatment, Treatment
from isletscope.model import Compartment, Conclusion, ExamKind, Lesion, Visibility

_BONE = {"sclerotic": "bone_blastic", "lytic": "bone_lytic_or_mixed", "mixed": "bone_lytic_or_mixed"}
_LOCAL = (LocalTreatment.ABLATION, LocalTreatment.RADIOTHERAPY)


def targets_on(view: View, kind: ExamKind) -> Conclusion:
    """Targets and baseline sum by that kind of exam; lesions that only PET shows are no part of it."""
    asking = Asking("recist_targets")
    asking.say(measured_on(kind))
    lesions = [lesion for lesion in view.lesions if _seen(view, lesion, kind)]
    asking.put("lesions", [_lesion(asking, view, lesion, kind) for lesion in lesions])
    starts = [one.started_on for one in view.clinical.courses or () if one.started_on and starts_after(view, one)]
    if starts:
        age = (min(starts) - day_of(view, kind)).days
        asking.put("days_before_treatment", age if age >= 0 else None, "clinical/courses")
    return asking.conclude()


def _seen(view: View, lesion: Lesion, kind: ExamKind) -> bool:
    one = view.looked(lesion, kind)
    return one is not None and one.visibility is Visibility.SEEN


def _lesion(asking: Asking, view: View, lesion: Lesion, kind: ExamKind) -> dict[str, Any]:
    one = view.looked(lesion, kind)
    assert one is not None
    organ = lesion.compartment.value if lesion.compartment is not Compartment.OTHER else lesion.site or "other"
    found: dict[str, Any] = {
        "id": lesion.id,
        "organ": organ,
        "nodal": lesion.compartment is Compartment.NODE,
        "nature": "solid",
        "longest_mm": one.number("long_axis"),
        "short_axis_mm": one.number("short_axis"),
        "slice_mm": slice_of(view, one),
        "locally_treated": _treated(view, lesion),
        "reproducible": _alone(view, lesion),
    }
    if lesion.compartment is Compartment.BONE:
        found["nature"] = _BONE.get(one.features.get("bone_texture", ""), "bone_lytic_or_mixed")
        found["soft_tissue_mm"] = one.number("soft_tissue_part")
    elif one.features.get("nature") == "cystic":
        found["nature"] = "cystic_metastasis"
    for name in ("long_axis", "short_axis"):
        if one.number(name) is not None:
            asking.rest_on(f"lesion/{lesion.id}/{one.reference}/{name}")
    return {name: value for name, value in found.items() if value is not None}


def _alone(view: View, lesion: Lesion) -> bool:
    """A conglomerate, or a piece of a lesion that split, is measured less reproducibly than a lesion by itself."""
    merged = [one for one in view.case.lesions if one.merged_into == lesion.id and not any(view.seen(one))]
    before = [one for one in merged if any(found.exam_key not in view.point.exam_keys for found in one.observations)]
    return not lesion.split_from and not before


def _treated(view: View, lesion: Lesion) -> bool | None:
    """Whether a lesion had local treatment before; no only where all treatments are listed and none was local."""
    clinical = view.clinical
    if clinical.courses is None:
        return False if "treatment" in clinical.model_fields_set and not clinical.treatment else None
    liver = lesion.compartment is Compartment.LIVER
    local = [
        one
        for one in clinical.courses
        if not starts_after(view, one) and (one.kind in _LOCAL or (liver and one.kind is Treatment.EMBOLISATION))
    ]
    return None if local else False
