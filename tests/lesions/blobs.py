"""Analytic PET: a sphere of uptake blurred by a Gaussian, known exactly at every voxel centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.special import erf

from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Volume

FWHM_PER_SIGMA = float(np.sqrt(8.0 * np.log(2.0)))


def blurred_sphere(distance_mm: npt.ArrayLike, radius_mm: float, fwhm_mm: float) -> npt.NDArray[np.float64]:
    """Unit sphere convolved with an isotropic Gaussian, at a distance from its centre (closed form)."""
    r = np.maximum(np.asarray(distance_mm, dtype=float), 1e-6)
    sigma = fwhm_mm / FWHM_PER_SIGMA
    inner, outer = (radius_mm - r) / (np.sqrt(2) * sigma), (radius_mm + r) / (np.sqrt(2) * sigma)
    edge = sigma / (np.sqrt(2 * np.pi) * r) * (np.exp(-(inner**2)) - np.exp(-(outer**2)))
    return np.asarray(0.5 * (erf(inner) + erf(outer)) - edge)


@dataclass(frozen=True)
class Ball:
    """Centre (LPS mm), diameter (mm) and contrast to the background of 1."""

    centre: tuple[float, float, float]
    diameter: float
    contrast: float

    @property
    def volume_ml(self) -> float:
        return float(np.pi * self.diameter**3 / 6000)


def grid(size_mm: float = 120.0, spacing_mm: tuple[float, float, float] = (4.0, 4.0, 4.0)) -> Geometry:
    shape = tuple(int(size_mm / s) + 1 for s in spacing_mm)
    return Geometry(shape, spacing_mm, (0.0, 0.0, 0.0))  # type: ignore[arg-type]


def pet_of(balls: list[Ball], geometry: Geometry, *, fwhm_mm: float = 6.0, cov: float = 0.0, seed: int = 0) -> Volume:
    """SUV volume: background 1 and the balls; noise with this CoV in the background, growing with the root of uptake.

    Noise has the grain of a reconstructed PET (5 mm).
    """
    index = np.stack(np.meshgrid(*[np.arange(n) for n in geometry.shape], indexing="ij"), -1)
    places = geometry.to_lps(index)
    values = np.ones(geometry.shape)
    for ball in balls:
        away = np.linalg.norm(places - np.asarray(ball.centre), axis=-1)
        values += (ball.contrast - 1.0) * blurred_sphere(away, ball.diameter / 2, fwhm_mm)
    if cov:
        grain = [5.0 / FWHM_PER_SIGMA / s for s in geometry.spacing_mm]
        noise = gaussian_filter(np.random.default_rng(seed).standard_normal(values.shape), grain)
        values += cov * np.sqrt(values) * noise / noise.std()
    return Volume(values.astype(np.float32), geometry, SUV_BODY_WEIGHT)
