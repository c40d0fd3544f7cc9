"""Outlines from one point: analytic bodies of known size, bad input, leaks, flips."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.lesions.images.outline import SeedOutline, outline_from_seed
from isletscope.lesions.images.outline_axes import outline_sizes
from isletscope.spatial import (
    ARBITRARY,
    HOUNSFIELD,
    SUV_BODY_WEIGHT,
    Geometry,
    Mask,
    Quantity,
    Volume,
    axial_axes,
    extent_3d_mm,
)

TISSUE, LESION = 100.0, 60.0
Field = npt.NDArray[np.float64]


def scene(
    *inside_mm: tuple[Any, float],
    spacing_mm: tuple[float, float, float] = (2.0, 1.5, 1.5),
    shape: tuple[int, int, int] = (36, 48, 48),
    noise: float = 4.0,
    quantity: Quantity = HOUNSFIELD,
    tissue: float = TISSUE,
    axes: Any = None,
) -> Volume:
    """An image of bodies: pairs of a function of points (n, 3) to depth inside in mm, and the body's value.

    Partial volume by a ramp as wide as the voxel; the origin is the middle of the image.
    """
    axes = axes or ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    middle = (np.asarray(shape) - 1) / 2 * np.asarray(spacing_mm)
    origin = -(np.asarray(axes).T @ middle)
    geometry = Geometry(shape, spacing_mm, (float(origin[0]), float(origin[1]), float(origin[2])), axes)
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1).reshape(-1, 3)
    points = geometry.to_lps(index)
    width = float(np.mean(spacing_mm))
    values = np.full(len(points), tissue)
    for depth, value in inside_mm:
        share = np.clip(depth(points) / width + 0.5, 0.0, 1.0)
        values = values * (1 - share) + value * share
    values += np.random.default_rng(7).normal(0.0, noise, len(values))
    return Volume(values.reshape(shape).astype(np.float32), geometry, quantity)


def ball(radius: float, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Any:
    return lambda points: radius - np.linalg.norm(points - np.asarray(centre), axis=1)


def ellipsoid(a: float, b: float, c: float) -> Any:
    """Depth is that of the nearest direction, good to first order at the surface."""

    def depth(points: Field) -> Field:
        scaled = points / np.asarray([a, b, c])
        length = np.linalg.norm(scaled, axis=1)
        slope = np.linalg.norm(scaled / np.asarray([a, b, c]), axis=1)
        return np.asarray((1 - length) * length / np.maximum(slope, 1e-6))

    return depth


def tube(radius: float, x: float) -> Any:
    """A vessel along z."""
    return lambda points: radius - np.hypot(points[:, 0] - x, points[:, 1])


def volume_ml(radius: float) -> float:
    return 4 / 3 * np.pi * radius**3 / 1000


def found(outline: SeedOutline) -> Mask:
    assert outline.mask is not None, outline.why_not
    return outline.mask


@pytest.mark.parametrize("radius", [5.0, 8.0, 14.0])
@pytest.mark.parametrize("expected", [True, False])
def test_a_ball_is_outlined_to_its_size(radius: float, expected: bool) -> None:
    image = scene((ball(radius), LESION))
    mask = found(outline_from_seed(image, (0, 0, 0), None, radius if expected else None))
    assert mask.volume_ml == pytest.approx(volume_ml(radius), rel=0.2)
    assert axial_axes(mask).long_mm == pytest.approx(2 * radius, abs=1.5)


@pytest.mark.parametrize("value", [60.0, 150.0])
def test_the_seed_need_not_be_the_centre(value: float) -> None:
    image = scene((ball(10.0), value))
    for seed in ((5.0, 0.0, 0.0), (0.0, -5.0, 0.0), (3.0, 3.0, -3.0)):
        mask = found(outline_from_seed(image, seed, None, 10.0))
        assert mask.volume_ml == pytest.approx(volume_ml(10.0), rel=0.2)


def test_an_ellipsoid_keeps_its_axes() -> None:
    mask = found(outline_from_seed(scene((ellipsoid(16.0, 9.0, 9.0), LESION)), (0, 0, 0), None, 11.0))
    axes = axial_axes(mask)
    assert axes.long_mm == pytest.approx(32.0, abs=2.5)
    assert axes.short_mm == pytest.approx(18.0, abs=2.0)


@pytest.mark.parametrize("slice_mm", [3.0, 5.0, 8.0])
def test_thick_slices_are_met(slice_mm: float) -> None:
    image = scene((ball(12.0), LESION), spacing_mm=(slice_mm, 1.2, 1.2), shape=(int(72 / slice_mm), 56, 56))
    mask = found(outline_from_seed(image, (0, 0, 1.0), None, 12.0))
    assert axial_axes(mask).long_mm == pytest.approx(24.0, abs=2.0)
    assert mask.volume_ml == pytest.approx(volume_ml(12.0), rel=0.2)


def test_oblique_slices_give_the_same_size() -> None:
    turn, lean = np.cos(0.5), np.sin(0.5)
    axes = ((0.0, -lean, turn), (0.0, turn, lean), (1.0, 0.0, 0.0))
    mask = found(outline_from_seed(scene((ball(10.0), LESION), axes=axes), (0, 0, 0), None, 10.0))
    assert mask.volume_ml == pytest.approx(volume_ml(10.0), rel=0.15)
    assert extent_3d_mm(mask) == pytest.approx(20.0, abs=2.5)


def test_flipped_images_give_the_flipped_outline() -> None:
    image = scene((ellipsoid(12.0, 8.0, 9.0), LESION), shape=(31, 45, 45))
    mask = found(outline_from_seed(image, (0, 0, 0), None, 9.0)).array
    flipped = replace(image, array=np.ascontiguousarray(image.array[:, ::-1, ::-1]))
    other = found(outline_from_seed(flipped, (0, 0, 0), None, 9.0)).array[:, ::-1, ::-1]
    both = np.count_nonzero(mask & other)
    assert 2 * both / (mask.sum() + other.sum()) > 0.98


def test_of_two_balls_that_touch_the_one_at_the_seed_is_outlined() -> None:
    image = scene((ball(9.0, (-8.5, 0, 0)), LESION), (ball(9.0, (8.5, 0, 0)), LESION))
    mask = found(outline_from_seed(image, (-8.5, 0, 0), None, 9.0))
    assert mask.volume_ml == pytest.approx(volume_ml(9.0), rel=0.25)


def test_a_vessel_at_the_lesion_is_cut_off() -> None:
    image = scene((tube(2.2, 9.0), LESION), (ball(10.0), LESION))
    mask = found(outline_from_seed(image, (0, 0, 0), None, 10.0))
    assert mask.volume_ml == pytest.approx(volume_ml(10.0), rel=0.2)
    assert extent_3d_mm(mask) < 25.0


def test_a_necrotic_core_belongs_to_the_lesion() -> None:
    image = scene((ball(14.0), 150.0), (ball(8.0), 95.0))
    mask = found(outline_from_seed(image, (0, 0, 0), None, 14.0))
    assert mask.volume_ml == pytest.approx(volume_ml(14.0), rel=0.2)


def test_a_lesion_at_the_edge_of_its_organ_ends_there() -> None:
    fat = (lambda points: points[:, 0] - 6.0, -100.0)
    image = scene((ball(10.0), LESION), fat)
    organ = Mask(image.array > 20.0, image.geometry)
    mask = found(outline_from_seed(image, (-2.0, 0, 0), organ, 9.0))
    cap = np.pi * 4.0**2 * (3 * 10.0 - 4.0) / 3 / 1000
    assert mask.volume_ml == pytest.approx(volume_ml(10.0) - cap, rel=0.2)


def test_uptake_on_pet_is_outlined_at_half_of_what_stands_out() -> None:
    image = scene(
        (ball(11.0), 12.0), spacing_mm=(4.0, 4.0, 4.0), shape=(20, 24, 24), noise=0.3, tissue=2.0,
        quantity=SUV_BODY_WEIGHT,
    )  # fmt: skip
    mask = found(outline_from_seed(image, (1.0, 1.0, 1.0)))
    assert mask.volume_ml == pytest.approx(volume_ml(11.0), rel=0.2)


def test_where_nothing_differs_nothing_is_outlined() -> None:
    outline = outline_from_seed(scene((ball(8.0), TISSUE)), (0, 0, 0), None, 8.0)
    assert outline.mask is None
    assert outline.no_contrast
    assert "HU" not in outline.method
    assert "at least 8 of difference is needed" in outline.why_not


@pytest.mark.parametrize(("contrast", "given"), [(-16.0, True), (-3.0, False)])
def test_contrast_is_judged_from_both_sides(contrast: float, given: bool) -> None:
    outline = outline_from_seed(scene((ball(9.0), TISSUE + contrast), noise=2.0), (0, 0, 0), None, 9.0)
    assert (outline.mask is not None) is given


def test_a_tissue_without_end_is_refused_and_not_given_as_a_lesion() -> None:
    half = (lambda points: points[:, 0] + 4.0, LESION)
    for expected in (8.0, None):
        assert outline_from_seed(scene(half), (6.0, 0, 0), None, expected).mask is None


def test_a_long_tube_is_no_lesion() -> None:
    outline = outline_from_seed(scene((tube(4.0, 0.0), 160.0)), (0, 0, 0))
    assert outline.mask is None
    assert outline.why_not


def test_a_lesion_of_another_size_than_expected_is_refused() -> None:
    outline = outline_from_seed(scene((ball(5.0), LESION)), (0, 0, 0), None, 16.0)
    assert outline.mask is None


def test_a_lesion_of_two_voxels_is_too_small() -> None:
    image = scene((ball(2.6), 0.0), spacing_mm=(3.0, 3.0, 3.0), shape=(20, 20, 20), noise=1.0)
    outline = outline_from_seed(image, (0.0, 0.0, 0.0), None, 2.6)
    assert outline.mask is None
    assert "too small to outline" in outline.why_not


@pytest.mark.parametrize(
    ("seed", "said"), [((500.0, 0.0, 0.0), "outside the image"), ((0.0, 0.0, -1.0), "slice of the point")]
)
def test_points_that_cannot_be_used_are_named(seed: tuple[float, float, float], said: str) -> None:
    image = scene((ball(8.0), LESION))
    k = round(float(image.geometry.to_index((0.0, 0.0, -1.0))[0]))
    outline = outline_from_seed(replace(image, missing_slices=(k,)), seed)
    assert outline.mask is None
    assert said in outline.why_not


def test_a_single_slice_is_not_outlined() -> None:
    image = scene((ball(8.0), LESION), shape=(1, 48, 48))
    assert "3 slices or more" in outline_from_seed(image, (0, 0, 0)).why_not


def test_scaled_signals_give_the_same_outline() -> None:
    image = scene((ball(9.0), LESION), quantity=ARBITRARY)
    one = found(outline_from_seed(image, (0, 0, 0), None, 9.0))
    other = found(outline_from_seed(image.with_array(image.array * 37.0), (0, 0, 0), None, 9.0))
    assert np.count_nonzero(one.array ^ other.array) <= 0.01 * one.voxel_count


def test_intervals_hold_the_value_and_the_truth() -> None:
    image = scene((ball(10.0), LESION), noise=8.0)
    outline = outline_from_seed(image, (1.0, 0, 0), None, 10.0)
    sizes, redrawn = outline_sizes(image, outline, None, 10.0)
    assert redrawn >= 4
    for interval in (sizes.long_axis_mm, sizes.short_axis_mm, sizes.largest_diameter_mm, sizes.volume_ml):
        assert interval.low <= interval.value <= interval.high
    assert sizes.long_axis_mm.low <= 20.0 <= sizes.long_axis_mm.high
    assert sizes.volume_ml.low <= volume_ml(10.0) <= sizes.volume_ml.high
