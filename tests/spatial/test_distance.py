from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from isletscope.spatial import Mask, distance_to_mm, inside_depth_mm, outline_distance_mm
from tests.spatial.grids import geometry, seeds

_SPACINGS = st.tuples(*[st.floats(0.7, 5.0)] * 3)


def _mask(seed: int, spacing: tuple[float, float, float]) -> Mask:
    inside = np.random.default_rng(seed).random((6, 7, 8)) < 0.05
    inside[2, 3, 4] = True
    return Mask(inside, geometry(inside.shape, spacing))


@settings(max_examples=25, deadline=None)
@given(seeds, _SPACINGS)
def test_distances_equal_brute_force(seed: int, spacing: tuple[float, float, float]) -> None:
    mask = _mask(seed, spacing)
    everywhere = np.argwhere(np.ones_like(mask.array)) * np.array(spacing)
    to_inside = cdist(everywhere, np.argwhere(mask.array) * np.array(spacing)).min(axis=1)
    assert np.allclose(distance_to_mm(mask).ravel(), to_inside, rtol=1e-5, atol=1e-5)
    opposite = Mask(~mask.array, mask.geometry)
    assert np.allclose(inside_depth_mm(opposite).ravel(), to_inside, rtol=1e-5, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(seeds, _SPACINGS, st.floats(1.0, 12.0))
def test_outline_distance_is_that_to_the_nearest_voxel_box(
    seed: int, spacing: tuple[float, float, float], limit: float
) -> None:
    mask = _mask(seed, spacing)
    everywhere = np.argwhere(np.ones_like(mask.array))[:, None, :]
    apart = np.abs(everywhere - np.argwhere(mask.array)[None]) - 0.5
    expected = np.linalg.norm(np.maximum(apart, 0) * np.array(spacing), axis=-1).min(axis=1)
    found = outline_distance_mm(mask, limit).ravel()
    clear = np.abs(expected - limit) > 1e-4
    inside = clear & (expected <= limit) & ~mask.array.ravel()
    assert np.allclose(found[inside], expected[inside], rtol=1e-5, atol=1e-5)
    assert np.all(np.isinf(found[clear & (expected > limit)]))
    assert np.all(found[mask.array.ravel()] == 0)


def test_empty_and_full_masks_have_infinite_distances() -> None:
    grid = geometry((3, 4, 5))
    empty, full = Mask(np.zeros(grid.shape, bool), grid), Mask(np.ones(grid.shape, bool), grid)
    assert np.all(np.isinf(distance_to_mm(empty)))
    assert np.all(np.isinf(outline_distance_mm(empty, 8.0)))
    assert np.all(inside_depth_mm(empty) == 0)
    assert np.all(np.isinf(inside_depth_mm(full)))
    assert np.all(distance_to_mm(full) == 0)
