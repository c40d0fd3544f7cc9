"""Calibre of a vessel along its course: narrowing where the tumour touches, teardrop, filling of the lumen.

Method: surgery rule SURG-103. The diameter is that of the circle of equal area. The reference is the mean over 10 mm on
either side outside of the contact; one side alone is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.spatial import FloatArray, Mask
from isletscope.surgery.contact_rules import contact_rules
from isletscope.surgery.course import STEP_MM
from isletscope.surgery.wall import RAYS, Wall

_LEAST_REFERENCE_MM = 3.0
_SECTION_STEPS = 12


@dataclass(frozen=True)
class Calibre:
    """Narrowest place in the contact against the reference: diameters in mm, its place as a ring.

    ``one_sided``: only one side had a stretch without contact. ``cusp_ratio``: widest radius towards the contact over
    the mean radius elsewhere; ``axis_ratio``: minor over major axis, both at the ring of the largest cusp;
    ``cusp_planes`` and ``cusp_length_mm``: rings in a row, and their length, on which ratio and axes hold.
    """

    reference_mm: float
    smallest_mm: float
    ring: int
    one_sided: bool
    cusp_ratio: float
    axis_ratio: float
    cusp_planes: int
    cusp_length_mm: float


@dataclass(frozen=True)
class Filling:
    """A filling defect in the lumen: largest share of a section, its length in mm, length on which it fills it all."""

    largest_share: float
    length_mm: float
    occluded_mm: float


def calibre_of(
    wall: Wall, gaps_mm: FloatArray, tolerance_mm: float, cusp_ratio: float, axis_ratio: float
) -> Calibre | None:
    """Calibre within the contact; None without contact or without a stretch of reference.

    ``cusp_ratio`` and ``axis_ratio`` are the limits of a teardrop.
    """
    touching = np.asarray((gaps_mm <= tolerance_mm).any(axis=1))
    # A radius from either end the rings are cut by the end of the mask and tell no calibre.
    edge = max(round(float(np.nanmedian(wall.radius_mm)) / STEP_MM), 1)
    known = np.asarray(np.isfinite(wall.diameter_mm))
    known[:edge] = known[-edge:] = False
    contact = np.flatnonzero(touching & known)
    if not len(contact):
        return None
    sides = _reference(wall.diameter_mm, touching, known, int(contact[0]), int(contact[-1]))
    if not sides:
        return None
    ring = int(contact[np.argmin(wall.diameter_mm[contact])])
    cusps = [_cusp(wall.radius_mm[n], gaps_mm[n] <= tolerance_mm) for n in contact]
    shaped = np.zeros(touching.shape, dtype=np.bool_)
    shaped[contact] = [ratio >= cusp_ratio and axes <= axis_ratio for ratio, axes in cusps]
    runs, count = ndimage.label(shaped)
    planes = int(np.bincount(runs)[1:].max()) if count else 0
    best = max(cusps, key=lambda one: one[0])
    return Calibre(
        reference_mm=float(np.mean(sides)),
        smallest_mm=float(wall.diameter_mm[ring]),
        ring=ring,
        one_sided=len(sides) == 1,
        cusp_ratio=best[0],
        axis_ratio=best[1],
        cusp_planes=planes,
        cusp_length_mm=max(planes - 1, 0) * STEP_MM,
    )


def filling_of(wall: Wall, defect: Mask) -> Filling:
    """How much of the sections a filling defect takes; ``defect`` lies within the lumen that the wall encloses."""
    shares = (np.arange(_SECTION_STEPS) + 0.5) / _SECTION_STEPS
    rays = slice(0, RAYS, 6)
    radius = wall.radius_mm[:, rays]
    points = wall.centres[:, None, None] + (shares * radius[..., None])[..., None] * wall.directions[:, rays, None]
    index = np.moveaxis(defect.geometry.to_index(np.nan_to_num(points)), -1, 0).reshape(3, -1)
    held = ndimage.map_coordinates(defect.array.astype(np.float32), index, order=1, cval=0.0).reshape(points.shape[:3])
    weight = np.where(np.isfinite(radius), radius, 0.0)[..., None] ** 2 * shares
    total = weight.sum(axis=(1, 2))
    filled = (weight * held).sum(axis=(1, 2)) / np.where(total > 0, total, 1.0)
    full = filled >= contact_rules().filled_share.value
    return Filling(
        float(filled.max(initial=0.0)),
        float(np.count_nonzero(filled > 0.05) * STEP_MM),
        float(np.count_nonzero(full) * STEP_MM),
    )


def _reference(
    diameter: FloatArray, touching: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_], first: int, last: int
) -> list[float]:
    """Mean diameter before and after the contact, of the sides that have enough of it."""
    reach = round(contact_rules().reference_mm.value / STEP_MM)
    found = []
    for side in (slice(max(first - reach, 0), first), slice(last + 1, last + 1 + reach)):
        free = known[side] & ~touching[side]
        if np.count_nonzero(free) * STEP_MM >= _LEAST_REFERENCE_MM:
            found.append(float(diameter[side][free].mean()))
    return found


def _cusp(radius: FloatArray, touching: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Cusp ratio and axis ratio of one ring, about its centre of gravity."""
    angle = 2 * np.pi * (np.arange(len(radius)) + 0.5) / len(radius)
    towards = np.arctan2((touching * np.sin(angle)).sum(), (touching * np.cos(angle)).sum())
    apart = np.abs((angle - towards + np.pi) % (2 * np.pi) - np.pi)
    near = apart <= np.radians(contact_rules().teardrop_half_arc_deg.value)
    ratio = float(radius[near].max() / radius[~near].mean())
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    values = np.linalg.eigvalsh(np.cov(np.stack([x, y]), aweights=radius**2))
    return ratio, float(np.sqrt(max(values[0], 0.0) / max(values[1], 1e-9)))
