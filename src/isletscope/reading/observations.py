"""What every exam says of every lesion: seen, not seen, not covered, or not assessable, with the reason.

A lesion with a focus of its own on the images is seen. Without one, its place is carried over from where it was seen:
on a PET, where every uptake is sought, it is then not seen; on CT and MR only where somebody looked at that place. What
could not be looked at is never said to be free of the lesion.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.assessment import ANATOMICAL, kinds_of
from isletscope.model import (
    MEASUREMENTS,
    Case,
    Compartment,
    Exam,
    ExamKind,
    Fate,
    Lesion,
    Measurement,
    Observation,
    ReadingOfImages,
    ReadingOfPet,
    Series,
    Source,
    Visibility,
)
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.label_maps import read_label_map
from isletscope.reading.places import Look, Places, Point, grid_of, series_of
from isletscope.spatial import Box, Mask, Transform, cropped_geometry

# Names of a focus's measurements that differ from those of findings.
_RENAMED = {"suv_peak_global": "suv_peak"}
_COMPARTMENTS = {one.value: one for one in Compartment}
_GONE = {Fate.MERGED: "merged into {}", Fate.SPLIT: "split into {}"}


def observe(
    case: Case,
    transforms: Mapping[str, Transform] | None = None,
    folder: Path | None = None,
    results: KeptResults | None = None,
) -> None:
    """Give every lesion its compartment and one observation for each exam and kind that says something of it.

    ``transforms``: mappings of the aligned series; None where nothing was aligned: then only foci are told, and nothing
    is said of the other exams. ``folder``: the case folder, for the label maps of the foci; without it a lesion whose
    place lies in another focus of a PET counts as not seen there. ``results``: what was told of places before.
    """
    places = Places(case, transforms or {})
    maps = _LabelMaps(folder, results or KeptResults())
    for lesion in case.lesions:
        _set_compartment(lesion, places)
        found = [
            _observation(places, maps, lesion, exam, kind, aligned=transforms is not None)
            for exam in case.exams
            for kind in kinds_of(exam)
        ]
        lesion.observations = [one for one in found if one is not None]


def _set_compartment(lesion: Lesion, places: Places) -> None:
    looks = places.looks(lesion)
    if looks and lesion.compartment is Compartment.OTHER:
        lesion.compartment = _COMPARTMENTS.get(looks[0].focus.site_code, Compartment.OTHER)


def _observation(
    places: Places, maps: _LabelMaps, lesion: Lesion, exam: Exam, kind: ExamKind, *, aligned: bool
) -> Observation | None:
    own = places.own(lesion, exam, kind)
    if own:
        return _seen(own, maps.sizes_of_all(own, places.case.series(own[0].grid_key)) if kind in ANATOMICAL else {})
    looks = places.looks(lesion)
    if not aligned or not looks:
        return None
    gone = _gone(places.case, lesion, exam)
    if gone:
        return Observation(exam_key=exam.key, kind=kind, visibility=Visibility.NOT_SEEN, because=gone)
    visibility, because, key = _looked_at(places, maps, lesion, exam, kind)
    return Observation(exam_key=exam.key, kind=kind, series_key=key, visibility=visibility, because=because)


def _seen(own: list[Look], sizes: Mapping[str, Measurement]) -> Observation:
    """The largest of its foci there; further foci of the same lesion are named. ``sizes``: of all pieces together."""
    look = own[0]
    named = {_RENAMED.get(name, name): value for name, value in look.focus.measurements.items()}
    others = ", ".join(one.focus.id for one in own[1:])
    because = f"measured on its largest focus; also {others}" if others else ""
    if sizes:
        because = f"size of all its pieces together, else measured on its largest, {look.focus.id}; also {others}"
    return Observation(
        exam_key=look.exam.key,
        kind=look.kind,
        series_key=look.focus.series_key,
        visibility=Visibility.SEEN,
        because=because,
        measurements={name: value for name, value in (named | dict(sizes)).items() if name in MEASUREMENTS},
        features={} if look.kind in ANATOMICAL else {"uptake_visible": "yes"},
        mask=look.mask,
    )


def _gone(case: Case, lesion: Lesion, exam: Exam) -> str:
    """Whether the lesion is part of others at that moment, in words; empty when it is not."""
    point = next((one.name for one in case.time_points if exam.key in one.exam_keys), None)
    course = next((one for one in lesion.course if one.time_point == point), None)
    if course is None or course.fate not in _GONE or course.focus_ids:
        return ""
    if course.fate is Fate.MERGED:
        return _GONE[course.fate].format(lesion.merged_into or "another lesion")
    parts = [one.id for one in case.lesions if one.split_from == lesion.id]
    return _GONE[course.fate].format(" and ".join(parts) or "others")


def _looked_at(
    places: Places, maps: _LabelMaps, lesion: Lesion, exam: Exam, kind: ExamKind
) -> tuple[Visibility, str, str]:
    """What can be said of the lesion's place there: visibility, because, and the series that shows the place."""
    where = ["places", lesion.id, lesion.focus_ids, exam.key, kind.value]
    there, why = maps.results.of(where, lambda: places_on(places, lesion, series_of(exam, kind)))
    if not there:
        covered_elsewhere = why or "its place lies outside the images"
        return (Visibility.NOT_ASSESSABLE if why else Visibility.NOT_COVERED), covered_elsewhere, ""
    key, point = there[0]
    if kind in ANATOMICAL:
        reading = next(
            (one for one in places.case.image_readings if (one.exam_key, one.kind) == (exam.key, kind)), None
        )
        return _on_anatomy(lesion, reading, key)
    pet = next((one for one in places.case.readings if one.series_key == key), None)
    if pet is None:
        return Visibility.NOT_ASSESSABLE, "the PET was not read", key
    return _on_pet(places.case, maps, pet, point, key)


def places_on(places: Places, lesion: Lesion, series: list[Series]) -> tuple[list[tuple[str, Point]], str]:
    """Series that hold the lesion's place, with that place (LPS mm); and why none could be told to, where none could.

    The place is carried from the look in the exam nearest in time whose frame could be aligned.
    """
    found, why = [], ""
    for one in series:
        grid = grid_of(one)
        for look in nearest_looks(places, lesion, one.key):
            point = places.carried(look.focus.centroid_lps_mm, look.grid_key, one.key)
            if point is None:
                why = why or places.not_aligned(look.grid_key, one.key)
                continue
            why = ""
            if grid is not None and grid.contains(point):
                found.append((one.key, point))
            break
    return found, "" if found else why


def nearest_looks(places: Places, lesion: Lesion, series_key: str) -> list[Look]:
    """The looks of a lesion, those in the exam nearest in time to a series first."""
    day = places.case.exam_of(series_key).date or ""
    return sorted(places.looks(lesion), key=lambda one: (_days(one.exam.date or "", day), one.grid_key))


@cache
def _days(first: str, second: str) -> int:
    if not first or not second:
        return 10**6
    return abs((date.fromisoformat(first) - date.fromisoformat(second)).days)


def _on_anatomy(lesion: Lesion, reading: ReadingOfImages | None, key: str) -> tuple[Visibility, str, str]:
    if reading is None:
        return Visibility.NOT_ASSESSABLE, "these images were not read", key
    said = reading.looked_for.get(lesion.id)
    if lesion.id in reading.undecided:
        return Visibility.NOT_ASSESSABLE, reading.undecided[lesion.id], key
    if said is None:
        open_question = reading.undecided.get(lesion.id, "its place was not looked at on these images")
        return Visibility.NOT_ASSESSABLE, open_question, key
    return Visibility.NOT_SEEN, said, key


def _on_pet(case: Case, maps: _LabelMaps, pet: ReadingOfPet, point: Point, key: str) -> tuple[Visibility, str, str]:
    """Not seen, unless another focus lies over its place: uptake there may be its own or the other's."""
    label = maps.label_at(pet, case.series(key), point)
    focus = next((one for one in pet.foci if label and one.label == label), None)
    if focus is None:
        return Visibility.NOT_SEEN, "no uptake stands out at its place", key
    owner = next((one.id for one in case.lesions if focus.id in one.focus_ids), "")
    named = owner or f"{focus.site} ({focus.verdict.value})"
    return Visibility.NOT_ASSESSABLE, f"its place lies within the uptake of {named}", key


def _dumped(measurements: Mapping[str, Measurement]) -> dict[str, Any]:
    return {name: one.model_dump(mode="json") for name, one in measurements.items()}


class _LabelMaps:
    """Label maps of foci, each read once."""

    def __init__(self, folder: Path | None, results: KeptResults) -> None:
        self.results = results
        self._folder = folder
        self._maps: dict[str, npt.NDArray[Any] | None] = {}

    def label_at(self, pet: ReadingOfPet, series: Series, point: Point) -> int:
        """The label at a point (LPS mm); 0 outside all foci and where there is no map."""
        found: int = self.results.of(["label at", pet.series_key, point], lambda: self._label_at(pet, series, point))
        return found

    def _label_at(self, pet: ReadingOfPet, series: Series, point: Point) -> int:
        grid, labels = grid_of(series), self._labels(pet.foci_map)
        if grid is None or labels is None:
            return 0
        k, j, i = (int(v) for v in np.clip(np.rint(grid.to_index(point)), 0, np.asarray(grid.shape) - 1))
        return int(labels[k, j, i])

    def sizes_of_all(self, own: list[Look], series: Series) -> dict[str, Measurement]:
        """Sizes of the foci of one reading together: lesions that have coalesced are measured as one (RECIST 1.1).

        Empty for a single focus, without label map, and where the size of one of them could not be told.
        """
        if len(own) < 2:
            return {}
        named = ["size of all", [one.focus.id for one in own]]
        kept = self.results.of(named, lambda: _dumped(self._sizes_of_all(own, series)))
        return {name: Measurement.model_validate(one) for name, one in kept.items()}

    def _sizes_of_all(self, own: list[Look], series: Series) -> dict[str, Measurement]:
        # What measures pixels is loaded where they are measured: most edits measure none.
        from isletscope.lesions import sizes_of

        first = own[0]
        grid, labels = grid_of(series), self._labels(first.foci_map)
        if grid is None or labels is None or labels.shape != grid.shape or any(one.no_outline for one in own):
            return {}
        together = np.isin(labels, [one.focus.label for one in own if one.foci_map == first.foci_map])
        inside = scipy.ndimage.find_objects(together.astype(np.uint8))
        if not inside:
            return {}
        start, stop = tuple(part.start for part in inside[0]), tuple(part.stop for part in inside[0])
        box = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
        source = Source(mask=first.mask, note=f"with {', '.join(one.focus.id for one in own[1:])}")
        return sizes_of(Mask(together[box.slices], cropped_geometry(grid, box)), source, None)

    def _labels(self, name: str | None) -> npt.NDArray[Any] | None:
        if self._folder is None or name is None:
            return None
        if name not in self._maps:
            path = self._folder / name
            self._maps[name] = np.asarray(read_label_map(path)) if path.is_file() else None
        return self._maps[name]
