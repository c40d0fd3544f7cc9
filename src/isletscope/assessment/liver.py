"""The liver: pattern and burden of its metastases, and the volume expected from body size."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.asking import Asking
from isletscope.assessment.counting import certain_count
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.primary import largest_dimension
from isletscope.assessment.view import Found, View
from isletscope.criteria import Sex
from isletscope.model import Compartment, ExamKind, Lesion, LiverFinding, ReadingOfImages, ReadingOfPet, State

KINDS = (ExamKind.MRI, ExamKind.CT)
"""Volumes and sizes in the liver: MRI shows more metastases than CT, and one kind is taken for all where it can be."""
_PET = (ExamKind.SSTR_PET, ExamKind.FDG_PET)
_PARTS = ("parenchyma", "tumour")
_SIDES = {"1": "caudate", **dict.fromkeys("234", "left"), **dict.fromkeys("5678", "right")}


def assess_liver(view: View, gathered: Gathered) -> None:
    """Ask for pattern and burden; for the expected volume when there are metastases or body size is known."""
    _ask_pattern(view, gathered)
    _ask_burden(view, gathered)
    _ask_volume(view, gathered)


def metastases(view: View) -> list[Lesion] | None:
    """Liver metastases of this time point; None where nothing says that there is none.

    That takes an exam that shows the liver, and no lesion there that is left unsure.
    """
    found = view.of(Compartment.LIVER)
    unsure = any(lesion.compartment is Compartment.LIVER for lesion in view.unsure)
    return found if found or (view.covered("liver", *KINDS, *_PET) and not unsure) else None


def side_of(lesion: Lesion) -> str | None:
    """Hemiliver or caudate lobe; of a lesion without a stated side by its segment."""
    return lesion.place.side or _SIDES.get(lesion.place.region)


def volumes_of(view: View, lesions: list[Lesion]) -> dict[str, Found]:
    """Volume of each lesion, all from one kind of images where one kind has them all, else each from the first."""
    for kind in KINDS:
        found = {one.id: volume for one in lesions if (volume := view.find(one, "volume", (kind,))) is not None}
        if len(found) == len(lesions):
            return found
    return {one.id: volume for one in lesions if (volume := view.find(one, "volume", KINDS)) is not None}


def liver_findings(view: View) -> list[LiverFinding]:
    """What exams of this time point say of the liver: MRI before CT, the latest first."""
    order = [key for kind in KINDS for key in reversed(view.kinds.get(kind, []))]
    return sorted((one for one in view.point.liver if one.exam_key in order), key=lambda one: order.index(one.exam_key))


def _ask_pattern(view: View, gathered: Gathered) -> None:
    asking = Asking("liver_pattern")
    lesions = metastases(view)
    if lesions is not None and not certain_count(view, lesions)[1]:
        asking.rest_on(*_shown(view, lesions))
        gathered.add(asking.lacking("which foci on different exams are one and the same lesion"))
        return
    if lesions is not None:
        volumes = volumes_of(view, lesions)
        asking.put("lesions", [_metastasis(one, volumes) for one in lesions], *_shown(view, lesions))
        asking.rest_on(*(found.reference for found in volumes.values()))
        asking.put("clusters_named", False)
        for name, segments, measurement in (
            ("right_burden_percent", "5678", "right_tumour_share"),
            ("left_burden_percent", "234", "left_tumour_share"),
        ):
            _put_share(asking, view, name, segments, measurement)
    gathered.add(asking.conclude())


def _shown(view: View, lesions: list[Lesion]) -> list[str]:
    if lesions:
        return [f"lesion/{one.id}" for one in lesions]
    return [f"exam/{entry.split('/')[0]}" for entry in view.covered("liver", *KINDS, *_PET)]


def _metastasis(lesion: Lesion, volumes: dict[str, Found]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": lesion.id}
    side = side_of(lesion)
    if side is not None:
        found["side"] = side
    if lesion.id in volumes:
        found["volume_ml"] = volumes[lesion.id].value
    return found


def _put_share(asking: Asking, view: View, name: str, segments: str, measurement: str) -> None:
    """Tumour share of a hemiliver in percent: from its segments, else as it was measured."""
    for one in liver_findings(view):
        share = _segment_share(one, segments)
        parts = [f"liver/{one.exam_key}/segment/{number}/{part}" for number in segments for part in _PARTS]
        if share is None:
            share, parts = one.number(measurement), [f"liver/{one.exam_key}/{measurement}"]
        if share is not None:
            asking.put(name, share, *parts)
            return


def _segment_share(finding: LiverFinding, names: str) -> float | None:
    segments = {one.segment: one for one in finding.segments}
    values = [
        (segments[name].parenchyma.value, segments[name].tumour.value) if name in segments else (None, None)
        for name in names
    ]
    if any(parenchyma is None or tumour is None for parenchyma, tumour in values):
        return None
    whole = sum((parenchyma or 0) + (tumour or 0) for parenchyma, tumour in values)
    return 100 * sum(tumour or 0 for _, tumour in values) / whole if whole > 0 else None


def _ask_burden(view: View, gathered: Gathered) -> None:
    asking = Asking("liver_burden")
    lesions = metastases(view)
    unsure = [one for one in view.unsure if one.compartment is Compartment.LIVER]
    if lesions and unsure:
        # Without them the share is a lower bound that reads like a share.
        asking.rest_on(*_shown(view, [*lesions, *unsure]))
        gathered.add(asking.lacking("whether the lesions left unsure are tumour"))
        return
    if lesions is not None:
        number, exact = certain_count(view, lesions)
        asking.put("count", number if exact else None, *_shown(view, lesions))
        _put_volumes(asking, view, lesions)
        sizes = [size for one in lesions if (size := largest_dimension(view, one, KINDS)) is not None]
        if lesions and len(sizes) == len(lesions):
            largest = max(sizes, key=lambda size: (size.value_mm, size.lesion))
            asking.put("largest_mm", largest.value_mm, largest.reference)
    gathered.add(asking.conclude())


def _put_volumes(asking: Asking, view: View, lesions: list[Lesion]) -> None:
    """Tumour and liver from one exam: the tumour as measured there, else the sum of the lesions."""
    findings = liver_findings(view)
    whole = [one for one in findings if one.number("whole_volume") is not None]
    measured = [one for one in whole if one.number("tumour_volume") is not None]
    chosen = next(iter(measured or whole), None)
    if chosen is not None:
        asking.put("liver_ml", chosen.number("whole_volume"), f"liver/{chosen.exam_key}/whole_volume")
    if not lesions:
        asking.put("tumour_ml", 0.0)
    elif chosen is not None and chosen.number("tumour_volume") is not None:
        asking.put("tumour_ml", chosen.number("tumour_volume"), f"liver/{chosen.exam_key}/tumour_volume")
    else:
        volumes = volumes_of(view, lesions)
        if len(volumes) == len(lesions):
            total = sum(found.value for found in volumes.values())
            asking.put("tumour_ml", total, *(found.reference for found in volumes.values()))
        else:
            asking.put("all_segmented", False)


def body_size(view: View) -> tuple[float | None, float | None, bool | None]:
    """Weight (kg), height (cm) and whether male, as the clinical file says, else the headers; None: not known."""
    person, header = view.clinical.patient, view.case.patient
    weight = person.weight_kg if person.weight_kg is not None else header.weight_kg
    height = person.height_cm if person.height_cm is not None else _centimetres(header.size_m)
    sex = person.sex or (Sex(header.sex) if header.sex in ("M", "F", "O") else None)
    return weight, height, {Sex.MALE: True, Sex.FEMALE: False}.get(sex) if sex is not None else None


def _ask_volume(view: View, gathered: Gathered) -> None:
    person = view.clinical.patient
    weight, height, male = body_size(view)
    if not view.of(Compartment.LIVER) and (weight is None or height is None or _is_elsewhere(view)):
        return
    asking = Asking("liver_volume")
    asking.put("weight_kg", weight)
    asking.put("height_cm", height)
    asking.put("male", male)
    stated = [name for name in ("weight_kg", "height_cm", "sex") if getattr(person, name) is not None]
    asking.rest_on(*(f"clinical/patient/{name}" for name in stated))
    for one in liver_findings(view):
        if "cirrhosis" in one.features:
            asking.put("cirrhosis", one.features["cirrhosis"] == "yes", f"liver/{one.exam_key}/cirrhosis")
    gathered.add(asking.conclude())


def _is_elsewhere(view: View) -> bool:
    """Whether the liver was sought on images and found on none of them: a limb, a head."""
    keys = {series.key for exam in view.exams for series in exam.series}
    readings: list[ReadingOfImages | ReadingOfPet] = [*view.case.image_readings, *view.case.readings]
    organs = [organ for one in readings if one.series_key in keys for organ in one.organs]
    livers = [organ for organ in organs if organ.name == "liver"]
    return bool(livers) and all(organ.label is None for organ in livers)


def _centimetres(size_m: float | None) -> float | None:
    return None if size_m is None else 100 * size_m


def burden_percent(gathered: Gathered) -> float | None:
    """Liver tumour burden in percent as concluded; None while it is missing."""
    found = gathered.get("liver_burden")
    if found is None or found.state is State.MISSING or "percent" not in found.parts:
        return None
    return float(found.parts["percent"])
