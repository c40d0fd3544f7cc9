"""Volumes of liver, tumour and segments on each CT and MR, and the segment of each lesion of the liver.

The liver includes its tumours (SURG-302). What a cut-off liver, a lesion without an outline or a liver without segments
does not tell is missing, with the reason. After an earlier hepatectomy only segments that were given count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from isletscope.assessment import View, has_earlier_hepatectomy, views
from isletscope.model import (
    Case,
    Compartment,
    ExamKind,
    Lesion,
    LiverFinding,
    Measurement,
    Place,
    ReadingOfImages,
    SegmentVolume,
    measured,
    missing,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.liver_drawn import Liver, LiverDrawn, Region, Tumours
from isletscope.spatial import Transform
from isletscope.surgery import LiverMap, SegmentSource, is_guessed, segment_rules, with_tumours

CUT_OFF = "the liver is cut off by the field of view"
RESECTED = "a part of the liver was removed before; give a map of its segments"
_METHOD = "voxels of its outline"
_SIDES = {1: "caudate", **dict.fromkeys((2, 3, 4), "left"), **dict.fromkeys((5, 6, 7, 8), "right")}
_HEMILIVERS = {"right_tumour_share": (5, 6, 7, 8), "left_tumour_share": (2, 3, 4)}
_NOT_EXACT = {
    SegmentSource.VEINS: "planes through the veins: a segment can be off by more than a tenth",
    SegmentSource.LANDMARKS: "planes through landmarks and typical shares: a segment can be off by a third",
}


def measure_livers(
    folder: CaseFolder, case: Case, transforms: Mapping[str, Transform], results: KeptResults | None = None
) -> None:
    """Give every time point a finding of the liver for each exam that outlines it, and every lesion its segment.

    ``transforms``: mappings of the aligned series. A place that a lesion has already stays.
    """
    results = results or KeptResults()
    livers = _Livers(case, LiverDrawn(case, folder.path, transforms), results)
    points = []
    for view in views(case):
        livers.place_lesions(view)
        points.append(view.point.model_copy(update={"liver": livers.findings(view)}))
    case.time_points = points


@dataclass(frozen=True)
class _Livers:
    """Measures the livers of a case."""

    case: Case
    drawn: LiverDrawn
    results: KeptResults

    def findings(self, view: View) -> list[LiverFinding]:
        """One finding for each exam that outlines the liver: on CT where it has both, with segments where one has."""
        best: dict[str, ReadingOfImages] = {}
        for reading in sorted(self.drawn.readings(view.point.exam_keys), key=_rank):
            best.setdefault(reading.exam_key, reading)
        certain, unsure = view.of(Compartment.LIVER), _unsure(view)
        resected = has_earlier_hepatectomy(view)
        found = []
        for reading in best.values():
            named = [reading.series_key, _named(certain), _named(unsure), resected]
            kept = self.results.of(
                ["liver", *named], partial(self._measured, reading, certain, unsure, resected=resected)
            )
            found += [LiverFinding.model_validate(kept)] if kept else []
        return found

    def place_lesions(self, view: View) -> None:
        """Segment and side of the lesions of the liver that no place is known of."""
        readings = [one for one in self.drawn.readings(view.point.exam_keys) if one.segment_map]
        resected = has_earlier_hepatectomy(view)
        for lesion in [*view.of(Compartment.LIVER), *_unsure(view)]:
            usable = [one for one in readings if self.drawn.reaches(one, lesion) and not _unfit(one, resected)]
            if lesion.place.region or lesion.place.side or not usable:
                continue
            reading = min(usable, key=lambda one: (not self.drawn.outlines(one, lesion), _rank(one)))
            named = ["segment", lesion.id, lesion.focus_ids, reading.series_key]
            kept = self.results.of(named, partial(self._placed, reading, lesion))
            if kept:
                lesion.place = Place.model_validate(kept)

    def _measured(
        self, reading: ReadingOfImages, certain: list[Lesion], unsure: list[Lesion], *, resected: bool
    ) -> dict[str, Any] | None:
        """The finding, ready for JSON; None when the outline of the liver is gone."""
        liver = self.drawn.liver(reading)
        if liver is None:
            return None
        tumours = self.drawn.tumours(liver, certain)
        volumes = _Volumes(liver, tumours, tuple(one.id for one in unsure))
        segments = self.drawn.segments(liver)
        because = _no_segments(reading, resected)
        finding = LiverFinding(
            exam_key=reading.exam_key,
            series_key=reading.series_key,
            measurements=volumes.whole(),
            segments_because=because if segments is None or because else reading.segments_because,
        )
        if segments is not None and not because:
            finding.segments_from = segments.source.value
            finding.segment_map = reading.segment_map or ""
            finding.segments = volumes.by_segment(segments)
            finding.measurements |= volumes.shares(segments)
        return finding.model_dump(mode="json")

    def _placed(self, reading: ReadingOfImages, lesion: Lesion) -> dict[str, Any] | None:
        """The place of a lesion, ready for JSON: of segments that are guessed only its side."""
        liver = self.drawn.liver(reading)
        segments = None if liver is None else self.drawn.segments(liver)
        if liver is None or segments is None:
            return None
        regions = self.drawn.tumours(liver, [lesion]).regions
        place = with_tumours(segments, regions).place(lesion.id) if regions else None
        if place is None:
            return None
        known_by = f"segments from {segments.source.value}"
        side = _SIDES[place.segment]
        if is_guessed(segments.source):
            return Place(side=side, known_by=known_by).model_dump(mode="json")
        least = segment_rules().second_segment_percent.value / 100 * place.volume_ml
        others = {n: volume for n, volume in place.by_segment_ml.items() if n != place.segment and volume >= least}
        second = str(max(others, key=others.__getitem__)) if others else ""
        found = Place(region=str(place.segment), second_region=second, side=side, known_by=known_by)
        return found.model_dump(mode="json")


@dataclass(frozen=True)
class _Volumes:
    """Volumes of one liver with its tumours. ``unsure``: lesions that count neither as tumour nor as none."""

    liver: Liver
    tumours: Tumours
    unsure: tuple[str, ...]

    @property
    def _tumour(self) -> Region:
        total = np.zeros(self.liver.mask.array.shape, dtype=bool)
        for region in self.tumours.regions.values():
            total |= region
        return total

    @property
    def _lacking(self) -> str:
        """Why the tumour has no volume here; empty when it has one."""
        if self.liver.cut_off:
            return CUT_OFF
        if self.tumours.lost:
            return f"without an outline on these images: {', '.join(self.tumours.lost)}"
        if self.unsure and not self.tumours.regions:
            return f"lesions of the liver are left unsure: {', '.join(self.unsure)}"
        return ""

    @property
    def _limits(self) -> str | None:
        carried, unsure = ", ".join(self.tumours.carried), ", ".join(self.unsure)
        told = [f"outline carried over from another exam: {carried}"] if carried else []
        told += [f"without lesions that are left unsure: {unsure}"] if unsure else []
        return "; ".join(told) or None

    def whole(self) -> dict[str, Measurement]:
        """Volume of the liver, of its tumours and of what is left without them."""
        tumour = self._tumour
        step_ml = self.liver.mask.geometry.voxel_volume_ml
        whole_ml = np.count_nonzero(tumour | self.liver.mask.array) * step_ml
        tumour_ml = np.count_nonzero(tumour) * step_ml
        return {
            "whole_volume": _known("liver, tumour included", whole_ml, CUT_OFF if self.liver.cut_off else ""),
            "tumour_volume": _known("tumour in the liver", tumour_ml, self._lacking, self._limits),
            "functional_volume": _known("liver without tumour", whole_ml - tumour_ml, self._lacking, self._limits),
        }

    def by_segment(self, segments: LiverMap) -> list[SegmentVolume]:
        """Parenchyma and tumour of each segment. Lesions that are left unsure count as parenchyma, and that is told."""
        tumour = self._tumour
        shown = with_tumours(segments, {"tumour": tumour})
        every, inside = shown.by_segment_ml(), shown.by_segment_ml(tumour)
        no_parenchyma = CUT_OFF if self.liver.cut_off else self._lacking if self.tumours.lost else ""
        limits = "; ".join(filter(None, (self._limits, _NOT_EXACT.get(segments.source)))) or None
        return [
            SegmentVolume(
                segment=str(number),
                parenchyma=_known("parenchyma", every[number] - inside[number], no_parenchyma, limits),
                tumour=_known("tumour", inside[number], self._lacking, limits),
            )
            for number in range(1, 9)
        ]

    def shares(self, segments: LiverMap) -> dict[str, Measurement]:
        """Tumour share of each hemiliver in percent; nothing where the tumour has no volume."""
        if self._lacking:
            return {}
        shown = with_tumours(segments, {"tumour": self._tumour})
        every, inside = shown.by_segment_ml(), shown.by_segment_ml(shown.tumour)
        found = {}
        for name, numbers in _HEMILIVERS.items():
            whole = sum(every[number] for number in numbers)
            if whole > 0:
                percent = 100 * sum(inside[number] for number in numbers) / whole
                title = name.replace("_", " ")
                how = f"segments from {segments.source.value}"
                found[name] = measured(title, percent, "%", method=how, limitation=self._limits)
        return found


def _known(name: str, value_ml: float, because: str, limitation: str | None = None) -> Measurement:
    if because:
        return missing(name, because, "mL")
    return measured(name, float(value_ml), "mL", method=_METHOD, limitation=limitation)


def _rank(reading: ReadingOfImages) -> tuple[bool, bool, bool, str]:
    """Readings with the surest segments first, then CT."""
    guessed = bool(reading.segments_from) and is_guessed(SegmentSource(reading.segments_from))
    return not reading.segment_map, guessed, reading.kind is not ExamKind.CT, reading.series_key


def _unfit(reading: ReadingOfImages, resected: bool) -> bool:
    """Whether its segments rest on planes that hold for a whole liver alone."""
    return resected and reading.segments_from != SegmentSource.IMPORTED.value


def _no_segments(reading: ReadingOfImages, resected: bool) -> str:
    """Why no segments are told; empty when they are."""
    if reading.segment_map and _unfit(reading, resected):
        return RESECTED
    return "" if reading.segment_map else reading.segments_because or "they were not looked for"


def _unsure(view: View) -> list[Lesion]:
    return [one for one in view.unsure if one.compartment is Compartment.LIVER]


def _named(lesions: Sequence[Lesion]) -> list[list[Any]]:
    return [[one.id, one.focus_ids] for one in lesions]
