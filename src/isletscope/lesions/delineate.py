"""Outlining foci on PET by several named rules.

Every rule gives a :class:`Delineation`: the part of the image at or above a threshold that is connected (by voxel
faces) with the focus's maximum, inside what is allowed; the threshold; the rule in words. Or it says why it is not
valid for this focus. Masks lie on a small block of the PET grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isletscope.lesions.delineation_rules import DelineationRules, delineation_rules
from isletscope.lesions.outline import (
    Delineation,
    Outline,
    Seed,
    measure_block,
    on_block,
    outline,
    seed_from_label,
    seed_from_mask,
    seed_from_point,
    shifted,
)
from isletscope.lesions.shell import Scene, ShellStatistics, shell_statistics, surroundings
from isletscope.model import Support, TracerClass
from isletscope.spatial import SUV_BODY_WEIGHT, Box

__all__ = [
    "Background",
    "Delineation",
    "DelineationSet",
    "Outline",
    "Scene",
    "Seed",
    "background_adapted",
    "delineate",
    "fixed_suv",
    "liver_based",
    "measure_block",
    "outline",
    "percent_of_maximum",
    "percist",
    "seed_from_label",
    "seed_from_mask",
    "seed_from_point",
]

_CORE_SHARE = 0.75
_WIDE_MM = 30.0
_ADAPTED_SOURCE = "Isletscope convention: the percentage is taken of what stands above the surroundings"


@dataclass(frozen=True)
class Background:
    """Mean and SD of a reference region or organ in the unit of the image, with its name."""

    name: str
    mean: float
    standard_deviation: float


@dataclass(frozen=True)
class DelineationSet:
    """One focus by its default rule, and by all others as a sensitivity range, in the order they are printed."""

    default: Delineation
    others: tuple[Delineation, ...]
    flags: tuple[str, ...] = ()


def delineate(
    scene: Scene,
    seed: Seed,
    *,
    tracer: TracerClass,
    liver: Background | None = None,
    organ: Background | None = None,
    rules: DelineationRules | None = None,
) -> DelineationSet:
    """Outline one focus by every rule.

    The default is the background-adapted percentage: it equals the plain percentage where the background is near 0.
    ``organ`` is the organ with physiologic uptake that the focus lies in, if any; ``liver`` the reference region.
    FDG foci whose SUVmax is below 1.5 times the liver mean are not outlined.
    Flags say what a reader should know about the volume.
    """
    rules = rules or delineation_rules()
    adapted = background_adapted(scene, seed, tracer=tracer, rules=rules)
    low = rules.limits.fdg_over_liver.value
    if tracer is TracerClass.FDG and liver is not None and _maximum(scene, seed) < low * liver.mean:
        reason = (
            f"below threshold: SUVmax {_maximum(scene, seed):.2f} is under {low:g} x {liver.name} mean "
            f"{liver.mean:.2f}; listed, not outlined"
        )
        adapted = replace(adapted, mask=None, why_not=reason)
    others = (
        percent_of_maximum(scene, seed, tracer=tracer, adapted=adapted, rules=rules),
        fixed_suv(scene, seed, tracer=tracer, organ=organ, rules=rules),
        liver_based(scene, seed, liver, rules=rules),
        percist(scene, seed, liver, rules=rules),
    )
    return DelineationSet(adapted, others, _flags(adapted, _maximum(scene, seed), liver, rules))


def _flags(adapted: Delineation, maximum: float, liver: Background | None, rules: DelineationRules) -> tuple[str, ...]:
    flags = []
    limits = rules.limits
    volume = adapted.volume_ml
    if volume is not None and volume < limits.minimum_volume_ml.value:
        flags.append(
            f"below_min_volume: {volume:.2f} mL is under {limits.minimum_volume_ml.value:g} mL; "
            "the volume is subject to partial volume"
        )
    hot = liver is not None and maximum > limits.bulk_over_liver.value * liver.mean
    if hot and volume is not None and volume > limits.bulk_volume_ml.value:
        flags.append(
            f"bulky: SUVmax is over {limits.bulk_over_liver.value:g} times the liver and the volume over "
            f"{limits.bulk_volume_ml.value:g} mL; the percentage may drop parts of low uptake, compare the fixed SUV"
        )
    return tuple(flags)


def fixed_suv(
    scene: Scene,
    seed: Seed,
    value: float | None = None,
    *,
    tracer: TracerClass = TracerClass.OTHER,
    organ: Background | None = None,
    rules: DelineationRules | None = None,
) -> Delineation:
    """Everything at or above a fixed SUV (the tracer's own where none is given).

    Not valid inside an ``organ`` whose mean + 2 SD exceeds the value: the liver-based rule stands in there.
    """
    rules = rules or delineation_rules()
    figure = rules.fixed_suv.of(tracer)
    threshold = figure.value if value is None else value
    source = figure.source if value is None else "value chosen by the caller"
    plain = Delineation(
        "fixed_suv", f"SUV ≥ {threshold:g}", figure.support if value is None else Support.CONVENTION, (source,)
    )
    if scene.pet.quantity != SUV_BODY_WEIGHT:
        return replace(plain, why_not=f"a fixed SUV is defined for SUVbw; the image holds {scene.pet.quantity.name}")
    factor = rules.liver_based.standard_deviations.value
    if organ is not None and organ.mean + factor * organ.standard_deviation > threshold:
        bar = organ.mean + factor * organ.standard_deviation
        reason = (
            f"the {organ.name} itself reaches mean + {factor:g} SD = {bar:.2f}, above {threshold:g}; "
            "the liver-based rule stands in"
        )
        return replace(plain, threshold=threshold, why_not=reason)
    return _at(scene, seed, plain, threshold, rules)


def percent_of_maximum(
    scene: Scene,
    seed: Seed,
    *,
    tracer: TracerClass,
    fraction: float | None = None,
    adapted: Delineation | None = None,
    rules: DelineationRules | None = None,
) -> Delineation:
    """Everything at or above a share of SUVmax (45 % SSTR, 41 % FDG), without regard to background.

    Valid only where SUVmax exceeds background / share, and where the threshold clears the background's mean + 2 SD.
    The background is the shell of ``adapted``, the outline by the background-adapted rule (found when not given).
    """
    rules = rules or delineation_rules()
    share, plain = _share(tracer, fraction, rules)
    maximum = _maximum(scene, seed)
    adapted = adapted or background_adapted(scene, seed, tracer=tracer, fraction=fraction, rules=rules)
    plain = replace(
        plain, rule="percent_of_maximum", method=f"{share:.0%} of SUVmax {maximum:.2f}", shell=adapted.shell
    )
    why_not = _why_plain_share_fails(share, maximum, adapted.shell, rules)
    if why_not:
        return replace(plain, threshold=share * maximum, why_not=why_not)
    return _at(scene, seed, plain, share * maximum, rules)


def _why_plain_share_fails(
    share: float, maximum: float, shell: ShellStatistics | None, rules: DelineationRules
) -> str | None:
    if shell is None or shell.mean is None:
        return None
    if maximum <= shell.mean / share:
        bar = shell.mean / share
        return f"SUVmax {maximum:.2f} is not above background {shell.mean:.2f} / {share:g} = {bar:.2f}"
    factor = rules.discernible.standard_deviations.value
    if share * maximum <= shell.mean + factor * (shell.standard_deviation or 0.0):
        return (
            f"{share:.0%} of SUVmax = {share * maximum:.2f} lies within the spread of the surroundings "
            f"(mean {shell.mean:.2f} + {factor:g} SD); the outline would run out into them"
        )
    return None


def background_adapted(
    scene: Scene,
    seed: Seed,
    *,
    tracer: TracerClass,
    fraction: float | None = None,
    rules: DelineationRules | None = None,
) -> Delineation:
    """The percentage rule on what stands above background: threshold = BG + share x (SUVmax - BG).

    BG is the mean of the shell 3 to 8 mm outside the outline; shell and outline are found in turns until the
    threshold settles. Not valid where SUVmax < 1.5 BG, or without a measurable shell.
    """
    rules = rules or delineation_rules()
    share, plain = _share(tracer, fraction, rules)
    plain = replace(
        plain,
        rule="background_adapted",
        method=f"{share:.0%} of SUVmax above background",
        support=Support.CONVENTION,
        sources=(*plain.sources, _ADAPTED_SOURCE),
    )
    maximum = _maximum(scene, seed)
    background = _first_background(scene, seed, rules)
    threshold = background + share * (maximum - background)
    shell: ShellStatistics | None = None
    for _ in range(int(rules.background_adapted.rounds.value)):
        found = outline(scene, seed, threshold, rules)
        shell = shell_statistics(scene, found.mask, found.start_kji, seed.label, rules)
        if shell.mean is None:
            return replace(plain, shell=shell, why_not=f"no background: {shell.missing_because}")
        before, threshold = threshold, shell.mean + share * (maximum - shell.mean)
        if abs(threshold - before) <= rules.background_adapted.settled_within.value * maximum:
            break
    assert shell is not None
    assert shell.mean is not None
    low = rules.background_adapted.assessable_over_background.value
    if maximum < low * shell.mean:
        reason = f"volume not assessable: SUVmax {maximum:.2f} is below {low:g} x background {shell.mean:.2f}"
        return replace(plain, threshold=threshold, shell=shell, why_not=reason)
    text = (
        f"background {shell.mean:.2f} + {share:.0%} of (SUVmax {maximum:.2f} - background); background = mean of the "
        f"shell {rules.shell.inner_mm.value:g} to {rules.shell.outer_mm.value:g} mm outside the outline"
    )
    return _at(scene, seed, replace(plain, method=text, shell=shell), threshold, rules)


def liver_based(
    scene: Scene, seed: Seed, liver: Background | None, *, rules: DelineationRules | None = None
) -> Delineation:
    """Everything at or above the mean + 2 SD of normal liver."""
    figure = (rules or delineation_rules()).liver_based.standard_deviations
    plain = Delineation("liver_based", f"liver mean + {figure.value:g} SD", figure.support, (figure.source,))
    if liver is None:
        return replace(plain, why_not="there is no liver reference region")
    threshold = liver.mean + figure.value * liver.standard_deviation
    text = f"{liver.name} mean {liver.mean:.2f} + {figure.value:g} x SD {liver.standard_deviation:.2f}"
    return _at(scene, seed, replace(plain, method=text), threshold, rules)


def percist(
    scene: Scene, seed: Seed, liver: Background | None, *, rules: DelineationRules | None = None
) -> Delineation:
    """Everything at or above 1.5 x liver mean + 2 SD (PERCIST 1.0; defined for SUL, the image's quantity is named)."""
    figures = (rules or delineation_rules()).percist
    factor, deviations = figures.factor.value, figures.standard_deviations.value
    plain = Delineation(
        "percist", f"{factor:g} × liver mean + {deviations:g} SD", figures.factor.support, (figures.factor.source,)
    )
    if liver is None:
        return replace(plain, why_not="there is no liver reference region")
    threshold = factor * liver.mean + deviations * liver.standard_deviation
    text = (
        f"{factor:g} x {liver.name} mean {liver.mean:.2f} + {deviations:g} x SD {liver.standard_deviation:.2f}, "
        f"in {scene.pet.quantity.name}"
    )
    return _at(scene, seed, replace(plain, method=text), threshold, rules)


def _at(
    scene: Scene, seed: Seed, plain: Delineation, threshold: float, rules: DelineationRules | None = None
) -> Delineation:
    maximum = _maximum(scene, seed)
    if maximum < threshold:
        reason = f"the highest value {maximum:.2f} lies below the threshold {threshold:.2f}"
        return replace(plain, threshold=threshold, why_not=reason)
    found = outline(scene, seed, threshold, rules)
    highest = _highest(scene, found)
    if seed.whole and highest > (rules or delineation_rules()).limits.hotter_beside.value * maximum:
        reason = (
            f"at {threshold:.2f} the outline runs into hotter uptake beside the focus "
            f"({highest:.2f} against {maximum:.2f}); a threshold cannot part them"
        )
        return replace(plain, threshold=threshold, why_not=reason)
    return replace(
        plain,
        method=f"{plain.method}: threshold {threshold:.2f} {scene.pet.quantity.unit}",
        threshold=threshold,
        mask=found.mask,
        start_kji=found.start_kji,
    )


def _highest(scene: Scene, found: Outline) -> float:
    block = tuple(slice(a, a + n) for a, n in zip(found.start_kji, found.mask.array.shape, strict=True))
    return float(scene.pet.array[block][found.mask.array].max())


def _maximum(scene: Scene, seed: Seed) -> float:
    return float(scene.pet.array[seed.maximum_index])


def _share(tracer: TracerClass, fraction: float | None, rules: DelineationRules) -> tuple[float, Delineation]:
    if fraction is not None:
        return fraction, Delineation("", "", Support.CONVENTION, ("share chosen by the caller",))
    figure = rules.percentage.of(tracer)
    return figure.value, Delineation("", "", figure.support, (figure.source,))


def _first_background(scene: Scene, seed: Seed, rules: DelineationRules) -> float:
    """Median of what lies 8 to 30 mm around the hot core of a focus: a start that is safe from leaks."""
    maximum = _maximum(scene, seed)
    core = outline(scene, seed, _CORE_SHARE * maximum, rules)
    stop = shifted(core.start_kji, core.mask.geometry.shape)
    block = Box(core.start_kji, stop).grown(_WIDE_MM, scene.pet.geometry)
    wide = on_block(core.mask.array, core.start_kji, block, scene.pet)
    values = surroundings(scene, wide, block.start, seed.label, (rules.shell.outer_mm.value, _WIDE_MM))
    return float(np.median(values)) if len(values) else 0.0
