"""The part of the pancreas that holds a tumour, by the vessels that border the parts.

Method: AJCC and JPS borders as in surgery rule 0.3 (recall): head (with the uncinate process) up to the left border of
the superior mesenteric and portal vein, body up to the left border of the aorta, tail beyond; by the centre of mass.
Neck: the centre lies in front of the vein and within 10 mm of its axis (convention). A second part is told from a fifth
of the volume on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.spatial import FloatArray, Mask

KNOWN_BY = "vessel landmarks"
_LEVEL_MM = 10.0
_NECK_MM = 10.0
_SECOND_SHARE = 0.2


@dataclass(frozen=True)
class PancreasPart:
    """The part and, where it holds at least a fifth, a second one; shares of the volume by part."""

    region: str
    second_region: str
    shares: dict[str, float]


def part_of_pancreas(tumour: Mask, vein: Mask, aorta: Mask) -> PancreasPart | None:
    """Head, neck, body or tail. ``vein``: superior mesenteric and portal vein together, on one grid with the others.

    None where tumour, vein or aorta have no voxel, or the borders lie the wrong way round.
    """
    if not (tumour.array.any() and vein.array.any() and aorta.array.any()):
        return None
    points, trunk, great = (_points(one) for one in (tumour, vein, aorta))
    trunk, great = _beside(trunk, points), _beside(great, points)
    head_ends, body_ends = _left_border(trunk), _left_border(great)
    if body_ends <= head_ends:
        return None
    x = points[:, 0]
    shares = {
        "head": float((x <= head_ends).mean()),
        "body": float(((x > head_ends) & (x <= body_ends)).mean()),
        "tail": float((x > body_ends).mean()),
    }
    centre, axis = points.mean(axis=0), trunk.mean(axis=0)
    first = "head" if centre[0] <= head_ends else "body" if centre[0] <= body_ends else "tail"
    others = [name for name, share in shares.items() if name != first and share >= _SECOND_SHARE]
    before = centre[1] < np.percentile(trunk[:, 1], 5)
    neck = before and abs(centre[0] - axis[0]) <= _NECK_MM
    return PancreasPart("neck" if neck else first, max(others, key=shares.__getitem__, default=""), shares)


def _points(mask: Mask) -> FloatArray:
    return np.asarray(mask.geometry.to_lps(np.argwhere(mask.array).astype(np.float64)))


def _beside(vessel: FloatArray, tumour: FloatArray) -> FloatArray:
    """The points of a vessel at the level of a tumour and some mm beyond; those nearest to it where it ends before."""
    low, high = tumour[:, 2].min() - _LEVEL_MM, tumour[:, 2].max() + _LEVEL_MM
    at_level = (vessel[:, 2] >= low) & (vessel[:, 2] <= high)
    if at_level.any():
        return np.asarray(vessel[at_level])
    apart = np.maximum(low - vessel[:, 2], vessel[:, 2] - high)
    return np.asarray(vessel[apart <= apart.min() + 2 * _LEVEL_MM])


def _left_border(points: FloatArray) -> float:
    """The patient's left border (LPS x, mm): the median over levels of a millimetre of the point farthest left."""
    levels: npt.NDArray[np.int64] = np.rint(points[:, 2]).astype(np.int64)
    return float(np.median([points[levels == one, 0].max() for one in np.unique(levels)]))
