"""What can be done about the primary: surveillance or surgery, operations with the gate for enucleation, nodes."""

from __future__ import annotations

from isletscope.assessment.asking import Asking
from isletscope.assessment.deciding import add_for_primaries, conclusion_of, of_primary, put_entered
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import ki67_upper_percent
from isletscope.assessment.primary import largest_dimension, primaries
from isletscope.assessment.vessels import (
    TRUNKS,
    blocked,
    contact_of,
    narrowed,
    reference_of,
    settled,
    suspicious_nodes,
    vessels_of,
)
from isletscope.assessment.view import View
from isletscope.assessment.wiring_book import surgery_book
from isletscope.criteria import Germline
from isletscope.model import Compartment, Conclusion, ExamKind, Lesion, State

_DUCT = (ExamKind.MRI, ExamKind.CT)
_OF_VESSELS = ("celiac_artery", "superior_mesenteric_artery", "common_hepatic_artery", "aorta", *TRUNKS)
_YES = {"yes": True, "no": False}
_GRADES = ("G1", "G2", "G3")


def assess_operations(view: View, gathered: Gathered) -> None:
    """Ask about surveillance (localised disease only), operations and node dissection for every primary."""
    lesions = primaries(view)
    if localised(view, gathered) is True:
        found = {lesion.id: _surveillance(view, gathered, lesion) for lesion in lesions}
        add_for_primaries(view, gathered, "surveillance", found)
    add_for_primaries(
        view, gathered, "operations", {lesion.id: _operations(view, gathered, lesion) for lesion in lesions}
    )
    add_for_primaries(
        view, gathered, "lymphadenectomy", {lesion.id: _nodes(view, gathered, lesion) for lesion in lesions}
    )


def localised(view: View, gathered: Gathered) -> bool | None:
    """Whether disease is confined to pancreas and regional nodes; None when M is not known and none is seen."""
    stage = gathered.get("tnm")
    spread = stage.parts.get("M", "") if stage is not None else ""
    elsewhere = [one for one in view.lesions if one.compartment not in (Compartment.PANCREAS, Compartment.NODE)]
    if elsewhere or spread.lstrip("cp").startswith("M1"):
        return False
    return True if spread.lstrip("cp").startswith("M0") else None


def function_of(view: View) -> tuple[str | None, str]:
    """Function of the tumour as the operation tables name it, and where it stands; None when it is not known."""
    entered = view.answer("CTX.hormone")
    if isinstance(entered, list) and entered and "unknown" not in entered:
        named = [surgery_book().hormones.get(str(hormone), "other") for hormone in entered]
        return next((one for one in named if one != "other"), "other"), "answer/CTX.hormone"
    clinical = view.clinical
    stated = "clinical/tumour/subtype" if clinical.tumour.subtype is not None else "clinical/hormones/syndrome"
    if clinical.subtype is None:
        return None, stated
    return surgery_book().functions.get(clinical.subtype.value, "other"), stated


def _put_tumour(asking: Asking, view: View, gathered: Gathered, lesion: Lesion) -> None:
    """What all three criteria ask: size, grade, Ki-67, suspicious nodes."""
    size = largest_dimension(view, lesion)
    if size is not None:
        asking.put("size_mm", size.value_mm, size.reference)
    if gathered.grade in _GRADES:
        asking.put("grade", gathered.grade, "conclusion/who_grade")
    ki67 = ki67_upper_percent(view)
    if ki67 is not None:
        asking.put("ki67_percent", *ki67)
    asking.put("suspicious_nodes", *suspicious_nodes(view))


def _surveillance(view: View, gathered: Gathered, lesion: Lesion) -> Conclusion:
    """The table for a localised tumour. A germline that was not tested reads as sporadic where that alone decides."""
    asking = Asking("surveillance", lesion.id)
    _put_tumour(asking, view, gathered, lesion)
    book = surgery_book()
    asking.put("site", book.surveillance_sites.get(lesion.place.region), f"lesion/{lesion.id}")
    function, stated = function_of(view)
    asking.put("functioning", None if function is None else function != "none", stated)
    _put_duct(asking, view, lesion)
    _put_symptoms(asking, view)
    asking.put("vessel_involved", *_involved(view, gathered, lesion))
    _put_growth(asking, view, gathered, lesion)
    put_entered(asking, view)
    germline = view.clinical.germline
    if germline is not None:
        asking.put("syndrome", book.syndromes.get(germline.value), "clinical/germline")
    entered = view.answer("CTX.syndrome")
    if isinstance(entered, str):
        asking.put("syndrome", book.entered_syndromes.get(entered), "answer/CTX.syndrome")
    found = asking.conclude()
    untested = germline is Germline.NOT_TESTED and "syndrome" not in asking.values
    if found.state is not State.MISSING or not untested:
        return found
    asking.put("syndrome", "sporadic", "clinical/germline")
    asking.say(book.says("not_tested"))
    sporadic = asking.conclude()
    if sporadic.state is State.MISSING:
        return found
    return sporadic.model_copy(update={"provisional": True, "missing": ["germline test"]})


def _put_duct(asking: Asking, view: View, lesion: Lesion) -> None:
    """Width of the main duct up- and downstream; a duct that is not dilated is not wider."""
    for one in view.point.structures:
        if one.structure != "pancreatic_duct":
            continue
        reference = f"structure/pancreatic_duct/{one.exam_key}"
        upstream, downstream = one.number("calibre_upstream"), one.number("calibre_downstream")
        if upstream is not None and "duct_upstream_mm" not in asking.values:
            asking.put("duct_upstream_mm", upstream, f"{reference}/calibre_upstream")
            if downstream is not None:
                asking.put("duct_wider_than_downstream", upstream > downstream, f"{reference}/calibre_downstream")
        if one.features.get("dilated") == "no" and "duct_wider_than_downstream" not in asking.values:
            asking.put("duct_wider_than_downstream", False, f"{reference}/dilated")


def _put_symptoms(asking: Asking, view: View) -> None:
    """Free text is not interpreted: only a list that is stated to be empty says that there are no symptoms."""
    if "symptoms" in view.clinical.model_fields_set and not view.clinical.symptoms:
        asking.put("jaundice", False, "clinical/symptoms")
        asking.put("symptoms_by_mass", False, "clinical/symptoms")
        asking.say(surgery_book().says("no_symptoms"))
    elif view.clinical.laboratory.bilirubin == "normal":
        asking.put("jaundice", False, "clinical/laboratory/bilirubin")


def _involved(view: View, gathered: Gathered, lesion: Lesion) -> tuple[bool | None, str]:
    """Whether vessels are involved: every local class but the lowest; splenic vessels and smooth contact are not."""
    local = of_primary(view, gathered, "resectability_net", lesion)
    free, reference = surgery_book().free_class, conclusion_of(view, "resectability_net", lesion)
    if local is None:
        return None, reference
    if local.state is State.MISSING:
        return (None if free in local.possible or not local.possible else True), reference
    return local.value != free, reference


def _put_growth(asking: Asking, view: View, gathered: Gathered, lesion: Lesion) -> None:
    """Growth beyond measurement error since the last time point; without one it is not confirmed on two scans."""
    if view.clinical.tumour.growing and gathered.get("doubling_time", lesion.id) is None:
        return
    if view.earlier is None:
        asking.put("growth_mm_per_year", 0.0)
        asking.say(surgery_book().says("no_earlier"))
        return
    course = gathered.get("doubling_time", lesion.id)
    change = gathered.get("repeatability", f"{lesion.id} diameter")
    if course is None or course.state is State.MISSING or settled(change) is None:
        return
    rate = float(course.parts.get("growth_mm_per_year", 0))
    real = change is not None and change.value != "within_noise"
    reference = f"conclusion/doubling_time/{lesion.id}"
    asking.put("growth_mm_per_year", max(rate, 0.0) if real else 0.0, reference)
    earlier = largest_dimension(view.earlier, lesion)
    if earlier is not None:
        asking.put("earlier_size_mm", earlier.value_mm, earlier.reference)
    doubling = course.parts.get("doubling_time_days")
    if doubling is not None:
        asking.put("doubling_time_days", float(doubling), reference)


def _operations(view: View, gathered: Gathered, lesion: Lesion) -> Conclusion:
    asking = Asking("operations", lesion.id)
    _put_tumour(asking, view, gathered, lesion)
    here = f"lesion/{lesion.id}"
    region = lesion.place.region
    asking.put("site", surgery_book().operation_sites.get(region), here)
    asking.put("function", *function_of(view))
    for name, target in (
        ("main_duct_distance", "duct_distance_mm"),
        ("splenic_hilum_distance", "hilum_distance_mm"),
        ("distal_remnant", "distal_remnant_mm"),
        ("right_cut_clearance", "right_cut_clearance_mm"),
    ):
        asking.take(target, view.find(lesion, name, _DUCT))
    half, halved = _feature(view, lesion, "body_half")
    asking.put("proximal_body", None if half is None else half == "proximal", halved)
    lower, lowered = _feature(view, lesion, "lower_head")
    zone3 = True if region == "uncinate" else False if region not in ("", "head") else _YES.get(lower or "")
    asking.put("zone3", zone3, lowered or here)
    share = view.find(lesion, "exophytic_share", _DUCT)
    exophytic, seen = _feature(view, lesion, "exophytic")
    if share is not None:
        asking.put("peripheral", share.value > 0, share.reference)
    else:
        asking.put("peripheral", _YES.get(exophytic or ""), seen)
    _put_dilated(asking, view)
    _put_vessels(asking, view, gathered, lesion)
    put_entered(asking, view)
    return asking.conclude()


def _feature(view: View, lesion: Lesion, name: str) -> tuple[str | None, str]:
    """A coded word of a lesion on MRI or CT, with its reference."""
    for kind in _DUCT:
        one = view.looked(lesion, kind)
        if one is not None and name in one.features:
            return one.features[name], f"lesion/{lesion.id}/{one.reference}/{name}"
    return None, ""


def _put_dilated(asking: Asking, view: View) -> None:
    for one in view.point.structures:
        if one.structure == "pancreatic_duct" and "dilated" in one.features:
            asking.put(
                "duct_dilated", one.features["dilated"] == "yes", f"structure/pancreatic_duct/{one.exam_key}/dilated"
            )


def _put_vessels(asking: Asking, view: View, gathered: Gathered, lesion: Lesion) -> None:
    """Contact that decides between operations: arteries and portal trunk for the gate, splenic vessels by degrees."""
    beside = {one.vessel: one for one in vessels_of(view, lesion)}
    touched = {name: blocked(beside[name]) if name in beside else None for name in _OF_VESSELS}
    references = [reference_of(beside[name]) for name in _OF_VESSELS if name in beside]
    any_touched = True if True in touched.values() else None if None in touched.values() else False
    asking.put("vessel_involved", any_touched, *references)
    trunks = [touched[name] for name in TRUNKS]
    asking.put("portal_vein_touched", True if True in trunks else None if None in trunks else False, *references)
    for vessel, target in (("splenic_artery", "splenic_artery_deg"), ("splenic_vein", "splenic_vein_deg")):
        if vessel in beside:
            asking.put(target, contact_of(beside[vessel]), reference_of(beside[vessel]))
    states = [narrowed(beside.get(name)) for name in ("splenic_artery", "splenic_vein")]
    splenic = [reference_of(beside[name]) for name in ("splenic_artery", "splenic_vein") if name in beside]
    asking.put("splenic_vessels_narrowed", True if True in states else None if None in states else False, *splenic)
    local = of_primary(view, gathered, "resectability_net", lesion)
    if local is not None:
        values = local.possible if local.state is State.MISSING else [local.value]
        if values and ("unlikely_curative" not in values or len(values) == 1):
            reference = conclusion_of(view, "resectability_net", lesion)
            asking.put("unlikely_curative", "unlikely_curative" in values, reference)


def _nodes(view: View, gathered: Gathered, lesion: Lesion) -> Conclusion:
    asking = Asking("lymphadenectomy", lesion.id)
    _put_tumour(asking, view, gathered, lesion)
    asking.put("function", *function_of(view))
    site = surgery_book().surveillance_sites.get(lesion.place.region)
    asking.put("proximal", None if site is None else site == "head", f"lesion/{lesion.id}")
    put_entered(asking, view)
    return asking.conclude()
