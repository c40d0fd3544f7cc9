"""Round things of any size: differences of Gaussians over scales (Lindeberg 1998; Lowe 2004).

A sphere of radius R and height C answers strongest where two Gaussians of R / 2 and R / sqrt 2 are taken from each
other, with 0.311 C (closed form of a sphere blurred by a Gaussian). So the answer divided by 0.311 is its contrast in
the unit of the image, and the scale of the strongest answer is its radius.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.lesions.images.contrast import Bool3D, Contrast, Float3D, deviation
from isletscope.spatial import Geometry, gaussian

_RADIUS_OVER_SIGMA = 2.0
_STEP = float(np.sqrt(2.0))
_ANSWER_OF_A_SPHERE = 0.311
_ECHO = 0.75
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Blob:
    """Something round on one series.

    ``index`` [k, j, i] on the search grid, ``radius_mm`` by scale, ``height`` its contrast (HU or percent, signed),
    ``clearness`` that contrast over the spread of all answers of its scale in the organ.
    """

    name: str
    index: tuple[int, int, int]
    centre_lps_mm: tuple[float, float, float]
    radius_mm: float
    height: float
    clearness: float


def radii_mm(smallest: float, largest: float) -> list[float]:
    """Radii by steps of sqrt 2 from the smallest to at most the largest."""
    count = int(np.floor(np.log(largest / smallest) / np.log(_STEP) + 1e-6)) + 1
    return [smallest * _STEP**n for n in range(count)]


def answers(difference: Float3D, geometry: Geometry, radii: list[float]) -> list[Float3D]:
    """For every radius the contrast of a sphere of that size around each voxel, [k, j, i], in the unit of the image."""
    sigmas = [radius / _RADIUS_OVER_SIGMA for radius in radii]
    sigmas.append(sigmas[-1] * _STEP)
    spacing = np.asarray(geometry.spacing_mm)
    blurred = gaussian(difference, sigmas[0] / spacing, mode="constant", truncate=3.0)
    found = []
    for smaller, larger in pairwise(sigmas):
        more = np.sqrt(larger**2 - smaller**2) / spacing
        wider = gaussian(blurred, more, mode="constant", truncate=3.0)
        found.append(np.asarray((blurred - wider) / _ANSWER_OF_A_SPHERE, dtype=np.float32))
        blurred = wider
    return found


def blobs_of(
    contrast: Contrast,
    organ: Bool3D,
    geometry: Geometry,
    radii: list[float],
    signs: tuple[float, ...],
    least_height: float,
    least_clearness: float,
) -> list[Blob]:
    """Blobs of one contrast inside the organ (signs: 1 bright, -1 dark), the highest first, nested ones once.

    ``organ``: bool [k, j, i] on ``geometry``. What is opposite in sign counts no more than
    noise, so that nothing shines beside a dark vessel.
    """
    shown = organ & contrast.covered
    found: list[Blob] = []
    for sign in signs:
        one_sided = np.maximum(sign * contrast.difference, -2.0 * contrast.noise)
        levels = answers(sign * one_sided, geometry, radii)
        found += _of_one_sign(contrast, levels, shown, geometry, radii, sign, least_height, least_clearness)
    return found


def _of_one_sign(
    contrast: Contrast,
    levels: list[Float3D],
    shown: Bool3D,
    geometry: Geometry,
    radii: list[float],
    sign: float,
    least_height: float,
    least_clearness: float,
) -> list[Blob]:
    every: list[tuple[float, float, npt.NDArray[np.intp], float]] = []
    for level, radius in zip(levels, radii, strict=True):
        spread = max(deviation(level[shown]), 1e-3)
        signed = sign * level
        bar = max(least_height, least_clearness * spread)
        peaks = shown & (signed >= bar) & (signed >= ndimage.maximum_filter(signed, 3, mode="constant"))
        every += [(float(signed[tuple(at)]), radius, at, spread) for at in np.argwhere(peaks)]
    every.sort(key=lambda one: -one[0])
    kept: list[Blob] = []
    places = np.empty((0, 3))
    sizes, heights = np.empty(0), np.empty(0)
    for height, radius, at, spread in every:
        centre = geometry.to_lps(at)
        if len(kept) and np.any(np.linalg.norm(places - centre, axis=1) < _nearest(sizes, heights, radius, height)):
            continue
        x, y, z = (float(v) for v in centre)
        k, j, i = (int(v) for v in at)
        kept.append(Blob(contrast.name, (k, j, i), (x, y, z), radius, sign * height, height / spread))
        places, sizes, heights = np.vstack([places, centre]), np.append(sizes, radius), np.append(heights, height)
    return kept


def _nearest(sizes: Numbers, heights: Numbers, radius: float, height: float) -> Numbers:
    """How near (mm) a further blob may come to each kept one: the rim of a large one answers weakly on small scales."""
    echo = (radius < sizes) & (height < _ECHO * heights)
    return np.where(echo, 1.25 * sizes + 0.5 * radius, 0.8 * np.maximum(sizes, radius))
