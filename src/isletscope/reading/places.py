"""Where the lesions of a case lie on its series: own foci, and places carried over through the alignments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import hypot

import numpy as np

from isletscope.assessment import KIND_OF_TRACER
from isletscope.model import Alignment, Case, Exam, ExamKind, Focus, Lesion, ReadingOfImages, ReadingOfPet, Role, Series
from isletscope.spatial import Geometry, Transform, points_between

Point = tuple[float, float, float]
_NOT_DIAGNOSTIC = {Role.CT_LOW_DOSE}


@dataclass(frozen=True)
class Look:
    """A focus of a lesion, with the reading that holds it; ``grid_key``: the series whose grid its label map has."""

    exam: Exam
    kind: ExamKind
    grid_key: str
    focus: Focus
    foci_map: str | None

    @property
    def no_outline(self) -> str:
        """Why its outline does not hold (a volume that could not be told); empty when it does."""
        volume = self.focus.measurements.get("volume")
        return volume.missing_because or "" if volume is not None and volume.value is None else ""

    @property
    def mask(self) -> str:
        """Path of its outline inside the case folder, with #label; empty when there is no map."""
        return f"{self.foci_map}#{self.focus.label}" if self.foci_map else ""


@dataclass(frozen=True)
class Places:
    """The foci of a case by lesion, and the mappings between its frames. ``transforms`` by series key."""

    case: Case
    transforms: Mapping[str, Transform]

    @cached_property
    def _foci(self) -> dict[str, Look]:
        found: dict[str, Look] = {}
        for pet in self.case.readings:
            kind = KIND_OF_TRACER.get(pet.tracer_class)
            if kind is not None:
                found |= self._looks(pet, kind)
        for images in self.case.image_readings:
            found |= self._looks(images, images.kind)
        return found

    def _looks(self, reading: ReadingOfPet | ReadingOfImages, kind: ExamKind) -> dict[str, Look]:
        exam = self.case.exam_of(reading.series_key)
        return {one.id: Look(exam, kind, reading.series_key, one, reading.foci_map) for one in reading.foci}

    def looks(self, lesion: Lesion) -> list[Look]:
        """The foci of a lesion in all exams."""
        return [self._foci[focus_id] for focus_id in lesion.focus_ids if focus_id in self._foci]

    def own(self, lesion: Lesion, exam: Exam, kind: ExamKind) -> list[Look]:
        """The foci of a lesion on one kind of images of one exam, the largest first."""
        found = [one for one in self.looks(lesion) if one.exam.key == exam.key and one.kind is kind]
        return sorted(found, key=lambda one: -_size(one.focus))

    def same_frame(self, first: str, second: str) -> bool:
        """Whether two series lie in one frame of reference of one exam, so that points are the same in both."""
        if first == second:
            return True
        one, other = self.case.series(first), self.case.series(second)
        if not one.frame_of_reference_uid or one.frame_of_reference_uid != other.frame_of_reference_uid:
            return False
        return self.case.exam_of(first).key == self.case.exam_of(second).key

    def joined(self, first: str, second: str) -> bool:
        """Whether points can be carried between the frames of two series; no field of displacements is read for it."""
        return self.same_frame(first, second) or (first in self.transforms and second in self.transforms)

    def between(self, first: str, second: str) -> tuple[Transform, Transform] | None:
        """The mappings of the frames of two series; None when one of them could not be aligned."""
        if self.same_frame(first, second):
            return Transform.identity(), Transform.identity()
        if first in self.transforms and second in self.transforms:
            return self.transforms[first], self.transforms[second]
        return None

    def carried(self, point: Point, first: str, second: str) -> Point | None:
        """A point (LPS mm) of the first series' frame in the frame of the second; None when not aligned."""
        pair = self.between(first, second)
        if pair is None:
            return None
        x, y, z = (float(v) for v in points_between(np.asarray([point]), *pair)[0])
        return x, y, z

    def uncertainty_mm(self, first: str, second: str) -> float:
        """What remains between two frames, mm: both alignments' uncertainties, added as independent errors."""
        if self.same_frame(first, second):
            return 0.0
        return hypot(self._uncertainty(first), self._uncertainty(second))

    def _uncertainty(self, key: str) -> float:
        found = self._alignment(key)
        return 0.0 if found is None or found.uncertainty_mm is None else found.uncertainty_mm

    def _alignment(self, key: str) -> Alignment | None:
        return next((one for one in self.case.alignments if key == one.series_key or key in one.series_keys), None)

    def not_aligned(self, first: str, second: str) -> str:
        """Why points cannot be carried between two series, in words."""
        for key in (first, second):
            found = self._alignment(key)
            if key not in self.transforms:
                why = found.because if found is not None and found.because else "it was not aligned"
                return f"the alignment of {self.case.exam_of(key).title} ({key}) is not usable: {why}"
        return ""


def all_readings(case: Case) -> list[ReadingOfPet | ReadingOfImages]:
    """The readings of CT and MR, then those of PET."""
    return [*case.image_readings, *case.readings]


def _size(focus: Focus) -> float:
    volume = focus.measurements.get("volume")
    return volume.value if volume is not None and volume.value is not None else 0.0


def grid_of(series: Series) -> Geometry | None:
    """The voxel grid of a series; None when it forms no volume."""
    grid = series.grid
    if grid is None or not series.usable:
        return None
    return Geometry(grid.shape_kji, grid.spacing_kji_mm, grid.origin_lps_mm, grid.axes_lps)


def series_of(exam: Exam, kind: ExamKind) -> list[Series]:
    """The series of an exam that count as that kind of images."""
    usable = [one for one in exam.series if one.usable]
    if kind is ExamKind.CT:
        return [one for one in usable if one.role.value.startswith("ct_") and one.role not in _NOT_DIAGNOSTIC]
    if kind is ExamKind.MRI:
        return [one for one in usable if one.role.value.startswith("mr_")]
    return [
        one
        for one in usable
        if one.role is Role.PET and one.tracer is not None and KIND_OF_TRACER.get(one.tracer.tracer_class) is kind
    ]
