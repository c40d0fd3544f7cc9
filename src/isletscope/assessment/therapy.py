"""Imaging and PRRT: uptake, age of the scan, laboratory values and findings that are warnings."""

from __future__ import annotations

from datetime import date

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import ki67_upper_percent
from isletscope.assessment.liver import burden_percent
from isletscope.assessment.uptake import put_lesions
from isletscope.assessment.view import View
from isletscope.criteria import PRRT_BOOK, above
from isletscope.model import Compartment, ExamKind

_LABORATORY = {
    "platelets_10e9_l": "platelets_10e9_l",
    "albumin_g_l": "albumin_g_l",
    "egfr_ml_min": "egfr_ml_min",
}
_BY_COMPARTMENT = {
    Compartment.HEART: ("heart_metastasis", 1),
    Compartment.BRAIN: ("cns_metastasis", 1),
    Compartment.PERITONEUM: ("peritoneal_carcinomatosis", 2),
    Compartment.BONE: ("diffuse_marrow", 21),
}
"""Red flag of a compartment and the number of lesions from which it is raised (software convention)."""


def assess_therapy(view: View, gathered: Gathered) -> None:
    """Ask what imaging says about PRRT, where there is a lesion to treat."""
    if not view.lesions:
        return
    asking = Asking("prrt")
    put_lesions(asking, view, gathered)
    _put_scan_age(asking, view)
    ki67 = ki67_upper_percent(view)
    if ki67 is not None:
        asking.put("ki67_percent", *ki67)
    for name, key in _LABORATORY.items():
        value = getattr(view.clinical.laboratory, key)
        if isinstance(value, int | float):
            asking.put(name, float(value), f"clinical/laboratory/{key}")
    asking.put("red_flags", red_flags(asking, view, gathered) or None)
    gathered.add(asking.conclude())


def _put_scan_age(asking: Asking, view: View) -> None:
    """Days from the SSTR PET to the last exam of the time point, on which the judgement rests."""
    keys = view.kinds.get(ExamKind.SSTR_PET, [])
    scanned = view.case.exam(keys[-1]).date if keys else None
    if scanned:
        days = (date.fromisoformat(view.point.date) - date.fromisoformat(scanned)).days
        asking.put("sstr_scan_age_days", max(days, 0), f"exam/{keys[-1]}")


def red_flags(asking: Asking, view: View, gathered: Gathered) -> list[str]:
    """Findings that a report on PRRT must print, as far as they are known; what nobody looked for is not said."""
    found = []
    for compartment, (name, least) in _BY_COMPARTMENT.items():
        lesions = view.of(compartment)
        if len(lesions) >= least:
            found.append(name)
            asking.rest_on(*(f"lesion/{lesion.id}" for lesion in lesions))
    percent = burden_percent(gathered)
    if percent is not None and above(percent, PRRT_BOOK.limit("bulky_liver_percent")):
        found.append("bulky_liver")
        asking.rest_on("conclusion/liver_burden")
    limits = view.clinical.constraints
    if limits.pregnant or limits.breast_feeding:
        found.append("pregnancy")
        asking.rest_on("clinical/constraints")
    for finding in view.point.structures:
        if finding.structure in ("ureter", "renal_pelvis") and finding.features.get("dilated") == "yes":
            found.append("hydronephrosis")
            asking.rest_on(f"structure/{finding.structure}/{finding.exam_key}/dilated")
    return sorted(set(found))
