"""The cheapest assignment of rows to columns, where each may also stay alone."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from isletscope.spatial import FloatArray


def cheapest_pairs(price: FloatArray) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total price; a pair is made only where its price is below 0.

    ``price`` [rows, columns]: what a pair costs over leaving both alone. Groups of rows and columns that share no
    possible pair are solved apart, so that what lies far away never changes a result (Jonker and Volgenant's
    algorithm as in SciPy).
    """
    rows, columns = price.shape
    possible = price < 0.0
    if not possible.any():
        return []
    at_row, at_column = np.nonzero(possible)
    graph = coo_array((np.ones(len(at_row)), (at_row, at_column + rows)), shape=(rows + columns, rows + columns))
    _, group = connected_components(graph, directed=False)
    pairs: list[tuple[int, int]] = []
    for number in np.unique(group[at_row]):
        inside_rows = np.nonzero(group[:rows] == number)[0]
        inside_columns = np.nonzero(group[rows:] == number)[0]
        block = np.minimum(price[np.ix_(inside_rows, inside_columns)], 0.0)
        chosen = linear_sum_assignment(block)
        pairs += [
            (int(inside_rows[r]), int(inside_columns[c])) for r, c in zip(*chosen, strict=True) if block[r, c] < 0.0
        ]
    return sorted(pairs)
