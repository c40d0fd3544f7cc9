"""Connected components of a mask, and what can be said of each in one pass over the voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cc3d
import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError
from isletscope.spatial._compiled import compiled
from isletscope.spatial.crop import Box

Labels = npt.NDArray[np.uint32]
Connectivity = Literal[6, 18, 26]


@dataclass(frozen=True)
class ComponentStatistics:
    """Figures of labels 1 to n; entry 0 of every array is label 1.

    ``voxels`` counts; ``maximum``, ``minimum``, ``mean`` and ``total`` are of the values (float64; nan for a label
    without voxels). ``maximum_index`` is [k, j, i] of the first voxel with the highest value, ``centroid_index`` the
    mean index, ``start`` and ``stop`` the bounding box (stop is exclusive), each of shape (n, 3).
    """

    voxels: npt.NDArray[np.int64]
    maximum: npt.NDArray[np.float64]
    minimum: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    total: npt.NDArray[np.float64]
    maximum_index: npt.NDArray[np.int64]
    centroid_index: npt.NDArray[np.float64]
    start: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of labels."""
        return len(self.voxels)

    def box(self, label: int) -> Box:
        """Bounding box of one label (1 to n)."""
        a, b = self.start[label - 1], self.stop[label - 1]
        return Box((int(a[0]), int(a[1]), int(a[2])), (int(b[0]), int(b[1]), int(b[2])))


def label_components(mask: npt.NDArray[np.bool_], connectivity: Connectivity = 26) -> tuple[Labels, int]:
    """Number the connected parts of a mask [k, j, i] 1 to n; 0 is outside. ``connectivity``: 6, 18 or 26 neighbours."""
    if connectivity not in (6, 18, 26):
        raise GeometryError("neighbours in three dimensions", found=str(connectivity), expected="6, 18 or 26")
    contiguous = np.ascontiguousarray(mask, dtype=np.bool_)
    labels, count = cc3d.connected_components(contiguous, connectivity=connectivity, return_N=True, out_dtype=np.uint32)
    return np.ascontiguousarray(labels, dtype=np.uint32), int(count)


def component_statistics(
    labels: npt.NDArray[np.unsignedinteger[Any]], values: npt.NDArray[Any], count: int
) -> ComponentStatistics:
    """Statistics of ``values`` [k, j, i] in labels 1 to ``count``; sums run in float64.

    Raises GeometryError when the two arrays differ in shape.
    """
    if labels.shape != values.shape:
        raise GeometryError("labels and values differ in shape", found=str(labels.shape), expected=str(values.shape))
    voxels = np.zeros(count, np.int64)
    maximum = np.full(count, -np.inf)
    minimum = np.full(count, np.inf)
    total = np.zeros(count)
    maximum_index = np.full((count, 3), -1, np.int64)
    index_total = np.zeros((count, 3))
    start = np.full((count, 3), np.iinfo(np.int64).max, np.int64)
    stop = np.zeros((count, 3), np.int64)
    if count:
        kind = np.float32 if values.dtype == np.float32 else np.float64  # few machine code versions
        plain = np.ascontiguousarray(values, dtype=kind)
        numbers = np.ascontiguousarray(labels, dtype=np.uint32)
        _gather(numbers, plain, voxels, maximum, minimum, total, maximum_index, index_total, start, stop)
    absent = voxels == 0
    for array in (maximum, minimum):
        array[absent] = np.nan
    start[absent] = 0
    divisor = np.where(absent, 1, voxels)
    mean = np.where(absent, np.nan, total / divisor)
    centroid = np.where(absent[:, None], np.nan, index_total / divisor[:, None])
    return ComponentStatistics(voxels, maximum, minimum, mean, total, maximum_index, centroid, start, stop)


@compiled
def _gather(
    labels: npt.NDArray[Any],
    values: npt.NDArray[Any],
    voxels: npt.NDArray[np.int64],
    maximum: npt.NDArray[np.float64],
    minimum: npt.NDArray[np.float64],
    total: npt.NDArray[np.float64],
    maximum_index: npt.NDArray[np.int64],
    index_total: npt.NDArray[np.float64],
    start: npt.NDArray[np.int64],
    stop: npt.NDArray[np.int64],
) -> None:
    planes, rows, columns = labels.shape
    count = len(voxels)
    for k in range(planes):
        for j in range(rows):
            for i in range(columns):
                label = int(labels[k, j, i])
                if label == 0 or label > count:
                    continue
                at = label - 1
                value = float(values[k, j, i])
                voxels[at] += 1
                total[at] += value
                if value > maximum[at]:
                    maximum[at] = value
                    maximum_index[at, 0], maximum_index[at, 1], maximum_index[at, 2] = k, j, i
                minimum[at] = min(minimum[at], value)
                index_total[at, 0] += k
                index_total[at, 1] += j
                index_total[at, 2] += i
                start[at, 0] = min(start[at, 0], k)
                start[at, 1] = min(start[at, 1], j)
                start[at, 2] = min(start[at, 2], i)
                stop[at, 0] = max(stop[at, 0], k + 1)
                stop[at, 1] = max(stop[at, 1], j + 1)
                stop[at, 2] = max(stop[at, 2], i + 1)
