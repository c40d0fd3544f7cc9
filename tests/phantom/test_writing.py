"""Scanner files: values, times and headers, by three vendors, and an outside validator."""

from __future__ import annotations

import datetime as dt
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from isletscope.errors import OutputError
from isletscope.phantom.writing import decimal
from isletscope.phantom.writing_ct import write_ct
from isletscope.phantom.writing_enhanced import write_enhanced_ct
from isletscope.phantom.writing_enhanced_pet import write_enhanced_pet
from isletscope.phantom.writing_pet import write_pet
from tests.phantom import tiny

VENDORS = ("siemens", "ge", "philips")


def moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%Y%m%d%H%M%S.%f")


@pytest.mark.parametrize("vendor", VENDORS)
def test_pet_values_come_back_as_suv(vendor: str, tmp_path: Path) -> None:
    scan, visit = tiny.pet_scan(), tiny.visit(vendor)
    files = tiny.read(write_pet(scan, visit, tmp_path, tiny.name_of))
    for k, file in enumerate(files):
        values = file.pixel_array * float(file.RescaleSlope)
        item = file.RadiopharmaceuticalInformationSequence[0]
        if file.Units == "CNTS":
            block = file.private_block(0x7053, "Philips PET Private Group")
            suv = values * float(block[0x00].value)
            activity = values * float(block[0x09].value)
        else:
            assert file.Units == "BQML"
            activity = values
            started = moment(file.SeriesDate + file.SeriesTime)
            if vendor == "ge":
                started = moment(file.private_block(0x0009, "GEMS_PETD_01")[0x0D].value)
            elapsed = (started - moment(item.RadiopharmaceuticalStartDateTime)).total_seconds()
            dose = float(item.RadionuclideTotalDose) * 2 ** (-elapsed / float(item.RadionuclideHalfLife))
            suv = values * float(file.PatientWeight) * 1000 / dose
        assert np.allclose(suv, scan.image[k], atol=scan.image.max() / 32767 + 1e-5)
        assert np.allclose(
            activity, scan.image[k] / visit.suv_factor, rtol=1e-3, atol=scan.image.max() / 32767 / visit.suv_factor
        )


@pytest.mark.parametrize("vendor", VENDORS)
def test_frame_times_agree_with_each_other(vendor: str, tmp_path: Path) -> None:
    scan, visit = tiny.pet_scan(), tiny.visit(vendor)
    for file in tiny.read(write_pet(scan, visit, tmp_path, tiny.name_of)):
        half_life = float(file.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife)
        decay = math.log(2) / half_life
        duration = float(file.ActualFrameDuration) / 1000
        average = math.log(decay * duration / (1 - math.exp(-decay * duration))) / decay
        acquired = moment(file.AcquisitionDate + file.AcquisitionTime)
        back = acquired + dt.timedelta(seconds=average - float(file.FrameReferenceTime) / 1000)
        assert abs((back - visit.scan_start).total_seconds()) < 0.02
        assert float(file.DecayFactor) == pytest.approx(
            2 ** (float(file.FrameReferenceTime) / 1000 / half_life), rel=1e-5
        )
        assert file.DecayCorrection == "START"
        assert {"ATTN", "DECY"} <= set(file.CorrectedImage)


def test_slopes_are_per_slice_for_ge_and_constant_for_siemens(tmp_path: Path) -> None:
    slopes = {}
    for vendor in ("siemens", "ge"):
        folder = tmp_path / vendor
        folder.mkdir()
        files = tiny.read(write_pet(tiny.pet_scan(), tiny.visit(vendor), folder, tiny.name_of))
        slopes[vendor] = {str(file.RescaleSlope) for file in files}
    assert len(slopes["siemens"]) == 1
    assert len(slopes["ge"]) == tiny.GRID.shape[0]


@pytest.mark.parametrize("vendor", VENDORS)
def test_ct_values_and_positions_come_back(vendor: str, tmp_path: Path) -> None:
    scan = tiny.ct_scan()
    files = tiny.read(write_ct(scan, tiny.visit(vendor), tmp_path, tiny.name_of))
    for k, file in enumerate(files):
        hounsfield = file.pixel_array * float(file.RescaleSlope) + float(file.RescaleIntercept)
        assert np.array_equal(hounsfield, scan.image[k])
        assert np.allclose([float(v) for v in file.ImagePositionPatient], tiny.GRID.to_lps([k, 0, 0]))
    assert files[0].FrameOfReferenceUID == tiny.visit(vendor).uid("frame of reference")


@pytest.mark.parametrize("syntax", ["implicit", "deflated", "rle", "jpeg2000", "jpegls", "jpeg"])
def test_every_transfer_syntax_keeps_the_pixels(syntax: str, tmp_path: Path) -> None:
    scan = tiny.ct_scan()
    files = tiny.read(write_ct(scan, tiny.visit(transfer_syntax=syntax), tmp_path, tiny.name_of))
    assert files[0].file_meta.TransferSyntaxUID != pydicom.uid.ExplicitVRLittleEndian
    read = np.stack([file.pixel_array for file in files]).astype(int) + int(files[0].RescaleIntercept)
    assert np.array_equal(read, scan.image)


def test_a_series_without_attenuation_correction_says_so(tmp_path: Path) -> None:
    files = tiny.read(write_pet(tiny.pet_scan(), tiny.visit(), tmp_path, tiny.name_of, corrected=False))
    assert "ATTN" not in files[0].CorrectedImage
    assert "AttenuationCorrectionMethod" not in files[0]


def test_enhanced_pet_holds_its_dose_in_mbq(tmp_path: Path) -> None:
    scan, visit = tiny.pet_scan(), tiny.visit()
    file = pydicom.dcmread(write_enhanced_pet(scan, visit, tmp_path, tiny.name_of)[0])
    item = file.RadiopharmaceuticalInformationSequence[0]
    assert float(item.RadionuclideTotalDose) == pytest.approx(visit.dose_bq / 1e6)
    mapping = file.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    activity = file.pixel_array * mapping.RealWorldValueSlope
    assert np.allclose(activity * visit.suv_factor, scan.image, atol=scan.image.max() / 32000)
    frames = file.PerFrameFunctionalGroupsSequence
    assert [float(v) for v in frames[2].PlanePositionSequence[0].ImagePositionPatient] == pytest.approx(
        list(tiny.GRID.to_lps([2, 0, 0]))
    )


def test_enhanced_ct_keeps_hounsfield_units(tmp_path: Path) -> None:
    scan = tiny.ct_scan()
    file = pydicom.dcmread(write_enhanced_ct(scan, tiny.visit(), tmp_path, tiny.name_of)[0])
    transform = file.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0]
    frames = file.PerFrameFunctionalGroupsSequence
    heights = [float(frame.PlanePositionSequence[0].ImagePositionPatient[2]) for frame in frames]
    assert heights == sorted(heights, reverse=True)
    assert np.array_equal(file.pixel_array[::-1] + float(transform.RescaleIntercept), scan.image)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not installed")
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("kind", ["ct", "pet", "uncorrected", "enhanced ct", "enhanced pet"])
def test_an_outside_validator_finds_no_error(vendor: str, kind: str, tmp_path: Path) -> None:
    visit = tiny.visit(vendor, tracer="18F-FDG" if vendor == "ge" else "64Cu-DOTATATE")
    pet, ct = tiny.pet_scan(), tiny.ct_scan()
    files = {
        "ct": lambda: write_ct(ct, visit, tmp_path, tiny.name_of),
        "pet": lambda: write_pet(pet, visit, tmp_path, tiny.name_of),
        "uncorrected": lambda: write_pet(pet, visit, tmp_path, tiny.name_of, corrected=False),
        "enhanced ct": lambda: write_enhanced_ct(ct, visit, tmp_path, tiny.name_of),
        "enhanced pet": lambda: write_enhanced_pet(pet, visit, tmp_path, tiny.name_of),
    }[kind]()
    answer = subprocess.run(["dciodvfy", "-new", str(files[0])], capture_output=True, text=True, check=False)
    assert not [line for line in answer.stderr.splitlines() if line.startswith("Error")], answer.stderr


def test_an_unwritable_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_ct(tiny.ct_scan(), tiny.visit(), tmp_path / "not there", tiny.name_of)


@pytest.mark.parametrize("value", [1e-9, 0.1, 1 / 3, 123456789.123456789, 2.5e17, 1.953125])
def test_decimal_strings_fit_and_are_exact_enough(value: float) -> None:
    text = decimal(value)
    assert len(text) <= 16
    assert float(text) == pytest.approx(value, rel=1e-9)
