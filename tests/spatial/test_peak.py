from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings

from isletscope.errors import GeometryError
from isletscope.spatial import PEAK_RADIUS_MM, Geometry, Mask, Volume, intensity_peaks, sphere_offsets
from tests.spatial.grids import angles, flips, geometry, permutations, rearranged, seeds, turned, volume


def test_the_sphere_holds_one_cubic_centimetre() -> None:
    assert pytest.approx(6.2035, abs=1e-4) == PEAK_RADIUS_MM
    fine = geometry((3, 3, 3), (0.25, 0.25, 0.25))
    assert len(sphere_offsets(fine)) * fine.voxel_volume_ml == pytest.approx(1.0, rel=2e-3)


@pytest.mark.real_data
def test_ibsi_digital_phantom(test_data: Path) -> None:
    folder = test_data / "ibsi1_digital_phantom" / "nifti"
    image = nibabel.load(next((folder / "image").iterdir()))
    values = np.asarray(image.dataobj).T.astype(np.float32)
    mask = np.asarray(nibabel.load(next((folder / "mask").iterdir())).dataobj).T > 0
    grid = Geometry(values.shape, (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    peaks = intensity_peaks(volume(values, grid), Mask(mask, grid))
    assert peaks.local == pytest.approx(2.6, abs=0.005)
    assert peaks.global_ == pytest.approx(3.10, abs=0.005)


def _brute(whole: Volume, mask: Mask) -> tuple[float, float]:
    index = np.stack(np.meshgrid(*[np.arange(n) for n in mask.array.shape], indexing="ij"), -1).reshape(-1, 3)
    places = whole.geometry.to_lps(index)
    flat = whole.array.ravel().astype(float)
    means = {
        tuple(at): flat[np.linalg.norm(places - whole.geometry.to_lps(at), axis=1) <= PEAK_RADIUS_MM].mean()
        for at in np.argwhere(mask.array)
    }
    top = whole.array[mask.array].max()
    return max(m for at, m in means.items() if whole.array[at] == top), max(means.values())


@settings(max_examples=20, deadline=None)
@given(seeds, permutations, flips, angles)
def test_peaks_equal_the_rule_written_out_on_any_grid(
    seed: int, permutation: tuple[int, int, int], flip: tuple[bool, bool, bool], about_z: float
) -> None:
    rng = np.random.default_rng(seed)
    grid = geometry((6, 7, 8), (3.1, 2.3, 2.7), axes=turned(about_z, 15.0))
    values = rng.integers(0, 6, grid.shape).astype(np.float32)  # many ties
    inside = rng.random(grid.shape) < 0.1
    inside[3, 3, 3] = True
    expected = _brute(volume(values, grid), Mask(inside, grid))
    moved, other = rearranged(values, grid, permutation, flip)
    moved_inside, _ = rearranged(inside, grid, permutation, flip)
    peaks = intensity_peaks(volume(moved, other), Mask(moved_inside, other))
    assert peaks.local == pytest.approx(expected[0], rel=1e-12)
    assert peaks.global_ == pytest.approx(expected[1], rel=1e-12)
    centre = np.rint(grid.to_index(peaks.global_centre_lps_mm)).astype(int)
    assert inside[tuple(centre)]


def test_single_voxel_at_the_image_corner_uses_the_voxels_present() -> None:
    grid = geometry((5, 5, 5), (5.0, 5.0, 5.0))
    values = np.zeros(grid.shape, np.float32)
    values[0, 0, 0] = 8.0
    inside = values > 0
    peaks = intensity_peaks(volume(values, grid), Mask(inside, grid))
    assert peaks.voxels_in_sphere == 7
    assert peaks.global_ == pytest.approx(8.0 / 4)


def test_empty_region_and_missing_slice_give_reasons() -> None:
    grid = geometry((9, 9, 9), (3.0, 3.0, 3.0))
    values = np.ones(grid.shape, np.float32)
    empty = intensity_peaks(volume(values, grid), Mask(np.zeros(grid.shape, bool), grid))
    assert empty.global_ is None
    assert empty.missing_because == "the region is empty"
    inside = np.zeros(grid.shape, bool)
    inside[3, 4, 4] = True
    near = Volume(values, grid, volume(values, grid).quantity, missing_slices=(5,))
    assert "missing from the images" in (intensity_peaks(near, Mask(inside, grid)).missing_because or "")
    far = Volume(values, grid, volume(values, grid).quantity, missing_slices=(6,))
    assert intensity_peaks(far, Mask(inside, grid)).global_ == 1.0


def test_voxels_without_value_count_like_voxels_beyond_the_edge() -> None:
    grid = geometry((5, 5, 5), (5.0, 5.0, 5.0))
    values = np.full(grid.shape, 2.0, np.float32)
    values[2, 2, 3] = np.nan
    inside = np.zeros(grid.shape, bool)
    inside[2, 2, 2] = True
    assert intensity_peaks(volume(values, grid), Mask(inside, grid)).local == 2.0


def test_other_grid_is_refused() -> None:
    grid = geometry((4, 4, 4))
    with pytest.raises(GeometryError, match="different grids"):
        intensity_peaks(volume(np.ones(grid.shape), grid), Mask(np.ones((4, 4, 5), bool), geometry((4, 4, 5))))
