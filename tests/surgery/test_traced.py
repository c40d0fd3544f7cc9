"""A vessel traced between two points on an image of known shape."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from isletscope.errors import InputError
from isletscope.spatial import HOUNSFIELD, Mask, Volume
from isletscope.surgery.traced import traced_vessel
from tests.surgery.tubes import Points, ball, bent_tube, scene, turned

BEND_MM, RADIUS_MM, SEED = 20.0, 3.5, 4


def images() -> tuple[Volume, Mask, Points]:
    """A bent vessel of 180 HU in fat, blurred and with noise; its mask; two points on its axis."""
    vessel, _ = scene(bent_tube(RADIUS_MM, BEND_MM), ball(60.0), (1.0, 0.8, 0.8), seed=SEED)
    values = np.where(vessel.array, 180.0, -90.0)
    values = ndimage.gaussian_filter(values, 0.8) + np.random.default_rng(1).normal(0, 15, values.shape)
    angle = np.radians([-35.0, 35.0])
    own = np.stack([BEND_MM * np.cos(angle) - BEND_MM, np.zeros(2), BEND_MM * np.sin(angle)], axis=1)
    points = own @ turned(SEED).T + np.random.default_rng(SEED + 100).uniform(-0.5, 0.5, 3)
    return Volume(values.astype(np.float32), vessel.geometry, HOUNSFIELD), vessel, points


def test_the_path_follows_the_bend_and_the_lumen_is_found() -> None:
    image, vessel, (start, end) = images()
    traced = traced_vessel(image, start, end, largest_radius_mm=6.0)
    own = (traced.course - np.random.default_rng(SEED + 100).uniform(-0.5, 0.5, 3)) @ turned(SEED)
    away = np.hypot(np.hypot(own[:, 0] + BEND_MM, own[:, 2]) - BEND_MM, own[:, 1])
    assert away.max() < RADIUS_MM
    both = 2 * np.count_nonzero(traced.lumen.array & vessel.array)
    assert both / (traced.lumen.voxel_count + vessel.voxel_count) > 0.85


def test_a_point_outside_the_images_is_refused() -> None:
    image, _, (start, _) = images()
    with pytest.raises(InputError, match="outside the images"):
        traced_vessel(image, start, np.array([500.0, 0.0, 0.0]), largest_radius_mm=6.0)
