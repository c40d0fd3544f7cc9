"""Tumours of known place, volume and uptake.

A tumour is rigid: it moves with the body but is not deformed by breathing, so its volume is the same in every exam.
Volumes of spheres and ellipsoids are analytic; a lobulated tumour is a ball whose radius varies smoothly with
direction, scaled so that its volume (by quadrature over directions) equals that of its nominal diameter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from isletscope.phantom.shapes import Array, Image, rotation

_LOBES = 6
# A linear edge of width w makes a ball of radius r larger by w^2 / (4 r^2): edges of r/10 keep that below 0.3 %.
_PARTS_PER_RADIUS = 10.0


@dataclass(frozen=True)
class Tumour:
    """One tumour in personal space.

    ``semi_axes_mm`` and ``turned_degrees`` give an ellipsoid; ``lobes`` (rows unit vector x, y, z and height) modulate
    its radius. ``suv`` by tracer class is the SUVbw inside; ``hu`` its CT number.
    """

    id: str
    site: str
    organ: str
    centre_personal_mm: tuple[float, float, float]
    semi_axes_mm: tuple[float, float, float]
    turned_degrees: tuple[float, float, float]
    suv: dict[str, float]
    hu: float
    lobes: Array = field(default_factory=lambda: np.zeros((0, 4)))

    @property
    def volume_ml(self) -> float:
        """Volume in mL (analytic; lobes are volume preserving)."""
        a, b, c = self.semi_axes_mm
        return 4.0 / 3.0 * np.pi * a * b * c / 1000.0

    @property
    def diameter_mm(self) -> float:
        """Diameter of the sphere of equal volume, in mm."""
        a, b, c = self.semi_axes_mm
        return 2.0 * float(np.cbrt(a * b * c))

    @cached_property
    def reach_mm(self) -> float:
        """Radius of a sphere about the centre that holds the whole tumour."""
        swell = float(_lobed_radius(_directions(), self.lobes).max()) * 1.02 if self.lobes.size else 1.0
        return float(max(self.semi_axes_mm)) * swell

    def distance(self, offsets: Array) -> Array:
        """Signed distance (mm, first order near the surface) at ``offsets`` [n, 3] from the centre, personal axes."""
        local = offsets @ rotation(self.turned_degrees)
        axes = np.asarray(self.semi_axes_mm)
        scaled = local / axes
        g = np.sqrt((scaled**2).sum(axis=1))
        slope = np.sqrt(((scaled / axes) ** 2).sum(axis=1))
        if self.lobes.size:
            g = g / _lobed_radius(scaled / np.maximum(g, 1e-9)[:, None], self.lobes)
        return np.asarray(np.where(slope > 1e-9, g * (g - 1.0) / np.maximum(slope, 1e-9), -axes.min()))


def _lobed_radius(directions: Array, lobes: Array) -> Array:
    raw = 1.0 + (np.exp(4.0 * (directions @ lobes[:, :3].T - 1.0)) * lobes[:, 3]).sum(axis=1)
    return np.asarray(raw / _mean_cube(lobes) ** (1 / 3))


def _directions() -> Array:
    """2000 directions spread evenly over the sphere (a spiral)."""
    n = np.arange(2000) + 0.5
    z = 1 - 2 * n / 2000
    turn = np.pi * (1 + 5**0.5) * n
    flat = np.sqrt(1 - z * z)
    return np.column_stack([flat * np.cos(turn), flat * np.sin(turn), z])


def _mean_cube(lobes: Array) -> float:
    """Mean of the unscaled radius cubed over all directions."""
    directions = _directions()
    raw = 1.0 + (np.exp(4.0 * (directions @ lobes[:, :3].T - 1.0)) * lobes[:, 3]).sum(axis=1)
    return float((raw**3).mean())


def draw_lobes(rng: np.random.Generator, strength: float = 0.28) -> Array:
    """Bulges and dents of a lobulated tumour."""
    directions = rng.normal(size=(_LOBES, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.column_stack([directions, rng.uniform(-0.5, 1.0, _LOBES) * strength])


def paint_tumour(
    tumour: Tumour,
    centre_scanner_mm: Array,
    axes: Array,
    value: float,
    image: Image,
    origin: Array,
    spacing: Array,
    edge_mm: float,
) -> tuple[tuple[slice, slice, slice], npt.NDArray[np.float32]] | None:
    """Paint a tumour on ``image`` [k, j, i] (in place); ``origin`` and ``spacing`` are x, y, z in mm.

    ``axes``: rotation from personal to scanner. Voxels are
    sampled more finely the smaller the tumour. Returns the touched box and the covered fraction there; None off grid.
    """
    reach = tumour.reach_mm + edge_mm
    low = np.maximum(np.floor((centre_scanner_mm - reach - origin) / spacing).astype(int), 0)
    high = np.minimum(np.ceil((centre_scanner_mm + reach - origin) / spacing).astype(int) + 1, image.shape[::-1])
    if (high <= low).any():
        return None
    parts = max(math.ceil(_PARTS_PER_RADIUS * edge_mm / min(tumour.semi_axes_mm)), 1)
    within = (np.arange(parts) + 0.5) / parts - 0.5
    x, y, z = (
        (origin[n] + spacing[n] * (np.arange(low[n], high[n])[:, None] + within) - centre_scanner_mm[n]).ravel()
        for n in range(3)
    )
    grid = np.stack(np.meshgrid(z, y, x, indexing="ij"), axis=-1)[..., ::-1]
    distance = tumour.distance(grid.reshape(-1, 3) @ axes).reshape(grid.shape[:3])
    fine = np.clip(0.5 - distance * (parts / edge_mm), 0.0, 1.0)
    blocks = fine.reshape(high[2] - low[2], parts, high[1] - low[1], parts, high[0] - low[0], parts)
    cover = blocks.mean(axis=(1, 3, 5)).astype(np.float32)
    box = (slice(low[2], high[2]), slice(low[1], high[1]), slice(low[0], high[0]))
    image[box] += cover * (np.float32(value) - image[box])
    return box, cover
