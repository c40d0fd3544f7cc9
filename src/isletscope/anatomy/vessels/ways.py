"""Ways through bright voxels: cheapest paths between parts of the body, as blood would run.

A step through blood costs its length, a step through grey tissue many times that, so that the cheapest way from the
aorta to the spleen follows the splenic artery (minimal paths, Cohen and Kimmel 1997, on a graph).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from isletscope.anatomy.shapes import Bool3D, Float3D, Spacing
from isletscope.spatial import FloatArray

Index = npt.NDArray[np.intp]
_POWER = 4.0
_LEAST = 0.15


class Ways:
    """The voxels of ``inside`` [k, j, i] as nodes; neighbours (26) are joined.

    ``brightness`` [k, j, i]: 1 in blood, 0 in tissue; ``ease`` [k, j, i]: the same, less at a wall. A step costs its
    length in mm over the fourth power of the ease at its ends (at least 0.15).
    """

    def __init__(self, inside: Bool3D, brightness: Float3D, ease: Float3D, spacing_mm: Spacing) -> None:
        self.voxels: Index = np.argwhere(inside)
        self.shape = inside.shape
        self._number = np.full(tuple(n + 2 for n in inside.shape), -1, dtype=np.int32)
        padded = self.voxels + 1
        self._number[tuple(padded.T)] = np.arange(len(padded))
        cost = np.clip(ease[inside], _LEAST, 1.0).astype(np.float64) ** -_POWER
        self.brightness: FloatArray = brightness[inside].astype(np.float64)
        first, second, weight = [], [], []
        for step in product((-1, 0, 1), repeat=3):
            if step <= (0, 0, 0):
                continue
            other = self._number[tuple((padded + step).T)]
            one = np.flatnonzero(other >= 0)
            length = float(np.linalg.norm(np.multiply(step, spacing_mm)))
            first.append(one)
            second.append(other[one])
            weight.append(0.5 * length * (cost[one] + cost[other[one]]))
        count = len(self.voxels)
        rows, columns = np.concatenate(first), np.concatenate(second)
        self._graph = sparse.csr_matrix((np.concatenate(weight), (rows, columns)), shape=(count, count))

    def nodes(self, mask: Bool3D) -> Index:
        """The nodes inside a mask [k, j, i]."""
        return np.flatnonzero(mask[tuple(self.voxels.T)])

    def spread(self, sources: Index) -> Spread:
        """Cheapest ways from a set of nodes to every node."""
        if not len(sources):
            nothing = np.full(len(self.voxels), -9999, dtype=np.int32)
            return Spread(self, np.full(len(self.voxels), np.inf), nothing)
        cost, before, _ = csgraph.dijkstra(
            self._graph, directed=False, indices=sources, return_predecessors=True, min_only=True
        )
        return Spread(self, np.asarray(cost, dtype=np.float64), np.asarray(before, dtype=np.int32))


@dataclass(frozen=True)
class Spread:
    """``cost`` [nodes] from the sources (infinite where no way leads), ``before`` [nodes] the node before each."""

    ways: Ways
    cost: FloatArray
    before: npt.NDArray[np.int32]

    def nearest(self, nodes: Index) -> int | None:
        """The cheapest of some nodes; None when no way leads to any."""
        if not len(nodes):
            return None
        best = int(nodes[int(np.argmin(self.cost[nodes]))])
        return best if np.isfinite(self.cost[best]) else None

    def path(self, node: int) -> Index:
        """Nodes from the source to a node, both included."""
        nodes = [node]
        while self.before[nodes[-1]] >= 0:
            nodes.append(int(self.before[nodes[-1]]))
        return np.array(nodes[::-1], dtype=np.intp)
