"""An extra rule that knows the resolution of the scanner: the edge of a blurred sphere.

Blur lowers the edge of a small focus below half of its height and its peak below the true uptake. Both are known in
closed form for a sphere convolved with a Gaussian, so the level at the true edge can be computed from SUVpeak, the
background and the size, and size and level are found in turns. It is never a default: it needs the resolution, and a
focus that is round enough and large enough to be seen as more than a blurred point.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.lesions.outline import Delineation, Seed, measure_block, outline
from isletscope.lesions.shell import Scene
from isletscope.model import Support
from isletscope.spatial import Geometry, sphere_offsets

FWHM_PER_SIGMA = float(np.sqrt(8.0 * np.log(2.0)))
_ROUNDS = 20
_SETTLED = 0.01
_SMALLEST_OVER_FWHM = 2.25
_SOURCE = (
    "computed: closed form of a sphere convolved with a Gaussian (thresholds that depend on size: Erdi 1997, Cancer "
    "80:2505; Jentzen 2007, J Nucl Med 48:108, both recall)"
)


def blurred_sphere(distance_mm: npt.ArrayLike, radius_mm: float, fwhm_mm: float) -> npt.NDArray[np.float64]:
    """Sphere of height 1 convolved with an isotropic Gaussian, at distances from its centre in mm."""
    r = np.maximum(np.asarray(distance_mm, dtype=np.float64), 1e-6)
    sigma = fwhm_mm / FWHM_PER_SIGMA
    inner, outer = (radius_mm - r) / (np.sqrt(2.0) * sigma), (radius_mm + r) / (np.sqrt(2.0) * sigma)
    edge = sigma / (np.sqrt(2.0 * np.pi) * r) * (np.exp(-(inner**2)) - np.exp(-(outer**2)))
    return np.asarray(0.5 * (scipy.special.erf(inner) + scipy.special.erf(outer)) - edge)


def edge_of_blurred_sphere(scene: Scene, seed: Seed, adapted: Delineation, fwhm_mm: float | None) -> Delineation:
    """The level that the true edge of a blurred sphere of the focus's size has.

    threshold = BG + (SUVpeak - BG) x edge / recovery of the peak. ``adapted`` is the outline by the background-adapted
    rule, whose shell gives BG. ``fwhm_mm`` is the resolution of the reconstructed image, from a phantom measurement.
    Not valid without it, or where the focus is smaller than 2.25 times the resolution.
    """
    plain = Delineation("edge_of_blurred_sphere", "edge of a blurred sphere", Support.COMPUTED, (_SOURCE,))
    if fwhm_mm is None:
        return replace(plain, why_not="the resolution of the image is not known")
    if adapted.mask is None or adapted.shell is None or adapted.shell.mean is None:
        return replace(plain, why_not=f"no background-adapted outline to start from: {adapted.why_not}")
    background = adapted.shell.mean
    first = adapted.measure(scene.pet)
    if first.peak_global is None or first.peak_global_lps_mm is None:
        return replace(plain, why_not=f"no SUVpeak: {first.missing.get('peak_global', '')}")
    width_mm = float(
        np.sqrt(fwhm_mm**2 + (FWHM_PER_SIGMA**2 / 12.0) * np.mean(np.square(scene.pet.geometry.spacing_mm)))
    )
    volume_ml, centre, found, threshold = first.volume_ml, first.centroid_lps_mm, None, 0.0
    for _ in range(_ROUNDS):
        radius = (3000.0 * volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0)
        recovery = _peak_recovery(scene.pet.geometry, first.peak_global_lps_mm, centre, radius, width_mm)
        edge = float(blurred_sphere(radius, radius, width_mm))
        threshold = background + (first.peak_global - background) * edge / recovery
        found = outline(scene, seed, threshold)
        statistics = measure_block(scene.pet, found.mask, found.start_kji)
        if abs(statistics.volume_ml - volume_ml) <= _SETTLED * volume_ml:
            break
        volume_ml, centre = (volume_ml + statistics.volume_ml) / 2.0, statistics.centroid_lps_mm
    assert found is not None
    diameter = 2.0 * (3000.0 * found.mask.volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    if diameter < _SMALLEST_OVER_FWHM * fwhm_mm:
        reason = (
            f"a sphere of {diameter:.1f} mm is smaller than {_SMALLEST_OVER_FWHM:g} x the resolution {fwhm_mm:g} mm"
        )
        return replace(plain, threshold=threshold, why_not=reason)
    text = (
        f"edge of a sphere of {diameter:.0f} mm blurred by {fwhm_mm:g} mm, from SUVpeak {first.peak_global:.2f} and "
        f"background {background:.2f}: threshold {threshold:.2f} {scene.pet.quantity.unit}"
    )
    return replace(
        plain, method=text, threshold=threshold, mask=found.mask, start_kji=found.start_kji, shell=adapted.shell
    )


def _with_voxels(fwhm_mm: float, geometry: Geometry) -> float:
    """Width of a Gaussian with the variance of the resolution and of the averaging over a voxel."""
    variance = np.mean(np.square(geometry.spacing_mm)) / 12.0
    return float(np.sqrt(fwhm_mm**2 + FWHM_PER_SIGMA**2 * variance))


def _peak_recovery(
    geometry: Geometry,
    peak_centre_lps_mm: tuple[float, float, float],
    centre_lps_mm: tuple[float, float, float] | None,
    radius_mm: float,
    width_mm: float,
) -> float:
    """Mean of the blurred sphere over the voxels of the SUVpeak sphere where it lay."""
    places = geometry.to_lps(geometry.to_index(peak_centre_lps_mm) + sphere_offsets(geometry))
    away = np.linalg.norm(places - np.asarray(centre_lps_mm or peak_centre_lps_mm), axis=1)
    return float(blurred_sphere(away, radius_mm, width_mm).mean())
