from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import ndimage

from isletscope.spatial import Geometry, Volume, maximum_projection
from tests.spatial.grids import flips, geometry, permutations, rearranged, seeds, turned, volume

# A patient lying straight: bright points at the head (+z), right (-x), front (-y) and one odd corner.
_GRID = geometry((12, 10, 9), (4.0, 3.0, 2.0), (-8.0, -13.0, 100.0))


def _points() -> Volume:
    array = np.zeros(_GRID.shape, np.float32)
    array[11, 5, 4] = 10.0  # top of the head, middle
    array[5, 5, 0] = 7.0  # patient's right
    array[5, 0, 4] = 5.0  # front
    return volume(array, _GRID)


@settings(max_examples=30, deadline=None)
@given(permutations, flips)
def test_views_are_head_up_whatever_the_array_order(
    permutation: tuple[int, int, int], flip: tuple[bool, bool, bool]
) -> None:
    array, grid = rearranged(_points().array, _GRID, permutation, flip)
    front = maximum_projection(volume(array, grid), "anterior")
    assert front.image.shape == (12, 9)
    assert (front.row_spacing_mm, front.column_spacing_mm) == (4.0, 2.0)
    assert front.image[0, 4] == 10.0  # head at the top
    assert front.image[6, 0] == 7.0  # the patient's right on the left of the picture
    side = maximum_projection(volume(array, grid), "lateral")
    assert (side.row_spacing_mm, side.column_spacing_mm) == (4.0, 3.0)
    assert side.image[0, 5] == 10.0
    assert side.image[6, 0] == 5.0  # from the patient's left: the front is on the left


@settings(max_examples=20, deadline=None)
@given(seeds, permutations, flips)
def test_a_point_is_placed_on_its_own_pixel(
    seed: int, permutation: tuple[int, int, int], flip: tuple[bool, bool, bool]
) -> None:
    rng = np.random.default_rng(seed)
    start = geometry((8, 9, 10), (4.0, 3.0, 2.0), axes=turned(12.0, 9.0))
    values = np.zeros(start.shape, np.float32)
    at = tuple(int(rng.integers(0, n)) for n in start.shape)
    values[at] = 1.0
    array, grid = rearranged(values, start, permutation, flip)
    for view in ("anterior", "lateral"):
        picture = maximum_projection(volume(array, grid), view)  # type: ignore[arg-type]
        row, column = picture.place(start.to_lps(at))
        assert picture.image[round(row), round(column)] == 1.0
    for angle in (0.0, 37.0, 90.0, 200.0):
        picture = maximum_projection(volume(array, grid), angle)
        row, column = picture.place(start.to_lps(at))
        bright = np.argwhere(picture.image >= picture.image.max() * 0.999)
        assert np.abs(bright - [row, column]).max(axis=1).min() <= 1.0


def test_angles_meet_the_named_views() -> None:
    rng = np.random.default_rng(2)
    body = ndimage.gaussian_filter(rng.random((6, 19, 19)), (0, 2, 2)).astype(np.float32)
    grid = Geometry(body.shape, (4.0, 3.0, 3.0), (0.0, 0.0, 0.0))
    for angle, view in ((0.0, "anterior"), (90.0, "lateral")):
        turned_view = maximum_projection(volume(body, grid), angle)
        named = maximum_projection(volume(body, grid), view)  # type: ignore[arg-type]
        spare = (turned_view.image.shape[1] - named.image.shape[1]) / 2
        assert spare == round(spare)
        middle = turned_view.image[:, int(spare) : int(spare) + named.image.shape[1]]
        assert np.allclose(middle, named.image, rtol=0.02)
    assert turned_view.width_mm >= np.hypot(57, 57)
    assert turned_view.height_mm == pytest.approx(24.0)


def test_an_angled_view_agrees_with_turning_the_volume() -> None:
    grid = Geometry((3, 41, 41), (4.0, 2.0, 2.0), (-40.0, -40.0, 0.0))
    index = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), -1)
    x, y, _ = np.moveaxis(grid.to_lps(index), -1, 0)
    blob = np.exp(-((x + 20) ** 2 + (y - 8) ** 2) / 60).astype(np.float32)
    picture = maximum_projection(volume(blob, grid), 30.0)
    row, column = picture.place((-20.0, 8.0, 4.0))
    assert row == 1.0
    expected = -20.0 * np.cos(np.pi / 6) + 8.0 * np.sin(np.pi / 6)
    assert (column - (picture.image.shape[1] - 1) / 2) * 2.0 == pytest.approx(expected)
    assert abs(int(np.argmax(picture.image[1])) - column) <= 0.51


def test_values_that_are_not_numbers_are_seen_past() -> None:
    array = np.full((2, 3, 3), np.nan, np.float32)
    array[:, 1, :] = 2.0
    grid = geometry(array.shape, (1.0, 1.0, 1.0))
    assert np.all(maximum_projection(volume(array, grid)).image == 2.0)
    assert np.all(maximum_projection(volume(array, grid), 0.0).image == 2.0)
