"""A whole exam set, CT, MR and PET/CT: its series, masks and truth, and that workers do not change it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from isletscope.errors import InputError
from isletscope.phantom import generate
from isletscope.phantom.scanner import GRIDS, Grids

SCENARIO = """name: set
title: Exam set for tests
patient: {sex: F, age_years: 50, height_cm: 165, weight_kg: 62}
exams:
  - {name: ct, kind: ct, date: 2026-01-02, phases: [late_arterial, portal_venous], vendor: philips, coverage: abdomen,
     detail: {around: P1, field_mm: 40, pixel_mm: 0.8, slice_mm: 0.8}}
  - {name: mr, kind: mr, date: 2026-01-03, sequences: [dwi], vendor: siemens}
  - {name: pet, tracer: 68Ga-DOTATATE, date: 2026-01-04, vendor: ge, respiratory_motion_mm: 6}
lesions:
  - {id: P1, site: pancreas, place: {in: pancreas_body}, diameter_mm: 18, uptake: {sstr: {suv: 30}}}
  - {site: liver, place: {in: liver, side: right}, diameter_mm: 30, uptake: {sstr: {suv: 25}}}
clinical: {markers: {chromogranin_a: 210}}
"""
COARSE = Grids(96, 5.3, 90, 10.0, 64, 7.5, 90, 10.0, 96, 8.0)


def made(folder: Path, workers: int) -> Path:
    plan = folder / "set.yaml"
    plan.write_text(SCENARIO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(GRIDS, "small", COARSE)
        return generate(plan, folder / f"out{workers}", seed=5, size="small", workers=workers)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("set"), 2)


@pytest.fixture(scope="module")
def truth(patient: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((patient / "truth" / "truth.json").read_text())
    return loaded


def mask(patient: Path, name: str) -> np.ndarray:
    image: Any = nibabel.load(patient / "truth" / name)
    return np.asarray(image.dataobj).transpose(2, 1, 0)


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_one_worker_and_two_make_the_same_files(patient: Path, tmp_path: Path) -> None:
    assert digests(made(tmp_path, 1)) == digests(patient)


def test_every_series_of_the_truth_is_there_and_no_other(patient: Path, truth: dict[str, Any]) -> None:
    heads = [pydicom.dcmread(path, stop_before_pixels=True) for path in (patient / "dicom").iterdir()]
    counts = Counter(head.SeriesInstanceUID for head in heads)
    modality = {head.SeriesInstanceUID: head.Modality for head in heads}
    studies = {head.SeriesInstanceUID: head.StudyInstanceUID for head in heads}
    told = {
        (series["uid"], series["modality"], exam["study_uid"]) for exam in truth["exams"] for series in exam["series"]
    }
    assert {(uid, modality[uid], studies[uid]) for uid, _, _ in told} == told
    ct = truth["exams"][0]
    for series in ct["series"]:
        assert counts[series["uid"]] == ct["grids"][series["grid"]]["shape_kji"][0]
    rest = {head.SeriesDescription for head in heads if head.SeriesInstanceUID not in {uid for uid, _, _ in told}}
    assert len(rest) <= 2, "only localizer and bolus tracking have no truth"


def test_phases_follow_each_other_in_one_study(patient: Path, truth: dict[str, Any]) -> None:
    first = {}
    for path in (patient / "dicom").iterdir():
        head = pydicom.dcmread(path, stop_before_pixels=True)
        moment = f"{head.AcquisitionDate}{head.AcquisitionTime}"
        first[head.SeriesInstanceUID] = min(first.get(head.SeriesInstanceUID, moment), moment)
    early, late, detail = (first[series["uid"]] for series in truth["exams"][0]["series"])
    assert 15 < float(late) - float(early) < 80
    assert detail == late


def test_masks_of_every_grid_show_lesions_and_structures(patient: Path, truth: dict[str, Any]) -> None:
    assert [sorted(exam["masks"]) for exam in truth["exams"]] == [["ct", "ct_detail"], ["dwi"], ["pet"]]
    label = next(lesion["label"] for lesion in truth["lesions"] if lesion["id"] == "P1")
    for exam in truth["exams"]:
        for grid, files in exam["masks"].items():
            lesions, organs = mask(patient, files["lesions"]), mask(patient, files["structures"])
            assert list(lesions.shape) == list(organs.shape) == exam["grids"][grid]["shape_kji"]
            assert label in lesions
            assert truth["structures"]["pancreas_body"]["label"] in organs


def test_the_detail_holds_the_volume_of_the_truth(patient: Path, truth: dict[str, Any]) -> None:
    exam = truth["exams"][0]
    pancreas = next(lesion for lesion in truth["lesions"] if lesion["id"] == "P1")
    voxel_ml = float(np.prod(exam["grids"]["ct_detail"]["spacing_kji_mm"])) / 1000
    counted = (mask(patient, exam["masks"]["ct_detail"]["lesions"]) == pancreas["label"]).sum() * voxel_ml
    assert counted == pytest.approx(pancreas["exams"]["ct"]["volume_ml"], rel=0.03)


def test_the_truth_tells_each_lesion_at_each_exam(truth: dict[str, Any]) -> None:
    assert truth["truth_version"] == 2
    assert truth["clinical"] == {"markers": {"chromogranin_a": 210}}
    assert [(exam["name"], exam["kind"], exam["time_point"]) for exam in truth["exams"]] == [
        ("ct", "ct", "baseline"), ("mr", "mr", "baseline"), ("pet", "pet_ct", "baseline")
    ]  # fmt: skip
    for lesion in truth["lesions"]:
        assert set(lesion["exams"]) == {"ct", "mr", "pet"}
        look = lesion["exams"]["mr"]["parts"][0]["appearance"]
        assert set(look["hu"]) == {"unenhanced", "late_arterial", "portal_venous", "delayed"}
        assert lesion["exams"]["pet"]["suv"] == pytest.approx(look["suv"]["sstr"], abs=0.001)
        assert {fate["fate"] for fate in lesion["fates"].values()} == {"present"}
    liver = next(lesion for lesion in truth["lesions"] if lesion["site"] == "liver")
    assert truth["liver_burden"]["ct"]["volume_ml"] == pytest.approx(liver["exams"]["ct"]["volume_ml"], abs=0.001)


def test_segments_make_up_the_liver(truth: dict[str, Any]) -> None:
    segments = truth["anatomy"]["liver_segments_ml"]
    assert set(segments) == {str(n) for n in range(1, 9)}
    assert 900 < sum(segments.values()) < 2300
    assert min(segments.values()) > 10


def test_a_detail_about_nothing_is_refused_and_nothing_stays(tmp_path: Path) -> None:
    plan = tmp_path / "bad.yaml"
    plan.write_text(SCENARIO.replace("around: P1", "around: P9"))
    with pytest.raises(InputError, match=r"no lesion of that name for the detail.*P9.*expected .*P1"):
        generate(plan, tmp_path / "out", seed=5, size="small", workers=1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad.yaml"]
