"""Loading: slopes of every slice, signs and bits, padding, compression, multi-frame objects, units."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from isletscope.errors import InputError
from isletscope.intake import SeriesFiles, frame_attribute, load_volume, rescale_of, scan
from isletscope.spatial import ACTIVITY, ADC, ARBITRARY, HOUNSFIELD, SUV_BODY_WEIGHT, Volume
from tests.intake.builders import Grid, Maker, put_pixels, ramp, write

JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
RLE = "1.2.840.10008.1.2.5"


def only_series(folder: Path) -> SeriesFiles:
    (files,) = scan([folder]).series
    return files


def load(folder: Path) -> Volume:
    return load_volume(only_series(folder))


def expected(volume: Volume) -> np.ndarray:
    return ramp(volume.geometry.to_lps(np.stack(np.indices(volume.array.shape), axis=-1)))


def test_ct_is_hounsfield_in_whole_numbers(tmp_path: Path) -> None:
    write(Maker().series("CT"), tmp_path)
    volume = load(tmp_path)
    assert volume.quantity == HOUNSFIELD
    assert volume.array.dtype == np.int16
    assert np.abs(volume.array - expected(volume)).max() <= 0.5


def test_pet_takes_the_slope_of_every_slice(tmp_path: Path) -> None:
    maker, grid = Maker(), Grid()
    slopes = [0.11, 0.29, 0.2, 0.05, 0.17]
    write([maker.slice("PT", grid, k, "1.2.3", RescaleSlope=str(slope)) for k, slope in enumerate(slopes)], tmp_path)
    files = only_series(tmp_path)
    assert [rescale_of(instance).slope for instance in files.instances] == slopes
    volume = load_volume(files)
    assert volume.quantity == ACTIVITY
    assert volume.array.dtype == np.float32
    assert np.abs(volume.array - expected(volume)).max() <= 0.15


def test_progress_counts_planes(tmp_path: Path) -> None:
    write(Maker().series("CT"), tmp_path)
    seen: list[tuple[int, int]] = []
    load_volume(only_series(tmp_path), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_encodings_give_the_same_values(tmp_path: Path, syntax: str) -> None:
    datasets = Maker().series("CT")
    for dataset in datasets:
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
            dataset.set_original_encoding(False, False)
        dataset.file_meta.TransferSyntaxUID = syntax
    write(datasets, tmp_path)
    volume = load(tmp_path)
    assert np.abs(volume.array - expected(volume)).max() <= 0.5


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000, RLE])
@pytest.mark.parametrize("signed", [True, False])
def test_compressed_series_give_the_same_values(tmp_path: Path, syntax: str, signed: bool) -> None:
    datasets = Maker().series("CT", Grid(rows=16, columns=24))
    for dataset in datasets:
        stored = np.frombuffer(dataset.PixelData, np.int16).reshape(16, 24)
        if not signed:
            put_pixels(dataset, stored.astype(np.uint16))
    for path in write(datasets, tmp_path):
        _compressed(path, syntax)
    assert only_series(tmp_path).header.file_meta.TransferSyntaxUID == syntax
    volume = load(tmp_path)
    assert np.abs(volume.array - expected(volume)).max() <= 0.5


def _compressed(path: Path, syntax: str) -> None:
    """Compress a file in place, with the codecs that write."""
    if syntax in (JPEG_LS, RLE):
        dataset = dcmread(path)
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(path)
        return
    converter = Path(sys.executable).parent / "gdcmconv"
    how = {JPEG_LOSSLESS: "--jpeg", JPEG_2000: "--j2k"}[syntax]
    subprocess.run([str(converter), how, str(path), str(path) + ".tmp"], check=True)
    Path(str(path) + ".tmp").replace(path)


def test_bits_above_the_stored_ones_are_taken_away(tmp_path: Path) -> None:
    datasets = Maker().series("MR")
    for dataset in datasets:
        stored = np.frombuffer(dataset.PixelData, np.int16).reshape(6, 8).astype(np.uint16)
        overlay = np.zeros_like(stored)
        overlay[2, 3] = 0xF000
        put_pixels(dataset, stored | overlay)
        dataset.BitsStored, dataset.HighBit = 12, 11
    write(datasets, tmp_path)
    volume = load(tmp_path)
    assert np.abs(volume.array - expected(volume)).max() <= 0.5


def test_the_sign_of_values_with_fewer_bits_is_restored(tmp_path: Path) -> None:
    datasets = Maker().series("CT")
    for dataset in datasets:
        stored = np.full((6, 8), -200, np.int16)
        put_pixels(dataset, (stored & 0x0FFF).astype(np.int16))
        dataset.BitsStored, dataset.HighBit, dataset.RescaleIntercept = 12, 11, "0"
    write(datasets, tmp_path)
    assert (load(tmp_path).array == -200).all()


def test_large_unsigned_values_do_not_wrap(tmp_path: Path) -> None:
    datasets = Maker().series("CT", Grid(slices=2))
    for dataset in datasets:
        put_pixels(dataset, np.full((6, 8), 60000, np.uint16))
    write(datasets, tmp_path)
    assert (load(tmp_path).array == 60000 - 1024).all()


def test_declared_padding_of_ct_becomes_air(tmp_path: Path) -> None:
    datasets = Maker().series("CT", Grid(slices=2))
    for dataset in datasets:
        stored = np.frombuffer(dataset.PixelData, np.int16).reshape(6, 8).copy()
        stored[0, 0] = -2000
        put_pixels(dataset, stored)
        dataset.PixelPaddingValue = -2000
    write(datasets, tmp_path)
    volume = load(tmp_path)
    assert (volume.array[:, 0, 0] == -1024).all()
    assert np.abs(volume.array - expected(volume))[:, 1:].max() <= 0.5


def test_monochrome1_is_a_matter_of_display(tmp_path: Path) -> None:
    datasets = Maker().series("MR")
    for dataset in datasets:
        dataset.PhotometricInterpretation = "MONOCHROME1"
    write(datasets, tmp_path)
    files = only_series(tmp_path)
    volume = load_volume(files)
    assert np.abs(volume.array - expected(volume)).max() <= 0.5
    assert [finding.code for finding in files.record.findings] == ["monochrome1"]
    assert volume.quantity == ARBITRARY


@pytest.mark.parametrize(("unit", "factor"), [(None, 1), ("10-6 mm2/s", 1), ("mm2/s", 1e6), ("10-3 mm2/s", 1e3)])
def test_adc_is_kept_in_millionths_of_mm2_per_second(tmp_path: Path, unit: str | None, factor: float) -> None:
    lines: dict[str, Any] = {"RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": unit} if unit else {}
    write(Maker().series("MR", ImageType=["DERIVED", "PRIMARY", "ADC"], **lines), tmp_path)
    volume = load(tmp_path)
    assert volume.quantity == ADC
    assert np.abs(volume.array / factor - expected(volume)).max() <= 0.5


def test_a_lookup_table_stands_in_place_of_slope_and_intercept(tmp_path: Path) -> None:
    datasets = Maker().series("MR", Grid(slices=2))
    for dataset in datasets:
        put_pixels(dataset, np.tile(np.arange(8, dtype=np.uint16), (6, 1)))
        table = Dataset()
        table.LUTDescriptor = [8, 0, 16]
        table.LUTData = (np.arange(8, dtype=np.uint16) ** 2).tobytes()
        dataset.ModalityLUTSequence = Sequence([table])
    write(datasets, tmp_path)
    assert (load(tmp_path).array == np.arange(8) ** 2).all()


@pytest.mark.parametrize("modality", ["CT", "PT", "MR"])
def test_frames_of_enhanced_objects_are_planes(tmp_path: Path, modality: str) -> None:
    write([Maker().enhanced(modality, order=[3, 0, 4, 1, 2])], tmp_path)
    files = only_series(tmp_path)
    assert len(files.instances) == 5
    assert [instance.frame for instance in files.instances] == [1, 3, 4, 0, 2]
    position = frame_attribute(files.instances[2], "PlanePositionSequence", "ImagePositionPatient")
    assert position[2] == pytest.approx(36.0)
    volume = load_volume(files)
    assert np.abs(volume.array - expected(volume)).max() <= 0.5


def test_compressed_frames_are_decoded_once_and_in_place(tmp_path: Path) -> None:
    dataset = Maker().enhanced("CT", order=[3, 0, 4, 1, 2])
    dataset.compress(RLE, generate_instance_uid=False)
    write([dataset], tmp_path)
    volume = load(tmp_path)
    assert np.abs(volume.array - expected(volume)).max() <= 0.5


@pytest.mark.parametrize(
    ("code", "quantity"), [("Bq/ml", ACTIVITY), ("g/ml{SUVbw}", SUV_BODY_WEIGHT), ("{propcounts}", None)]
)
def test_enhanced_pet_takes_unit_and_slope_from_its_real_world_mapping(
    tmp_path: Path, code: str, quantity: object
) -> None:
    dataset = Maker().enhanced("PT")
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        unit, mapping = Dataset(), Dataset()
        unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = code, "UCUM", code
        mapping.MeasurementUnitsCodeSequence = Sequence([unit])
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 0.5, 0.0
        groups.RealWorldValueMappingSequence = Sequence([mapping])
    write([dataset], tmp_path)
    volume = load(tmp_path)
    assert np.abs(volume.array - 2 * expected(volume)).max() <= 0.5
    assert quantity is None or volume.quantity == quantity
    assert volume.quantity.unit == {"Bq/ml": "Bq/mL", "g/ml{SUVbw}": "g/mL"}.get(code, code)


def test_attributes_that_a_conversion_left_unassigned_are_found(tmp_path: Path) -> None:
    dataset = Maker().enhanced("CT")
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.2"
    left_over = Dataset()
    left_over.Exposure = "33"
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.UnassignedSharedConvertedAttributesSequence = Sequence([left_over])
    write([dataset], tmp_path)
    files = only_series(tmp_path)
    assert frame_attribute(files.instances[0], "CTExposureSequence", "Exposure") == 33


def test_a_file_that_shrank_since_the_scan_is_named(tmp_path: Path) -> None:
    paths = write(Maker().series("CT"), tmp_path)
    files = only_series(tmp_path)
    paths[1].write_bytes(paths[1].read_bytes()[:-10])
    with pytest.raises(InputError) as caught:
        load_volume(files)
    assert str(caught.value) == (
        "I0001 of series ct-1 (CT): the image cannot be decoded; found 86 of 96 bytes (Explicit VR Little Endian); "
        "expected 96 bytes of pixel values. Send or export this series again, uncompressed if you can."
    )


def test_damaged_compressed_pixels_are_named(tmp_path: Path) -> None:
    datasets = Maker().series("CT", Grid(rows=16, columns=24))
    for dataset in datasets:
        dataset.compress(JPEG_LS, generate_instance_uid=False)
    damaged = bytearray(datasets[2].PixelData)
    damaged[20:60] = bytes(40)
    datasets[2].PixelData = bytes(damaged)
    write(datasets, tmp_path)
    with pytest.raises(InputError, match=r"the image cannot be decoded; found .*JPEG-LS Lossless"):
        load(tmp_path)


def test_ct_without_rescale_is_not_taken_as_hounsfield(tmp_path: Path) -> None:
    write(Maker().series("CT", RescaleSlope=None, RescaleIntercept=None), tmp_path)
    files = only_series(tmp_path)
    assert [finding.code for finding in files.record.findings] == ["no_rescale"]
    assert load_volume(files).quantity == ARBITRARY


def test_series_of_unlike_bits_within_one_series_load(tmp_path: Path) -> None:
    datasets = Maker().series("CT", SeriesInstanceUID=generate_uid())
    for dataset in datasets[1::2]:
        put_pixels(dataset, np.frombuffer(dataset.PixelData, np.int16).reshape(6, 8).astype(np.uint16))
    write(datasets, tmp_path)
    volume = load(tmp_path)
    assert np.abs(volume.array - expected(volume)).max() <= 0.5
