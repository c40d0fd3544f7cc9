"""The map of both tracers: volumes of known bodies, shifts, alignments, what is not assessable, where to sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isletscope.lesions import CLASSES, MapInput, TracerClasses, map_tracers, place_to_sample
from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Mask, Transform, Volume, carried_mask

GRID = Geometry((24, 30, 32), (3.0, 2.5, 2.5), (-38.75, -36.0, -34.0))
OTHER = Geometry((30, 26, 28), (2.5, 3.0, 3.0), (-40.5, -38.0, -36.0))


def points(grid: Geometry) -> np.ndarray:
    return grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))


def ball(grid: Geometry, radius: float, centre: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    return np.linalg.norm(points(grid) - np.asarray(centre), axis=-1) <= radius


def volume(array: np.ndarray, grid: Geometry) -> Volume:
    return Volume(array.astype(np.float32), grid, SUV_BODY_WEIGHT)


def half_and_half(uncertainty_mm: float = 2.0, radius: float = 20.0, moved: Transform | None = None) -> MapInput:
    """A ball with SSTR where x < 0 and FDG where x > 0, on two grids; the FDG PET lies where ``moved`` takes it."""
    transform = moved or Transform.identity()
    home = transform.to_reference(points(OTHER).reshape(-1, 3)).reshape(*OTHER.shape, 3)
    sstr_ball, fdg_ball = ball(GRID, radius), np.linalg.norm(home, axis=-1) <= radius
    sstr, fdg = sstr_ball & (points(GRID)[..., 0] < 0), fdg_ball & (home[..., 0] > 0)
    return MapInput(
        sstr=volume(np.where(sstr, 20.0, 1.0), GRID),
        fdg=volume(np.where(fdg, 10.0, 1.0), OTHER),
        sstr_outline=Mask(sstr, GRID),
        fdg_outline=Mask(fdg, OTHER),
        to_sstr=Transform.identity(),
        to_fdg=transform,
        sstr_threshold=6.0,
        fdg_threshold=3.0,
        uncertainty_mm=uncertainty_mm,
    )


def millilitres(found: TracerClasses) -> dict[str, float]:
    return {name: one.volume_ml for name, one in found.volumes.items()}


def test_halves_are_told_apart_with_their_volumes() -> None:
    found = millilitres(map_tracers(half_and_half()))
    half = 0.5 * 4 / 3 * np.pi * 20**3 / 1000
    assert found["receptor_only"] == pytest.approx(half, rel=0.1)
    assert found["fdg_only"] == pytest.approx(half, rel=0.1)
    assert found["both"] < 0.05 * half
    assert found["neither"] < 0.05 * half


def test_volumes_are_found_again_after_the_patient_lay_otherwise() -> None:
    angle = np.deg2rad(12.0)
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, 3] = (4.0, -3.0, 2.0)
    still, moved = (millilitres(map_tracers(half_and_half(moved=one))) for one in (None, Transform(matrix)))
    assert moved == {name: pytest.approx(value, abs=1.4) for name, value in still.items()}


def test_the_wrong_alignment_is_seen_in_the_volumes() -> None:
    given = half_and_half()
    matrix = np.eye(4)
    matrix[0, 3] = 10.0
    wrong = map_tracers(replace(given, to_fdg=Transform(matrix)))
    assert millilitres(wrong)["both"] > 5 * max(millilitres(map_tracers(given))["both"], 0.5)


@pytest.mark.parametrize("uncertainty_mm", [1.0, 3.0, 6.0])
def test_intervals_hold_the_volume_and_widen_with_the_uncertainty(uncertainty_mm: float) -> None:
    found = map_tracers(half_and_half(uncertainty_mm)).volumes
    wider = map_tracers(half_and_half(uncertainty_mm + 2.0)).volumes
    for name in CLASSES:
        assert found[name].low_ml <= found[name].volume_ml <= found[name].high_ml
    widths = [sum(one.high_ml - one.low_ml for one in volumes.values()) for volumes in (found, wider)]
    assert widths[1] > widths[0]


def test_the_interval_holds_the_truth_when_the_alignment_is_off_by_its_uncertainty() -> None:
    half = 0.5 * 4 / 3 * np.pi * 20**3 / 1000
    for way in ((3.0, 0, 0), (-3.0, 0, 0), (0, 3.0, 0), (0, 0, -3.0)):
        matrix = np.eye(4)
        matrix[:3, 3] = way
        found = map_tracers(replace(half_and_half(3.0), to_fdg=Transform(matrix))).volumes["fdg_only"]
        assert 0.97 * found.low_ml <= half <= 1.03 * found.high_ml


@pytest.mark.parametrize(("uncertainty_mm", "assessable"), [(8.0, True), (10.5, False)])
def test_an_alignment_less_certain_than_the_radius_makes_no_map(uncertainty_mm: float, assessable: bool) -> None:
    found = map_tracers(half_and_half(uncertainty_mm, radius=9.5))
    assert bool(found.volumes) is assessable
    if not assessable:
        assert "more than the radius" in found.because


def test_without_thresholds_the_outlines_decide() -> None:
    given = half_and_half()
    found = map_tracers(replace(given, sstr_threshold=None))
    assert found.by_threshold is None
    assert found.volumes == found.by_contours
    assert millilitres(found)["fdg_only"] == pytest.approx(16.8, rel=0.1)


def test_one_outline_is_enough_and_none_is_not() -> None:
    given = half_and_half()
    assert millilitres(map_tracers(replace(given, fdg_outline=None)))["receptor_only"] == pytest.approx(16.8, rel=0.1)
    found = map_tracers(replace(given, sstr_outline=None, fdg_outline=None))
    assert found.because == "neither PET has an outline of it"


def test_a_lesion_beyond_the_fdg_pet_has_no_map() -> None:
    given = half_and_half()
    cut = replace(given, fdg=volume(np.zeros((4, 26, 28)), Geometry((4, 26, 28), (2.5, 3.0, 3.0), (-40.5, -38, -36))))
    found = map_tracers(replace(cut, fdg_outline=None))
    assert found.because.startswith("the FDG PET covers only")


def test_the_tracers_exchanged_exchange_the_classes() -> None:
    given = half_and_half(0.0)
    still = Transform.identity()
    outline = carried_mask(given.fdg_outline, still, GRID, still)
    same_grid = replace(given, fdg=volume(np.where(outline.array, 10.0, 1.0), GRID), fdg_outline=outline)
    turned = replace(
        same_grid,
        sstr=same_grid.fdg,
        fdg=same_grid.sstr,
        sstr_outline=same_grid.fdg_outline,
        fdg_outline=same_grid.sstr_outline,
        sstr_threshold=3.0,
        fdg_threshold=6.0,
    )
    one, other = millilitres(map_tracers(same_grid)), millilitres(map_tracers(turned))
    assert (one["receptor_only"], one["fdg_only"]) == (other["fdg_only"], other["receptor_only"])


def test_the_place_to_sample_is_the_middle_of_the_part_with_fdg_alone() -> None:
    place = place_to_sample(map_tracers(half_and_half()), 1.0)
    assert place is not None
    assert place.part == "fdg_only"
    x, y, z = place.point_lps_mm
    assert 6.0 < x < 14.0
    assert abs(y) < 6.0
    assert abs(z) < 8.0
    assert place.ball_radius_mm == pytest.approx(10.0, abs=2.6)


def test_a_small_part_leaves_the_hottest_part() -> None:
    given = half_and_half()
    everywhere = replace(given, sstr=volume(np.where(ball(GRID, 20.0), 20.0, 1.0), GRID))
    place = place_to_sample(map_tracers(replace(everywhere, sstr_outline=Mask(ball(GRID, 20.0), GRID))), 1.0)
    assert place is not None
    assert place.part == "hot"
    assert place.point_lps_mm[0] > 3.0
    assert place_to_sample(TracerClasses("no map"), 1.0) is None
