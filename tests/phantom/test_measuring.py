"""The measuring code itself, on images that theory gives voxel by voxel."""

from __future__ import annotations

from math import erf, exp, pi, sqrt

import numpy as np
import pytest

from tests.phantom.measuring.contact import measure_contact
from tests.phantom.measuring.files import Array, Stack
from tests.phantom.measuring.theory import FWHM_TO_SIGMA, blurred_ball, recovery_in_voxels
from tests.phantom.measuring.volume import half_contrast_volume


def ball_stack(diameter_mm: float, spacing_mm: tuple[float, float, float], fwhm_mm: float) -> tuple[Stack, Array]:
    """A ball of 120 in 60, off the grid's middle."""
    count = [int(np.ceil((diameter_mm + 30) / step)) for step in spacing_mm]
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = *spacing_mm, 1.0
    affine[:3, 3] = (-31.0, 12.0, 80.0)
    stack = Stack(np.zeros(count, dtype=np.float32), affine)
    middle = stack.points(np.array([[n / 2 + 0.21 for n in count]]))[0]
    index = np.stack(np.meshgrid(*(np.arange(n) for n in count), indexing="ij"), axis=-1).reshape(-1, 3)
    points = stack.points(index)
    near = np.linalg.norm(points - middle, axis=1) < diameter_mm / 2 + 6
    share = np.zeros(len(points))
    share[near] = recovery_in_voxels(points[near], affine[:3, :3], middle, diameter_mm / 2, fwhm_mm * FWHM_TO_SIGMA)
    return Stack((60 + 60 * share.reshape(count)).astype(np.float32), affine), middle


def test_recovery_tends_to_its_limits() -> None:
    far = blurred_ball(np.array([0.0, 20.0]), 10.0, 0.5)
    assert far == pytest.approx([1.0, 0.0], abs=1e-6)
    sigma, radius = 2.5, 4.0
    centre = blurred_ball(np.array([0.0]), radius, sigma)[0]
    x = radius / sigma / np.sqrt(2)
    assert centre == pytest.approx(erf(x) - 2 / sqrt(pi) * x * exp(-x * x), abs=1e-4)


def test_recovery_conserves_activity() -> None:
    r = np.linspace(0.005, 40, 8000)
    total = (4 * np.pi * r**2 * blurred_ball(r, 6.0, 3.0)).sum() * (r[1] - r[0])
    assert total == pytest.approx(4 / 3 * np.pi * 6**3, rel=1e-3)


@pytest.mark.parametrize("diameter", [15.0, 22.0, 40.0])
@pytest.mark.parametrize("spacing", [(1.5, 0.98, 0.98), (1.0, 0.7, 0.7)])
def test_volume_of_a_ball_on_thin_slices(diameter: float, spacing: tuple[float, float, float]) -> None:
    stack, middle = ball_stack(diameter, spacing, 1.2)
    measured = half_contrast_volume(stack, middle, 0.6 * diameter)
    assert measured.volume_ml == pytest.approx(np.pi / 6 * diameter**3 / 1000, rel=0.01)


@pytest.mark.parametrize("diameter", [10.0, 15.0])
def test_volume_of_a_ball_on_thick_slices(diameter: float) -> None:
    stack, middle = ball_stack(diameter, (3.0, 0.98, 0.98), 1.2)
    measured = half_contrast_volume(stack, middle, 0.6 * diameter)
    assert measured.volume_ml == pytest.approx(np.pi / 6 * diameter**3 / 1000, rel=0.05)


def test_volume_of_a_ball_in_noise() -> None:
    stack, middle = ball_stack(20.0, (1.5, 0.98, 0.98), 1.2)
    noise = np.random.default_rng(3).normal(0, 12, stack.image.shape).astype(np.float32)
    measured = half_contrast_volume(Stack(stack.image + noise, stack.affine), middle, 12.0, smooth_mm=3.0)
    assert measured.volume_ml == pytest.approx(np.pi / 6 * 8, rel=0.05)


def vessel_and_ball(
    apart_mm: float, tilt_degrees: float, beside_hu: float, gland_mm: tuple[float, float] | None = None
) -> tuple[Stack, Array, Array]:
    """A vessel (radius 5 mm, 175 HU) before a ball (radius 15 mm, 120 HU) in ``beside_hu``, half-millimetre voxels.

    ``apart_mm``: from the vessel's axis to the ball's middle. ``gland_mm``: where, from the ball's middle, the axis of
    a gland (100 HU, nearly the ball's grey, radius 15 mm) behind the ball lies, so that it shows as a sliver beside
    the ball. Edges fade linearly over a voxel.
    """
    step, count = 0.5, 96
    affine = np.zeros((4, 4))
    affine[2, 0] = affine[1, 1] = affine[0, 2] = step
    affine[3, 3] = 1.0
    stack = Stack(np.zeros((count,) * 3, dtype=np.float32), affine)
    index = np.stack(np.meshgrid(*(np.arange(count),) * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    points = stack.points(index.astype(np.float64))
    tilt = np.radians(tilt_degrees)
    axis = np.array([0.0, np.sin(tilt), np.cos(tilt)])
    on_axis = np.array([18.3, 24.1, 24.0])
    middle = on_axis + np.array([apart_mm, 0.0, 0.0])
    offset = points - on_axis
    vessel = np.linalg.norm(offset - np.outer(offset @ axis, axis), axis=1) - 5.0
    ball = np.linalg.norm(points - middle, axis=1) - 15.0
    share = [np.clip(0.5 - distance / step, 0.0, 1.0) for distance in (ball, vessel)]
    image = np.full(len(points), beside_hu)
    if gland_mm is not None:
        gland = np.linalg.norm((points - middle - np.array([*gland_mm, 0.0]))[:, :2], axis=1) - 15.0
        image += np.clip(0.5 - gland / step, 0.0, 1.0) * (100.0 - beside_hu)
    image += share[0] * (120.0 - image)
    image += share[1] * (175.0 - image)
    course = on_axis + np.arange(-16.0, 16.1, 2.0)[:, None] * axis
    return Stack(image.reshape((count,) * 3).astype(np.float32), affine), course, middle


@pytest.mark.parametrize(
    ("apart", "tilt", "beside"), [(18.0, 0.0, -100.0), (15.0, 25.0, 90.0), (12.0, 25.0, -100.0), (18.0, 25.0, 90.0)]
)
def test_contact_of_a_ball_and_a_vessel(apart: float, tilt: float, beside: float) -> None:
    radius, ball = 5.0, 15.0
    exact = 2 * np.degrees(np.arccos((radius**2 + apart**2 - ball**2) / (2 * radius * apart)))
    stack, course, middle = vessel_and_ball(apart, tilt, beside)
    measured = measure_contact(stack, course, middle + np.array([7.0, 0.0, 0.0]))
    assert measured.degrees_max() == pytest.approx(exact, abs=3.0)


@pytest.mark.parametrize("apart", [13.0, 15.0, 18.0])
@pytest.mark.parametrize("shift", [(0.0, 2.0), (-0.5, 2.5), (-1.0, 3.0), (-1.5, 3.5)])
def test_contact_beside_a_gland_of_nearly_the_same_grey(apart: float, shift: tuple[float, float]) -> None:
    exact = 2 * np.degrees(np.arccos((5.0**2 + apart**2 - 15.0**2) / (2 * 5.0 * apart)))
    stack, course, middle = vessel_and_ball(apart, 0.0, -100.0, shift)
    measured = measure_contact(stack, course, middle + np.array([7.0, 0.0, 0.0]))
    assert measured.degrees_max() == pytest.approx(exact, abs=3.0)


@pytest.mark.parametrize("apart", [17.0, 18.0, 19.0])
@pytest.mark.parametrize("tolerance", [0.0, 0.5, 1.0, 1.5])
def test_contact_within_a_tolerance(apart: float, tolerance: float) -> None:
    within = 15.0 + tolerance
    exact = 2 * np.degrees(np.arccos((5.0**2 + apart**2 - within**2) / (2 * 5.0 * apart)))
    stack, course, middle = vessel_and_ball(apart, 0.0, -100.0)
    measured = measure_contact(stack, course, middle + np.array([7.0, 0.0, 0.0]))
    assert measured.degrees_max(tolerance) == pytest.approx(exact, abs=3.0)


def test_no_contact_where_a_gap_lies_between() -> None:
    stack, course, middle = vessel_and_ball(23.5, 0.0, -100.0)
    assert measure_contact(stack, course, middle).degrees_max() == 0.0
