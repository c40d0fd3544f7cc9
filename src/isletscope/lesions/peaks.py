"""Catchments of uptake maxima: every voxel goes to the maximum that it climbs to, shallow maxima joined to deeper ones.

The persistence of a maximum is how far uptake falls on the best way from it to a higher one. Maxima whose persistence
is a small share of their height are noise or part of their neighbour (Edelsbrunner's topological persistence).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.spatial import compiled


@dataclass(frozen=True)
class Catchments:
    """Catchment labels [k, j, i] (0: none) and, per catchment n (label n + 1), its maximum.

    ``indices``: [n, 3] voxel of the maximum; ``heights``: value there; ``saddles``: value of the best pass to a higher
    maximum, 0 where there is none.
    """

    labels: npt.NDArray[np.int32]
    indices: npt.NDArray[np.int64]
    heights: npt.NDArray[np.float64]
    saddles: npt.NDArray[np.float64]


def find_catchments(
    values: npt.NDArray[np.float32], where: npt.NDArray[np.bool_], *, least_persistence: float
) -> Catchments:
    """Catchments of the maxima of ``values`` [k, j, i] inside ``where``.

    ``least_persistence``: share of a maximum's height by which uptake must fall towards a higher one (0 to 1).
    Voxels are visited from high to low, ties in memory order, so the result does not depend on chance.
    """
    flat = np.flatnonzero(where.ravel())
    order = flat[np.argsort(-values.ravel()[flat], kind="stable")]
    labels, roots, passes = _flood(values.ravel(), order, np.asarray(values.shape), float(least_persistence))
    if not len(roots):
        return Catchments(labels.reshape(values.shape), np.zeros((0, 3), np.int64), np.zeros(0), np.zeros(0))
    indices = np.column_stack(np.unravel_index(roots, values.shape)).astype(np.int64)
    return Catchments(labels.reshape(values.shape), indices, values.ravel()[roots].astype(np.float64), passes)


@compiled
def _flood(
    values: npt.NDArray[Any], order: npt.NDArray[Any], shape: npt.NDArray[Any], share: float
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Flooding from the top; parts are joined when the lower one's maximum is shallow."""
    rows, columns = shape[1], shape[2]
    owner = np.full(values.size, -1, np.int32)
    parent = np.empty(len(order), np.int32)
    top = np.empty(len(order), np.int64)
    saddle = np.zeros(len(order), np.float64)
    count = 0
    near = np.empty(26, np.int32)
    for position in range(len(order)):
        voxel = order[position]
        k = voxel // (rows * columns)
        j = (voxel // columns) % rows
        i = voxel % columns
        found = 0
        steepest = -1
        highest = -np.inf
        for dk in range(-1, 2):
            if k + dk < 0 or k + dk >= shape[0]:
                continue
            for dj in range(-1, 2):
                if j + dj < 0 or j + dj >= rows:
                    continue
                for di in range(-1, 2):
                    if i + di < 0 or i + di >= columns:
                        continue
                    beside = voxel + (dk * rows + dj) * columns + di
                    part = owner[beside]
                    if part < 0:
                        continue
                    while parent[part] != part:
                        parent[part] = parent[parent[part]]
                        part = parent[part]
                    if values[beside] > highest:
                        highest = values[beside]
                        steepest = part
                    known = False
                    for n in range(found):
                        if near[n] == part:
                            known = True
                    if not known:
                        near[found] = part
                        found += 1
        if found == 0:
            parent[count] = count
            top[count] = voxel
            owner[voxel] = count
            count += 1
            continue
        best = near[0]
        for n in range(1, found):
            if values[top[near[n]]] > values[top[best]]:
                best = near[n]
        here = values[voxel]
        for n in range(found):
            part = near[n]
            if part == best:
                continue
            height = values[top[part]]
            if height - here < share * height:
                parent[part] = best
            elif saddle[part] == 0.0:
                saddle[part] = here
        owner[voxel] = steepest
    number = np.zeros(max(count, 1), np.int32)
    kept = 0
    roots = np.empty(count, np.int64)
    passes = np.empty(count, np.float64)
    for part in range(count):
        if parent[part] == part:
            roots[kept] = top[part]
            passes[kept] = saddle[part]
            kept += 1
            number[part] = kept
    labels = np.zeros(values.size, np.int32)
    for position in range(len(order)):
        part = owner[order[position]]
        while parent[part] != part:
            part = parent[part]
        labels[order[position]] = number[part]
    return labels, roots[:kept], passes[:kept]
