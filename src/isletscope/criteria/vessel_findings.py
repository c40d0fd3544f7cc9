"""What is known of the vessels beside the tumour: the inputs all local resectability tables share.

Contact is solid tumour on the vessel wall, in degrees of its circumference; stranding without solid tissue is not
contact. None means not known, and never free.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import Inputs, Known, Value
from isletscope.criteria.result import Reasoning, above, at_least

Site = Literal["head_uncinate", "body", "tail"]
Thrombus = Literal["none", "bland", "tumour"]
SITES: tuple[Site, ...] = ("head_uncinate", "body", "tail")
VEINS = ("smv", "portal")
VESSELS = {
    "celiac": "coeliac axis",
    "sma": "superior mesenteric artery",
    "common_hepatic": "common hepatic artery",
    "proper_hepatic": "proper hepatic artery",
    "aorta": "aorta",
    "ivc": "inferior vena cava",
    "smv": "superior mesenteric vein",
    "portal": "portal vein",
    "splenic_artery": "splenic artery",
    "splenic_vein": "splenic vein",
    "gastroduodenal": "gastroduodenal artery",
    "variant_artery": "variant hepatic artery",
    "first_jejunal_artery": "first jejunal artery",
    "first_jejunal_vein": "first jejunal vein",
}
_PROPERTIES = {
    "contact_deg": "contact",
    "contour_irregular": "contour of the wall",
    "narrowing_percent": "narrowing",
    "occluded": "occlusion",
    "thrombus": "thrombus and its kind",
}


class VesselState(CriterionInput):
    """One named vessel: largest contact (degrees), contour, narrowing (percent of the reference diameter), lumen."""

    contact_deg: Annotated[float | None, Field(ge=0, le=360)] = None
    contour_irregular: bool | None = None
    narrowing_percent: Annotated[float | None, Field(ge=0, le=100)] = None
    occluded: bool | None = None
    thrombus: Thrombus | None = None
    radius_mm: Annotated[float | None, Field(gt=0, le=30)] = None


class VesselFindings(CriterionInput):
    """Site of the primary and all named vessels.

    ``second_site``: set when at least a fifth of the tumour volume lies there; the worse class of the two counts.
    A vessel the patient does not have (no variant artery) has a contact of 0.
    """

    site: Site | None = None
    second_site: Site | None = None
    celiac: VesselState = VesselState()
    sma: VesselState = VesselState()
    common_hepatic: VesselState = VesselState()
    proper_hepatic: VesselState = VesselState()
    aorta: VesselState = VesselState()
    ivc: VesselState = VesselState()
    smv: VesselState = VesselState()
    portal: VesselState = VesselState()
    splenic_artery: VesselState = VesselState()
    splenic_vein: VesselState = VesselState()
    gastroduodenal: VesselState = VesselState()
    variant_artery: VesselState = VesselState()
    first_jejunal_artery: VesselState = VesselState()
    first_jejunal_vein: VesselState = VesselState()
    vein_reconstructible: bool | None = None
    common_hepatic_reconstructible: bool | None = None
    hepatic_contact_reaches_celiac: bool | None = None
    hepatic_contact_reaches_bifurcation: bool | None = None
    vein_contact_below_duodenum: bool | None = None
    vein_narrowed_on_both_sides: bool | None = None
    cavernous_transformation: bool | None = None
    thick_slices: bool | None = None

    def known(self) -> dict[str, Value | None]:
        """All inputs by flat name, ``smv.contact_deg`` for a vessel."""
        found: dict[str, Value | None] = {
            name: getattr(self, name) for name in type(self).model_fields if name not in VESSELS
        }
        for vessel in VESSELS:
            state: VesselState = getattr(self, vessel)
            found.update({f"{vessel}.{name}": getattr(state, name) for name in _PROPERTIES})
        return found


LABELS = {
    **{f"{vessel}.{key}": f"{name}: {word}" for vessel, name in VESSELS.items() for key, word in _PROPERTIES.items()},
    "site": "site of the primary",
    "vein_reconstructible": "whether the superior mesenteric and portal vein are reconstructible",
    "common_hepatic_reconstructible": "whether the common hepatic artery is reconstructible",
    "hepatic_contact_reaches_celiac": "whether the hepatic artery contact reaches the coeliac axis",
    "hepatic_contact_reaches_bifurcation": "whether the contact reaches the hepatic artery bifurcation",
    "vein_contact_below_duodenum": "whether the vein contact passes the lower border of the duodenum",
    "vein_narrowed_on_both_sides": "whether the vein is narrowed from both sides",
    "cavernous_transformation": "cavernous transformation",
}


def contact(inputs: Inputs, vessel: str) -> float:
    """Contact of a vessel in degrees."""
    return inputs.number(f"{vessel}.contact_deg")


def touched(inputs: Inputs, vessel: str) -> bool:
    """Whether solid tumour touches the vessel at all."""
    return above(contact(inputs, vessel), 0)


def vein_blocked(inputs: Inputs, vein: str) -> bool:
    """A vein that is occluded or holds a thrombus, bland or tumour."""
    return inputs.flag(f"{vein}.occluded") or inputs.word(f"{vein}.thrombus") != "none"


def vein_involved(inputs: Inputs, half_turn_deg: float) -> bool:
    """SMV or portal vein held by more than half its circumference, irregular where touched, occluded or thrombosed."""
    return any(
        above(contact(inputs, vein), half_turn_deg)
        or (touched(inputs, vein) and inputs.flag(f"{vein}.contour_irregular"))
        or vein_blocked(inputs, vein)
        for vein in VEINS
    )


def choices(
    contact_deg: Sequence[float], narrowing_percent: Sequence[float] = (0.0, 100.0)
) -> dict[str, Sequence[Value]]:
    """Admissible values of every vessel input that is not a yes or no."""
    found: dict[str, Sequence[Value]] = {"site": SITES}
    for vessel in VESSELS:
        found[f"{vessel}.contact_deg"] = contact_deg
        found[f"{vessel}.narrowing_percent"] = narrowing_percent
        found[f"{vessel}.thrombus"] = ("none", "bland", "tumour")
    return found


def note_vessels(reasoning: Reasoning, findings: VesselFindings) -> None:
    """Keep what is known of the vessels as evidence, touched ones first; of a free vessel only what is abnormal."""
    if findings.site:
        reasoning.note(f"site of the primary: {findings.site.replace('_', ' or ')}")
    states: dict[str, VesselState] = {vessel: getattr(findings, vessel) for vessel in VESSELS}
    for vessel in sorted(VESSELS, key=lambda name: -(states[name].contact_deg or 0)):
        _note_vessel(reasoning, VESSELS[vessel], states[vessel])
    if findings.vein_reconstructible is not None:
        reasoning.note(f"vein reconstructible: {'yes' if findings.vein_reconstructible else 'no'}")


def _note_vessel(reasoning: Reasoning, name: str, state: VesselState) -> None:
    if state.contact_deg is not None:
        reasoning.note(f"{name}: contact", state.contact_deg, "deg")
    is_touched = state.contact_deg is not None and above(state.contact_deg, 0)
    if state.narrowing_percent is not None and (is_touched or above(state.narrowing_percent, 0)):
        reasoning.note(f"{name}: narrowing", state.narrowing_percent, "%")
    if state.contour_irregular or (is_touched and state.contour_irregular is False):
        reasoning.note(f"{name}: {'irregular' if state.contour_irregular else 'smooth'} wall")
    if state.occluded or (is_touched and state.occluded is False):
        reasoning.note(f"{name}: {'occluded' if state.occluded else 'open'}")
    if state.thrombus is not None and (is_touched or state.thrombus != "none"):
        reasoning.note(f"{name}: {'no' if state.thrombus == 'none' else state.thrombus} thrombus")


def flag_near_contacts(
    reasoning: Reasoning, findings: VesselFindings, vessels: tuple[str, ...], limits_deg: tuple[float, ...]
) -> None:
    """Flag contacts within their measurement error of a limit; no contact at all is not near one."""
    for vessel in vessels:
        state: VesselState = getattr(findings, vessel)
        if state.contact_deg is not None and above(state.contact_deg, 0):
            error = _contact_error(reasoning, state, findings.thick_slices)
            for limit in limits_deg:
                name = f"{VESSELS[vessel]} contact"
                reasoning.near(name[0].upper() + name[1:], state.contact_deg, limit, error, "°")


def _contact_error(reasoning: Reasoning, state: VesselState, thick_slices: bool | None) -> float:
    if thick_slices:
        return reasoning.book.limit("contact_error_thick_slices")
    wide = state.radius_mm is None or at_least(state.radius_mm, reasoning.book.limit("small_vessel_radius"))
    return reasoning.book.limit("contact_error" if wide else "contact_error_small_vessel")


def per_site(findings: VesselFindings) -> list[Known]:
    """The inputs once per site of the primary: twice when it spans two."""
    known = findings.known()
    return [known] if findings.second_site is None else [known, {**known, "site": findings.second_site}]
