"""Organs by grey and place together: a mixture of classes whose shares are the atlases' and whose greys are learnt.

Expectation and maximisation in turns (Van Leemput, Maes, Vandermeulen, Suetens, IEEE TMI 1999), neighbours drawing each
voxel to their class (mean field). Organs have one grey in each series, with a share of strangers for lesions and
vessels inside them; what is not one organ (muscle, bowel, bone) has the distribution that is found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy.images.prior import CLASSES
from isletscope.anatomy.images.tissues import T
from isletscope.anatomy.shapes import Bool3D, Float3D, Spacing
from isletscope.model import Role
from isletscope.spatial import gaussian

FloatArray = npt.NDArray[np.float64]
SOLID = ("liver", "spleen", "pancreas", "aorta", "inferior_vena_cava", "bladder", "gallbladder")
PLAIN = ("kidney_right", "kidney_left", "heart", "muscle", "hollow", "bone")
_TOLD_BY_DENSITY = ("air", "lung_right", "lung_left", "fat", "bone")
_BINS = 160


@dataclass(frozen=True)
class Greys:
    """Grey values of one series as bins: ``index`` per solid voxel, ``width`` of a bin, ``low`` of the first."""

    index: npt.NDArray[np.intp]
    low: float
    width: float

    def histogram(self, weights: npt.NDArray[np.float32], sigma_bins: float) -> FloatArray:
        """Weighted, smoothed, normed distribution."""
        counts = np.bincount(self.index, weights=weights, minlength=_BINS).astype(np.float64)
        smooth = ndimage.gaussian_filter1d(counts, sigma_bins)
        return np.asarray(smooth / max(float(smooth.sum()), 1e-9))


def class_shares(
    share: dict[str, Float3D], features: dict[Role, Float3D], solid: Bool3D, spacing_mm: Spacing, hounsfield: bool
) -> dict[str, Float3D]:
    """Probability of every class of :data:`SOLID` and :data:`PLAIN` in the solid voxels; 0 elsewhere.

    ``share``: how often the atlases have each class; ``features``: smoothed values by series; ``hounsfield``: CT.
    """
    names = [name for name in CLASSES if name not in _TOLD_BY_DENSITY or not hounsfield]
    rooms = np.stack([share[name][solid] for name in names]).astype(np.float32)
    floors = np.array([_floor(name) for name in names], dtype=np.float32)
    prior = np.maximum(rooms, floors[:, None])
    prior /= prior.sum(axis=0)
    greys = [_greys(values[solid], hounsfield) for values in features.values()]
    belief = prior.copy()
    rounds = int(T.number("mixture.rounds"))
    weight = T.number("mixture.neighbours")
    logs = np.float32(T.number("mixture.prior_weight")) * np.log(prior)
    box = np.zeros(solid.shape, dtype=np.float32)
    trust = np.float32(len(greys) ** (T.number("mixture.together") - 1.0))
    for turn in range(rounds):
        energy = logs.copy()
        for row, name in enumerate(names):
            for grey in greys:
                density = _density(name, grey, belief[row], rooms[row], turn)
                energy[row] += trust * np.log(density).astype(np.float32)[grey.index]
            if turn:
                box[solid] = belief[row]
                drawn = gaussian(box, [3.0 / step for step in spacing_mm], truncate=2.0)
                energy[row] += np.float32(weight * turn / rounds) * drawn[solid]
        energy -= energy.max(axis=0)
        np.exp(energy, out=energy)
        belief = energy / energy.sum(axis=0)
    result = {}
    for row, name in enumerate(names):
        whole = np.zeros(solid.shape, dtype=np.float32)
        whole[solid] = belief[row]
        result[name] = whole
    return result


def _floor(name: str) -> float:
    return T.number(f"mixture.least_share_{name}" if name in ("bone", "pancreas") else "mixture.least_share")


def _greys(values: Float3D, hounsfield: bool) -> Greys:
    if hounsfield:
        low, high = T.bounds("mixture.range_hu")
    else:
        low, high = (float(v) for v in np.percentile(values, (0.5, 99.5)))
    width = max(high - low, 1e-6) / _BINS
    index = np.clip(((values - low) / width).astype(np.intp), 0, _BINS - 1)
    return Greys(index, low, width)


def _density(
    name: str, grey: Greys, belief: npt.NDArray[np.float32], room: npt.NDArray[np.float32], turn: int
) -> FloatArray:
    """Probability of each bin in a class."""
    strangers = T.number("mixture.strangers") / _BINS
    if name not in SOLID:
        return grey.histogram(belief * (room > 0.3 * float(room.max())), 1.5) + 1e-5
    sure = belief * (belief > 0.5 * float(belief.max()))
    counts = grey.histogram(sure, 1.0)
    below = np.cumsum(counts)
    bins = np.arange(_BINS, dtype=np.float64)
    middle = float(np.argmax(counts)) if turn < 2 else float(np.interp(0.5, below, bins))
    spread = float(np.interp(0.84, below, bins) - np.interp(0.16, below, bins)) / 2
    least, most = (limit * _BINS for limit in T.bounds("mixture.spread_share"))
    spread = float(np.clip(spread, least, most))
    normal = np.exp(-0.5 * ((bins - middle) / spread) ** 2)
    return np.asarray((1 - T.number("mixture.strangers")) * normal / normal.sum() + strangers)
