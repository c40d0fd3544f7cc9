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
    """Mean of an image [k, j, i] over the respiratory cycle; linear interpolation. No motion: the image itself.

    Motion is along the body and from front to back; what a turned body moves sideways (below 0.03 of it) is left out.
    """
    if motion_mm <= 0:
        return image
    spacing = np.asarray(geometry.spacing_mm)
    first = np.asarray(geometry.origin_lps_mm)
    last = first + (np.asarray(geometry.shape) - 1)[::-1] * spacing[::-1]
    count = np.ceil((last - first) / _NODE_MM).astype(int) + 2
    axes = [first[n] + _NODE_MM * np.arange(count[n]) for n in range(3)]
    nodes = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
    unit = displacement(pose, nodes, 1.0)[:, [2, 1]] / spacing[:2]
    field = np.ascontiguousarray(unit.reshape(*count, 2).transpose(3, 2, 1, 0), dtype=np.float32)
    out = np.empty_like(image)
    offsets = cycle_offsets(motion_mm).astype(np.float32)
    _average(image, field, spacing / _NODE_MM, offsets, _LEAST_MM / float(spacing.max()), out)
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
def _average(image: Image, field: Image, ratio: Array, offsets: Image, least: float, out: Image) -> None:
    """Mean over ``offsets`` of ``image`` sampled at index minus offset times ``field`` [2, k, j, i] (voxels per mm).

    ``field`` holds shifts along k and j at coarse nodes, ``ratio`` nodes per voxel along k, j, i. Where the largest
    shift per mm is below ``least`` voxels the image is copied.
    """
    planes, rows, columns = image.shape
    share = np.float32(1.0 / offsets.size)
    top, side = np.float32(planes - 1.001), np.float32(rows - 1.001)
    line = np.empty((2, field.shape[3]), dtype=np.float32)
    for k in range(planes):
        k0 = min(int(k * ratio[0]), field.shape[1] - 2)
        c = np.float32(k * ratio[0] - k0)
        for j in range(rows):
            j0 = min(int(j * ratio[1]), field.shape[2] - 2)
            b = np.float32(j * ratio[1] - j0)
            largest = np.float32(0.0)
            for n in range(2):
                for m in range(field.shape[3]):
                    low = field[n, k0, j0, m] + b * (field[n, k0, j0 + 1, m] - field[n, k0, j0, m])
                    high = field[n, k0 + 1, j0, m] + b * (field[n, k0 + 1, j0 + 1, m] - field[n, k0 + 1, j0, m])
                    line[n, m] = low + c * (high - low)
                    largest = max(largest, abs(line[n, m]))
            if largest < least:
                out[k, j] = image[k, j]
                continue
            for i in range(columns):
                i0 = min(int(i * ratio[2]), field.shape[3] - 2)
                a = np.float32(i * ratio[2] - i0)
                along = line[0, i0] + a * (line[0, i0 + 1] - line[0, i0])
                back = line[1, i0] + a * (line[1, i0 + 1] - line[1, i0])
                total = np.float32(0.0)
                for m in range(offsets.size):
                    z = min(max(np.float32(k) - offsets[m] * along, np.float32(0.0)), top)
                    y = min(max(np.float32(j) - offsets[m] * back, np.float32(0.0)), side)
                    kk, jj = int(z), int(y)
                    w, v = z - np.float32(kk), y - np.float32(jj)
                    low = image[kk, jj, i] + v * (image[kk, jj + 1, i] - image[kk, jj, i])
                    high = image[kk + 1, jj, i] + v * (image[kk + 1, jj + 1, i] - image[kk + 1, jj, i])
                    total += low + w * (high - low)
                out[k, j, i] = total * share
