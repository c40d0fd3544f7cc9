"""Whether something of about a known size stands out near a place, and where it does most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.outline_window import Floats, Window, weighted_mean, window_around
from isletscope.spatial import Mask, Volume

_ROBUST_SD = 1.4826


@dataclass(frozen=True)
class Standout:
    """Difference between a core and its surroundings in units of the noise, where it is greatest near a place (LPS mm).

    ``inner`` and ``around`` are in the image's unit, ``noise`` is the robust SD of that difference further out.
    """

    to_noise: float
    inner: float
    around: float
    noise: float
    point_lps_mm: tuple[float, float, float]


def standout(
    volume: Volume,
    place_lps_mm: npt.NDArray[np.float64],
    organ: Mask | None,
    radius_mm: float,
    within_mm: float,
    rules: Thresholds,
) -> Standout | None:
    """The greatest difference of a core of 0.5 radii from what lies around it, at points within a distance of a place.

    Cores and surroundings are Gaussian averages (a difference of Gaussians of one scale). None where the image does not
    cover the place.
    """
    if not volume.geometry.contains(place_lps_mm):
        return None
    window = window_around(volume, place_lps_mm, organ, radius_mm + 0.5 * within_mm, rules)
    inner, around = _averages(window, radius_mm)
    difference = inner - around
    near = window.valid & (window.from_seed_mm <= max(within_mm, window.step_mm))
    away = window.valid & (window.from_seed_mm > within_mm + 1.5 * radius_mm)
    if window.organ is not None and np.count_nonzero(away & window.organ) > 100:
        away &= window.organ
        near = near & window.allowed if (near & window.allowed).any() else near
    if not near.any() or np.count_nonzero(away) < 100:
        return None
    values = difference[away]
    noise = _ROBUST_SD * float(np.median(np.abs(values - np.median(values))))
    best = np.unravel_index(int(np.argmax(np.where(near, np.abs(difference), -1.0))), difference.shape)
    x, y, z = (float(v) for v in window.geometry.to_lps(np.asarray(best, dtype=np.float64)))
    found, level = float(inner[best]), float(around[best])
    return Standout(abs(found - level) / max(noise, 1e-6 * max(1.0, abs(level))), found, level, noise, (x, y, z))


def _averages(window: Window, radius_mm: float) -> tuple[Floats, Floats]:
    """Gaussian averages of a core and of a shell around it, at every voxel."""
    step = window.step_mm
    wide = window.valid if window.organ is None else window.valid & window.allowed
    core = weighted_mean(window.values, window.valid, max(0.5 * radius_mm, 0.5 * step) / step)
    return core, weighted_mean(window.values, wide, (1.2 * radius_mm + 2.0) / step)
