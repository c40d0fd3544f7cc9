"""Tumours of known place, volume and appearance.

A tumour is rigid: it moves with the body but is not deformed by breathing, so its shape is the same in every exam
unless the scenario changes it. Spheres and ellipsoids are analytic; a lobulated tumour is a ball whose radius varies
smoothly with direction, scaled so that its volume (by quadrature over directions) equals that of its nominal diameter.
Inner parts (core, half, fluid, calcium) lie inside the outline; vessels named in ``spared`` lie over it; a thrombus
continues it inside a vein.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numba import njit

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.shapes import Array, rotation

_LOBES = 6
_SHARPNESS = 4.0
PART_KINDS = ("scaled", "eroded", "shell", "half", "balls")


@dataclass(frozen=True)
class InnerPart:
    """A part of a tumour with its own appearance, painted over the parts before it.

    ``kind`` and ``figures``: ``scaled`` (the outline shrunk about the centre: factor), ``eroded`` (all that lies deeper
    than: mm), ``shell`` (a layer: depth of its middle, thickness in mm), ``half`` (beyond a plane: unit normal x, y, z
    in personal axes and offset from the centre in mm), ``balls`` (rows x, y, z from the centre in personal axes and
    radius, mm).
    """

    name: str
    kind: str
    appearance: Appearance
    figures: Array

    def distance(self, tumour: Tumour, offsets: Array, outline: Array) -> Array:
        """Signed distance (mm) at ``offsets`` [n, 3]; ``outline`` [n] is the tumour's own distance there."""
        first = float(self.figures.flat[0])
        if self.kind == "scaled":
            return np.asarray(tumour.distance(offsets / first) * first)
        if self.kind == "eroded":
            return np.asarray(outline + first)
        if self.kind == "shell":
            return np.asarray(np.abs(outline + first) - self.figures[1] / 2)
        if self.kind == "half":
            return np.asarray(self.figures[3] - offsets @ self.figures[:3])
        gaps = np.linalg.norm(offsets[:, None, :] - self.figures[None, :, :3], axis=2) - self.figures[None, :, 3]
        return np.asarray(gaps.min(axis=1))


@dataclass(frozen=True)
class Thrombus:
    """Tumour inside a vein: the vein's name and the stretch it fills, rows x, y, z, radius in anatomical mm."""

    vein: str
    course: Array


@dataclass(frozen=True, eq=False)
class Tumour:
    """One tumour (or mimic) in personal space, in one state; the same object wherever the state is the same.

    ``semi_axes_mm`` and ``turned_degrees`` give an ellipsoid; ``lobes`` (rows unit vector x, y, z and height) modulate
    its radius; ``joined`` tumours are united with it (confluent disease). ``appearance`` is that of its main part,
    ``inner`` the parts painted over it, ``spared`` the tubes painted over both, ``mimic`` the kind of a benign look-
    alike (empty for tumour), ``label`` its number in truth masks (from 1, the same in every exam).
    """

    id: str
    site: str
    organ: str
    centre_personal_mm: tuple[float, float, float]
    semi_axes_mm: tuple[float, float, float]
    turned_degrees: tuple[float, float, float]
    appearance: Appearance
    lobes: Array = field(default_factory=lambda: np.zeros((0, 4)))
    inner: tuple[InnerPart, ...] = ()
    spared: tuple[str, ...] = ()
    thrombus: Thrombus | None = None
    joined: tuple[Tumour, ...] = ()
    nature: str = ""
    mimic: str = ""
    label: int = 0
    line: int = 0

    @property
    def suv(self) -> dict[str, float]:
        """SUVbw of the main part by tracer class."""
        return self.appearance.uptake

    @property
    def hu(self) -> float:
        """CT number of the main part before contrast."""
        return self.appearance.hu["unenhanced"]

    @property
    def thrombus_in(self) -> str | None:
        """The vein that the tumour grows into."""
        return self.thrombus.vein if self.thrombus else None

    @property
    def volume_ml(self) -> float:
        """Volume in mL of the ellipsoid (analytic; lobes are volume preserving), nothing spared, nothing joined."""
        a, b, c = self.semi_axes_mm
        return 4.0 / 3.0 * np.pi * a * b * c / 1000.0

    @property
    def diameter_mm(self) -> float:
        """Diameter of the sphere of equal volume, in mm."""
        a, b, c = self.semi_axes_mm
        return 2.0 * float(np.cbrt(a * b * c))

    @cached_property
    def reach_mm(self) -> float:
        """Radius of a sphere about the centre that holds the whole tumour (without its thrombus)."""
        swell = float(_lobed_radius(spread_directions(), self.lobes).max()) * 1.02 if self.lobes.size else 1.0
        own = float(max(self.semi_axes_mm)) * swell
        here = np.asarray(self.centre_personal_mm)
        others = [float(np.linalg.norm(here - other.centre_personal_mm)) + other.reach_mm for other in self.joined]
        return max([own, *others])

    @cached_property
    def _swell(self) -> float:
        return _mean_cube(self.lobes) ** (-1 / 3) if self.lobes.size else 1.0

    @cached_property
    def axes(self) -> Array:
        """Columns: directions of the three semi-axes in personal space."""
        return rotation(self.turned_degrees)

    def distance(self, offsets: Array) -> Array:
        """Signed distance (mm, first order near the surface) at ``offsets`` [n, 3] from the centre, personal axes."""
        out = np.empty(len(offsets))
        points = np.ascontiguousarray(offsets, dtype=np.float64)
        _shape_distances(points, self.axes, np.asarray(self.semi_axes_mm), self.lobes, self._swell, out)
        for other in self.joined:
            apart = np.asarray(other.centre_personal_mm) - self.centre_personal_mm
            np.minimum(out, other.distance(points - apart), out=out)
        return out


@njit(cache=True, fastmath=True, nogil=True)
def _shape_distances(points: Array, turn: Array, axes: Array, lobes: Array, swell: float, out: Array) -> None:
    """First-order signed distance of a lobed ellipsoid: ``g (g - 1) / |grad|`` with ``g`` the scaled radius."""
    least = min(axes[0], axes[1], axes[2])
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        a = (x * turn[0, 0] + y * turn[1, 0] + z * turn[2, 0]) / axes[0]
        b = (x * turn[0, 1] + y * turn[1, 1] + z * turn[2, 1]) / axes[1]
        c = (x * turn[0, 2] + y * turn[1, 2] + z * turn[2, 2]) / axes[2]
        g = math.sqrt(a * a + b * b + c * c)
        slope = math.sqrt((a / axes[0]) ** 2 + (b / axes[1]) ** 2 + (c / axes[2]) ** 2)
        if slope <= 1e-9:
            out[n] = -least
            continue
        if lobes.shape[0]:
            radius = 1.0
            for m in range(lobes.shape[0]):
                along = (a * lobes[m, 0] + b * lobes[m, 1] + c * lobes[m, 2]) / g
                radius += math.exp(_SHARPNESS * (along - 1.0)) * lobes[m, 3]
            g = g / (radius * swell)
        out[n] = g * (g - 1.0) / slope


def _lobed_radius(directions: Array, lobes: Array) -> Array:
    raw = 1.0 + (np.exp(_SHARPNESS * (directions @ lobes[:, :3].T - 1.0)) * lobes[:, 3]).sum(axis=1)
    return np.asarray(raw / _mean_cube(lobes) ** (1 / 3))


def spread_directions(count: int = 2000) -> Array:
    """Unit directions [count, 3] spread evenly over the sphere (a spiral)."""
    n = np.arange(count) + 0.5
    z = 1 - 2 * n / count
    turn = np.pi * (1 + 5**0.5) * n
    flat = np.sqrt(1 - z * z)
    return np.column_stack([flat * np.cos(turn), flat * np.sin(turn), z])


def _mean_cube(lobes: Array) -> float:
    """Mean of the unscaled radius cubed over all directions."""
    directions = spread_directions()
    raw = 1.0 + (np.exp(_SHARPNESS * (directions @ lobes[:, :3].T - 1.0)) * lobes[:, 3]).sum(axis=1)
    return float((raw**3).mean())


def draw_lobes(rng: np.random.Generator, strength: float = 0.28) -> Array:
    """Bulges and dents of a lobulated tumour."""
    directions = rng.normal(size=(_LOBES, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.column_stack([directions, rng.uniform(-0.5, 1.0, _LOBES) * strength])


def scaled(tumour: Tumour, factor: float) -> Tumour:
    """The tumour enlarged about its centre, inner parts with it; wall and rim keep their thickness."""
    a, b, c = (axis * factor for axis in tumour.semi_axes_mm)
    inner: list[InnerPart] = []
    for part in tumour.inner:
        figures = part.figures
        if part.kind == "half":
            figures = figures * np.array([1, 1, 1, factor])
        elif part.kind == "balls":
            figures = figures * factor
        if part.kind != "eroded" or float(figures[0]) < 0.9 * min(a, b, c):
            inner.append(replace(part, figures=figures))
    return replace(tumour, semi_axes_mm=(a, b, c), inner=tuple(inner))
