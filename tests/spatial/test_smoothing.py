"""Gaussian smoothing beside SciPy's, and the parts of grids that a resampling draws on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from isletscope.spatial import ARBITRARY, Geometry, Volume, box_in, cropped_geometry, gaussian, resample


@pytest.mark.parametrize("mode", ["reflect", "nearest", "constant"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 5, 9), (2, 70, 3), (5, 67, 130)])
@pytest.mark.parametrize("sigma", [0.7, (2.0, 0.0, 3.3), (1.0, 9.0, 9.0)])
def test_gaussian_gives_the_values_of_scipy_to_the_last_digit(shape, sigma, mode) -> None:
    values = np.random.default_rng(1).normal(scale=100.0, size=shape).astype(np.float32)
    expected = ndimage.gaussian_filter(values, sigma, mode=mode, truncate=3.0)
    assert np.array_equal(gaussian(values, sigma, mode=mode, truncate=3.0), expected)


def test_gaussian_keeps_the_sum_of_an_impulse_and_leaves_its_input_alone() -> None:
    values = np.zeros((21, 21, 21), dtype=np.float32)
    values[10, 10, 10] = 8.0
    smooth = gaussian(values, 2.0, mode="constant")
    assert float(smooth.sum()) == pytest.approx(8.0, rel=1e-5)
    assert values[10, 10, 10] == 8.0
    assert not np.shares_memory(gaussian(values, 0.0), values)


def _oblique(shape: tuple[int, int, int], spacing: tuple[float, float, float], degrees: float) -> Geometry:
    c, s = float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
    return Geometry(shape, spacing, (-30.0, -40.0, -20.0), ((0.0, -s, c), (0.0, c, s), (1.0, 0.0, 0.0)))


@pytest.mark.parametrize("degrees", [0.0, 25.0])
def test_a_small_block_of_a_large_image_gets_the_values_of_the_whole(degrees: float) -> None:
    whole = _oblique((40, 50, 60), (2.0, 1.5, 1.5), degrees)
    values = np.random.default_rng(2).normal(size=whole.shape).astype(np.float32)
    index = np.argwhere(np.ones((6, 6, 6), dtype=bool)) * 1.3 + [4.0, 37.2, -2.0]  # reaches over the first column
    x, y, z = (float(v) for v in whole.to_lps(index[0]))
    block = Geometry((6, 6, 6), (2.6, 1.95, 1.95), (x, y, z), whole.axes_lps)
    inside = np.all((index >= -0.5) & (index <= np.asarray(whole.shape) - 0.5), axis=1)
    expected = ndimage.map_coordinates(values, index.T, order=1, mode="nearest")
    found = resample(Volume(values, whole, ARBITRARY), block, outside=-9.0).array.ravel()
    assert found == pytest.approx(np.where(inside, expected, -9.0), abs=1e-4)


def test_the_box_in_a_grid_holds_what_another_grid_covers() -> None:
    whole = _oblique((40, 50, 60), (2.0, 1.5, 1.5), 10.0)
    small = _oblique((5, 5, 5), (3.0, 3.0, 3.0), -20.0)
    box = box_in(whole, small)
    corners = np.argwhere(np.ones((2, 2, 2), dtype=bool)) * 4
    at = whole.to_index(small.to_lps(corners))
    inside = np.clip(at, 0, np.asarray(whole.shape) - 1)
    assert np.all(inside >= box.start)
    assert np.all(inside < box.stop)


def test_grids_that_do_not_meet_share_one_voxel_and_nothing_is_found_there() -> None:
    whole = _oblique((40, 50, 60), (2.0, 1.5, 1.5), 0.0)
    far = Geometry((3, 3, 3), (1.0, 1.0, 1.0), (900.0, 0.0, 0.0))
    assert min(cropped_geometry(whole, box_in(whole, far)).shape) >= 1
    values = np.ones(whole.shape, dtype=np.float32)
    assert np.all(resample(Volume(values, whole, ARBITRARY), far, outside=-1.0).array == -1.0)
