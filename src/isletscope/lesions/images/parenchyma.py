"""Which voxels of the liver are parenchyma, where tumour fills most of it and has the commonest value.

A mixture of two normal distributions is fitted to each image that tells the two apart by physiology
(``parenchyma.yaml``): parenchyma gains most between the late arterial and the portal venous phase, takes up the
hepatobiliary agent, is brighter on T1 and darker on T2 and diffusion. What the images say is added as log odds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
from pydantic import Field, RootModel
from scipy import ndimage

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.contrast import Bool3D, Float3D, on_grid
from isletscope.model import Document, Support
from isletscope.spatial import HOUNSFIELD, Geometry, Volume, gaussian
from isletscope.yaml_text import read_yaml

_ROUNDS = 40
_TAKEN = 20000
# Voxels of the search grid: the organ's blurred edge is a mode of its own; a core of fewer voxels tells no modes.
_RIM, _LEAST_CORE = 2, 100
_PORTAL_RISE = "portal_rise"
FloatArray = npt.NDArray[np.float64]


class Sign(Document):
    """Whether parenchyma is the brighter of the two on one image, and why."""

    brighter: bool
    support: Support
    source: str = Field(min_length=3)


class SignTable(RootModel[dict[str, Sign]]):
    """By image."""


@cache
def _signs() -> dict[str, Sign]:
    text = resources.files("isletscope.lesions.images").joinpath("parenchyma.yaml").read_text(encoding="utf-8")
    return SignTable.model_validate(read_yaml(text)).root


@dataclass(frozen=True)
class TwoModes:
    """Two normal distributions, the lower first: means, standard deviations, shares that add to one."""

    means: tuple[float, float]
    deviations: tuple[float, float]
    shares: tuple[float, float]

    @property
    def separation(self) -> float:
        """Ashman's D: distance of the means over the root mean square of the deviations."""
        return float((self.means[1] - self.means[0]) / np.sqrt(np.mean(np.square(self.deviations))))

    def odds(self, values: npt.NDArray[np.floating]) -> FloatArray:
        """Natural logarithm of the odds that a value belongs to the upper one; it grows between the two means only."""
        clipped = np.clip(np.asarray(values, np.float64), *self.means)
        lower, upper = (
            np.log(share / width) - 0.5 * np.square((clipped - mean) / width)
            for mean, width, share in zip(self.means, self.deviations, self.shares, strict=True)
        )
        return np.asarray(upper - lower)


def two_modes(values: npt.NDArray[np.floating]) -> TwoModes | None:
    """The mixture fitted by expectation maximization to the values between their 2nd and 98th percentile.

    None where they do not spread. Beyond a few ten thousand values every n-th is taken.
    """
    ordered = np.sort(np.asarray(values, np.float64))[:: max(1, values.size // _TAKEN)]
    kept = ordered[int(0.02 * ordered.size) : max(1, int(np.ceil(0.98 * ordered.size)))]
    if kept.size < 20 or kept[-1] <= kept[0]:
        return None
    least = 1e-3 * (kept[-1] - kept[0])
    mine = (kept > (kept[0] + kept[-1]) / 2.0).astype(np.float64)
    fitted: TwoModes | None = None
    for _ in range(_ROUNDS):
        weights = np.stack([1.0 - mine, mine])
        totals = np.maximum(weights.sum(axis=1), 1e-6)
        means = weights @ kept / totals
        widths = np.sqrt((weights * np.square(kept - means[:, None])).sum(axis=1) / totals) + least
        shares = totals / totals.sum()
        if means[1] <= means[0]:
            return None
        fitted = TwoModes(
            (float(means[0]), float(means[1])),
            (float(widths[0]), float(widths[1])),
            (float(shares[0]), float(shares[1])),
        )
        mine = 1.0 / (1.0 + np.exp(-np.clip(fitted.odds(kept), -30.0, 30.0)))
    return fitted


def parenchyma_in(
    series: Mapping[str, Volume], names: Mapping[str, str], organ: Bool3D, geometry: Geometry, thresholds: Thresholds
) -> Bool3D | None:
    """Parenchyma, bool [k, j, i] on ``geometry``, where it is the smaller part of the liver.

    None where too few images show two kinds of tissue (the gain between two phases of CT is enough, of MR two series
    are needed), where on any of them parenchyma fills half of the organ or more (its value is the commonest then, and
    what else differs are vessels or edges), or where next to none is left. ``organ``: bool [k, j, i] on ``geometry``.
    """
    core = ndimage.binary_erosion(organ, iterations=_RIM)
    if np.count_nonzero(core) < _LEAST_CORE:
        return None
    total: FloatArray = np.zeros(geometry.shape)
    limit = thresholds.number("parenchyma.largest_odds")
    least, most = thresholds.number("parenchyma.least_share"), thresholds.number("parenchyma.most_share")
    told: list[str] = []
    for name, image in _images(series, names, organ, geometry, thresholds).items():
        modes = two_modes(image[core])
        if modes is None or modes.separation < thresholds.number("parenchyma.least_separation"):
            continue
        if modes.shares[1 if _signs()[name].brighter else 0] >= most:
            return None
        sign = 1.0 if _signs()[name].brighter else -1.0
        total += np.clip(sign * modes.odds(image), -limit, limit)
        told.append(name)
    found: Bool3D = organ & (total > 0)
    enough = _PORTAL_RISE in told or len(told) >= thresholds.number("parenchyma.least_series")
    return found if enough and least <= float(found[core].mean()) < most else None


def _images(
    series: Mapping[str, Volume], names: Mapping[str, str], organ: Bool3D, geometry: Geometry, thresholds: Thresholds
) -> dict[str, Float3D]:
    """The images that tell, calmed, on the search grid: the gain between two phases on CT, single series on MR."""
    taken: dict[str, Float3D] = {}
    is_ct = any(volume.quantity == HOUNSFIELD for volume in series.values())
    wanted = ("arterial", "portal_venous") if is_ct else tuple(_signs())
    for key, volume in series.items():
        if names[key] not in wanted:
            continue
        values, covered = on_grid(volume, geometry, thresholds.number("search.voxel_mm"))
        if (covered | ~organ).all():
            width = thresholds.number("parenchyma.smooth_mm") / 2.355
            taken[names[key]] = gaussian(values, [width / spacing for spacing in geometry.spacing_mm])
    if not is_ct:
        return taken
    return {_PORTAL_RISE: taken["portal_venous"] - taken["arterial"]} if len(taken) == 2 else {}
