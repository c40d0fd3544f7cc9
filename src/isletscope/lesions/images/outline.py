"""A lesion outlined from one point on CT, MR or PET, or the reason why it is not.

Several radii are tried where none is expected. Every trial cuts at half contrast between the core and the surroundings
(:mod:`isletscope.lesions.images.outline_growth`); the trial with the best outline is kept, and given only when it
passes every check. An outline that leaks, has no edge, or is too small is never returned: ``why_not`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from isletscope.anatomy import Thresholds, load_thresholds
from isletscope.lesions.images.outline_checks import MIXED, NO_CONTRAST, TOO_SMALL_FOR_SIZE, Marks, marks_of, refusal
from isletscope.lesions.images.outline_growth import Aim, Trial, edge_level, trials
from isletscope.lesions.images.outline_window import on_grid, window_around
from isletscope.spatial import HOUNSFIELD, SUV_BODY_WEIGHT, Mask, Volume

_CLEAR = 0.75  # score above which no other radius is tried: edge all around, round, of the size expected


@dataclass(frozen=True)
class SeedOutline:
    """An outline on the image's grid, or None with ``why_not``.

    ``method`` holds the rule with its numbers, as printed. ``confidence``: high, moderate or low; empty without an
    outline. ``flags``: what a reader should know. ``inner``, ``background`` and ``noise`` are in the image's unit;
    ``level`` is the value at the outline.
    """

    mask: Mask | None
    method: str
    confidence: str = ""
    flags: tuple[str, ...] = ()
    why_not: str = ""
    inner: float | None = None
    background: float | None = None
    noise: float | None = None
    level: float | None = None
    seed_lps_mm: tuple[float, float, float] = field(default=(0.0, 0.0, 0.0))

    @property
    def no_contrast(self) -> bool:
        """Whether it was refused because nothing differs from its surroundings there."""
        return self.why_not.startswith(NO_CONTRAST)


def outline_rules() -> Thresholds:
    """The figures that come with the software, ``outline.yaml``."""
    return load_thresholds("isletscope.lesions.images", "outline.yaml")


def outline_from_seed(
    volume: Volume,
    seed_lps_mm: npt.ArrayLike,
    organ: Mask | None = None,
    expected_radius_mm: float | None = None,
    *,
    level: float | None = None,
) -> SeedOutline:
    """Outline the lesion at a point (LPS mm) of a CT, MR or PET volume, on the volume's own grid.

    ``organ``: the organ that the lesion lies in, on any grid of the same frame; its tissue is the background.
    ``expected_radius_mm``: what is known of the size, from another image or a reader. ``level``: where the outline
    lies between background (0) and inner value (1); half way unless given.
    """
    rules = outline_rules()
    seed = np.asarray(seed_lps_mm, dtype=np.float64)
    level = rules.number("level.half") if level is None else level
    reason = _unfit(volume, seed)
    if reason:
        return SeedOutline(None, "", why_not=reason)
    tried: list[tuple[Trial, Marks]] = []
    for radius in _radii(expected_radius_mm, rules):
        aim = Aim(radius, expected_radius_mm, level, _beyond(volume, rules), rules)
        window = window_around(volume, seed, organ, radius, rules)
        tried += [(trial, marks_of(trial, volume, rules, expected_radius_mm)) for trial in trials(window, aim)]
        if expected_radius_mm is not None and any(marks.score > _CLEAR for _, marks in tried):
            break
    return _chosen(volume, seed, tried, rules, expected_radius_mm, level)


def _unfit(volume: Volume, seed: npt.NDArray[np.float64]) -> str:
    """Why nothing can be outlined at a place, before looking at values."""
    where = ", ".join(f"{v:.1f}" for v in seed)
    if not volume.geometry.contains(seed):
        return f"the point ({where}) mm lies outside the image"
    if min(volume.geometry.shape) < 3:
        return f"an outline in space needs 3 slices or more; the image has {min(volume.geometry.shape)}"
    k = int(np.clip(np.rint(volume.geometry.to_index(seed)[0]), 0, volume.geometry.shape[0] - 1))
    if k in volume.missing_slices:
        return f"the slice of the point ({where}) mm is missing from the series"
    return ""


def _radii(expected_mm: float | None, rules: Thresholds) -> list[float]:
    """Radii to try: about the expected one, or a geometric row."""
    if expected_mm is not None:
        return [max(2.0, expected_mm * factor) for factor in (1.0, 0.75, 1.35)]
    radii = [rules.number("scales.smallest_mm")]
    while radii[-1] * rules.number("scales.step") <= rules.number("scales.largest_mm"):
        radii.append(radii[-1] * rules.number("scales.step"))
    return radii


def _beyond(volume: Volume, rules: Thresholds) -> float:
    return rules.number("level.beyond_pet" if volume.quantity == SUV_BODY_WEIGHT else "level.beyond")


def _chosen(
    volume: Volume,
    seed: npt.NDArray[np.float64],
    tried: list[tuple[Trial, Marks]],
    rules: Thresholds,
    expected_mm: float | None,
    level: float,
) -> SeedOutline:
    """The best trial that passes every check; else the reason of the best one that does not."""
    if not tried:
        return SeedOutline(None, "", why_not=f"{NO_CONTRAST} at any of the radii tried")
    order = sorted(tried, key=lambda pair: -pair[1].score)
    reasons = [refusal(trial, marks, volume, rules, expected_mm) for trial, marks in order]
    passed = [(trial, marks) for (trial, marks), reason in zip(order, reasons, strict=True) if not reason]
    if not passed:
        return SeedOutline(None, "", why_not=reasons[0])
    trial, marks = passed[0]
    grey = trial.grey
    mask = on_grid(trial.inside, trial.window, volume, "outline")
    if not mask.array.any():
        return SeedOutline(
            None, "", why_not="no voxel centre of the image lies inside the outline: too small to outline"
        )
    return SeedOutline(
        mask=mask,
        method=_method(trial, volume, level),
        confidence=_confidence(trial, marks, passed),
        flags=marks.flags,
        inner=grey.inner,
        background=grey.background,
        noise=grey.noise,
        level=_value_at(trial, level),
        seed_lps_mm=(float(seed[0]), float(seed[1]), float(seed[2])),
    )


def _value_at(trial: Trial, level: float) -> float:
    """The value of the image at the outline."""
    share = edge_level(trial.window, trial.equivalent_radius_mm, level)
    return trial.grey.background + share * trial.grey.contrast


def _method(trial: Trial, volume: Volume, level: float) -> str:
    grey, unit = trial.grey, unit_words(volume)
    return (
        f"half contrast from a point: inner value {grey.inner:.4g}{unit}, surroundings {grey.background:.4g}{unit}, "
        f"noise {grey.noise:.3g}{unit}, outline at {_value_at(trial, level):.4g}{unit} ({100 * level:.0f} % less the "
        "blur of a curved edge), smoothed by threshold dynamics"
    )


def unit_words(volume: Volume) -> str:
    """The unit as printed behind a number."""
    if volume.quantity == HOUNSFIELD:
        return " HU"
    return " g/mL" if volume.quantity == SUV_BODY_WEIGHT else ""


def _confidence(trial: Trial, marks: Marks, passed: list[tuple[Trial, Marks]]) -> str:
    """High where the edge is clear all around and the size is as expected, or other assumed radii give the same.

    Moderate at most under three slices; low where the edge is weak or the surroundings mixed, or the lesion too small
    for a size.
    """
    radius = trial.equivalent_radius_mm
    agree = sum(abs(np.log(other.equivalent_radius_mm / radius)) < 0.1 for other, _ in passed)
    if any(flag.startswith((TOO_SMALL_FOR_SIZE, MIXED)) for flag in marks.flags):
        return "low"
    if (
        marks.slices >= 3
        and marks.supported > 0.85
        and trial.grey.to_noise > 3
        and (agree >= 2 or marks.score > _CLEAR)
    ):
        return "high"
    return "moderate" if marks.supported > 0.75 and trial.grey.to_noise > 1.5 else "low"
