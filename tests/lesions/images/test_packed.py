"""A liver that is mostly tumour: which tissue is liver, and the masses in it, in a made organ of packed balls."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.lesions.images.candidates import Candidate, candidates_in, image_thresholds
from isletscope.lesions.images.contrast import liver_tissue
from isletscope.lesions.images.parenchyma import peaks_of
from isletscope.model import ExamKind
from isletscope.spatial import ARBITRARY, HOUNSFIELD, Geometry, Mask, Volume

_GEOMETRY = Geometry((32, 64, 64), (4.0, 2.2, 2.2), (-69.3, -69.3, -62.0))
_NAMES = {"a": "arterial", "p": "portal_venous"}
_RADIUS_MM = 17.5
# A grid of balls that almost touch fills half of space; balls of 1.1 times their half distance meet in necks.
_CENTRES = [
    (x, y, z) for x in (-32.0, 0.0, 32.0) for y in (-32.0, 0.0, 32.0) for z in (-32.0, 0.0, 32.0)
    if np.linalg.norm((x, y, z)) < 50.0
]  # fmt: skip


def _points() -> npt.NDArray[np.float64]:
    k, j, i = np.meshgrid(*[np.arange(n) for n in _GEOMETRY.shape], indexing="ij")
    return _GEOMETRY.to_lps(np.stack([k, j, i], -1))


def _organ() -> Mask:
    return Mask(np.linalg.norm(_points(), axis=-1) <= 56.0, _GEOMETRY, name="liver")


def _tumour(centres: list[tuple[float, float, float]]) -> npt.NDArray[np.float64]:
    nearest = np.min([np.linalg.norm(_points() - np.asarray(centre), axis=-1) for centre in centres], axis=0)
    return np.asarray(np.clip((_RADIUS_MM - nearest) / 2.0 + 0.5, 0.0, 1.0))


def _ct(liver: float, tumour: float, share: npt.NDArray[np.float64], seed: int) -> Volume:
    values = np.where(_organ().array, liver + share * (tumour - liver), -90.0)
    values = values + np.random.default_rng(seed).normal(0.0, 6.0, values.shape)
    return Volume(values.astype(np.float32), _GEOMETRY, HOUNSFIELD)


def _series(share: npt.NDArray[np.float64], arterial: float = 120.0, portal: float = 92.0) -> dict[str, Volume]:
    """Liver of 75 and 110 HU with tumour of the given values."""
    return {"a": _ct(75.0, arterial, share, 1), "p": _ct(110.0, portal, share, 2)}


def _tissue(series: dict[str, Volume], names: dict[str, str] = _NAMES) -> npt.NDArray[np.bool_] | None:
    return liver_tissue(series, names, _organ().array, _GEOMETRY, image_thresholds())


def _find(series: dict[str, Volume]) -> list[Candidate]:
    return candidates_in("liver", series, _NAMES, _organ(), None, ExamKind.CT, image_thresholds())


def test_the_tumour_is_most_of_the_made_organ() -> None:
    share = _tumour(_CENTRES)
    assert len(_CENTRES) == 19
    assert share[_organ().array].mean() > 0.5


def test_liver_is_what_enhances_less_early_and_more_late_however_little_it_is() -> None:
    share = _tumour(_CENTRES)
    tissue = _tissue(_series(share))
    assert tissue is not None
    assert share[tissue].mean() < 0.1
    assert np.count_nonzero(tissue) > 0.5 * np.count_nonzero(_organ().array & (share < 0.1))


def test_with_few_metastases_the_commonest_value_is_liver() -> None:
    assert _tissue(_series(_tumour(_CENTRES[:5]))) is None


def test_series_that_contradict_each_other_leave_it_open() -> None:
    """Tumour brighter early and late: one of the two rules does not hold for it, and neither is trusted."""
    assert _tissue(_series(_tumour(_CENTRES), portal=135.0)) is None


def test_one_series_alone_leaves_it_open() -> None:
    series = _series(_tumour(_CENTRES))
    assert _tissue({"a": series["a"]}) is None


def test_on_mr_liver_takes_up_the_agent_and_is_dark_on_diffusion() -> None:
    share = _tumour(_CENTRES)
    series = {
        name: Volume(_ct(liver, tumour, share, seed).array, _GEOMETRY, ARBITRARY)
        for seed, (name, liver, tumour) in enumerate((("h", 300.0, 140.0), ("d", 60.0, 130.0)))
    }
    tissue = _tissue(series, {"h": "hepatobiliary", "d": "dwi"})
    assert tissue is not None
    assert share[tissue].mean() < 0.1


def test_every_packed_mass_is_found_with_its_size() -> None:
    found = _find(_series(_tumour(_CENTRES)))
    assert len(found) == len(_CENTRES)
    for candidate in found:
        centre = candidate.extent.geometry.to_lps(np.argwhere(candidate.extent.inside)).mean(axis=0)
        apart = np.linalg.norm(np.asarray(_CENTRES) - centre, axis=1)
        assert apart.min() <= 5.0
        assert candidate.features.shown["arterial"].difference == pytest.approx(45.0, abs=8.0)
        # Outer balls are cut by the organ's edge.
        if np.linalg.norm(_CENTRES[int(apart.argmin())]) < 40.0:
            assert candidate.features.diameter_mm == pytest.approx(2.0 * _RADIUS_MM, abs=3.0)


def test_a_mirrored_liver_gives_the_mirrored_masses() -> None:
    series = _series(_tumour(_CENTRES))
    mirrored = {key: volume.with_array(volume.array[:, :, ::-1]) for key, volume in series.items()}
    assert len(_find(mirrored)) == len(_find(series))


def test_noise_of_one_tissue_has_one_peak_and_two_tissues_have_two() -> None:
    random = np.random.default_rng(3)
    one = random.normal(100.0, 8.0, 20000)
    two = np.concatenate([random.normal(75.0, 8.0, 6000), random.normal(120.0, 8.0, 14000)])
    assert peaks_of(one, image_thresholds()) is None
    peaks = peaks_of(two, image_thresholds())
    assert peaks is not None
    assert (peaks.low, peaks.high, peaks.commonest) == pytest.approx((75.0, 120.0, 120.0), abs=3.0)
    assert 90.0 < peaks.valley < 105.0
