"""The public test data: every folder scans, with the geometry and the values that others read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread

from isletscope.intake import Inventory, SeriesFiles, group_exams, load_volume, scan
from isletscope.intake.quick_header import read_quickly
from isletscope.model import Role, TracerClass

pytestmark = pytest.mark.real_data

STS = ("STS_002", "STS_003", "STS_025")


def check_geometry(files: SeriesFiles, expected: dict[str, Any]) -> None:
    grid = files.record.grid
    assert grid is not None
    assert list(grid.shape_kji) == expected["shape_zyx"]
    assert list(reversed(grid.spacing_kji_mm)) == pytest.approx(expected["spacing_mm_xyz"], rel=1e-5)
    assert list(grid.origin_lps_mm) == pytest.approx(expected["origin_lps_mm"], abs=2e-3)
    columns = np.array(expected["direction_columns_lps"])
    assert pytest.approx(columns, abs=1e-4) == np.array(grid.axes_lps)[::-1].T


def check_against_simpleitk(files: SeriesFiles, folder: Path) -> None:
    """Every voxel where SimpleITK puts it too, and with its value."""
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    volume = load_volume(files)
    peer = SimpleITK.GetArrayFromImage(image)
    corner = image.GetOrigin()
    index = np.rint(volume.geometry.to_index(corner)).astype(int)
    assert np.abs(volume.geometry.to_lps(index) - corner).max() < 0.01
    flipped = volume.array[::-1] if index[0] > 0 else volume.array
    assert np.abs(flipped.astype(np.float64) - peer).max() <= 1e-3 * max(1.0, float(np.abs(peer).max()) * 1e-3)


def test_whole_body_pet(test_data: Path, reference: dict[str, Any]) -> None:
    folder = test_data / "pet_wb_qin_headneck_0139"
    inventory = scan([folder])
    (files,) = inventory.series
    check_geometry(files, reference["pet_wb_qin_headneck_0139"]["geometry"])
    assert files.record.role is Role.PET
    assert files.record.tracer is not None
    assert files.record.tracer.tracer_class is TracerClass.UNKNOWN
    assert files.record.tracer.nuclide == "18F"
    assert not inventory.refused
    (segmentation,) = inventory.supplements
    assert segmentation.record.referenced_series_uid == files.record.series_uid
    assert len(segmentation.record.regions) == 11
    expected = reference["pet_wb_qin_headneck_0139"]
    assert load_volume(files).array.max() == pytest.approx(
        expected["global_suvmax"] / expected["suv"]["factor"], rel=1e-5
    )


@pytest.mark.parametrize("patient", STS)
def test_limb_patients(test_data: Path, reference: dict[str, Any], patient: str) -> None:
    inventory = scan([test_data / "petctmr_sts" / patient])
    by_modality = {files.record.modality: files for files in inventory.series}
    for modality, name in (("PT", "PET"), ("CT", "CT"), ("MR", "MR_T1")):
        check_geometry(by_modality[modality], reference["petctmr_sts"][patient][name]["geometry"])
    assert by_modality["CT"].record.role is Role.CT_LOW_DOSE
    assert by_modality["MR"].record.role is Role.MR_T1
    assert by_modality["PT"].record.tracer is not None
    assert by_modality["PT"].record.tracer.name == "18F-FDG"
    assert {item.record.kind for item in inventory.supplements} == {"RTSTRUCT"}
    (exam,) = group_exams(inventory)
    assert exam.title == "18F-FDG PET/CT/MR"


def test_liver_ct(test_data: Path, reference: dict[str, Any]) -> None:
    folder = test_data / "ct_liver_crlm_1006" / "image"
    (files,) = scan([folder]).series
    check_geometry(files, reference["ct_liver_crlm_1006"]["geometry"])
    assert files.record.role is Role.CT_PHASE_UNKNOWN
    check_against_simpleitk(files, folder)


def test_abdominal_mr(test_data: Path, reference: dict[str, Any]) -> None:
    expected = reference["mr_abdomen_cmbcrc_06489_visit2"]
    inventory = scan([test_data / "mr_abdomen_cmbcrc_06489_visit2"])
    by_role = {files.record.role: files for files in inventory.series}
    assert set(by_role) == {Role.MR_ADC, Role.MR_T2}
    check_geometry(by_role[Role.MR_ADC], expected["series"]["adc_image"]["geometry"])
    check_geometry(by_role[Role.MR_T2], expected["series"]["t2_image"]["geometry"])
    adc = load_volume(by_role[Role.MR_ADC])
    assert adc.quantity.unit == "10-6.mm2/s"
    assert adc.array.mean() == pytest.approx(expected["series"]["adc_image"]["mean"], rel=1e-4)
    liver = expected["adc_rois"]["liver_right"]
    places = adc.geometry.to_lps(np.stack(np.indices(adc.array.shape), axis=-1))
    inside = np.linalg.norm(places - np.array(liver["centre_lps"]), axis=-1) <= liver["radius_mm"]
    assert np.count_nonzero(inside) == liver["n_voxels"]
    assert adc.array[inside].mean() == pytest.approx(liver["mean"], rel=1e-4)


def test_dynamic_phases_told_apart_by_time_alone(test_data: Path, reference: dict[str, Any]) -> None:
    inventory = scan([test_data / "mr_dce_breast_ucsf_br08"])
    parts = [files.record.part for files in inventory.series]
    assert parts == ["phase 1 of 3, 08:58:03", "phase 2 of 3, 09:04:15", "phase 3 of 3, 09:09:53"]
    expected = reference["mr_dce_breast_ucsf_br08"]["mean_signal_per_phase_minute"]
    means = [float(load_volume(files).array.mean()) for files in inventory.series]
    assert means == pytest.approx(list(expected.values()), rel=1e-4)
    assert {files.record.role for files in inventory.series} == {Role.MR_DYNAMIC}


def test_oddities(test_data: Path) -> None:
    inventory = scan([test_data / "dicom_oddities"])
    by_code = {finding.code: files for files in inventory.series for finding in files.record.findings}
    tilted, gappy = by_code["gantry_tilt"], by_code["missing_slices"]
    assert not tilted.record.usable
    assert "14.0 degrees" in next(f.found for f in tilted.record.findings if f.code == "gantry_tilt")
    assert gappy.record.usable
    assert gappy.gaps == (3,)
    (compressed,) = [files for files in inventory.series if files.record.modality == "MR"]
    check_against_simpleitk(compressed, test_data / "dicom_oddities" / "jpegls_mr")


@pytest.mark.parametrize("size", ["23x38x3", "24x38x3"])
def test_legacy_converted_ct_equals_its_classic_source(test_data: Path, size: str) -> None:
    folder = test_data / "seg_dcmqi" / "segmentations" / size
    (classic,), (converted,) = (scan([folder / name]).series for name in ("image", "multiframe"))
    assert classic.record.grid == converted.record.grid
    assert (load_volume(classic).array == load_volume(converted).array).all()


def test_legacy_converted_mr_phantom(test_data: Path) -> None:
    inventory = scan([test_data / "ibsi1_digital_phantom"])
    (files,) = inventory.series
    volume = load_volume(files)
    assert sorted(volume.array.shape) == [4, 4, 5]
    assert volume.array.max() == 9
    assert {item.record.kind for item in inventory.supplements} == {"SEG", "NIFTI"}


def test_every_reference_object_for_suv_scans(test_data: Path) -> None:
    for folder in sorted((test_data / "suv_dro").glob("DRO_*")):
        (files,) = scan([folder / "PT"]).series
        assert files.record.usable
        assert files.record.grid is not None
        assert files.record.grid.shape_kji == (20, 256, 256)
        assert files.record.tracer is not None
        assert files.record.tracer.tracer_class is not TracerClass.UNKNOWN or files.record.tracer.because


def test_everything_together_names_all_patients(test_data: Path) -> None:
    inventory: Inventory = scan([test_data])
    assert len(inventory.patient_ids) == 12
    assert not inventory.refused
    kinds = [item.record.kind for item in inventory.supplements]
    assert {kind: kinds.count(kind) for kind in ("SEG", "RTSTRUCT", "SR")} == {"SEG": 9, "RTSTRUCT": 9, "SR": 1}
    assert "1 of Real World Value Mapping: not used." in inventory.notes


def test_quick_headers_equal_those_of_pydicom(test_data: Path) -> None:
    seen = 0
    for path in sorted(test_data.rglob("*"))[::23]:
        if not path.is_file() or path.read_bytes()[128:132] != b"DICM":
            continue
        with path.open("rb") as stream:
            quick = read_quickly(stream)
        assert quick is not None
        slow = dcmread(path, stop_before_pixels=True)
        assert quick[0].file_meta == slow.file_meta
        assert list(quick[0].keys()) == list(slow.keys())
        assert all(quick[0][element.tag] == element for element in slow)
        seen += 1
    assert seen > 30
