"""Measured contact as findings of a case, which the criteria of resectability and of operations read.

The classes and operations themselves are those of the room ``criteria``; here only their inputs are written, each with
its interval, or the reason why it is missing.
"""

from __future__ import annotations

from isletscope.criteria import VESSEL_SIGNS_BOOK, narrowing_percent
from isletscope.model import Measurement, VesselFinding, measured, missing
from isletscope.surgery.calibre import Calibre
from isletscope.surgery.contact_rules import TOLERANCES_MM
from isletscope.surgery.vessel_contact import Apart, NotAssessable, VesselContact

METHOD = "rays perpendicular to the course of the vessel, from masks of vessel and tumour"
_CLEAN = ("clean_below", "clean_above")
_WHOLE = "the whole course that the mask shows"
_INTERVAL = ("contact_low", "contact_high")
_LENGTHS = {"contact_length": "any", "contact_length_over_90": "gt90", "contact_length_over_180": "gt180"}


def vessel_finding(
    found: VesselContact | Apart | NotAssessable,
    *,
    lesion: str,
    exam_key: str,
    blood_seen: bool = False,
    outline: str = "",
) -> VesselFinding:
    """One vessel beside one lesion in one exam, under the names of the vocabulary.

    ``blood_seen``: the mask is the enhanced blood that was followed along the vessel, not a drawing, which may hold a
    thrombus: where it goes on without a break and without narrowing there is none. ``outline``: what is to be known of
    the tumour's outline, told with the angle.
    """
    if isinstance(found, NotAssessable):
        measurements = {
            "distance": missing("distance", found.because, "mm"),
            **{key: missing(key, found.because, "mm") for key in _LENGTHS},
        }
        angles = {_key(tolerance): missing("contact", found.because, "deg") for tolerance in TOLERANCES_MM}
        features: dict[str, str] = {}
    elif isinstance(found, Apart):
        measurements = {"distance": _measured("distance", found.gap_mm, "mm")}
        measurements |= {key: _measured(key, 0.0, "mm") for key in _LENGTHS}
        measurements |= {key: _measured(key, found.length_mm, "mm", _WHOLE) for key in _CLEAN}
        measurements["followed_length"] = _measured("followed_length", found.length_mm, "mm")
        said = f"on the {found.length_mm:.0f} mm of its course that the mask shows"
        angles = {_key(tolerance): _measured("contact", 0.0, "deg", said) for tolerance in TOLERANCES_MM}
        features = {"occlusion": "no", **({"thrombus": "none"} if blood_seen else {})}
    else:
        measurements, angles, features = _figures(found), _angles(found, outline), _features(found, blood_seen)
    return VesselFinding(
        lesion=lesion,
        vessel=found.vessel,
        exam_key=exam_key,
        contact_deg=angles,
        measurements=measurements,
        features=features,
    )


def teardrop(calibre: Calibre) -> bool:
    """Whether the lumen is drawn into a cusp on enough planes over enough of its length."""
    planes, length_mm = VESSEL_SIGNS_BOOK.limit("teardrop_planes"), VESSEL_SIGNS_BOOK.limit("teardrop_length")
    return calibre.cusp_planes >= planes and calibre.cusp_length_mm >= length_mm


def _angles(found: VesselContact, outline: str) -> dict[str, Measurement]:
    low, high = found.spread.degrees
    table = {}
    for tolerance, contact in found.by_tolerance.items():
        said = None
        if contact is found.contact:
            said = f"95 % interval {low:.0f} to {high:.0f} degrees; {found.neighbouring_words}"
            said = "; ".join([said, *found.notes, *([outline] if outline else [])])
        table[_key(tolerance)] = _measured("contact", contact.degrees_max, "deg", said)
    return table


def _figures(found: VesselContact) -> dict[str, Measurement]:
    low, high = found.spread.length_mm
    said = f"95 % interval {low:.0f} to {high:.0f} mm"
    if found.truncated:
        said = f"{said}; cut by the edge of the images, a lower bound"
    lengths = found.contact.length_mm
    table = {key: _measured(key, lengths[name], "mm", said) for key, name in _LENGTHS.items()}
    table |= {key: _measured(key, clean, "mm") for key, clean in zip(_CLEAN, found.clean_mm, strict=True)}
    table |= {key: _measured(key, one, "deg") for key, one in zip(_INTERVAL, found.spread.degrees, strict=True)}
    table["followed_length"] = _measured("followed_length", found.followed_mm, "mm")
    table["distance"] = _measured("distance", found.gap_mm, "mm")
    table["radius"] = _measured("radius", found.radius_mm, "mm")
    if found.filling is not None and found.filling.occluded_mm > 0:
        table["narrowing"] = _measured("narrowing", 100.0, "%", "the lumen is filled")
    elif found.calibre is not None:
        side = "reference from one side only" if found.calibre.one_sided else None
        percent = narrowing_percent(found.calibre.reference_mm, found.calibre.smallest_mm)
        table["narrowing"] = _measured("narrowing", percent, "%", side)
    return table


def _features(found: VesselContact, blood_seen: bool) -> dict[str, str]:
    """What the masks tell: a lumen without a break is patent unless a defect fills it.

    The wall is irregular where it is narrowed by the least grade or drawn into a cusp (SURG-103).
    """
    occluded = found.filling is not None and found.filling.occluded_mm > 0
    features = {"occlusion": "yes" if occluded else "no"}
    irregular = False
    if found.calibre is not None and not occluded:
        cusp = teardrop(found.calibre)
        percent = narrowing_percent(found.calibre.reference_mm, found.calibre.smallest_mm)
        irregular = cusp or percent >= VESSEL_SIGNS_BOOK.limit("narrowing_1")
        features |= {"teardrop": "yes" if cusp else "no", "contour": "irregular" if irregular else "smooth"}
    told = found.calibre is not None or found.contact.degrees_max == 0
    if blood_seen and told and not irregular and found.filling is None:
        features["thrombus"] = "none"
    return features


def _measured(name: str, value: float, unit: str, limitation: str | None = None) -> Measurement:
    return measured(name, value, unit, method=METHOD, limitation=limitation)


def _key(tolerance_mm: float) -> str:
    return f"{tolerance_mm:.1f}"
