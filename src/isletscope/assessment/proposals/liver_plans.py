"""Step 5, the liver as a surgeon asks for it: segments, distances, branches, veins, what would remain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from isletscope.assessment.liver import liver_findings
from isletscope.assessment.proposals.known import Known, Proposer, plural, propose
from isletscope.assessment.proposals.liver import SEGMENTS, metastases
from isletscope.assessment.proposals.rules import rules
from isletscope.model import Answer, Lesion, State

BY = "lesions and volumes of the liver"


def _segments(known: Known) -> Answer | None:
    """One row for each segment with disease: counts by the lesions' segments, volumes by segment as measured."""
    found = metastases(known)
    counts = {key: sum(lesion.place.region == key for lesion in found) for key in SEGMENTS}
    volumes, reference = _volumes(known)
    rows: list[dict[str, Any]] = []
    for key, name in SEGMENTS.items():
        volume = volumes.get(key)
        if counts[key] or (volume is not None and volume > 0):
            rows.append(
                {
                    "segment": name,
                    "count": counts[key],
                    **({"volume_ml": round(volume, 2)} if volume is not None else {}),
                }
            )
    if not found or not rows:
        return None
    placed = sum(counts.values())
    because = f"{placed} of {plural(len(found), 'lesion')} placed in a segment"
    return propose({"segments": list(rows)}, BY, because, [*(f"lesion/{lesion.id}" for lesion in found), *reference])


def _volumes(known: Known) -> tuple[dict[str, float], list[str]]:
    """Tumour volume by segment (mL), from the first finding that holds segments."""
    for one in liver_findings(known.view):
        measured = {
            each.segment: each.tumour.value
            for each in one.segments
            if each.tumour.state is not State.MISSING and each.tumour.value is not None
        }
        if measured:
            return measured, [f"liver/{one.exam_key}/segment/{key}/tumour" for key in measured]
    return {}, []


def _distances(known: Known) -> Answer | None:
    """For each metastasis the nearest hepatic vein and portal pedicle, and the hilum, as measured."""
    rows, references = [], []
    for lesion in metastases(known):
        gaps = {part: _gaps(known, lesion, names) for part, names in rules().liver_vessels.items()}
        nearest = {part: min(found) for part, found in gaps.items() if found}
        hilum = _gaps(known, lesion, rules().hilum)
        if hilum:
            nearest["hilum"] = hilum[0]
        if nearest:
            rows.append({"lesion": lesion.id, **{f"{part}_mm": round(gap, 1) for part, (gap, _) in nearest.items()}})
            references += [reference for _, reference in nearest.values()]
    if not rows:
        return None
    return propose({"lesions": rows}, BY, f"distances of {plural(len(rows), 'lesion')}", references)


def _gaps(known: Known, lesion: Lesion, names: Iterable[str]) -> list[tuple[float, str]]:
    """Distances (mm) of a lesion to these vessels with their references, in the order of the names."""
    found = []
    for name in names:
        one = known.beside(lesion, name)
        gap = one.number("distance") if one is not None else None
        if one is not None and gap is not None:
            found.append((gap, f"vessel/{lesion.id}/{name}/{one.exam_key}/distance"))
    return found


def _remnant(known: Known) -> Answer | None:
    """What would remain by the plan that was judged; without a plan there is nothing to propose."""
    judged = known.conclusion("remnant")
    if judged is None:
        return None
    evidence = {one.text: one.value for one in judged.evidence}
    volume = evidence.get("functional remnant")
    share = judged.parts.get("rflr")
    if volume is None or share is None:
        return None
    row: dict[str, Any] = {
        "plan": "resection as planned",
        "remnant_ml": round(volume, 1),
        "remnant_percent": round(float(share), 1),
    }
    if "sflr" in judged.parts:
        row["standardised_percent"] = round(float(judged.parts["sflr"]), 1)
    value: dict[str, Any] = {"plans": [row]}
    whole = known.liver.number("whole_volume") if known.liver is not None else None
    if whole is not None:
        value["liver_ml"] = round(whole, 1)
    return propose(value, "remnant", judged.because, ["conclusion/remnant", *judged.rests_on])


def _branches(known: Known) -> Answer | None:
    portal = known.structure_word("portal_vein", "branching")
    biliary = known.structure_word("bile_ducts", "biliary_branching")
    told = [one for one in (portal, biliary) if one is not None]
    if not told:
        return None
    value = {
        **({"portal": portal.word} if portal is not None else {}),
        **({"biliary": biliary.word} if biliary is not None else {}),
    }
    because = ", ".join(f"{name} {word.replace('_', ' ')}" for name, word in value.items())
    return propose(value, "findings of vessels and ducts", because, [one.reference for one in told])


def _hepatic_veins(known: Known) -> Answer | None:
    told = known.structure_word("accessory_right_hepatic_vein", "present")
    if told is None:
        return None
    there = told.word == "yes"
    words = "an accessory right hepatic vein is seen" if there else "no accessory right hepatic vein is seen"
    value = {"accessory": there, "description": words}
    return propose(value, "findings of vessels", words, [told.reference])


PROPOSERS: dict[str, Proposer] = {
    "LIV.remnant": _remnant,
    "SUR.liver_segments": _segments,
    "SUR.lesion_distances": _distances,
    "SUR.portal_biliary": _branches,
    "SUR.hepatic_veins": _hepatic_veins,
}
