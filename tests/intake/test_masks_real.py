"""Masks of public SEG, RTSTRUCT and NIfTI files against counts made by other software."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isletscope.intake.load import load_volume
from isletscope.intake.masks import read_image, read_masks, read_regions
from isletscope.intake.suv import load_suv, quantify
from isletscope.lesions import measure_region
from isletscope.spatial import Mask, Volume
from tests.intake.suv_series import read_dicom, series_in

WITHIN = 1e-4


def check_peaks(volume: Volume, mask: Mask, expected: dict[str, Any]) -> None:
    """Peaks and totals of a PET region by the lesions' own measurement, peaks within 1 %."""
    measured, told = measure_region(volume, mask), expected["suvpeak_1ml"]
    assert measured.voxels == expected["n_voxels"]
    assert measured.volume_ml == pytest.approx(expected["volume_ml"], rel=WITHIN)
    assert measured.peak_local == pytest.approx(told["local_voxel_centres"], rel=0.01)
    assert measured.peak_global == pytest.approx(told["global_voxel_centres"], rel=0.01)
    assert measured.total == pytest.approx(expected["tlg_whole_mask_g"], rel=2 * WITHIN)


def check(values: np.ndarray[Any, Any], expected: dict[str, Any]) -> None:
    """Statistics of the voxels in a mask, within 0.01 % (of the range, for values near zero)."""
    assert values.size == expected["n_voxels"]
    near = {"rel": WITHIN, "abs": WITHIN * (expected["max"] - expected["min"])}
    assert float(values.mean()) == pytest.approx(expected["mean"], **near)
    assert float(np.median(values)) == pytest.approx(expected["median"], **near)
    assert float(values.min()) == pytest.approx(expected["min"], **near)
    assert float(values.max()) == pytest.approx(expected["max"], **near)


@pytest.mark.parametrize("part", ["PET", "CT", "MR_T1"])
@pytest.mark.parametrize("patient", ["STS_002", "STS_003", "STS_025"])
def test_structure_sets_of_real_patients(patient: str, part: str, test_data: Path, reference: dict[str, Any]) -> None:
    folder = test_data / "petctmr_sts" / patient / part
    expected = reference["petctmr_sts"][patient][part]
    files = series_in(folder / "image", modality=expected["modality"])
    if part == "PET":
        quantification = quantify(files)
        assert quantification.factor == pytest.approx(1.0)
        volume = load_suv(files, quantification)
    else:
        volume = load_volume(files)
    regions = read_regions(folder / "mask" / "RS.dcm", files)
    assert not regions.notes
    assert {mask.name for mask in regions.masks} == set(expected["rois"])
    for mask in regions.masks:
        told = expected["rois"][mask.name]
        assert mask.volume_ml == pytest.approx(told["volume_ml"], rel=WITHIN)
        check(volume.array[mask.array], told)
        if part == "PET":
            check_peaks(volume, mask, told)
        centroid = volume.geometry.to_lps(np.argwhere(mask.array).mean(axis=0))
        assert centroid == pytest.approx(told["centroid_lps"], abs=0.01)


def test_segmentation_of_a_whole_body_pet(test_data: Path, reference: dict[str, Any]) -> None:
    folder, expected = test_data / "pet_wb_qin_headneck_0139", reference["pet_wb_qin_headneck_0139"]
    files = series_in(next(each for each in folder.iterdir() if each.is_dir() and each.name != "mask"))
    quantification = quantify(files)
    assert quantification.factor == pytest.approx(expected["suv"]["factor"], rel=2e-4)
    volume = load_suv(files, quantification)
    regions = read_regions(folder / "mask" / "mask.dcm", files)
    assert not regions.notes
    assert len({mask.name for mask in regions.masks}) == 11
    assert regions.masks[0].name == "Neoplasm, Primary"
    assert regions.masks[9].name == "Neoplasm, Secondary [10]"
    for region in regions.regions:
        told = expected["rois"][f"segment_{region.number}"]
        assert region.label == told["label"]
        assert region.mask.volume_ml == pytest.approx(told["volume_ml"], rel=WITHIN)
        check(volume.array[region.mask.array], told)
        check_peaks(volume, region.mask, told)
    assert sum(mask.volume_ml for mask in regions.masks) == pytest.approx(216.5, abs=0.1)


SEGMENTATIONS = ["liver.dcm", "partial_overlaps.dcm", "23x38x3/seg/label.seg", "24x38x3/seg/label.seg"]


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_segmentations_of_another_toolkit(name: str, test_data: Path, reference: dict[str, Any]) -> None:
    folder, expected = test_data / "seg_dcmqi" / "segmentations", reference["seg_dcmqi"][name]
    files = series_in(folder / expected["image"], modality="CT")
    volume = load_volume(files)
    regions = read_regions(folder / name, files)
    assert [str(region.number) for region in regions.regions] == list(expected["segments"])
    for region in regions.regions:
        told = expected["segments"][str(region.number)]
        assert region.label == told["label"]
        values = volume.array[region.mask.array]
        assert values.size == told["n_voxels"]
        assert float(values.mean()) == pytest.approx(told["mean"], rel=WITHIN)
        centroid = volume.geometry.to_lps(np.argwhere(region.mask.array).mean(axis=0))
        assert centroid == pytest.approx(told["centroid_lps"], abs=0.01)


@pytest.mark.parametrize("name", ["sparse-labelmap-ppv5.dcm", "sparse-labelmap-noppv.dcm"])
def test_labelmap_segmentations_on_some_slices(name: str, test_data: Path, reference: dict[str, Any]) -> None:
    folder, expected = test_data / "seg_dcmqi" / "segmentations", reference["seg_dcmqi"][name]
    files = series_in(folder / expected["image"], modality="CT")
    (mask,) = read_masks(folder / name, files)
    assert mask.name == "Liver"
    assert mask.voxel_count == expected["label_counts"]["1"]
    assert np.any(mask.array, axis=(1, 2)).tolist().count(True) == 2


def test_fractional_segmentation_larger_than_the_series(test_data: Path, reference: dict[str, Any]) -> None:
    folder = test_data / "mr_dce_breast_ucsf_br08"
    files = series_in(folder / "image_dce_3dfgre_orig", "1-*.dcm", modality="MR")
    assert files.record.grid is not None
    regions = read_regions(folder / "mask" / "1-1.dcm", files)
    (mask,) = regions.masks
    assert mask.name == "Breast"
    assert "its grid differs from that of series pet-1" in regions.notes[0]  # it is half a pixel off
    assert "of its volume lies outside series" in regions.notes[1]
    stored = read_dicom(folder / "mask" / "1-1.dcm").pixel_array
    assert int(np.count_nonzero(stored)) == reference["mr_dce_breast_ucsf_br08"]["seg"]["n_nonzero"]
    within = np.count_nonzero(stored[19:27] >= 127.5)  # the frames at the positions of the eight images
    assert mask.voxel_count == pytest.approx(within, rel=0.01)


def test_label_maps_in_nifti(test_data: Path) -> None:
    folder = test_data / "totalsegmentator"
    image = read_image(next(folder.glob("example_ct_sm*")))
    regions = read_regions(next(folder.glob("example_seg.nii*")), image)
    assert len(regions.regions) > 5
    assert not regions.notes
    assert [region.label for region in regions.regions][:3] == ["spleen", "kidney_right", "kidney_left"]
