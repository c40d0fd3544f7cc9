"""Growing an outline from a seed: inner value, surroundings, half contrast, a smooth outline, no leaks.

One trial assumes a radius. The inner value comes from the core around the seed, the background from a shell in the
organ; the level between them, half way unless told otherwise, cuts the lesion out. The outline is kept smooth by
threshold dynamics: the mask is blurred and cut at one half again, with the image pulling (Esedoglu and Tsai 2006,
piecewise constant Mumford-Shah). Thin bridges into vessels and neighbours are opened, holes are filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.outline_window import Booleans, Floats, Window
from isletscope.spatial import Mask, distance_to_mm, inside_depth_mm, label_components

_ROBUST_SD = 1.4826
_FEW_VOXELS = 30
_OPENINGS = (0.0, 0.3, 0.45, 0.6)


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


def radius_of(inside: Booleans, step_mm: float) -> float:
    """Radius in mm of the ball of the same volume as a region on a cubic grid."""
    return float((np.count_nonzero(inside) * step_mm**3 * 0.75 / np.pi) ** (1 / 3))


def trials(window: Window, radius_mm: float, rules: Thresholds, beyond: float, level: float) -> Iterator[Trial]:
    """Outlines for one assumed radius: from the core around the seed, and from a rim around it where the core differs.

    ``level``: share of the way from the background to the inner value where the outline lies.
    ``beyond``: how many contrasts above the background another tissue begins.
    """
    smooth = window.smoothed(_smoothing_mm(window, radius_mm))
    for start in _starts(window, smooth, radius_mm, rules):
        found = _settled(window, smooth, start, radius_mm, rules, beyond, level)
        if found is not None:
            yield found


def _smoothing_mm(window: Window, radius_mm: float) -> float:
    return min(0.7 * window.step_mm, 0.15 * radius_mm)


def _starts(window: Window, smooth: Floats, radius_mm: float, rules: Thresholds) -> list[Grey]:
    """First guesses: the value of the core; and of the rim, where core and rim differ as in a ring."""
    core = window.valid & (window.from_seed_mm <= max(rules.number("core.of_radius") * radius_mm, window.step_mm))
    if not core.any():
        return []
    inner = float(np.median(smooth[core]))
    width = max(rules.number("core.shell_width_of_radius") * radius_mm, rules.number("core.shell_width_mm"))
    first = rules.number("core.shell_from") * radius_mm + 0.5 * window.step_mm
    around = window.valid & (window.from_seed_mm >= first) & (window.from_seed_mm <= first + width)
    start = _grey(window, smooth, inner, around)
    if start is None:
        return []
    rim = window.valid & (np.abs(window.from_seed_mm - 0.75 * radius_mm) <= 0.15 * radius_mm + 0.5 * window.step_mm)
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


def _settled(
    window: Window, smooth: Floats, start: Grey, radius_mm: float, rules: Thresholds, beyond: float, level: float
) -> Trial | None:
    """Outline, inner value and surroundings in turn, until they agree; None when nothing is left at the seed."""
    grey = start
    inside: Booleans | None = None
    for _ in range(int(rules.number("core.rounds"))):
        fresh = _cut(window, smooth, grey, radius_mm, rules, beyond, level)
        if fresh is None:
            return None
        if inside is not None and np.array_equal(fresh, inside):
            break
        inside = fresh
        grey = _renewed(window, smooth, inside, grey)
    return None if inside is None else Trial(window, inside, grey, radius_mm)


def _renewed(window: Window, smooth: Floats, inside: Booleans, grey: Grey) -> Grey:
    """Values of the present outline: the median of its inner half, and the shell 1.5 voxels to 8 mm around it."""
    depth = inside_depth_mm(Mask(inside, window.geometry))
    deep = depth[inside & window.valid]
    if deep.size == 0:
        return grey
    values = smooth[inside & window.valid & (depth >= np.median(deep))]
    same = values[(values - grey.background) * np.sign(grey.contrast) > 0.25 * abs(grey.contrast)]
    inner = float(np.median(same)) if same.size else grey.inner
    step = window.step_mm
    away = distance_to_mm(Mask(inside, window.geometry))
    around = window.valid & (away > 1.5 * step) & (away <= 1.5 * step + max(6.0, 2.5 * step))
    fresh = _grey(window, smooth, inner, around)
    return fresh if fresh is not None and fresh.contrast * grey.contrast > 0 else grey


def _cut(
    window: Window, smooth: Floats, grey: Grey, radius_mm: float, rules: Thresholds, beyond: float, level: float
) -> Booleans | None:
    """The smooth connected region around the seed on the lesion's side of the level; None when there is none."""
    if grey.contrast == 0:
        return None
    share = (smooth - np.float32(grey.background)) / np.float32(grey.contrast)
    within = window.allowed & (share < beyond) & (window.from_seed_mm <= window.reach_mm)
    pull = np.where(within, np.clip(share, -0.25, 1.25), 0.0) - level
    weight = float(np.clip(0.35 * grey.to_noise, 0.35, 3.0))
    inside = within & (share > level)
    for _ in range(int(rules.number("level.smooth_rounds"))):
        blurred = ndimage.gaussian_filter(inside.astype(np.float32), 1.0)
        fresh = within & (blurred - 0.5 + weight * pull > 0)
        if np.array_equal(fresh, inside):
            break
        inside = fresh
    return _without_leaks(window, inside, radius_mm)


def _without_leaks(window: Window, inside: Booleans, radius_mm: float) -> Booleans | None:
    """The part at the seed, holes filled, opened more and more until it is compact."""
    core = window.from_seed_mm <= max(0.4 * radius_mm, 1.5 * window.step_mm)
    best: Booleans | None = None
    for share in _OPENINGS:
        part = _opened(window, inside, core, share)
        if part is None:
            break
        best = part
        if sphericity(part) > 0.75 and not touches_limit(window, part):
            break
    return best


def _opened(window: Window, inside: Booleans, core: Booleans, share: float) -> Booleans | None:
    """What stays connected with the core after cutting bridges thinner than a share of the inscribed radius."""
    filled = _part_at(_filled(_part_at(inside, core)), core)
    if not filled.any():
        return None
    if share == 0.0:
        return filled
    depth = inside_depth_mm(Mask(filled, window.geometry))
    inscribed = float(depth[core].max(initial=0.0))
    cut = share * inscribed
    kernel = _part_at(depth > cut, core)
    if not kernel.any():
        return None
    return _part_at(filled & (distance_to_mm(Mask(kernel, window.geometry)) <= cut + 0.75 * window.step_mm), core)


def _part_at(inside: Booleans, core: Booleans) -> Booleans:
    """The connected part that fills most of the core; empty when none meets it."""
    parts, count = label_components(inside, 6)
    if count == 0:
        return np.zeros_like(inside)
    met = np.bincount(parts[core], minlength=count + 1)
    met[0] = 0
    if met.max() == 0:
        # A ring around a core of another value: the part that comes nearest to the core.
        wide = ndimage.binary_dilation(core, iterations=max(2, int(np.cbrt(np.count_nonzero(core)))))
        met = np.bincount(parts[wide], minlength=count + 1)
        met[0] = 0
    return np.asarray(parts == int(met.argmax())) if met.max() else np.zeros_like(inside)


def _filled(inside: Booleans) -> Booleans:
    """Holes filled in space, then in each plane of the three directions where the plane closes around them."""
    filled = np.asarray(ndimage.binary_fill_holes(inside))
    votes = np.zeros(inside.shape, np.uint8)
    flat = np.zeros((3, 3, 3), np.bool_)
    for axis in range(3):
        structure = flat.copy()
        plane: list[slice | int] = [slice(None)] * 3
        plane[axis] = 1
        structure[tuple(plane)] = ndimage.generate_binary_structure(2, 1)
        votes += ndimage.binary_fill_holes(filled, structure)
    return np.asarray(filled | (votes >= 2))


def sphericity(inside: Booleans) -> float:
    """Surface of the ball of the same volume over the surface, 0 to 1; surface as total variation after a blur."""
    count = np.count_nonzero(inside)
    if count == 0:
        return 0.0
    slopes = np.gradient(ndimage.gaussian_filter(np.pad(inside, 4).astype(np.float32), 1.0))
    surface = float(np.sqrt(sum(slope**2 for slope in slopes)).sum())
    return float(np.pi ** (1 / 3) * (6 * count) ** (2 / 3) / surface)


def touches_limit(window: Window, inside: Booleans) -> bool:
    """Whether the region comes within two voxels of the limit of growth."""
    return bool((inside & (window.from_seed_mm > window.reach_mm - 2 * window.step_mm)).any())
