"""Rigid registration by local structure: for narrow fields, where the values of the images share too little.

Each point is described by how alike its surroundings are to those 4 mm away in six directions: edges and texture, not
values, so that CT, MR and PET compare (modality independent neighbourhood descriptor: Heinrich et al. 2012,
doi:10.1016/j.media.2012.05.008). In a part of a limb, fat and muscle leave mutual information nearly flat along the
limb; the descriptors still tell one place from its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage, optimize

from isletscope.spatial._compiled import compiled
from isletscope.spatial.geometry import FloatArray
from isletscope.spatial.register import inverse, rigid_matrix
from isletscope.spatial.register_images import RegistrationImage

Array = npt.NDArray[Any]

_NEIGHBOUR_MM = 4.0
_PATCH_MM = 3.0
_EDGE_MM = 6.0
_COARSE_POINTS = 1500
_FINE_POINTS = 10000
_START_STEP_MM = 16.0
_KEPT = 8
_TURNS = 3
_APART_MM = 10.0
_LEAST_INSIDE = 0.5
_LEAST_AGREEMENT = 0.01
_AWAY_MM = (12.0, 24.0)
_AWAY_DEGREES = 15.0


@dataclass(frozen=True)
class StructureFit:
    """What the search by structure found.

    ``matrix`` (4 x 4) takes LPS points of the first image to the second. ``agreement``: 0 when points agree no more
    than points paired at random, 1 when their surroundings are the same. ``gain``: this over the most at poses 12 or
    24 mm or 15 degrees away. ``rival_share``: the agreement of the best other pose of the search, over 10 mm away, as
    a share of this one; 0 when there is none.
    """

    matrix: FloatArray
    agreement: float
    gain: float
    rival_share: float


@dataclass(frozen=True)
class Structure:
    """Points of one image with their descriptors (n, 6), and the descriptors [k, j, i, 6] of the other."""

    points: npt.NDArray[np.float64]
    described: npt.NDArray[np.float32]
    looked_up: npt.NDArray[np.float32]
    to_index: FloatArray
    by_chance: float

    def agreement(self, matrix: FloatArray) -> float:
        """How well the points agree under a 4 x 4 matrix: 0 as if by chance, as points outside do; 1 in full.

        -1 when less than half of the points lie inside the other image.
        """
        to_index = np.ascontiguousarray((self.to_index @ matrix)[:3])
        difference, inside = structure_difference(self.points, self.described, to_index, self.looked_up)
        count = len(self.points)
        if inside < _LEAST_INSIDE * count:
            return -1.0
        mean = (difference + (count - inside) * self.by_chance) / count
        return 1.0 - float(mean) / self.by_chance


def structure_of(
    first: RegistrationImage, looked_up: Array, second: RegistrationImage, count: int, pose: FloatArray
) -> Structure:
    """About ``count`` points of the first image's body described, ready to be looked up in the second.

    ``looked_up``: the descriptors of the second image. The first image is described along the directions that
    ``pose`` (4 x 4, first to second) turns onto the axes of the second, so that a turned body compares.
    """
    described = describe(first, pose[:3, :3].T)
    index = np.argwhere(first.body & ~_rim(first))
    generator = np.random.default_rng(len(index))
    if len(index) > count:
        index = index[np.sort(generator.choice(len(index), count, replace=False))]
    mine = described[tuple(index.T)]
    theirs = looked_up[second.body]
    drawn = theirs[generator.integers(0, len(theirs), len(mine))]
    by_chance = max(float(np.abs(mine - drawn).mean()), 1e-6) if len(mine) else 1.0
    to_index = np.asarray(np.linalg.inv(second.geometry.affine), dtype=np.float64)
    return Structure(first.geometry.to_lps(index), np.ascontiguousarray(mine), looked_up, to_index, by_chance)


def register_structure(first: RegistrationImage, second: RegistrationImage) -> StructureFit:
    """The rigid mapping from LPS points of ``first`` to ``second`` under which their structures agree best.

    Starts lie on a grid of 16 mm along all axes, as far as the body of the smaller image stays within the other one.
    """
    swapped = _size(first) > _size(second)
    sampled, looked_up = (second, first) if swapped else (first, second)
    described = describe(looked_up, np.eye(3))
    coarse = structure_of(sampled, described, looked_up, _COARSE_POINTS, np.eye(4))
    centre = coarse.points.mean(axis=0)
    starts = sorted(_starts(sampled, looked_up), key=lambda pose: -coarse.agreement(pose))[:_KEPT]
    climbed = sorted((_climb(coarse, pose, centre) for pose in starts), key=lambda pair: -pair[0])
    matrix = climbed[0][1]
    for _ in range(_TURNS):
        fine = structure_of(sampled, described, looked_up, _FINE_POINTS, matrix)
        matrix = _climb(fine, matrix, centre)[1]
    agreement = fine.agreement(matrix)
    gain = agreement / max(_elsewhere(fine, matrix, centre), _LEAST_AGREEMENT)
    home = _moved(matrix, centre)
    rivals = [fine.agreement(pose) for _, pose in climbed if np.linalg.norm(_moved(pose, centre) - home) > _APART_MM]
    rival_share = max(rivals, default=0.0) / max(agreement, _LEAST_AGREEMENT)
    return StructureFit(inverse(matrix) if swapped else matrix, agreement, gain, rival_share)


def _elsewhere(structure: Structure, matrix: FloatArray, centre: FloatArray) -> float:
    """The best agreement at poses shifted or turned away from one."""
    away = [
        rigid_matrix(sign * step * axis, (0, 0, 0), centre)
        for axis in np.eye(3)
        for step in _AWAY_MM
        for sign in (-1, 1)
    ]
    away += [rigid_matrix((0, 0, 0), sign * _AWAY_DEGREES * axis, centre) for axis in np.eye(3) for sign in (-1, 1)]
    return max(structure.agreement(matrix @ moved) for moved in away)


def _moved(matrix: FloatArray, point: FloatArray) -> FloatArray:
    return np.asarray(matrix[:3, :3] @ point + matrix[:3, 3])


def _size(image: RegistrationImage) -> float:
    low, high = image.body_box_mm
    return float(np.prod(high - low))


def _climb(structure: Structure, start: FloatArray, centre: FloatArray) -> tuple[float, FloatArray]:
    """The best pose near ``start`` and its agreement; units of the search are millimetres and half degrees."""

    def cost(parameters: npt.NDArray[np.float64]) -> float:
        return -structure.agreement(start @ rigid_matrix(parameters[:3], parameters[3:] / 2, centre))

    found = optimize.minimize(cost, np.zeros(6), method="Powell", options={"xtol": 0.05, "ftol": 1e-6, "maxiter": 12})
    return -float(found.fun), start @ rigid_matrix(found.x[:3], found.x[3:] / 2, centre)


def _starts(sampled: RegistrationImage, looked_up: RegistrationImage) -> list[FloatArray]:
    low, high = sampled.body_box_mm
    other_low, other_high = looked_up.body_box_mm
    away = (other_low + other_high) / 2 - (low + high) / 2
    reach = np.maximum((other_high - other_low) - (high - low), 0.0) / 2 + _START_STEP_MM / 2
    steps = [np.arange(-int(far / _START_STEP_MM), int(far / _START_STEP_MM) + 1) * _START_STEP_MM for far in reach]
    shifts = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    poses = [np.eye(4)]
    for shift in shifts:
        pose = np.eye(4)
        pose[:3, 3] = away + shift
        poses.append(pose)
    return poses


def describe(image: RegistrationImage, directions: FloatArray) -> npt.NDArray[np.float32]:
    """Float32 [k, j, i, 6]: 1 where a neighbour's surroundings are the most alike of the six, towards 0 where not.

    Neighbours lie both ways along the columns of ``directions`` (3 x 3, LPS).
    """
    spacing = np.asarray(image.geometry.spacing_mm)
    axes = np.asarray(image.geometry.axes_lps)
    values = image.bins.astype(np.float32)
    apart = []
    for direction in directions.T:
        for sign in (-1.0, 1.0):
            step = (axes @ direction) * sign * _NEIGHBOUR_MM / spacing
            other = ndimage.shift(values, step, order=1, mode="nearest")
            apart.append(ndimage.gaussian_filter((values - other) ** 2, _PATCH_MM / spacing, mode="nearest"))
    distances = np.stack(apart, axis=-1)
    spread = distances.mean(axis=-1, keepdims=True)
    usual = float(spread[image.body].mean())
    spread = np.clip(spread, 0.02 * usual, 50.0 * usual)
    return np.asarray(np.exp(-(distances - distances.min(axis=-1, keepdims=True)) / spread), dtype=np.float32)


def _rim(image: RegistrationImage) -> npt.NDArray[np.bool_]:
    """Voxels near the end of the grid, whose surroundings were not imaged."""
    rim = np.ones(image.body.shape, dtype=np.bool_)
    inner = []
    for size, spacing in zip(image.geometry.shape, image.geometry.spacing_mm, strict=True):
        steps = min(int(np.ceil(_EDGE_MM / spacing)), (size - 1) // 2)
        inner.append(slice(steps, size - steps))
    rim[tuple(inner)] = False
    return rim


@compiled
def structure_difference(points: Array, described: Array, matrix: Array, image: Array) -> tuple[float, int]:
    """Sum over points of the mean absolute difference of descriptors, and how many points lie inside the image.

    ``points`` (n, 3), ``described`` (n, 6), ``matrix`` (3 x 4) to the index k, j, i of ``image`` [k, j, i, 6], taken
    linearly between voxels.
    """
    total = 0.0
    inside = 0
    nk, nj, ni, channels = image.shape
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        k = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]
        j = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]
        i = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]
        if k < 0.0 or j < 0.0 or i < 0.0 or k > nk - 1 or j > nj - 1 or i > ni - 1:
            continue
        k0, j0, i0 = int(k), int(j), int(i)
        fk, fj, fi = k - k0, j - j0, i - i0
        k1, j1, i1 = min(k0 + 1, nk - 1), min(j0 + 1, nj - 1), min(i0 + 1, ni - 1)
        apart = 0.0
        for c in range(channels):
            value = (1.0 - fk) * (
                (1.0 - fj) * ((1.0 - fi) * image[k0, j0, i0, c] + fi * image[k0, j0, i1, c])
                + fj * ((1.0 - fi) * image[k0, j1, i0, c] + fi * image[k0, j1, i1, c])
            ) + fk * (
                (1.0 - fj) * ((1.0 - fi) * image[k1, j0, i0, c] + fi * image[k1, j0, i1, c])
                + fj * ((1.0 - fi) * image[k1, j1, i0, c] + fi * image[k1, j1, i1, c])
            )
            apart += abs(described[n, c] - value)
        total += apart / channels
        inside += 1
    return total, inside
