"""Breathing while a PET is taken: the average over the respiratory cycle.

The displacement is that of the breathing state (see pose.py) times the diaphragm's position in the cycle, which dwells
at end of expiration: ``cos^4`` of the cycle's phase (Lujan 1999, n = 2). States are taken at equal times and counted
from their mean, so that the exam's pose is the mean position.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from isletscope.phantom.pose import Pose, breathing_pattern
from isletscope.phantom.shapes import Array, Image
from isletscope.spatial import Geometry

STATES = 7
_NODE_MM = 14.0
_LEAST_MM = 0.02


def cycle_offsets(motion_mm: float) -> Array:
    """Offsets of the liver (mm along the body, positive to the head) in states of equal time; mean 0, [STATES].

    ``motion_mm``: from end of expiration to end of inspiration.
    """
    phase = np.pi / 2 * (np.arange(STATES) + 0.5) / STATES
    position = np.cos(phase) ** 4
    return np.asarray(motion_mm * (position - position.mean()))


def average_over_cycle(image: Image, geometry: Geometry, pose: Pose, motion_mm: float) -> Image:
    """Mean of an image [k, j, i] over the respiratory cycle; linear interpolation. No motion: the image itself."""
    if motion_mm <= 0:
        return image
    spacing = np.asarray(geometry.spacing_mm)
    first = np.asarray(geometry.origin_lps_mm)
    last = first + (np.asarray(geometry.shape) - 1)[::-1] * spacing[::-1]
    count = np.ceil((last - first) / _NODE_MM).astype(int) + 2
    axes = [first[n] + _NODE_MM * np.arange(count[n]) for n in range(3)]
    nodes = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
    unit = displacement(pose, nodes, 1.0) / spacing[::-1]
    field = np.ascontiguousarray(unit.reshape(*count, 3).transpose(3, 2, 1, 0)[::-1], dtype=np.float32)
    out = np.empty_like(image)
    _average(image, field, spacing / _NODE_MM, cycle_offsets(motion_mm), _LEAST_MM / float(spacing.max()), out)
    return out


def displacement(pose: Pose, scanner: Array, offset_mm: float) -> Array:
    """Scanner displacement (mm) [n, 3] of points when the liver moves by ``offset_mm`` from the exam's pose."""
    personal = pose.to_personal(scanner)
    return np.asarray(breathing_pattern(personal) * offset_mm @ pose.matrix.T)


def motion_truth(motion_mm: float) -> dict[str, Any]:
    """What truth.json says of the motion."""
    return {
        "liver_motion_mm": motion_mm,
        "state_offsets_mm": [round(float(v), 4) for v in cycle_offsets(motion_mm)] if motion_mm > 0 else [],
        "standard_deviation_mm": round(float(cycle_offsets(motion_mm).std()), 4),
        "formula": "image = mean over states of image(x - offset pattern(x)); pattern as breathing_bumps with state 1",
    }


@njit(cache=True, fastmath=True, nogil=True)
def _average(image: Image, field: Image, ratio: Array, offsets: Array, least: float, out: Image) -> None:
    """Mean over ``offsets`` of ``image`` sampled at index minus offset times ``field`` [3, k, j, i] (voxels per mm)."""
    planes, rows, columns = image.shape
    share = np.float32(1.0 / offsets.size)
    for k in range(planes):
        fk = k * ratio[0]
        k0 = min(int(fk), field.shape[1] - 2)
        c = np.float32(fk - k0)
        for j in range(rows):
            fj = j * ratio[1]
            j0 = min(int(fj), field.shape[2] - 2)
            b = np.float32(fj - j0)
            for i in range(columns):
                fi = i * ratio[2]
                i0 = min(int(fi), field.shape[3] - 2)
                a = np.float32(fi - i0)
                shift = np.zeros(3, dtype=np.float32)
                for n in range(3):
                    value = np.float32(0.0)
                    for p in range(2):
                        for q in range(2):
                            w = (c if p else 1 - c) * (b if q else 1 - b)
                            low, high = field[n, k0 + p, j0 + q, i0], field[n, k0 + p, j0 + q, i0 + 1]
                            value += w * (low + a * (high - low))
                    shift[n] = value
                if max(abs(shift[0]), abs(shift[1]), abs(shift[2])) < least:
                    out[k, j, i] = image[k, j, i]
                    continue
                total = np.float32(0.0)
                for m in range(offsets.size):
                    move = offsets[m]
                    total += _sample(image, k - move * shift[0], j - move * shift[1], i - move * shift[2])
                out[k, j, i] = total * share


@njit(cache=True, fastmath=True, nogil=True, inline="always")
def _sample(image: Image, z: float, y: float, x: float) -> float:
    z = min(max(z, 0.0), image.shape[0] - 1.001)
    y = min(max(y, 0.0), image.shape[1] - 1.001)
    x = min(max(x, 0.0), image.shape[2] - 1.001)
    k, j, i = int(z), int(y), int(x)
    c, b, a = z - k, y - j, x - i
    near = image[k, j, i] * (1 - a) + image[k, j, i + 1] * a
    far = image[k, j + 1, i] * (1 - a) + image[k, j + 1, i + 1] * a
    lower = near * (1 - b) + far * b
    near = image[k + 1, j, i] * (1 - a) + image[k + 1, j, i + 1] * a
    far = image[k + 1, j + 1, i] * (1 - a) + image[k + 1, j + 1, i + 1] * a
    return float(lower * (1 - c) + (near * (1 - b) + far * b) * c)
