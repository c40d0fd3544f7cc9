from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from isletscope.errors import GeometryError
from isletscope.spatial import Box, Geometry, Mask, bounding_box, cropped_geometry, cropped_volume
from isletscope.spatial.volume import SUV_BODY_WEIGHT, Volume
from tests.spatial.grids import angles, flips, geometry, permutations, rearranged, turned


def test_voxel_centres_lie_where_dicom_says() -> None:
    # Image Position is the first voxel; columns run along +x (spacing 1.5), rows along +y (2), slices along +z (3).
    grid = geometry()
    assert np.allclose(grid.to_lps([2, 3, 4]), [-20 + 4 * 1.5, 35 + 3 * 2, 110 + 2 * 3])


@given(angles, angles)
def test_index_and_place_are_inverse(about_z: float, about_x: float) -> None:
    grid = geometry(axes=turned(about_z, about_x))
    index = np.array([[0.3, 4.0, -2.5], [8, 9, 10]])
    assert np.allclose(grid.to_index(grid.to_lps(index)), index, atol=1e-9)


@given(permutations, flips)
def test_reordered_brings_every_axial_grid_to_head_back_left(
    permutation: tuple[int, int, int], flip: tuple[bool, bool, bool]
) -> None:
    grid = geometry()
    _, other = rearranged(np.zeros(grid.shape), grid, permutation, flip)
    back, _, _ = other.reordered()
    assert back.same_grid(grid)
    assert np.allclose(back.axes_lps, np.eye(3)[::-1])


@given(permutations, flips, angles)
def test_reordered_keeps_every_voxel_in_place(
    permutation: tuple[int, int, int], flip: tuple[bool, bool, bool], about_z: float
) -> None:
    grid = geometry(axes=turned(about_z, 20.0))
    array = np.arange(np.prod(grid.shape)).reshape(grid.shape)
    moved, other = rearranged(array, grid, permutation, flip)
    target, order, turned_over = other.reordered()
    shown = moved.transpose(order)[tuple(slice(None, None, -1 if f else 1) for f in turned_over)]
    index = np.array([1, 2, 3])
    there = np.rint(target.to_index(grid.to_lps(index))).astype(int)
    assert shown[tuple(there)] == array[tuple(index)]


def test_sheared_axes_are_refused_with_the_remedy() -> None:
    with pytest.raises(GeometryError, match=r"must be perpendicular.*tilted gantry"):
        Geometry((2, 2, 2), (1, 1, 1), (0, 0, 0), ((0, 0.3, 0.954), (0, 1, 0), (1, 0, 0)))


def test_same_grid_tells_a_shift_of_a_tenth_voxel() -> None:
    grid = geometry()
    assert grid.same_grid(geometry(origin=(-20.0, 35.0, 110.001)))
    assert not grid.same_grid(geometry(origin=(-20.0, 35.0, 110.3)))
    assert not grid.same_grid(geometry(shape=(9, 10, 12)))


def test_contains_counts_voxel_edges() -> None:
    grid = geometry(spacing=(2.0, 2.0, 2.0), origin=(0.0, 0.0, 0.0))
    assert grid.contains([-0.99, 0, 0])
    assert not grid.contains([-1.01, 0, 0])
    assert not grid.contains([0.5, 5, 5], margin_mm=2.0)


def test_crop_keeps_places_and_missing_slices() -> None:
    grid = geometry(axes=turned(30.0, 10.0))
    array = np.random.default_rng(0).random(grid.shape)
    whole = Volume(array, grid, SUV_BODY_WEIGHT, missing_slices=(0, 4, 8))
    part = cropped_volume(whole, Box((2, 1, 3), (7, 5, 9)))
    assert part.missing_slices == (2,)
    assert np.allclose(part.geometry.to_lps([0, 0, 0]), grid.to_lps([2, 1, 3]))
    assert part.array[1, 2, 3] == array[3, 3, 6]
    with pytest.raises(GeometryError, match="leaves its grid"):
        cropped_geometry(grid, Box((0, 0, 0), (10, 10, 11)))


def test_bounding_box_is_tight_and_grows_to_the_edge() -> None:
    grid = geometry()
    array = np.zeros(grid.shape, bool)
    assert bounding_box(array) is None
    array[2, 3, 4] = array[5, 3, 7] = True
    box = bounding_box(array)
    assert box == Box((2, 3, 4), (6, 4, 8))
    assert box.grown(4.0, grid) == Box((0, 1, 1), (8, 6, 11))


def test_mask_must_be_true_or_false() -> None:
    with pytest.raises(GeometryError, match="true and false"):
        Mask(np.zeros((9, 10, 11), np.uint8), geometry())  # type: ignore[arg-type]
