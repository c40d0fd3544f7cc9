"""How good an outline grown from a seed is, and why it may not be given."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.outline_growth import Grey, Trial
from isletscope.lesions.images.outline_shape import away_mm, depth_mm, sphericity
from isletscope.lesions.images.outline_window import weighted_mean
from isletscope.spatial import HOUNSFIELD, SUV_BODY_WEIGHT, Volume

NO_CONTRAST = "no difference from its surroundings"
TOO_SMALL_FOR_SIZE = "size and volume are likely too large:"
MIXED = "surroundings are of several kinds: neighbours of the lesion's grey may be included"


@dataclass(frozen=True)
class Marks:
    """Figures of one outline: each 0 to 1 unless it says otherwise.

    ``supported``: share of the outline with a clear step across it. ``at_limit``: share of the outline at the limit of
    growth. ``outside``: share of the volume outside the organ. ``seed_away_mm``: from the seed to the outline's
    nearest voxel. ``across``: voxels of the image across it, in the plane of its slices. ``at_edge``: cut by the image.
    """

    score: float
    supported: float
    sphericity: float
    at_limit: float
    outside: float
    seed_away_mm: float
    across: float
    slices: float
    at_edge: bool
    flags: tuple[str, ...]


def marks_of(trial: Trial, volume: Volume, rules: Thresholds, expected_mm: float | None) -> Marks:
    """Mark an outline; the score orders outlines of the same seed."""
    window, inside = trial.window, trial.inside
    depth = depth_mm(inside, window.step_mm)
    shape = sphericity(inside)
    supported = _supported(trial, rules)
    limit = window.from_seed_mm > window.reach_mm - 2 * window.step_mm
    surface = inside & (depth <= 1.01 * window.step_mm)
    at_limit = float(np.count_nonzero(limit & inside)) / max(1.0, float(np.count_nonzero(surface)))
    radius = trial.equivalent_radius_mm
    outside = 0.0 if window.organ is None else float(np.mean(~window.organ[inside]))
    fit = trial.radius_mm if expected_mm is None else expected_mm
    width = 0.5 if expected_mm is None else 0.35
    likely = float(np.exp(-0.5 * (np.log(radius / fit) / width) ** 2))
    clear = min(1.0, trial.grey.to_noise / 4)
    # Planes of the image's slices run along the first axis of the grid.
    across = 2 * np.sqrt(np.count_nonzero(inside.any(axis=0)) / np.pi) * window.step_mm
    beside = away_mm(inside, window.step_mm, window.step_mm) <= 1.01 * window.step_mm
    at_edge = bool((~window.valid & beside).any())
    thick = float(inside.any(axis=(1, 2)).sum() * window.step_mm / volume.geometry.spacing_mm[0])
    marks = Marks(
        score=supported**2 * shape * likely * clear,
        supported=supported,
        sphericity=shape,
        at_limit=at_limit,
        outside=outside,
        seed_away_mm=float(window.from_seed_mm[inside].min(initial=np.inf)),
        across=float(across / max(volume.geometry.spacing_mm[1:])),
        slices=thick,
        at_edge=at_edge,
        flags=(),
    )
    return replace(marks, flags=_flags(marks, _cautions(marks, trial, volume, rules)))


def _supported(trial: Trial, rules: Thresholds) -> float:
    """Share of the outline where the means just inside and just outside differ by a good part of the contrast."""
    window, inside = trial.window, trial.inside
    step = window.step_mm
    width = max(2.6 * step, min(4.0, 0.4 * trial.radius_mm))
    depth, away = depth_mm(inside, step), away_mm(inside, step, width + step)
    within = window.valid & inside & (depth <= width)
    around = window.valid & ~inside & (away > 0.9 * step) & (away <= width + step)
    border = ~inside & (away <= 1.01 * step)
    low, high = weighted_mean(window.values, around, 1.3), weighted_mean(window.values, within, 1.3)
    needed = rules.number("checks.step_of_contrast") * abs(trial.grey.contrast)
    # Lesions of the organ's edge have two kinds of surroundings; a step either way is an edge.
    return float(np.mean(np.abs(high - low)[border] >= needed)) if border.any() else 0.0


def contrast_floor(volume: Volume, grey: Grey, rules: Thresholds) -> float:
    """The least contrast that is outlined, in the image's unit."""
    noise = rules.number("contrast.noise") * grey.noise
    if volume.quantity == HOUNSFIELD:
        return max(rules.number("contrast.hounsfield"), noise)
    share = "contrast.pet_share" if volume.quantity == SUV_BODY_WEIGHT else "contrast.share"
    return max(rules.number(share) * abs(grey.background), noise)


def refusal(trial: Trial, marks: Marks, volume: Volume, rules: Thresholds, expected_mm: float | None) -> str:
    """Why an outline is not given, with its numbers; empty when it passes."""
    grey = trial.grey
    needed = contrast_floor(volume, grey, rules)
    if abs(grey.contrast) < needed:
        return (
            f"{NO_CONTRAST}: inner value {grey.inner:.4g}, surroundings {grey.background:.4g} "
            f"with noise {grey.noise:.3g}; at least {needed:.3g} of difference is needed"
        )
    if marks.across < rules.number("checks.voxels_across"):
        return (
            f"too small to outline: {marks.across:.1f} voxels across, at least "
            f"{rules.number('checks.voxels_across'):g} are needed"
        )
    if marks.seed_away_mm > max(2 * trial.window.step_mm, 0.25 * trial.equivalent_radius_mm):
        return f"what stands out does not reach the point: it begins {marks.seed_away_mm:.1f} mm away"
    if marks.at_limit > rules.number("checks.at_limit"):
        return f"no closed outline: growth reached the limit of search, {trial.window.reach_mm:.0f} mm from the point"
    if marks.sphericity < rules.number("checks.sphericity"):
        return (
            f"not compact: sphericity {marks.sphericity:.2f}, at least {rules.number('checks.sphericity'):g} is "
            f"expected of a lesion; the outline may have leaked into a neighbour"
        )
    if marks.supported < rules.number("checks.supported_outline"):
        return (
            f"no edge around it: {100 * marks.supported:.0f} % of the outline has a step of "
            f"{100 * rules.number('checks.step_of_contrast'):.0f} % of the contrast or more, at least "
            f"{100 * rules.number('checks.supported_outline'):.0f} % are needed"
        )
    if marks.outside > rules.number("checks.outside_organ"):
        return f"{100 * marks.outside:.0f} % of the outline lies outside the organ"
    return _unexpected(trial, rules, expected_mm)


def _unexpected(trial: Trial, rules: Thresholds, expected_mm: float | None) -> str:
    if expected_mm is None:
        return ""
    low, high = (factor * expected_mm for factor in rules.bounds("scales.of_expected"))
    radius = trial.equivalent_radius_mm
    if low <= radius <= high:
        return ""
    return f"what stands out has a radius of {radius:.1f} mm; {low:.1f} to {high:.1f} mm were expected"


def _too_small_for_size(marks: Marks, trial: Trial, volume: Volume, rules: Thresholds) -> str:
    """Why the size of a small lesion cannot be relied on; empty when it can."""
    if marks.slices < rules.number("checks.slices_for_size"):
        return f"{TOO_SMALL_FOR_SIZE} it spans {marks.slices:.1f} slices"
    diameter = 2 * trial.equivalent_radius_mm
    if volume.quantity == SUV_BODY_WEIGHT and diameter < rules.number("checks.pet_diameter_mm"):
        return f"{TOO_SMALL_FOR_SIZE} {diameter:.0f} mm is near the resolution of PET"
    return ""


def _cautions(marks: Marks, trial: Trial, volume: Volume, rules: Thresholds) -> list[str]:
    """What lowers the confidence."""
    said = [_too_small_for_size(marks, trial, volume, rules)]
    if _alike_around(trial) < rules.number("checks.surroundings_alike"):
        said.append(MIXED)
    return [one for one in said if one]


def _alike_around(trial: Trial) -> float:
    """Share of the surroundings that has the background's value, within the organ where it is known."""
    window, grey = trial.window, trial.grey
    first = 1.5 * max(window.step_mm, 0.7 * window.voxel_mm)
    away = away_mm(trial.inside, window.step_mm, first + 6.0)
    around = window.valid & (away > first) & (away <= first + 6.0)
    around = around & window.organ if window.organ is not None else around
    if not around.any():
        return 0.0
    near = np.abs(window.values[around] - grey.background) <= max(4 * grey.noise, 0.5 * abs(grey.contrast))
    return float(np.mean(near))


def _flags(marks: Marks, cautions: list[str]) -> tuple[str, ...]:
    flags = list(cautions)
    if marks.at_edge:
        flags.append("cut by the edge of the image")
    if marks.outside > 0.1:
        flags.append(f"{100 * marks.outside:.0f} % lies outside the organ given")
    if marks.supported < 0.8:
        flags.append(f"{100 * (1 - marks.supported):.0f} % of the outline has no clear edge")
    return tuple(flags)
