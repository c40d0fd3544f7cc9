"""Analytic PET: a sphere of uptake blurred by a Gaussian, known exactly at every voxel centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from isletscope.lesions.resolution import FWHM_PER_SIGMA, blurred_sphere
from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Volume


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
