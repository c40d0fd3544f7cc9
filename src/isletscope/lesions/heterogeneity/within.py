"""Spread of the voxels of one lesion: first-order figures of its histogram, and what a uniform lesion would show.

First-order figures follow the definitions of the IBSI reference manual (section intensity-based statistics), with
population moments and excess kurtosis. The area under the cumulative histogram follows van Velden 2011 (Eur J Nucl Med
Mol Imaging 38:1636, recall): share of the volume at or above each share of the maximum; lower means more uneven.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.anatomy import Thresholds, load_thresholds
from isletscope.lesions.delineation_rules import delineation_rules
from isletscope.lesions.resolution import blurred_sphere
from isletscope.model import Measurement, derived, measured, missing

_NAMES = {
    "mean": "mean",
    "cov": "coefficient of variation",
    "p10": "10th percentile",
    "p50": "median",
    "p90": "90th percentile",
    "skewness": "skewness",
    "kurtosis": "excess kurtosis",
    "auc_csh": "area under the cumulative histogram",
}
_WITH_UNIT = ("mean", "p10", "p50", "p90")
_OF_ADC = ("mean", "p10", "p50", "p90", "cov", "kurtosis")
_BLUR_SAMPLES = 400
_STEPS = 1001


def heterogeneity_rules() -> Thresholds:
    """The thresholds of this package, each with its source."""
    return load_thresholds("isletscope.lesions.heterogeneity", "rules.yaml")


@dataclass(frozen=True)
class _Kind:
    """What is measured: printed prefix, unit, and the figures that are given."""

    title: str
    unit: str
    figures: tuple[str, ...]


_KINDS = {
    "sstr": _Kind("SSTR SUV", "g/mL", tuple(_NAMES)),
    "fdg": _Kind("FDG SUV", "g/mL", tuple(_NAMES)),
    "adc": _Kind("ADC", "10-6.mm2/s", _OF_ADC),
}


def histogram_of(
    kind: str, values: npt.ArrayLike, volume_ml: float, voxels: int | None = None
) -> dict[str, Measurement]:
    """Figures of the histogram of a lesion's voxels under ``<kind>_<figure>``; missing with the reason where too few.

    ``kind``: sstr, fdg (SUV in g/mL) or adc (10^-6 mm2/s). ``values``: of all voxels within the outline, not finite
    where the images have none. ``voxels``: number of voxels in the outline, when ``values`` are fewer.
    """
    shown = _KINDS[kind]
    known = np.asarray(values, dtype=np.float64).ravel()
    count = len(known) if voxels is None else voxels
    known = known[np.isfinite(known)]
    lack = _too_little(kind, known, count, volume_ml)
    found: dict[str, Measurement] = {}
    for figure in shown.figures:
        name, unit = f"{shown.title} {_NAMES[figure]}", shown.unit if figure in _WITH_UNIT else "1"
        why = lack or _undefined(figure, known)
        if why:
            found[f"{kind}_{figure}"] = missing(name, why, unit)
            continue
        method = f"{_METHODS[figure]}, {len(known)} voxels, {volume_ml:.1f} mL"
        limitation = _limitation(figure, len(known), kind)
        found[f"{kind}_{figure}"] = measured(name, _value(figure, known), unit, method=method, limitation=limitation)
    return found


_METHODS = {
    "mean": "mean of the voxels",
    "cov": "population standard deviation over mean",
    "p10": "10th percentile of the voxels",
    "p50": "median of the voxels",
    "p90": "90th percentile of the voxels",
    "skewness": "third standardised moment (IBSI)",
    "kurtosis": "fourth standardised moment less 3 (IBSI)",
    "auc_csh": "area under the share of volume at or above 0 to 100 % of the maximum",
}


def _too_little(kind: str, known: npt.NDArray[np.float64], count: int, volume_ml: float) -> str:
    """Why the histogram is not given; empty when it is."""
    rules = heterogeneity_rules()
    least, needed = rules.number("within.smallest_voxels"), rules.number("within.smallest_volume_ml")
    if count and len(known) < rules.number("within.share_with_values") * count:
        return f"only {100 * len(known) / count:.0f} % of the outline lies inside the images"
    if kind != "adc" and volume_ml < needed:
        return f"{volume_ml:.1f} mL is below {needed:g} mL, where the edge and the resolution of PET rule the histogram"
    if len(known) < least:
        return f"{len(known)} voxels are fewer than {least:g}, too few for a histogram"
    return ""


def _undefined(figure: str, known: npt.NDArray[np.float64]) -> str:
    least = heterogeneity_rules().number("within.smallest_voxels_kurtosis")
    if figure == "kurtosis" and len(known) < least:
        return f"{len(known)} voxels are fewer than {least:g}; the standard error of the kurtosis is above 0.5"
    if figure in ("cov", "auc_csh") and (known.mean() <= 0 or known.max() <= 0):
        return "the mean is not above 0"
    if figure in ("skewness", "kurtosis") and known.std() <= 1e-12 * max(abs(float(known.mean())), 1e-12):
        return "all voxels have the same value"
    return ""


def _value(figure: str, known: npt.NDArray[np.float64]) -> float:
    mean, spread = float(known.mean()), float(known.std())
    if figure == "mean":
        return mean
    if figure == "cov":
        return spread / mean
    if figure.startswith("p"):
        return float(np.percentile(known, float(figure[1:])))
    if figure == "skewness":
        return float(np.mean(((known - mean) / spread) ** 3))
    if figure == "kurtosis":
        return float(np.mean(((known - mean) / spread) ** 4)) - 3.0
    return cumulative_area(known)


def cumulative_area(values: npt.NDArray[np.float64]) -> float:
    """Area under the cumulative histogram: mean, over shares 0 to 1 of the maximum, of the share of voxels above."""
    ordered = np.sort(np.clip(values / values.max(), 0.0, 1.0))
    levels = np.linspace(0.0, 1.0, _STEPS)
    above = 1.0 - np.searchsorted(ordered, levels, side="left") / len(ordered)
    return float(np.trapezoid(above, levels))


def _limitation(figure: str, count: int, kind: str) -> str:
    said = "exploratory; compare only on the same scanner, reconstruction and outline rule"
    if kind != "adc":
        said += "; noise and partial volume add to the spread"
    if figure == "kurtosis":
        said += f"; standard error {np.sqrt(24.0 / count):.2f} for independent voxels, more for those of PET"
    return said


def uniform_spread(kind: str, values: npt.ArrayLike, volume_ml: float, noise_cov: float | None) -> Measurement:
    """Coefficient of variation that a uniform lesion of that size and contrast would show: blur and noise alone.

    A uniform sphere of the lesion's volume, blurred by a Gaussian of the assumed resolution, on the background that the
    lowest voxel of the outline implies (background-adapted outlines are cut at a fixed share of what stands above it).
    Its spread within the outline is joined by squares with ``noise_cov``, SD over mean of the liver on the same PET.
    What a lesion shows beyond it is its own. Missing without the noise or below the size of the other figures.
    """
    name = f"{_KINDS[kind].title} coefficient of variation of a uniform lesion of that size"
    rules = heterogeneity_rules()
    known = np.asarray(values, dtype=np.float64).ravel()
    known = known[np.isfinite(known)]
    if volume_ml < rules.number("within.smallest_volume_ml") or not len(known):
        return missing(name, f"{volume_ml:.1f} mL is below {rules.number('within.smallest_volume_ml'):g} mL")
    if noise_cov is None:
        return missing(name, "the noise is not known: no liver region on that PET")
    share = (delineation_rules().percentage.sstr if kind == "sstr" else delineation_rules().percentage.fdg).value
    top = float(known.max())
    background = max((float(known.min()) - share * top) / (1.0 - share), 0.0)
    width = rules.number("within.assumed_resolution_mm")
    radius = (3000.0 * volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    distance = np.linspace(0.0, radius + 2.0 * width, _BLUR_SAMPLES)
    height = blurred_sphere(distance, radius, width)
    inside = height >= share * height[0]
    uptake = background + (top - background) * height[inside] / height[0]
    weight = distance[inside] ** 2
    mean = float(np.average(uptake, weights=weight))
    spread = float(np.sqrt(np.average((uptake - mean) ** 2, weights=weight))) / mean
    method = (
        f"uniform sphere on a background of {background:.1f} g/mL, blurred by {width:g} mm (assumed), with the noise "
        f"of the liver ({100 * noise_cov:.0f} %)"
    )
    return derived(name, float(np.hypot(spread, noise_cov)), method=method)
