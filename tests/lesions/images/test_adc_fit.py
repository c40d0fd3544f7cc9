"""ADC from b-values: exact without noise, right on average with it, refused where it cannot be told."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.lesions import AdcFit, fit_adc, noise_level, used_b_values


def _signals(adc: float, b_values: list[float], noise: float = 0.0, size: int = 24) -> dict[float, np.ndarray]:
    """Magnitude images of one tissue, S(0) = 200, with Rician noise."""
    random = np.random.default_rng(4)
    shape = (4, size, size)
    return {
        b: np.hypot(
            200.0 * np.exp(-b * adc * 1e-6) + random.normal(0, noise, shape)
            if noise
            else 200.0 * np.exp(-b * adc * 1e-6),
            random.normal(0, noise, shape) if noise else np.zeros(shape),
        )
        for b in b_values
    }


@pytest.mark.parametrize("adc", [400.0, 1100.0, 2900.0])
def test_the_adc_of_a_pure_decay_is_exact(adc: float) -> None:
    fit = fit_adc(_signals(adc, [0, 50, 400, 800]), dict.fromkeys([0.0, 50.0, 400.0, 800.0], 0.0))
    assert isinstance(fit, AdcFit)
    assert fit.b_values == (50.0, 400.0, 800.0)
    assert np.allclose(fit.adc, adc)


@pytest.mark.parametrize("adc", [800.0, 1500.0, 2500.0])
def test_noise_does_not_pull_the_mean_away(adc: float) -> None:
    b_values = [50.0, 400.0, 800.0]
    fit = fit_adc(_signals(adc, b_values, noise=6.0), dict.fromkeys(b_values, 6.0))
    assert isinstance(fit, AdcFit)
    assert np.nanmean(fit.adc) == pytest.approx(adc, rel=0.03)


def test_a_signal_at_the_noise_floor_has_no_adc() -> None:
    fit = fit_adc({50.0: np.full((1, 2, 2), 5.0), 800.0: np.full((1, 2, 2), 5.0)}, {50.0: 5.0, 800.0: 5.0})
    assert isinstance(fit, AdcFit)
    assert np.isnan(fit.adc).all()


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ([0, 50, 400, 800], (50, 400, 800)),
        ([0, 800], (0, 800)),
        ([0, 50, 340], (0, 50, 340)),
        ([0, 50, 350], (50, 350)),
        ([0, 100], ()),
        ([800], ()),
        ([], ()),
    ],
)
def test_which_b_values_are_fitted(given: list[float], used: tuple[float, ...]) -> None:
    chosen, why = used_b_values(given)
    assert chosen == used
    assert bool(why) is not bool(used)


def test_the_noise_is_told_from_the_air_at_the_border() -> None:
    random = np.random.default_rng(1)
    image = np.hypot(random.normal(0, 7.0, (6, 60, 60)), random.normal(0, 7.0, (6, 60, 60)))
    image[:, 15:45, 10:60] += 300.0
    assert noise_level(image) == pytest.approx(7.0, rel=0.1)
    assert noise_level(np.zeros((2, 20, 20))) == 0.0
