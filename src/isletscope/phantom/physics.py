"""From painted activity and tissue to what the scanner shows: resolution, counting noise, CT noise.

PET: activity on a grid twice as fine in plane (and along the axis) is blurred by a Gaussian point spread, averaged to
the voxels, and given zero-mean noise whose variance follows local activity over sensitivity (overlapping beds),
correlated like a post-filtered reconstruction. CT: mild blur and correlated noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import ndimage

from isletscope.phantom.shapes import Array, Image
from isletscope.phantom.tracers import Tracer

_NOISE_PLANES = 12
_AIR_BELOW_HU = -900.0
FWHM_TO_SIGMA = 1.0 / 2.354820045
# A Gaussian is cut off at so many sigma.
_TRUNCATE = 3.5


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
    """Gaussian blur of a volume, FWHM in mm; an axis on which it does not reach the next voxel is left as it is."""
    sigma = [fwhm_mm * FWHM_TO_SIGMA / s for s in spacing_kji_mm]
    reaching = [s if int(_TRUNCATE * s + 0.5) else 0.0 for s in sigma]
    return np.asarray(ndimage.gaussian_filter(image, reaching, truncate=_TRUNCATE, mode="nearest"), dtype=np.float32)


def blurred_halves(image: Image, fwhm_mm: float, spacing_kji_mm: tuple[float, float, float]) -> Image:
    """Gaussian blur (FWHM in mm), then the mean over blocks of 2 x 2 x 2 voxels; the shape must be even.

    Both in one pass an axis, and only where a value is kept, which is quicker than one after the other.
    """
    halved = np.ascontiguousarray(image, dtype=np.float32)
    for axis, spacing in enumerate(spacing_kji_mm):
        before, along, after = (int(np.prod(part)) for part in np.split(np.array(halved.shape), (axis, axis + 1)))
        out = np.empty((before, along // 2, after), dtype=np.float32)
        weights = _weights_of_halves(fwhm_mm * FWHM_TO_SIGMA / spacing)
        if after == 1:
            _halve_rows(halved.reshape(before, along), weights, out.reshape(before, along // 2))
        else:
            _halve(halved.reshape(before, along, after), weights, out)
        halved = out.reshape(*halved.shape[:axis], along // 2, *halved.shape[axis + 1 :])
    return halved


def _weights_of_halves(sigma: float) -> Image:
    """Weights of a Gaussian (cut off) followed by the mean of two neighbours."""
    reach = int(_TRUNCATE * sigma + 0.5)
    steps = np.arange(-reach, reach + 1)
    gaussian = np.exp(-0.5 * (steps / sigma) ** 2)
    return np.asarray(np.convolve(gaussian / gaussian.sum(), (0.5, 0.5)), dtype=np.float32)


@njit(cache=True, nogil=True)
def _halve(image: Image, weights: Image, out: Image) -> None:
    """Weighted sums along the middle axis, one for each pair of voxels; the edge goes on beyond the image."""
    first = 1 - len(weights) // 2
    for a in range(out.shape[0]):
        for m in range(out.shape[1]):
            row = np.zeros(out.shape[2], dtype=np.float32)
            for t in range(len(weights)):
                n = min(max(2 * m + first + t, 0), image.shape[1] - 1)
                weight = weights[t]
                for i in range(out.shape[2]):
                    row[i] += weight * image[a, n, i]
            for i in range(out.shape[2]):
                out[a, m, i] = row[i]


@njit(cache=True, nogil=True)
def _halve_rows(image: Image, weights: Image, out: Image) -> None:
    """The same along the last of two axes: where neighbours lie side by side, sums need no row to gather them."""
    first, last = 1 - len(weights) // 2, image.shape[1] - 1
    for a in range(out.shape[0]):
        for m in range(out.shape[1]):
            total = np.float32(0.0)
            for t in range(len(weights)):
                total += weights[t] * image[a, min(max(2 * m + first + t, 0), last)]
            out[a, m] = total


def most_common(labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The label that most of each 2 x 2 x 2 block bears (the first met of equals); the shape must be even."""
    out = np.empty(tuple(n // 2 for n in labels.shape), dtype=np.uint8)
    _most_common(labels, out)
    return out


@njit(cache=True, nogil=True)
def _most_common(labels: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8]) -> None:
    block = np.empty(8, dtype=np.uint8)
    for k in range(out.shape[0]):
        for j in range(out.shape[1]):
            for i in range(out.shape[2]):
                for n in range(8):
                    block[n] = labels[2 * k + n // 4, 2 * j + n // 2 % 2, 2 * i + n % 2]
                best, most, mixed = block[0], 0, False
                for n in range(1, 8):
                    mixed |= block[n] != best
                for n in range(8 if mixed else 0):
                    count = 0
                    for m in range(8):
                        count += block[m] == block[n]
                    if count > most:
                        best, most = block[n], count
                out[k, j, i] = best


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


def stored_ct(
    window: Image,
    corner: tuple[int, int],
    couch: Image,
    spacing_kji_mm: tuple[float, float, float],
    sd_hu: float,
    rng: np.random.Generator,
) -> npt.NDArray[np.int16]:
    """Whole CT numbers [k, j, i] from a clean window of a series: couch put under it, noise added, rounded.

    ``window`` [k, j, i] starts at row and column ``corner``. ``couch`` [j, i] is the series without a patient, the same
    in all slices (HU); it shows wherever the window is air. ``sd_hu``: standard deviation of the noise, which is
    correlated in plane like a soft kernel's; a bank of noise planes is used over and over, each shifted by chance.
    """
    bank = np.zeros((1, *couch.shape), dtype=np.float32)
    if sd_hu > 0:
        bank = rng.standard_normal((_NOISE_PLANES, *couch.shape), dtype=np.float32)
        in_plane = 1.1 / spacing_kji_mm[1]
        bank = ndimage.gaussian_filter(bank, (0.0, in_plane, in_plane), truncate=2.5, mode="wrap")
        bank *= sd_hu / bank.std()
    picks = np.column_stack([rng.integers(0, n, window.shape[0]) for n in bank.shape])
    out = np.empty((window.shape[0], *couch.shape), dtype=np.int16)
    _store_ct(window, corner[0], corner[1], couch, bank, picks, out)
    return out


@njit(cache=True, nogil=True)
def _store_ct(
    window: Image,
    first_row: int,
    first_column: int,
    couch: Image,
    bank: Image,
    picks: npt.NDArray[np.int64],
    out: npt.NDArray[np.int16],
) -> None:
    """Slice k takes noise plane ``picks[k, 0]`` shifted by ``picks[k, 1:]``; values are kept within -1024 to 3071."""
    rows, columns = couch.shape
    last_row, last_column = first_row + window.shape[1], first_column + window.shape[2]
    for k in range(out.shape[0]):
        plane = bank[picks[k, 0]]
        for j in range(rows):
            noise = plane[(j + picks[k, 1]) % rows]
            start = picks[k, 2]
            for i in range(columns):
                value = couch[j, i]
                if first_row <= j < last_row and first_column <= i < last_column:
                    tissue = window[k, j - first_row, i - first_column]
                    if tissue > _AIR_BELOW_HU:
                        value = tissue
                n = i + start
                value += noise[n - columns if n >= columns else n]
                out[k, j, i] = np.int16(round(min(max(value, -1024.0), 3071.0)))
