"""The written deformation fields against the exact formula."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from scipy import ndimage

from isletscope.phantom.deformation import write_deformation
from isletscope.phantom.render import Scene
from tests.phantom.scenes import body, pose

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


class Field:
    """A vector field as any NIfTI reader sees it."""

    def __init__(self, path: Path) -> None:
        image: Any = nibabel.load(path)
        assert image.header.get_intent()[0] == "vector"
        self.vectors = np.asarray(image.dataobj)[:, :, :, 0, :]
        self.to_index = np.linalg.inv(RAS_TO_LPS @ image.affine)

    def move(self, points: np.ndarray, order: int) -> np.ndarray:
        index = (points @ self.to_index[:3, :3].T + self.to_index[:3, 3]).T
        moved = [ndimage.map_coordinates(self.vectors[..., n], index, order=order, mode="nearest") for n in range(3)]
        return points + np.stack(moved, axis=1)


@pytest.mark.parametrize(("order", "within_mm"), [(1, 0.1), (3, 0.005)])
def test_points_of_one_exam_are_found_in_another(order: int, within_mm: float, tmp_path: Path) -> None:
    first, second = Scene(body(), pose(1, 8.0)), Scene(body(), pose(2, 12.0))
    told = write_deformation(first, tmp_path, "a")
    write_deformation(second, tmp_path, "b")
    personal = np.random.default_rng(1).uniform([-140, -90, -350], [140, 90, 380], (5000, 3))
    in_first, in_second = first.pose.to_scanner(personal), second.pose.to_scanner(personal)
    back = Field(tmp_path / told["to_personal"]).move(in_first, order)
    found = Field(tmp_path / "b_personal_to_scanner.nii.gz").move(back, order)
    assert np.linalg.norm(found - in_second, axis=1).max() < within_mm
    assert np.linalg.norm(in_first - in_second, axis=1).max() > 2.0


def test_the_exact_formula_round_trips() -> None:
    there = pose(2, 15.0)
    personal = np.random.default_rng(2).uniform([-140, -90, -350], [140, 90, 380], (2000, 3))
    assert np.abs(there.to_personal(there.to_scanner(personal)) - personal).max() < 1e-4


def test_the_formula_of_the_truth_is_the_one_used() -> None:
    there = pose(3, 10.0)
    told = there.as_json()
    points = np.random.default_rng(3).uniform([-100, -80, -100], [100, 80, 150], (50, 3))
    moved = points.copy()
    for bump in told["breathing_bumps"]:
        reach = ((points - bump["centre_mm"]) / bump["sigma_mm"]) ** 2
        moved += np.exp(-0.5 * reach.sum(axis=1))[:, None] * np.asarray(bump["displacement_mm"])
    assert np.allclose(moved @ there.matrix.T + told["shift_mm"], there.to_scanner(points))
