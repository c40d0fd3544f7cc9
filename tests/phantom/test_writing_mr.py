"""MR files: values, b-values, phases and orders by three vendors, in every form; an outside validator."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import numpy as np
import pydicom
import pytest

from isletscope.intake import load_volume, scan
from isletscope.model import Role
from isletscope.phantom.mr_rule import MrRule
from isletscope.phantom.mr_sequences import ADC_IMAGE
from isletscope.phantom.mr_series import mr_series_facts
from isletscope.phantom.scanner_mr import MrExam
from isletscope.phantom.writing_mr import write_mr
from tests.phantom import mr_tiny

VENDORS = ("siemens", "ge", "philips")
FORMS = ("classic", "enhanced", "legacy")
B_VALUES = (0.0, 50.0, 400.0, 800.0)


def written(folder: Path, vendor: str, rule: MrRule | None = None, **more: str) -> tuple[MrExam, list[pydicom.Dataset]]:
    exam = mr_tiny.exam(rule)
    files = write_mr(exam, mr_tiny.visit(vendor, **more), folder, mr_tiny.name_of)
    return exam, [pydicom.dcmread(path) for path in files]


def of_image(files: list[pydicom.Dataset], fact: dict[str, object]) -> list[pydicom.Dataset]:
    """Slices of one image, from feet to head, found by what truth says of it."""
    found = [f for f in files if f.SeriesInstanceUID == fact["series_uid"]]
    if "temporal_position" in fact:
        found = [f for f in found if f.TemporalPositionIdentifier == fact["temporal_position"]]
    if "b_s_mm2" in fact:
        found = [f for f in found if private_b_value(f) == fact["b_s_mm2"]]
    if "echo_ms" in fact:
        found = [f for f in found if float(f.EchoTime) == fact["echo_ms"]]
    return sorted(found, key=lambda f: float(f.ImagePositionPatient[2]))


def private_b_value(file: pydicom.Dataset) -> float:
    if file.Manufacturer.startswith("SIEMENS"):
        return float(file.private_block(0x0019, "SIEMENS MR HEADER")[0x0C].value)
    if file.Manufacturer.startswith("GE"):
        return float(file.private_block(0x0043, "GEMS_PARM_01")[0x39].value[0] - 1_000_000_000)
    return float(file.private_block(0x2001, "Philips Imaging DD 001")[0x03].value)


@pytest.mark.parametrize("vendor", VENDORS)
def test_values_come_back(vendor: str, tmp_path: Path) -> None:
    exam, files = written(tmp_path, vendor)
    facts = mr_series_facts(exam, mr_tiny.visit(vendor))
    assert set(facts) == set(exam.series)
    for key, fact in facts.items():
        slices = of_image(files, fact)
        geometry = exam.geometry(key)
        assert len(slices) == geometry.shape[0]
        assert [float(v) for v in slices[0].ImagePositionPatient] == list(geometry.origin_lps_mm)
        read = np.stack([f.pixel_array * float(f.get("RescaleSlope", 1)) for f in slices])
        truth = exam.series[key].image
        scale = 1.0 if key == ADC_IMAGE or vendor == "philips" else float(read.mean() / truth.mean())
        assert np.allclose(read / scale, truth, atol=0.6 / scale + 0.001 * truth.max())


def test_philips_true_values_by_the_private_scale(tmp_path: Path) -> None:
    exam, files = written(tmp_path, "philips", MrRule(sequences=("t2_fat_sat",)))
    files.sort(key=lambda f: float(f.ImagePositionPatient[2]))
    slopes = {float(f.RescaleSlope) for f in files}
    true = [f.pixel_array / float(f.private_block(0x2005, "Philips MR Imaging DD 001")[0x0E].value) for f in files]
    assert len(slopes) == len(files)
    ratio = np.stack(true).ravel() / np.maximum(exam.series["t2_fat_sat"].image.ravel(), 20)
    assert np.percentile(ratio, 5) == pytest.approx(np.percentile(ratio, 95), rel=0.02)


@pytest.mark.parametrize("vendor", VENDORS)
def test_contrast_agent_is_named_after_injection_only(vendor: str, tmp_path: Path) -> None:
    exam, files = written(tmp_path, vendor)
    facts = mr_series_facts(exam, mr_tiny.visit(vendor))
    for fact in facts.values():
        for file in of_image(files, fact):
            assert ("ContrastBolusAgent" in file) == (fact["start_s"] > 300)
    late = of_image(files, facts["t1_hepatobiliary"])[0]
    assert late.ContrastBolusAgentSequence[0].CodeValue == "440223009"
    assert float(late.ContrastBolusVolume) == pytest.approx(66 * 0.025 / 0.25, abs=0.05)
    assert "ContrastBolusAgent" not in of_image(files, facts["t1_fat_sat"])[0]


def test_orders_of_instances_differ_by_vendor(tmp_path: Path) -> None:
    for vendor, first, then in (("siemens", 0, 1), ("ge", 2, 1), ("philips", 0, 0)):
        folder = tmp_path / vendor
        folder.mkdir()
        exam, files = written(folder, vendor, MrRule(sequences=("dwi",)))
        dwi = [f for f in files if "ADC" not in f.ImageType and "COMBINED" not in f.ImageType]
        heights = [float(f.ImagePositionPatient[2]) for f in sorted(dwi, key=lambda f: f.InstanceNumber)]
        geometry = exam.geometry("dwi_b0")
        expected = [float(geometry.to_lps([k, 0, 0])[2]) for k in (first, then)]
        assert heights[:2] == pytest.approx(expected)


def test_a_mosaic_holds_every_slice_as_a_tile(tmp_path: Path) -> None:
    exam, files = written(tmp_path, "siemens", MrRule(sequences=("dwi",), mosaic=True))
    mosaics = [f for f in files if "MOSAIC" in f.ImageType]
    assert [private_b_value(f) for f in mosaics] == list(B_VALUES)
    for key, file in zip(("dwi_b0", "dwi_b50", "dwi_b400", "dwi_b800"), mosaics, strict=True):
        image = exam.series[key].image
        assert file.private_block(0x0019, "SIEMENS MR HEADER")[0x0A].value == image.shape[0]
        tiles = file.pixel_array.reshape(2, 12, 2, 16).swapaxes(1, 2).reshape(4, 12, 16)
        scale = tiles[: image.shape[0]].mean() / image.mean()
        assert np.allclose(tiles[: image.shape[0]] / scale, image, atol=0.6 / scale + 0.001 * image.max())
        x, y, z = exam.geometry(key).origin_lps_mm
        assert [float(v) for v in file.ImagePositionPatient] == pytest.approx([x - 8 * 3.0, y - 6 * 3.0, z])


@pytest.mark.parametrize("vendor", VENDORS)
def test_enhanced_frames_carry_values_b_and_phase(vendor: str, tmp_path: Path) -> None:
    exam, files = written(tmp_path, vendor, form="enhanced")
    facts = mr_series_facts(exam, mr_tiny.visit(vendor))
    by_uid = {file.SeriesInstanceUID: file for file in files}
    for key, fact in facts.items():
        file = by_uid[fact["series_uid"]]
        slope = float(file.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0].RescaleSlope)
        groups = list(file.PerFrameFunctionalGroupsSequence)
        if "b_s_mm2" in fact:
            own = [n for n, g in enumerate(groups) if g.MRDiffusionSequence[0].DiffusionBValue == fact["b_s_mm2"]]
        elif "temporal_position" in fact:
            place = fact["temporal_position"]
            own = [n for n, g in enumerate(groups) if g.FrameContentSequence[0].TemporalPositionIndex == place]
        elif "echo_ms" in fact:
            own = [n for n, g in enumerate(groups) if g.MREchoSequence[0].EffectiveEchoTime == fact["echo_ms"]]
        else:
            own = list(range(len(groups)))
        read = file.pixel_array.reshape(-1, 12, 16)[own] * slope
        assert np.allclose(read, exam.series[key].image, atol=0.6 * slope)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_converted_frame_is_the_slice_that_it_names(vendor: str, tmp_path: Path) -> None:
    (tmp_path / "classic").mkdir()
    (tmp_path / "legacy").mkdir()
    slices = {file.SOPInstanceUID: file for file in written(tmp_path / "classic", vendor)[1]}
    named = []
    for file in written(tmp_path / "legacy", vendor, form="legacy")[1]:
        places = [tuple(g.FrameContentSequence[0].DimensionIndexValues) for g in file.PerFrameFunctionalGroupsSequence]
        assert len(set(places)) == len(places)
        for groups, pixels in zip(file.PerFrameFunctionalGroupsSequence, file.pixel_array, strict=True):
            source = slices[groups.ConversionSourceAttributesSequence[0].ReferencedSOPInstanceUID]
            named.append(source.SOPInstanceUID)
            assert np.array_equal(pixels, source.pixel_array)
            assert groups.PlanePositionSequence[0].ImagePositionPatient == source.ImagePositionPatient
            slope = groups.PixelValueTransformationSequence[0].RescaleSlope
            assert float(slope) == float(source.get("RescaleSlope", 1))
            _assert_kept(source, file, groups)
    assert sorted(named) == sorted(slices)


def _assert_kept(source: pydicom.Dataset, file: pydicom.Dataset, groups: pydicom.Dataset) -> None:
    """Echo, b-value, agent and private scale of a slice stand somewhere in the converted object, as they were."""
    places = [
        *groups.get("UnassignedPerFrameConvertedAttributesSequence", []),
        *file.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence,
    ]
    for element in source:
        wanted = element.keyword in ("EchoTime", "DiffusionBValue", "ContrastBolusAgent", "TemporalPositionIdentifier")
        if wanted or (element.tag.is_private and not element.tag.is_private_creator):
            kept = [place[element.tag].value for place in places if element.tag in place]
            assert kept == [element.value], element


WANTED = {
    Role.MR_T1_OPPOSED_PHASE: 1,
    Role.MR_T1_IN_PHASE: 1,
    Role.MR_T2_FAT_SATURATED: 1,
    Role.MR_DWI: 4,
    Role.MR_ADC: 1,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_the_intake_room_knows_every_series(vendor: str, form: str, tmp_path: Path) -> None:
    exam, _ = written(tmp_path, vendor, form=form)
    roles: dict[Role, int] = defaultdict(int)
    for series in scan([tmp_path]).series:
        roles[series.record.role] += 1
        if series.record.role == Role.MR_ADC:
            assert np.allclose(load_volume(series).array, exam.series[ADC_IMAGE].image, atol=1.0)
    assert {role: roles[role] for role in WANTED} == WANTED
    assert roles[Role.MR_DYNAMIC] + roles[Role.MR_T1_FAT_SATURATED] >= 4
    if form == "classic":
        assert roles[Role.MR_HEPATOBILIARY] == 1


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not installed")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_dciodvfy_finds_no_error(vendor: str, form: str, tmp_path: Path) -> None:
    syntax = {"siemens": "explicit", "ge": "jpegls", "philips": "jpeg2000"}[vendor]
    visit = mr_tiny.visit(vendor, form=form, transfer_syntax=syntax)
    files = write_mr(mr_tiny.exam(MrRule(mosaic=form == "classic")), visit, tmp_path, mr_tiny.name_of)
    sample = {path.name.split("_")[0]: path for path in files}
    for path in sample.values():
        done = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert "Error" not in done.stderr
