"""Where the body lies in one exam: build variation, breathing, pose and table, all known and smooth.

Three spaces: *anatomical* (average adult, see body.py), *personal* (this person's mm), *scanner* (LPS mm of one exam's
frame of reference). ``scanner = rotation (personal + breathing(personal)) + shift`` and
``anatomical = personal / scale + variation(personal)``; breathing is a sum of Gaussian bumps, variation a sum of waves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from isletscope.phantom.shapes import Array, rotation

_ROUNDS = 6
_MOST_ROUNDS = 12
_LAST_STEP_MM = 1e-4
_ROW_MM = 1.0


@dataclass(frozen=True)
class Variation:
    """Low-frequency differences between people: rows of wave vector (rad/mm), phase, amplitude (mm)."""

    waves: Array

    @staticmethod
    def draw(rng: np.random.Generator, amplitude_mm: float = 2.6, count: int = 7) -> Variation:
        """Waves 160 to 340 mm long in random directions."""
        directions = rng.normal(size=(count, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        lengths = rng.uniform(160, 340, count)
        phases = rng.uniform(0, 2 * np.pi, count)
        amplitudes = rng.normal(size=(count, 3)) * amplitude_mm / np.sqrt(count / 2)
        return Variation(np.column_stack([directions * (2 * np.pi / lengths)[:, None], phases, amplitudes]))

    def shift(self, points: Array) -> Array:
        """Displacement (mm) at personal points [n, 3]."""
        out = np.empty((len(points), 3))
        _wave_shift(np.ascontiguousarray(points, dtype=np.float64), self.waves, out)
        return out


@dataclass(frozen=True)
class Pose:
    """One exam's pose. ``bumps``: rows centre x, y, z; sigma x, y, z; displacement x, y, z (mm, personal space)."""

    scale: Array
    variation: Variation
    turned_degrees: tuple[float, float, float]
    shift_mm: tuple[float, float, float]
    bumps: Array

    @property
    def matrix(self) -> Array:
        """Rotation from personal to scanner axes."""
        return rotation(self.turned_degrees)

    def breathing(self, points: Array) -> Array:
        """Breathing displacement (mm) at personal points [n, 3]."""
        return moved_by(self.bumps, points)

    def to_scanner(self, personal: Array) -> Array:
        """Scanner LPS mm of personal points [n, 3]."""
        moved = personal + self.breathing(personal)
        return np.asarray(moved @ self.matrix.T + np.asarray(self.shift_mm))

    def to_personal(self, scanner: Array) -> Array:
        """Personal mm of scanner points [n, 3], to 1e-6 mm."""
        still = np.ascontiguousarray((scanner - np.asarray(self.shift_mm)) @ self.matrix, dtype=np.float64)
        personal = np.empty_like(still)
        _without_bumps(still, self.bumps, personal)
        return personal

    def to_anatomical(self, personal: Array) -> Array:
        """Anatomical mm of personal points [n, 3]."""
        return np.asarray(personal / self.scale + self.variation.shift(personal))

    def from_anatomical(self, anatomical: Array) -> Array:
        """Personal mm of anatomical points [n, 3], by fixed-point iteration."""
        personal = anatomical * self.scale
        for _ in range(_ROUNDS):
            personal = (anatomical - self.variation.shift(personal)) * self.scale
        return np.asarray(personal)

    def as_json(self) -> dict[str, Any]:
        """Parameters for truth.json, with the formula's names."""
        return {
            "rotation_degrees_xyz": list(self.turned_degrees),
            "shift_mm": list(self.shift_mm),
            "breathing_bumps": [
                {"centre_mm": row[:3].tolist(), "sigma_mm": row[3:6].tolist(), "displacement_mm": row[6:9].tolist()}
                for row in self.bumps
            ],
            "formula": "scanner = R (p + sum displacement exp(-|(p - centre)/sigma|^2 / 2)) + shift, p in personal mm",
        }


# Rows: centre x, y, z; sigma x, y, z; displacement x, y, z of a breathing state of 1 mm (liver most, pancreas less).
_STATE = np.array(
    [
        [-60, 0, 80, 75, 80, 70, 0.0, -0.15, 1.0],
        [75, 20, 70, 60, 70, 65, 0.0, -0.10, 0.75],
        [10, -20, 0, 70, 60, 50, 0.0, 0.0, 0.30],
    ]
)


def draw_breathing(rng: np.random.Generator, amplitude_mm: float) -> Array:
    """Breathing state of one exam: the upper abdomen moved along z (liver most, pancreas less), a little forward."""
    bumps = _STATE.copy()
    bumps[:, 6:] *= float(rng.uniform(-1, 1)) * amplitude_mm
    bumps[2, 6] = float(rng.normal(0, 0.8))
    return bumps


def breathing_pattern(personal: Array) -> Array:
    """Displacement (mm) at personal points [n, 3] per mm of breathing state; about 1 in the liver."""
    return moved_by(_STATE, personal)


def moved_by(bumps: Array, points: Array) -> Array:
    """Sum of Gaussian bumps (rows as in ``Pose.bumps``) at points [n, 3], mm."""
    out = np.empty((len(points), 3))
    _bump_shift(np.ascontiguousarray(points, dtype=np.float64), bumps, out)
    return out


@njit(cache=True, nogil=True)
def _bumps_at(bumps: Array, x: float, y: float, z: float) -> tuple[float, float, float]:
    dx, dy, dz = 0.0, 0.0, 0.0
    for n in range(bumps.shape[0]):
        a, b, c = (x - bumps[n, 0]) / bumps[n, 3], (y - bumps[n, 1]) / bumps[n, 4], (z - bumps[n, 2]) / bumps[n, 5]
        weight = math.exp(-0.5 * (a * a + b * b + c * c))
        dx += weight * bumps[n, 6]
        dy += weight * bumps[n, 7]
        dz += weight * bumps[n, 8]
    return dx, dy, dz


@njit(cache=True, nogil=True)
def _bump_shift(points: Array, bumps: Array, out: Array) -> None:
    for n in range(points.shape[0]):
        out[n, 0], out[n, 1], out[n, 2] = _bumps_at(bumps, points[n, 0], points[n, 1], points[n, 2])


@njit(cache=True, nogil=True)
def _without_bumps(moved: Array, bumps: Array, out: Array) -> None:
    """Points that the bumps take to ``moved``, by Newton's method to 1e-6 mm.

    Each point starts with the displacement of the one before, its neighbour as a rule; in a row of points less than
    _ROW_MM apart, with what the two before it lead to. Newton's error after a step of s mm is below s^2 / 100, so that
    a step of 1e-4 mm is the last.
    """
    slope = np.empty((3, 3))
    sx, sy, sz = 0.0, 0.0, 0.0
    px, py, pz = 0.0, 0.0, 0.0
    in_row = 0
    for n in range(moved.shape[0]):
        if n > 0:
            ax, ay, az = moved[n, 0] - moved[n - 1, 0], moved[n, 1] - moved[n - 1, 1], moved[n, 2] - moved[n - 1, 2]
            in_row = in_row + 1 if ax * ax + ay * ay + az * az < _ROW_MM * _ROW_MM else 0
        latest_x, latest_y, latest_z = sx, sy, sz
        if in_row > 1:
            sx, sy, sz = 2.0 * sx - px, 2.0 * sy - py, 2.0 * sz - pz
        px, py, pz = latest_x, latest_y, latest_z
        x, y, z = moved[n, 0] + sx, moved[n, 1] + sy, moved[n, 2] + sz
        for _ in range(_MOST_ROUNDS):
            rx, ry, rz = x - moved[n, 0], y - moved[n, 1], z - moved[n, 2]
            slope[:] = 0.0
            for m in range(3):
                slope[m, m] = 1.0
            for m in range(bumps.shape[0]):
                a, b = (x - bumps[m, 0]) / bumps[m, 3], (y - bumps[m, 1]) / bumps[m, 4]
                c = (z - bumps[m, 2]) / bumps[m, 5]
                weight = math.exp(-0.5 * (a * a + b * b + c * c))
                rx += weight * bumps[m, 6]
                ry += weight * bumps[m, 7]
                rz += weight * bumps[m, 8]
                for row in range(3):
                    slope[row, 0] -= bumps[m, 6 + row] * weight * a / bumps[m, 3]
                    slope[row, 1] -= bumps[m, 6 + row] * weight * b / bumps[m, 4]
                    slope[row, 2] -= bumps[m, 6 + row] * weight * c / bumps[m, 5]
            dx, dy, dz = _solved(slope, rx, ry, rz)
            x, y, z = x - dx, y - dy, z - dz
            if max(abs(dx), abs(dy), abs(dz)) < _LAST_STEP_MM:
                break
        sx, sy, sz = x - moved[n, 0], y - moved[n, 1], z - moved[n, 2]
        out[n, 0], out[n, 1], out[n, 2] = x, y, z


@njit(cache=True, nogil=True, inline="always")
def _solved(m: Array, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Solution of the 3 x 3 system ``m v = (x, y, z)`` by cofactors."""
    c00 = m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1]
    c01 = m[1, 2] * m[2, 0] - m[1, 0] * m[2, 2]
    c02 = m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0]
    c10, c11, c12 = (
        m[0, 2] * m[2, 1] - m[0, 1] * m[2, 2],
        m[0, 0] * m[2, 2] - m[0, 2] * m[2, 0],
        m[0, 1] * m[2, 0] - m[0, 0] * m[2, 1],
    )
    c20, c21, c22 = (
        m[0, 1] * m[1, 2] - m[0, 2] * m[1, 1],
        m[0, 2] * m[1, 0] - m[0, 0] * m[1, 2],
        m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0],
    )
    whole = m[0, 0] * c00 + m[0, 1] * c01 + m[0, 2] * c02
    return (
        (c00 * x + c10 * y + c20 * z) / whole,
        (c01 * x + c11 * y + c21 * z) / whole,
        (c02 * x + c12 * y + c22 * z) / whole,
    )


@njit(cache=True, nogil=True)
def _wave_shift(points: Array, waves: Array, out: Array) -> None:
    for n in range(points.shape[0]):
        dx, dy, dz = 0.0, 0.0, 0.0
        for m in range(waves.shape[0]):
            angle = points[n, 0] * waves[m, 0] + points[n, 1] * waves[m, 1] + points[n, 2] * waves[m, 2] + waves[m, 3]
            height = math.sin(angle)
            dx += height * waves[m, 4]
            dy += height * waves[m, 5]
            dz += height * waves[m, 6]
        out[n, 0], out[n, 1], out[n, 2] = dx, dy, dz
