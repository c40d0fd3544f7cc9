"""Catchments of maxima: which peaks are foci of their own, whatever the order of voxels."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from isletscope.lesions.peaks import find_catchments


def two_bumps(second: float, saddle: float) -> np.ndarray:
    line = np.array([1.0, 4.0, 10.0, saddle, second, 3.0, 1.0], np.float32)
    return np.tile(line, (3, 3, 1)) * np.array([0.8, 1.0, 0.8], np.float32)[None, :, None]


def test_a_deep_saddle_parts_two_peaks() -> None:
    found = find_catchments(two_bumps(8.0, 4.0), np.ones((3, 3, 7), bool), least_persistence=0.2)
    assert sorted(found.heights.tolist()) == [8.0, 10.0]
    assert found.saddles[found.heights == 8.0] == 4.0


def test_a_shallow_saddle_joins_them() -> None:
    found = find_catchments(two_bumps(8.0, 7.5), np.ones((3, 3, 7), bool), least_persistence=0.2)
    assert found.heights.tolist() == [10.0]
    assert (found.labels == 1).all()


def test_nothing_where_nothing_is_looked_at() -> None:
    found = find_catchments(two_bumps(8.0, 4.0), np.zeros((3, 3, 7), bool), least_persistence=0.2)
    assert len(found.heights) == 0
    assert not found.labels.any()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_peaks_do_not_depend_on_the_order_of_voxels(seed: int, flips: tuple[bool, bool, bool]) -> None:
    values = np.random.default_rng(seed).permutation(6 * 5 * 7).reshape(6, 5, 7).astype(np.float32) + 1
    turn = tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)
    where = np.ones(values.shape, bool)
    one = find_catchments(values, where, least_persistence=0.3)
    two = find_catchments(np.ascontiguousarray(values[turn]), where, least_persistence=0.3)
    assert sorted(one.heights.tolist()) == sorted(two.heights.tolist())
    assert (one.labels > 0).all()
