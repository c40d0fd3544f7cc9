"""Histograms: definitions against known distributions, when they are given, and what a uniform lesion shows."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.lesions import histogram_of, uniform_spread
from isletscope.lesions.resolution import blurred_sphere

UNIFORM = np.linspace(0.0, 10.0, 10001)


def values_of(kind: str, values: object, volume_ml: float) -> dict[str, float | None]:
    return {name: one.value for name, one in histogram_of(kind, np.asarray(values), volume_ml).items()}


def test_figures_of_an_even_distribution_are_those_of_its_formula() -> None:
    found = values_of("sstr", UNIFORM, 20.0)
    expected = {
        "sstr_mean": 5.0,
        "sstr_cov": 1 / np.sqrt(3),
        "sstr_p10": 1.0,
        "sstr_p50": 5.0,
        "sstr_p90": 9.0,
        "sstr_skewness": 0.0,
        "sstr_kurtosis": -1.2,
        "sstr_auc_csh": 0.5,
    }
    assert found == {name: pytest.approx(value, abs=2e-3) for name, value in expected.items()}


def test_skewness_and_kurtosis_follow_the_normal_distribution() -> None:
    values = np.random.default_rng(3).normal(10.0, 1.0, 200_000)
    found = values_of("fdg", values, 20.0)
    assert found["fdg_skewness"] == pytest.approx(0.0, abs=0.03)
    assert found["fdg_kurtosis"] == pytest.approx(0.0, abs=0.06)


def test_a_uniform_lesion_has_all_of_its_cumulative_histogram_below_the_maximum() -> None:
    assert values_of("sstr", np.full(500, 7.0), 20.0)["sstr_auc_csh"] == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_relative_figures_do_not_depend_on_the_unit(factor: float) -> None:
    one, other = values_of("sstr", UNIFORM + 1, 20.0), values_of("sstr", factor * (UNIFORM + 1), 20.0)
    for name in ("sstr_cov", "sstr_skewness", "sstr_kurtosis", "sstr_auc_csh"):
        assert other[name] == pytest.approx(one[name], abs=2e-3)


@pytest.mark.parametrize(("volume_ml", "given"), [(9.99, False), (10.0, True)])
def test_pet_histograms_begin_at_ten_millilitres(volume_ml: float, given: bool) -> None:
    found = histogram_of("fdg", UNIFORM[:200] + 1, volume_ml)
    assert (found["fdg_cov"].value is not None) is given
    if not given:
        assert "is below 10 mL" in (found["fdg_cov"].missing_because or "")


@pytest.mark.parametrize(("voxels", "given"), [(63, False), (64, True)])
def test_diffusion_needs_voxels_and_no_volume(voxels: int, given: bool) -> None:
    found = histogram_of("adc", np.linspace(800, 1200, voxels), 0.5)
    assert (found["adc_p10"].value is not None) is given
    assert found["adc_kurtosis"].value is None


@pytest.mark.parametrize(("voxels", "given"), [(99, False), (100, True)])
def test_kurtosis_waits_for_its_standard_error(voxels: int, given: bool) -> None:
    found = histogram_of("adc", np.linspace(800, 1200, voxels), 5.0)["adc_kurtosis"]
    assert (found.value is not None) is given
    assert "standard error" in (found.limitation or found.missing_because or "")


def test_an_outline_that_leaves_the_images_has_no_histogram() -> None:
    values = np.where(np.arange(200) < 20, np.nan, 5.0)
    found = histogram_of("sstr", values, 20.0)["sstr_mean"]
    assert found.missing_because == "only 90 % of the outline lies inside the images"


def test_equal_voxels_have_no_kurtosis_but_a_mean() -> None:
    found = histogram_of("sstr", np.full(200, 5.0), 20.0)
    assert found["sstr_mean"].value == 5.0
    assert found["sstr_cov"].value == 0.0
    assert found["sstr_kurtosis"].missing_because == "all voxels have the same value"


def test_a_blurred_uniform_sphere_shows_the_spread_that_is_expected_of_it() -> None:
    radius, step = 17.0, 2.0
    axis = np.arange(-30.0, 30.1, step)
    distance = np.sqrt(sum(part**2 for part in np.meshgrid(axis, axis, axis)))
    uptake = 2.0 + 20.0 * blurred_sphere(distance, radius, 6.0)
    inside = uptake[uptake > 2.0 + 0.45 * (uptake.max() - 2.0)]
    expected = uniform_spread("sstr", inside, inside.size * step**3 / 1000, 0.0).value
    assert inside.std() / inside.mean() == pytest.approx(expected, abs=0.01)


def test_noise_joins_by_squares_and_is_asked_for() -> None:
    values = np.linspace(9.0, 20.0, 300)
    quiet, noisy = (uniform_spread("sstr", values, 20.0, noise).value or 0.0 for noise in (0.0, 0.3))
    assert noisy == pytest.approx(np.hypot(quiet, 0.3))
    assert "no liver region" in (uniform_spread("sstr", values, 20.0, None).missing_because or "")
