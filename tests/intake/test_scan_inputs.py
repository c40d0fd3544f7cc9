"""Scanning: any folder, name and nesting; bad files among good ones; zips, safe and unsafe; what the user is told."""

from __future__ import annotations

import contextlib
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from isletscope.errors import InputError, NothingReadable, Refusal, UnsafeArchive
from isletscope.intake import archive, load_volume, scan
from isletscope.model import RefusedInput
from tests.intake.builders import SECONDARY_CAPTURE, Grid, Maker, put_pixels, write


def sentence(refused: RefusedInput) -> str:
    return Refusal(**refused.model_dump()).sentence()


def test_any_name_and_any_nesting(tmp_path: Path) -> None:
    datasets = Maker().series("CT", Grid(slices=6))
    names = ["1.2.840.113619.2.55.3", "IM0001", "slice.dcm", "x.ima", "a b c", "y.DCM"]
    for number, dataset in enumerate(datasets):
        write([dataset], tmp_path / "disc" / f"d{number}" / "deep", names=lambda _, n=number: names[n])
    inventory = scan([tmp_path])
    (files,) = inventory.series
    assert files.record.instance_count == 6
    assert files.record.usable
    assert not inventory.refused


def test_progress_counts_files(tmp_path: Path) -> None:
    write(Maker().series("CT"), tmp_path)
    seen: list[tuple[int, int]] = []
    scan([tmp_path], progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)


def test_files_and_folders_can_be_given_together(tmp_path: Path) -> None:
    maker = Maker()
    paths = write(maker.series("CT"), tmp_path / "ct")
    write(maker.series("PT"), tmp_path / "pet")
    inventory = scan([*paths, tmp_path / "pet"])
    assert [files.record.key for files in inventory.series] == ["ct-1", "pet-1"]


def test_keys_follow_the_order_of_acquisition(tmp_path: Path) -> None:
    maker = Maker()
    write(maker.series("CT", AcquisitionTime="113000", SeriesDescription="later"), tmp_path / "a")
    write(maker.series("CT", AcquisitionTime="093000", SeriesDescription="earlier"), tmp_path / "b")
    series = scan([tmp_path]).series
    assert [(one.record.key, one.record.description) for one in series] == [("ct-1", "earlier"), ("ct-2", "later")]
    assert series[0].record.acquired == "2026-03-01T09:30:00"


def test_a_file_that_is_there_twice_is_kept_once(tmp_path: Path) -> None:
    datasets = Maker().series("CT")
    write(datasets, tmp_path / "a")
    write(datasets[1:3], tmp_path / "b")
    inventory = scan([tmp_path])
    assert inventory.series[0].record.instance_count == 5
    assert inventory.series[0].record.usable
    assert "2 files repeat an image that was already read (same SOP Instance UID)" in inventory.notes[0]


def test_bad_files_among_good_ones_are_refused_with_their_reason(tmp_path: Path) -> None:
    paths = write(Maker().series("CT"), tmp_path, names=lambda n: f"{n}.dcm")
    whole = paths[2].read_bytes()
    (tmp_path / "cut_pixels.dcm").write_bytes(_renamed(paths[2])[:-40])
    (tmp_path / "cut_header.dcm").write_bytes(whole[:601])
    (tmp_path / "cut_early.dcm").write_bytes(whole[:200])
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "letter.dcm").write_text("Dear colleague, the scans are attached.")
    (tmp_path / "noname").write_bytes(b"\x00\x01\x02" * 99)
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "autorun.inf").write_text("[autorun]")
    inventory = scan([tmp_path])
    assert inventory.series[0].record.instance_count == 5
    load_volume(inventory.series[0])
    told = {item.subject.split("/")[-1]: sentence(item) for item in inventory.refused}
    assert sorted(told) == ["cut_early.dcm", "cut_header.dcm", "cut_pixels.dcm", "empty.dcm", "letter.dcm", "noname"]
    assert told["cut_pixels.dcm"].endswith(
        "the file is cut off: its pixel data are incomplete; found 56 bytes of pixel data; expected 96 bytes. "
        "Copy or export this file again from its source."
    )
    assert "the file is cut off inside its header; found 601 bytes" in told["cut_header.dcm"]
    assert "the file is cut off inside its header; found 200 bytes" in told["cut_early.dcm"]
    assert "the file is empty" in told["empty.dcm"]
    assert "the file is not DICOM, or its beginning is lost" in told["letter.dcm"]
    assert "2 files that are not images were left aside (documents, programs)." in inventory.notes


def test_an_image_without_pixel_data_is_refused(tmp_path: Path) -> None:
    datasets = Maker().series("CT")
    del datasets[4].PixelData
    write(datasets, tmp_path)
    inventory = scan([tmp_path])
    assert inventory.series[0].record.instance_count == 4
    assert "the file is cut off before its pixel data" in sentence(inventory.refused[0])


def _renamed(path: Path) -> bytes:
    """The same file under another SOP Instance UID."""
    dataset = dcmread(path)
    dataset.SOPInstanceUID = generate_uid()
    other = path.with_name("other.tmp")
    dataset.save_as(other, enforce_file_format=True)
    content = other.read_bytes()
    other.unlink()
    return content


def test_a_cut_compressed_file_is_refused(tmp_path: Path) -> None:
    datasets = Maker().series("CT")
    for dataset in datasets:
        dataset.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    paths = write(datasets, tmp_path)
    paths[1].write_bytes(paths[1].read_bytes()[:-30])
    inventory = scan([tmp_path])
    assert inventory.series[0].gaps == (1,)
    assert "its compressed pixel data have no end" in sentence(inventory.refused[0])


@pytest.mark.parametrize(
    ("keyword", "value", "told"),
    [
        (
            "RescaleSlope",
            b"1.0x",
            "the DICOM header is damaged; found Rescale Slope (0028,1053) '1.0x'",
        ),
        ("ImagePositionPatient", b"1\\2\\?1", "the DICOM header is damaged; found Image Position (0020,0032)"),
        ("SOPInstanceUID", b"1.2.x3", "the DICOM header is damaged; found SOP Instance UID (0008,0018)"),
        ("Rows", b"\x00\x00", "the image has no size; found Rows (0028,0010) or Columns (0028,0011) is 0 or missing"),
    ],
)
def test_a_damaged_header_is_refused_and_never_half_used(tmp_path: Path, keyword: str, value: bytes, told: str) -> None:
    paths = write(Maker().series("CT"), tmp_path)
    element = dcmread(paths[1])[keyword]
    content = bytearray(paths[1].read_bytes())
    start = element.file_tell
    content[start : start + len(value)] = value
    content[start - 2 : start] = len(value).to_bytes(2, "little")
    old = struct.unpack_from("<H", paths[1].read_bytes(), start - 2)[0]
    del content[start + len(value) : start + old]
    paths[1].write_bytes(bytes(content))
    inventory = scan([tmp_path])
    assert inventory.series[0].gaps == (1,)
    assert told in sentence(inventory.refused[0])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**20), count=st.integers(1, 20))
def test_no_damage_to_one_file_stops_the_others(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int
) -> None:
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("damage")
    maker = Maker()
    write(maker.series("CT"), folder / "good")
    (bad,) = write([maker.enhanced("PT", Grid(slices=2))], folder / "bad")
    content = bytearray(bad.read_bytes())
    for _ in range(count):
        content[chance.randrange(len(content))] = chance.randrange(256)
    bad.write_bytes(bytes(content))
    inventory = scan([folder])
    assert any(files.record.instance_count == 5 and files.record.usable for files in inventory.series)
    for files in inventory.series:
        if files.record.usable:
            with contextlib.suppress(InputError):
                load_volume(files)


def test_an_empty_folder_is_nothing_readable(tmp_path: Path) -> None:
    with pytest.raises(NothingReadable) as caught:
        scan([tmp_path])
    assert str(caught.value) == (
        f"{tmp_path}: no image was found; found an empty folder; expected DICOM files, in folders or in a zip. "
        "Choose the folder or disc that holds the scans."
    )


def test_a_folder_of_broken_files_names_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"")
    with pytest.raises(NothingReadable, match=r"1 files, 1 refused; the first: .*a\.dcm, the file is empty"):
        scan([tmp_path])


def test_a_path_that_does_not_exist_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file or folder"):
        scan([tmp_path / "nowhere"])


def test_a_dicomdir_is_noted_and_not_needed(tmp_path: Path) -> None:
    file_set = FileSet()
    for dataset in Maker().series("CT"):
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.StudyID = "1"
        file_set.add(dataset)
    file_set.write(tmp_path)
    assert (tmp_path / "DICOMDIR").is_file()
    inventory = scan([tmp_path])
    assert inventory.series[0].record.instance_count == 5
    assert not inventory.refused
    assert "A DICOMDIR was found and not needed: every file was looked at." in inventory.notes


def test_objects_that_are_not_images_are_named(tmp_path: Path) -> None:
    maker = Maker()
    write(maker.series("CT"), tmp_path / "ct")
    for number, sop_class in enumerate(["1.2.840.10008.5.1.4.1.1.11.1", "1.2.840.10008.5.1.4.1.1.88.59"]):
        write([maker.header("PR", generate_uid(), SOPClassUID=sop_class)], tmp_path / f"other{number}")
    notes = scan([tmp_path]).notes
    assert "1 of Grayscale Softcopy Presentation State: not used." in notes
    assert "1 of Key Object Selection Document: not used." in notes


def test_segmentations_structures_reports_and_nifti_are_supplements(tmp_path: Path) -> None:
    maker = Maker()
    write(maker.series("CT"), tmp_path / "ct")
    structures = maker.header("RTSTRUCT", "1.2.9", SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3")
    region = Dataset()
    region.ROINumber, region.ROIName = "1", "Liver"
    structures.StructureSetROISequence = [region]
    write([structures], tmp_path / "rt")
    (tmp_path / "labels.nii").write_bytes((348).to_bytes(4, "little") + bytes(400))
    (tmp_path / "broken.nii.gz").write_bytes(b"not gzip")
    inventory = scan([tmp_path])
    kinds = {item.record.kind: item for item in inventory.supplements}
    assert kinds["RTSTRUCT"].record.regions == ["Liver"]
    assert kinds["RTSTRUCT"].patient_id == "TEST-1"
    assert kinds["NIFTI"].record.label == "labels"
    assert "the NIfTI file cannot be read" in sentence(inventory.refused[0])


def test_a_file_without_preamble_is_read(tmp_path: Path) -> None:
    for path in write(Maker().series("CT"), tmp_path):
        content = path.read_bytes()
        group_length = int.from_bytes(content[140:144], "little")
        path.write_bytes(content[144 + group_length :])
    (files,) = scan([tmp_path]).series
    assert files.record.usable
    load_volume(files)


def test_a_zip_is_read_like_a_folder_and_one_inside_it_too(tmp_path: Path) -> None:
    maker = Maker()
    ct, pet = write(maker.series("CT"), tmp_path / "ct"), write(maker.series("PT"), tmp_path / "pet")
    inner, outer = tmp_path / "inner.zip", tmp_path / "outer.zip"
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in pet:
            opened.write(path, f"deep/{path.name}")
    with zipfile.ZipFile(outer, "w") as opened:
        opened.write(inner, "more/inner.zip")
        for path in ct:
            opened.write(path, path.name)
    inventory = scan([outer], workspace=tmp_path / "work")
    assert {files.record.key for files in inventory.series} == {"ct-1", "pet-1"}
    assert all(load_volume(files).array.any() for files in inventory.series)
    assert inventory.notes[:2] == ("outer.zip was unpacked.", "outer.zip/more/inner.zip was unpacked.")
    with zipfile.ZipFile(tmp_path / "third.zip", "w") as opened:
        opened.write(outer, "outer.zip")
    deeper = scan([tmp_path / "third.zip"], workspace=tmp_path / "work3")
    assert [files.record.key for files in deeper.series] == ["ct-1"]
    assert "zips inside zips are opened one level deep only" in sentence(deeper.refused[0])


@pytest.mark.parametrize("name", ["../evil.dcm", "/etc/evil.dcm", "a/../../evil.dcm", "C:\\evil.dcm", "..\\evil.dcm"])
def test_a_zip_that_would_write_outside_is_refused_before_unpacking(tmp_path: Path, name: str) -> None:
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as opened:
        opened.writestr("good.dcm", b"x")
        opened.writestr(name, b"x")
    with pytest.raises(UnsafeArchive, match="would write outside its own folder, so nothing was unpacked"):
        scan([bad], workspace=tmp_path / "work")
    assert not list((tmp_path / "work").rglob("*"))
    assert not (tmp_path / "evil.dcm").exists()


def test_a_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as opened:
        opened.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeArchive, match="a link 'link'"):
        scan([tmp_path / "bad.zip"], workspace=tmp_path / "work")


def test_a_zip_of_absurd_size_is_refused_before_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = archive.file_rules().model_copy(update={"archive_ratio_from_bytes": 1_000_000})
    monkeypatch.setattr(archive, "file_rules", lambda: small)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeros", bytes(3_000_000))
    with pytest.raises(UnsafeArchive) as caught:
        scan([tmp_path / "bomb.zip"], workspace=tmp_path / "work")
    assert "the zip would unpack to an absurd size, so nothing was unpacked" in str(caught.value)
    assert not list((tmp_path / "work").rglob("*"))


def test_a_bad_zip_in_a_folder_leaves_the_rest(tmp_path: Path) -> None:
    write(Maker().series("CT"), tmp_path / "ct")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as opened:
        opened.writestr("../evil.dcm", b"x")
    inventory = scan([tmp_path], workspace=tmp_path.parent / f"{tmp_path.name}-work")
    assert inventory.series[0].record.usable
    told = [sentence(item) for item in inventory.refused]
    assert "the zip is damaged or incomplete" in told[0]
    assert "would write outside its own folder" in told[1]


def test_captures_localizers_and_nuclear_medicine_are_listed_without_a_volume(tmp_path: Path) -> None:
    maker = Maker()
    capture = maker.header("OT", "1.2.3", SOPClassUID=SECONDARY_CAPTURE)
    put_pixels(capture, np.zeros((4, 4), np.uint8))
    write([capture], tmp_path / "capture")
    write(maker.series("CT", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), tmp_path / "scout")
    spect = maker.header("NM", "1.2.4", NumberOfFrames="3")
    put_pixels(spect, np.zeros((3, 4, 4), np.uint16))
    write([spect], tmp_path / "nm")
    series = {files.record.key: files.record for files in scan([tmp_path]).series}
    assert {key: str(record.role) for key, record in series.items()} == {
        "other-1": "derived",
        "ct-1": "localizer",
        "nm-1": "nm_not_quantified",
    }
    assert all(record.grid is None and not record.findings for record in series.values())
    assert "listed, not quantified" in series["nm-1"].role_because


def test_a_localizer_inside_a_series_stands_beside_its_volume(tmp_path: Path) -> None:
    maker, uid = Maker(), generate_uid()
    scout = Grid(orientation=(0, 1, 0, 0, 0, -1), slices=1)
    types = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    write(maker.series("CT", scout, SeriesInstanceUID=uid, ImageType=types), tmp_path / "a")
    write(maker.series("CT", SeriesInstanceUID=uid), tmp_path / "b")
    localizer, volume = (files.record for files in scan([tmp_path]).series)
    assert (localizer.part, localizer.grid) == ("localizer", None)
    assert volume.part is None
    assert volume.usable


def test_the_fingerprint_follows_the_files_and_not_their_order_or_folder(tmp_path: Path) -> None:
    datasets = Maker().series("CT")
    paths = write(datasets, tmp_path / "a")
    first = scan([tmp_path / "a"]).series[0].record.fingerprint
    (tmp_path / "b").mkdir()
    for number, path in enumerate(reversed(paths)):
        path.rename(tmp_path / "b" / f"n{number}")
    assert scan([tmp_path / "b"]).series[0].record.fingerprint == first
    dataset = dcmread(tmp_path / "b" / "n0")
    dataset.PatientComments = "changed"
    dataset.save_as(tmp_path / "b" / "n0")
    assert scan([tmp_path / "b"]).series[0].record.fingerprint != first
    assert ExplicitVRLittleEndian.is_little_endian
