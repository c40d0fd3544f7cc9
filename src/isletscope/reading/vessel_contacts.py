"""Contact of the primaries with the vessels around, and the part of the pancreas by them, from the masks of a reading.

A vessel that decides on resectability and has no mask is said to be not assessable, with the reason; where a reading
has no vessel at all nothing is said, and the conclusions ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.assessment import surgery_book
from isletscope.errors import IsletscopeError
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
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.label_maps import read_label_map
from isletscope.reading.outlines import Outlines
from isletscope.reading.places import Look, Places, grid_of
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import (
    Geometry,
    Mask,
    Transform,
    bounding_box,
    carried_mask,
    cropped_geometry,
    label_components,
    resample,
)
from isletscope.surgery import (
    KNOWN_BY,
    Apart,
    NotAssessable,
    VesselContact,
    edge_read_anew,
    part_of_pancreas,
    vessel_contact,
    vessel_finding,
)

_TRUNK = ("superior_mesenteric_vein", "portal_vein")
# Great vessels that have an outline as organs where no lumen was found.
_GREAT = ("aorta", "inferior_vena_cava")
# Of vessels that are followed these end where they are no longer seen, not at an organ or another vessel.
_LOST_ON_THE_WAY = ("gastroduodenal_artery",)
_AROUND_MM = 80.0
_OUTSIDE_HU = -1000.0
_NO_MASK = "no mask of it was given, and it was not looked for on these images"


def measure_contacts(
    folder: CaseFolder,
    case: Case,
    source: SeriesSource,
    transforms: Mapping[str, Transform],
    results: KeptResults | None = None,
) -> None:
    """Give every time point a finding for each vessel beside each primary, on the best of its readings with vessels.

    A primary whose place is not known gets the part of the pancreas that the vessels of the first of them tell.
    """
    results = results or KeptResults()
    beside = _Beside(case, Places(case, transforms), Outlines(case, folder.path), folder, source)
    case.time_points = [
        point.model_copy(update={"vessels": _contacts(beside, point, results)}) for point in case.time_points
    ]


def _contacts(beside: _Beside, point: TimePoint, results: KeptResults) -> list[VesselFinding]:
    found: list[VesselFinding] = []
    for lesion in beside.case.lesions:
        if lesion.compartment is not Compartment.PANCREAS or lesion.verdict is Verdict.PHYSIOLOGIC:
            continue
        chosen = beside.reading_of(lesion, point)
        if chosen is None:
            continue
        reading, look = chosen
        named = ["vessels", lesion.id, look.focus.id, look.grid_key, reading.series_key]
        kept = results.of(named, partial(beside.measured, lesion, reading, look))
        found += [VesselFinding.model_validate(one) for one in kept["vessels"]]
        if not lesion.place.region and kept["place"]:
            lesion.place = Place.model_validate(kept["place"])
    return found


@dataclass(frozen=True)
class _Near:
    """Masks about one tumour on one grid: the tumour, by name the lumina of vessels, and a thrombus in any of them."""

    tumour: Mask
    vessels: Mapping[str, Mask]
    thrombus: Mask | None


@dataclass(frozen=True)
class _Beside:
    """Looks up masks of tumours and vessels of a case."""

    case: Case
    places: Places
    outlines: Outlines
    folder: CaseFolder
    source: SeriesSource

    def reading_of(self, lesion: Lesion, point: TimePoint) -> tuple[ReadingOfImages, Look] | None:
        """The reading with vessels that outlines the lesion itself, CT first; else one that its outline reaches."""
        readings = [one for one in self.case.image_readings if one.exam_key in point.exam_keys and one.structure_map]
        looks = [one for one in self.places.looks(lesion) if not one.no_outline and one.exam.key in point.exam_keys]
        anatomical = [one for one in looks if one.kind in (ExamKind.CT, ExamKind.MRI)]
        pairs = [
            (reading.series_key != look.grid_key, reading.kind is not ExamKind.CT, number, reading, look)
            for reading in readings
            for number, look in enumerate(anatomical)
            if self.places.between(look.grid_key, reading.series_key) is not None
        ]
        if not pairs:
            return None
        _, _, _, reading, look = min(pairs, key=lambda one: one[:3])
        return reading, look

    def measured(self, lesion: Lesion, reading: ReadingOfImages, look: Look) -> dict[str, Any]:
        """The findings and the place, ready for JSON; none when the outlines are gone."""
        near = self._near(lesion, reading, look)
        if near is None:
            return {"vessels": [], "place": None}
        missing = {one.name: one.missing_because or _NO_MASK for one in reading.structures if one.label is None}
        lumina = _union([one.array for one in near.vessels.values()], near.tumour.geometry)
        tumour, outline = self._edge(near.tumour, lumina, reading)
        followed = {one.name for one in reading.structures if one.state is State.DERIVED}
        found: list[VesselContact | Apart | NotAssessable] = []
        for name in _named():
            vessel = near.vessels.get(name)
            if vessel is None:
                if name in surgery_book().deciding_vessels:
                    found.append(NotAssessable(name, missing.get(name, _NO_MASK)))
                continue
            one = vessel_contact(vessel, tumour, name=name, others=lumina, defect=near.thrombus)
            found.append(_open_ended(one) if isinstance(one, Apart) and name in followed else one)
        written = [
            vessel_finding(
                one, lesion=lesion.id, exam_key=reading.exam_key, blood_seen=one.vessel in followed, outline=outline
            )
            for one in found
        ]
        place = _place(tumour, near.vessels)
        return {
            "vessels": [one.model_dump(mode="json") for one in written],
            "place": None if place is None else place.model_dump(mode="json"),
        }

    def _edge(self, tumour: Mask, lumina: npt.NDArray[np.bool_], reading: ReadingOfImages) -> tuple[Mask, str]:
        """The tumour with its edge read anew on the phases of a CT, and what to tell of the outline."""
        if reading.kind is not ExamKind.CT:
            return tumour, ""
        phases = self._phases(reading, tumour.geometry)
        read = edge_read_anew(tumour, lumina, phases)
        if read.because:
            return tumour, f"outline as it was found, not read anew: {read.because}"
        before, after = tumour.volume_ml, read.mask.volume_ml
        return (
            read.mask,
            f"edge of the tumour read anew on {len(phases)} phases: {after:.1f} mL, before {before:.1f} mL",
        )

    def _phases(self, reading: ReadingOfImages, grid: Geometry) -> list[npt.NDArray[np.float32]]:
        """The series of a CT reading on a grid of its frame, HU; those that form no volume are left out."""
        found = []
        for key in reading.series_keys:
            if not self.places.same_frame(key, reading.series_key):
                continue
            with suppress(IsletscopeError, KeyError):  # a case whose scanner files are gone has kept volumes alone
                found.append(resample(self.source.volume(key), grid, outside=_OUTSIDE_HU).array)
        return found

    def _near(self, lesion: Lesion, reading: ReadingOfImages, look: Look) -> _Near | None:
        grid = grid_of(self.case.series(reading.series_key))
        path = self.folder.path / str(reading.structure_map)
        tumour = None if grid is None else self._tumour(lesion, reading, look, grid)
        if grid is None or tumour is None or not path.is_file():
            return None
        inner = bounding_box(tumour.array)
        if inner is None:
            return None
        box = inner.grown(_AROUND_MM, grid)
        geometry = cropped_geometry(grid, box)
        labels = read_label_map(path)[box.slices]
        numbers = {one.name: one.label for one in reading.structures if one.label is not None}
        vessels = {name: Mask(labels == numbers[name], geometry, name=name) for name in _named() if name in numbers}
        for name in _GREAT:
            organ = self.outlines.organ(reading.series_key, name, box) if name not in vessels else None
            if organ is not None:
                vessels[name] = organ
        thrombus = Mask(labels == numbers["thrombus"], geometry) if "thrombus" in numbers else None
        if thrombus is not None:
            vessels = _with_thrombus(vessels, thrombus)
        lumina = _union([one.array for one in vessels.values()], geometry)
        if thrombus is not None:
            # Carried on through the wall: else the wall's voxels would thin out what fills the lumen right up to it.
            beyond = ndimage.binary_dilation(thrombus.array) & ~lumina
            thrombus = replace(thrombus, array=thrombus.array | beyond)
        inside = tumour.array[box.slices] & ~lumina
        return _Near(Mask(inside, geometry, name=lesion.id), vessels, thrombus)

    def _tumour(self, lesion: Lesion, reading: ReadingOfImages, look: Look, grid: Geometry) -> Mask | None:
        outlined = self.outlines.of(look, lesion.compartment)
        pair = self.places.between(look.grid_key, reading.series_key)
        if outlined is None or pair is None:
            return None
        return carried_mask(outlined.mask, pair[0], grid, pair[1])


def _open_ended(one: Apart) -> Apart | NotAssessable:
    """A vessel that is lost on its way into the gland is not free of the tumour because its first part is."""
    if one.vessel not in _LOST_ON_THE_WAY:
        return one
    return NotAssessable(one.vessel, f"it was followed for {one.length_mm:.0f} mm; where it ends was not found")


def _with_thrombus(vessels: Mapping[str, Mask], thrombus: Mask) -> dict[str, Mask]:
    """The vessels with the thrombus that lies in them: each piece belongs to the vessel it has most of its border with.

    A voxel of the structure map holds one label, so a drawn thrombus has taken its voxels from the vessel.
    """
    filled = dict(vessels)
    pieces, count = label_components(thrombus.array)
    for number in range(1, count + 1):
        piece = pieces == number
        rim = ndimage.binary_dilation(piece) & ~piece
        shared = {name: int(np.count_nonzero(rim & one.array)) for name, one in vessels.items()}
        owner = max(shared, key=shared.__getitem__, default="")
        if shared.get(owner):
            filled[owner] = replace(filled[owner], array=filled[owner].array | piece)
    return filled


def _place(tumour: Mask, vessels: Mapping[str, Mask]) -> Place | None:
    """The part of the pancreas by the mesenteric and portal vein and the aorta; None where one of them has no mask."""
    trunk = [vessels[name].array for name in _TRUNK if name in vessels]
    if not trunk or "aorta" not in vessels:
        return None
    vein = Mask(_union(trunk, tumour.geometry), tumour.geometry)
    part = part_of_pancreas(tumour, vein, vessels["aorta"])
    return None if part is None else Place(region=part.region, second_region=part.second_region, known_by=KNOWN_BY)


def _named() -> tuple[str, ...]:
    """The vessels that the surgical criteria know, by their name in the findings."""
    return (*surgery_book().vessels, *surgery_book().other_vessels)


def _union(masks: list[npt.NDArray[np.bool_]], geometry: Geometry) -> npt.NDArray[np.bool_]:
    total = np.zeros(geometry.shape, dtype=bool)
    for one in masks:
        total |= one
    return total
