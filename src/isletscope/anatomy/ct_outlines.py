"""Organs of a PET/CT by the density of its CT, where uptake does not tell them: a liver full of tumour is not even.

Uptake outlines an organ as the PET shows it, blurred and in the PET's own breath; atlases on the CT outline it whatever
it takes up. So where uptake leaves the liver in doubt it is the CT's, with what uptake adds at its edge; spleen and
kidneys are then those of uptake unless they were not found by it or lie elsewhere than on the CT.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from isletscope.anatomy.found import THRESHOLDS as T
from isletscope.anatomy.found import Found
from isletscope.anatomy.frame import BodyFrame
from isletscope.anatomy.organs import Organs
from isletscope.anatomy.shapes import Bool3D, dilated
from isletscope.spatial import resample_labels

_SOURCE = "atlases on the CT"


@dataclass(frozen=True)
class CtOutlines:
    """Organs of the CT on the working grid of a PET/CT, those that the CT shows."""

    masks: Mapping[str, Bool3D]

    def liver(self, by_uptake: Found, frame: BodyFrame) -> Found:
        """The liver of the CT with what uptake adds near its edge (another breath); by uptake alone without it."""
        outline = self.masks.get("liver")
        if outline is None:
            return by_uptake
        if by_uptake.mask is None:
            return Found(outline, f"{_SOURCE}; not by uptake: {by_uptake.because}", "moderate")
        near = dilated(outline, T.number("liver.uptake_adds_within_mm"), frame.spacing_mm)
        return Found(outline | (by_uptake.mask & near), f"{_SOURCE}, uptake at its edge", by_uptake.confidence)

    def organ(self, name: str, by_uptake: Found) -> Found:
        """The organ by uptake, or the CT's where that was not found or lies elsewhere."""
        outline = self.masks.get(name)
        if outline is None:
            return by_uptake
        if by_uptake.mask is None:
            return Found(outline, f"{_SOURCE}; not by uptake: {by_uptake.because}", "moderate")
        shared = overlap(by_uptake.mask, outline)
        if shared >= T.number("ct_outline.least_overlap"):
            return by_uptake
        because = f"what uptake shows overlaps with it by {100 * shared:.0f} % only"
        return Found(outline, f"{_SOURCE}; not by uptake: {because}", "low")


def outlines_where_in_doubt(
    liver_by_uptake: Found, ct_organs: Callable[[], Organs] | None, frame: BodyFrame
) -> CtOutlines:
    """The organs of the CT on the working grid of its PET where uptake found no liver or one too small to be whole.

    None where there is no CT, or where uptake tells the liver: atlases take long.
    """
    mask = liver_by_uptake.mask
    if ct_organs is None or (mask is not None and frame.volume_ml(mask) >= T.number("liver.whole_ml")):
        return CtOutlines({})
    organs = ct_organs()
    labels = resample_labels(organs.labels, organs.geometry, frame.geometry)
    masks = {name: labels == label for name, label in organs.names.items()}
    return CtOutlines({name: mask for name, mask in masks.items() if mask.any()})


def overlap(one: Bool3D, other: Bool3D) -> float:
    """Dice's overlap of two masks on one grid; 0 when both are empty."""
    both = np.count_nonzero(one) + np.count_nonzero(other)
    return 2.0 * float(np.count_nonzero(one & other)) / both if both else 0.0
