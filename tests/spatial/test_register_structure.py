"""Small fields are placed by local structure: any kinds of image, any direction of the grid, no place by chance."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.spatial import ARBITRARY, Transform, Volume
from isletscope.spatial.register import inverse, rigid_matrix
from isletscope.spatial.register_by_structure import describe, register_structure, structure_of
from isletscope.spatial.register_images import RegistrationImage, Window, prepare
from tests.spatial.bodies import Points, body_on, grid_around

CT, MR = Window(-200, 300, -300), Window(low=0)
PLACE = (-40.0, 50.0, -40.0)
WIDE, SMALL = grid_around(PLACE, (160, 130, 150), 3.0), grid_around(PLACE, (110, 100, 110), 3.0)
SHIFT = rigid_matrix((12, -12, 10.5), (6, 5, -6), np.array(PLACE))


def moved_back(points: Points) -> Points:
    return Transform(SHIFT).to_reference(points)


@cache
def wide_ct() -> RegistrationImage:
    return prepare(body_on(WIDE), CT, 3.0)


@cache
def moved_mr() -> Volume:
    return body_on(SMALL, "MR", moved_back)


def error_mm(found: npt.NDArray[np.float64]) -> float:
    points = np.random.default_rng(0).uniform(-40, 40, (200, 3)) + PLACE
    return float(np.linalg.norm(Transform(found).to_frame(points) - Transform(SHIFT).to_frame(points), axis=1).max())


def test_a_moved_mr_of_a_small_field_is_found_on_ct_and_back() -> None:
    moved = prepare(moved_mr(), MR, 3.0)
    there, back = register_structure(wide_ct(), moved), register_structure(moved, wide_ct())
    assert error_mm(there.matrix) < 2.0
    assert error_mm(inverse(back.matrix)) < 2.0
    assert there.gain > 1.1
    assert there.rival_share < 0.8


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_direction_of_the_grid_does_not_matter(axis: int) -> None:
    volume = moved_mr()
    grid = volume.geometry
    corner = [0, 0, 0]
    corner[axis] = grid.shape[axis] - 1
    origin = tuple(float(value) for value in grid.to_lps(corner))
    axes = tuple(tuple(-v for v in one) if n == axis else one for n, one in enumerate(grid.axes_lps))
    turned = replace(grid, origin_lps_mm=origin, axes_lps=axes)  # type: ignore[arg-type]
    flipped = Volume(np.ascontiguousarray(np.flip(volume.array, axis)), turned, ARBITRARY)
    assert error_mm(register_structure(wide_ct(), prepare(flipped, MR, 3.0)).matrix) < 2.0


def test_an_image_agrees_with_itself_in_full_and_with_noise_as_if_by_chance() -> None:
    image = wide_ct()
    described = describe(image, np.eye(3))
    itself = structure_of(image, described, image, 2000, np.eye(4))
    assert itself.agreement(np.eye(4)) == pytest.approx(1.0, abs=1e-3)
    noise = np.random.default_rng(1).uniform(0, 31, image.bins.shape).astype(np.float32)
    other = RegistrationImage(noise, image.body, image.geometry)
    chance = structure_of(image, describe(other, np.eye(3)), other, 2000, np.eye(4))
    assert abs(chance.agreement(np.eye(4))) < 0.05


def test_an_image_elsewhere_does_not_agree() -> None:
    away = np.eye(4)
    away[0, 3] = 400.0
    structure = structure_of(wide_ct(), describe(wide_ct(), np.eye(3)), wide_ct(), 500, np.eye(4))
    assert structure.agreement(away) == -1.0
