"""Candidate foci on PET: uptake maxima that stand out from what lies around them.

Outside organs with uptake of their own a focus is compared with its immediate surroundings; inside liver and spleen
also with the organ's own level and noise, so that noise peaks do not become foci; organs of excretion and brain are one
focus each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy import Organs, Thresholds, least_affected
from isletscope.lesions.peaks import Catchments, find_catchments
from isletscope.model import ReferenceRegion, TracerClass
from isletscope.spatial import Volume

_FWHM_PER_SIGMA = float(np.sqrt(8.0 * np.log(2.0)))
_WIDE_SIGMA_MM = 9.0
_LEAST_FALL = 0.4
KIDNEYS = ("kidney_right", "kidney_left")
WHOLE_ORGANS = ("brain", *KIDNEYS, "bladder", "heart")
UPTAKE_ORGANS = ("liver", "spleen")


@dataclass(frozen=True)
class Candidate:
    """A place of uptake that stands out.

    ``index``: voxel of the maximum; ``organ``: organ at the maximum ("" for none); ``whole_organ``: the uptake of an
    organ as a whole; ``height``, ``background``, ``noise``: smoothed maximum, mean and SD of the surroundings (g/mL).
    """

    label: int
    index: tuple[int, int, int]
    organ: str
    whole_organ: bool
    height: float
    background: float
    noise: float

    @property
    def contrast(self) -> float:
        """Smoothed maximum over background."""
        return self.height / max(self.background, 1e-6)


@dataclass(frozen=True)
class Candidates:
    """Candidates with their label map on the PET grid: rough regions above half of the contrast."""

    labels: npt.NDArray[np.uint16]
    found: list[Candidate]


@dataclass(frozen=True)
class _Block:
    """The body's part of the PET grid, and what detection needs there."""

    start: tuple[int, int, int]
    suv: npt.NDArray[np.float32]
    smooth: npt.NDArray[np.float32]
    organs: npt.NDArray[np.uint8]
    names: dict[int, str]
    spacing: tuple[float, float, float]
    missing: npt.NDArray[np.bool_]
    field: tuple[int, int]
    hot: tuple[int, ...]

    @cached_property
    def noise(self) -> float:
        """SD over the root of the level: median over the body of what remains after wide smoothing.

        Edges and foci hardly count.
        """
        sigma = [_WIDE_SIGMA_MM / step for step in self.spacing]
        step = tuple(slice(None, None, max(1, int(3.0 / s))) for s in self.spacing)
        wide = ndimage.gaussian_filter(self.smooth, sigma, mode="nearest", truncate=2.5)[step]
        body = (self.organs[step] > 0) & (wide > 0.25)
        if np.count_nonzero(body) < 100:
            return 0.0
        remainder = np.abs(self.smooth[step][body] - wide[body]) / np.sqrt(wide[body])
        return 1.4826 * float(np.median(remainder))


def detect_foci(
    pet: Volume,
    organs: Organs,
    references: list[ReferenceRegion],
    tracer_class: TracerClass,
    thresholds: Thresholds,
) -> Candidates:
    """Foci of ``pet`` (SUVbw) that stand out, whole organs of excretion and brain included as one each."""
    labels = np.zeros(pet.geometry.shape, dtype=np.uint16)
    block = _block(pet, organs, thresholds)
    if block is None:
        return Candidates(labels, [])
    floor = _floor(block, references, tracer_class, thresholds)
    where = (block.organs > 0) & (block.smooth > 0.5 * floor) & ~block.missing
    catchments = find_catchments(
        block.smooth, where, least_persistence=thresholds.number("detection.least_persistence")
    )
    levels = _organ_levels(block, thresholds)
    scatter = _noise(block, levels)
    found: list[Candidate] = []
    inner = labels[_slices(block)]
    _whole_organs(block, levels, tracer_class, found, inner)
    whole = len(found)
    for number in np.argsort(-catchments.heights, kind="stable"):
        candidate, region, box = _judge(
            block, catchments, int(number), levels, (floor, scatter), tracer_class, thresholds
        )
        if candidate is None or region is None:
            continue
        target = inner[box]
        # What was judged to lie on a kidney, not in it, is taken out of the kidney's own uptake.
        in_kidney = block.names.get(int(block.organs[candidate.index]), "") in KIDNEYS
        free = region & (target <= whole if in_kidney else target == 0)
        if np.count_nonzero(free) < 0.4 * np.count_nonzero(region):
            continue
        label = len(found) + 1
        target[free] = label
        index = tuple(int(v + s) for v, s in zip(candidate.index, block.start, strict=True))
        found.append(
            Candidate(
                label,
                (index[0], index[1], index[2]),
                candidate.organ,
                False,
                candidate.height,
                candidate.background,
                candidate.noise,
            )
        )
    return Candidates(labels, found)


def _slices(block: _Block) -> tuple[slice, slice, slice]:
    first, second, third = (slice(s, s + n) for s, n in zip(block.start, block.suv.shape, strict=True))
    return first, second, third


def _block(pet: Volume, organs: Organs, thresholds: Thresholds) -> _Block | None:
    """The part of the PET around the body with a margin, smoothed; None when there is no body."""
    body = organs.labels > 0
    slices = []
    for axis in range(3):
        there = np.flatnonzero(body.any(axis=tuple(n for n in range(3) if n != axis)))
        if not there.size:
            return None
        slices.append(slice(max(0, int(there[0]) - 2), int(there[-1]) + 3))
    box = (slices[0], slices[1], slices[2])
    suv = np.ascontiguousarray(pet.array[box], dtype=np.float32)
    spacing = pet.geometry.spacing_mm
    width = thresholds.number("detection.smoothing_fwhm_mm")
    sigma = [width / _FWHM_PER_SIGMA / step for step in spacing]
    missing = np.zeros((suv.shape[0], 1, 1), dtype=bool)
    for plane in pet.missing_slices:
        if 0 <= plane - box[0].start < suv.shape[0]:
            missing[plane - box[0].start] = True
    return _Block(
        start=(box[0].start, box[1].start, box[2].start),
        suv=suv,
        smooth=ndimage.gaussian_filter(suv, sigma, mode="nearest", truncate=3.0),
        organs=np.ascontiguousarray(organs.labels[box]),
        names={label: name for name, label in organs.names.items()},
        spacing=spacing,
        missing=missing,
        field=(0, pet.geometry.shape[0] - 1),
        hot=tuple(label for name, label in organs.names.items() if name in (*WHOLE_ORGANS, *UPTAKE_ORGANS)),
    )


def _floor(
    block: _Block, references: list[ReferenceRegion], tracer_class: TracerClass, thresholds: Thresholds
) -> float:
    """Lowest smoothed uptake that is looked at: over blood pool (FDG: and near liver), else a usual value."""
    means = {reference.name: reference.mean for reference in references if reference.mean is not None}
    bars = []
    if "blood_pool" in means:
        bars.append(thresholds.number("detection.floor_over_blood") * means["blood_pool"])
    if "liver" in means and tracer_class is TracerClass.FDG:
        bars.append(thresholds.number("detection.floor_over_liver_fdg") * means["liver"])
    if bars:
        return max(bars)
    key = {TracerClass.FDG: "detection.floor_fdg", TracerClass.SSTR: "detection.floor_sstr"}
    return thresholds.number(key.get(tracer_class, "detection.floor_other"))


def _noise(block: _Block, levels: dict[str, _Level]) -> float:
    """Noise of the smoothed image: its SD divided by the square root of the level (counting statistics).

    From the liver's scatter where the liver is known and even; else as the whole body shows it.
    """
    if "liver" in levels and levels["liver"].even:
        return levels["liver"].scatter / float(np.sqrt(levels["liver"].median))
    return block.noise


@dataclass(frozen=True)
class _Level:
    """Typical smoothed uptake of an organ and its scatter, robust against lesions in it; whether it is even."""

    median: float
    scatter: float
    even: bool


def _organ_levels(block: _Block, thresholds: Thresholds) -> dict[str, _Level]:
    """Median and scatter (from the lower half, so that lesions do not widen it) of each organ's inside.

    Of liver and spleen, what is tumour by its height is left out first: it may be most of the organ. What is left of
    such an organ is uneven by disease, so its scatter is that of the body's noise.
    """
    levels = {}
    for label, name in block.names.items():
        if name == "body":
            continue
        values = block.smooth[_inside(block, label, 6.0)]
        if values.size < 30:
            values = block.smooth[block.organs == label]
        if values.size < 5:
            continue
        kept = least_affected(values) if name in UPTAKE_ORGANS else values
        even = kept.size >= thresholds.number("detection.even_share") * values.size
        median = float(np.median(kept))
        scatter = median - float(np.percentile(kept, 16)) if even else block.noise * float(np.sqrt(median))
        levels[name] = _Level(median, max(scatter, 0.02 * median), even)
    return levels


def _inside(block: _Block, label: int, depth_mm: float) -> npt.NDArray[np.bool_]:
    there = block.organs == label
    box = ndimage.find_objects(there.astype(np.int8))
    result = np.zeros_like(there)
    if box:
        part = np.ascontiguousarray(there[box[0]])
        result[box[0]] = edt.edt(part, anisotropy=block.spacing) > depth_mm
    return np.asarray(result)


def _whole_organs(
    block: _Block,
    levels: dict[str, _Level],
    tracer_class: TracerClass,
    found: list[Candidate],
    labels: npt.NDArray[np.uint16],
) -> None:
    """One candidate per organ of excretion, brain or heart whose uptake stands out from the body."""
    typical = float(np.median(block.smooth[block.organs == 1])) if np.any(block.organs == 1) else 0.0
    for label, name in block.names.items():
        if name not in WHOLE_ORGANS or name not in levels:
            continue
        if levels[name].median < 2.0 * typical or (name in ("heart", "brain") and tracer_class is not TracerClass.FDG):
            continue
        there = block.organs == label
        values = np.where(there, block.suv, -1.0)
        at = np.unravel_index(int(values.argmax()), values.shape)
        number = len(found) + 1
        labels[there] = number
        index = tuple(int(v + s) for v, s in zip(at, block.start, strict=True))
        level = levels[name]
        found.append(
            Candidate(number, (index[0], index[1], index[2]), name, True, level.median, typical, level.scatter)
        )


Box3 = tuple[slice, slice, slice]


def _judge(
    block: _Block,
    catchments: Catchments,
    number: int,
    levels: dict[str, _Level],
    bars: tuple[float, float],
    tracer_class: TracerClass,
    thresholds: Thresholds,
) -> tuple[Candidate | None, npt.NDArray[np.bool_] | None, Box3]:
    """Whether one catchment's maximum stands out; its rough region above half of the contrast."""
    k, j, i = (int(v) for v in catchments.indices[number])
    height = float(catchments.heights[number])
    box = _window((k, j, i), block, 40.0)
    organ = block.names.get(int(block.organs[k, j, i]), "")
    floor, scatter = bars
    if height < floor or (_belongs_to_whole_organ(organ, tracer_class) and organ not in KIDNEYS):
        return None, None, box
    fall = height - float(catchments.saddles[number])
    if organ not in UPTAKE_ORGANS and fall < _LEAST_FALL * thresholds.number("detection.noise_deviations") * scatter:
        return None, None, box
    shallow = organ in KIDNEYS and _shallow(block, (k, j, i), tracer_class, thresholds)
    own = catchments.labels[box] == number + 1
    if organ == "body" or shallow:
        # What sits on an organ of even, high uptake has no valley towards it: the organ's edge is its border.
        own &= ~_deep_in_organs(block, box, thresholds.number("detection.outer_cortex_mm") if shallow else 0.0)
    centre = tuple(v - part.start for v, part in zip((k, j, i), box, strict=True))
    around = _region(block, box, own, centre, height, thresholds)
    if around is None:
        return None, None, box
    organ = "body" if shallow else _owner(block, around.region, box, organ)
    if _belongs_to_whole_organ(organ, tracer_class):
        return None, None, box
    near_end = _near_end(k, block, thresholds.number("detection.end_mm"))
    bar = thresholds.number("detection.noise_deviations") * scatter * (2.0 if near_end else 1.0)
    if not _stands_out(height, around, organ, levels, (floor, bar), thresholds):
        return None, None, box
    name = "" if organ == "body" else organ
    return Candidate(0, (k, j, i), name, False, height, around.shell, around.scatter), around.region, box


def _near_end(plane: int, block: _Block, reach_mm: float) -> bool:
    """Whether a plane lies near the first or last image along the body, where counts are few and noise is high."""
    last = block.field[1]
    return bool(
        min(plane + block.start[0] - block.field[0], last - plane - block.start[0]) * block.spacing[0] < reach_mm
    )


@dataclass(frozen=True)
class _Around:
    """A maximum's rough region, the mean and scatter of the shell around it, and the median of a wider ring."""

    region: npt.NDArray[np.bool_]
    shell: float
    scatter: float
    ring: float


def _owner(block: _Block, region: npt.NDArray[np.bool_], box: Box3, organ: str) -> str:
    """The organ that holds most of a region; the organ at its maximum counts only where it holds half of it."""
    labels = block.organs[box][region]
    counts = np.bincount(labels, minlength=2)
    counts[:2] = 0
    most = int(counts.argmax())
    name = block.names.get(most, "")
    if name in (*WHOLE_ORGANS, *UPTAKE_ORGANS) and counts[most] > 0.5 * labels.size:
        return name
    return "body" if organ in (*UPTAKE_ORGANS, *KIDNEYS) else organ


def _deep_in_organs(block: _Block, box: Box3, cortex_mm: float) -> npt.NDArray[np.bool_]:
    """Organs with uptake of their own; of the kidneys only what lies deeper than ``cortex_mm``."""
    labels = block.organs[box]
    kidneys = np.isin(labels, [label for label in block.hot if block.names[label] in KIDNEYS])
    others = np.isin(labels, block.hot) & ~kidneys
    if not cortex_mm:
        return np.asarray(others | kidneys)
    depth = edt.edt(np.ascontiguousarray(kidneys), anisotropy=block.spacing, black_border=False)
    return np.asarray(others | (depth > cortex_mm))


def _shallow(block: _Block, index: tuple[int, int, int], tracer_class: TracerClass, thresholds: Thresholds) -> bool:
    """Whether a maximum on FDG lies in the outer cortex, where urine does not: what touches the kidney shows there."""
    if tracer_class is not TracerClass.FDG:
        return False
    reach = thresholds.number("detection.outer_cortex_mm")
    box = _window(index, block, reach + max(block.spacing))
    own = block.organs[box] == block.organs[index]
    at = tuple(v - part.start for v, part in zip(index, box, strict=True))
    return bool(edt.edt(np.ascontiguousarray(own), anisotropy=block.spacing, black_border=False)[at] <= reach)


def _belongs_to_whole_organ(organ: str, tracer_class: TracerClass) -> bool:
    if organ not in WHOLE_ORGANS:
        return False
    return organ not in ("heart", "brain") or tracer_class is TracerClass.FDG


def _window(index: tuple[int, int, int], block: _Block, reach_mm: float) -> Box3:
    parts = []
    for at, step, length in zip(index, block.spacing, block.suv.shape, strict=True):
        reach = int(np.ceil(reach_mm / step))
        parts.append(slice(max(0, at - reach), min(length, at + reach + 1)))
    return parts[0], parts[1], parts[2]


def _region(
    block: _Block,
    box: Box3,
    own: npt.NDArray[np.bool_],
    centre: tuple[int, ...],
    height: float,
    thresholds: Thresholds,
) -> _Around | None:
    """Region above half of the contrast inside its catchment, with shell and ring; None without surroundings.

    Shell and ring leave out what is higher than the region's own rim in other catchments: neighbours are not
    background. Inside liver and spleen they stay in the organ.
    """
    values = block.smooth[box]
    body = block.organs[box] > 0
    background = float(np.percentile(values[body], 20)) if body.any() else 0.0
    inner, outer = thresholds.bounds("detection.ring_mm")
    here = block.organs[box][centre]
    alike = body & (block.organs[box] == here) if block.names.get(int(here), "") in UPTAKE_ORGANS else body
    region, distance, level = own, np.zeros(own.shape, np.float32), height
    for _ in range(4):
        level = background + 0.5 * (height - background)
        parts, _ = ndimage.label(own & (values > level))
        region = np.asarray(parts == parts[centre])
        distance = edt.edt(~region, anisotropy=block.spacing, black_border=False)
        ring = _countable((distance > inner) & (distance <= outer) & body & (own | (values < level)), alike)
        if np.count_nonzero(ring) < 8:
            return None
        fresh = float(np.median(values[ring]))
        settled = abs(fresh - background) < 0.02 * height
        background = fresh
        if settled:
            break
    first, last = thresholds.bounds("detection.shell_mm")
    shell = _countable((distance > first) & (distance <= last) & body & (own | (values < level)), alike)
    if np.count_nonzero(shell) < 8:
        return None
    return _Around(region, float(values[shell].mean()), float(values[shell].std()), background)


def _countable(around: npt.NDArray[np.bool_], alike: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The surroundings inside the same organ where there are enough of them, else all."""
    inside = around & alike
    return inside if np.count_nonzero(inside) >= 20 else around


def _stands_out(
    height: float,
    around: _Around,
    organ: str,
    levels: dict[str, _Level],
    bars: tuple[float, float],
    thresholds: Thresholds,
) -> bool:
    """The discernible rule on smoothed uptake: against shell and noise, and the organ's own level where it has one.

    Noise of iterative reconstructions is skewed, so the organ's scatter is counted in ratios, not in differences.
    """
    floor, bar = bars
    if organ in UPTAKE_ORGANS and organ in levels:
        level = levels[organ]
        ratio = level.scatter / max(level.median - level.scatter, 1e-6)
        enough = level.median * (1.0 + ratio) ** thresholds.number("detection.organ_deviations")
        if height < max(enough, thresholds.number("detection.organ_contrast") * level.median):
            return False
        return height >= thresholds.number("detection.organ_contrast_local") * around.ring
    if height < around.shell + thresholds.number("detection.shell_deviations") * around.scatter:
        return False
    if height - around.shell < bar * float(np.sqrt(max(around.shell, floor / 3))):
        return False
    return height >= thresholds.number("detection.contrast") * around.shell
