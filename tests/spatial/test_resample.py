from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from isletscope.spatial import (
    HOUNSFIELD,
    Geometry,
    Mask,
    Volume,
    from_image,
    resample,
    resample_labels,
    resample_mask,
    to_image,
)
from tests.spatial.grids import angles, ellipsoid, flips, geometry, permutations, rearranged, seeds, turned, volume


@settings(max_examples=25, deadline=None)
@given(seeds, permutations, flips, angles)
def test_the_same_voxels_in_another_order_are_the_same_values(
    seed: int, permutation: tuple[int, int, int], flip: tuple[bool, bool, bool], about_z: float
) -> None:
    grid = geometry((5, 6, 7), axes=turned(about_z, 12.0))
    values = np.random.default_rng(seed).random(grid.shape).astype(np.float32)
    moved, other = rearranged(values, grid, permutation, flip)
    linear = resample(volume(moved, other), grid, outside=-1.0)
    assert np.allclose(linear.array, values, atol=1e-4)
    assert np.array_equal(resample(volume(moved, other), grid, order="nearest", outside=-1.0).array, values)
    labels = (values * 9).astype(np.uint16)
    moved_labels, _ = rearranged(labels, grid, permutation, flip)
    assert np.array_equal(resample_labels(moved_labels, other, grid), labels)
    back = resample_mask(Mask(moved > 0.5, other), grid)
    assert np.array_equal(back.array, values > 0.5)


@settings(max_examples=25, deadline=None)
@given(angles, angles, st.tuples(*[st.floats(1.0, 4.0)] * 3))
def test_a_linear_field_survives_any_grid(about_z: float, about_x: float, spacing: tuple[float, float, float]) -> None:
    def field(grid: Geometry) -> np.ndarray:
        index = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), -1)
        return grid.to_lps(index) @ np.array([0.5, -1.0, 2.0]) + 7.0

    source = geometry((20, 22, 24), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    target = geometry((4, 4, 4), spacing, (20.0, 20.0, 18.0), axes=turned(about_z, about_x))
    result = resample(volume(field(source).astype(np.float32), source), target, outside=np.nan).array
    inside = np.isfinite(result)
    assert inside.any()
    index = np.stack(np.meshgrid(*[np.arange(n) for n in target.shape], indexing="ij"), -1)
    at = source.to_index(target.to_lps(index))
    between = inside & np.all((at >= 0) & (at <= np.array(source.shape) - 1), axis=-1)
    assert np.allclose(result[between], field(target)[between], atol=1e-3)


def test_values_are_those_of_scipy_on_a_turned_grid() -> None:
    rng = np.random.default_rng(4)
    source = geometry((12, 13, 14), (3.0, 2.0, 2.5), (0.0, 0.0, 0.0), turned(10.0, 5.0))
    target = geometry((6, 6, 6), (2.2, 2.4, 2.6), (6.0, 6.0, 6.0), turned(-20.0, 8.0))
    values = rng.random(source.shape).astype(np.float32)
    index = np.stack(np.meshgrid(*[np.arange(n) for n in target.shape], indexing="ij"), -1)
    at = source.to_index(target.to_lps(index))
    expected = ndimage.map_coordinates(values.astype(float), np.moveaxis(at, -1, 0), order=1, mode="nearest")
    inside = np.all((at > -0.49) & (at < np.array(source.shape) - 0.51), axis=-1)
    result = resample(volume(values, source), target, outside=-5.0).array
    assert np.allclose(result[inside], expected[inside], atol=1e-4)
    beyond = np.any((at < -0.51) | (at > np.array(source.shape) - 0.49), axis=-1)
    assert np.all(result[beyond] == -5.0)


def test_a_mask_keeps_its_volume_on_a_finer_grid() -> None:
    coarse = geometry((15, 15, 15), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0))
    mask = ellipsoid(coarse, (28, 28, 28), (9, 13, 17))
    fine = geometry((60, 60, 60), (1.0, 1.0, 1.0), (-1.5, -1.5, -1.5))
    assert resample_mask(mask, fine).volume_ml == pytest.approx(mask.volume_ml, rel=1e-9)


def test_quantity_frame_and_integer_type_go_along() -> None:
    grid = geometry((4, 5, 6))
    ct = Volume(np.full(grid.shape, -1000, np.int16), grid, HOUNSFIELD, "1.2.3")
    near = resample(ct, geometry((8, 5, 6), (1.5, 2.0, 1.5)), order="nearest", outside=-2000)
    assert near.array.dtype == np.int16
    assert (near.quantity, near.frame_of_reference_uid) == (HOUNSFIELD, "1.2.3")
    linear = resample(ct, geometry((4, 5, 6), origin=(-20.7, 35.0, 110.0)), outside=-1000)
    assert linear.array.dtype == np.float32
    assert np.all(linear.array == -1000)


def test_planes_that_draw_on_a_missing_slice_are_missing() -> None:
    grid = geometry((8, 5, 5), (4.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    gap = Volume(np.ones(grid.shape, np.float32), grid, HOUNSFIELD, missing_slices=(3,))
    finer = geometry((15, 5, 5), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    assert resample(gap, finer, outside=0).missing_slices == (5, 6, 7)
    coronal = Geometry((5, 8, 5), (2.0, 4.0, 2.0), (0.0, 0.0, 0.0), ((0, 1, 0), (0, 0, 1), (1, 0, 0)))
    assert resample(gap, coronal, outside=0).missing_slices == (0, 1, 2, 3, 4)


@given(permutations, flips, angles)
def test_simpleitk_agrees_on_every_place(
    permutation: tuple[int, int, int], flip: tuple[bool, bool, bool], about_z: float
) -> None:
    start = geometry((3, 4, 5), axes=turned(about_z, -7.0))
    array, grid = rearranged(np.arange(60, dtype=np.float32).reshape(3, 4, 5), start, permutation, flip)
    image = to_image(volume(array, grid))
    point = image.TransformIndexToPhysicalPoint([1, 2, 0])
    assert np.allclose(point, grid.to_lps([0, 2, 1]), atol=1e-9)
    assert image.GetPixel([1, 2, 0]) == array[0, 2, 1]
    back = from_image(image, HOUNSFIELD)
    assert back.geometry.same_grid(grid)
    assert np.array_equal(back.array, array)


def test_a_direction_cosine_too_small_to_matter_does_not_lose_the_image() -> None:
    axes = ((0.0, 1e-308, 1.0), (0.0, 1.0, -1e-308), (1.0, 0.0, 0.0))
    grid = Geometry((3, 4, 5), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0), axes)
    plain = Geometry((3, 4, 5), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    volume = Volume(np.arange(60, dtype=np.float32).reshape(3, 4, 5), grid, HOUNSFIELD)
    assert np.allclose(resample(volume, plain, order="nearest", outside=-1.0).array, volume.array)
