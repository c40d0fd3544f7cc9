"""Bad input through the front door: a sentence with a remedy, the right exit code, the good series still read."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from isletscope.cli import main

Change = Callable[[pydicom.Dataset], None]


@pytest.fixture
def pet(reference_patient: Path, tmp_path: Path) -> Path:
    """A copy of one PET series of the reference patient, every fourth slice cut to the middle twenty."""
    folder = tmp_path / "pet"
    folder.mkdir()
    found = []
    for path in sorted((reference_patient / "dicom").rglob("*")):
        if path.is_file():
            header = pydicom.dcmread(path, stop_before_pixels=True)
            if header.Modality == "PT" and "DOTATATE" in str(header.RadiopharmaceuticalInformationSequence[0]):
                found.append((float(header.ImagePositionPatient[2]), path))
    for number, (_, path) in enumerate(sorted(found)[90:110]):
        shutil.copy(path, folder / f"{number:03d}")
    return folder


def change(folder: Path, edit: Change) -> None:
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        edit(dataset)
        dataset.save_as(path)


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    capsys.readouterr()
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert "Traceback" not in text
    return code, " ".join(text.split())


def radiopharmaceutical(dataset: pydicom.Dataset) -> pydicom.Dataset:
    item: pydicom.Dataset = dataset.RadiopharmaceuticalInformationSequence[0]
    return item


def without_weight(dataset: pydicom.Dataset) -> None:
    dataset.PatientWeight = None


def without_dose(dataset: pydicom.Dataset) -> None:
    radiopharmaceutical(dataset).RadionuclideTotalDose = None


def without_time(dataset: pydicom.Dataset) -> None:
    for keyword in ("RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"):
        if keyword in radiopharmaceutical(dataset):
            delattr(radiopharmaceutical(dataset), keyword)
    for block in [tag for tag in dataset if tag.tag.is_private]:
        del dataset[block.tag]


def without_half_life(dataset: pydicom.Dataset) -> None:
    item = radiopharmaceutical(dataset)
    del item.RadionuclideHalfLife
    del item.RadionuclideCodeSequence
    item.Radiopharmaceutical = "agent"
    del item.RadiopharmaceuticalCodeSequence


@pytest.mark.parametrize(
    ("edit", "tag", "remedy"),
    [
        (without_weight, "(0010,1030)", "weight_kg"),
        (without_dose, "(0018,1074)", "injected_activity_mbq"),
        (without_time, "(0018,1078)", "injection_time"),
        (without_half_life, "(0018,1075)", "half_life_s"),
    ],
)
def test_pet_without_what_suv_needs(
    pet: Path, capsys: pytest.CaptureFixture[str], edit: Change, tag: str, remedy: str
) -> None:
    change(pet, edit)
    code, text = told(capsys, "check", pet)
    assert code == 1
    assert tag in text
    assert remedy in text


def test_a_missing_weight_can_be_entered(pet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(pet, without_weight)
    entries = tmp_path / "entries.yaml"
    entries.write_text(
        "entries: [{subject: weight_kg, value: 70, who: A. Reader, when: 2026-05-11, why: from the request form}]"
    )
    code, _ = told(capsys, "check", pet, "--entries", entries)
    assert code == 0


def test_uncorrected_pet_is_listed_with_its_reason(
    pet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def uncorrect(dataset: pydicom.Dataset) -> None:
        dataset.CorrectedImage = ["DECY", "NORM"]

    change(pet, uncorrect)
    code, text = told(capsys, "read", pet, "--out", tmp_path / "case")
    assert code == 0
    assert "not attenuation corrected" in text
    assert (tmp_path / "case" / "report" / "report.html").exists()


def test_missing_slices_are_named_and_the_rest_is_read(pet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("007", "008"):
        (pet / name).unlink()
    code, text = told(capsys, "check", pet, "--json")
    assert code in (0, 1)
    assert "missing_slices" in text


def test_truncated_and_foreign_files_among_good_ones(pet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = (pet / "000").read_bytes()
    (pet / "cut").write_bytes(good[: len(good) // 2])
    (pet / "notes.txt").write_text("not an image")
    capsys.readouterr()
    assert main(["check", str(pet), "--json"]) == 1
    seen: dict[str, Any] = json.loads(capsys.readouterr().out)
    (exam,) = seen["exams"]
    assert exam["series"][0]["instance_count"] == 20
    assert any("cut" in sentence for sentence in seen["refusals"])


def test_two_patients_are_never_mixed(pet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Path(shutil.copytree(pet, tmp_path / "both" / "other"))
    shutil.copytree(pet, tmp_path / "both" / "one")

    def somebody_else(dataset: pydicom.Dataset) -> None:
        dataset.PatientID, dataset.PatientName = "OTHER", "Other^Patient"
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
            setattr(dataset, keyword, f"{getattr(dataset, keyword)[:50]}.7")
        dataset.SOPInstanceUID = f"{dataset.SOPInstanceUID[:55]}.7"

    change(other, somebody_else)
    code, text = told(capsys, "read", tmp_path / "both", "--out", tmp_path / "case")
    assert code == 2
    assert "never mixed" in text
    assert "--patient" in text
    assert not (tmp_path / "case" / "case.json").exists()
    code, text = told(capsys, "check", tmp_path / "both", "--patient", "OTHER")
    assert (code, "Patient OTHER" in text) == (0, True)


def test_a_zip_that_climbs_out_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "disc.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("../../escape.dcm", b"x")
    code, text = told(capsys, "check", archive)
    assert code in (2, 3)
    assert "escape.dcm" in text
    assert not (tmp_path.parent / "escape.dcm").exists()


def test_a_zip_is_read_like_its_folder(pet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "disc"), "zip", pet))
    code, text = told(capsys, "check", archive)
    assert code == 0
    assert "DOTATATE" in text


def test_a_mask_of_another_frame_of_reference(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patients = test_data / "petctmr_sts"
    mask = patients / "STS_003" / "PET" / "mask" / "RS.dcm"
    code, text = told(capsys, "measure", patients / "STS_002" / "PET" / "image", "--mask", mask)
    assert code == 2
    assert "another frame of reference" in text


def test_out_on_a_full_disk_leaves_nothing_that_looks_whole(
    pet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import errno

    import numpy

    def no_space(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(numpy, "save", no_space)
    code, text = told(capsys, "read", pet, "--out", tmp_path / "case")
    assert code == 2
    assert "the disk is full" in text
    assert not [path for path in (tmp_path / "case").rglob("*") if path.is_file()]
