"""The quick header reader agrees with pydicom, and leaves to it what is not plain."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from isletscope.intake.quick_header import CutOffError, read_quickly
from tests.intake.builders import Grid, Maker


def rich_dataset(*, undefined_length: bool) -> Dataset:
    """A slice with nested sequences, private blocks, odd characters and values of every kind."""
    (dataset,) = Maker(patient_name="Müller^Jürgen").series("CT", Grid(slices=1))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    inner, outer = Dataset(), Dataset()
    inner.CodeValue, inner.CodeMeaning = "1", "größer"
    outer.RadionuclideCodeSequence = Sequence([inner, Dataset()])
    outer["RadionuclideCodeSequence"].is_undefined_length = undefined_length
    dataset.RadiopharmaceuticalInformationSequence = Sequence([outer])
    dataset["RadiopharmaceuticalInformationSequence"].is_undefined_length = undefined_length
    for item in (inner, outer):
        item.is_undefined_length_sequence_item = undefined_length
    dataset.ReferencedImageSequence = Sequence([])
    dataset["ReferencedImageSequence"].is_undefined_length = undefined_length
    block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
    block.add_new(0x39, "IS", ["1000000600", "8", "0", "0"])
    dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "DS", "0.000551")
    dataset.DiffusionBValue = 12.5
    dataset.PatientComments = "x" * 40_000
    return dataset


@pytest.mark.parametrize("undefined_length", [True, False])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_quick_and_general_reading_agree(tmp_path: Path, syntax: str, undefined_length: bool) -> None:
    dataset = rich_dataset(undefined_length=undefined_length)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(tmp_path / "x", enforce_file_format=True)
    with (tmp_path / "x").open("rb") as stream:
        quick = read_quickly(stream)
    assert quick is not None
    slow = dcmread(tmp_path / "x", stop_before_pixels=True)
    assert list(quick[0].keys()) == list(slow.keys())
    assert all(quick[0][element.tag] == element for element in slow)
    assert str(quick[0].PatientName) == "Müller^Jürgen"
    assert quick[0].RadiopharmaceuticalInformationSequence[0].RadionuclideCodeSequence[0].CodeMeaning == "größer"
    assert quick[0].private_block(0x0043, "GEMS_PARM_01")[0x39].value[0] == 1000000600
    assert (tmp_path / "x").read_bytes()[quick[1] :][:4] == b"\xe0\x7f\x10\x00"


@pytest.mark.parametrize("content", [b"", b"\x08\x00\x05\x00" * 50, bytes(200)])
def test_what_is_no_part_10_file_is_left_alone(content: bytes) -> None:
    assert read_quickly(io.BytesIO(content)) is None


def test_deflated_files_are_left_to_pydicom() -> None:
    dataset = rich_dataset(undefined_length=False)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    stream = io.BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    stream.seek(0)
    assert read_quickly(stream) is None


def test_wherever_a_file_is_cut_nothing_half_read_looks_whole() -> None:
    stream = io.BytesIO()
    dcmwrite(stream, rich_dataset(undefined_length=True), enforce_file_format=True)
    content = stream.getvalue()
    whole = read_quickly(io.BytesIO(content))
    assert whole is not None
    for end in range(400, whole[1] - 1, 211):
        try:
            part = read_quickly(io.BytesIO(content[:end]))
        except CutOffError:
            continue
        assert part is None or "PixelSpacing" not in part[0] or part[1] == end
