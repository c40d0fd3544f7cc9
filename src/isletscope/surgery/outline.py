"""The outline of a tumour as a smooth surface, carried on to the wall of a vessel that cuts it.

Where a vessel runs through or beside a tumour, its lumen hides where the outline meets the wall, and just there the
contact begins and ends. So about each point asked for, a paraboloid is fitted that parts the voxels of tumour from
those of neither tumour nor lumen best (logistic regression on position; what a voxel of lumen would be is not known and
does not count), with the weight falling off with distance. Its signed distance is what is wanted. Unlike a smoothed
mask this neither rounds off the wedge between tumour and wall nor sees the lumen as an end of the tumour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from isletscope.spatial import FloatArray, Geometry, Mask, distance_to_mm

REACH_WIDTHS = 2.2
_LEAST_WIDTH_MM = 2.0
_WIDTH_VOXELS = 2.0
_BAND_VOXELS = 2.0
_MOST_NEIGHBOURS = 250
_SHARPNESS_VOXELS = 0.15
_ROUNDS = 7
_LEAST_PER_CLASS = 4
_SLOPE_PRIOR = 1.0
_CURVE_PRIOR_PER_MM = 0.1


@dataclass(frozen=True)
class Outline:
    """Voxels near the tumour's edge and outside every lumen: ``points`` [n, 3] in LPS mm, ``tumour`` [n]."""

    points: FloatArray
    tumour: npt.NDArray[np.bool_]
    width_mm: float
    spacing: FloatArray

    @property
    def reach_mm(self) -> float:
        """How far from a point voxels still count for it."""
        return REACH_WIDTHS * self.width_mm


def outline_of(tumour: Mask, lumina: npt.NDArray[np.bool_]) -> Outline:
    """The voxels that tell the outline of a tumour; ``lumina`` [k, j, i] of all vessels on the same grid."""
    grid = tumour.geometry
    inside = tumour.array & ~lumina
    coarse = float(np.cbrt(np.prod(grid.spacing_mm)))
    width = max(_LEAST_WIDTH_MM, _WIDTH_VOXELS * coarse)
    band = _near_edge(inside, lumina, grid)
    points = grid.to_lps(np.argwhere(band))
    return Outline(points, inside[band], width, np.asarray(grid.axes_lps) * np.asarray(grid.spacing_mm)[:, None])


def signed_distance(outline: Outline, queries: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Signed distance [n] in mm of points [n, 3] to the outline (negative inside), and the outward normals [n, 3].

    NaN where the outline is not within reach.
    """
    distance = np.full(len(queries), np.nan)
    normals = np.full((len(queries), 3), np.nan)
    if not len(outline.points):
        return distance, normals
    count = min(_MOST_NEIGHBOURS, len(outline.points))
    apart, index = cKDTree(outline.points).query(queries, k=count, distance_upper_bound=outline.reach_mm)
    apart, index = apart.reshape(-1, count), index.reshape(-1, count)
    weight = np.where(np.isfinite(apart), np.exp(-0.5 * (np.minimum(apart, 1e3) / outline.width_mm) ** 2), 0.0)
    index = np.minimum(index, len(outline.points) - 1)
    tumour = outline.tumour[index]
    known = (weight > 0).astype(int)
    fits = ((known * tumour).sum(axis=1) >= _LEAST_PER_CLASS) & ((known * ~tumour).sum(axis=1) >= _LEAST_PER_CLASS)
    if not fits.any():
        return distance, normals
    offset = outline.points[index[fits]] - queries[fits][:, None]
    found = _fitted(offset, tumour[fits], weight[fits], outline.spacing)
    distance[fits], normals[fits] = found
    return distance, normals


def _near_edge(inside: npt.NDArray[np.bool_], lumina: npt.NDArray[np.bool_], grid: Geometry) -> npt.NDArray[np.bool_]:
    """Voxels outside the lumina within some voxels of both classes."""
    outside = ~inside & ~lumina
    reach = _BAND_VOXELS * max(float(np.cbrt(np.prod(grid.spacing_mm))), 0.6 * max(grid.spacing_mm))
    near_tumour = _within(inside, reach, grid)
    near_outside = _within(outside, reach, grid)
    return (inside & near_outside) | (outside & near_tumour)


def _within(mask: npt.NDArray[np.bool_], reach_mm: float, grid: Geometry) -> npt.NDArray[np.bool_]:
    return np.asarray(distance_to_mm(Mask(mask, grid)) <= reach_mm)


def _fitted(
    offset: FloatArray, tumour: npt.NDArray[np.bool_], weight: FloatArray, spacing: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Signed distance [n] of the origin, and normal [n, 3], of surfaces that part voxels at ``offset``."""
    normal = _between_means(offset, tumour, weight)
    _, normal = _paraboloid(offset, tumour, weight, normal, spacing, curved=False)
    return _paraboloid(offset, tumour, weight, normal, spacing, curved=True)


def _between_means(offset: FloatArray, tumour: npt.NDArray[np.bool_], weight: FloatArray) -> FloatArray:
    means = []
    for side in (tumour, ~tumour):
        share = weight * side
        means.append((share[..., None] * offset).sum(axis=1) / share.sum(axis=1)[:, None])
    apart = means[1] - means[0]
    return np.asarray(apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9))


def _paraboloid(
    offset: FloatArray,
    tumour: npt.NDArray[np.bool_],
    weight: FloatArray,
    normal: FloatArray,
    spacing: FloatArray,
    *,
    curved: bool,
) -> tuple[FloatArray, FloatArray]:
    """One fit in the frame of ``normal``: height = a + b x + c y (+ d (x2 + y2)), tumour below."""
    first = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal), axis=1)])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(normal, first)
    x, y, z = (np.einsum("nmk,nk->nm", offset, one) for one in (first, second, normal))
    terms = [np.ones_like(x), x, y, *([x * x + y * y] if curved else [])]
    design = np.stack(terms, axis=-1)
    sharp = _SHARPNESS_VOXELS * np.linalg.norm(spacing @ normal.T, axis=0)
    found = _logistic(design, z, tumour, weight, sharp)
    slope = 1.0 / np.sqrt(1 + found[:, 1] ** 2 + found[:, 2] ** 2)
    turned = (normal - found[:, 1:2] * first - found[:, 2:3] * second) * slope[:, None]
    return -found[:, 0] * slope, turned


def _logistic(
    design: FloatArray, height: FloatArray, tumour: npt.NDArray[np.bool_], weight: FloatArray, sharp: FloatArray
) -> FloatArray:
    """Coefficients [n, p] of the heights that part the classes, by Newton steps with a weak prior."""
    count = design.shape[2]
    prior = np.array([1e-4, 1 / _SLOPE_PRIOR**2, 1 / _SLOPE_PRIOR**2, 1 / _CURVE_PRIOR_PER_MM**2][:count])
    found = np.zeros((len(design), count))
    scale = np.maximum(4 * sharp, 1.0)
    for _ in range(_ROUNDS):
        scale = np.maximum(sharp, scale * 0.6)
        odds = (np.einsum("nmp,np->nm", design, found) - height) / scale[:, None]
        chance = 1.0 / (1.0 + np.exp(-np.clip(odds, -30, 30)))
        slope = np.einsum("nm,nmp->np", weight * (tumour - chance), design) / scale[:, None] - prior * found
        curve = np.einsum("nm,nmp,nmq->npq", weight * chance * (1 - chance), design, design) / scale[:, None, None] ** 2
        curve += np.diag(prior + 1e-6)
        step = np.linalg.solve(curve, slope[..., None])[..., 0]
        # No step moves the surface by more than a millimetre, so that no fit runs away.
        found += step / np.maximum(np.abs(step[:, :1]), 1.0)
    return found
