"""Outlines of lesions and organs of a case, read from its label maps, each map once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.lesions import Outlined
from isletscope.model import Case, Compartment, ReadingOfImages, ReadingOfPet
from isletscope.reading.label_maps import read_label_map
from isletscope.reading.places import Look, Places, all_readings, grid_of
from isletscope.spatial import Box, Mask, cropped_geometry

# The organ that a lesion is compared with, by compartment.
ORGAN_OF = {Compartment.LIVER: "liver", Compartment.PANCREAS: "pancreas"}
_MARGIN_MM = 45.0


class Outlines:
    """Masks of a case's lesions and organs. Raises nothing for a map that is gone: the mask is then None."""

    def __init__(self, case: Case, folder: Path) -> None:
        self._case = case
        self._folder = folder
        self._maps: dict[str, npt.NDArray[Any] | None] = {}
        self._boxes: dict[str, list[Any]] = {}

    def of(self, look: Look, compartment: Compartment) -> Outlined | None:
        """A focus with the foci and the organ around it, cut out of their maps."""
        labels, grid = self._labels(look.foci_map), grid_of(self._case.series(look.grid_key))
        if labels is None or grid is None or labels.shape != grid.shape or look.foci_map is None:
            return None
        if look.foci_map not in self._boxes:
            self._boxes[look.foci_map] = scipy.ndimage.find_objects(labels)
        boxes = self._boxes[look.foci_map]
        if not 0 < look.focus.label <= len(boxes) or boxes[look.focus.label - 1] is None:
            return None
        inner = boxes[look.focus.label - 1]
        start, stop = tuple(part.start for part in inner), tuple(part.stop for part in inner)
        box = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])).grown(_MARGIN_MM, grid)
        geometry = cropped_geometry(grid, box)
        part = labels[box.slices]
        frame = self._case.series(look.grid_key).frame_of_reference_uid
        return Outlined(
            series_key=look.focus.series_key,
            mask=Mask(part == look.focus.label, geometry, frame, look.focus.id),
            foci=Mask(part > 0, geometry, frame),
            organ=self.organ(look.grid_key, ORGAN_OF.get(compartment, ""), box),
        )

    def organ(self, grid_key: str, name: str, box: Box | None = None) -> Mask | None:
        """An organ of the reading whose maps have the grid of that series; cut to a box of that grid where given."""
        reading = self._reading(grid_key)
        grid = grid_of(self._case.series(grid_key))
        if reading is None or grid is None or not name:
            return None
        label = next((one.label for one in reading.organs if one.name == name and one.label is not None), None)
        labels = self._labels(reading.organ_map)
        if label is None or labels is None or labels.shape != grid.shape:
            return None
        if box is None:
            mask = labels == label
            return Mask(mask, grid) if mask.any() else None
        inside = labels[box.slices] == label
        return Mask(inside, cropped_geometry(grid, box)) if inside.any() else None

    def grid_with_organs(self, places: Places, series_key: str) -> str | None:
        """The series whose grid the organ map of that series' own frame has; None when none was made."""
        for reading in all_readings(self._case):
            if reading.organ_map and places.same_frame(reading.series_key, series_key):
                return reading.series_key
        return None

    def _reading(self, grid_key: str) -> ReadingOfPet | ReadingOfImages | None:
        return next((one for one in all_readings(self._case) if one.series_key == grid_key), None)

    def _labels(self, name: str | None) -> npt.NDArray[Any] | None:
        if name is None:
            return None
        if name not in self._maps:
            path = self._folder / name
            self._maps[name] = np.asarray(read_label_map(path)) if path.is_file() else None
        return self._maps[name]
