"""The command contact: a ball beside tubes from mask files, as a table, as JSON, with pictures; and its refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
import pytest

from isletscope.cli import main

SHAPE, HALF = (70, 80, 80), np.array([40.0, 40.0, 35.0])
RADIUS, BALL = 5.0, 15.0
APART = {"SMV": (16.0, 0.0), "SMA": (-30.0, 0.0)}


def write(path: Path, array: npt.NDArray[Any]) -> Path:
    """A NIfTI file of 1 mm voxels [k, j, i] in LPS order about the origin."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    affine[:3, 3] = [HALF[0], HALF[1], -HALF[2]]
    nibabel.save(nibabel.Nifti1Image(array.T, affine), path)  # type: ignore[no-untyped-call]
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ball of 15 mm about the origin, two tubes of 5 mm along the body, and a CT of them."""
    folder = tmp_path_factory.mktemp("masks")
    z, y, x = np.meshgrid(*(np.arange(n) - half for n, half in zip(SHAPE, HALF[::-1], strict=True)), indexing="ij")
    labels = np.zeros(SHAPE, dtype=np.uint8)
    for number, (left, back) in enumerate(APART.values(), start=1):
        labels[np.hypot(x - left, y - back) <= RADIUS] = number
    ball = np.sqrt(x**2 + y**2 + z**2) <= BALL
    write(folder / "tumour.nii.gz", ball.astype(np.uint8))
    write(folder / "vessels.nii.gz", labels)
    write(folder / "nothing.nii.gz", np.zeros(SHAPE, dtype=np.uint8))
    ct = np.select([labels > 0, ball], [220.0, 90.0], -80.0) + np.random.default_rng(1).normal(0, 5, SHAPE)
    write(folder / "ct.nii.gz", np.rint(ct).astype(np.int16))
    return folder


def contact(files: Path, *more: str) -> int:
    return main(["contact", "--tumour", str(files / "tumour.nii.gz"), *more])


def vessel(files: Path, name: str, number: int) -> tuple[str, str]:
    return "--vessel", f"{name}={files / 'vessels.nii.gz'}#{number}"


def true_degrees(tolerance: float) -> float:
    """Arc of the tube's wall within a ball that is larger by the tolerance, in the plane through its centre."""
    apart, reach = APART["SMV"][0], BALL + tolerance
    return float(2 * np.degrees(np.arccos((RADIUS**2 + apart**2 - reach**2) / (2 * RADIUS * apart))))


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {one["vessel"]: one for one in document["vessels"]}


def test_contact_is_measured_from_files_alone(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--tolerance", "0.8", "--json")
    assert contact(files, *vessel(files, "SMV", 1), *vessel(files, "SMA", 2), *more) == 0
    found = told(capsys)
    vein = found["SMV"]
    for tolerance in (0.5, 0.8, 1.0):
        assert vein["by_tolerance_mm"][f"{tolerance:g}"]["degrees"] == pytest.approx(true_degrees(tolerance), abs=8)
    low, high = vein["interval_95_degrees"]
    assert low < true_degrees(1.0) < high
    assert vein["category"] == "abutment"
    assert vein["free_below_mm"] + vein["free_above_mm"] + vein["by_tolerance_mm"]["1"]["length_mm"] == pytest.approx(
        vein["followed_mm"], abs=2
    )
    assert found["SMA"]["category"] == "none"
    assert found["SMA"]["distance_mm"] == pytest.approx(10.0, abs=1.0)


def test_the_table_names_vessels_and_says_what_was_taken_off(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert contact(files, "--vessel", str(files / "vessels.nii.gz")) == 0
    text = capsys.readouterr().out
    assert text.index("vessels 1") < text.index("vessels 2")
    assert "abutment" in text
    assert "mL of the tumour lay in vessels and was taken off" in text
    assert "95 %" in text


def test_a_picture_of_the_touched_vessel_alone_is_written(files: Path, tmp_path: Path) -> None:
    more = ("--images", str(files / "ct.nii.gz"), "--picture", str(tmp_path / "pictures"))
    assert contact(files, *vessel(files, "SMV", 1), *vessel(files, "SMA", 2), *more) == 0
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["SMV.svg"]
    assert (tmp_path / "pictures" / "SMV.svg").read_text().count("<image") == 2  # the wall laid flat, and the CT


def test_a_vessel_is_traced_between_two_points(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--images", str(files / "ct.nii.gz"), "--trace", "SMV=16,0,-25:16,0,25", "--largest-radius", "7", "--json")
    assert contact(files, *more) == 0
    vein = told(capsys)["SMV"]
    assert vein["by_tolerance_mm"]["1"]["degrees"] == pytest.approx(true_degrees(1.0), abs=15)


def test_a_mirrored_patient_has_the_same_contact(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("tumour", "vessels"):
        image: Any = nibabel.load(files / f"{name}.nii.gz")
        write(tmp_path / f"{name}.nii.gz", np.asarray(image.dataobj).T[:, :, ::-1])
    found = []
    for folder in (files, tmp_path):
        assert contact(folder, *vessel(folder, "SMV", 1), "--json") == 0
        found.append(told(capsys)["SMV"])
    for key in ("0", "0.5", "1", "1.5"):
        first, second = (one["by_tolerance_mm"][key]["degrees"] for one in found)
        assert first == pytest.approx(second, abs=3)


def test_an_empty_vessel_is_not_assessable(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert contact(files, "--vessel", f"SMV={files / 'nothing.nii.gz'}", "--json") == 1
    assert told(capsys)["SMV"] == {
        "vessel": "SMV",
        "assessable": False,
        "why_not": "there is no mask of this vessel",
    }


REFUSED = {
    "no vessel is given": [],
    "does not exist": ["--vessel", "SMV=missing.nii.gz"],
    "there is no label 7 in this map": ["--vessel", "SMV={}/vessels.nii.gz#7"],
    "an angle is told of one vessel": ["--vessel", "SMV={}/vessels.nii.gz"],
    "two masks have the name of one vessel": [
        "--vessel", "SMV={}/vessels.nii.gz#1", "--vessel", "SMV={}/vessels.nii.gz#2",
    ],
    "is no vessel between two points": ["--trace", "SMV=1,2"],
    "a vessel is traced on images": ["--trace", "SMV=1,2,3:4,5,6"],
    "a point of the vessel lies outside the images": ["--images", "{}/ct.nii.gz", "--trace", "SMV=900,2,3:4,5,6"],
    "Check the path": ["--vessel", "SMV={}/vessels.nii.gz#1", "--images", "nowhere"],
}  # fmt: skip


@pytest.mark.parametrize("problem", REFUSED)
def test_refusals_are_sentences(files: Path, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert contact(files, *(part.replace("{}", str(files)) for part in REFUSED[problem])) == 2
    error = capsys.readouterr().err
    assert problem in error
    assert "Traceback" not in error


def test_a_map_of_all_labels_is_no_tumour(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vessels = str(files / "vessels.nii.gz")
    assert main(["contact", "--tumour", vessels, "--vessel", vessels]) == 2
    assert "one tumour is measured at a time" in capsys.readouterr().err
