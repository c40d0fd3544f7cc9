"""Cheapest paths through voxels: the course of a vessel in its mask, or between two points on an image."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from isletscope.spatial import FloatArray

Index = npt.NDArray[np.intp]


class VoxelGraph:
    """The voxels of a mask [k, j, i] as nodes, neighbours (26) joined by edges.

    An edge costs its length in mm times the mean of the costs of its two voxels (``cost`` [k, j, i], positive).
    """

    def __init__(
        self, inside: npt.NDArray[np.bool_], cost: npt.NDArray[np.floating], spacing_mm: tuple[float, float, float]
    ) -> None:
        self.voxels: Index = np.argwhere(inside)
        number = np.full(inside.shape, -1, dtype=np.int64)
        number[inside] = np.arange(len(self.voxels))
        padded, padded_cost = np.pad(number, 1, constant_values=-1), np.pad(cost.astype(np.float64), 1)
        first, second, weight = [], [], []
        centre = tuple(slice(1, -1) for _ in range(3))
        for step in product((-1, 0, 1), repeat=3):
            if step <= (0, 0, 0):
                continue
            shifted = tuple(slice(1 + d, n + 1 + d) for d, n in zip(step, inside.shape, strict=True))
            both = (padded[centre] >= 0) & (padded[shifted] >= 0)
            length = float(np.linalg.norm(np.multiply(step, spacing_mm)))
            first.append(padded[centre][both])
            second.append(padded[shifted][both])
            weight.append(0.5 * length * (padded_cost[centre][both] + padded_cost[shifted][both]))
        count = len(self.voxels)
        rows, columns, costs = np.concatenate(first), np.concatenate(second), np.concatenate(weight)
        self._graph = sparse.csr_matrix((costs, (rows, columns)), shape=(count, count))

    def node(self, index_kji: npt.ArrayLike) -> int:
        """The node nearest to a fractional index, counted in voxels."""
        return int(np.argmin(((self.voxels - np.asarray(index_kji)) ** 2).sum(axis=1)))

    def costs_from(self, node: int) -> FloatArray:
        """Cost of the cheapest path from a node to every node; infinite where there is none."""
        return np.asarray(csgraph.dijkstra(self._graph, directed=False, indices=node))

    def path(self, start: int, end: int) -> Index:
        """Voxels [n, 3] of the cheapest path, both ends included; empty when the two are not joined."""
        _, before = csgraph.dijkstra(self._graph, directed=False, indices=start, return_predecessors=True)
        if start != end and before[end] < 0:
            return np.zeros((0, 3), dtype=np.intp)
        nodes = [end]
        while nodes[-1] != start:
            nodes.append(int(before[nodes[-1]]))
        return self.voxels[nodes[::-1]]
