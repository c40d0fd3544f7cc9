"""What theory predicts of an image: a uniform ball in a uniform background, seen with a Gaussian point spread.

The convolution of a ball (radius R) with an isotropic Gaussian (standard deviation s) has a closed form; at distance r
from the centre, c(r) = [erf(a) + erf(b)] / 2 - s / (r sqrt(2 pi)) [exp(-a^2) - exp(-b^2)], a = (R - r) / (s sqrt 2),
b = (R + r) / (s sqrt 2) (Kessler 1984; Soret 2007 for its use as recovery coefficient).
"""

from __future__ import annotations

import numpy as np
from scipy.special import erf

from tests.phantom.measuring.files import Array

FWHM_TO_SIGMA = 1.0 / (2.0 * np.sqrt(2.0 * np.log(2.0)))
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)


def blurred_ball(distance_mm: Array, radius_mm: float, sigma_mm: float) -> Array:
    """Recovery (0 to 1) at distances from the centre of a ball of unit activity in nothing."""
    r = np.maximum(distance_mm, 1e-3 * sigma_mm)
    a = (radius_mm - r) / (sigma_mm * np.sqrt(2))
    b = (radius_mm + r) / (sigma_mm * np.sqrt(2))
    return np.asarray((erf(a) + erf(b)) / 2 - sigma_mm / (r * np.sqrt(2 * np.pi)) * (np.exp(-(a**2)) - np.exp(-(b**2))))


def recovery_in_voxels(
    centres_mm: Array, axes_mm: Array, ball_centre_mm: Array, radius_mm: float, sigma_mm: float
) -> Array:
    """Recovery averaged over voxels: ``centres_mm`` [n, 3], ``axes_mm`` columns are the voxel's edge vectors.

    Gauss-Legendre quadrature with four points along each edge.
    """
    total = np.zeros(len(centres_mm))
    for n, u in enumerate(_NODES):
        for m, v in enumerate(_NODES):
            for p, w in enumerate(_NODES):
                weight = _WEIGHTS[n] * _WEIGHTS[m] * _WEIGHTS[p] / 8
                shifted = centres_mm + axes_mm @ np.array([u, v, w]) / 2 - ball_centre_mm
                total += weight * blurred_ball(np.linalg.norm(shifted, axis=1), radius_mm, sigma_mm)
    return total
