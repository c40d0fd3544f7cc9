"""Segments of the liver: test vectors of SURG-501, a made liver with planes, turned and flipped, and bad input."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.errors import InputError
from isletscope.spatial import Geometry, Mask
from isletscope.surgery import (
    Body,
    LiverMap,
    SegmentSource,
    future_remnant,
    segments_from_branches,
    segments_from_landmarks,
    segments_from_map,
    segments_from_veins,
)

Array = npt.NDArray[Any]
Cut = Callable[[Mask, Mapping[str, Mask], Mapping[str, Array]], LiverMap]
CUBE = Geometry((54, 54, 54), (2.0, 2.0, 2.0), (-3.0, -3.0, -3.0))


def cube() -> Mask:
    array = np.zeros(CUBE.shape, dtype=bool)
    array[2:52, 2:52, 2:52] = True
    return Mask(array, CUBE)


def point(x: float, y: float, z: float) -> Mask:
    """The voxel nearest to a point of the cube whose edges lie at 0 and 100 mm."""
    array = np.zeros(CUBE.shape, dtype=bool)
    array[tuple(np.clip(np.rint((np.array([z, y, x]) + 3) / 2 - 0.01), 2, 51).astype(int))] = True
    return Mask(array, CUBE)


def test_two_branches_halve_the_cube() -> None:
    found = segments_from_branches(cube(), {5: point(25, 50, 50), 6: point(75, 50, 50)}, {})
    assert found.volume_ml() == pytest.approx(1000)
    assert found.by_segment_ml()[5] == pytest.approx(500, abs=11)
    assert sum(found.by_segment_ml().values()) == pytest.approx(1000)


def test_three_branches_with_borders_at_30_and_70_mm() -> None:
    branches = {6: point(10, 50, 50), 5: point(50, 50, 50), 4: point(90, 50, 50)}
    volumes = segments_from_branches(cube(), branches, {}).by_segment_ml()
    assert [volumes[n] for n in (6, 5, 4)] == pytest.approx([300, 400, 300], abs=21)


def test_branches_in_opposite_corners_cut_the_diagonal() -> None:
    volumes = segments_from_branches(cube(), {2: point(0, 0, 0), 7: point(100, 100, 100)}, {}).by_segment_ml()
    assert volumes[2] == pytest.approx(500, abs=16)
    assert volumes[2] + volumes[7] == pytest.approx(1000)


def test_a_missing_branch_is_flagged_and_the_same_label_may_come_twice() -> None:
    twice = Mask(point(20, 50, 50).array | point(40, 50, 50).array, CUBE)
    found = segments_from_branches(cube(), {5: twice, 7: point(90, 50, 50)}, {})
    assert "MISSING_BRANCH 6" in found.flags
    assert "MISSING_BRANCH 5" not in found.flags


def test_a_lesion_of_20_ml_60_percent_in_6_and_40_in_7() -> None:
    segments = np.where(cube().array, 7, 0).astype(np.uint8)
    segments[cube().array & (np.arange(54)[:, None, None] < 27)] = 6
    lesion = np.zeros(CUBE.shape, dtype=bool)
    lesion[12:37, 10:20, 10:20] = True
    place = LiverMap(cube(), segments, SegmentSource.IMPORTED, {"L1": lesion}).place("L1")
    assert place is not None
    assert place.segment == 6
    assert place.volume_ml == pytest.approx(20)
    assert dict(place.by_segment_ml) == pytest.approx({6: 12, 7: 8})


def test_a_liver_at_the_edge_of_the_images_is_truncated_and_its_remnant_not_assessable() -> None:
    array = cube().array.copy()
    array[0:2] = array[2]
    found = segments_from_map(Mask(array, CUBE), np.where(array, 5, 0), {})
    assert found.truncated
    left = future_remnant(found, np.zeros(CUBE.shape, dtype=bool), Body(70, 175))
    assert left.remnant_ml is None
    assert "field of view" in left.notes[0]
    assert left.verdict.value not in ("adequate", "borderline", "insufficient")


def halves(tumours: dict[str, Array]) -> LiverMap:
    labels = np.where(np.arange(54)[None, None, :] < 27, 6, 2)
    return segments_from_map(cube(), np.where(cube().array, labels, 0), tumours)


def test_the_remnant_is_without_tumour_and_resected_liver() -> None:
    tumour = np.zeros(CUBE.shape, dtype=bool)
    tumour[10:20, 10:20, 30:35] = True
    found = halves({"L1": tumour})
    left = future_remnant(found, found.segments == 6, Body(70, 175, background="normal"))
    assert found.tumour_ml == pytest.approx(4)
    assert left.remnant_ml == pytest.approx(496)
    assert left.expected.value == "1547.7"
    assert left.verdict.value == "adequate"


def test_without_weight_the_measured_liver_counts_and_after_hepatectomy_the_expected_one() -> None:
    found = halves({})
    taken = found.segments == 6
    no_weight = future_remnant(found, taken, Body(None, 175, background="normal"))
    assert no_weight.verdict.value == "adequate"
    again = future_remnant(found, taken, Body(70, 175, background="normal", previous_hepatectomy=True))
    assert "earlier hepatectomy" in again.notes[0]
    assert again.verdict.value == "adequate"
    neither = future_remnant(found, taken, Body(previous_hepatectomy=True))
    assert neither.verdict.value not in ("adequate", "borderline", "insufficient")


def test_a_cirrhotic_liver_needs_more() -> None:
    found = halves({})
    taken = (found.segments == 6) | (np.arange(54)[:, None, None] < 30)
    normal = future_remnant(found, taken, Body(None, None, background="normal"))
    fibrosis = future_remnant(found, taken, Body(None, None, background="fibrosis"))
    assert (normal.verdict.value, fibrosis.verdict.value) == ("borderline", "insufficient")


def made(spacing_mm: tuple[float, float, float]) -> tuple[Mask, dict[str, Mask], Array]:
    """An ellipsoid liver with straight upright veins; also which side of the middle vein, and of the right one."""
    planes, rows, columns = (round(260 / s) for s in spacing_mm)
    shape = (planes, rows, columns)
    geometry = Geometry(shape, spacing_mm, (-130.0, -130.0, -130.0))
    z, y, x = np.moveaxis(geometry.to_lps(np.argwhere(np.ones(shape, dtype=bool))).reshape(*shape, 3), -1, 0)[::-1]
    liver = (x / 100) ** 2 + (y / 70) ** 2 + (z / 80) ** 2 < 1

    def tube(*ends: tuple[float, float, float]) -> Mask:
        a, b = (np.array(end) for end in ends)
        points = np.stack([x, y, z], axis=-1) - a
        along = np.clip(points @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        return Mask(np.linalg.norm(points - along[..., None] * (b - a), axis=-1) < 6, geometry)

    masks = {
        "inferior_vena_cava": tube((0, 50, -110), (0, 50, 70)),
        "hepatic_vein_middle": tube((0, 40, 40), (0, -55, 10)),
        "hepatic_vein_right": tube((0, 50, 40), (-70, 10, 10)),
        "hepatic_vein_left": tube((5, 40, 40), (70, 0, 30)),
        "portal_vein_right": tube((0, 20, 0), (-40, 20, 0)),
        "portal_vein_left": tube((0, 20, 0), (40, -20, 0)),
        "gallbladder": tube((0, -60, -50), (0, -50, -40)),
        "portal_bifurcation": tube((0, 20, 0), (0.1, 20, 0)),
        "umbilical_fissure": tube((40, -40, -10), (40, -40, 0)),
    }
    return Mask(liver, geometry), masks, x > 0


@pytest.mark.parametrize("cut", [segments_from_veins, segments_from_landmarks])
@pytest.mark.parametrize("spacing_mm", [(4.0, 4.0, 4.0), (8.0, 3.0, 3.0)])
def test_cantlies_plane_and_the_portal_level_part_the_made_liver(
    cut: Cut, spacing_mm: tuple[float, float, float]
) -> None:
    liver, masks, is_left = made(spacing_mm)
    found = cut(liver, masks, {})
    of_left = np.isin(found.segments, (1, 2, 3, 4))[liver.array]
    assert np.mean(of_left == is_left[liver.array]) > 0.97
    height = liver.geometry.to_lps(np.argwhere(np.isin(found.segments, (7, 8))))[:, 2]
    assert height.min() > -5
    volumes = found.by_segment_ml()
    assert min(volumes[n] for n in range(2, 9)) > 0
    assert sum(volumes.values()) == pytest.approx(liver.array.sum() * liver.geometry.voxel_volume_ml)


@pytest.mark.parametrize("cut", [segments_from_veins, segments_from_landmarks])
def test_flips_and_turns_of_the_grid_change_nothing(cut: Cut) -> None:
    liver, masks, _ = made((6.0, 5.0, 5.0))
    straight = cut(liver, masks, {}).segments
    for flips, order in itertools.product([(0,), (1, 2), (0, 2)], [(0, 1, 2), (2, 0, 1)]):

        def turned(array: Array, flips: tuple[int, ...] = flips, order: tuple[int, int, int] = order) -> Array:
            return np.ascontiguousarray(np.flip(array, flips).transpose(order))

        old = liver.geometry
        corner = [old.shape[axis] - 1 if axis in flips else 0 for axis in range(3)]
        axes = [tuple((-1 if n in flips else 1) * np.array(old.axes_lps[n])) for n in order]
        geometry = Geometry(
            tuple(old.shape[n] for n in order),  # type: ignore[arg-type]
            tuple(old.spacing_mm[n] for n in order),  # type: ignore[arg-type]
            tuple(old.to_lps(corner)),
            tuple(axes),  # type: ignore[arg-type]
        )
        moved = {name: Mask(turned(mask.array), geometry) for name, mask in masks.items()}
        found = cut(Mask(turned(liver.array), geometry), moved, {}).segments
        assert np.mean(found != turned(straight)) < 1e-3


def test_veins_that_are_missing_are_named() -> None:
    liver, masks, _ = made((8.0, 8.0, 8.0))
    del masks["hepatic_vein_middle"]
    with pytest.raises(InputError, match="hepatic_vein_middle"):
        segments_from_veins(liver, masks, {})


def test_labels_that_are_no_segments_are_refused() -> None:
    with pytest.raises(InputError, match="Couinaud"):
        segments_from_map(cube(), np.where(cube().array, 9, 0), {})


def test_an_imported_map_that_leaves_liver_out_is_filled_and_flagged() -> None:
    labels = np.where(cube().array, 5, 0)
    labels[:10] = 0
    found = segments_from_map(cube(), labels, {})
    assert "SUM_DIFFERS" in found.flags
    assert found.by_segment_ml()[5] == pytest.approx(1000)


@pytest.mark.parametrize("seed", range(4))
def test_voxels_without_a_label_take_the_nearest_one_of_the_map(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = np.where(random.random(CUBE.shape) < 0.02, random.integers(1, 9, CUBE.shape), 0)
    found = segments_from_map(Mask(np.ones(CUBE.shape, dtype=bool), CUBE), labels, {}).segments
    named = np.argwhere(labels > 0)
    spacing = np.asarray(CUBE.spacing_mm)
    for voxel in random.integers(0, np.asarray(CUBE.shape), (50, 3)):
        away = np.linalg.norm((named - voxel) * spacing, axis=1)
        nearest = {labels[tuple(one)] for one in named[away <= away.min() + 1e-9]}
        assert found[tuple(voxel)] in nearest
