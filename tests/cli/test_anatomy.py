"""Organs from the front door: found by the program, and given as a label map that somebody drew."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from isletscope.cli import main
from isletscope.reading.label_maps import nifti_affine
from isletscope.spatial import Geometry
from tests.intake.builders import Maker, write
from tests.reading.test_exam_sets import ct

_GRID = Geometry((30, 36, 48), (8.0, 8.0, 8.0), (-188.0, -140.0, -400.0))
# Balls: label, centre in LPS mm, radius in mm. The liver lies on the patient's right, x below zero.
_LIVER, _SPLEEN = (1, (-70.0, 0.0, -250.0), 66.0), (2, (100.0, 20.0, -250.0), 30.0)


def scans(tmp_path: Path) -> Path:
    write(ct(Maker()), tmp_path / "dicom")
    return tmp_path / "dicom"


def drawn(path: Path, *, mirrored: bool = False) -> Path:
    """The two balls as NIfTI, with their names in a table beside it."""
    points = _GRID.to_lps(np.stack(np.indices(_GRID.shape), axis=-1))
    labels = np.zeros(_GRID.shape, np.uint8)
    for label, centre, radius in (_LIVER, _SPLEEN):
        labels[np.linalg.norm(points - np.array(centre), axis=-1) <= radius] = label
    array = labels[:, :, ::-1] if mirrored else labels
    nibabel.save(nibabel.Nifti1Image(array.T, nifti_affine(_GRID)), path)
    path.with_name("organs.csv").write_text("value,name\n1,liver\n2,spleen\n")
    return path


def test_anatomy_writes_a_label_map_on_the_grid_of_the_series_and_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = scans(tmp_path), tmp_path / "out"
    assert main(["anatomy", str(source), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    table = json.loads((out / "organs.json").read_text())
    assert told["organs"] == table["organs"]
    rows = {row["name"]: row for row in table["organs"]}
    assert rows["body"]["volume_ml"] == pytest.approx(np.pi * 0.17 * 0.12 * 0.24 * 1e6, rel=0.05)
    assert "no aerated right lung" in rows["lung_right"]["missing_because"]
    image = nibabel.Nifti1Image.from_filename(out / rows["body"]["map"])
    assert image.shape == (48, 36, 30)
    assert np.allclose(image.affine, nifti_affine(_GRID))
    assert main(["anatomy", str(source), "--out", str(out)]) == 2
    assert "Choose another --out" in capsys.readouterr().err
    assert main(["anatomy", str(source), "--out", str(tmp_path / "other"), "--series", "ct-9"]) == 2
    assert "ct-1" in capsys.readouterr().err


def test_a_given_label_map_is_what_the_reading_uses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    organs = _organs(tmp_path, drawn(tmp_path / "organs.nii.gz"), expected=0)
    for name, (_, _, radius) in (("liver", _LIVER), ("spleen", _SPLEEN)):
        assert organs[name]["volume_ml"] == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=0.05)
        assert "organs.nii.gz" in organs[name]["source"]
    assert "organs.nii.gz" in " ".join((tmp_path / "case/report/report.html").read_text().split())


def test_a_mirrored_label_map_is_refused_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    organs = _organs(tmp_path, drawn(tmp_path / "organs.nii.gz", mirrored=True), expected=0)
    for name in ("liver", "spleen"):
        assert "organs.nii.gz" not in organs[name].get("source", "")
    page = " ".join((tmp_path / "case/report/report.html").read_text().split())
    assert "A given mask of liver was refused" in page
    assert "the mask was flipped" in page


def test_labels_without_names_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = drawn(tmp_path / "organs.nii.gz")
    path.with_name("organs.csv").unlink()
    organs = _organs(tmp_path, path, expected=1)
    assert "organs.nii.gz" not in organs["liver"].get("source", "")
    assert "--anatomy-names" in "".join(capsys.readouterr())


def _organs(tmp_path: Path, given: Path, *, expected: int) -> dict[str, dict[str, object]]:
    """Organs of the one CT of the case that is read with a mask."""
    case = tmp_path / "case"
    assert main(["read", str(scans(tmp_path)), "--out", str(case), "--anatomy", str(given)]) == expected
    document = json.loads((case / "case.json").read_text())
    return {organ["name"]: organ for organ in document["image_readings"][0]["organs"]}
