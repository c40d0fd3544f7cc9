"""The apparent diffusion coefficient from the images of several b-values, where the scanner sent no map.

``S(b) = S(0) exp(-b ADC)``, solved voxel by voxel as weighted linear least squares of ln S over b with weights S²,
which are the inverse variances of ln S. A magnitude image never falls to zero: its signal is sqrt(S² + 2 sigma²) on
average, so 2 sigma² is taken off first (Gudbjartsson and Patz, 1995), and images of a voxel that lie at the noise floor
are left out. b-values at which blood in capillaries still counts are left out where two others remain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.lesions.images.phenotype_rules import rule

FloatArray = npt.NDArray[np.float64]
_BORDER_SHARE = 0.06
_MEDIAN_OF_RAYLEIGH = 1.17741
_TO_MICRO = 1e6


@dataclass(frozen=True)
class AdcFit:
    """ADC in 10^-6 mm²/s [k, j, i], NaN where it could not be fitted, and the b-values (s/mm²) that were used."""

    adc: FloatArray
    b_values: tuple[float, ...]

    @property
    def method(self) -> str:
        """How it was made, in words."""
        listed = ", ".join(f"{b:g}" for b in self.b_values)
        return f"fitted to b = {listed} s/mm², monoexponential, weighted least squares, noise floor taken off"


def used_b_values(given: Iterable[float]) -> tuple[tuple[float, ...], str]:
    """The b-values (s/mm²) to fit, in order; or none, and why."""
    known = sorted(set(given))
    above = [b for b in known if b >= rule("adc.from_b")]
    span = rule("adc.least_span_b")
    for chosen in (above, known):
        if len(chosen) >= 2 and chosen[-1] - chosen[0] >= span:
            return tuple(chosen), ""
    listed = ", ".join(f"{b:g}" for b in known) or "none"
    return (), f"an ADC needs two b-values at least {span:g} s/mm² apart; there are {listed}"


def noise_level(image: npt.NDArray[np.number]) -> float:
    """Standard deviation of the noise of a magnitude image [k, j, i], from the air at its border; 0 where it is blank.

    Air holds a Rayleigh distribution, whose median is 1.177 sigma. Tissue at the border would be taken for noise: the
    lowest of the four sides counts.
    """
    rows, columns = (max(1, round(_BORDER_SHARE * n)) for n in image.shape[1:])
    sides = (image[:, :rows], image[:, -rows:], image[:, :, :columns], image[:, :, -columns:])
    return min(float(np.median(side)) for side in sides) / _MEDIAN_OF_RAYLEIGH


def fit_adc(signals: Mapping[float, npt.NDArray[np.number]], noise: Mapping[float, float]) -> AdcFit | str:
    """ADC from images of one grid by b-value (s/mm²) and their noise levels; a sentence where none can be made."""
    chosen, why = used_b_values(signals)
    if not chosen:
        return why
    shape = next(iter(signals.values())).shape
    weight_sum, b_sum, log_sum, bb_sum, bl_sum = (np.zeros(shape) for _ in range(5))
    count = np.zeros(shape, dtype=int)
    for b in chosen:
        squared = np.asarray(signals[b], dtype=np.float64) ** 2 - 2.0 * noise[b] ** 2
        used = squared > max((rule("adc.noise_factor") * noise[b]) ** 2, 1e-12)
        weight = np.where(used, squared, 0.0)
        log = 0.5 * np.log(np.where(used, squared, 1.0))
        weight_sum += weight
        b_sum += weight * b
        log_sum += weight * log
        bb_sum += weight * b * b
        bl_sum += weight * b * log
        count += used
    spread = weight_sum * bb_sum - b_sum**2
    fitted = (count >= 2) & (spread > 1e-12 * np.maximum(weight_sum * bb_sum, 1e-300))
    slope = np.divide(b_sum * log_sum - weight_sum * bl_sum, spread, out=np.full(shape, np.nan), where=fitted)
    adc = slope * _TO_MICRO
    adc[~((adc >= 0) & (adc <= rule("adc.highest")))] = np.nan
    return AdcFit(adc, chosen)
