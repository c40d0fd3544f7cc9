from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from isletscope.lesions.splitting import split_touching
from isletscope.spatial import Volume
from tests.lesions.blobs import Ball, grid, pet_of
from tests.spatial.grids import flips, permutations, rearranged


def _pair(apart_mm: float, diameter: float, seed: int, cov: float = 0.12) -> Volume:
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(3)
    direction *= apart_mm / 2 / np.linalg.norm(direction)
    middle = 60.0 + rng.uniform(-2, 2, 3)
    balls = [Ball(tuple(middle + s * direction), diameter, 10.0) for s in (-1, 1)]  # type: ignore[arg-type]
    return pet_of(balls, grid(), cov=cov, seed=seed)


@pytest.mark.parametrize(("apart", "diameter"), [(20.0, 15.0), (24.0, 20.0), (30.0, 20.0)])
def test_two_foci_that_touch_in_the_image_are_told_apart(apart: float, diameter: float) -> None:
    for seed in range(5):
        pet = _pair(apart, diameter, seed)
        inside = pet.array > 2.0
        labels, count = split_touching(pet, inside)
        assert count == 2
        sizes = np.bincount(labels.ravel())[1:]
        assert sizes.min() > 0.6 * sizes.max()
        assert np.array_equal(labels > 0, inside)


@pytest.mark.parametrize("diameter", [12.0, 25.0, 45.0])
def test_one_noisy_focus_stays_one(diameter: float) -> None:
    for seed in range(5):
        pet = pet_of([Ball((60.0, 61.0, 59.0), diameter, 8.0)], grid(), cov=0.15, seed=seed)
        assert split_touching(pet, pet.array > 3.5)[1] == 1


def test_peaks_closer_than_ten_mm_are_one_focus() -> None:
    assert split_touching(_pair(8.0, 5.0, 1, cov=0.0), _pair(8.0, 5.0, 1, cov=0.0).array > 1.5)[1] == 1


def test_parts_that_do_not_touch_are_numbered_on() -> None:
    pet = pet_of([Ball((30.0, 60.0, 60.0), 14.0, 9.0), Ball((90.0, 60.0, 60.0), 14.0, 9.0)], grid())
    labels, count = split_touching(pet, pet.array > 4.0)
    assert count == 2
    assert set(np.unique(labels)) == {0, 1, 2}
    none, zero = split_touching(pet, np.zeros(pet.array.shape, bool))
    assert (zero, none.max()) == (0, 0)


@settings(max_examples=8, deadline=None)
@given(permutations, flips)
def test_splitting_does_not_depend_on_the_array_order(
    permutation: tuple[int, int, int], flip: tuple[bool, bool, bool]
) -> None:
    pet = _pair(20.0, 15.0, 3)
    labels, count = split_touching(pet, pet.array > 2.0)
    array, geometry = rearranged(pet.array, pet.geometry, permutation, flip)
    other, other_count = split_touching(Volume(array, geometry, pet.quantity), array > 2.0)
    expected, _ = rearranged(labels, pet.geometry, permutation, flip)
    assert other_count == count
    pairs = {(int(a), int(b)) for a, b in zip(expected.ravel(), other.ravel(), strict=True)}
    assert len(pairs) == count + 1
