"""Livers that are mostly tumour: parenchyma is told by physiology, tumours by necks and by what they look like."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.lesions.images.candidates import Candidate, candidates_in, image_thresholds
from isletscope.lesions.images.contrast import search_grid
from isletscope.lesions.images.crowded import separated
from isletscope.lesions.images.parenchyma import parenchyma_in, two_modes
from isletscope.model import ExamKind
from isletscope.spatial import ARBITRARY, HOUNSFIELD, Geometry, Mask, Volume, resample_mask

_GEOMETRY = Geometry((30, 54, 54), (4.0, 2.2, 2.2), (-58.3, -58.3, -58.0))
_NAMES = {"a": "arterial", "p": "portal_venous"}
_BALLS = {(x, y, z): 23.0 for x in (-20.5, 20.5) for y in (-20.5, 20.5) for z in (-20.5, 20.5)}


def _distance(centre: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    k, j, i = np.meshgrid(*[np.arange(n) for n in _GEOMETRY.shape], indexing="ij")
    return np.asarray(np.linalg.norm(_GEOMETRY.to_lps(np.stack([k, j, i], -1)) - np.asarray(centre), axis=-1))


def _organ() -> Mask:
    return Mask(_distance((0.0, 0.0, 0.0)) <= 50.0, _GEOMETRY, name="liver")


def _phase(liver: float, tumour: float, balls: dict[tuple[float, float, float], float], seed: int) -> Volume:
    values = np.where(_organ().array, liver, -90.0)
    for number, (centre, radius) in enumerate(balls.items()):
        inside = np.clip((radius - _distance(centre)) / 2.0 + 0.5, 0.0, 1.0) * _organ().array
        values = values + inside * (tumour + 6.0 * (number % 3 - 1) - values)
    values = values + np.random.default_rng(seed).normal(0.0, 6.0, values.shape)
    return Volume(values.astype(np.float32), _GEOMETRY, HOUNSFIELD)


def _series(balls: dict[tuple[float, float, float], float]) -> dict[str, Volume]:
    return {"a": _phase(75.0, 120.0, balls, 1), "p": _phase(110.0, 98.0, balls, 2)}


def _find(series: dict[str, Volume]) -> list[Candidate]:
    return candidates_in("liver", series, _NAMES, _organ(), None, ExamKind.CT, image_thresholds())


def _centre(candidate: Candidate) -> npt.NDArray[np.float64]:
    return np.asarray(candidate.extent.geometry.to_lps(np.argwhere(candidate.extent.inside)).mean(axis=0))


def test_two_modes_are_told_with_their_shares() -> None:
    random = np.random.default_rng(3)
    values = np.concatenate([random.normal(-20.0, 8.0, 7000), random.normal(32.0, 8.0, 3000)])
    modes = two_modes(values)
    assert modes is not None
    assert modes.means == pytest.approx((-20.0, 32.0), abs=1.5)
    assert modes.shares[0] == pytest.approx(0.7, abs=0.02)
    assert modes.separation == pytest.approx(52.0 / 8.0, rel=0.1)
    odds = modes.odds(np.array([-500.0, -20.0, 6.0, 32.0, 500.0]))
    assert np.all(np.diff(odds) >= 0.0)
    assert odds[0] < 0.0 < odds[-1]


def test_one_mode_is_not_called_two() -> None:
    modes = two_modes(np.random.default_rng(4).normal(100.0, 10.0, 8000))
    assert modes is None or modes.separation < image_thresholds().number("parenchyma.least_separation")
    assert two_modes(np.full(100, 5.0)) is None


def _parenchyma(balls: dict[tuple[float, float, float], float]) -> tuple[npt.NDArray[np.bool_] | None, Geometry]:
    grid = search_grid(_organ(), image_thresholds())
    inside = resample_mask(_organ(), grid).array
    return parenchyma_in(_series(balls), _NAMES, inside, grid, image_thresholds()), grid


def test_parenchyma_is_what_the_portal_vein_feeds_though_tumour_is_commoner() -> None:
    found, grid = _parenchyma(_BALLS)
    assert found is not None
    tumour = np.zeros(_GEOMETRY.shape, np.bool_)
    for centre, radius in _BALLS.items():
        tumour |= _distance(centre) <= radius
    assert (tumour & _organ().array).sum() > 0.6 * _organ().array.sum()
    truth = resample_mask(Mask(_organ().array & ~tumour, _GEOMETRY), grid).array
    assert 2.0 * (found & truth).sum() / (found.sum() + truth.sum()) >= 0.9


def test_parenchyma_that_fills_most_of_the_liver_is_left_to_the_commonest_value() -> None:
    found, _ = _parenchyma(dict(list(_BALLS.items())[:2]))
    assert found is None


def test_tumours_that_fill_the_liver_are_named_one_by_one_with_their_size() -> None:
    found = _find(_series(_BALLS))
    assert len(found) == len(_BALLS)
    for centre, radius in _BALLS.items():
        nearest = min(found, key=lambda one: float(np.linalg.norm(_centre(one) - centre)))
        assert np.linalg.norm(_centre(nearest) - centre) <= 4.0
        true_ml = float(((_distance(centre) <= radius) & _organ().array).sum()) * _GEOMETRY.voxel_volume_ml
        assert nearest.extent.volume_ml == pytest.approx(true_ml, rel=0.15)


def test_a_flipped_liver_gives_the_flipped_tumours() -> None:
    series = _series(_BALLS)
    flipped = {key: one.with_array(one.array[:, :, ::-1]) for key, one in series.items()}
    straight = sorted(tuple(np.round(_centre(one) * (-1, 1, 1), 0)) for one in _find(series))
    mirrored = sorted(tuple(np.round(_centre(one), 0)) for one in _find(flipped))
    assert len(straight) == len(mirrored)
    assert np.allclose(straight, mirrored, atol=2.0)


@pytest.mark.parametrize(("apart_mm", "parts"), [(20.0, 1), (44.0, 2), (60.0, 2)])
def test_a_narrow_neck_makes_two_and_a_wide_one_does_not(apart_mm: float, parts: int) -> None:
    both = (_distance((-apart_mm / 2, 0.0, 0.0)) <= 23.0) | (_distance((apart_mm / 2, 0.0, 0.0)) <= 23.0)
    labels, count = separated(both, _GEOMETRY.spacing_mm, 0.775)
    assert count == parts
    assert np.array_equal(labels > 0, both)


def test_nothing_has_no_parts() -> None:
    labels, count = separated(np.zeros((4, 5, 6), np.bool_), (4.0, 2.0, 2.0), 0.775)
    assert count == 0
    assert not labels.any()


def test_one_series_of_mr_with_dark_vessels_is_no_liver_full_of_tumour() -> None:
    """Vessels are dark on diffusion: that tail is not the parenchyma, when no other series says so."""
    shares = np.clip(23.0 - _distance((0.0, 0.0, 0.0)), 0.0, 1.0)
    random = np.random.default_rng(5)

    def mr(liver: float, other: float) -> Volume:
        values = np.where(_organ().array, liver + shares * (other - liver), 5.0)
        return Volume((values + random.normal(0.0, 6.0, values.shape)).astype(np.float32), _GEOMETRY, ARBITRARY)

    grid = search_grid(_organ(), image_thresholds())
    inside = resample_mask(_organ(), grid).array
    names = {"d": "dwi", "h": "hepatobiliary", "t": "t2"}
    even = {"d": mr(160.0, 90.0), "h": mr(300.0, 300.0), "t": mr(120.0, 120.0)}
    assert parenchyma_in(even, names, inside, grid, image_thresholds()) is None
    # The other series contradict it too where they show the same tail the other way round.
    against = {**even, "h": mr(300.0, 180.0)}
    assert parenchyma_in(against, names, inside, grid, image_thresholds()) is None
