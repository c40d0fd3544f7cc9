"""The inner loops of registration: joint histograms of two images under a mapping, and local agreement by shift.

Studholme, Hill, Hawkes 1999 (doi:10.1016/S0031-3203(98)00091-0): normalised mutual information does not depend on how
much of the two images overlaps. Values are spread linearly over the two nearest bins on both sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.spatial._compiled import compiled

Array = npt.NDArray[Any]


@compiled
def joint_histogram(
    points: Array, values: Array, weights: Array, matrix: Array, image: Array, bins: int
) -> tuple[Array, float]:
    """Joint histogram [bins, bins] of ``values`` (n, in bins) at ``points`` (n, 3) and ``image`` [k, j, i] (in bins).

    ``matrix`` (3 x 4) takes a point to the index k, j, i of the image. Points that fall outside the image are left
    out; the second result is the weight of those that fall inside. One bin too high cannot occur: values end at
    ``bins - 1``.
    """
    histogram = np.zeros((bins, bins))
    inside = 0.0
    nk, nj, ni = image.shape
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
        value = (1.0 - fk) * (
            (1.0 - fj) * ((1.0 - fi) * image[k0, j0, i0] + fi * image[k0, j0, i1])
            + fj * ((1.0 - fi) * image[k0, j1, i0] + fi * image[k0, j1, i1])
        ) + fk * (
            (1.0 - fj) * ((1.0 - fi) * image[k1, j0, i0] + fi * image[k1, j0, i1])
            + fj * ((1.0 - fi) * image[k1, j1, i0] + fi * image[k1, j1, i1])
        )
        weight = weights[n]
        a = int(values[n])
        fa = values[n] - a
        b = int(value)
        fb = value - b
        a1, b1 = min(a + 1, bins - 1), min(b + 1, bins - 1)
        histogram[a, b] += weight * (1.0 - fa) * (1.0 - fb)
        histogram[a1, b] += weight * fa * (1.0 - fb)
        histogram[a, b1] += weight * (1.0 - fa) * fb
        histogram[a1, b1] += weight * fa * fb
        inside += weight
    return histogram, inside


@compiled
def agreement_by_shift(
    starts: Array, points: Array, values: Array, matrix: Array, shifts: Array, image: Array, table: Array
) -> tuple[Array, Array]:
    """Mean of ``table[value, image value]`` of each block for each shift, and the share of its points in the image.

    Block b holds the points ``starts[b]`` to ``starts[b + 1]`` (n, 3), with ``values`` in bins; ``shifts`` (s, 3) are
    added to the points, ``matrix`` (3 x 4) takes a point to the index k, j, i of ``image`` (in bins; the nearest
    voxel is taken). A block without a point in the image under a shift gets the lowest agreement of the table.
    """
    blocks, count = starts.shape[0] - 1, shifts.shape[0]
    agreement = np.zeros((blocks, count))
    covered = np.zeros((blocks, count))
    nk, nj, ni = image.shape
    lowest = table.min()
    bins = table.shape[0]
    for block in range(blocks):
        first, last = starts[block], starts[block + 1]
        for s in range(count):
            dx, dy, dz = shifts[s, 0], shifts[s, 1], shifts[s, 2]
            total = 0.0
            inside = 0
            for n in range(first, last):
                x, y, z = points[n, 0] + dx, points[n, 1] + dy, points[n, 2] + dz
                k = int(np.floor(matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3] + 0.5))
                j = int(np.floor(matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3] + 0.5))
                i = int(np.floor(matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3] + 0.5))
                if k < 0 or j < 0 or i < 0 or k >= nk or j >= nj or i >= ni:
                    continue
                inside += 1
                a = min(int(values[n] + 0.5), bins - 1)
                b = min(int(image[k, j, i] + 0.5), bins - 1)
                total += table[a, b]
            agreement[block, s] = total / inside if inside else lowest
            covered[block, s] = inside / (last - first) if last > first else 0.0
    return agreement, covered
