"""Levels of a lesion and of its surroundings on one series, and what follows from them: ratios, words, conspicuity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.lesions.images.phenotype_regions import Region
from isletscope.lesions.images.phenotype_rules import rule
from isletscope.spatial import Mask, Volume, axial_axes, bounding_box, cropped_mask, extent_3d_mm, inside_depth_mm

_MAD_TO_SD = 1.4826
_SOLID_PERCENTILE = 90.0


@dataclass(frozen=True)
class Levels:
    """Mean of the lesion by weight; median and robust spread (1.48 times the MAD) of what lies around it."""

    mean: float
    spread: float
    voxels: int
    around: float | None
    noise: float | None
    in_organ: bool

    @property
    def standard_error(self) -> float:
        """Of the lesion's mean, by the noise of its surroundings; neighbours in an image are not independent (x 2)."""
        return 2.0 * (self.noise or 0.0) / float(np.sqrt(max(self.voxels, 1)))

    @property
    def ratio(self) -> float | None:
        """Lesion to surroundings; None without surroundings or where these hold no signal."""
        return None if self.around is None or self.around <= 0 else self.mean / self.around

    @property
    def contrast_to_noise(self) -> float | None:
        """``|mean - around| / noise``; None without surroundings or noise."""
        if self.around is None or not self.noise:
            return None
        return abs(self.mean - self.around) / self.noise


def levels(values: npt.NDArray[Any], region: Region) -> Levels | None:
    """The levels on an array [k, j, i] of the region's box; None where too few voxels hold a value."""
    inside = np.asarray(values[region.lesion], dtype=np.float64)
    known = np.isfinite(inside)
    inside, weights = inside[known], region.weights[region.lesion][known]
    if inside.size < rule("region.fewest_voxels"):
        return None
    beside = np.asarray(values[region.around], dtype=np.float64)
    beside = beside[np.isfinite(beside)]
    around, noise = None, None
    if beside.size >= rule("region.fewest_around"):
        around = float(np.median(beside))
        noise = float(_MAD_TO_SD * np.median(np.abs(beside - around)))
    return Levels(
        float(np.average(inside, weights=weights)),
        float(inside.std()),
        int(inside.size),
        around,
        noise,
        region.in_organ,
    )


def organ_median(volume: Volume, organ: Mask) -> float | None:
    """Median of a reference organ away from its edge on its own grid; None where too little of it remains."""
    box = bounding_box(organ.array)
    if box is None:
        return None
    depth = inside_depth_mm(cropped_mask(organ, box))
    values = np.asarray(volume.array[box.slices][depth > rule("region.organ_edge_mm")], dtype=np.float64)
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size >= rule("region.fewest_around") else None


def level_word_hu(found: Levels) -> str | None:
    """lower, equal or higher than the organ around, by CT number; None without an organ."""
    if found.around is None or not found.in_organ:
        return None
    step = max(rule("words.hu_step"), rule("words.errors") * found.standard_error)
    return _word(found.mean - found.around, -step, step)


def level_word_signal(found: Levels) -> str | None:
    """lower, equal or higher than the organ around, by the ratio of signals; None without an organ."""
    if found.around is None or found.ratio is None or not found.in_organ:
        return None
    step = max(rule("words.signal_ratio"), 1.0 + rule("words.errors") * found.standard_error / found.around)
    return _word(found.ratio, 1.0 / step, step)


def _word(value: float, low: float, high: float) -> str:
    if value <= low:
        return "lower"
    return "higher" if value >= high else "equal"


@dataclass(frozen=True)
class Enhancement:
    """Change of the lesion's mean over the phases, HU."""

    wash_in_hu: float | None
    wash_in_phase: str
    wash_out_percent: float | None
    wash_out_phase: str
    why_no_wash_in: str = ""
    why_no_wash_out: str = ""


_LATER = ("delayed", "portal_venous")


def enhancement(hu: dict[str, float]) -> Enhancement:
    """Wash-in: late arterial (else portal venous) minus unenhanced. Wash-out: what of it is gone in the last phase, %.

    ``hu``: mean of the lesion by phase. Wash-out is told only after a real wash-in in the late arterial phase.
    """
    enhanced = next((phase for phase in ("late_arterial", "portal_venous") if phase in hu), "")
    if "unenhanced" not in hu or not enhanced:
        lack = "no unenhanced series" if "unenhanced" not in hu else "no enhanced phase"
        return Enhancement(None, "", None, "", lack, lack)
    gain = hu[enhanced] - hu["unenhanced"]
    later = next((phase for phase in _LATER if phase in hu and phase != enhanced), "")
    if enhanced != "late_arterial":
        return Enhancement(gain, enhanced, None, "", why_no_wash_out="no late arterial phase")
    if not later:
        return Enhancement(gain, enhanced, None, "", why_no_wash_out="no later phase")
    if gain < rule("words.wash_in_hu"):
        return Enhancement(gain, enhanced, None, "", why_no_wash_out=f"it enhances by {gain:.0f} HU only")
    return Enhancement(gain, enhanced, 100.0 * (hu[enhanced] - hu[later]) / gain, later)


@dataclass(frozen=True)
class Inside:
    """What a lesion is built of: share of its inside that does not enhance, nature and pattern as coded words."""

    necrotic_share: float
    nature: str
    pattern: str


def inside(
    unenhanced: npt.NDArray[Any] | None, enhanced: npt.NDArray[Any], region: Region, noise: float
) -> Inside | None:
    """Nature of a lesion on CT (HU, arrays of the region's box); None where it is too small to look inside.

    A part does not enhance when, smoothed over neighbours within the lesion, it gains less than 10 HU, or without an
    unenhanced series lies below 25 HU; its border is half way to the tissue that does.
    """
    outline = Mask(region.outline, region.geometry)
    if axial_axes(outline).short_mm < rule("nature.shortest_mm"):
        return None
    smooth = _smoothed(enhanced, region.outline)
    gain, limit = smooth, rule("nature.fluid_hu")
    if unenhanced is not None:
        gain, limit = smooth - _smoothed(unenhanced, region.outline), rule("nature.no_enhancement_hu")
    share = _share_without(gain[region.outline], limit)
    if share >= rule("nature.cystic_share"):
        return Inside(share, "cystic", "rim")
    if share >= rule("nature.necrotic_share"):
        return Inside(share, "necrotic", "rim")
    spread = float(np.std(smooth[region.lesion]))
    around = float(np.std(smooth[region.around])) if np.count_nonzero(region.around) > 1 else noise
    mixed = spread > rule("nature.spread_times_noise") * max(around, noise / 3.0)
    return Inside(share, "solid", "heterogeneous" if mixed else "homogeneous")


def _share_without(gain: npt.NDArray[np.float64], limit: float) -> float:
    """Share of a lesion's voxels that belong to a part below the limit (HU); 0 where no part is."""
    below = gain[gain < limit]
    if not below.size:
        return 0.0
    half_way = (float(below.mean()) + float(np.percentile(gain, _SOLID_PERCENTILE))) / 2.0
    return float(np.mean(gain < max(half_way, limit)))


def _smoothed(values: npt.NDArray[Any], inside_of: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Mean over 3 x 3 x 3 voxels on the same side of the outline: the inside is not blurred into the outside."""
    image = np.asarray(values, dtype=np.float64)
    result = np.empty_like(image)
    for side in (inside_of, ~inside_of):
        weight = ndimage.uniform_filter(side.astype(np.float64), 3)
        mean = ndimage.uniform_filter(np.where(side, image, 0.0), 3) / np.maximum(weight, 1e-6)
        result[side] = mean[side]
    return result


@dataclass(frozen=True)
class Size:
    """Diameters (mm) and volume (mL) of an outline."""

    long_mm: float
    short_mm: float
    largest_mm: float
    craniocaudal_mm: float
    volume_ml: float


def size_of(mask: Mask) -> Size:
    """Size of an outline on its own grid. Raises GeometryError when it is empty."""
    axes = axial_axes(mask)
    heights = mask.geometry.to_lps(np.argwhere(mask.array))[:, 2]
    height = float(heights.max() - heights.min()) + float(np.abs(mask.geometry.affine[2, :3]).max())
    return Size(axes.long_mm, axes.short_mm, extent_3d_mm(mask), height, mask.volume_ml)
