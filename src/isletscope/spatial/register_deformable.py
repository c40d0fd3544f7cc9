"""What breathing and posture left after a rigid registration, as a smooth field on a coarse lattice.

Around every node of the lattice a block of the first image is looked up in the second one under many small shifts. How
well the values agree is the pointwise mutual information of the pair of values, learned from the joint histogram of
the whole images, so that images of different kinds compare. Shifts and a smooth field are then found in turns, each
drawn to the other with growing force: the coupled convex search over sampled displacements of Heinrich, Papiez,
Schnabel, Handels 2014 (doi:10.1007/978-3-319-08554-8_6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.spatial.geometry import FloatArray, Geometry
from isletscope.spatial.register import normalised_information
from isletscope.spatial.register_images import BINS, RegistrationImage, sample_points
from isletscope.spatial.register_kernels import agreement_by_shift, joint_histogram
from isletscope.spatial.transform import Lattice, Transform

NODE_MM = 24.0
_BLOCK_MM = 30.0
POINTS_A_BLOCK = 150
_BLOCK_POINTS = 400000
_HISTOGRAM_POINTS = 30000
_REACH_MM = 24.0
_SHIFTS = ((5.0, 2), (2.5, 2), (1.0, 2))
_DRAWN = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.05)
_SMOOTH_NODES = 1.0
_COVERED = 0.6
_FAINT = 1e-3


@dataclass(frozen=True)
class _Blocks:
    """Blocks of points around the nodes that have enough of the body: ``nodes`` (n, 3) index k, j, i of each."""

    nodes: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    points: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]

    def moved(self, by_node_mm: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The points, each moved with its node."""
        return self.points + np.repeat(by_node_mm, np.diff(self.starts), axis=0)


def register_field(
    first: RegistrationImage, second: RegistrationImage, matrix: FloatArray, *, points: int = POINTS_A_BLOCK
) -> Lattice:
    """Displacements in the space of ``first`` (LPS mm): ``matrix (p + displacement(p))`` lies in ``second``.

    ``matrix``: the rigid mapping, 4 x 4. ``points``: how many stand for each block, at most. The field is 0 where the
    second image shows nothing.
    """
    geometry = _lattice(first)
    blocks = _blocks(first, second, geometry, matrix, points)
    field = np.zeros((*geometry.shape, 3))
    to_index = np.ascontiguousarray((np.linalg.inv(second.geometry.affine) @ matrix)[:3])
    samples = sample_points(first, _HISTOGRAM_POINTS, 8.0)
    for step_mm, reach in _SHIFTS if len(blocks.nodes) else ():
        table = _table(samples, second, matrix, Lattice(geometry, field.astype(np.float32)))
        steps = np.arange(-reach, reach + 1) * step_mm
        shifts = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
        at_nodes = field[tuple(blocks.nodes.T)]
        agreement, covered = agreement_by_shift(
            blocks.starts, blocks.moved(at_nodes), blocks.values, to_index, shifts, second.bins, table
        )
        field = _coupled(agreement, covered, shifts, blocks.nodes, field)
    return Lattice(geometry, field.astype(np.float32))


def information_of(first: RegistrationImage, second: RegistrationImage, transform: Transform) -> float:
    """Normalised mutual information of two images under a mapping, over points in and 8 mm around the first body."""
    points, values = sample_points(first, _HISTOGRAM_POINTS, 8.0)
    return normalised_information(_histogram((points, values), second, transform))


def _lattice(first: RegistrationImage) -> Geometry:
    low, high = first.body_box_mm
    low, high = low - NODE_MM, high + NODE_MM
    nx, ny, nz = (int(n) for n in np.ceil((high - low) / NODE_MM) + 1)
    return Geometry((nz, ny, nx), (NODE_MM,) * 3, (float(low[0]), float(low[1]), float(low[2])))


def _blocks(
    first: RegistrationImage, second: RegistrationImage, geometry: Geometry, matrix: FloatArray, most: int
) -> _Blocks:
    """The points of each block: all voxels in or near the body within a cube around the node, thinned at random."""
    points, values = sample_points(first, _BLOCK_POINTS, 8.0)
    # What the second image does not show cannot be looked up in it.
    points, values = _within(points, values, second.geometry, matrix)
    if len(points) == 0:
        return _Blocks(np.zeros((0, 3), dtype=np.int64), np.zeros(1, dtype=np.int64), points, values)
    home = geometry.to_index(points)
    order = np.lexsort(np.rint(home).astype(int).T[::-1])
    points, values, home = points[order], values[order], home[order]
    cell = np.rint(home).astype(int)
    flat = np.ravel_multi_index(tuple(np.clip(cell, 0, np.array(geometry.shape) - 1).T), geometry.shape)
    edges = np.searchsorted(flat, np.arange(int(np.prod(geometry.shape)) + 1))
    generator = np.random.default_rng(0)
    nodes, starts, taken = [], [0], []
    reach = _BLOCK_MM / NODE_MM
    for node in np.argwhere(np.diff(edges).reshape(geometry.shape) > 20):
        low, high = np.maximum(node - 1, 0), np.minimum(node + 2, geometry.shape)
        cells = np.stack(np.meshgrid(*[np.arange(a, b) for a, b in zip(low, high, strict=True)], indexing="ij"), -1)
        near = np.concatenate(
            [
                np.arange(edges[c], edges[c + 1])
                for c in np.ravel_multi_index(tuple(cells.reshape(-1, 3).T), geometry.shape)
            ]
        )
        near = near[np.abs(home[near] - node).max(axis=1) <= reach]
        if len(near) > most:
            near = generator.choice(near, most, replace=False)
        nodes.append(node)
        taken.append(near)
        starts.append(starts[-1] + len(near))
    index = np.concatenate(taken) if taken else np.zeros(0, dtype=np.int64)
    return _Blocks(
        np.array(nodes, dtype=np.int64).reshape(-1, 3), np.array(starts, dtype=np.int64), points[index], values[index]
    )


def _within(
    points: FloatArray, values: FloatArray, geometry: Geometry, matrix: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The points, with their values, that come to lie in a grid or not far outside."""
    index = geometry.to_index(Transform(matrix).to_frame(points))
    margin = _REACH_MM / np.asarray(geometry.spacing_mm)
    inside = np.all((index >= -margin) & (index <= np.asarray(geometry.shape) - 1 + margin), axis=1)
    return points[inside], values[inside]


def _histogram(
    samples: tuple[FloatArray, FloatArray], second: RegistrationImage, transform: Transform
) -> npt.NDArray[np.float64]:
    points, values = samples
    to_index = np.ascontiguousarray(np.linalg.inv(second.geometry.affine)[:3])
    histogram, _ = joint_histogram(
        transform.to_frame(points), values, np.ones(len(points)), to_index, second.bins, BINS
    )
    return np.asarray(histogram, dtype=np.float64)


def _table(
    samples: tuple[FloatArray, FloatArray], second: RegistrationImage, matrix: FloatArray, field: Lattice
) -> npt.NDArray[np.float64]:
    """Pointwise mutual information of every pair of bins, in nats."""
    joint = ndimage.gaussian_filter(_histogram(samples, second, Transform(matrix, field)), 1.0, mode="nearest")
    joint = joint / max(float(joint.sum()), 1e-9) + 1e-7
    expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    return np.asarray(np.clip(np.log(joint / expected), -4.0, 4.0))


def _coupled(
    agreement: npt.NDArray[np.float64],
    covered: npt.NDArray[np.float64],
    shifts: npt.NDArray[np.float64],
    nodes: npt.NDArray[np.int64],
    before: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """The smooth field that the agreement of all nodes speaks for, added to the field before."""
    seen = covered.min(axis=1) >= _COVERED
    contrast = agreement.max(axis=1) - np.median(agreement, axis=1)
    weight = np.zeros(before.shape[:3])
    weight[tuple(nodes.T)] = np.where(seen, contrast, 0.0)
    place = tuple(nodes.T)
    smooth = before.copy()
    for drawn in _DRAWN:
        apart = smooth[place] - before[place]
        distance = ((shifts[None] - apart[:, None]) ** 2).sum(axis=2)
        chosen = shifts[(agreement - drawn * distance).argmax(axis=1)]
        raw = before.copy()
        raw[place] += np.where(seen[:, None], chosen, 0.0)
        smooth = _smoothed(raw, weight)
    return smooth


def _smoothed(field: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gaussian average in which a node counts with its weight; far from every node with weight it falls to 0."""
    total = ndimage.gaussian_filter(weight, _SMOOTH_NODES, mode="constant")
    floor = _FAINT * float(weight.max(initial=0.0)) + 1e-12
    parts = [
        ndimage.gaussian_filter(field[..., axis] * weight, _SMOOTH_NODES, mode="constant") / (total + floor)
        for axis in range(3)
    ]
    return np.stack(parts, axis=-1)
