"""A liver of 100 mm that is easy to reckon: eight cubes of 50 mm as segments, round tumours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from isletscope.spatial import Geometry, Mask
from isletscope.surgery import LiverMap, SegmentSource

SPACING = 2.5
EDGE = 40
ROOM = 4  # voxels of air on every side
SHAPE = (EDGE + 2 * ROOM,) * 3
GEOMETRY = Geometry(shape=SHAPE, spacing_mm=(SPACING,) * 3, origin_lps_mm=(0.0, 0.0, 0.0))
CUBE_ML = (EDGE * SPACING / 10) ** 3


def millimetres() -> npt.NDArray[np.float64]:
    """Place of every voxel centre from the corner of the liver, mm, [k, j, i, axis]."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"), axis=-1)
    return (index - ROOM + 0.5) * SPACING


def ball(centre_mm: tuple[float, float, float], radius_mm: float) -> npt.NDArray[np.bool_]:
    """A round tumour; its centre from the corner of the liver [k, j, i]."""
    return np.asarray(np.linalg.norm(millimetres() - centre_mm, axis=-1) <= radius_mm)


def cube_liver(tumours: Mapping[str, npt.NDArray[np.bool_]], *flags: str) -> LiverMap:
    """The cube; segment 1 + 4a + 2b + c by halves along k, j, i."""
    where = millimetres()
    inside = np.all((where > 0) & (where < EDGE * SPACING), axis=-1)
    halves = (where > EDGE * SPACING / 2).astype(np.uint8)
    segments = np.where(inside, 1 + 4 * halves[..., 0] + 2 * halves[..., 1] + halves[..., 2], 0).astype(np.uint8)
    return LiverMap(Mask(inside, GEOMETRY), segments, SegmentSource.IMPORTED, dict(tumours), tuple(flags))
