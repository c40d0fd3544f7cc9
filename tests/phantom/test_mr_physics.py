"""MR signal against closed forms, and the steps from signal to stored image."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.mr_physics import (
    Excitation,
    bias_field,
    diffusion_factor,
    enhanced_t1_ms,
    fit_adc,
    gradient_echo,
    point_spread,
    rician,
    signal,
    spin_echo,
    spread,
)
from isletscope.spatial import Geometry

times = st.floats(50, 3000)
GRADIENT = Excitation("gradient_echo", 7.0, 2.3, 10.0)


@given(times, times, st.floats(1, 89))
def test_gradient_echo_peaks_at_the_ernst_angle(t1_ms: float, repetition_ms: float, flip: float) -> None:
    ernst = math.degrees(math.acos(math.exp(-repetition_ms / t1_ms)))
    best = gradient_echo(1.0, t1_ms, 1e9, repetition_ms, 0.0, ernst)
    assert gradient_echo(1.0, t1_ms, 1e9, repetition_ms, 0.0, flip) <= best + 1e-9
    e1 = math.exp(-repetition_ms / t1_ms)
    assert best == pytest.approx(math.sqrt((1 - e1) / (1 + e1)), rel=1e-9)


def test_gradient_echo_at_ninety_degrees_is_saturation_recovery() -> None:
    assert gradient_echo(0.8, 600, 50, 150, 5, 90) == pytest.approx(
        0.8 * (1 - math.exp(-0.25)) * math.exp(-0.1), rel=1e-12
    )


def test_spin_echo_limits() -> None:
    assert spin_echo(0.7, 800, 50, 1e9, 50) == pytest.approx(0.7 / math.e)
    assert spin_echo(1.0, 1000, 1e9, 1000 * math.log(2), 0) == pytest.approx(0.5)


def test_diffusion_halves_where_it_must() -> None:
    assert diffusion_factor(1000.0, 1000 * math.log(2)) == pytest.approx(0.5)
    assert diffusion_factor(1200.0, 0) == 1.0


def test_contrast_agent_adds_rates() -> None:
    assert enhanced_t1_ms(1000, 1.0) == pytest.approx(500)
    assert enhanced_t1_ms(586, 3.05) == pytest.approx(210, abs=0.5)


@settings(max_examples=30)
@given(st.floats(0, 1), times, st.floats(20, 200))
def test_water_and_fat_add_in_phase_and_subtract_when_opposed(fraction: float, t1_ms: float, t2_ms: float) -> None:
    tissue = Appearance(t1_ms=t1_ms, t2_ms=t2_ms, proton_density=0.9, fat_fraction=fraction)
    water = signal(replace(tissue, fat_fraction=0.0), GRADIENT) * (1 - fraction)
    fat = signal(replace(tissue, fat_fraction=1.0), GRADIENT) * fraction
    assert signal(tissue, GRADIENT) == pytest.approx(water + fat)
    assert signal(tissue, replace(GRADIENT, fat="opposed_phase")) == pytest.approx(water - fat)
    assert signal(tissue, replace(GRADIENT, fat="saturated", fat_left=0.1)) == pytest.approx(water + 0.1 * fat)


def test_fat_takes_up_no_contrast_agent() -> None:
    fat = Appearance(fat_fraction=1.0)
    assert signal(fat, GRADIENT, 5.0) == signal(fat, GRADIENT, 0.0)


@pytest.mark.parametrize("acquired", [1.0, 1.3, 2.0])
def test_point_spread_keeps_the_mean_and_is_symmetric(acquired: float) -> None:
    kernel = point_spread(1.0, acquired)
    assert kernel.sum() == pytest.approx(1.0)
    assert np.allclose(kernel, kernel[::-1])
    flat = np.full((2, 12, 14), 7.0, dtype=np.float32)
    assert np.allclose(spread(flat, kernel), 7.0, atol=1e-4)


def test_coarser_acquisition_blurs_more() -> None:
    assert point_spread(1.0, 2.0).max() < point_spread(1.0, 1.2).max()


def test_bias_field_is_smooth_and_of_the_strength_asked_for() -> None:
    geometry = Geometry((30, 80, 100), (4.0, 3.0, 3.0), (0.0, 0.0, 0.0))
    field = bias_field(geometry, 0.1, np.random.default_rng(2))
    assert field.shape == geometry.shape
    assert 0.05 < field.std() < 0.2
    assert abs(field.mean() - 1) < 0.08
    assert max(float(np.abs(np.diff(field, axis=axis)).max()) for axis in range(3)) < 0.05


def test_rician_noise_has_the_stated_deviation_and_the_known_mean_in_air() -> None:
    clean = np.zeros((40, 64, 64), dtype=np.float32)
    clean[20:] = 400.0
    noisy = rician(clean, 10.0, np.array([1.0]), np.random.default_rng(3))
    assert noisy[:20].mean() == pytest.approx(10 * math.sqrt(math.pi / 2), rel=0.03)
    assert noisy[20:].std() == pytest.approx(10.0, rel=0.03)
    assert noisy[20:].mean() == pytest.approx(400 + 100 / 800, abs=0.5)


def test_without_noise_the_magnitude_of_a_signed_signal_remains() -> None:
    clean = np.array([[[-3.0, 0.0, 2.0]]], dtype=np.float32)
    assert rician(clean, 0.0, np.array([1.0]), np.random.default_rng(1)).tolist() == [[[3.0, 0.0, 2.0]]]


@pytest.mark.parametrize("b_values", [(0, 800), (50, 400, 800), (0, 50, 400, 800)])
def test_adc_fit_returns_what_went_in(b_values: tuple[float, ...]) -> None:
    adc = np.array([[[300.0, 1000.0, 2900.0]]], dtype=np.float32)
    images = [np.float32(200.0) * np.exp(-b * adc * 1e-6).astype(np.float32) for b in b_values]
    assert np.allclose(fit_adc(images, b_values, 20.0), adc, rtol=1e-3)


def test_adc_of_air_is_zero() -> None:
    images = [np.full((1, 2, 2), v, dtype=np.float32) for v in (5.0, 4.0)]
    assert not fit_adc(images, (0, 800), 10.0).any()
