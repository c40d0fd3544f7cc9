"""Foci that touch are told apart, and noise makes no second focus: catchments with the detection's own settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.ndimage import gaussian_filter

from isletscope.lesions.peaks import Catchments, find_catchments
from isletscope.lesions.resolution import FWHM_PER_SIGMA
from isletscope.lesions.settings import Settings
from isletscope.spatial import Volume
from tests.lesions.blobs import Ball, grid, pet_of
from tests.spatial.grids import flips, permutations, rearranged


def _split(pet: Volume, above: float) -> Catchments:
    numbers = Settings().thresholds
    width = numbers.number("detection.smoothing_fwhm_mm")
    smooth = gaussian_filter(pet.array, [width / FWHM_PER_SIGMA / s for s in pet.geometry.spacing_mm], mode="nearest")
    share = numbers.number("detection.least_persistence")
    return find_catchments(smooth, smooth > above, least_persistence=share)


def _pair(apart_mm: float, diameter: float, seed: int, cov: float = 0.12) -> Volume:
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(3)
    direction *= apart_mm / 2 / np.linalg.norm(direction)
    middle = 60.0 + rng.uniform(-2, 2, 3)
    balls = [Ball(tuple(middle + s * direction), diameter, 10.0) for s in (-1, 1)]  # type: ignore[arg-type]
    return pet_of(balls, grid(), cov=cov, seed=seed)


@pytest.mark.parametrize(("apart", "diameter"), [(18.0, 15.0), (20.0, 15.0), (24.0, 20.0), (30.0, 20.0)])
def test_two_foci_that_touch_in_the_image_are_told_apart(apart: float, diameter: float) -> None:
    for seed in range(5):
        found = _split(_pair(apart, diameter, seed), 2.0)
        assert len(found.heights) == 2
        sizes = np.bincount(found.labels.ravel())[1:]
        assert sizes.min() > 0.6 * sizes.max()


@pytest.mark.parametrize("cov", [0.12, 0.2])
@pytest.mark.parametrize("diameter", [12.0, 25.0, 45.0])
def test_one_noisy_focus_stays_one(diameter: float, cov: float) -> None:
    for seed in range(5):
        pet = pet_of([Ball((60.0, 61.0, 59.0), diameter, 8.0)], grid(), cov=cov, seed=seed)
        assert len(_split(pet, 3.5).heights) == 1


@settings(max_examples=8, deadline=None)
@given(permutations, flips)
def test_splitting_does_not_depend_on_the_array_order(
    permutation: tuple[int, int, int], flip: tuple[bool, bool, bool]
) -> None:
    pet = _pair(20.0, 15.0, 3)
    array, geometry = rearranged(pet.array, pet.geometry, permutation, flip)
    here, there = _split(pet, 2.0), _split(Volume(array, geometry, pet.quantity), 2.0)
    expected, _ = rearranged(here.labels, pet.geometry, permutation, flip)
    pairs = {(int(a), int(b)) for a, b in zip(expected.ravel(), there.labels.ravel(), strict=True)}
    assert len(pairs) == len(here.heights) + 1
