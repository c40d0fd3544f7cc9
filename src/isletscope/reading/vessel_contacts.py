"""Contact of the primaries with the vessels around, from the masks of a reading, and its pictures.

A vessel that decides on resectability and has no mask is said to be not assessable, with the reason; where a reading
has no vessel at all nothing is said, and the conclusions ask for it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.assessment import surgery_book
from isletscope.model import (
    Case,
    Compartment,
    ExamKind,
    Lesion,
    Place,
    ReadingOfImages,
    State,
    TimePoint,
    Verdict,
    VesselFinding,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.contact_pictures import pictured_on
from isletscope.reading.kept_pictures import SCENE, keep_pictures, packed, picture_name
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.near_tumour import NearTumour, named_vessels
from isletscope.reading.outlines import Outlines
from isletscope.reading.part_by_vessels import part_by_vessels
from isletscope.reading.places import Look, Places
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import Mask, Transform
from isletscope.surgery import (
    TOLERANCES_MM,
    Apart,
    NotAssessable,
    VesselContact,
    contact_scene,
    edge_read_anew,
    vessel_contact,
    vessel_finding,
)

# Of vessels that are followed these end where they are no longer seen, not at an organ or another vessel.
_LOST_ON_THE_WAY = ("gastroduodenal_artery",)
_NO_MASK = "no mask of it was given, and it was not looked for on these images"


def measure_contacts(
    folder: CaseFolder,
    case: Case,
    source: SeriesSource,
    transforms: Mapping[str, Transform],
    results: KeptResults | None = None,
) -> None:
    """Give every time point a finding for each vessel beside each primary, on the best of its readings with vessels.

    A primary whose place is not known gets the part of the pancreas that the vessels of the first of them tell. What
    the pictures of contacts show is kept in the folder. Raises OutputError.
    """
    results = results or KeptResults()
    near = NearTumour(case, Places(case, transforms), Outlines(case, folder.path), folder, source)
    pictures: dict[str, str] = {}
    case.time_points = [
        point.model_copy(update={"vessels": _contacts(near, point, results, pictures)}) for point in case.time_points
    ]
    keep_pictures(folder.path, {name: base64.b64decode(text) for name, text in pictures.items()})


def _contacts(
    near: NearTumour, point: TimePoint, results: KeptResults, pictures: dict[str, str]
) -> list[VesselFinding]:
    """The findings of a time point; what their pictures show is added to ``pictures``, by name in base 64."""
    found: list[VesselFinding] = []
    for lesion in near.case.lesions:
        if lesion.compartment is not Compartment.PANCREAS or lesion.verdict is Verdict.PHYSIOLOGIC:
            continue
        chosen = near.reading_of(lesion, point)
        if chosen is None:
            continue
        reading, look = chosen
        named = ["vessels", lesion.id, look.focus.id, look.grid_key, reading.series_key]
        kept = results.of(named, partial(_measured, near, lesion, reading, look))
        found += [VesselFinding.model_validate(one) for one in kept["vessels"]]
        pictures |= kept["pictures"]
        if not lesion.place.region and kept["place"]:
            lesion.place = Place.model_validate(kept["place"])
    return found


def _measured(about: NearTumour, lesion: Lesion, reading: ReadingOfImages, look: Look) -> dict[str, Any]:
    """The findings, their pictures and the place, ready for JSON; none when the outlines are gone."""
    near = about.near(lesion, reading, look)
    if near is None:
        return {"vessels": [], "place": None, "pictures": {}}
    missing = {one.name: one.missing_because or _NO_MASK for one in reading.structures if one.label is None}
    followed = {one.name for one in reading.structures if one.state is State.DERIVED}
    tumour, outline = _edge(about, near.tumour, near.lumina, reading)
    found: list[VesselContact | Apart | NotAssessable] = []
    for name in named_vessels():
        vessel = near.vessels.get(name)
        if vessel is None:
            if name in surgery_book().deciding_vessels:
                found.append(NotAssessable(name, missing.get(name, _NO_MASK)))
            continue
        one = vessel_contact(vessel, tumour, name=name, others=near.lumina, defect=near.thrombus)
        found.append(_open_ended(one) if name in followed else one)
    written = [
        vessel_finding(
            one, lesion=lesion.id, exam_key=reading.exam_key, blood_seen=one.vessel in followed, outline=outline
        )
        for one in found
    ]
    place = part_by_vessels(tumour, near.vessels)
    views = [*pictured_on(about, lesion, reading, found, tumour)]
    pictures = {name: base64.b64encode(packed(view)).decode("ascii") for name, view in views}
    scene = contact_scene(tumour, near.vessels) if views else None
    if scene is not None:
        name = picture_name(lesion.id, SCENE, reading.exam_key)
        pictures[name] = base64.b64encode(packed(scene)).decode("ascii")
    return {
        "vessels": [one.model_dump(mode="json") for one in written],
        "place": None if place is None else place.model_dump(mode="json"),
        "pictures": pictures,
    }


def _edge(about: NearTumour, tumour: Mask, lumina: npt.NDArray[np.bool_], reading: ReadingOfImages) -> tuple[Mask, str]:
    """The tumour with its edge read anew on the phases of a CT, and what to tell of the outline."""
    if reading.kind is not ExamKind.CT:
        return tumour, ""
    phases = about.phases(reading, tumour.geometry)
    read = edge_read_anew(tumour, lumina, phases)
    if read.because:
        return tumour, f"outline as it was found, not read anew: {read.because}"
    before, after = tumour.volume_ml, read.mask.volume_ml
    return (
        read.mask,
        f"edge of the tumour read anew on {len(phases)} phases: {after:.1f} mL, before {before:.1f} mL",
    )


def _open_ended(one: VesselContact | Apart | NotAssessable) -> VesselContact | Apart | NotAssessable:
    """A vessel that is lost on its way into the gland is not free of the tumour because its first part is."""
    if one.vessel not in _LOST_ON_THE_WAY or isinstance(one, NotAssessable):
        return one
    if isinstance(one, VesselContact) and one.by_tolerance[max(TOLERANCES_MM)].degrees_max > 0:
        return one
    length_mm = one.length_mm if isinstance(one, Apart) else one.followed_mm
    return NotAssessable(one.vessel, f"it was followed for {length_mm:.0f} mm; where it ends was not found")
