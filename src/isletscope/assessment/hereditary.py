"""Size rules of MEN1, VHL and small sporadic tumours, for every tumour of the pancreas."""

from __future__ import annotations

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.outside_liver import has_distant_spread
from isletscope.assessment.primary import largest_dimension, largest_primary, primaries
from isletscope.assessment.view import View
from isletscope.criteria import Germline, Subtype, Syndrome
from isletscope.model import Lesion, State

_SYNDROMES = {Germline.MEN1: "MEN1", Germline.VHL: "VHL", Germline.NONE_FOUND: "sporadic"}
_PARTS = {"head": "head", "uncinate": "head", "body": "body", "tail": "tail"}


def assess_hereditary(view: View, gathered: Gathered) -> None:
    """Ask about each tumour in MEN1 and VHL, and about the largest of a sporadic one.

    Other syndromes have no size rule here; without a germline test none is known to apply; and with distant spread the
    size of the primary decides nothing.
    """
    germline = view.clinical.germline
    if germline not in _SYNDROMES or has_distant_spread(view):
        return
    largest = largest_primary(view)
    asked = primaries(view) if germline in (Germline.MEN1, Germline.VHL) else [largest] if largest else []
    for lesion in asked:
        gathered.add(_ask(view, gathered, lesion).conclude())


def _ask(view: View, gathered: Gathered, lesion: Lesion) -> Asking:
    asking = Asking("hereditary_size", lesion.id)
    germline = view.clinical.germline
    asking.put("syndrome", _SYNDROMES.get(germline) if germline else None, "clinical/germline")
    asking.put("functioning", *functioning(view))
    size = largest_dimension(view, lesion)
    if size is not None:
        asking.put("size_mm", size.value_mm, size.reference)
    asking.put("site", _PARTS.get(lesion.place.region), f"lesion/{lesion.id}")
    asking.put("growth_mm_per_year", growth_beyond_error(gathered, lesion), f"conclusion/doubling_time/{lesion.id}")
    return asking


def growth_beyond_error(gathered: Gathered, lesion: Lesion) -> float | None:
    """Growth since the time point before (mm per year), 0 within measurement error; None when it is not known."""
    course = gathered.get("doubling_time", lesion.id)
    change = gathered.get("repeatability", f"{lesion.id} diameter")
    if course is None or course.state is State.MISSING or change is None or change.state is State.MISSING:
        return None
    rate = course.parts.get("growth_mm_per_year")
    if rate is None:
        return None
    return 0.0 if change.value == "within_noise" else float(rate.replace("−", "-"))


def functioning(view: View) -> tuple[bool | None, str]:
    """Whether the tumour makes a hormone syndrome, and where that stands; None when it is not known."""
    syndrome, subtype = view.clinical.hormones.syndrome, view.clinical.tumour.subtype
    if syndrome is not None:
        return syndrome is not Syndrome.NONE, "clinical/hormones/syndrome"
    if subtype is not None:
        return subtype is not Subtype.NON_FUNCTIONING, "clinical/tumour/subtype"
    entered = view.answer("CTX.hormone")
    if isinstance(entered, list) and entered and "unknown" not in entered:
        return entered != ["none"], "answer/CTX.hormone"
    return None, ""
