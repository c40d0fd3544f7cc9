"""Registration finds known motions of a body: any kinds of image, any orientation, parts of the body, breathing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.errors import GeometryError
from isletscope.spatial import ARBITRARY, Geometry, Lattice, Mask, Transform, Volume
from isletscope.spatial.register import inverse, normalised_information, register_rigid, rigid_matrix
from isletscope.spatial.register_deformable import information_of, register_field
from isletscope.spatial.register_images import RegistrationImage, Window, prepare, sample_points
from isletscope.spatial.register_quality import information_gain, overlap_of, shared_share, stretch_of
from tests.spatial.bodies import Points, body_on, grid_around

CT, MR = Window(-200, 300, -300), Window(low=0)
WHOLE = grid_around((0, 0, 0), (380, 240, 340), 6.0)
CENTRE = np.array([0.0, 0.0, 0.0])
SHIFT = rigid_matrix((12, -12, 10.5), (6, 5, -6), CENTRE)


@cache
def ct() -> RegistrationImage:
    return prepare(body_on(WHOLE), CT, 6.0)


def error_mm(found: npt.NDArray[np.float64], true: npt.NDArray[np.float64]) -> float:
    points, _ = sample_points(ct(), 500, 1.0)
    return float(np.linalg.norm(Transform(found).to_frame(points) - Transform(true).to_frame(points), axis=1).max())


def moved_back(points: Points) -> Points:
    return Transform(SHIFT).to_reference(points)


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_a_shift_of_20_mm_and_turn_of_10_degrees_is_found(modality: str) -> None:
    moved = prepare(body_on(WHOLE, modality, moved_back), CT if modality == "CT" else MR, 6.0)
    assert error_mm(register_rigid(ct(), moved).matrix, SHIFT) < 2.0


def test_the_way_back_is_the_inverse() -> None:
    moved = prepare(body_on(WHOLE, "CT", moved_back), CT, 6.0)
    assert error_mm(register_rigid(moved, ct()).matrix, inverse(SHIFT)) < 2.0


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("flipped", [0, 1, 2])
def test_the_order_and_direction_of_the_grid_do_not_matter(order: tuple[int, int, int], flipped: int) -> None:
    volume = body_on(WHOLE, "MR", moved_back)
    array = np.flip(volume.array.transpose(order), axis=flipped)
    geometry = WHOLE
    axes = [geometry.axes_lps[n] for n in order]
    corner = [0, 0, 0]
    corner[order[flipped]] = geometry.shape[order[flipped]] - 1
    x, y, z = axes[flipped]
    axes[flipped] = (-x, -y, -z)
    turned = replace(
        geometry,
        shape=tuple(geometry.shape[n] for n in order),  # type: ignore[arg-type]
        spacing_mm=tuple(geometry.spacing_mm[n] for n in order),  # type: ignore[arg-type]
        origin_lps_mm=tuple(geometry.to_lps(corner).tolist()),
        axes_lps=(axes[0], axes[1], axes[2]),
    )
    again = prepare(Volume(np.ascontiguousarray(array), turned, ARBITRARY), MR, 6.0)
    straight = prepare(volume, MR, 6.0)
    assert again.body.sum() == straight.body.sum()
    low, high = again.body_box_mm
    assert np.allclose([low, high], straight.body_box_mm)


def test_a_part_of_the_body_finds_its_place_in_the_whole() -> None:
    part = prepare(body_on(grid_around((0, 0, 40), (160, 240, 340), 6.0), "MR"), MR, 6.0)
    found = register_rigid(ct(), part)
    assert error_mm(found.matrix, np.eye(4)) < 3.0


def test_a_single_slice_and_an_empty_image_are_refused() -> None:
    one = body_on(replace(WHOLE, shape=(1, *WHOLE.shape[1:])))
    with pytest.raises(GeometryError, match="single slice"):
        prepare(one, CT, 6.0)
    with pytest.raises(GeometryError, match="no body"):
        prepare(body_on(grid_around((900, 0, 0), (100, 100, 100), 6.0)), CT, 6.0)


def test_information_of_independent_and_of_equal_images() -> None:
    assert normalised_information(np.ones((8, 8))) == pytest.approx(1.0)
    assert normalised_information(np.eye(8)) == pytest.approx(2.0)
    assert normalised_information(np.zeros((8, 8))) == 1.0


def test_the_gain_is_high_at_the_pose_and_low_away_from_it() -> None:
    moving = prepare(body_on(WHOLE, "MR"), MR, 6.0)
    assert information_gain(ct(), moving, np.eye(4)) > 1.25
    assert information_gain(ct(), moving, rigid_matrix((30, 0, 40), (0, 0, 20), CENTRE)) < 1.1


def breathing(points: Points) -> Points:
    """Where points of the breathing exam lie in the still body, as far as the fixed point needs."""
    still = points.copy()
    for _ in range(10):
        still = points - bump(still)
    return still


def bump(points: Points) -> Points:
    size = np.exp(-0.5 * (((points - np.array([-50.0, 0.0, 20.0])) / 60.0) ** 2).sum(axis=1))
    return np.asarray(size[:, None] * np.array([0.0, -2.0, 10.0]), dtype=np.float64)


def test_breathing_is_followed_by_the_field() -> None:
    still, breathed = ct(), prepare(body_on(WHOLE, "MR", breathing), MR, 6.0)
    field = register_field(still, breathed, np.eye(4))
    points = np.random.default_rng(1).normal(0, 25, (300, 3)) + np.array([-50.0, 0.0, 20.0])
    before = np.linalg.norm(bump(points), axis=1)
    after = np.linalg.norm(field.at(points) - bump(points), axis=1)
    assert np.median(after) < 0.5 * np.median(before)
    unmoved = information_of(still, breathed, Transform.identity())
    # On one and the same grid the unmoved image is not blurred by interpolation, which favours it a little.
    assert information_of(still, breathed, Transform(np.eye(4), field)) > 0.99 * unmoved
    stretch = stretch_of(field)
    assert 0.6 < stretch.smallest < 1.0 < stretch.largest < 1.6


def test_the_stretch_of_known_fields() -> None:
    turned = Geometry((4, 4, 4), (10.0,) * 3, (0.0,) * 3, ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (-1.0, 0.0, 0.0)))
    points = turned.to_lps(np.indices(turned.shape).transpose(1, 2, 3, 0))
    growth = Lattice(turned, (points * np.array([0.1, 0.0, 0.0])).astype(np.float32))
    assert (stretch_of(growth).smallest, stretch_of(growth).largest) == pytest.approx((1.1, 1.1))
    turn = rigid_matrix((5, 0, 0), (0, 0, 30), CENTRE)
    flat = points.reshape(-1, 3)
    moved = (Transform(turn).to_frame(flat) - flat).reshape(points.shape)
    rotation = Lattice(turned, moved.astype(np.float32))
    assert stretch_of(rotation).largest == pytest.approx(1.0, abs=1e-5)


def test_overlap_counts_only_what_both_grids_hold() -> None:
    grid = Geometry((10, 10, 10), (1.0,) * 3, (0.0,) * 3)
    half = Geometry((10, 10, 5), (1.0,) * 3, (0.0,) * 3)
    first, second = Mask(np.ones(grid.shape, dtype=np.bool_), grid), Mask(np.ones(half.shape, dtype=np.bool_), half)
    assert overlap_of(first, second, Transform.identity()) == pytest.approx(1.0)
    assert shared_share(first, second, Transform.identity()) == pytest.approx(0.5)
    away = Transform(rigid_matrix((100, 0, 0), (0, 0, 0), CENTRE))
    assert overlap_of(first, second, away) is None
