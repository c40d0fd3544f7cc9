"""Vessels beside a lesion in words and figures: contact with its pair, narrowing, distance."""

from __future__ import annotations

from isletscope.assessment import ANATOMICAL
from isletscope.model import Compartment, Lesion, VesselFinding
from isletscope.report import format as fmt
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.phrases import NOTHING, Phrase, joined, phrase
from isletscope.report.narrative.vocabulary import vocabulary

_DUCTS = {
    "pancreatic_duct": ("MPD.dist", "main_duct_distance"),
    "common_bile_duct": ("SUR.CBD_dist", "bile_duct_distance"),
}
TRIPLE = ("0.5", "1.0", "1.5")


def vessels_of(known: Known, lesion: Lesion) -> list[VesselFinding]:
    """The vessels beside a lesion, one finding each as the rules read it, in the order of the vessel table."""
    beside = known.view.beside.values()
    found = [one for one in beside if one.lesion == lesion.id and one.vessel not in vocabulary().organs]
    order = vocabulary().vessel_order
    return sorted(found, key=lambda one: (order.index(one.vessel) if one.vessel in order else len(order), one.vessel))


def organs_of(known: Known, lesion: Lesion) -> dict[str, VesselFinding]:
    """Organs and ducts beside a lesion, by name, as the rules read them."""
    return {
        one.vessel: one
        for one in known.view.beside.values()
        if one.lesion == lesion.id and one.vessel in vocabulary().organs
    }


def reference(one: VesselFinding, part: str = "") -> str:
    """The reference of a finding beside a lesion, or of one of its parts."""
    whole = f"vessel/{one.lesion}/{one.vessel}/{one.exam_key}"
    return f"{whole}/{part}" if part else whole


def contact(one: VesselFinding, tolerance_mm: str = "1.0") -> float | None:
    """Contact in degrees at a tolerance; None when it was not measured."""
    found = one.contact_deg.get(tolerance_mm)
    return None if found is None else found.value


def touched(one: VesselFinding) -> bool:
    """Whether solid tumour lies on the wall at the working tolerance, fills the lumen, or the vessel is closed."""
    closed = one.features.get("occlusion") == "yes" or one.features.get("thrombus") in ("tumour", "bland")
    return closed or (contact(one) or 0.0) > 0


def free(one: VesselFinding) -> bool:
    """Whether contact was measured and there is none; what was not measured is not free."""
    return contact(one) == 0 and not touched(one)


def weight(one: VesselFinding) -> tuple[bool, float, str]:
    """Sort key: vessels that decide about resection first, then the larger contact."""
    full = 360.0 if one.features.get("thrombus") in ("tumour", "bland") else contact(one) or 0.0
    return (one.vessel not in vocabulary().decisive_vessels, -full, one.vessel)


def angle(one: VesselFinding) -> Phrase:
    """Contact with the pair at 0.5 and 1.5 mm: "110° (94 to 127)"."""
    value, low, high = (contact(one, tolerance) for tolerance in ("1.0", "0.5", "1.5"))
    if value is None:
        return NOTHING
    behind = tuple(reference(one, f"contact_deg/{tolerance}") for tolerance in TRIPLE if tolerance in one.contact_deg)
    if low == value == high:
        return Phrase(fmt.angle(value), behind)
    return Phrase(fmt.angle(value, low, high), behind)


def distance(one: VesselFinding) -> Phrase:
    """Distance from the lesion in mm."""
    value = one.number("distance")
    return Phrase(fmt.distance(value), (reference(one, "distance"),)) if value is not None else NOTHING


def duct_distance_mm(known: Known, lesion: Lesion, duct: str) -> tuple[float, Phrase] | None:
    """Distance of a lesion to a duct, mm, and as printed: as answered where there is one primary, else as measured."""
    item, key = _DUCTS[duct]
    only = len(known.view.of(Compartment.PANCREAS)) == 1
    told = known.told(item, "distance_mm") if only else None
    if told is not None and told.number is not None:
        return told.number, told.phrase(fmt.distance(told.number))
    found = known.view.find(lesion, key, ANATOMICAL)
    if found is not None:
        return found.value, Phrase(fmt.distance(found.value), (found.reference,), (item,))
    beside = organs_of(known, lesion).get(duct)
    value = beside.number("distance") if beside is not None else None
    return None if beside is None or value is None else (value, distance(beside))


def detail(one: VesselFinding) -> Phrase:
    """Length, contour, narrowing and thrombus behind the angle."""
    length, narrowing = one.number("contact_length"), one.number("narrowing")
    parts = [
        phrase("vessels.over", reference(one, "contact_length"), length=f"{fmt.number(length, 0)}{fmt.NO_BREAK}mm")
        if length
        else NOTHING,
        Phrase(one.features.get("contour", ""), (reference(one, "contour"),)),
        phrase("vessels.narrowing", reference(one, "narrowing"), percent=fmt.percent(narrowing))
        if narrowing is not None and narrowing >= 1
        else NOTHING,
        Phrase(
            "no thrombus" if one.features.get("thrombus") == "none" and one.vessel in vocabulary().veins else "",
            (reference(one, "thrombus"),),
        ),
    ]
    words = joined(parts)
    if not words:
        return NOTHING
    return Phrase(f" {words}" if length else f", {words}", words.rests_on, words.items)
