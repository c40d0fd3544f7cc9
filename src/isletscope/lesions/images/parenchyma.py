"""Normal liver where most of the liver is tumour: told by physiology, not by what is commonest.

With few metastases the commonest value of the organ is that of normal liver. Beyond about half of the organ it is the
tumour's, and everything would be read the wrong way round. Two clear peaks of one series are two tissues; which of them
is liver is known from how metastases and liver look on that series (``parenchyma.yaml``), and a second series of the
exam has to say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, RootModel
from scipy import ndimage
from scipy.signal import find_peaks

from isletscope.anatomy import Thresholds
from isletscope.model import Document, Support
from isletscope.spatial import Geometry, gaussian
from isletscope.yaml_text import read_yaml

Float3D = npt.NDArray[np.float32]
Bool3D = npt.NDArray[np.bool_]
_BINS, _SMOOTH_BINS = 64, 2.5
_CALMED_MM = 2.0


class Lies(Document):
    """How normal liver lies against tumour on one series."""

    liver: Literal["brighter", "darker"]
    source: str = Field(min_length=3)
    support: Support

    @property
    def sign(self) -> float:
        """1 where liver is brighter, -1 where it is darker."""
        return 1.0 if self.liver == "brighter" else -1.0


class LiesTable(RootModel[dict[str, dict[str, Lies]]]):
    """By series, the surest first."""


@cache
def _table() -> dict[str, Lies]:
    text = resources.files("isletscope.lesions.images").joinpath("parenchyma.yaml").read_text(encoding="utf-8")
    return LiesTable.model_validate(read_yaml(text)).root["series"]


@dataclass(frozen=True)
class Peaks:
    """Two clear peaks of the values of one series in the organ, and the valley between them, in the series' unit."""

    low: float
    valley: float
    high: float
    commonest: float


def parenchyma_in(
    values: Mapping[str, tuple[Float3D, Bool3D]], geometry: Geometry, thresholds: Thresholds
) -> Bool3D | None:
    """Voxels of normal liver, where most of the liver is something else; None where the commonest value is liver's.

    ``values``: by contrast (``portal_venous``, ``dwi`` ...) the values on ``geometry`` and where they show the inner
    part of the organ, both [k, j, i]. None too where no series has two peaks or the series contradict each other.
    """
    for name, lies in _table().items():
        if name not in values:
            continue
        array, shown = values[name]
        calm = gaussian(array, [_CALMED_MM / spacing for spacing in geometry.spacing_mm])
        peaks = peaks_of(calm[shown], thresholds)
        if peaks is None:
            continue
        brighter = calm > peaks.valley
        liver = shown & (brighter if lies.sign > 0 else ~brighter)
        other = shown & ~liver
        if (peaks.commonest > peaks.valley) == (lies.sign > 0) or not _agreed(name, liver, other, values, thresholds):
            return None
        return liver
    return None


def peaks_of(values: npt.NDArray[np.floating], thresholds: Thresholds) -> Peaks | None:
    """The lowest and the highest clear peak of a histogram, and the valley between them; None with fewer than two.

    A peak is clear where it rises by ``parenchyma.least_rise`` of its own height above the valley beside it.
    """
    if values.size < thresholds.number("parenchyma.least_voxels"):
        return None
    low, high = (float(edge) for edge in np.percentile(values, (1.0, 99.0)))
    if high <= low:
        return None
    counts, edges = np.histogram(values, _BINS, (low, high))
    smooth = np.pad(ndimage.gaussian_filter1d(counts.astype(np.float64), _SMOOTH_BINS), 1)
    middles = np.concatenate([edges[:1], (edges[:-1] + edges[1:]) / 2.0, edges[-1:]])
    found, told = find_peaks(smooth, prominence=0.0)
    clear = found[told["prominences"] >= thresholds.number("parenchyma.least_rise") * smooth[found]]
    clear = clear[smooth[clear] >= thresholds.number("parenchyma.least_height") * smooth.max()]
    if len(clear) < 2:
        return None
    first, last = int(clear[0]), int(clear[-1])
    valley = first + int(smooth[first : last + 1].argmin())
    return Peaks(float(middles[first]), float(middles[valley]), float(middles[last]), float(middles[smooth.argmax()]))


def _agreed(
    name: str,
    liver: Bool3D,
    other: Bool3D,
    values: Mapping[str, tuple[Float3D, Bool3D]],
    thresholds: Thresholds,
) -> bool:
    """Whether a second series has liver on its side too, and none that differs has it on the other."""
    agreeing = 0
    least = thresholds.number("parenchyma.least_share")
    for further, lies in _table().items():
        if further == name or further not in values:
            continue
        array, shown = values[further]
        if not (liver & shown).any() or not (other & shown).any():
            continue
        here, there = float(np.median(array[liver & shown])), float(np.median(array[other & shown]))
        if abs(here - there) < least * max(abs(here), abs(there)):
            continue
        if (here - there) * lies.sign < 0:
            return False
        agreeing += 1
    return agreeing > 0
