"""Overlap of organs that both exams of a pair have, under their alignment."""

from __future__ import annotations

import numpy as np

from isletscope.model import Alignment, Case, Measurement, ReadingOfImages, ReadingOfPet, Series, measured
from isletscope.reading.alignment_frames import Frame
from isletscope.reading.alignment_rules import alignment_rules
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.displacements import transforms_of
from isletscope.reading.label_maps import read_label_map
from isletscope.spatial import Geometry, Mask, bounding_box, cropped_mask, overlap_of

_MARGIN_MM = 30.0


def organ_overlaps(
    folder: CaseFolder, case: Case, reference: Frame, frame: Frame, alignment: Alignment
) -> dict[str, Measurement]:
    """Dice overlap ``overlap_<organ>`` of the organs found in both frames; empty where either has no organ map."""
    mapping = transforms_of(folder.path, [alignment]).get(alignment.series_key)
    ours, theirs = _organs(folder, case, reference), _organs(folder, case, frame)
    if mapping is None:
        return {}
    overlaps = {}
    for name in alignment_rules().organs:
        if name not in ours or name not in theirs:
            continue
        overlap = overlap_of(ours[name], theirs[name], mapping)
        if overlap is not None:
            overlaps[f"overlap_{name}"] = measured(f"overlap of {name.replace('_', ' ')}", round(overlap, 3))
    return overlaps


def _organs(folder: CaseFolder, case: Case, frame: Frame) -> dict[str, Mask]:
    """The organs of a frame by name, cut to their surroundings; readings of CT and MR before those of PET."""
    keys = {series.key: series for series in frame.series}
    readings: list[ReadingOfImages | ReadingOfPet] = [*case.image_readings, *case.readings]
    for reading in readings:
        path = folder.path / (reading.organ_map or "")
        if reading.series_key not in keys or not reading.organ_map or not path.is_file():
            continue
        labels, geometry = read_label_map(path), _grid(keys[reading.series_key])
        if geometry is None or labels.shape != geometry.shape:
            continue
        found = {}
        for organ in reading.organs:
            if organ.label is None or organ.name not in alignment_rules().organs:
                continue
            array = np.asarray(labels == organ.label)
            box = bounding_box(array)
            if box is not None:
                found[organ.name] = cropped_mask(Mask(array, geometry), box.grown(_MARGIN_MM, geometry))
        return found
    return {}


def _grid(series: Series) -> Geometry | None:
    if series.grid is None:
        return None
    grid = series.grid
    return Geometry(grid.shape_kji, grid.spacing_kji_mm, grid.origin_lps_mm, grid.axes_lps)
