"""Step 3, vessels beside the primary tumours: contact, narrowing, lumen, thrombus, and which were judged."""

from __future__ import annotations

import re
from typing import Any

from isletscope.assessment.proposals.known import Known, Proposer, listed, propose, unassessable
from isletscope.assessment.proposals.rules import rules
from isletscope.assessment.view import ANATOMICAL
from isletscope.model import Answer, ExamKind, State, VesselFinding, Visibility

BY = "contact of the outlined tumour with the vessel"
TOLERANCE_MM = "1.0"
VEINS = {"portal": "portal_vein", "smv": "superior_mesenteric_vein", "splenic": "splenic_vein"}
_NOT_VESSELS = {
    "duodenum", "stomach", "spleen", "colon", "adrenal_gland", "left_adrenal_gland", "right_adrenal_gland", "kidney",
    "left_kidney", "right_kidney", "pancreatic_duct", "common_bile_duct", "bile_duct", "hilum",
}  # fmt: skip
_VARIANT = re.compile(r"(replaced|accessory|variant)_.*hepatic_artery|(replaced|accessory|variant)_hepatic_artery")


def _contact(one: VesselFinding, tolerance: str = TOLERANCE_MM) -> float | None:
    found = one.contact_deg.get(tolerance)
    return found.value if found is not None and found.state is not State.MISSING else None


def reference_of(one: VesselFinding, what: str = "") -> str:
    """Reference of a finding, or of one measurement or feature of it."""
    return "/".join(filter(None, ["vessel", one.lesion, one.vessel, one.exam_key, what]))


def beside_primaries(known: Known, *names: str) -> list[VesselFinding]:
    """Findings of these vessels beside the primary tumours, the widest contact first.

    A vein that holds tumour has no angle and comes first; what was neither measured nor told is left out.
    """
    found = [one for lesion in known.primaries for name in names if (one := known.beside(lesion, name)) is not None]
    judged = [one for one in found if _contact(one) is not None or one.features.get("thrombus") == "tumour"]
    return sorted(judged, key=lambda one: -(360.0 if (angle := _contact(one)) is None else angle))


def _unmeasured(known: Known, name: str) -> Answer | None:
    """Why the contact with a vessel is not known, where a finding or the images say so."""
    for lesion in known.primaries:
        one = known.beside(lesion, name)
        found = one.contact_deg.get(TOLERANCE_MM) if one is not None else None
        if one is not None and found is not None and found.missing_because:
            return unassessable(f"{lesion.id}: {found.missing_because}", BY, [reference_of(one)])
    why = known.hidden(known.primary, ANATOMICAL) if known.primary is not None else ""
    return unassessable(f"{why}; contact with vessels could not be measured", BY) if why else None


def artery(name: str) -> Proposer:
    """A proposer for the contact with an artery; a narrowed, irregular or wholly held one counts as encased."""

    def proposer(known: Known) -> Answer | None:
        found = [each for each in beside_primaries(known, name) if _contact(each) is not None]
        if not found:
            return _unmeasured(known, name)
        one = found[0]
        degrees = _contact(one) or 0.0
        narrowing = one.number("narrowing") or 0.0
        irregular = one.features.get("contour") == "irregular" or one.features.get("wall") == "invaded"
        touched = degrees > 0
        if touched and (irregular or narrowing >= rules().deformed_percent or degrees >= rules().encased_deg):
            group = "encased"
        else:
            group = "none" if not touched else "above_180" if degrees > 180 else "up_to_180"
        because = f"{one.lesion} touches the {name.replace('_', ' ')} over {degrees:.0f}°"
        if not touched:
            because = f"{one.lesion} does not touch the {name.replace('_', ' ')}"
        value = {"value": group, "contact_deg": round(degrees, 1)}
        return propose(value, BY, because, [reference_of(one, f"contact_deg/{TOLERANCE_MM}")])

    return proposer


def lumen(one: VesselFinding) -> str | None:
    """What the lumen of a vein is like; None where nobody said whether it is open."""
    thrombus, occluded = one.features.get("thrombus"), one.features.get("occlusion")
    if thrombus in ("tumour", "bland"):
        return f"{thrombus}_thrombus"
    if occluded == "yes":
        return "occluded"
    return "open" if thrombus == "none" or occluded == "no" else None


def vein(name: str) -> Proposer:
    """A proposer for contact, narrowing and lumen of a vein; the worst lumen of all primaries counts."""

    def proposer(known: Known) -> Answer | None:
        found = beside_primaries(known, name)
        if not found:
            return _unmeasured(known, name)
        value: dict[str, Any] = {}
        references = [reference_of(found[0])]
        angles = [(angle, each) for each in found if (angle := _contact(each)) is not None]
        if angles:
            value["contact_deg"] = round(angles[0][0], 1)
            references = [reference_of(angles[0][1], f"contact_deg/{TOLERANCE_MM}")]
        narrowed = [(each.number("narrowing") or 0.0, each) for each in found if each.number("narrowing") is not None]
        if narrowed:
            percent, worst = max(narrowed, key=lambda pair: pair[0])
            value["narrowing_percent"] = round(min(percent, 100.0), 1)
            references.append(reference_of(worst, "narrowing"))
        told = [(word, each) for each in found if (word := lumen(each)) is not None]
        changed = [pair for pair in told if pair[0] != "open"] or told
        if changed:
            word, worst = changed[0]
            value["lumen"] = word
            references.append(reference_of(worst, "thrombus" if "thrombus" in worst.features else "occlusion"))
        words = [f"{value['contact_deg']:.0f}°"] if "contact_deg" in value else []
        words += [str(value["lumen"]).replace("_", " ")] if "lumen" in value else []
        because = f"{found[0].lesion} at the {name.replace('_', ' ')}: {', '.join(words)}"
        return propose(value, BY, because, references)

    return proposer


def _variant_contact(known: Known) -> Answer | None:
    """Contact with the artery of variant course that lies closest to a primary tumour."""
    names = {one.vessel for one in known.view.point.vessels if _VARIANT.match(one.vessel)}
    found = beside_primaries(known, *sorted(names))
    if not found:
        return None
    one = found[0]
    value: dict[str, Any] = {"vessel": one.vessel.replace("_", " "), "contact_deg": round(_contact(one) or 0.0, 1)}
    course = one.features.get("course")
    if course in ("behind_portal_vein", "behind_head", "through_head", "away"):
        value["course"] = course
    because = f"{one.lesion} and the {one.vessel.replace('_', ' ')}: {value['contact_deg']:.0f}°"
    return propose(value, BY, because, [reference_of(one, f"contact_deg/{TOLERANCE_MM}")])


def _thrombus_uptake(known: Known) -> Answer | None:
    """By the uptake of a thrombus as read; else by the tumour that grows into the vein."""
    veins = [one for name in VEINS.values() for one in beside_primaries(known, name)]
    holders = [one for one in veins if (lumen(one) or "").endswith("thrombus")]
    if not holders:
        return None
    grown = [one for one in holders if one.features.get("thrombus") == "tumour"]
    if not grown:
        return None
    lesion = next(one for one in known.primaries if one.id == grown[0].lesion)
    taken, references = [], [reference_of(grown[0], "thrombus")]
    for name, kind in (("sstr", ExamKind.SSTR_PET), ("fdg", ExamKind.FDG_PET)):
        look = known.view.looked(lesion, kind)
        if look is not None and look.features.get("thrombus_uptake") == "yes":
            taken.append(name)
            references.append(f"lesion/{lesion.id}/{look.reference}/thrombus_uptake")
        elif look is None or look.visibility in (Visibility.NOT_COVERED, Visibility.NOT_ASSESSABLE):
            continue
        elif "thrombus_uptake" not in look.features:
            return None
    value = "both" if len(taken) == 2 else taken[0] if taken else "none"
    return propose({"value": value}, BY, f"tumour thrombus beside {lesion.id}: uptake {value}", references)


def _table(known: Known) -> Answer | None:
    """One row for each vessel that was measured beside a primary tumour, the widest contact first."""
    names = {one.vessel for one in known.view.point.vessels if one.vessel not in _NOT_VESSELS}
    found = beside_primaries(known, *sorted(names))
    if not found:
        return _unmeasured(known, VEINS["smv"])
    several = len(known.primaries) > 1
    rows = [_row(one, several) for one in found]
    because = f"contact of {listed([lesion.id for lesion in known.primaries])} with {len(names)} vessels"
    return propose({"vessels": list(rows)}, BY, because, [reference_of(one) for one in found])


def _row(one: VesselFinding, several: bool) -> dict[str, Any]:
    name = one.vessel.replace("_", " ")
    degrees = _contact(one)
    row: dict[str, Any] = {"vessel": f"{name} ({one.lesion})" if several else name}
    if degrees is not None:
        row["contact_deg"] = round(degrees, 1)
    for part, tolerance in (("contact_low_deg", "0.5"), ("contact_high_deg", "1.5")):
        angle = _contact(one, tolerance)
        if angle is not None:
            row[part] = round(angle, 1)
    length = one.number("contact_length")
    if length is not None or degrees == 0:
        row["length_mm"] = round(length or 0.0, 1)
    narrowing = one.number("narrowing")
    if narrowing is not None:
        row["narrowing_percent"] = round(min(narrowing, 100.0), 1)
    if "contour" in one.features:
        row["irregular"] = one.features["contour"] == "irregular"
    if "teardrop" in one.features:
        row["teardrop"] = one.features["teardrop"] == "yes"
    if "thrombus" in one.features:
        row["thrombus"] = one.features["thrombus"]
    if "sides" in one.features:
        row["sides"] = one.features["sides"]
    return row


def _judged(listed_as: str) -> Proposer:
    """A proposer for the vessels whose contact was measured; ``listed_as`` names the list of the rules."""

    def proposer(known: Known) -> Answer | None:
        names: dict[str, str] = getattr(rules(), listed_as)
        found = beside_primaries(known, *names)
        judged = [value for name, value in names.items() if any(one.vessel == name for one in found)]
        if not judged:
            return _unmeasured(known, VEINS["smv"]) if listed_as == "vessels_main" else None
        value: dict[str, Any] = {"judged": list(dict.fromkeys(judged))}
        rest = [name.replace("_", " ") for name, key in names.items() if key not in judged]
        if rest and listed_as == "vessels_main":
            value["not_judged"] = f"{', '.join(rest)}: not measured"
        because = f"contact was measured at {len(value['judged'])} vessels"
        return propose(value, BY, because, [reference_of(one) for one in found])

    return proposer


def _thrombus_extent(known: Known) -> Answer | None:
    """The veins that hold tumour thrombus, and how far it lies from the portal bifurcation where that was measured."""
    found = {key: beside_primaries(known, name) for key, name in VEINS.items()}
    held = {key: [one for one in each if one.features.get("thrombus") == "tumour"] for key, each in found.items()}
    veins = [key for key, each in held.items() if each]
    if not veins:
        return None
    value: dict[str, Any] = {"veins": list(veins)}
    references = [reference_of(one, "thrombus") for each in held.values() for one in each]
    portal = held["portal"]
    for name in ("thrombus_to_bifurcation", "clean_above"):
        gaps = [(gap, one) for one in portal if (gap := one.number(name)) is not None]
        if gaps and "to_portal_bifurcation_mm" not in value:
            gap, one = min(gaps, key=lambda pair: pair[0])
            value["to_portal_bifurcation_mm"] = round(gap, 1)
            value["upper_end"] = f"portal vein, {gap:.0f} mm below its bifurcation"
            references.append(reference_of(one, name))
    below = [(gap, one) for one in portal if (gap := one.number("clean_below")) is not None]
    if veins == ["portal"] and below:
        gap, one = min(below, key=lambda pair: pair[0])
        value["lower_end"] = f"portal vein, {gap:.0f} mm above its origin"
        references.append(reference_of(one, "clean_below"))
    return propose(
        value, BY, f"tumour thrombus in {listed([VEINS[key].replace('_', ' ') for key in veins])}", references
    )


PROPOSERS: dict[str, Proposer] = {
    "VES.coeliac": artery("celiac_artery"),
    "VES.SMA": artery("superior_mesenteric_artery"),
    "VES.CHA": artery("common_hepatic_artery"),
    "VES.splenicA": artery("splenic_artery"),
    "VES.PV": vein(VEINS["portal"]),
    "VES.SMV": vein(VEINS["smv"]),
    "VES.splenicV": vein(VEINS["splenic"]),
    "VES.thrombus_uptake": _thrombus_uptake,
    "SUR.vessel_table": _table,
    "SUR.vessels_main": _judged("vessels_main"),
    "SUR.vessels_other": _judged("vessels_other"),
    "SUR.variant_contact": _variant_contact,
    "SUR.thrombus_extent": _thrombus_extent,
}
