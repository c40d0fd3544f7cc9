"""Couinaud's segments of the liver on one reading, cut with the structures it has: kept as a label map of its own.

They hold for the liver as it is outlined; what a tumour adds beyond it takes the nearest segment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.anatomy import Organs
from isletscope.reading.structure_maps import Structures
from isletscope.spatial import Box, Mask, bounding_box, cropped_geometry
from isletscope.surgery import NO_MAP, STRUCTURES_OF_CUT, LiverCut, best_cut

# The vena cava, gallbladder and portal branches that a cut needs lie no farther from the liver.
_AROUND_MM = 45.0
_NO_LIVER = "the liver has no outline"
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class SegmentsCut:
    """Segments 1 to 8 [k, j, i] on the grid of the organs; None where there are none. ``because``: see LiverCut."""

    labels: Labels | None
    source: str
    flags: tuple[str, ...]
    because: str


def cut_segments(organs: Organs, structures: Structures) -> SegmentsCut:
    """The best cut of the liver of one reading."""
    box = _around_liver(organs)
    if box is None:
        return SegmentsCut(None, "", (), _NO_LIVER)
    grid = cropped_geometry(organs.geometry, box)
    liver = Mask(organs.mask("liver").array[box.slices], grid)
    part = structures.labels[box.slices]
    numbers = {one.name: one.label for one in structures.findings if one.label is not None}
    masks = {name: Mask(part == numbers[name], grid) for name in STRUCTURES_OF_CUT if name in numbers}
    masks |= {
        name: Mask(organs.mask(name).array[box.slices], grid)
        for name in ("inferior_vena_cava", "gallbladder")
        if name not in masks and organs.known(name)
    }
    cut = best_cut(liver, masks)
    if cut.map is None:
        return SegmentsCut(None, "", (), _why(cut))
    labels = np.zeros(organs.geometry.shape, np.uint8)
    labels[box.slices] = cut.map.segments
    return SegmentsCut(labels, cut.map.source.value, cut.map.flags, _why(cut))


def _why(cut: LiverCut) -> str:
    """Why no better source was taken; nothing is said of an imported map that nobody gave."""
    told = {source: why for source, why in cut.passed_over.items() if why != NO_MAP}
    return LiverCut(cut.map, told).because


def _around_liver(organs: Organs) -> Box | None:
    inner = bounding_box(organs.mask("liver").array) if organs.known("liver") else None
    return None if inner is None else inner.grown(_AROUND_MM, organs.geometry)
