"""The liver of a time point and the lesions in it, as the label maps of its readings hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isletscope.model import Case, Compartment, Lesion, ReadingOfImages
from isletscope.reading.outlines import Outlines
from isletscope.reading.places import Look, Places
from isletscope.reading.stored_maps import stored_segments
from isletscope.spatial import Box, Geometry, Mask, Transform, bounding_box, carried_mask, cropped_geometry
from isletscope.surgery import LiverMap, touches_edge

Region = npt.NDArray[np.bool_]
# Enough for tumours that bulge over the outline of the liver, and for vessels and the hilum beside it.
_AROUND_MM = 45.0


@dataclass(frozen=True)
class Tumours:
    """Regions by lesion on one grid; ``carried`` over from another exam, and ``lost``: without any outline there."""

    regions: Mapping[str, Region]
    carried: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True)
class Liver:
    """The liver of one reading on a box of its grid, and whether the images cut it off."""

    reading: ReadingOfImages
    mask: Mask
    box: Box
    cut_off: bool


@dataclass(frozen=True)
class LiverDrawn:
    """Looks up liver, segments and lesions of a case. ``transforms``: mappings of the aligned series by key."""

    case: Case
    folder: Path
    transforms: Mapping[str, Transform]

    @cached_property
    def _outlines(self) -> Outlines:
        return Outlines(self.case, self.folder)

    @cached_property
    def _places(self) -> Places:
        return Places(self.case, self.transforms)

    def readings(self, exam_keys: Sequence[str]) -> list[ReadingOfImages]:
        """The CT and MR readings of these exams on which the liver was outlined."""
        return [one for one in self.case.image_readings if one.exam_key in exam_keys and _has_liver(one)]

    def liver(self, reading: ReadingOfImages) -> Liver | None:
        """The liver of a reading; None when its map is gone."""
        whole = self._outlines.organ(reading.series_key, "liver")
        inner = None if whole is None else bounding_box(whole.array)
        if whole is None or inner is None:
            return None
        box = inner.grown(_AROUND_MM, whole.geometry)
        mask = Mask(whole.array[box.slices], cropped_geometry(whole.geometry, box))
        return Liver(reading, mask, box, touches_edge(whole.array))

    def segments(self, liver: Liver) -> LiverMap | None:
        """The segments kept with the reading of that liver."""
        return stored_segments(liver.reading, self.folder, liver.mask, liver.box)

    def outlines(self, reading: ReadingOfImages, lesion: Lesion) -> bool:
        """Whether the reading itself outlines the lesion."""
        names = {focus.id for focus in reading.foci}
        return bool(names.intersection(lesion.focus_ids))

    def reaches(self, reading: ReadingOfImages, lesion: Lesion) -> bool:
        """Whether the reading outlines the lesion or another outline of it can be carried over."""
        looks = [one for one in self._places.looks(lesion) if not one.no_outline]
        return any(self._places.joined(one.grid_key, reading.series_key) for one in looks)

    def tumours(self, liver: Liver, lesions: Sequence[Lesion]) -> Tumours:
        """Each lesion on the grid of that liver: its own outline there, else that of another exam carried over."""
        regions: dict[str, Region] = {}
        carried, lost = [], []
        for lesion in lesions:
            looks = self._places.looks(lesion)
            own = [one for one in looks if one.grid_key == liver.reading.series_key]
            region = self._on(liver.mask.geometry, liver.reading, own or looks)
            if region is None:
                lost.append(lesion.id)
                continue
            regions[lesion.id] = region
            carried += [] if own else [lesion.id]
        return Tumours(regions, tuple(carried), tuple(lost))

    def _on(self, geometry: Geometry, reading: ReadingOfImages, looks: Sequence[Look]) -> Region | None:
        """The first look that can be brought to the grid; all parts that a lesion has on its own series."""
        total: Region | None = None
        for look in looks:
            outlined = self._outlines.of(look, Compartment.LIVER)
            pair = self._places.between(look.grid_key, reading.series_key)
            if outlined is None or look.no_outline or pair is None:
                continue
            there = carried_mask(outlined.mask, pair[0], geometry, pair[1]).array
            if not there.any():
                continue
            total = there if total is None else total | there
            if look.grid_key != reading.series_key:
                break
        return total


def _has_liver(reading: ReadingOfImages) -> bool:
    return any(organ.name == "liver" and organ.label is not None for organ in reading.organs)
