"""Candidates in a made organ: spheres are found where they are, tubes and noise are not."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.lesions.images.blobs import answers, radii_mm
from isletscope.lesions.images.candidates import Candidate, candidates_in, image_thresholds
from isletscope.lesions.images.contrast import commonest, deviation
from isletscope.lesions.images.extent import Place, extent_of
from isletscope.lesions.images.joined import Piece, groups_of, place_of
from isletscope.lesions.images.natures import judge, nature_rules
from isletscope.lesions.images.tubes import goes_on
from isletscope.lesions.images.wanted import wanted_contrasts
from isletscope.model import ExamKind, Verdict
from isletscope.spatial import ARBITRARY, HOUNSFIELD, Geometry, Mask, Volume

_GEOMETRY = Geometry((26, 48, 48), (4.0, 2.2, 2.2), (-51.7, -51.7, -50.0))
_NAMES = {"a": "arterial", "p": "portal_venous"}


def _distance(centre: tuple[float, float, float], geometry: Geometry = _GEOMETRY) -> npt.NDArray[np.float64]:
    k, j, i = np.meshgrid(*[np.arange(n) for n in geometry.shape], indexing="ij")
    return np.asarray(np.linalg.norm(geometry.to_lps(np.stack([k, j, i], -1)) - np.asarray(centre), axis=-1))


def _sphere(centre: tuple[float, float, float], diameter_mm: float) -> npt.NDArray[np.float64]:
    """Share of each voxel inside, with an edge of one voxel."""
    return np.clip((diameter_mm / 2.0 - _distance(centre)) / 2.0 + 0.5, 0.0, 1.0)


def _organ() -> Mask:
    return Mask(_distance((0.0, 0.0, 0.0)) <= 46.0, _GEOMETRY, name="liver")


def _ct(level: float, parts: list[tuple[npt.NDArray[np.float64], float]], noise: float = 6.0, seed: int = 1) -> Volume:
    values = np.where(_organ().array, level, -90.0)
    for share, difference in parts:
        values = values + share * difference
    values = values + np.random.default_rng(seed).normal(0.0, noise, values.shape)
    return Volume(values.astype(np.float32), _GEOMETRY, HOUNSFIELD)


def _find(arterial: Volume, portal: Volume) -> list[Candidate]:
    series = {"a": arterial, "p": portal}
    return candidates_in("liver", series, _NAMES, _organ(), None, ExamKind.CT, image_thresholds())


def _centre(candidate: Candidate) -> npt.NDArray[np.float64]:
    return np.asarray(candidate.extent.geometry.to_lps(np.argwhere(candidate.extent.inside)).mean(axis=0))


def test_answer_of_a_sphere_is_its_contrast() -> None:
    geometry = Geometry((49, 49, 49), (1.0, 1.0, 1.0), (-24.0, -24.0, -24.0))
    ball = (40.0 * (_distance((0.0, 0.0, 0.0), geometry) <= 8.0)).astype(np.float32)
    levels = answers(ball, geometry, radii_mm(4.0, 16.0))
    middle = [float(level[24, 24, 24]) for level in levels]
    assert middle[2] == pytest.approx(40.0, rel=0.03)
    assert middle[2] == max(middle)


def test_radii_run_by_the_root_of_two() -> None:
    assert radii_mm(3.0, 6.0) == pytest.approx([3.0, 4.2426, 6.0], rel=1e-3)


def test_hypervascular_and_hypovascular_lesions_are_found_with_their_size() -> None:
    bright, dark = (-20.0, 5.0, 10.0), (22.0, -8.0, -9.0)
    arterial = _ct(70.0, [(_sphere(bright, 20.0), 50.0), (_sphere(dark, 24.0), -12.0)])
    portal = _ct(108.0, [(_sphere(bright, 20.0), 0.0), (_sphere(dark, 24.0), -40.0)], seed=2)
    found = _find(arterial, portal)
    assert len(found) == 2
    for centre, diameter in ((bright, 20.0), (dark, 24.0)):
        nearest = min(found, key=lambda one: float(np.linalg.norm(_centre(one) - centre)))
        assert np.linalg.norm(_centre(nearest) - centre) <= 2.0
        assert nearest.features.diameter_mm == pytest.approx(diameter, abs=1.5)
        assert nearest.features.embedded == pytest.approx(1.0, abs=0.05)


def test_an_even_organ_and_one_crossed_by_a_dark_duct_hold_nothing() -> None:
    k, j, i = np.meshgrid(*[np.arange(n) for n in _GEOMETRY.shape], indexing="ij")
    points = _GEOMETRY.to_lps(np.stack([k, j, i], -1))
    duct = (np.hypot(points[..., 1] - 4.0, points[..., 2] - 2.0) <= 4.0).astype(float) * _organ().array
    assert _find(_ct(70.0, []), _ct(108.0, [], seed=2)) == []
    assert _find(_ct(70.0, [(duct, -45.0)]), _ct(108.0, [(duct, -60.0)], seed=2)) == []


def test_a_lesion_below_the_least_contrast_is_not_named() -> None:
    faint = [(_sphere((0.0, 0.0, 0.0), 20.0), 8.0)]
    assert _find(_ct(70.0, faint), _ct(108.0, [], seed=2)) == []


def test_flipped_images_give_the_flipped_candidate() -> None:
    centre = (-20.0, 8.0, 12.0)
    arterial, portal = _ct(70.0, [(_sphere(centre, 18.0), 50.0)]), _ct(108.0, [], seed=2)
    straight = _find(arterial, portal)
    flipped = _find(arterial.with_array(arterial.array[:, :, ::-1]), portal.with_array(portal.array[:, :, ::-1]))
    assert len(straight) == len(flipped) == 1
    x, y, z = _centre(straight[0])
    assert np.allclose(_centre(flipped[0]), (-x, y, z), atol=0.5)
    assert flipped[0].extent.volume_ml == pytest.approx(straight[0].extent.volume_ml, rel=0.02)


def test_water_in_both_phases_is_a_cyst_and_early_enhancement_stays_unsure() -> None:
    cyst, tumour = (-20.0, 5.0, 10.0), (22.0, -8.0, -9.0)
    arterial = _ct(70.0, [(_sphere(cyst, 20.0), -65.0), (_sphere(tumour, 20.0), 50.0)])
    portal = _ct(108.0, [(_sphere(cyst, 20.0), -103.0)], seed=2)
    found = {bool(_centre(one)[0] < 0): judge("liver", ExamKind.CT, one.features) for one in _find(arterial, portal)}
    assert (found[True][0], found[True][1].rule) == (Verdict.PHYSIOLOGIC, "images.liver_cyst_ct")
    assert (found[False][0], found[False][1].rule) == (Verdict.UNSURE, "images.early_enhancement")


def test_the_last_rule_fits_everything_and_none_calls_a_candidate_tumour() -> None:
    rules = nature_rules()
    assert rules[-1].when == {}
    assert all(rule.verdict is not Verdict.TUMOUR for rule in rules)


def test_mr_needs_a_second_contrast() -> None:
    """Bright on T2 alone, as a duct is, is not kept; bright on diffusion as well is."""
    organ = _organ()
    place = _sphere((0.0, 10.0, 0.0), 20.0)

    def image(level: float, difference: float, seed: int) -> Volume:
        values = np.where(organ.array, level, 20.0) * (1.0 + place * difference)
        values = values + np.random.default_rng(seed).normal(0.0, 0.03 * level, values.shape)
        return Volume(values.astype(np.float32), _GEOMETRY, ARBITRARY)

    names = {"t": "t2", "d": "dwi", "h": "hepatobiliary"}
    lesion = {"t": image(300.0, 0.8, 1), "d": image(200.0, 0.7, 2), "h": image(900.0, -0.5, 3)}
    alone = {**lesion, "d": image(200.0, -0.2, 2), "h": image(900.0, 0.0, 3)}
    rules = image_thresholds()
    assert len(candidates_in("liver", lesion, names, organ, None, ExamKind.MRI, rules)) == 1
    assert candidates_in("liver", alone, names, organ, None, ExamKind.MRI, rules) == []


def test_a_series_that_stands_in_is_searched_only_where_the_other_is_missing() -> None:
    assert "delayed" not in wanted_contrasts("liver", {"arterial", "portal_venous", "delayed"})
    assert "delayed" in wanted_contrasts("liver", {"arterial", "delayed"})


def test_mode_and_deviation_are_those_of_the_larger_group() -> None:
    random = np.random.default_rng(3)
    values = np.concatenate([random.normal(100.0, 5.0, 6000), random.normal(40.0, 5.0, 3000)]).astype(np.float32)
    assert commonest(values) == pytest.approx(100.0, abs=2.0)
    assert deviation(values[:6000]) == pytest.approx(5.0, rel=0.05)


def test_two_lesions_that_touch_are_both_found() -> None:
    left, right = (-9.0, 2.0, 4.0), (9.0, 2.0, 4.0)
    arterial = _ct(70.0, [(np.maximum(_sphere(left, 18.0), _sphere(right, 18.0)), 50.0)])
    found = _find(arterial, _ct(108.0, [], seed=2))
    assert len(found) == 2
    for centre in (left, right):
        assert min(float(np.linalg.norm(_centre(one) - centre)) for one in found) <= 2.5


def test_a_bright_vessel_that_swells_here_and_there_is_no_lesion() -> None:
    k, j, i = np.meshgrid(*[np.arange(n) for n in _GEOMETRY.shape], indexing="ij")
    points = _GEOMETRY.to_lps(np.stack([k, j, i], -1))
    width = 4.5 + 0.6 * np.sin(points[..., 0] / 6.0)
    vessel = (np.hypot(points[..., 1] - 4.0, points[..., 2] - 2.0) <= width).astype(float) * _organ().array
    found = _find(_ct(70.0, [(vessel, 50.0)]), _ct(108.0, [(vessel, 40.0)], seed=2))
    assert [one for one in found if abs(_centre(one)[0]) < 35.0] == [], (
        "where the organ's edge cuts it short it may be named"
    )


@pytest.mark.parametrize("along", [np.linspace(-30, 30, 6001), np.linspace(-5, 30, 3501)])
def test_a_tube_goes_on(along: npt.NDArray[np.float64]) -> None:
    assert goes_on(along, 5.0, 0.01, 0.5)
    assert goes_on(-along, 5.0, 0.01, 0.5)


def test_a_ball_and_two_balls_that_touch_end() -> None:
    rng = np.random.default_rng(3)
    ball = rng.uniform(-1, 1, (60000, 3))
    ball = 9.0 * ball[np.linalg.norm(ball, axis=1) <= 1.0]
    assert not goes_on(ball[:, 0], 9.0, 0.5, 0.5)
    assert not goes_on(np.concatenate([ball[:, 0], ball[:, 0] + 18.0]), 9.0, 0.5, 0.5)


def _pieces(tumour: npt.NDArray[np.float64], centres: list[tuple[float, float, float]]) -> tuple[list[Piece], Volume]:
    """Pieces of a tumour as the search outlines them at some of its places, each beside the others."""
    volume = _ct(70.0, [(tumour, 50.0)])
    pieces = []
    for number, centre in enumerate(centres):
        others = np.array([one for n, one in enumerate(centres) if n != number])
        place = Place(np.asarray(centre), 7.0, others.reshape(-1, 3), np.full(len(others), 7.0))
        extent = extent_of(volume, _organ().array, _GEOMETRY, place, 70.0)
        assert extent is not None
        pieces.append(Piece("a", extent))
    return pieces, volume


def test_pieces_of_one_tumour_are_one_in_any_order_and_two_tumours_are_two() -> None:
    centres = [(-8.0, 0.0, 0.0), (8.0, 0.0, 0.0), (0.0, 9.0, 2.0)]
    pieces, volume = _pieces(_sphere((0.0, 2.0, 0.0), 34.0), centres)
    for order in permutations(range(3)):
        assert [sorted(group) for group in _groups([pieces[n] for n in order], volume)] == [[0, 1, 2]]
    two = np.maximum(_sphere((-9.0, 0.0, 0.0), 17.0), _sphere((9.0, 0.0, 0.0), 17.0))
    apart, volume = _pieces(two, [(-9.0, 0.0, 0.0), (9.0, 0.0, 0.0)])
    assert _groups(apart, volume) == [[0], [1]]


def _groups(pieces: list[Piece], volume: Volume) -> list[list[int]]:
    return groups_of(pieces, {"a": volume}, _GEOMETRY, image_thresholds())


def test_the_place_of_joined_pieces_is_the_middle_of_the_tumour() -> None:
    pieces, volume = _pieces(_sphere((0.0, 0.0, 0.0), 34.0), [(-8.0, 0.0, 0.0), (8.0, 0.0, 0.0)])
    place = place_of(pieces, [])
    whole = extent_of(volume, _organ().array, _GEOMETRY, place, 70.0)
    assert whole is not None
    assert np.linalg.norm(place.centre_lps_mm) <= 2.0
    assert whole.volume_ml == pytest.approx(4 / 3 * np.pi * 17.0**3 / 1000, rel=0.1)
