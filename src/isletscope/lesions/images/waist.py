"""How wide a set of voxels is along a line: the profile in which a waist shows."""

from __future__ import annotations

import numpy as np

from isletscope.lesions.images.features import FloatArray
from isletscope.spatial import Geometry

_STEP_MM = 0.25


def voxel_length_mm(geometry: Geometry, direction_lps: FloatArray) -> float:
    """How long a voxel is along a unit vector in LPS."""
    return float(np.abs(np.asarray(geometry.axes_lps) @ direction_lps) @ np.asarray(geometry.spacing_mm))


def widths(along_mm: FloatArray, voxel_mm: float, at_mm: FloatArray) -> FloatArray:
    """Voxels per mm of line at the places ``at_mm``, from the places of the voxels' centres along it.

    Every voxel counts over its length: planes of voxels that fall between two places leave no gap.
    """
    reach = max(float(np.abs(along_mm).max(initial=0.0)), float(np.abs(at_mm).max(initial=0.0))) + 2 * voxel_mm
    edges = np.arange(-reach, reach + _STEP_MM, _STEP_MM)
    counts, _ = np.histogram(along_mm, edges)
    window = np.ones(max(round(voxel_mm / _STEP_MM), 1))
    smeared = np.convolve(counts, window / (window.size * _STEP_MM), mode="same")
    return np.asarray(np.interp(at_mm, (edges[:-1] + edges[1:]) / 2, smeared))
