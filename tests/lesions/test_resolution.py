from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from isletscope.lesions.delineate import background_adapted, seed_from_point
from isletscope.lesions.resolution import FWHM_PER_SIGMA, blurred_sphere, edge_of_blurred_sphere
from isletscope.lesions.shell import Scene
from isletscope.model import Support, TracerClass
from tests.lesions.blobs import Ball, grid, pet_of

CENTRE = (60.7, 59.2, 61.4)


@pytest.mark.parametrize("radius", [4.0, 8.0, 12.0])
def test_the_closed_form_is_a_convolution(radius: float) -> None:
    step, fwhm = 0.5, 6.0
    axis = np.arange(-30, 30 + step, step)
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    blurred = gaussian_filter((distance <= radius).astype(float), fwhm / FWHM_PER_SIGMA / step)
    middle = len(axis) // 2
    assert np.allclose(blurred_sphere(np.abs(axis), radius, fwhm), blurred[middle, middle], atol=0.01)


@pytest.mark.parametrize("contrast", [4.0, 10.0])
@pytest.mark.parametrize("diameter", [15.0, 20.0, 30.0])
def test_volumes_come_closer_than_by_the_percentage(diameter: float, contrast: float) -> None:
    adapted_errors, edge_errors = [], []
    for seed in range(6):
        centre = tuple(np.add(CENTRE, np.random.default_rng(seed).uniform(-2, 2, 3)))
        ball = Ball(centre, diameter, contrast)  # type: ignore[arg-type]
        scene = Scene(pet_of([ball], grid(), cov=0.12, seed=seed))
        start = seed_from_point(scene.pet, centre, 6.0)
        adapted = background_adapted(scene, start, tracer=TracerClass.SSTR)
        edge = edge_of_blurred_sphere(scene, start, adapted, 6.0)
        assert adapted.volume_ml is not None
        adapted_errors.append(abs(adapted.volume_ml / ball.volume_ml - 1))
        if edge.volume_ml is not None:
            edge_errors.append(abs(edge.volume_ml / ball.volume_ml - 1))
            assert edge.support is Support.COMPUTED
            assert "blurred by 6 mm, from SUVpeak" in edge.method
    assert len(edge_errors) >= 3
    assert np.median(edge_errors) <= np.median(adapted_errors) + 0.02
    assert np.median(edge_errors) < 0.15


def test_it_says_why_it_is_not_valid() -> None:
    scene = Scene(pet_of([Ball(CENTRE, 9.0, 12.0)], grid()))
    start = seed_from_point(scene.pet, CENTRE, 6.0)
    adapted = background_adapted(scene, start, tracer=TracerClass.SSTR)
    assert edge_of_blurred_sphere(scene, start, adapted, None).why_not == "the resolution of the image is not known"
    small = edge_of_blurred_sphere(scene, start, adapted, 6.0)
    assert small.why_not is not None
    assert "is smaller than 2.25 x the resolution 6 mm" in small.why_not
    faint = Scene(pet_of([Ball(CENTRE, 30.0, 1.4)], grid()))
    start = seed_from_point(faint.pet, CENTRE, 6.0)
    none = background_adapted(faint, start, tracer=TracerClass.SSTR)
    assert "no background-adapted outline to start from" in (
        edge_of_blurred_sphere(faint, start, none, 6.0).why_not or ""
    )
