"""Volumes and distances of painted shapes against analytic ones."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.phantom.lesions import Tumour, draw_lobes
from isletscope.phantom.pose import Pose, Variation, draw_breathing
from isletscope.phantom.tumour_paint import cover_of
from tests.phantom.scenes import body, look

STILL = Pose(np.ones(3), Variation(np.zeros((0, 7))), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), np.zeros((0, 9)))


def tumour(axes: tuple[float, float, float], lobes: np.ndarray | None = None) -> Tumour:
    return Tumour(
        "L1", "liver", "liver", (0.0, 0.0, 0.0), axes, (20.0, 30.0, -10.0), look(50.0),
        np.zeros((0, 4)) if lobes is None else lobes,
    )  # fmt: skip


def painted_volume_ml(shape: Tumour, spacing_mm: float) -> float:
    origin = np.full(3, -21.5 * spacing_mm) + 0.31
    cover = cover_of(shape, STILL, body(), (44, 44, 44), origin, np.full(3, spacing_mm), spacing_mm)
    assert cover is not None
    return float(cover.lesion.sum(dtype=float)) * spacing_mm**3 / 1000


@pytest.mark.parametrize("axes", [(3.0, 3.0, 3.0), (10.0, 10.0, 10.0), (12.0, 9.0, 7.0), (22.0, 30.0, 18.0)])
def test_painted_ellipsoids_have_their_analytic_volume(axes: tuple[float, float, float]) -> None:
    shape = tumour(axes)
    assert shape.volume_ml == pytest.approx(4 / 3 * np.pi * np.prod(axes) / 1000)
    assert painted_volume_ml(shape, max(axes) / 15) == pytest.approx(shape.volume_ml, rel=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_lobes_keep_the_volume(seed: int) -> None:
    shape = tumour((14.0, 15.0, 13.0), draw_lobes(np.random.default_rng(seed)))
    assert painted_volume_ml(shape, 1.2) == pytest.approx(shape.volume_ml, rel=0.01)


def test_a_tumour_of_three_voxels_keeps_its_volume_too() -> None:
    shape = tumour((3.0, 3.0, 3.0))
    assert painted_volume_ml(shape, 2.0) == pytest.approx(shape.volume_ml, rel=0.01)


def pose(seed: int) -> Pose:
    rng = np.random.default_rng(seed)
    return Pose(
        np.array([1.03, 1.03, 0.96]),
        Variation.draw(rng),
        (0.5, -0.8, 1.4),
        (8.0, -12.0, 140.0),
        draw_breathing(rng, 9.0),
    )


@pytest.mark.parametrize("seed", range(3))
def test_every_map_has_its_inverse(seed: int) -> None:
    points = np.random.default_rng(seed).uniform([-150, -90, -350], [150, 90, 350], (200, 3))
    there = pose(seed)
    assert np.allclose(there.to_personal(there.to_scanner(points)), points, atol=1e-3)
    assert np.allclose(there.to_anatomical(there.from_anatomical(points)), points, atol=1e-3)


def test_breathing_moves_the_liver_more_than_the_pelvis() -> None:
    there = pose(1)
    moved = np.abs(there.breathing(np.array([[-60.0, 0.0, 80.0], [0.0, 0.0, -230.0]]))[:, 2])
    assert moved[0] > 20 * moved[1]
