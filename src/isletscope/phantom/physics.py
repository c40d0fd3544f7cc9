"""From painted activity and tissue to what the scanner shows: resolution, counting noise, CT noise.

PET: activity on a grid twice as fine in plane (and along the axis) is blurred by a Gaussian point spread, averaged to
the voxels, and given zero-mean noise whose variance follows local activity over sensitivity (overlapping beds),
correlated like a post-filtered reconstruction. CT: mild blur and correlated noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from isletscope.phantom.shapes import Array, Image
from isletscope.phantom.tracers import Tracer

_NOISE_PLANES = 12
FWHM_TO_SIGMA = 1.0 / 2.354820045


@dataclass(frozen=True)
class PetPhysics:
    """Resolution (FWHM mm), noise correlation (FWHM mm), coefficient of variation in the liver, bed overlap."""

    fwhm_mm: float
    noise_fwhm_mm: float
    liver_noise: float
    bed_mm: float
    bed_overlap: float


# Liver noise of the reference setting below: usual coefficient of variation of clinical whole-body images (recall).
_REFERENCE_NOISE = 0.115
_REFERENCE_COUNTS = 81.0 / 70.0 * 0.889 * 150.0 * 5.0
_REFERENCE_WIDTH_CM = 22.8
_LIVER_SUV = {"sstr": 5.0, "fdg": 2.1, "exendin": 1.0}
# Linear attenuation of soft tissue at 511 keV, per cm (NIST tables).
_ATTENUATION_PER_CM = 0.096


def liver_noise(
    tracer: Tracer, dose_mbq: float, delay_s: float, bed_seconds: float, weight_kg: float, height_cm: float
) -> float:
    """Coefficient of variation in the liver that counts and body size lead to, between 0.05 and 0.30.

    Counts from the liver follow activity per kg at the scan, positron fraction, time per bed, liver uptake of the
    tracer class, and the pairs that leave a water cylinder of the body's weight and height; noise goes with their root.
    Reference: 150 MBq 68Ga at one hour, 70 kg, 172 cm, 150 s per bed.
    """
    activity = dose_mbq * 2.0 ** (-delay_s / tracer.half_life_s)
    counts = activity / weight_kg * tracer.positron_fraction * bed_seconds * _LIVER_SUV[tracer.tracer_class]
    width_cm = 2.0 * math.sqrt(1000.0 * weight_kg / (math.pi * height_cm))
    leaving = math.exp(-_ATTENUATION_PER_CM * (width_cm - _REFERENCE_WIDTH_CM))
    noise = _REFERENCE_NOISE * math.sqrt(_REFERENCE_COUNTS / (counts * leaving))
    return min(max(noise, 0.05), 0.30)


def blur(image: Image, fwhm_mm: float, spacing_kji_mm: tuple[float, float, float]) -> Image:
    """Gaussian blur of a volume, FWHM in mm."""
    sigma = [fwhm_mm * FWHM_TO_SIGMA / s for s in spacing_kji_mm]
    return np.asarray(ndimage.gaussian_filter(image, sigma, truncate=3.5, mode="nearest"), dtype=np.float32)


def average_blocks(image: Image, factors: tuple[int, int, int]) -> Image:
    """Mean over blocks of voxels; the shape must be a multiple of ``factors``."""
    k, j, i = factors
    shape = image.shape
    blocks = image.reshape(shape[0] // k, k, shape[1] // j, j, shape[2] // i, i)
    return np.asarray(blocks.mean(axis=(1, 3, 5), dtype=np.float32), dtype=np.float32)


def sensitivity(heights_mm: Array, physics: PetPhysics) -> Array:
    """Relative axial sensitivity of overlapping beds at slice heights (mm): triangles per bed, summed, near 1."""
    step = physics.bed_mm * (1 - physics.bed_overlap)
    first, last = float(heights_mm.min()), float(heights_mm.max())
    centres = np.arange(first + physics.bed_mm / 2, last + step, step)
    reach = np.abs(heights_mm[:, None] - centres[None, :]) / (physics.bed_mm / 2)
    total = np.clip(1.15 - reach, 0.0, None) * (reach <= 1.0)
    profile = total.sum(axis=1)
    return np.asarray(np.clip(profile / np.median(profile), 0.25, 1.6))


def add_pet_noise(
    clean: Image,
    spacing_kji_mm: tuple[float, float, float],
    heights_mm: Array,
    liver_suv: float,
    physics: PetPhysics,
    rng: np.random.Generator,
) -> Image:
    """Noisy copy of a clean PET volume (SUV): standard deviation ``c sqrt(liver x local) / sqrt(sensitivity)``."""
    noise = rng.standard_normal(clean.shape, dtype=np.float32)
    noise = blur(noise, physics.noise_fwhm_mm, spacing_kji_mm)
    noise /= noise.std()
    local = blur(clean, 8.0, spacing_kji_mm)
    weight = physics.liver_noise / np.sqrt(sensitivity(heights_mm, physics))
    deviation = np.sqrt(np.maximum(local, 0.0) * liver_suv) * weight[:, None, None].astype(np.float32)
    return np.asarray(np.maximum(clean + noise * deviation, 0.0), dtype=np.float32)


def add_ct_noise(
    clean: Image, spacing_kji_mm: tuple[float, float, float], sd_hu: float, rng: np.random.Generator
) -> Image:
    """Add noise to a clean CT volume (HU), in place; it is correlated in plane like a soft kernel's.

    A bank of noise planes is used over and over, each time shifted by chance in plane.
    """
    bank = rng.standard_normal((_NOISE_PLANES, *clean.shape[1:]), dtype=np.float32)
    in_plane = 1.1 / spacing_kji_mm[1]
    bank = ndimage.gaussian_filter(bank, (0.0, in_plane, in_plane), truncate=2.5, mode="wrap")
    bank *= sd_hu / bank.std()
    for k in range(clean.shape[0]):
        shift = rng.integers(0, clean.shape[1:])
        clean[k] += np.roll(bank[int(rng.integers(_NOISE_PLANES))], shift, axis=(0, 1))
    return clean
