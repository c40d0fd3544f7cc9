"""Masks about one tumour on one grid: the tumour, the lumina of the vessels beside it, a thrombus in any of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.assessment import surgery_book
from isletscope.errors import IsletscopeError
from isletscope.model import Case, ExamKind, Lesion, ReadingOfImages, TimePoint
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import read_label_map
from isletscope.reading.outlines import Outlines
from isletscope.reading.places import Look, Places, grid_of
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import (
    Geometry,
    Mask,
    bounding_box,
    carried_mask,
    cropped_geometry,
    label_components,
    resample,
)

# Great vessels that have an outline as organs where no lumen was found.
_GREAT = ("aorta", "inferior_vena_cava")
_AROUND_MM = 80.0
_OUTSIDE_HU = -1000.0


@dataclass(frozen=True)
class Near:
    """Masks about one tumour on one grid: the tumour, by name the lumina of vessels, and a thrombus in any of them."""

    tumour: Mask
    vessels: Mapping[str, Mask]
    thrombus: Mask | None

    @property
    def lumina(self) -> npt.NDArray[np.bool_]:
        """Where any vessel is [k, j, i]."""
        return union([one.array for one in self.vessels.values()], self.tumour.geometry)


@dataclass(frozen=True)
class NearTumour:
    """Looks up masks of tumours and vessels of a case, and the images behind them."""

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
            if self.places.joined(look.grid_key, reading.series_key)
        ]
        if not pairs:
            return None
        _, _, _, reading, look = min(pairs, key=lambda one: one[:3])
        return reading, look

    def phases(self, reading: ReadingOfImages, grid: Geometry) -> list[npt.NDArray[np.float32]]:
        """The series of a CT reading on a grid of its frame, HU; those that form no volume are left out."""
        found = []
        for key in reading.series_keys:
            if not self.places.same_frame(key, reading.series_key):
                continue
            with suppress(IsletscopeError, KeyError):  # a case whose scanner files are gone has kept volumes alone
                found.append(resample(self.source.volume(key), grid, outside=_OUTSIDE_HU).array)
        return found

    def near(self, lesion: Lesion, reading: ReadingOfImages, look: Look) -> Near | None:
        """The masks about a lesion on the grid of a reading; None when its outline or the map of vessels is gone."""
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
        vessels = {
            name: Mask(labels == numbers[name], geometry, name=name) for name in named_vessels() if name in numbers
        }
        for name in _GREAT:
            organ = self.outlines.organ(reading.series_key, name, box) if name not in vessels else None
            if organ is not None:
                vessels[name] = organ
        thrombus = Mask(labels == numbers["thrombus"], geometry) if "thrombus" in numbers else None
        if thrombus is not None:
            vessels, thrombus = with_thrombus(vessels, thrombus)
        inside = tumour.array[box.slices] & ~union([one.array for one in vessels.values()], geometry)
        return Near(Mask(inside, geometry, name=lesion.id), vessels, thrombus)

    def _tumour(self, lesion: Lesion, reading: ReadingOfImages, look: Look, grid: Geometry) -> Mask | None:
        outlined = self.outlines.of(look, lesion.compartment)
        pair = self.places.between(look.grid_key, reading.series_key)
        if outlined is None or pair is None:
            return None
        return carried_mask(outlined.mask, pair[0], grid, pair[1])


def named_vessels() -> tuple[str, ...]:
    """The vessels that the surgical criteria know, by their name in the findings."""
    return (*surgery_book().vessels, *surgery_book().other_vessels)


def union(masks: list[npt.NDArray[np.bool_]], geometry: Geometry) -> npt.NDArray[np.bool_]:
    """Where any of the masks [k, j, i] is."""
    total = np.zeros(geometry.shape, dtype=bool)
    for one in masks:
        total |= one
    return total


def with_thrombus(vessels: Mapping[str, Mask], thrombus: Mask) -> tuple[dict[str, Mask], Mask]:
    """The vessels with the thrombus that lies in them: each piece belongs to the one it has most of its border with.

    A voxel of the structure map holds one label, so a drawn thrombus has taken its voxels from the vessel. It is given
    back carried on through the wall.
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
    lumina = union([one.array for one in filled.values()], thrombus.geometry)
    # Carried on through the wall: else the wall's voxels would thin out what fills the lumen right up to it.
    beyond = ndimage.binary_dilation(thrombus.array) & ~lumina
    return filled, replace(thrombus, array=thrombus.array | beyond)
