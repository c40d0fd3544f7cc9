"""Vessels beside the primaries: signs of each vessel, local class by every system, whether a vein can be rebuilt."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.asking import Asking
from isletscope.assessment.deciding import add_for_primaries, conclusion_of, put_entered
from isletscope.assessment.entered_vessels import TOLERANCE_MM, EnteredVessel, with_entered
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import ki67_upper_percent
from isletscope.assessment.primary import largest_dimension, primaries
from isletscope.assessment.slices import slice_spacings_mm
from isletscope.assessment.view import View
from isletscope.assessment.wiring_book import surgery_book
from isletscope.model import Compartment, Conclusion, Lesion, State, VesselFinding

CLASSES = ("resectability_net", "resectability_nccn", "resectability_systems")
TRUNKS = ("superior_mesenteric_vein", "portal_vein")
_TOLERANCES = {"0.5": "contact_tight_deg", "1.0": "contact_deg", "1.5": "contact_wide_deg"}
_ANSWERS = {"yes": True, "no": False}


def assess_vessels(view: View, gathered: Gathered) -> None:
    """Signs of every vessel beside every primary, then veins and local classes."""
    lesions = primaries(view)
    for lesion in lesions:
        for finding in vessels_of(view, lesion):
            gathered.add(_signs(finding))
    veins = {lesion.id: one for lesion in lesions if (one := _vein(view, lesion)) is not None}
    add_for_primaries(view, gathered, "vein_reconstruction", veins)
    for name in CLASSES:
        found = {lesion.id: _class(name, view, gathered, lesion, veins.get(lesion.id)) for lesion in lesions}
        add_for_primaries(view, gathered, name, found)


def vessels_of(view: View, lesion: Lesion) -> list[VesselFinding]:
    """The vessels beside a lesion, one finding each, by name; organs and ducts are left out, a reader's entry is in."""
    names = {*surgery_book().vessels, *surgery_book().other_vessels}
    found = {vessel: one for (owner, vessel), one in view.beside.items() if owner == lesion.id and vessel in names}
    entered = with_entered(view, lesion, found)
    return [entered[name] for name in sorted(entered)]


def contact_of(finding: VesselFinding | None) -> float | None:
    """Contact in degrees at the tolerance of 1.0 mm; None when it is not known."""
    measurement = finding.contact_deg.get(TOLERANCE_MM) if finding is not None else None
    return None if measurement is None else measurement.value


def reference_of(finding: VesselFinding) -> str:
    """How conclusions name a vessel beside a lesion."""
    if isinstance(finding, EnteredVessel):
        return f"answer/{finding.item}"
    return f"vessel/{finding.lesion}/{finding.vessel}/{finding.exam_key}"


def narrowed(finding: VesselFinding | None) -> bool | None:
    """Whether a vessel is narrowed beyond the limit or occluded; None when neither is known."""
    if finding is None:
        return None
    percent, occluded = finding.number("narrowing"), _ANSWERS.get(finding.features.get("occlusion", ""))
    if occluded or (percent is not None and percent >= surgery_book().limit("narrowed")):
        return True
    return None if percent is None or occluded is None else False


def blocked(finding: VesselFinding) -> bool | None:
    """Whether a vein is touched, occluded or holds a thrombus; None when that is not known."""
    contact, occluded, thrombus = (
        contact_of(finding),
        finding.features.get("occlusion"),
        finding.features.get("thrombus"),
    )
    if (contact or 0) > 0 or occluded == "yes" or thrombus in ("bland", "tumour"):
        return True
    return None if contact is None or occluded is None or thrombus is None else False


def _signs(finding: VesselFinding) -> Conclusion:
    asking = Asking("vessel_signs", f"{finding.lesion} {finding.vessel}")
    reference = reference_of(finding)
    for tolerance, name in _TOLERANCES.items():
        measurement = finding.contact_deg.get(tolerance)
        if measurement is not None:
            asking.put(name, measurement.value, f"{reference}/contact_deg/{tolerance}")
    asking.put("contact_length_mm", finding.number("contact_length"), f"{reference}/contact_length")
    asking.put("narrowing_percent", finding.number("narrowing"), f"{reference}/narrowing")
    asking.put("contour_irregular", _irregular(finding), f"{reference}/contour")
    asking.put("occluded", _ANSWERS.get(finding.features.get("occlusion", "")), f"{reference}/occlusion")
    asking.put("thrombus", finding.features.get("thrombus"), f"{reference}/thrombus")
    return asking.conclude()


def _irregular(finding: VesselFinding) -> bool | None:
    """Irregular contour as judged, or a teardrop or an invaded wall."""
    features = finding.features
    if features.get("teardrop") == "yes" or features.get("wall") == "invaded":
        return True
    return {"irregular": True, "smooth": False}.get(features.get("contour", ""))


def _vein(view: View, lesion: Lesion) -> Conclusion | None:
    """Whether the mesenterico-portal trunk can be rebuilt; not asked while none of its veins is touched."""
    beside = {one.vessel: one for one in vessels_of(view, lesion)}
    trunk = [beside[name] for name in TRUNKS if name in beside]
    if not any(blocked(one) for one in trunk):
        return None
    asking = Asking("vein_reconstruction", lesion.id)
    for vessel, name, target in (
        ("superior_mesenteric_vein", "clean_below", "mesenteric_stump_mm"),
        ("portal_vein", "clean_above", "portal_stump_mm"),
    ):
        if vessel in beside:
            asking.put(target, beside[vessel].number(name), f"{reference_of(beside[vessel])}/{name}")
    for vessel, target in (("first_jejunal_vein", "jejunal_branch"), ("ileal_vein", "ileal_branch")):
        _put_branch(asking, beside.get(vessel), target)
    _put_ileal(asking)
    _put_bifurcation(asking, beside)
    asking.put("cavernous_transformation", *_present(view, "cavernous_transformation"))
    if any(one.features.get("thrombus") == "tumour" for one in trunk):
        asking.put("tumour_thrombus_extraction", True)
    _put_length(asking, trunk)
    return asking.conclude()


def _put_ileal(asking: Asking) -> None:
    """Where the ileal branch was not judged by itself: the clean trunk that it feeds speaks for it."""
    length = asking.values.get("mesenteric_stump_mm")
    if "ileal_branch" in asking.values or length is None or length < surgery_book().limit("clean_trunk"):
        return
    asking.put("ileal_branch", "clean")
    asking.say(surgery_book().says("ileal", length=length))


def _put_length(asking: Asking, trunk: list[VesselFinding]) -> None:
    """Length of contact along both veins of the trunk, where it was measured on each."""
    lengths = [one.number("contact_length") for one in trunk]
    known = [length for length in lengths if length is not None]
    if len(known) == len(trunk):
        asking.put("involved_length_mm", sum(known), *(f"{reference_of(one)}/contact_length" for one in trunk))


def _put_branch(asking: Asking, finding: VesselFinding | None, target: str) -> None:
    if finding is None:
        return
    state = blocked(finding)
    if state is not None:
        occluded = finding.features.get("occlusion") == "yes"
        asking.put(target, "occluded" if occluded else "involved" if state else "clean", reference_of(finding))
    radius = finding.number("radius")
    if radius is not None:
        asking.put(f"{target}_mm", 2 * radius, f"{reference_of(finding)}/radius")


def _put_bifurcation(asking: Asking, beside: dict[str, VesselFinding]) -> None:
    """The bifurcation is involved on both sides when both of its branches are; one clean branch rules it out."""
    branches = [beside[name] for name in ("portal_vein_left", "portal_vein_right") if name in beside]
    states = [blocked(one) for one in branches]
    references = [reference_of(one) for one in branches]
    if False in states:
        asking.put("portal_bifurcation_involved", False, *references)
    elif states == [True, True]:
        asking.put("portal_bifurcation_involved", True, *references)


def _present(view: View, structure: str) -> tuple[bool | None, str]:
    """Whether a structure is present, as an exam says."""
    for one in view.point.structures:
        if one.structure == structure and "present" in one.features:
            return one.features["present"] == "yes", f"structure/{structure}/{one.exam_key}/present"
    return None, f"structure/{structure}"


def _class(name: str, view: View, gathered: Gathered, lesion: Lesion, vein: Conclusion | None) -> Conclusion:
    asking = Asking(name, lesion.id)
    beside = {one.vessel: one for one in vessels_of(view, lesion)}
    if not beside:
        return asking.lacking(f"the vessels beside {lesion.id}, measured on CT or MRI")
    book = surgery_book()
    region = lesion.place.region
    asking.put("site", book.sites.get(region), f"lesion/{lesion.id}")
    second = book.sites.get(lesion.place.second_region)
    if second is not None and second != book.sites.get(region):
        asking.put("second_site", second, f"lesion/{lesion.id}")
    for key, state in _states(asking, view, gathered, beside).items():
        asking.put(key, state)
    _put_hepatic(asking, beside)
    _put_trunk(asking, beside)
    if vein is not None and vein.value in ("yes", "no"):
        asking.put("vein_reconstructible", vein.value == "yes", conclusion_of(view, "vein_reconstruction", lesion))
    asking.put("cavernous_transformation", *_present(view, "cavernous_transformation"))
    _put_thickness(asking, view, beside)
    if name == "resectability_net":
        _put_biology(asking, view, lesion)
        put_entered(asking, view)
    return asking.conclude()


def _states(asking: Asking, view: View, gathered: Gathered, beside: dict[str, VesselFinding]) -> dict[str, Any]:
    """State of every vessel of the tables; of two variant arteries the one with more contact counts."""
    names = surgery_book().vessels
    found: dict[str, Any] = {}
    for vessel, finding in beside.items():
        key = names.get(vessel)
        if key is None:
            continue
        state = _state(gathered, finding)
        asking.rest_on(f"conclusion/vessel_signs/{finding.lesion} {finding.vessel}")
        if key not in found or (state.get("contact_deg") or 0) > (found[key].get("contact_deg") or 0):
            found[key] = state
    variant = next((one for one in view.point.structures if "variant" in one.features), None)
    if "variant_artery" not in found and variant is not None and variant.features["variant"] == "none":
        found["variant_artery"] = {"contact_deg": 0}
        asking.rest_on(f"structure/{variant.structure}/{variant.exam_key}/variant")
    return found


def _state(gathered: Gathered, finding: VesselFinding) -> dict[str, Any]:
    """What the tables ask of one vessel, as its signs were judged."""
    signs = gathered.get("vessel_signs", f"{finding.lesion} {finding.vessel}")
    assert signs is not None
    thrombus = signs.parts.get("thrombus", "")
    narrowing = signs.parts.get("narrowing_percent")
    state = {
        "contact_deg": contact_of(finding),
        "contour_irregular": _ANSWERS.get(signs.parts.get("irregular", "")),
        "narrowing_percent": None if narrowing is None else float(narrowing),
        "occluded": _ANSWERS.get(finding.features.get("occlusion", "")),
        "thrombus": thrombus if thrombus in ("none", "bland", "tumour") else None,
        "radius_mm": finding.number("radius"),
    }
    return {name: value for name, value in state.items() if value is not None}


def _put_hepatic(asking: Asking, beside: dict[str, VesselFinding]) -> None:
    """How far contact of the common hepatic artery reaches, from contact of the arteries at its ends."""
    hepatic = beside.get("common_hepatic_artery")
    if hepatic is None:
        return
    asking.put(
        "common_hepatic_reconstructible",
        _ANSWERS.get(hepatic.features.get("reconstructible", "")),
        reference_of(hepatic),
    )
    coeliac, proper = beside.get("celiac_artery"), beside.get("proper_hepatic_artery")
    if coeliac is not None and contact_of(coeliac) is not None:
        reaches = (contact_of(coeliac) or 0) > 0 and (contact_of(hepatic) or 0) > 0
        asking.put("hepatic_contact_reaches_celiac", reaches, reference_of(coeliac))
    if proper is not None and contact_of(proper) == 0:
        asking.put("hepatic_contact_reaches_bifurcation", False, reference_of(proper))


def _put_trunk(asking: Asking, beside: dict[str, VesselFinding]) -> None:
    """Where and how the mesenterico-portal trunk is held."""
    trunk = [beside[name] for name in TRUNKS if name in beside]
    for name, word, target in (
        ("below_duodenum", "yes", "vein_contact_below_duodenum"),
        ("sides", "both", "vein_narrowed_on_both_sides"),
    ):
        stated = [one for one in trunk if name in one.features]
        if any(one.features[name] == word for one in stated):
            asking.put(target, True, *(f"{reference_of(one)}/{name}" for one in stated))
        elif stated and len(stated) == len(trunk):
            asking.put(target, False, *(f"{reference_of(one)}/{name}" for one in stated))
    if (
        "vein_narrowed_on_both_sides" not in asking.values
        and trunk
        and all(one.number("narrowing") == 0 for one in trunk)
    ):
        asking.put("vein_narrowed_on_both_sides", False, *(f"{reference_of(one)}/narrowing" for one in trunk))


def _put_thickness(asking: Asking, view: View, beside: dict[str, VesselFinding]) -> None:
    """Whether the contacts were measured on thick slices: the thinnest usable images of their exam decide."""
    keys = sorted({one.exam_key for one in beside.values() if one.exam_key})
    for key in keys:
        asking.say(surgery_book().says("exam", exam=view.case.exam(key).title))
    spacings = [list(slice_spacings_mm(view, key)) for key in keys]
    if spacings and all(spacings):
        thick = max(min(found) for found in spacings) > surgery_book().limit("thick_slices")
        asking.put("thick_slices", thick, *(f"exam/{key}" for key in keys))


def _put_biology(asking: Asking, view: View, lesion: Lesion) -> None:
    ki67 = ki67_upper_percent(view)
    if ki67 is not None:
        asking.put("ki67_percent", *ki67)
    size = largest_dimension(view, lesion)
    if size is not None:
        asking.put("size_mm", size.value_mm, size.reference)
    asking.put("suspicious_nodes", *suspicious_nodes(view))


def suspicious_nodes(view: View) -> tuple[bool | None, str]:
    """Whether a node is held to be tumour; no only where an exam shows the nodes of the abdomen."""
    nodes = view.of(Compartment.NODE)
    if nodes:
        return True, f"lesion/{nodes[0].id}"
    shown = view.covered("abdominal_nodes")
    unsure = any(lesion.compartment is Compartment.NODE for lesion in view.unsure)
    return (False, f"exam/{shown[0].split('/')[0]}") if shown and not unsure else (None, "")


def settled(conclusion: Conclusion | None) -> str | None:
    """The result of a conclusion that stands."""
    return None if conclusion is None or conclusion.state is State.MISSING else conclusion.value
