"""Mappings between frames: there and back, through a field, and masks carried along."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.errors import GeometryError
from isletscope.spatial import Geometry, Lattice, Mask, Transform, carried_mask, points_between
from isletscope.spatial.register import rigid_matrix

CENTRE = np.zeros(3)
GRID = Geometry((6, 6, 6), (20.0,) * 3, (-50.0, -50.0, -50.0))
POINTS = np.random.default_rng(3).uniform(-40, 40, (50, 3))


def wavy() -> Lattice:
    points = GRID.to_lps(np.indices(GRID.shape).transpose(1, 2, 3, 0))
    return Lattice(GRID, (6.0 * np.sin(points[..., ::-1] / 30.0)).astype(np.float32))


def test_there_and_back_through_turn_and_field() -> None:
    transform = Transform(rigid_matrix((10, 20, -30), (5, -8, 12), CENTRE), wavy())
    assert transform.to_reference(transform.to_frame(POINTS)) == pytest.approx(POINTS, abs=0.02)
    assert transform.inverse_matrix @ transform.matrix == pytest.approx(np.eye(4))


def test_two_frames_meet_through_the_reference() -> None:
    first, second = (
        Transform(rigid_matrix((10, 0, 0), (0, 0, 90), CENTRE)),
        Transform(rigid_matrix((0, 5, 0), (0, 0, 0), CENTRE)),
    )
    there = points_between(first.to_frame(POINTS), first, second)
    assert there == pytest.approx(second.to_frame(POINTS))


def test_a_mask_keeps_its_place_and_volume() -> None:
    grid = Geometry((40, 40, 40), (2.0,) * 3, (-40.0, -40.0, -40.0))
    points = grid.to_lps(np.indices(grid.shape).transpose(1, 2, 3, 0))
    ball = Mask(np.linalg.norm(points - np.array([6.0, -4.0, 2.0]), axis=-1) < 14, grid)
    turned = Transform(rigid_matrix((8, 2, -3), (10, 0, 25), CENTRE))
    carried = carried_mask(ball, Transform.identity(), grid, turned)
    centre = grid.to_lps(np.argwhere(carried.array)).mean(axis=0)
    assert centre == pytest.approx(turned.to_frame([[6.0, -4.0, 2.0]])[0], abs=0.3)
    assert carried.volume_ml == pytest.approx(ball.volume_ml, rel=0.03)


def test_a_matrix_that_cannot_be_inverted_is_refused() -> None:
    with pytest.raises(GeometryError):
        Transform(np.zeros((4, 4)))
