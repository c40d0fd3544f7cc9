"""Step 3, vessels on their own: course of the hepatic arteries, stenoses, collaterals, first jejunal trunk."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.proposals.known import Known, Proposer, propose, unassessable
from isletscope.assessment.proposals.rules import group_of_percent, rules
from isletscope.assessment.proposals.vessels import VEINS, beside_primaries, reference_of
from isletscope.model import Answer

BY = "findings of vessels"
_VARIANTS = {
    "none": "none",
    "replaced_right": "right",
    "replaced_left": "left",
    "replaced_common": "common",
    "other": "other",
}
_OF_MICHELS = {
    "I": "none",
    "II": "left",
    "III": "right",
    "IV": "both",
    "V": "left",
    "VI": "right",
    "VII": "both",
    "VIII": "both",
    "IX": "common",
    "X": "common",
}
_MICHELS_OF = {"none": "I", "replaced_left": "II", "replaced_right": "III"}


def _collaterals(known: Known) -> Answer | None:
    for name in ("portal_vein", "superior_mesenteric_vein", "splenic_vein", "varices"):
        told = known.structure_word(name, "collaterals")
        if told is not None:
            because = f"collateral veins: {told.word}"
            return propose({"value": [told.word]}, BY, because, [told.reference])
    present = known.structure_word("varices", "present")
    if present is None:
        return None
    value = "none" if present.word == "no" else "other"
    return propose({"value": [value]}, BY, f"varices present: {present.word}", [present.reference])


def _variant(known: Known) -> Answer | None:
    michels = known.structure_word("hepatic_artery", "michels")
    variant = known.structure_word("hepatic_artery", "variant")
    if michels is None and variant is None:
        return None
    value: dict[str, Any] = {}
    if michels is not None:
        value["michels"] = michels.word
        value["variant"] = _OF_MICHELS.get(michels.word, "other")
    if variant is not None:
        value["variant"] = _VARIANTS.get(variant.word, "other")
        value.setdefault("michels", _MICHELS_OF.get(variant.word, "unclassified"))
    because = (
        f"hepatic arteries: {'Michels ' + michels.word if michels else str(variant and variant.word).replace('_', ' ')}"
    )
    return propose(value, BY, because, [one.reference for one in (michels, variant) if one])


def _stenosis(name: str) -> Proposer:
    """A proposer for the narrowing of an artery at its origin."""

    def proposer(known: Known) -> Answer | None:
        found = known.structure_number(name, "narrowing")
        if found is None:
            why = known.structure_lacks(name, "narrowing")
            return unassessable(why, BY) if why else None
        value: dict[str, Any] = {"degree": group_of_percent(found.value, rules().stenosis)}
        references = [found.reference]
        cause = known.structure_word(name, "stenosis_cause")
        if cause is not None and value["degree"] != "none":
            value["cause"] = cause.word
            references.append(cause.reference)
        because = f"{name.replace('_', ' ')} narrowed by {found.value:.0f} %"
        return propose(value, BY, because, references)

    return proposer


def _jejunal(known: Known) -> Answer | None:
    names = ("first_jejunal_trunk", "first_jejunal_vein")
    value: dict[str, Any] = {}
    references = []
    for name in names:
        course, calibre = known.structure_word(name, "course"), known.structure_number(name, "calibre")
        if course is not None and course.word in ("dorsal", "ventral"):
            value["course"] = course.word
            references.append(course.reference)
        if calibre is not None:
            value["diameter_mm"] = round(calibre.value, 1)
            references.append(calibre.reference)
    gaps = [
        (gap, one)
        for lesion in known.primaries
        for name in names
        if (one := known.beside(lesion, name)) is not None and (gap := one.number("distance")) is not None
    ]
    if gaps:
        gap, one = min(gaps, key=lambda pair: pair[0])
        value["distance_mm"] = round(gap, 1)
        references.append(reference_of(one, "distance"))
    if not value:
        return None
    return propose(value, BY, "course and distance of the first jejunal trunk", references)


def _splenic_vein(known: Known) -> Answer | None:
    """Occluded as told by the vein or beside the tumour; varices as told."""
    value: dict[str, Any] = {}
    references = []
    told = known.structure_word("splenic_vein", "occlusion")
    beside = [one for one in beside_primaries(known, VEINS["splenic"]) if "occlusion" in one.features]
    if told is not None:
        value["occluded"] = told.word == "yes"
        references.append(told.reference)
    elif beside:
        value["occluded"] = any(one.features["occlusion"] == "yes" for one in beside)
        references += [reference_of(one, "occlusion") for one in beside]
    collaterals = known.structure_word("splenic_vein", "collaterals")
    varices = known.structure_word("varices", "present")
    if collaterals is not None:
        words = {"none": "none", "gastric": "gastric_varices"}
        value["collaterals"] = [words.get(collaterals.word, "other")]
        references.append(collaterals.reference)
    elif varices is not None:
        value["collaterals"] = ["none" if varices.word == "no" else "other"]
        references.append(varices.reference)
    if not value:
        return None
    because = (
        f"splenic vein occluded: {'yes' if value.get('occluded') else 'no' if 'occluded' in value else 'not known'}"
    )
    return propose(value, BY, because, references)


PROPOSERS: dict[str, Proposer] = {
    "VES.collaterals": _collaterals,
    "VES.variant": _variant,
    "SUR.coeliac_stenosis": _stenosis("celiac_artery"),
    "SUR.SMA_stenosis": _stenosis("superior_mesenteric_artery"),
    "SUR.jejunal_trunk": _jejunal,
    "SUR.splenic_occlusion": _splenic_vein,
}
