"""From tissue to MR signal, and from a clean image to what the scanner stores.

Signal equations (Haacke 1999; Stejskal and Tanner 1965): spoiled gradient echo, spin echo, diffusion weighting; water
and fat precess apart, so that an opposed-phase voxel holds water minus fat. A contrast agent adds to the relaxation
rate of water. Everything up to the magnitude is linear in the tissue fractions of a voxel: partial volume, point
spread and bias field act on the signed signal, the magnitude with its Rician noise (Gudbjartsson 1995) comes last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from scipy import ndimage

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.shapes import Array, Image, Indices
from isletscope.spatial import Geometry

_FAT_T1_MS = 300.0
_FAT_T2_MS = 60.0
_FAT_ADC = 50.0
_TAPS = 3
_NOISE_PLANES = 12
_COIL_NODES_MM = 16.0
_SMALLEST_SIGNAL = 1e-3
FatSignal = Literal["in_phase", "opposed_phase", "saturated"]


@dataclass(frozen=True)
class Excitation:
    """How one image is made. Times in ms, ``flip_degrees`` for gradient echoes, ``b_s_mm2`` diffusion weighting.

    ``fat``: fat adds to water, is subtracted from it, or is suppressed to ``fat_left`` of its signal.
    """

    method: Literal["gradient_echo", "spin_echo"]
    repetition_ms: float
    echo_ms: float
    flip_degrees: float = 90.0
    b_s_mm2: float = 0.0
    fat: FatSignal = "in_phase"
    fat_left: float = 0.0


def gradient_echo(
    density: float, t1_ms: float, t2_ms: float, repetition_ms: float, echo_ms: float, flip_degrees: float
) -> float:
    """Steady-state signal of a spoiled gradient echo: ``density sin(a) (1 - E1) / (1 - cos(a) E1) exp(-TE / T2)``."""
    e1 = math.exp(-repetition_ms / t1_ms)
    angle = math.radians(flip_degrees)
    steady = math.sin(angle) * (1.0 - e1) / (1.0 - math.cos(angle) * e1)
    return density * steady * math.exp(-echo_ms / t2_ms)


def spin_echo(density: float, t1_ms: float, t2_ms: float, repetition_ms: float, echo_ms: float) -> float:
    """Signal of a spin echo: ``density (1 - exp(-TR / T1)) exp(-TE / T2)``."""
    return density * (1.0 - math.exp(-repetition_ms / t1_ms)) * math.exp(-echo_ms / t2_ms)


def diffusion_factor(adc: float, b_s_mm2: float) -> float:
    """Loss by diffusion, ``exp(-b ADC)``; ``adc`` in 1e-6 mm2/s."""
    return math.exp(-b_s_mm2 * adc * 1e-6)


def enhanced_t1_ms(t1_ms: float, rate_per_s: float) -> float:
    """T1 under contrast agent: ``1 / (1/T1 + rate)``; ``rate_per_s`` is the added relaxation rate, 1/s."""
    return 1000.0 / (1000.0 / t1_ms + rate_per_s)


def signal(tissue: Appearance, excitation: Excitation, gadolinium_per_s: float = 0.0) -> float:
    """Signed signal of a voxel full of one tissue, relative to water at full relaxation.

    Water has the tissue's relaxation times and ADC; fat has its own (T1 300 ms, T2 60 ms at 1.5 T, ADC 50e-6 mm2/s;
    recall, rounded) and does not take up contrast agent. ``fat_fraction`` is the proton density fat fraction.
    """
    water_density = tissue.proton_density * (1.0 - tissue.fat_fraction)
    fat_density = tissue.proton_density * tissue.fat_fraction
    t1_ms = enhanced_t1_ms(tissue.t1_ms, gadolinium_per_s)
    water = _echo(water_density, t1_ms, tissue.t2_ms, excitation) * diffusion_factor(tissue.adc, excitation.b_s_mm2)
    fat = _echo(fat_density, _FAT_T1_MS, _FAT_T2_MS, excitation) * diffusion_factor(_FAT_ADC, excitation.b_s_mm2)
    weight = {"in_phase": 1.0, "opposed_phase": -1.0, "saturated": excitation.fat_left}[excitation.fat]
    return water + weight * fat


def _echo(density: float, t1_ms: float, t2_ms: float, excitation: Excitation) -> float:
    times = (excitation.repetition_ms, excitation.echo_ms)
    if excitation.method == "gradient_echo":
        return gradient_echo(density, t1_ms, t2_ms, *times, excitation.flip_degrees)
    return spin_echo(density, t1_ms, t2_ms, *times)


def point_spread(pixel_mm: float, acquired_mm: float) -> Array:
    """Kernel (7 taps, sum 1) of a Hamming-filtered k-space that ends at the acquired pixel size, sampled at pixels.

    ``acquired_mm`` >= ``pixel_mm``: scanners store more pixels than they acquire.
    """
    x = np.arange(-_TAPS, _TAPS + 1)[:, None] * pixel_mm
    k = np.linspace(-0.5, 0.5, 201)[None, :] / max(acquired_mm, pixel_mm)
    window = 0.54 + 0.46 * np.cos(2.0 * np.pi * k * max(acquired_mm, pixel_mm))
    kernel = (window * np.cos(2.0 * np.pi * k * x)).sum(axis=1)
    return np.asarray(kernel / kernel.sum())


def spread(image: Image, kernel: Array) -> Image:
    """The in-plane point spread applied to every slice of [k, j, i]."""
    rows = ndimage.correlate1d(image, kernel, axis=1, mode="nearest")
    return np.asarray(ndimage.correlate1d(rows, kernel, axis=2, mode="nearest"), dtype=np.float32)


def bias_field(geometry: Geometry, strength: float, rng: np.random.Generator) -> Image:
    """Smooth positive field [k, j, i] of mean near 1: surface coils shine front and back, plus a long random wave.

    ``strength`` is about the standard deviation (0.1: ten percent).
    """
    shape, spacing = geometry.shape, geometry.spacing_mm
    extent = [max(n * s, 1.0) for n, s in zip(shape, spacing, strict=True)]
    nodes = [max(round(e / _COIL_NODES_MM), 2) for e in extent]
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in nodes), indexing="ij")
    coarse = 0.9 * (y**2 - 0.33) + 0.5 * rng.normal() * z + 0.4 * rng.normal() * x
    for _ in range(3):
        wave = rng.normal(size=3) * 1.2
        coarse += 0.4 * np.cos(wave[0] * z + wave[1] * y + wave[2] * x + rng.uniform(0, 2 * np.pi))
    coarse = np.exp(strength * (coarse - coarse.mean()) / coarse.std())
    field: Image = coarse.astype(np.float32)
    for axis in range(3):
        field = _stretched(field, axis, shape[axis])
    return np.asarray(field)


def _stretched(image: Image, axis: int, count: int) -> Image:
    """Linear interpolation along one axis from evenly spread nodes to ``count`` voxels."""
    place = np.linspace(0.0, image.shape[axis] - 1.0, count)
    low = np.minimum(place.astype(int), image.shape[axis] - 2)
    share = np.expand_dims((place - low).astype(np.float32), tuple(n for n in range(3) if n != axis))
    first = np.take(image, low, axis=axis)
    return np.asarray(first + share * (np.take(image, low + 1, axis=axis) - first))


def rician(clean: Image, deviation: float, kernel: Array, rng: np.random.Generator) -> Image:
    """Magnitude of a signed image [k, j, i] with complex Gaussian noise of ``deviation`` in either channel.

    Noise has passed the same in-plane point spread as the signal. A bank of complex noise planes is used over and
    over, each time shifted by chance in plane.
    """
    if deviation <= 0.0:
        return np.abs(clean)
    bank = spread(rng.standard_normal((2 * _NOISE_PLANES, *clean.shape[1:]), dtype=np.float32), kernel)
    bank *= np.float32(deviation) / bank.std()
    planes = rng.integers(2 * _NOISE_PLANES, size=(clean.shape[0], 2))
    shifts = rng.integers(0, clean.shape[1:], size=(clean.shape[0], 2, 2))
    out = np.empty(clean.shape, dtype=np.float32)
    _magnitude(clean, bank, planes, shifts, out)
    return out


@njit(cache=True)
def _magnitude(clean: Image, bank: Image, planes: Indices, shifts: Indices, out: Image) -> None:
    """Magnitude of ``clean`` plus complex noise: two planes of the bank for every slice, each shifted (and wrapped)."""
    rows, columns = clean.shape[1], clean.shape[2]
    for k in range(clean.shape[0]):
        real, imaginary = planes[k, 0], planes[k, 1]
        for j in range(rows):
            j0, j1 = (j + shifts[k, 0, 0]) % rows, (j + shifts[k, 1, 0]) % rows
            i0, i1 = shifts[k, 0, 1], shifts[k, 1, 1]
            for i in range(columns):
                a = clean[k, j, i] + bank[real, j0, i0]
                b = bank[imaginary, j1, i1]
                out[k, j, i] = np.sqrt(a * a + b * b)
                i0 = i0 + 1 if i0 + 1 < columns else 0
                i1 = i1 + 1 if i1 + 1 < columns else 0


def fit_adc(images: Sequence[Image], b_s_mm2: Sequence[float], floor: float) -> Image:
    """ADC map (1e-6 mm2/s) by least squares of the logarithm over the given b-values, as scanners do.

    ``images``: magnitudes [k, j, i], one for each b-value, at least two different. Voxels whose first image is below
    ``floor`` (air) are 0, as are negative results.
    """
    b = np.asarray(b_s_mm2, dtype=np.float64)
    weights = -(b - b.mean()) / ((b - b.mean()) ** 2).sum() * 1e6
    fitted = np.zeros(images[0].shape, dtype=np.float32)
    for image, weight in zip(images, weights, strict=True):
        fitted += np.float32(weight) * np.log(np.maximum(image, np.float32(_SMALLEST_SIGNAL * max(floor, 1e-6))))
    fitted[images[0] < floor] = 0.0
    return np.asarray(np.clip(fitted, 0.0, 4000.0), dtype=np.float32)
