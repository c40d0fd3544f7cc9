"""CT of a scene: the low-dose CT of a PET/CT, and the contrast phases and detail of a diagnostic CT.

Tissue is painted once for all phases of one breath-hold; then come a mild kernel, noise and the couch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.body import anatomical_box
from isletscope.phantom.physics import blur, stored_ct
from isletscope.phantom.pose import Pose, draw_breathing
from isletscope.phantom.render import Contrast, Factors, Scene, paint_scene
from isletscope.phantom.scanner import (
    AIR_HU,
    CtScan,
    Grids,
    body_window,
    couch_hu,
    in_whole,
    whole_body_grid,
    window_grid,
)
from isletscope.phantom.scenario_exams import DetailRule, ExamRule
from isletscope.phantom.shapes import Image
from isletscope.phantom.visit import Visit
from isletscope.spatial import Geometry

RandomOf = Callable[..., np.random.Generator]
_KERNEL_MM = 1.2
_DETAIL_KERNEL = 0.8
_LOW_DOSE_NOISE_HU = 14.0
# Noise of a CT in 1.5 mm slices of a 70 kg person, soft kernel (recall); attenuation of the X rays per cm.
_NOISE_HU, _NOISE_SLICE_MM, _WIDTH_CM, _ATTENUATION_PER_CM = 11.0, 1.5, 22.8, 0.19
# Lowest and highest slice in mm of the average adult.
_COVERAGE_MM = {"abdomen": (-125.0, 160.0), "trunk": (-280.0, 300.0)}
_MARGIN_MM = 12.0
_REFERENCE_PHASES = ("portal_venous", "late_arterial", "delayed", "unenhanced")


@dataclass(frozen=True)
class CtExam:
    """A diagnostic CT: series by phase, poses by phase (one for all unless breath-holds differ), labels, the detail.

    ``reference``: the phase whose pose the labels follow. Labels are uint8 [k, j, i] on the grid of all phases.
    """

    scans: dict[str, CtScan]
    poses: dict[str, Pose]
    reference: str
    structures: npt.NDArray[np.uint8]
    lesions: npt.NDArray[np.uint8]
    detail: CtDetail | None = None


@dataclass(frozen=True)
class CtDetail:
    """The small-field reconstruction about a lesion, with its own labels."""

    phase: str
    scan: CtScan
    structures: npt.NDArray[np.uint8]
    lesions: npt.NDArray[np.uint8]


def hounsfield_contrast(phase: str) -> Contrast:
    """CT number of an appearance in one contrast phase; where none is stated, that before contrast."""

    def value(look: Appearance, factors: Factors) -> float:
        return look.hu.get(phase, look.hu["unenhanced"]) + factors.get("hu_offset", 0.0)

    return value


def scan_low_dose_ct(scene: Scene, visit: Visit, grids: Grids, rng: np.random.Generator) -> CtScan:
    """The CT of a PET/CT: no contrast agent, noisy."""
    geometry = whole_body_grid(
        scene, visit.rule.table_shift_mm, grids.ct_columns, grids.ct_pixel_mm, grids.ct_slices, grids.ct_slice_mm
    )
    rows, columns = body_window(scene, geometry)
    part = window_grid(geometry, rows, columns)
    contrasts = (hounsfield_contrast("unenhanced"),)
    painted = paint_scene(scene, part, contrasts, background=AIR_HU, edge_mm=max(1.6, grids.ct_pixel_mm))
    couch = couch_hu(geometry, scene)
    return _finished(painted.image, geometry, (rows, columns), couch, (_KERNEL_MM, _LOW_DOSE_NOISE_HU), rng)


def scan_ct(scene: Scene, visit: Visit, rule: ExamRule, grids: Grids, random_of: RandomOf) -> CtExam:
    """All phases of a diagnostic CT on one grid, and the detail if one is asked for.

    ``random_of(purpose...)`` gives a random source. Raises InputError when the lesion of the detail is not there.
    """
    poses = _phase_poses(scene.pose, rule, random_of)
    geometry = phase_grid(scene, rule, grids)
    window = body_window(scene, geometry)
    part = window_grid(geometry, *window)
    noise = usual_noise_hu(visit, geometry.spacing_mm[0]) if rule.noise_hu is None else rule.noise_hu
    edge = max(part.spacing_mm[1], min(1.6, part.spacing_mm[0]))
    reference = next(phase for phase in _REFERENCE_PHASES if phase in rule.phases)
    couch = couch_hu(geometry, scene)
    scans: dict[str, CtScan] = {}
    for held in _by_pose(poses):
        posed = replace(scene, pose=poses[held[0]])
        contrasts = [hounsfield_contrast(phase) for phase in held]
        painted = paint_scene(posed, part, contrasts, background=AIR_HU, edge_mm=edge)
        for phase, image in zip(held, painted.images, strict=True):
            rng = random_of("ct noise", phase)
            scans[phase] = _finished(image, geometry, window, couch, (_KERNEL_MM, noise), rng)
        if reference in held:
            structures = in_whole(painted.structures, geometry.shape, *window)
            lesions = in_whole(painted.lesions, geometry.shape, *window)
    detail = _scan_detail(scene, poses, rule, rule.detail, random_of) if rule.detail else None
    return CtExam(scans, poses, reference, structures, lesions, detail)


def usual_noise_hu(visit: Visit, slice_mm: float) -> float:
    """Noise (HU) that slice thickness and the body's width lead to, between 5 and 30."""
    person = visit.person
    width_cm = 2.0 * math.sqrt(1000.0 * person.weight_kg / (math.pi * person.height_cm))
    through = math.exp(0.5 * _ATTENUATION_PER_CM * (width_cm - _WIDTH_CM))
    # Tube current modulation makes up for half of the loss (convention).
    return float(np.clip(_NOISE_HU * math.sqrt(_NOISE_SLICE_MM / slice_mm) * math.sqrt(through), 5.0, 30.0))


def _phase_poses(pose: Pose, rule: ExamRule, random_of: RandomOf) -> dict[str, Pose]:
    """The pose of each phase: one breath-hold for all, or each moved a little from the exam's pose."""
    if rule.phase_shift_mm <= 0:
        return dict.fromkeys(rule.phases, pose)
    return {
        phase: replace(
            pose, bumps=np.vstack([pose.bumps, draw_breathing(random_of("breath-hold", phase), rule.phase_shift_mm)])
        )
        for phase in rule.phases
    }


def _by_pose(poses: dict[str, Pose]) -> list[tuple[str, ...]]:
    """Phases that share a breath-hold."""
    groups: dict[int, list[str]] = {}
    for phase, pose in poses.items():
        groups.setdefault(id(pose), []).append(phase)
    return [tuple(group) for group in groups.values()]


def phase_grid(scene: Scene, rule: ExamRule, grids: Grids) -> Geometry:
    """A square field that just holds the body, over the wanted coverage."""
    x0, y0, x1, y1 = anatomical_box(scene.body)
    wide = max((x1 - x0) * scene.body.scale[0], (y1 - y0) * scene.body.scale[1]) + 2 * _MARGIN_MM
    columns = grids.phase_columns
    pixel = math.ceil(wide / columns * 200.0) / 200.0
    thick = rule.slice_mm or grids.phase_slice_mm
    low, high = (height * float(scene.body.scale[2]) for height in _COVERAGE_MM[rule.coverage])
    slices = math.ceil((high - low) / thick) + 1
    middle = np.array([(x0 + x1) * scene.body.scale[0], (y0 + y1) * scene.body.scale[1]]) / 2
    x, y = np.round(middle + np.asarray(scene.pose.shift_mm[:2]), 1) - (columns - 1) * pixel / 2
    return Geometry(
        (slices, columns, columns),
        (thick, pixel, pixel),
        (round(float(x), 3), round(float(y), 3), round(low + scene.pose.shift_mm[2], 1)),
    )


def _scan_detail(
    scene: Scene, poses: dict[str, Pose], rule: ExamRule, detail: DetailRule, random_of: RandomOf
) -> CtDetail:
    posed = replace(scene, pose=poses[detail.phase])
    lesion = next(lesion for lesion in scene.lesions if lesion.id == detail.around)
    centre = np.round(posed.centres([lesion])[0], 1)
    columns, slices = (math.ceil(detail.field_mm / size) for size in (detail.pixel_mm, detail.slice_mm))
    size = np.array([detail.pixel_mm, detail.pixel_mm, detail.slice_mm])
    x, y, z = (float(v) for v in centre - size * (np.array([columns, columns, slices]) - 1) / 2)
    geometry = Geometry((slices, columns, columns), (detail.slice_mm, detail.pixel_mm, detail.pixel_mm), (x, y, z))
    contrasts = (hounsfield_contrast(detail.phase),)
    painted = paint_scene(posed, geometry, contrasts, background=AIR_HU, edge_mm=float(size.max()))
    kernel = _DETAIL_KERNEL * float(size.max())
    window = (slice(0, columns), slice(0, columns))
    empty = np.full((columns, columns), AIR_HU, dtype=np.float32)
    scan = _finished(painted.image, geometry, window, empty, (kernel, detail.noise_hu), random_of("detail noise"))
    return CtDetail(detail.phase, scan, painted.structures, painted.lesions)


def _finished(
    image: Image,
    geometry: Geometry,
    window: tuple[slice, slice],
    couch: Image,
    kernel_and_noise: tuple[float, float],
    rng: np.random.Generator,
) -> CtScan:
    """A painted window made into a series: kernel blur (FWHM mm), couch, noise (HU), whole numbers."""
    kernel, noise = kernel_and_noise
    blurred = blur(image, kernel, geometry.spacing_mm)
    corner = (window[0].start, window[1].start)
    return CtScan(geometry, stored_ct(blurred, corner, couch, geometry.spacing_mm, noise, rng))
