"""Vessels as a reader entered them: in place of the findings, where there is one primary."""

from __future__ import annotations

from isletscope.assessment.primary import primaries
from isletscope.assessment.view import View
from isletscope.assessment.wiring_book import surgery_book
from isletscope.model import Lesion, Measurement, State, VesselFinding

TOLERANCE_MM = "1.0"
_LUMEN = {
    "open": {"occlusion": "no", "thrombus": "none"},
    "tumour_thrombus": {"thrombus": "tumour"},
    "bland_thrombus": {"thrombus": "bland"},
    "occluded": {"occlusion": "yes"},
}
"""What the answer on the lumen says under the names of the vocabulary; an unclear thrombus says nothing certain."""


class EnteredVessel(VesselFinding):
    """A vessel with a reader's values; ``item`` is where they were entered."""

    item: str


def with_entered(view: View, lesion: Lesion, found: dict[str, VesselFinding]) -> dict[str, VesselFinding]:
    """The findings with a reader's entries on top. The items ask for one primary; several are left to the findings."""
    if len(primaries(view)) != 1:
        return found
    entered = {
        vessel: one
        for vessel, item in surgery_book().entered_vessels.items()
        if (one := _entered(view, lesion, vessel, item, found.get(vessel))) is not None
    }
    return {**found, **entered}


def _entered(view: View, lesion: Lesion, vessel: str, item: str, before: VesselFinding | None) -> EnteredVessel | None:
    contact, narrowing = view.answer(item, "contact_deg"), view.answer(item, "narrowing_percent")
    if contact is None and view.answer(item) == "none":
        contact = 0
    lumen = view.answer(item, "lumen")
    words = _LUMEN.get(lumen, {}) if isinstance(lumen, str) else {}
    if not isinstance(contact, int | float) and not isinstance(narrowing, int | float) and not words:
        return None
    measurements = dict(before.measurements) if before is not None else {}
    if isinstance(narrowing, int | float):
        measurements["narrowing"] = _value("narrowing", float(narrowing), "%")
    angles = dict(before.contact_deg) if before is not None else {}
    if isinstance(contact, int | float):
        angles = {TOLERANCE_MM: _value("contact", float(contact), "deg")}
    return EnteredVessel(
        lesion=lesion.id,
        vessel=vessel,
        exam_key=before.exam_key if before is not None else "",
        item=item,
        contact_deg=angles,
        measurements=measurements,
        features={**(before.features if before is not None else {}), **words},
    )


def _value(name: str, value: float, unit: str) -> Measurement:
    return Measurement(name=name, state=State.ENTERED, value=value, unit=unit)
