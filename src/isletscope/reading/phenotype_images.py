"""Lesions on the series of an exam: which voxels, what level, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import InputError
from isletscope.lesions import (
    Carriage,
    Levels,
    Outlined,
    Region,
    fit_adc,
    levels,
    noise_level,
    organ_median,
    place_lesion,
)
from isletscope.model import Lesion, Series
from isletscope.reading.image_columns import diffusion_of
from isletscope.reading.outlines import ORGAN_OF, Outlines
from isletscope.reading.places import Look, Places, all_readings, grid_of
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import Geometry, Mask, Volume, bounding_box, carried_mask, cropped_mask

_REFERENCE_ORGANS = ("muscle", "spleen")


@dataclass(frozen=True)
class Reading:
    """A lesion on one series: its region there, its levels, and how they were taken; or only ``why_not``."""

    series: Series | None
    region: Region | None = None
    found: Levels | None = None
    values: npt.NDArray[Any] | None = None
    method: str = ""
    why_not: str = ""


@dataclass
class ImageMeasures:
    """Measures lesions of a case on its CT and MR series; regions, organs and noise are found once."""

    places: Places
    outlines: Outlines
    source: SeriesSource
    _regions: dict[tuple[Any, ...], Region | str] = field(default_factory=dict)
    _outlined: dict[str, Outlined | None] = field(default_factory=dict)
    _organs: dict[tuple[str, str], Mask | None] = field(default_factory=dict)
    _references: dict[tuple[str, str], float | None] = field(default_factory=dict)
    _noise: dict[str, float] = field(default_factory=dict)
    _volumes: dict[str, Volume | str] = field(default_factory=dict)

    def on(self, lesion: Lesion, looks: list[Look], series: list[Series], *, above_zero: bool = False) -> Reading:
        """The lesion on the first of these series that shows it; ``looks``: its outlines, the better first.

        ``above_zero``: a voxel of zero or less holds no value, as in an ADC map where the scanner could not tell it.
        """
        why = ""
        for one in series:
            region = self.region(lesion, looks, one)
            if isinstance(region, str):
                why = why or region
                continue
            volume = self.volume(one.key)
            if isinstance(volume, str):
                why = why or volume
                continue
            if _touches_missing(region, volume):
                why = why or "a slice of the lesion is missing from the series"
                continue
            values = volume.array[region.box.slices]
            if above_zero:
                values = np.where(values > 0, values.astype(np.float64), np.nan)
            found = levels(values, region)
            if found is not None:
                return Reading(one, region, found, values, f"mean {region.method}, on {one.key}")
            why = why or "too few voxels hold a value"
        return Reading(series[0] if series else None, why_not=why or "no such series")

    def adc(self, lesion: Lesion, looks: list[Look], maps: list[Series], diffusion: list[Series]) -> Reading:
        """ADC (10^-6 mm²/s) from the scanner's map, else fitted to the b-values."""
        if maps:
            sent = self.on(lesion, looks, maps, above_zero=True)
            if sent.found is not None or not diffusion:
                return sent
        chosen = diffusion_of(diffusion)
        if not chosen:
            return Reading(None, why_not="no ADC map and no diffusion-weighted series")
        return self._fitted(lesion, looks, chosen)

    def _fitted(self, lesion: Lesion, looks: list[Look], chosen: Mapping[float, Series]) -> Reading:
        first = next(iter(chosen.values()))
        region = self.region(lesion, looks, first)
        if isinstance(region, str):
            return Reading(first, why_not=region)
        signals, noise = {}, {}
        for b, series in chosen.items():
            volume = self.volume(series.key)
            if isinstance(volume, str) or volume.array.shape != first_shape(first):
                continue
            signals[b] = volume.array[region.box.slices]
            if series.key not in self._noise:
                self._noise[series.key] = noise_level(volume.array)
            noise[b] = self._noise[series.key]
        fit = fit_adc(signals, noise)
        if isinstance(fit, str):
            return Reading(first, why_not=fit)
        found = levels(fit.adc, region)
        if found is None:
            return Reading(first, why_not="the signal lies at the noise floor")
        return Reading(first, region, found, fit.adc, f"{fit.method}; mean {region.method}")

    def region(self, lesion: Lesion, looks: list[Look], series: Series) -> Region | str:
        """The lesion's region on a series by the first of its outlines that reaches it; or why there is none."""
        grid = grid_of(series)
        if grid is None:
            return "the series forms no volume"
        why = ""
        for look in looks:
            found = self._region(lesion, look, series, grid)
            if not isinstance(found, str):
                return found
            why = why or found
        return why or "the lesion has no outline"

    def _region(self, lesion: Lesion, look: Look, series: Series, grid: Geometry) -> Region | str:
        pair = self.places.between(look.grid_key, series.key)
        if look.no_outline:
            return f"its outline does not hold: {look.no_outline}"
        if pair is None:
            return self.places.not_aligned(look.grid_key, series.key)
        key = (look.focus.id, self.places.case.exam_of(series.key).key, series.frame_of_reference_uid, grid)
        if key not in self._regions:
            outlined = self.outlined(look, lesion)
            if outlined is None:
                self._regions[key] = "its outline is not in the case folder"
            else:
                uncertainty = self.places.uncertainty_mm(look.grid_key, series.key)
                same = self.places.same_frame(look.grid_key, series.key)
                organ = self._organ_in_frame(series, ORGAN_OF.get(lesion.compartment, ""))
                self._regions[key] = place_lesion(outlined, Carriage(*pair, uncertainty, same), grid, organ)
        return self._regions[key]

    def outlined(self, look: Look, lesion: Lesion) -> Outlined | None:
        """A focus cut out of its map, once."""
        if look.focus.id not in self._outlined:
            self._outlined[look.focus.id] = self.outlines.of(look, lesion.compartment)
        return self._outlined[look.focus.id]

    def _organ_in_frame(self, series: Series, name: str) -> Mask | None:
        """An organ as outlined in the series' own frame, cut to its box."""
        grid_key = self.outlines.grid_with_organs(self.places, series.key)
        if grid_key is None or not name:
            return None
        if (grid_key, name) not in self._organs:
            whole = self.outlines.organ(grid_key, name)
            box = bounding_box(whole.array) if whole is not None else None
            self._organs[grid_key, name] = cropped_mask(whole, box) if whole is not None and box is not None else None
        return self._organs[grid_key, name]

    def reference(self, series: Series) -> tuple[str, float] | None:
        """Name and median signal of muscle, else of the spleen, on a series; None when neither is known."""
        for name in _REFERENCE_ORGANS:
            value = self.organ_level(series, name)
            if value is not None and value > 0:
                return name, value
        return None

    def organ_level(self, series: Series, name: str) -> float | None:
        """Median of an organ on a series, away from its edge; None when it is not known there."""
        if (series.key, name) not in self._references:
            self._references[series.key, name] = self._organ_level(series, name)
        return self._references[series.key, name]

    def _organ_level(self, series: Series, name: str) -> float | None:
        volume = self.volume(series.key)
        if isinstance(volume, str):
            return None
        organ, source = self._organ_in_frame(series, name), series.key
        for grid_key in [] if organ is not None else self._organ_grids(series):
            whole = self.outlines.organ(grid_key, name)
            if whole is not None:
                organ, source = whole, grid_key
                break
        pair = self.places.between(source, series.key)
        if organ is None or pair is None:
            return None
        return organ_median(volume, carried_mask(organ, pair[0], volume.geometry, pair[1]))

    def _organ_grids(self, series: Series) -> list[str]:
        case = self.places.case
        return [
            one.series_key
            for one in all_readings(case)
            if one.organ_map and self.places.joined(one.series_key, series.key)
        ]

    def volume(self, key: str) -> Volume | str:
        """The volume of a series, or why its files give none."""
        if key not in self._volumes:
            try:
                self._volumes[key] = self.source.volume(key)
            except InputError as error:
                self._volumes[key] = error.refusal.sentence()
        return self._volumes[key]


def first_shape(series: Series) -> tuple[int, int, int]:
    """Shape [k, j, i] of a series that forms a volume."""
    assert series.grid is not None  # regions exist on volumes only
    return series.grid.shape_kji


def _touches_missing(region: Region, volume: Volume) -> bool:
    """Whether the lesion lies in a plane whose image was not sent."""
    planes = {region.box.start[0] + int(k) for k in np.flatnonzero(region.outline.any(axis=(1, 2)))}
    return bool(planes & set(volume.missing_slices))
