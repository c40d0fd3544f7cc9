"""Against figures that were made by other software on public images (reference.json of the test data)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
import SimpleITK

from isletscope.lesions.quantify import measure_region
from isletscope.spatial import SUV_BODY_WEIGHT, Mask, Volume, from_image

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def whole_body_pet(test_data: Path, reference: dict[str, Any]) -> Volume:
    reader = SimpleITK.ImageSeriesReader()
    folder = test_data / "pet_wb_qin_headneck_0139" / "image"
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    activity = from_image(reader.Execute(), SUV_BODY_WEIGHT)
    factor = reference["pet_wb_qin_headneck_0139"]["suv"]["factor"]
    return activity.with_array(activity.array.astype(np.float64) * factor)


def _segment(test_data: Path, number: int, pet: Volume) -> Mask:
    """One segment on the PET grid, found by places in the patient."""
    segmentation = highdicom.seg.segread(test_data / "pet_wb_qin_headneck_0139" / "mask" / "mask.dcm")
    part = segmentation.get_volume(segment_numbers=[number], combine_segments=True)
    inside = np.argwhere(part.array > 0)
    places = inside @ part.affine[:3, :3].T + part.affine[:3, 3]
    index = np.rint(pet.geometry.to_index(places)).astype(int)
    array = np.zeros(pet.array.shape, bool)
    array[tuple(index.T)] = True
    return Mask(array, pet.geometry, name=f"segment {number}")


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 10])
def test_segments_of_a_real_whole_body_pet(
    test_data: Path, reference: dict[str, Any], whole_body_pet: Volume, number: int
) -> None:
    expected = reference["pet_wb_qin_headneck_0139"]["rois"][f"segment_{number}"]
    found = measure_region(whole_body_pet, _segment(test_data, number, whole_body_pet))
    assert found.voxels == expected["n_voxels"]
    assert found.volume_ml == pytest.approx(expected["volume_ml"], rel=1e-4)
    for ours, theirs in (
        ("mean", "mean"), ("standard_deviation", "sd"), ("median", "median"), ("minimum", "min"), ("maximum", "max"),
        ("total", "tlg_whole_mask_g"),
    ):  # fmt: skip
        assert getattr(found, ours) == pytest.approx(expected[theirs], rel=1e-4), ours
    peak = expected["suvpeak_1ml"]
    assert found.peak_local == pytest.approx(peak["local_voxel_centres"], rel=1e-3)
    assert found.peak_global == pytest.approx(peak["global_voxel_centres"], rel=1e-3)
    assert np.allclose(found.centroid_lps_mm or (), expected["centroid_lps"], atol=0.05)
    assert np.allclose(found.peak_global_lps_mm or (), peak["global_centre_lps"], atol=0.05)
