"""Segments of the liver, vessels and ducts as the label maps of a reading keep them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from isletscope.model import ReadingOfImages
from isletscope.reading.label_maps import read_label_map
from isletscope.spatial import Box, Geometry, Mask
from isletscope.surgery import LiverMap, SegmentSource


def stored_segments(reading: ReadingOfImages, folder: Path, liver: Mask, box: Box) -> LiverMap | None:
    """The segments kept with a reading, on a box of its grid; None where there are none or the map is gone.

    ``liver``: its outline on that box, as it was when the segments were cut.
    """
    path = folder / str(reading.segment_map)
    if not reading.segment_map or not path.is_file():
        return None
    labels = read_label_map(path)[box.slices].astype(np.uint8)
    if labels.shape != liver.array.shape or not np.array_equal(labels > 0, liver.array):
        return None
    return LiverMap(liver, labels, SegmentSource(reading.segments_from), {}, tuple(reading.segment_flags))


def structure_masks(reading: ReadingOfImages, folder: Path, box: Box, grid: Geometry) -> Mapping[str, Mask]:
    """The structures of a reading by name on a box of its grid; empty where it has none or the map is gone."""
    path = folder / str(reading.structure_map)
    if not reading.structure_map or not path.is_file():
        return {}
    labels = read_label_map(path)[box.slices]
    return {one.name: Mask(labels == one.label, grid) for one in reading.structures if one.label is not None}
