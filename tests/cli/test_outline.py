"""The command outline: a lesion of a case from one point, as text, as JSON, as a mask; and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from isletscope.cli import main
from isletscope.model import Case, Exam, GridDescription, Patient, Role, Series, Software
from isletscope.reading.case_folder import CaseFolder
from isletscope.spatial import HOUNSFIELD, Geometry, Volume

GRID = Geometry((30, 50, 50), (2.5, 1.8, 1.8), (-44.0, -44.0, -36.0))
CENTRE, RADIUS = (-6.0, 5.0, 3.0), 9.0


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with one CT: a ball of 60 HU and 18 mm in tissue of 110 HU."""
    path = tmp_path_factory.mktemp("case")
    points = GRID.to_lps(np.moveaxis(np.indices(GRID.shape), 0, -1))
    inside = np.linalg.norm(points - np.asarray(CENTRE), axis=-1) <= RADIUS
    values = np.where(inside, 60.0, 110.0) + np.random.default_rng(1).normal(0.0, 5.0, GRID.shape)
    folder = CaseFolder(path)
    folder.keep_volume("ct-1", Volume(np.rint(values).astype(np.int16), GRID, HOUNSFIELD, "1.3"))
    grid = GridDescription(
        shape_kji=GRID.shape, spacing_kji_mm=GRID.spacing_mm, origin_lps_mm=GRID.origin_lps_mm, axes_lps=GRID.axes_lps
    )
    series = [
        Series(
            key=key, series_uid=f"1.2.{key}", modality="CT", role=Role.CT_PORTAL_VENOUS, role_because="test",
            instance_count=30, fingerprint="0", grid=grid, frame_of_reference_uid="1.3", description="Abdomen",
        )
        for key in ("ct-1", "ct-2")
    ]  # fmt: skip
    exam = Exam(key="exam-1", study_uid="1", patient_id="p", title="CT", series=series)
    folder.save(Case(software=Software(version="0", created="2026-01-01"), patient=Patient(id="p"), exams=[exam]))
    return path


def outline(case: Path, *more: str) -> int:
    return main(["outline", str(case), *more])


def test_a_lesion_is_measured_and_its_mask_written(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = tmp_path / "lesion.nii.gz"
    assert outline(case, "--series", "ct-1", "--at", "-8,7,2", "--radius", "9", "--out", str(mask), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["outlined"] is True
    assert found["unit"] == HOUNSFIELD.unit
    for name, truth in (("long_axis_mm", 18.0), ("short_axis_mm", 18.0), ("volume_ml", 3.05)):
        span = found[name]
        assert span["low"] <= span["value"] <= span["high"]
        assert span["low"] <= truth <= span["high"]
    image = nibabel.Nifti1Image.from_filename(mask)
    at = nibabel.affines.apply_affine(np.linalg.inv(image.affine), np.asarray(CENTRE) * [-1, -1, 1])
    assert np.asarray(image.dataobj)[tuple(np.rint(at).astype(int))] == 1


def test_people_read_the_size_with_its_interval(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outline(case, "--series", "ct-1", "--at", "-6,5,3", "--radius", "9") == 0
    printed = capsys.readouterr().out
    assert "Outline on ct-1 (Abdomen), confidence high" in printed
    assert "Long axis" in printed
    assert " HU, surroundings " in printed


def test_where_there_is_nothing_the_reason_is_printed(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outline(case, "--series", "ct-1", "--at", "25,-20,-15", "--radius", "6") == 1
    assert "No outline on ct-1 (Abdomen): no difference from its surroundings" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--series", "ct-9", "--at", "0,0,0"), "the case has no such series"),
        (("--series", "ct-1", "--at", "0,0"), "three numbers"),
        (("--series", "ct-1", "--at", "a,b,c"), "three numbers"),
        (("--series", "ct-1", "--at", "900,0,0"), "outside the images of this series"),
        (("--series", "ct-1", "--at", "0,0,0", "--radius", "0"), "cannot be the radius of a lesion"),
        (("--series", "ct-2", "--at", "0,0,0"), "Run isletscope read again"),
    ],
)
def test_bad_input_is_answered_with_what_to_do(
    case: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outline(case, *options) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_exists_is_not_overwritten(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / "there.nii.gz"
    there.write_text("mine")
    assert outline(case, "--series", "ct-1", "--at", "-6,5,3", "--radius", "9", "--out", str(there)) == 2
    assert "the file exists" in capsys.readouterr().err
    assert there.read_text() == "mine"
