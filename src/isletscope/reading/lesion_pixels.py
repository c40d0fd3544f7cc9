"""What heterogeneity takes from the pixels of single lesions: maps of both tracers, histograms; kept where possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.assessment import View
from isletscope.lesions import SamplePlace, TracerClasses, histogram_of, sample_place, uniform_spread
from isletscope.model import (
    Case,
    ExamKind,
    Lesion,
    Measurement,
    ReadingOfImages,
    Role,
    TracerClass,
    TracerMap,
    WithinLesion,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.label_maps import read_label_map
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.tracer_maps import Pixels, beside, fdg_overlaps, map_of, outline_on
from isletscope.spatial import Mask, Transform, Volume, carried_mask

_PETS = {"sstr": TracerClass.SSTR, "fdg": TracerClass.FDG}


class KeptPixels:
    """Volumes and label maps of a case in the making, each read once."""

    def __init__(self, folder: CaseFolder, case: Case, source: SeriesSource) -> None:
        self._folder, self._case, self._source = folder, case, source
        self._labels: dict[str, npt.NDArray[Any] | None] = {}

    def volume(self, series_key: str) -> Volume | None:
        """The series' voxels."""
        return self._source.volume(series_key)

    def foci_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """Label map of the foci of that PET, or of that CT or MR."""
        if series_key not in self._labels:
            named = {one.series_key: one.foci_map for one in self._case.image_readings}
            named |= {one.series_key: one.foci_map for one in self._case.readings}
            name = named.get(series_key)
            there = name is not None and (self._folder.path / name).is_file()
            self._labels[series_key] = read_label_map(self._folder.path / name) if name and there else None
        return self._labels[series_key]


@dataclass(frozen=True)
class MappedLesion:
    """The map of a lesion, the place to sample in it, and the mean of each tracer, g/mL, within both outlines."""

    document: TracerMap
    place: SamplePlace | None
    carried: Mapping[str, float]


@dataclass(frozen=True)
class LesionPixels:
    """Maps and histograms of the lesions of a case, measured now or before."""

    case: Case
    pixels: Pixels
    transforms: Mapping[str, Transform]
    results: KeptResults

    def mapped(self, view: View, lesion: Lesion) -> MappedLesion:
        """The map of both tracers. It rests on which FDG foci beside the lesion no lesion holds, and what they are."""
        where = [view.point.name, lesion.id, lesion.focus_ids]
        overlaps = self.results.of(
            ["FDG overlaps", *where], lambda: fdg_overlaps(self.case, view, lesion, self.pixels, self.transforms)
        )
        free = [[one.id, one.site, one.verdict.value] for one in beside(self.case, view, overlaps)]
        kept = self.results.of(["map", *where, free], lambda: self._map(view, lesion))
        place = kept["place"]
        return MappedLesion(
            TracerMap.model_validate(kept["document"]),
            SamplePlace(tuple(place["point_lps_mm"]), place["ball_radius_mm"], place["part"]) if place else None,
            kept["carried"],
        )

    def within(self, view: View, lesion: Lesion) -> WithinLesion:
        """Histograms within the lesion's own outlines."""
        kept = self.results.of(
            ["within", view.point.name, lesion.id, lesion.focus_ids],
            lambda: within_lesion(view, lesion, self.pixels, self.transforms).model_dump(mode="json"),
        )
        return WithinLesion.model_validate(kept)

    def _map(self, view: View, lesion: Lesion) -> dict[str, Any]:
        document, classes = map_of(self.case, view, lesion, self.pixels, self.transforms)
        place = sample_place(classes) if classes is not None else None
        return {
            "document": document.model_dump(mode="json"),
            "place": asdict(place) if place is not None else None,
            "carried": _carried(classes) if classes is not None else {},
        }


def _carried(classes: TracerClasses) -> dict[str, float]:
    """Mean of each tracer over the lesion on both PET together, where it is covered."""
    found: dict[str, float] = {}
    for name, block in (("sstr", classes.sstr), ("fdg", classes.fdg)):
        if block is not None and classes.labels is not None:
            inside = block[(classes.labels > 0) & np.isfinite(block)]
            found |= {name: float(inside.mean())} if inside.size else {}
    return found


def within_lesion(view: View, lesion: Lesion, pixels: Pixels, transforms: Mapping[str, Transform]) -> WithinLesion:
    """Histograms of a lesion on both PET within its own outlines, and of its ADC."""
    found: dict[str, Measurement] = {}
    for kind, tracer in _PETS.items():
        reading = view.reading(tracer)
        volume = pixels.volume(reading.series_key) if reading is not None else None
        mask = outline_on(lesion, reading, volume, pixels) if reading is not None and volume is not None else None
        if mask is None or volume is None:
            continue
        values = volume.array[mask.array]
        found |= histogram_of(kind, values, mask.volume_ml)
        liver = view.reference(tracer, "liver")
        known = liver is not None and bool(liver.mean) and liver.standard_deviation is not None
        noise = (liver.standard_deviation or 0.0) / (liver.mean or 1.0) if liver is not None and known else None
        found[f"{kind}_cov_uniform"] = uniform_spread(kind, values, mask.volume_ml, noise)
    found |= _diffusion(view, lesion, pixels, transforms)
    return WithinLesion(lesion=lesion.id, time_point=view.point.name, measurements=found)


def _diffusion(
    view: View, lesion: Lesion, pixels: Pixels, transforms: Mapping[str, Transform]
) -> dict[str, Measurement]:
    """Histogram of the ADC map within the outline on MR of the same exam; nothing where MR does not outline it."""
    for reading in reversed(view.case.image_readings):
        labels = [focus.label for focus in reading.foci if focus.id in lesion.focus_ids]
        if reading.kind is not ExamKind.MRI or reading.exam_key not in view.point.exam_keys or not labels:
            continue
        maps = [one for one in view.case.exam(reading.exam_key).series if one.role is Role.MR_ADC and one.usable]
        volume = pixels.volume(maps[0].key) if maps else None
        mask = _on_grid(reading, labels, pixels, volume, maps[0].key, transforms) if volume is not None else None
        if volume is not None and mask is not None and mask.voxel_count:
            return histogram_of("adc", volume.array[mask.array], mask.volume_ml)
    return {}


def _on_grid(
    reading: ReadingOfImages,
    labels: Sequence[int],
    pixels: Pixels,
    target: Volume,
    target_key: str,
    transforms: Mapping[str, Transform],
) -> Mask | None:
    """Foci of a reading as a mask on the grid of another series of the same exam."""
    drawn_on, found = pixels.volume(reading.series_key), pixels.foci_labels(reading.series_key)
    if drawn_on is None or found is None or found.shape != drawn_on.geometry.shape:
        return None
    mask = Mask(np.isin(found, labels), drawn_on.geometry)
    own = transforms.get(reading.series_key)
    other = transforms.get(target_key)
    if own is None or other is None:
        if drawn_on.frame_of_reference_uid != target.frame_of_reference_uid:
            return None
        own = other = Transform.identity()
    return carried_mask(mask, own, target.geometry, other)
