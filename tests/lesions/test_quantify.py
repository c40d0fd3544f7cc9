from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from isletscope.errors import GeometryError
from isletscope.lesions.quantify import measure_labels, measure_region
from isletscope.spatial import HOUNSFIELD, SUV_BODY_WEIGHT, Geometry, Mask, Volume
from tests.spatial.grids import angles, flips, geometry, permutations, rearranged, seeds, turned, volume


def test_the_published_arithmetic_of_a_lesion() -> None:
    # 100 voxels of 4 x 4 x 4 mm with SUVmean 8: 6.4 mL, total lesion uptake 51.2
    grid = geometry((10, 10, 10), (4.0, 4.0, 4.0))
    inside = np.zeros(grid.shape, bool)
    inside[4] = True
    found = measure_region(volume(np.full(grid.shape, 8.0, np.float32), grid), Mask(inside, grid))
    assert (found.voxels, found.volume_ml, found.mean) == (100, pytest.approx(6.4), 8.0)
    assert found.total == pytest.approx(51.2)
    assert (found.minimum, found.maximum, found.median, found.standard_deviation) == (8.0, 8.0, 8.0, 0.0)
    assert (found.quantity, found.unit) == ("SUVbw", "g/mL")
    assert not found.missing


@settings(max_examples=20, deadline=None)
@given(seeds, permutations, flips, angles)
def test_figures_and_places_do_not_depend_on_the_array_order(
    seed: int, permutation: tuple[int, int, int], flip: tuple[bool, bool, bool], about_z: float
) -> None:
    rng = np.random.default_rng(seed)
    grid = geometry((6, 7, 8), (3.1, 2.3, 2.7), axes=turned(about_z, 15.0))
    values = rng.gamma(2.0, 2.0, grid.shape).astype(np.float32)
    inside = rng.random(grid.shape) < 0.1
    inside[3, 3, 3] = True
    moved, other = rearranged(values, grid, permutation, flip)
    moved_inside, _ = rearranged(inside, grid, permutation, flip)
    here = measure_region(volume(values, grid), Mask(inside, grid))
    there = measure_region(volume(moved, other), Mask(moved_inside, other))
    exact = values[inside].astype(np.float64)
    assert here.mean == pytest.approx(exact.mean(), rel=1e-12)
    assert here.standard_deviation == pytest.approx(exact.std(), rel=1e-9)
    for name in ("voxels", "volume_ml", "minimum", "maximum", "mean", "median", "peak_local", "peak_global", "total"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), rel=1e-9), name
    for name in ("centroid_lps_mm", "maximum_lps_mm", "peak_local_lps_mm"):
        assert np.allclose(getattr(there, name), getattr(here, name), atol=1e-6), name


def test_an_empty_region_has_a_defined_result() -> None:
    grid = geometry((4, 4, 4))
    found = measure_region(volume(np.ones(grid.shape), grid), Mask(np.zeros(grid.shape, bool), grid))
    assert (found.voxels, found.volume_ml) == (0, 0.0)
    assert found.mean is None
    assert found.total is None
    assert found.missing["mean"] == "the region is empty"
    assert found.refusal is None


def test_a_region_in_a_missing_slice_is_refused_in_words() -> None:
    grid = geometry((6, 4, 4))
    gap = Volume(np.ones(grid.shape), grid, SUV_BODY_WEIGHT, missing_slices=(2, 3))
    inside = np.zeros(grid.shape, bool)
    inside[1:3, 1, 1] = True
    found = measure_region(gap, Mask(inside, grid, name="lesion 3"))
    assert found.mean is None
    assert found.refusal is not None
    assert found.refusal.sentence() == (
        "lesion 3: the region lies in slices that are missing from the images; found slice 2 of 0 to 5 missing; "
        "expected images for every slice of the region. "
        "Send the missing images, or measure a region that does not touch them."
    )


def test_voxels_without_a_value_are_refused() -> None:
    grid = geometry((3, 3, 3))
    values = np.ones(grid.shape)
    values[1, 1, 1] = np.nan
    found = measure_region(volume(values, grid), Mask(np.ones(grid.shape, bool), grid))
    assert found.refusal is not None
    assert "found 1 of 27 voxels" in found.refusal.sentence()
    assert found.missing["maximum"] == found.refusal.sentence()


def test_a_peak_that_would_need_a_missing_slice_is_missing_and_the_rest_is_not() -> None:
    grid = geometry((9, 5, 5), (3.0, 3.0, 3.0))
    gap = Volume(np.ones(grid.shape), grid, SUV_BODY_WEIGHT, missing_slices=(5,))
    inside = np.zeros(grid.shape, bool)
    inside[3, 2, 2] = True
    found = measure_region(gap, Mask(inside, grid))
    assert found.mean == 1.0
    assert found.peak_global is None
    assert "missing from the images" in found.missing["peak_global"]


def test_total_uptake_is_for_suv_only() -> None:
    grid = geometry((3, 3, 3))
    found = measure_region(Volume(np.ones(grid.shape), grid, HOUNSFIELD), Mask(np.ones(grid.shape, bool), grid))
    assert found.total is None
    assert found.missing["total"] == "mean times volume is defined for SUV, not for CT number"


def test_other_grids_and_frames_are_refused_with_both_named() -> None:
    grid = geometry((3, 4, 5))
    image = Volume(np.ones(grid.shape), grid, SUV_BODY_WEIGHT, "1.2.3")
    shifted = geometry((3, 4, 5), origin=(-10.0, 35.0, 110.0))
    with pytest.raises(GeometryError, match=r"different grids; found 3 x 4 x 5 voxels .* from \(-10.0, 35.0, 110.0\)"):
        measure_region(image, Mask(np.ones(grid.shape, bool), shifted, "1.2.3"))
    with pytest.raises(GeometryError, match=r"another frame of reference than the image; found 9\.9; expected 1\.2\.3"):
        measure_region(image, Mask(np.ones(grid.shape, bool), grid, "9.9"))


def test_sums_run_in_double_precision() -> None:
    grid = Geometry((100, 100, 60), (3.0, 3.0, 3.0), (0.0, 0.0, 0.0))
    values = np.full(grid.shape, 0.1, np.float32)
    found = measure_region(volume(values, grid), Mask(values > 0, grid))
    assert found.mean == pytest.approx(float(np.float32(0.1)), rel=1e-12)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_labels_are_measured_as_their_masks_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = geometry((9, 10, 11), (4.0, 3.0, 3.0))
    values = rng.gamma(2.0, 2.0, grid.shape).astype(np.float32)
    labels = rng.integers(0, 4, grid.shape).astype(np.uint16)
    labels[labels == 2] = 0
    one_by_one = [measure_region(volume(values, grid), Mask(labels == n, grid)) for n in (1, 2, 3)]
    together = measure_labels(volume(values, grid), labels, 3)
    for a, b in zip(one_by_one, together, strict=True):
        assert (a.voxels, a.missing) == (b.voxels, b.missing)
        if a.voxels:
            assert b.mean == pytest.approx(a.mean)
            assert b.peak_global == pytest.approx(a.peak_global)
            assert np.allclose(b.maximum_lps_mm or (), a.maximum_lps_mm or ())
            assert np.allclose(b.centroid_lps_mm or (), a.centroid_lps_mm or ())
