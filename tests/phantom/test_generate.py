"""A whole small patient: its files, its truth, and that both tell the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from isletscope.errors import InputError
from isletscope.phantom import generate
from isletscope.phantom.scanner import GRIDS, Grids

SCENARIO = """name: checked
title: For tests
patient: {sex: M, age_years: 60, height_cm: 176, weight_kg: 78}
exams:
  - {name: sstr, tracer: 68Ga-DOTATATE, date: 2026-01-02, vendor: siemens, liver_noise: 0.12, resolution_mm: 6}
lesions:
  - {site: liver, place: {in: liver, side: right}, diameter_mm: 40, spares: [], uptake: {sstr: {suv: 25}}}
  - {site: bone, place: {in: L3}, diameter_mm: 18, uptake: {sstr: {suv: 12}, fdg: {suv: 2}}}
"""
# Half the voxels of "small" in plane, so that a whole patient takes a few seconds.
COARSE = Grids(128, 3.90625, 150, 6.0, 80, 6.0, 150, 6.0)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("patient")
    plan = folder / "checked.yaml"
    plan.write_text(SCENARIO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(GRIDS, "small", COARSE)
        return generate(plan, folder / "out", seed=7, size="small")


@pytest.fixture(scope="module")
def truth(patient: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((patient / "truth" / "truth.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def images(patient: Path, truth: dict[str, Any]) -> dict[str, list[pydicom.Dataset]]:
    series: dict[str, list[pydicom.Dataset]] = {}
    for path in (patient / "dicom").iterdir():
        file = pydicom.dcmread(path)
        series.setdefault(file.SeriesInstanceUID, []).append(file)
    return {uid: sorted(files, key=lambda d: float(d.ImagePositionPatient[2])) for uid, files in series.items()}


def pet_suv(images: dict[str, list[pydicom.Dataset]], exam: dict[str, Any]) -> np.ndarray:
    files = images[exam["pet_series_uid"]]
    return np.stack([f.pixel_array * float(f.RescaleSlope) for f in files]) * exam["suv_per_bq_ml"]


def test_nothing_of_the_truth_lies_among_the_scanner_files(patient: Path) -> None:
    assert sorted(entry.name for entry in patient.iterdir()) == ["dicom", "scenario.yaml", "truth"]
    assert len(list((patient / "dicom").iterdir())) == 300
    assert (patient / "scenario.yaml").read_text() == SCENARIO


def test_lesions_shine_where_the_truth_says(images: dict[str, list[pydicom.Dataset]], truth: dict[str, Any]) -> None:
    exam = truth["exams"][0]
    suv = pet_suv(images, exam)
    origin, spacing = np.array(exam["pet_grid"]["origin_lps_mm"]), np.array(exam["pet_grid"]["spacing_kji_mm"])
    liver, bone = truth["lesions"]
    for lesion, expected in ((liver, 25.0), (bone, 6.0)):
        place = np.array(lesion["exams"]["sstr"]["centre_lps_mm"])
        k, j, i = np.rint((place - origin)[::-1] / spacing).astype(int)
        assert suv[k, j, i] > 0.7 * expected
    assert liver["exams"]["sstr"]["suv_max_noise_free"] == pytest.approx(25.0, rel=0.02)
    assert liver["volume_ml"] == pytest.approx(4 / 3 * np.pi * 20**3 / 1000, rel=0.003)
    assert bone["exams"]["sstr"]["suv_peak_noise_free"] < 12.0


def test_label_maps_lie_on_the_pet_grid(
    patient: Path, images: dict[str, list[pydicom.Dataset]], truth: dict[str, Any]
) -> None:
    exam = truth["exams"][0]
    image: Any = nibabel.load(patient / "truth" / exam["maps"]["lesions"])
    labels = np.asarray(image.dataobj)
    affine = np.diag([-1, -1, 1, 1]) @ image.affine
    files = images[exam["pet_series_uid"]]
    assert np.allclose(affine[:3, 3], [float(v) for v in files[0].ImagePositionPatient])
    voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
    liver = truth["lesions"][0]
    assert (labels == liver["label"]).sum() * voxel_ml == pytest.approx(liver["volume_ml"], rel=0.06)
    middle = (affine[:3, :3] @ np.argwhere(labels == liver["label"]).mean(axis=0)) + affine[:3, 3]
    assert np.allclose(middle, liver["exams"]["sstr"]["centre_lps_mm"], atol=2.0)


def test_noise_is_free_of_bias_and_as_strong_as_asked(
    patient: Path, images: dict[str, list[pydicom.Dataset]], truth: dict[str, Any]
) -> None:
    exam = truth["exams"][0]
    clean_image: Any = nibabel.load(patient / "truth" / exam["maps"]["noise_free_suv"])
    organ_image: Any = nibabel.load(patient / "truth" / exam["maps"]["organs"])
    clean = np.asarray(clean_image.dataobj).transpose(2, 1, 0)
    organs = np.asarray(organ_image.dataobj).transpose(2, 1, 0)
    uptake = exam["organs"]["liver"]["mean_suv"]
    inside = (organs == exam["organs"]["liver"]["label"]) & (abs(clean - uptake) < 0.05)
    noisy = pet_suv(images, exam)[inside]
    assert inside.sum() > 500
    assert noisy.mean() == pytest.approx(uptake, rel=0.02)
    assert noisy.std() / noisy.mean() == pytest.approx(0.12, abs=0.04)


def test_organs_have_human_volumes(truth: dict[str, Any]) -> None:
    organs = truth["exams"][0]["organs"]
    for name, low, high in (
        ("liver", 1100, 2300), ("spleen", 100, 330), ("kidney", 200, 420), ("pancreas", 45, 120), ("lung", 2300, 5000),
        ("bladder", 90, 400), ("brain", 100, 1600),
    ):  # fmt: skip
        assert low < organs[name]["volume_ml"] < high, name


def test_left_and_right_are_not_exchanged(truth: dict[str, Any], patient: Path) -> None:
    exam = truth["exams"][0]
    image: Any = nibabel.load(patient / "truth" / exam["maps"]["organs"])
    labels = np.asarray(image.dataobj)
    right_of_spleen = {}
    for name in ("liver", "spleen"):
        index = np.argwhere(labels == exam["organs"][name]["label"]).mean(axis=0)
        right_of_spleen[name] = (image.affine @ [*index, 1])[0]
    assert right_of_spleen["liver"] > right_of_spleen["spleen"] + 80  # RAS: x to the patient's right is negative LPS


def test_headers_tell_the_person(images: dict[str, list[pydicom.Dataset]], truth: dict[str, Any]) -> None:
    exam = truth["exams"][0]
    file = images[exam["pet_series_uid"]][0]
    assert (file.PatientID, file.PatientName) == ("REF-checked-7", "REFERENCE^PATIENT^07")
    assert (float(file.PatientWeight), float(file.PatientSize), file.PatientSex) == (78.0, 1.76, "M")
    assert file.FrameOfReferenceUID == images[exam["ct_series_uid"]][0].FrameOfReferenceUID


def test_the_same_seed_gives_the_same_files(patient: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(GRIDS, "small", COARSE)
        again = generate(patient / "scenario.yaml", tmp_path / "again", seed=7, size="small")
    for path in list((patient / "dicom").iterdir())[::40]:
        assert path.read_bytes() == (again / "dicom" / path.name).read_bytes()
    assert (patient / "truth" / "truth.json").read_text() == (again / "truth" / "truth.json").read_text()


def test_a_folder_that_holds_something_is_left_alone(patient: Path) -> None:
    with pytest.raises(InputError, match="not empty"):
        generate("demo", patient)


def test_a_crowded_organ_is_refused_with_its_line(tmp_path: Path) -> None:
    plan = tmp_path / "crowded.yaml"
    plan.write_text(
        SCENARIO.replace("{in: liver, side: right}", "{in: spleen}").replace("site: liver,", "site: liver, count: 40,")
    )
    with pytest.raises(InputError, match=r"crowded.yaml, line 7: no room was found in 'spleen'"):
        generate(plan, tmp_path / "out", seed=1, size="small")
    assert not (tmp_path / "out").exists()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["crowded.yaml"]
