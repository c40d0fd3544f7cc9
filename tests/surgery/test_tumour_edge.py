"""The edge of a tumour read anew: balls among fat, gland and blood of known values, with a first outline that errs."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.spatial import Geometry, Mask
from isletscope.surgery import edge_read_anew

SHAPE = (40, 56, 56)
GRID = Geometry(SHAPE, (1.0, 1.0, 1.0), (-28.0, -28.0, -20.0), ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)))
POINTS = GRID.to_lps(np.indices(SHAPE).reshape(3, -1).T).reshape(*SHAPE, 3)
# Arterial and portal venous HU.
FAT, GLAND, BLOOD, TUMOUR = (-100.0, -100.0), (110.0, 100.0), (130.0, 180.0), (160.0, 120.0)


def ball(radius: float) -> np.ndarray:
    return np.asarray(np.linalg.norm(POINTS, axis=-1) <= radius)


LUMEN = np.hypot(POINTS[..., 0] - 13, POINTS[..., 1]) <= 5
TRUE = ball(12.0) & ~LUMEN


def phases(tumour: tuple[float, float] = TUMOUR, noise: float = 12.0) -> list[np.ndarray]:
    random = np.random.default_rng(3)
    found = []
    for n in range(2):
        image = np.where(POINTS[..., 1] > 0, GLAND[n], FAT[n])
        image[TRUE] = tumour[n]
        image[LUMEN] = BLOOD[n]
        found.append((image + random.normal(0, noise, SHAPE)).astype(np.float32))
    return found


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))


@pytest.mark.parametrize(
    "first", [ball(9.5) & ~LUMEN, TRUE & (POINTS[..., 0] < 6), (ball(12.0) & ~LUMEN) | ball(13.0) & ~LUMEN]
)
def test_an_outline_that_is_too_small_cut_short_at_a_vessel_or_too_large_is_mended(first: np.ndarray) -> None:
    read = edge_read_anew(Mask(first, GRID, name="P1"), LUMEN, phases())
    assert read.because == ""
    assert read.mask.name == "P1"
    assert dice(read.mask.array, TRUE) > max(0.94, dice(first, TRUE))
    assert not (read.mask.array & LUMEN).any()


def test_a_thin_bridge_to_another_bright_thing_is_cut() -> None:
    images = phases()
    other = np.linalg.norm(POINTS - np.array([-17.0, 0.0, 0.0]), axis=-1) <= 3
    bridge = (
        (np.abs(POINTS[..., 1]) < 1) & (np.abs(POINTS[..., 2]) < 1) & (POINTS[..., 0] < -10) & (POINTS[..., 0] > -17)
    )
    for image, value in zip(images, TUMOUR, strict=True):
        image[other | bridge] = value
    read = edge_read_anew(Mask(TRUE, GRID), LUMEN, images)
    assert not (read.mask.array & other).any()


@pytest.mark.parametrize("flip", [0, 1, 2])
def test_mirroring_the_images_mirrors_the_outline(flip: int) -> None:
    first = ball(9.5) & ~LUMEN
    straight = edge_read_anew(Mask(first, GRID), LUMEN, phases()).mask.array
    mirrored = [np.flip(one, flip) for one in phases()]
    turned = edge_read_anew(Mask(np.flip(first, flip), GRID), np.flip(LUMEN, flip), mirrored).mask.array
    assert dice(np.flip(turned, flip), straight) > 0.99


def test_the_first_outline_stays_where_nothing_better_can_be_told() -> None:
    first = Mask(ball(9.5) & ~LUMEN, GRID)
    for told, images in (
        ("1 phases; expected at least 2", phases()[:1]),
        ("times the volume", phases(tumour=GLAND)),
    ):
        read = edge_read_anew(first, LUMEN, images)
        assert told in read.because or "looks like a tissue" in read.because
        assert read.mask is first
    few = Mask(ball(2.0), GRID)
    assert "too few voxels" in edge_read_anew(few, LUMEN, phases()).because
