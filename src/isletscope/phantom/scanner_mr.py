"""The MR exam of a posed body: every image of the protocol, breath-hold by breath-hold, with its truth maps.

Each breath-hold is a pose of its own (a little more or less breathing, a little drift) and a grid of its own; its
images are painted in one pass as signed signals, so that partial volume mixes water and fat before the magnitude.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.body import Body
from isletscope.phantom.mr_physics import bias_field, fit_adc, point_spread, rician, signal, spread
from isletscope.phantom.mr_rule import MrRule
from isletscope.phantom.mr_sequences import ADC_IMAGE, Hold, MrImage, mr_protocol
from isletscope.phantom.pose import Pose, draw_breathing
from isletscope.phantom.render import Contrast, Factors, Scene, paint_scene
from isletscope.phantom.shapes import Image
from isletscope.spatial import Geometry

LIVER_UNITS = 300.0
_FULL_BREATH_MM = 1.0

Labels = npt.NDArray[np.uint8]
RandomOf = Callable[..., np.random.Generator]


@dataclass(frozen=True)
class MrHoldTruth:
    """What holds for all images of one breath-hold: where the body lay, the grid, structure and lesion numbers."""

    key: str
    pose: Pose
    geometry: Geometry
    structures: Labels
    lesions: Labels
    shift_mm: tuple[float, float, float]
    breathing_mm: float

    def as_json(self) -> dict[str, Any]:
        """Pose and movement against the exam's own pose, for truth.json."""
        return {
            "pose": self.pose.as_json(),
            "drift_mm": list(self.shift_mm),
            "extra_breathing_mm": self.breathing_mm,
            "grid": {
                "shape_kji": list(self.geometry.shape),
                "spacing_kji_mm": list(self.geometry.spacing_mm),
                "origin_lps_mm": list(self.geometry.origin_lps_mm),
            },
        }


@dataclass(frozen=True)
class MrSeries:
    """One image of the protocol. ``image``: float32 [k, j, i]; unenhanced liver is about 300, ADC in 1e-6 mm2/s.

    ``noise``: deviation of either channel, in the image's unit; 0 for the ADC map.
    """

    key: str
    hold: str
    image: Image
    noise: float


@dataclass(frozen=True)
class MrExam:
    """All images of one MR exam by key, and the breath-holds they were made in."""

    rule: MrRule
    series: dict[str, MrSeries]
    holds: dict[str, MrHoldTruth]

    def geometry(self, key: str) -> Geometry:
        """The grid of an image."""
        return self.holds[self.series[key].hold].geometry


def scan_mr(scene: Scene, rule: MrRule, size: str, random_of: RandomOf) -> MrExam:
    """Every image that ``rule`` asks for, at one size of output (full or small).

    Signal and noise are scaled to the unenhanced liver. ``random_of(purpose...)`` gives a generator for each purpose.
    """
    protocol = mr_protocol()
    chosen = protocol.chosen(rule)
    series: dict[str, MrSeries] = {}
    holds: dict[str, MrHoldTruth] = {}
    for together in protocol.passes(rule, size):
        keys = [hold.key for hold in together]
        images = [image for image in chosen if image.hold in keys]
        if images:
            made, truth = _scan_hold(scene, rule, (together[0], images, size), random_of)
            series.update(made)
            holds.update({image.hold: truth for image in images})
    if set(protocol.adc_from) <= set(series):
        series[ADC_IMAGE] = _adc_map(series)
    return MrExam(rule, series, holds)


def _scan_hold(
    scene: Scene, rule: MrRule, what: tuple[Hold, list[MrImage], str], random_of: RandomOf
) -> tuple[dict[str, MrSeries], MrHoldTruth]:
    hold, images, size = what
    held, truth = hold_pose(scene.pose, hold, random_of("mr breath-hold", hold.key))
    geometry = mr_grid(scene.body, held, hold, size)
    fine = _finer_slices(geometry, hold.parts)
    contrasts = [contrast_of(image, rule) for image in images]
    edge_mm = float(np.mean(fine.spacing_mm))
    painted = paint_scene(replace(scene, pose=held), fine, contrasts, background=0.0, edge_mm=edge_mm)
    middle = slice(hold.parts // 2, None, hold.parts)
    kernel = point_spread(geometry.spacing_mm[1], geometry.spacing_mm[1] * hold.acquired)
    field = bias_field(geometry, mr_protocol().bias_strength, random_of("mr bias", hold.key))
    liver = scene.body.tissues["liver"].appearance
    series = {}
    for n, image in enumerate(images):
        clean = spread(_mean_of_parts(painted.images[n], hold.parts), kernel)
        clean *= field * np.float32(LIVER_UNITS / _liver_signal(liver, image.hold))
        noise = LIVER_UNITS * image.noise_factor / rule.snr if rule.snr else 0.0
        noisy = rician(clean, noise, kernel, random_of("mr noise", image.key))
        series[image.key] = MrSeries(image.key, image.hold, noisy, noise)
    drift, breathing = truth
    structures, lesions = np.array(painted.structures[middle]), np.array(painted.lesions[middle])
    return series, MrHoldTruth(hold.key, held, geometry, structures, lesions, drift, breathing)


def _liver_signal(liver: Appearance, hold: str) -> float:
    """Signal of unenhanced liver in the first image of a breath-hold, without diffusion weighting."""
    first = next(image for image in mr_protocol().images.values() if image.hold == hold)
    return signal(liver, replace(first.excitation, b_s_mm2=0.0, fat="in_phase"))


def contrast_of(image: MrImage, rule: MrRule) -> Contrast:
    """The signed signal of a tissue in one image, for the painter; every appearance is worked out once."""
    factor = mr_protocol().gadolinium_factor(image, rule)
    known: dict[int, tuple[Appearance, float]] = {}

    def value(tissue: Appearance, _factors: Factors) -> float:
        found = known.get(id(tissue))
        if found is None:
            rate = tissue.gadolinium.get(image.phase or "", 0.0) * factor
            found = known[id(tissue)] = tissue, signal(tissue, image.excitation, rate)
        return found[1]

    return value


def hold_pose(
    pose: Pose, hold: Hold, rng: np.random.Generator
) -> tuple[Pose, tuple[tuple[float, float, float], float]]:
    """The exam's pose with the extra breathing and drift of one breath-hold, and both of them in mm."""
    drift = np.round(rng.uniform(-1, 1, 3) * hold.drift_mm, 2)
    breathing = round(float(rng.uniform(-1, 1)) * hold.breathing_mm, 2)
    one = draw_breathing(rng, _FULL_BREATH_MM)
    moved = one[:, 6:9] / (one[0, 8] or 1.0) * breathing
    moved[2, 0] = 0.0
    bumps = np.vstack([pose.bumps, np.column_stack([one[:, :6], moved])])
    shift = np.round(np.asarray(pose.shift_mm) + drift, 2)
    by = (float(drift[0]), float(drift[1]), float(drift[2]))
    held = replace(pose, bumps=bumps, shift_mm=(float(shift[0]), float(shift[1]), float(shift[2])))
    return held, (by, breathing)


def mr_grid(body: Body, pose: Pose, hold: Hold, size: str) -> Geometry:
    """Axial grid from over the liver's dome to below the duodenum that holds the trunk: square pixels, as many rows as
    the depth needs.
    """
    protocol = mr_protocol()
    wide, low_y, high_y = _trunk_extent(body, protocol.lowest_mm, protocol.highest_mm)
    margin = protocol.margin_mm
    columns, slice_mm = hold.columns[size], hold.slice_mm[size]
    pixel = round(2.0 * (wide + margin) / columns, 4)
    rows = int(np.ceil((high_y - low_y + 2.0 * margin) / pixel / 4.0)) * 4
    ends = np.array([[*protocol.dome_xy_mm, height] for height in (protocol.lowest_mm, protocol.highest_mm)])
    lowest, highest = pose.to_scanner(pose.from_anatomical(ends))[:, 2]
    slices = int(np.ceil((highest - lowest) / slice_mm))
    x, y, _ = pose.shift_mm
    middle_y = (low_y + high_y) / 2.0 + y
    origin = (x - (columns - 1) * pixel / 2.0, middle_y - (rows - 1) * pixel / 2.0)
    return Geometry(
        (slices, rows, columns),
        (slice_mm, pixel, pixel),
        (round(origin[0], 3), round(origin[1], 3), round(float(lowest), 2)),
    )


def _trunk_extent(body: Body, lowest_mm: float, highest_mm: float) -> tuple[float, float, float]:
    """Half width, and smallest and largest y, of the skin between two heights (personal mm)."""
    near = (body.profile[:, 0] >= lowest_mm) & (body.profile[:, 0] <= highest_mm)
    half_width, half_depth, middle = (body.profile[near, n] for n in (1, 2, 3))
    skin = body.fat_mm + 3.0
    front, back = float((middle - half_depth).min()) - skin, float((middle + half_depth).max()) + skin
    scale_x, scale_y = float(body.scale[0]), float(body.scale[1])
    return (float(half_width.max()) + skin) * scale_x, front * scale_y, back * scale_y


def _finer_slices(geometry: Geometry, parts: int) -> Geometry:
    """The same slices cut into ``parts`` thinner ones."""
    thin = geometry.spacing_mm[0] / parts
    x, y, z = geometry.origin_lps_mm
    return Geometry(
        (geometry.shape[0] * parts, *geometry.shape[1:]),
        (thin, *geometry.spacing_mm[1:]),
        (x, y, z - thin * (parts - 1) / 2.0),
    )


def _mean_of_parts(image: Image, parts: int) -> Image:
    if parts == 1:
        return image
    k, j, i = image.shape
    return np.asarray(image.reshape(k // parts, parts, j, i).mean(axis=1, dtype=np.float32), dtype=np.float32)


def _adc_map(series: dict[str, MrSeries]) -> MrSeries:
    """The ADC map as the scanner fits it: to the noisy images, air masked by the lowest b-value."""
    protocol = mr_protocol()
    images = [series[key].image for key in protocol.adc_from]
    weights = [protocol.images[key].excitation.b_s_mm2 for key in protocol.adc_from]
    fitted = fit_adc(images, weights, protocol.adc_floor * LIVER_UNITS)
    return MrSeries(ADC_IMAGE, series[protocol.adc_from[0]].hold, fitted, 0.0)
