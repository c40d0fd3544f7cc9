"""Step 3, ducts and the rest of the pancreas: calibres, change of calibre, distances, atrophy."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.proposals.known import Known, Proposer, propose, unassessable
from isletscope.assessment.proposals.neighbours import beside
from isletscope.assessment.view import ANATOMICAL
from isletscope.model import Answer

BY = "findings of ducts and pancreas"


def _calibre(known: Known) -> Answer | None:
    """Widest upstream; a duct measured once without a tumour stands for both sides."""
    upstream = known.structure_number("pancreatic_duct", "calibre_upstream")
    single = known.structure_number("pancreatic_duct", "calibre")
    widest = upstream or single
    if widest is None:
        why = known.structure_lacks("pancreatic_duct", "calibre_upstream")
        why = why or known.structure_lacks("pancreatic_duct", "calibre")
        return unassessable(why, BY) if why else None
    value: dict[str, Any] = {"upstream_mm": round(widest.value, 2)}
    references = [widest.reference]
    downstream = known.structure_number("pancreatic_duct", "calibre_downstream")
    if downstream is not None:
        value["downstream_mm"] = round(downstream.value, 2)
        references.append(downstream.reference)
    return propose(value, BY, f"width of the main pancreatic duct {widest.value:.1f} mm", references)


def of_structure(item_part: str, name: str, key: str, said: str) -> Proposer:
    """A proposer for an item that one coded word of a structure answers."""

    def proposer(known: Known) -> Answer | None:
        told = known.structure_word(name, key)
        if told is None:
            return None
        return propose({item_part: told.word}, BY, f"{said}: {told.word.replace('_', ' ')}", [told.reference])

    return proposer


def _distance(structure: str, measurement: str, said: str) -> Proposer:
    """A proposer for the shortest distance of any primary tumour to a duct."""

    def proposer(known: Known) -> Answer | None:
        found = []
        for lesion in known.primaries:
            near = known.view.find(lesion, measurement, ANATOMICAL)
            if near is not None:
                found.append((near.value, lesion.id, near.reference))
            one = known.beside(lesion, structure)
            gap = one.number("distance") if one is not None else None
            if one is not None and gap is not None:
                found.append((gap, lesion.id, f"vessel/{lesion.id}/{structure}/{one.exam_key}/distance"))
        if found:
            gap, name, reference = min(found)
            because = f"{name} lies {gap:.1f} mm from {said}"
            return propose({"distance_mm": round(gap, 2)}, BY, because, [reference])
        why = known.hidden(known.primary, ANATOMICAL) if known.primary is not None else ""
        return unassessable(why, BY) if why else None

    return proposer


def _duct_contact(known: Known) -> Answer | None:
    """As told; else free where the duct keeps a distance. Touching alone never counts as invasion."""
    told = beside("contact with the duct", "pancreatic_duct")(known)
    if told is not None and told.value is not None:
        return told
    gap = _distance("pancreatic_duct", "main_duct_distance", "the main pancreatic duct")(known)
    if gap is None or gap.value is None:
        return told or gap
    assert isinstance(gap.value, dict)
    width = gap.value["distance_mm"]
    assert isinstance(width, float)
    return propose({"value": "none" if width > 0 else "abut"}, BY, gap.because, gap.rests_on)


def _common_duct(known: Known) -> Answer | None:
    """Width, dilated or not, stent; each as told, none made up."""
    value: dict[str, Any] = {}
    references, words = [], []
    width = known.structure_number("common_bile_duct", "calibre")
    if width is not None:
        value["width_mm"] = round(width.value, 2)
        references.append(width.reference)
        words.append(f"{width.value:.1f} mm wide")
    for part in ("dilated", "stent"):
        told = known.structure_word("common_bile_duct", part)
        if told is not None:
            value[part] = told.word == "yes"
            references.append(told.reference)
            words.append(f"{part} {told.word}")
    if not value:
        why = known.structure_lacks("common_bile_duct", "calibre")
        return unassessable(why, BY) if why else None
    return propose(value, BY, f"common bile duct {', '.join(words)}", references)


def _inner_ducts(known: Known) -> Answer | None:
    told = known.structure_word("intrahepatic_bile_ducts", "dilated")
    if told is None:
        return None
    value: dict[str, Any] = {"dilated": told.word == "yes"}
    references = [told.reference]
    bilirubin = known.view.clinical.laboratory.bilirubin_umol_l
    if isinstance(bilirubin, int | float):
        value["bilirubin_umol_l"] = float(bilirubin)
        references.append("clinical/laboratory/bilirubin_umol_l")
    return propose(value, BY, f"bile ducts inside the liver dilated: {told.word}", references)


PROPOSERS: dict[str, Proposer] = {
    "MPD.cal": _calibre,
    "MPD.transition": of_structure("place", "pancreatic_duct", "transition", "change of calibre"),
    "MPD.dist": _distance("pancreatic_duct", "main_duct_distance", "the main pancreatic duct"),
    "MPD.invade": _duct_contact,
    "PAR.atrophy": of_structure("value", "pancreas", "atrophy", "atrophy of the pancreas"),
    "PAR.pancreatitis": of_structure("value", "pancreas", "pancreatitis", "pancreatitis"),
    "CBD.cal": _common_duct,
    "CBD.intra": _inner_ducts,
    "SUR.CBD_dist": _distance("common_bile_duct", "bile_duct_distance", "the common bile duct"),
}
