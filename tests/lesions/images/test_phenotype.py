"""A lesion on the grid of any series: the right voxels, the right levels, and refusals from both sides."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from isletscope.lesions import (
    Carriage,
    Outlined,
    Region,
    enhancement,
    inside,
    level_word_hu,
    level_word_signal,
    levels,
    organ_median,
    place_lesion,
    size_of,
)
from isletscope.spatial import HOUNSFIELD, Geometry, Mask, Transform, Volume

GRID = Geometry((32, 48, 48), (2.0, 1.5, 1.5), (-36.0, -36.0, -32.0))
SAME = Carriage(Transform.identity(), Transform.identity())
CENTRE = (0.0, 0.0, 0.0)


def _distance(grid: Geometry, centre: tuple[float, float, float] = CENTRE) -> np.ndarray:
    index = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), axis=-1)
    return np.linalg.norm(grid.to_lps(index) - np.asarray(centre), axis=-1)


def _ball(grid: Geometry, radius_mm: float, centre: tuple[float, float, float] = CENTRE) -> Mask:
    return Mask(_distance(grid, centre) <= radius_mm, grid)


def _outlined(radius_mm: float, grid: Geometry = GRID) -> Outlined:
    mask = _ball(grid, radius_mm)
    return Outlined("ct-1", mask, mask, _ball(grid, 34.0))


def _image(radius_mm: float, lesion: float, organ: float, noise: float = 0.0) -> np.ndarray:
    """A ball in an organ, blurred as a scanner does."""
    image = np.where(_distance(GRID) <= radius_mm, lesion, organ)
    blurred = ndimage.gaussian_filter(image, np.asarray([1.2, 1.2, 1.2]) / np.asarray(GRID.spacing_mm))
    return blurred + np.random.default_rng(2).normal(0, noise, blurred.shape) if noise else blurred


def _region(radius_mm: float, carriage: Carriage = SAME, onto: Geometry = GRID) -> Region:
    found = place_lesion(_outlined(radius_mm), carriage, onto, None)
    assert isinstance(found, Region), found
    return found


@pytest.mark.parametrize("radius", [7.5, 12.0])
def test_the_blur_of_the_edge_does_not_change_the_mean(radius: float) -> None:
    region = _region(radius)
    found = levels(_image(radius, 130.0, 70.0, noise=8.0)[region.box.slices], region)
    assert found is not None
    assert found.mean == pytest.approx(130.0, abs=5.0)
    assert found.around == pytest.approx(70.0, abs=1.5)
    assert found.in_organ
    assert found.noise == pytest.approx(8.0, rel=0.2)
    assert level_word_hu(found) == "higher"


def test_rim_and_core_count_by_their_volume() -> None:
    radius, core = 14.0, 9.0
    image = np.where(_distance(GRID) <= core, 20.0, np.where(_distance(GRID) <= radius, 120.0, 90.0))
    region = _region(radius)
    found = levels(image[region.box.slices], region)
    share = np.count_nonzero(_distance(GRID) <= core) / np.count_nonzero(_distance(GRID) <= radius)
    assert found is not None
    assert found.mean == pytest.approx(120.0 - 100.0 * share, abs=1.0)
    built = inside(None, image[region.box.slices], region, 5.0)
    assert built is not None
    assert built.necrotic_share == pytest.approx(share, abs=0.08)
    assert (built.nature, built.pattern) == ("necrotic", "rim")


def test_weights_stand_for_every_voxel_of_the_outline() -> None:
    region = _region(10.0)
    assert region.weights.sum() == np.count_nonzero(region.outline)
    assert np.all(region.weights[~region.lesion] == 0)
    assert not np.any(region.lesion & ~region.outline)
    assert not np.any(region.around & region.outline)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flipped_grid_gives_the_same_levels(axis: int) -> None:
    image = _image(9.0, 50.0, 100.0, noise=5.0)
    index = [0, 0, 0]
    index[axis] = GRID.shape[axis] - 1
    x, y, z = (float(v) for v in GRID.to_lps(index))
    axes = [np.asarray(one) * (-1 if number == axis else 1) for number, one in enumerate(GRID.axes_lps)]
    flipped = Geometry(GRID.shape, GRID.spacing_mm, (x, y, z), tuple(tuple(map(float, one)) for one in axes))  # type: ignore[arg-type]
    straight, turned = _region(9.0), _region(9.0, onto=flipped)
    first = levels(image[straight.box.slices], straight)
    second = levels(np.flip(image, axis)[turned.box.slices], turned)
    assert first is not None
    assert second is not None
    assert second.mean == pytest.approx(first.mean, abs=0.2)
    assert second.around == pytest.approx(first.around, abs=0.2)


def test_a_carried_outline_lies_where_the_mapping_says_and_is_made_smaller() -> None:
    moved = np.eye(4)
    moved[:3, 3] = (6.0, -3.0, 4.0)
    carriage = Carriage(Transform.identity(), Transform(moved), 3.0, same_frame=False)
    region = _region(12.0, carriage)
    inside_lps = region.geometry.to_lps(np.argwhere(region.lesion))
    assert inside_lps.mean(axis=0) == pytest.approx([6.0, -3.0, 4.0], abs=0.8)
    assert np.linalg.norm(inside_lps - [6.0, -3.0, 4.0], axis=1).max() <= 12.0 - 3.0 + 1.0
    assert region.carried
    assert "made smaller by 3.0 mm" in region.method


@pytest.mark.parametrize(("uncertainty", "refused"), [(5.5, False), (6.5, True)])
def test_a_lesion_smaller_than_the_uncertainty_is_not_carried(uncertainty: float, refused: bool) -> None:
    carriage = Carriage(Transform.identity(), Transform.identity(), uncertainty, same_frame=False)
    found = place_lesion(_outlined(6.0), carriage, GRID, None)
    assert isinstance(found, str) is refused
    if isinstance(found, str):
        assert "too small to be carried over" in found


@pytest.mark.parametrize(("slice_mm", "refused"), [(8.0, False), (14.0, True)])
def test_a_lesion_thinner_than_a_slice_is_refused(slice_mm: float, refused: bool) -> None:
    thick = Geometry((10, 48, 48), (slice_mm, 1.5, 1.5), (-36.0, -36.0, -4.5 * slice_mm))
    found = place_lesion(_outlined(6.0), SAME, thick, None)
    assert isinstance(found, str) is refused
    assert isinstance(found, str) or "partial volume" in (found.limitation or "")


def test_outside_and_cut_lesions_say_so() -> None:
    below = Geometry(GRID.shape, GRID.spacing_mm, (-36.0, -36.0, 200.0))
    assert place_lesion(_outlined(8.0), SAME, below, None) == "the place lies outside this series"
    half = Geometry(GRID.shape, GRID.spacing_mm, (-36.0, -36.0, 0.0))
    assert place_lesion(_outlined(8.0), SAME, half, None) == "the lesion is cut by the edge of this series"


def test_without_an_organ_there_is_no_word_and_a_shell_for_contrast() -> None:
    mask = _ball(GRID, 8.0)
    region = place_lesion(Outlined("ct-1", mask, mask), SAME, GRID, None)
    assert isinstance(region, Region)
    found = levels(_image(8.0, 90.0, -80.0, noise=6.0)[region.box.slices], region)
    assert found is not None
    assert not found.in_organ
    assert level_word_hu(found) is None
    assert found.contrast_to_noise is not None
    assert found.contrast_to_noise > 10


@pytest.mark.parametrize(("lesion", "word"), [(80.0, "lower"), (95.0, "equal"), (112.0, "higher")])
def test_words_of_signal_and_density(lesion: float, word: str) -> None:
    region = _region(9.0)
    image = np.where(_distance(GRID) <= 9.0, lesion, 100.0) + np.random.default_rng(3).normal(0, 2.0, GRID.shape)
    found = levels(image[region.box.slices], region)
    assert found is not None
    assert level_word_signal(found) == word
    assert level_word_hu(found) == word


def test_wash_in_and_wash_out() -> None:
    full = enhancement({"unenhanced": 40.0, "late_arterial": 140.0, "portal_venous": 110.0, "delayed": 80.0})
    assert (full.wash_in_hu, full.wash_out_percent) == (100.0, 60.0)
    assert full.wash_out_phase == "delayed"
    assert enhancement({"late_arterial": 140.0}).why_no_wash_in == "no unenhanced series"
    assert enhancement({"unenhanced": 40.0}).why_no_wash_in == "no enhanced phase"
    none = enhancement({"unenhanced": 10.0, "late_arterial": 14.0, "portal_venous": 12.0})
    assert none.wash_out_percent is None
    assert "4 HU" in none.why_no_wash_out


def test_size_and_reference_organ() -> None:
    size = size_of(_ball(GRID, 10.0))
    assert size.long_mm == pytest.approx(20.0, abs=1.0)
    assert size.craniocaudal_mm == pytest.approx(20.0, abs=2.0)
    assert size.volume_ml == pytest.approx(4.19, rel=0.05)
    image = np.where(_distance(GRID) <= 20.0, 55.0, -100.0)
    assert organ_median(Volume(image, GRID, HOUNSFIELD), _ball(GRID, 20.0)) == 55.0
    assert organ_median(Volume(image, GRID, HOUNSFIELD), _ball(GRID, 5.0)) is None
