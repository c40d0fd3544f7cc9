"""Growing an outline from a seed: inner value, surroundings, half contrast, a smooth outline, no leaks.

One trial assumes a radius. The inner value comes from the core around the seed, the background from a shell in the
organ; the level between them, half way unless told otherwise, cuts the lesion out. The outline is kept smooth by
threshold dynamics: the mask is blurred and cut at one half again, with the image pulling (Esedoglu and Tsai 2006,
piecewise constant Mumford-Shah). Thin bridges into vessels and neighbours are opened, holes are filled. At last the
outline moves to half contrast with what lies next to it at each place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.outline_shape import away_mm, depth_mm, filled, opened, part_at, radius_of, sphericity
from isletscope.lesions.images.outline_window import Booleans, Floats, Window, weighted_mean

_ROBUST_SD = 1.4826
_FEW_VOXELS = 30
_OPENINGS = (0.3, 0.45, 0.6)
_COMPACT = 0.88
_TIPS = 0.45  # vessels that end at the lesion, thinner than this share of its inscribed radius, are cut off


@dataclass(frozen=True)
class Aim:
    """What one trial assumes: ``radius_mm``; ``expected_mm`` where the size is known from elsewhere.

    ``level``: share of the way from background to inner value where the outline lies. ``beyond``: how many contrasts
    above the background another tissue begins.
    """

    radius_mm: float
    expected_mm: float | None
    level: float
    beyond: float
    rules: Thresholds


@dataclass(frozen=True)
class Grey:
    """Inner value, background and noise (robust SD of the smoothed surroundings), in the unit of the image."""

    inner: float
    background: float
    noise: float
    shell_voxels: int

    @property
    def contrast(self) -> float:
        """Inner value less background."""
        return self.inner - self.background

    @property
    def to_noise(self) -> float:
        """Contrast in units of the noise."""
        return abs(self.contrast) / max(self.noise, 1e-6 * max(abs(self.inner), abs(self.background), 1e-6))


@dataclass(frozen=True)
class Trial:
    """One outline on a window, the values it rests on, and the radius it assumed."""

    window: Window
    inside: Booleans
    grey: Grey
    radius_mm: float

    @property
    def equivalent_radius_mm(self) -> float:
        """Radius of the ball of the same volume."""
        return radius_of(self.inside, self.window.step_mm)


def trials(window: Window, aim: Aim) -> Iterator[Trial]:
    """Outlines for one assumed radius: from the core around the seed, and from a rim around it where the core differs.

    Where an organ is given, growth keeps to it; a second outline that may leave it is tried where the first one is
    cut off by the organ's border.
    """
    smooth = window.smoothed(min(0.6 * window.voxel_mm, 0.2 * aim.radius_mm))
    for start in _starts(window, smooth, aim):
        found = _settled(window, smooth, start, window.allowed, aim)
        if found is not None:
            yield found
        if window.organ is not None and (found is None or _cut_off(window, found.inside)):
            loose = _settled(window, smooth, start, window.near_organ, aim)
            if loose is not None:
                yield loose


def _cut_off(window: Window, inside: Booleans) -> bool:
    """Whether a good part of the outline lies at the border of where growth was allowed."""
    away = away_mm(inside, window.step_mm, window.step_mm)
    border = ~inside & (away <= 1.01 * window.step_mm)
    return bool(np.mean(~window.allowed[border] & window.valid[border]) > 0.05) if border.any() else False


def _starts(window: Window, smooth: Floats, aim: Aim) -> list[Grey]:
    """First guesses: the value of the core; and of the rim, where core and rim differ as in a ring."""
    rules, radius = aim.rules, aim.radius_mm
    core = window.valid & (window.from_seed_mm <= max(rules.number("core.of_radius") * radius, window.step_mm))
    if not core.any():
        return []
    inner = float(np.median(smooth[core]))
    width = max(rules.number("core.shell_width_of_radius") * radius, rules.number("core.shell_width_mm"))
    first = rules.number("core.shell_from") * radius + 0.5 * window.step_mm
    around = window.valid & (window.from_seed_mm >= first) & (window.from_seed_mm <= first + width)
    start = _grey(window, smooth, inner, around)
    if start is None:
        return []
    rim = window.valid & (np.abs(window.from_seed_mm - 0.75 * radius) <= 0.15 * radius + 0.5 * window.step_mm)
    ring = float(np.median(smooth[rim])) if rim.any() else inner
    if abs(ring - inner) > 0.5 * abs(start.contrast) and abs(ring - start.background) > 2 * start.noise:
        return [start, replace(start, inner=ring)]
    return [start]


def _grey(window: Window, smooth: Floats, inner: float, around: Booleans) -> Grey | None:
    """Background and noise from the shell: inside the organ where it is known and enough of it is there."""
    within = around & window.organ if window.organ is not None else around
    if np.count_nonzero(within) < _FEW_VOXELS:
        within = around
    values = smooth[within]
    if values.size < _FEW_VOXELS:
        return None
    middle = _mode(values)
    near = values[np.abs(values - middle) <= max(2.5 * _spread(values, middle), 1e-6)]
    background = float(np.median(near))
    return Grey(inner, background, _spread(near, background), int(values.size))


def _mode(values: Floats) -> float:
    """The half-sample mode: the densest half of the values, halved again until it is small."""
    ordered = np.sort(values)
    while ordered.size > max(20, values.size // 8):
        half = ordered.size // 2
        widths = ordered[half:] - ordered[: ordered.size - half]
        first = int(np.argmin(widths))
        ordered = ordered[first : first + half + 1]
    return float(np.median(ordered))


def _spread(values: Floats, middle: float) -> float:
    return _ROBUST_SD * float(np.median(np.abs(values - middle)))


def _settled(window: Window, smooth: Floats, start: Grey, allowed: Booleans, aim: Aim) -> Trial | None:
    """Outline, inner value and surroundings in turn, until they agree; None when nothing is left at the seed."""
    grey = start
    inside: Booleans | None = None
    for _ in range(int(aim.rules.number("core.rounds"))):
        radius = aim.radius_mm if inside is None else radius_of(inside, window.step_mm)
        fresh = _cut(window, smooth, grey, allowed, aim, radius)
        if fresh is None:
            return None
        if inside is not None and np.count_nonzero(fresh ^ inside) <= 0.01 * np.count_nonzero(inside):
            break
        inside = fresh
        grey = _renewed(window, smooth, inside, grey)
    if inside is None:
        return None
    trial = Trial(window, inside, grey, aim.radius_mm)
    core = _core(window, aim)
    moved = part_at(filled(_refined(window, smooth, trial, allowed, aim)), core)
    if not moved.any():
        return trial
    pruned = opened(moved, core, _TIPS, window.step_mm)
    return replace(trial, inside=moved if pruned is None else pruned)


def _renewed(window: Window, smooth: Floats, inside: Booleans, grey: Grey) -> Grey:
    """Values of the present outline: its inner half, and the shell 1.5 voxels to 6 mm further around it."""
    depth = depth_mm(inside, window.step_mm)
    deep = depth[inside & window.valid]
    if deep.size == 0:
        return grey
    contrasts = smooth[inside & window.valid & (depth >= np.median(deep))] - grey.background
    same = contrasts[contrasts * np.sign(grey.contrast) > 0.25 * abs(grey.contrast)]
    inner = grey.background + _typical(same, float(deep.max()), window.voxel_mm) if same.size else grey.inner
    first = 1.5 * max(window.step_mm, 0.7 * window.voxel_mm)
    last = first + max(6.0, 2.5 * window.step_mm)
    away = away_mm(inside, window.step_mm, last)
    around = window.valid & (away > first) & (away <= last)
    fresh = _grey(window, smooth, inner, around)
    return fresh if fresh is not None and fresh.contrast * grey.contrast > 0 else grey


def _typical(contrasts: Floats, depth_mm: float, voxel_mm: float) -> float:
    """Contrast of the lesion's tissue: the median; nearer the peak where blur reaches the middle of a small lesion."""
    blurred = float(np.clip(1.5 - depth_mm / (2.0 * voxel_mm), 0.0, 1.0))
    order = 0.5 + 0.4 * blurred if np.median(contrasts) > 0 else 0.5 - 0.4 * blurred
    return float(np.quantile(contrasts, order))


def _cut(window: Window, smooth: Floats, grey: Grey, allowed: Booleans, aim: Aim, radius_mm: float) -> Booleans | None:
    """The smooth connected region around the seed on the lesion's side of the level; None when there is none."""
    if grey.contrast == 0:
        return None
    share = (smooth - np.float32(grey.background)) / np.float32(grey.contrast)
    within = allowed & (share < aim.beyond) & (window.from_seed_mm <= window.reach_mm)
    level = edge_level(window, radius_mm, aim.level)
    pull = np.where(within, np.clip(share, -0.25, 1.25), np.float32(0)) - np.float32(level)
    inside = _smooth_cut(within & (share > level), within, pull, grey, aim)
    return _without_leaks(window, inside, aim)


def _smooth_cut(start: Booleans, within: Booleans, pull: Floats, grey: Grey, aim: Aim) -> Booleans:
    """Threshold dynamics: blur the region, cut it at one half, shifted by how far each voxel is from the level."""
    weight = float(np.clip(0.35 * grey.to_noise, 0.35, 3.0))
    inside = start
    for _ in range(int(aim.rules.number("level.smooth_rounds"))):
        blurred = ndimage.gaussian_filter(inside.astype(np.float32), 1.0, truncate=3.0)
        fresh = within & (blurred - 0.5 + weight * pull > 0)
        if np.array_equal(fresh, inside):
            break
        inside = fresh
    return inside


def _core(window: Window, aim: Aim) -> Booleans:
    return np.asarray(window.from_seed_mm <= max(0.4 * aim.radius_mm, 1.5 * window.step_mm))


def _without_leaks(window: Window, inside: Booleans, aim: Aim) -> Booleans | None:
    """The part at the seed, holes filled, opened as far as that makes it compact and of the size expected."""
    core = _core(window, aim)
    whole = part_at(filled(part_at(inside, core)), core)
    if not whole.any():
        return None
    best, best_mark = whole, _shape_mark(window, whole, aim)
    if sphericity(whole) >= _COMPACT:
        return whole
    for share in _OPENINGS:
        part = opened(whole, core, share, window.step_mm)
        if part is None:
            break
        mark = _shape_mark(window, part, aim)
        if mark > best_mark + 0.03:
            best, best_mark = part, mark
    return best


def _shape_mark(window: Window, inside: Booleans, aim: Aim) -> float:
    """Sphericity, lowered at the limit of growth and away from the size expected."""
    limit = bool((inside & (window.from_seed_mm > window.reach_mm - 2 * window.step_mm)).any())
    fit = 1.0
    if aim.expected_mm is not None:
        fit = float(np.exp(-0.5 * (np.log(radius_of(inside, window.step_mm) / aim.expected_mm) / 0.35) ** 2))
    return sphericity(inside) * fit * (0.5 if limit else 1.0)


def _refined(window: Window, smooth: Floats, trial: Trial, allowed: Booleans, aim: Aim) -> Booleans:
    """The outline moved to half contrast between the tissue just inside and what lies next to it at each place.

    A lesion at an organ's edge has more than one kind of surroundings. Only a narrow band moves, and only where inside
    and outside differ (after localized regions: Lankton and Tannenbaum 2008).
    """
    inside, step = trial.inside, window.step_mm
    blur = max(window.voxel_mm, step)
    depth = depth_mm(inside, step)
    away = away_mm(inside, step, blur + max(4.0, 2.5 * blur))
    deep = inside & window.valid & (depth >= np.median(depth[inside]))
    around = window.valid & ~inside & (away > blur) & (away <= blur + max(4.0, 2.5 * blur))
    low = weighted_mean(smooth, around, max(2.0, blur) / step)
    high = weighted_mean(smooth, deep, max(0.5 * trial.equivalent_radius_mm, 2 * step) / step)
    difference = high - low
    known = (np.abs(difference) >= 0.3 * abs(trial.grey.contrast)) & (low != 0) & (high != 0)
    reach = max(1.5 * blur, 2 * step)
    band = known & allowed & (depth <= reach) & (away <= reach)
    share = np.divide(smooth - low, difference, out=np.zeros_like(smooth), where=known)
    level = edge_level(window, trial.equivalent_radius_mm, aim.level)
    pull = np.where(band, np.clip(share, -0.25, 1.25) - level, np.where(inside, 0.5, -0.5)).astype(np.float32)
    return _smooth_cut(inside, band | inside, pull, trial.grey, aim)


def edge_level(window: Window, radius_mm: float, level: float) -> float:
    """The level at the true edge of a ball in a blurred image: below one half, because the edge is curved.

    A ball of radius R under a Gaussian of standard deviation s much smaller than R has 0.5 - s / (R sqrt(2 pi)) of its
    contrast at its edge. The blur is that of voxels and slices; at most 0.15 is taken off.
    """
    return level - min(0.15, window.blur_mm / (radius_mm * float(np.sqrt(2 * np.pi))))
