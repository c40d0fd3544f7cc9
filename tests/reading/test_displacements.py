"""Displacements on disk: what is written comes back, and lies where it lay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isletscope.model import Alignment, AlignmentKind
from isletscope.reading.displacements import read_displacement, transforms_of, write_displacement
from isletscope.spatial import Geometry, Lattice, Transform

TURNED = ((0.0, 0.6, 0.8), (0.0, 0.8, -0.6), (-1.0, 0.0, 0.0))


def lattice(axes: tuple[tuple[float, float, float], ...] = TURNED) -> Lattice:
    geometry = Geometry((3, 4, 5), (20.0, 10.0, 12.0), (-30.0, 15.0, 400.0), axes)  # type: ignore[arg-type]
    return Lattice(geometry, np.random.default_rng(1).normal(0, 4, (3, 4, 5, 3)).astype(np.float32))


def test_a_lattice_comes_back_from_the_disk(tmp_path: Path) -> None:
    given = lattice()
    write_displacement(tmp_path / "field.nii.gz", given)
    found = read_displacement(tmp_path / "field.nii.gz")
    assert found.geometry.same_grid(given.geometry)
    points = given.geometry.to_lps(np.random.default_rng(2).uniform(0, 2, (50, 3)))
    assert found.at(points) == pytest.approx(given.at(points), abs=1e-4)


def test_only_alignments_that_may_be_used_give_transforms(tmp_path: Path) -> None:
    write_displacement(tmp_path / "alignment" / "ct-1.nii.gz", lattice())
    matrix = [[1.0, 0.0, 0.0, 5.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -7.0], [0.0, 0.0, 0.0, 1.0]]
    known = {"exam_key": "exam-1", "frame_of_reference_uid": "1.2", "kind": AlignmentKind.DEFORMABLE, "matrix": matrix}
    good = Alignment(**known, series_key="ct-1", series_keys=["ct-1", "ct-2"], usable=True,
                     displacement_file="alignment/ct-1.nii.gz")  # fmt: skip
    bad = Alignment(**known, series_key="mr-1", series_keys=["mr-1"], usable=False, because="no common anatomy")
    found = transforms_of(tmp_path, [good, bad])
    assert set(found) == {"ct-1", "ct-2"}
    point = np.array([[-40.0, 20.0, 390.0]])
    moved = Transform(np.asarray(matrix), lattice()).to_frame(point)
    assert found["ct-1"].to_frame(point) == pytest.approx(moved, abs=1e-3)
    assert found["ct-2"].to_reference(moved) == pytest.approx(point, abs=0.02)
