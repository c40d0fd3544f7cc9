"""The Milan-NET screen, where disease outside the pancreas lies in the liver."""

from __future__ import annotations

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import ki67_upper_percent
from isletscope.assessment.liver import burden_percent
from isletscope.assessment.primary import primaries
from isletscope.assessment.view import View
from isletscope.model import Compartment

_ELSEWHERE = tuple(one for one in Compartment if one not in (Compartment.PANCREAS, Compartment.LIVER))


def assess_transplant(view: View, gathered: Gathered) -> None:
    """Ask when there are liver metastases."""
    if not view.of(Compartment.LIVER):
        return
    asking = Asking("transplant_screen")
    if gathered.grade is not None:
        asking.put("well_differentiated_g1_g2", gathered.grade in ("G1", "G2"), "conclusion/who_grade")
    ki67 = ki67_upper_percent(view)
    if ki67 is not None:
        asking.put("ki67_percent", *ki67)
    _put_primary(asking, view)
    asking.put("liver_involvement_percent", burden_percent(gathered), "conclusion/liver_burden")
    asking.put("age_years", view.clinical.patient.age_years, "clinical/patient/age_years")
    _put_elsewhere(asking, view, gathered)
    gathered.add(asking.conclude())


def _put_primary(asking: Asking, view: View) -> None:
    tumour = view.clinical.tumour
    if primaries(view):
        asking.put("portal_drained_primary_removed", False, *(f"lesion/{lesion.id}" for lesion in primaries(view)))
    elif tumour.resected_on is not None and tumour.resection_complete is not None:
        asking.put("portal_drained_primary_removed", tumour.resection_complete, "clinical/tumour/resection_complete")


def _put_elsewhere(asking: Asking, view: View, gathered: Gathered) -> None:
    """Disease outside the liver: any lesion beyond pancreas and liver, else what the extrahepatic axis says."""
    elsewhere = view.of(*_ELSEWHERE)
    if elsewhere:
        asking.put("extrahepatic_disease", True, *(f"lesion/{lesion.id}" for lesion in elsewhere))
    elif gathered.value("extrahepatic") == "none":
        asking.put("extrahepatic_disease", False, "conclusion/extrahepatic")
