"""PET of a scene: activity painted twice as fine as the voxels, moved by breathing, blurred, averaged, given noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isletscope.errors import InputError
from isletscope.phantom.appearance import Appearance
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.motion import average_over_cycle
from isletscope.phantom.physics import add_pet_noise, blur, blurred_halves, most_common
from isletscope.phantom.render import Contrast, Factors, Painted, Scene, lesion_labels, paint_lesions, paint_scene
from isletscope.phantom.scanner import Grids, PetLesion, PetScan, body_window, in_whole, whole_body_grid, window_grid
from isletscope.phantom.shapes import Array, Image, label_sums
from isletscope.phantom.visit import Visit
from isletscope.spatial import Geometry

_FINE = 2
_SHELL_MM = (3.0, 8.0)
# A sphere of 1 mL; stated here too, so that the phantom judges the measuring rooms with figures of its own.
_PEAK_RADIUS_MM = 6.2035


def uptake_contrast(tracer_class: str) -> Contrast:
    """SUVbw of an appearance for one tracer class; 0 where it states none."""

    def value(look: Appearance, factors: Factors) -> float:
        return look.uptake.get(tracer_class, 0.0) * factors.get(tracer_class, 1.0)

    return value


def scan_pet(scene: Scene, visit: Visit, grids: Grids, rng: np.random.Generator) -> PetScan:
    """PET with truth. Raises InputError when a tumour lies outside the scanned field."""
    geometry = whole_body_grid(
        scene, visit.rule.table_shift_mm, grids.pet_columns, grids.pet_pixel_mm, grids.pet_slices, grids.pet_slice_mm
    )
    rows, columns = body_window(scene, geometry)
    part = window_grid(geometry, rows, columns)
    fine = _finer(part)
    contrast, edge = uptake_contrast(visit.radiotracer.tracer_class), float(np.mean(fine.spacing_mm))
    painted = paint_scene(scene.without_lesions(), fine, (contrast,), background=0.0, edge_mm=edge)
    organs = _organ_truth(scene, painted, fine)
    fwhm = visit.physics.fwhm_mm
    shells = {lesion.id: _shell_mean(scene, lesion, painted.image, fine, fwhm) for lesion in scene.lesions}
    _refuse_outside(scene, visit, paint_lesions(painted, scene, fine, (contrast,), edge))
    moved = average_over_cycle(painted.image, fine, scene.pose, visit.rule.respiratory_motion_mm)
    small = blurred_halves(moved, fwhm, fine.spacing_mm)
    numbers = lesion_labels(scene, part)
    heights = geometry.origin_lps_mm[2] + geometry.spacing_mm[0] * np.arange(geometry.shape[0], dtype=np.float64)
    liver = scene.body.tissues["liver"].uptake[visit.radiotracer.tracer_class]
    noisy = add_pet_noise(small, geometry.spacing_mm, heights, liver, visit.physics, rng)
    return PetScan(
        geometry=geometry,
        image=in_whole(noisy, geometry.shape, rows, columns),
        clean=in_whole(small, geometry.shape, rows, columns),
        lesion_labels=in_whole(numbers, geometry.shape, rows, columns),
        organ_labels=in_whole(most_common(painted.organs), geometry.shape, rows, columns),
        lesions=_lesions(scene, contrast, small, numbers, part, shells),
        organs=organs,
        structure_labels=in_whole(most_common(painted.structures), geometry.shape, rows, columns),
    )


def _finer(part: Geometry) -> Geometry:
    z, y, x = (s / _FINE for s in part.spacing_mm)
    ox, oy, oz = part.origin_lps_mm
    back = (_FINE - 1) / 2
    k, j, i = (n * _FINE for n in part.shape)
    return Geometry((k, j, i), (z, y, x), (ox - back * x, oy - back * y, oz - back * z))


def _refuse_outside(scene: Scene, visit: Visit, met: tuple[str, ...]) -> None:
    for lesion in scene.lesions:
        if lesion.id not in met:
            raise InputError(
                f"tumour {lesion.id} lies outside the scanned field",
                subject=f"exam '{visit.rule.name}'",
                found=f"centre {np.round(scene.centres([lesion])[0]).tolist()}",
                expected="a place between skull base and mid thigh",
            )


def _organ_truth(scene: Scene, painted: Painted, fine: Geometry) -> dict[str, dict[str, float]]:
    counts, sums = label_sums(painted.organs, painted.image)
    return {
        name: {
            "label": float(label),
            "volume_ml": round(float(counts[label]) * fine.voxel_volume_ml, 2),
            "mean_suv": round(float(sums[label] / counts[label]), 4),
        }
        for label, name in scene.body.tissues.label_names.items()
        if counts[label]
    }


def _shell_mean(scene: Scene, lesion: Tumour, image: Image, fine: Geometry, fwhm: float) -> float:
    """Mean of the blurred lesion-free image 3 to 8 mm outside a lesion; NaN when that is off the grid."""
    centre = scene.centres([lesion])[0]
    spacing, origin = np.asarray(fine.spacing_mm), np.asarray(fine.origin_lps_mm)[::-1]
    reach = lesion.reach_mm + _SHELL_MM[1] + 2 * fwhm
    low = np.maximum(np.floor((centre[::-1] - reach - origin) / spacing).astype(int), 0)
    high = np.minimum(np.ceil((centre[::-1] + reach - origin) / spacing).astype(int) + 1, image.shape)
    if (high <= low).any():
        return float("nan")
    window = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    local = blur(image[window], fwhm, fine.spacing_mm)
    axes = [origin[a] + spacing[a] * np.arange(low[a], high[a]) - centre[2 - a] for a in range(3)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    offsets = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1) @ scene.pose.matrix
    distance = lesion.distance(offsets).reshape(local.shape)
    shell = (distance > _SHELL_MM[0]) & (distance <= _SHELL_MM[1])
    return float(local[shell].mean()) if shell.any() else float("nan")


def _lesions(
    scene: Scene,
    contrast: Contrast,
    clean: Image,
    labels: npt.NDArray[np.uint8],
    geometry: Geometry,
    shells: dict[str, float],
) -> tuple[PetLesion, ...]:
    truths = []
    for lesion, centre in zip(scene.lesions, scene.centres(scene.lesions), strict=True):
        mask = labels == lesion.label
        highest, peak = noise_free_peak(clean, mask, geometry, centre)
        mean = float(clean[mask].mean()) if mask.any() else highest
        x, y, z = (float(v) for v in centre)
        suv = contrast(lesion.appearance, {})
        truths.append(PetLesion(lesion.id, (x, y, z), suv, shells[lesion.id], highest, peak, mean))
    return tuple(truths)


def noise_free_peak(
    clean: Image, mask: npt.NDArray[np.bool_], geometry: Geometry, centre_lps_mm: Array
) -> tuple[float, float]:
    """SUVmax and global SUVpeak (1 mL sphere by voxel centres, radius 6.2035 mm) of a lesion in the clean image.

    Sphere centres are the lesion's voxels; where the lesion holds none (too small), the voxel nearest its centre.
    """
    nearest = np.rint(geometry.to_index(centre_lps_mm)).astype(int)[None]
    candidates = np.argwhere(mask) if mask.any() else nearest
    spacing = np.asarray(geometry.spacing_mm)
    reach = np.ceil(_PEAK_RADIUS_MM / spacing).astype(int)
    ranges = [np.arange(-r, r + 1) for r in reach]
    offsets = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    offsets = offsets[np.linalg.norm(offsets * spacing, axis=1) <= _PEAK_RADIUS_MM]
    means = np.zeros(len(candidates))
    for offset in offsets:
        index = np.clip(candidates + offset, 0, np.asarray(clean.shape) - 1)
        means += clean[index[:, 0], index[:, 1], index[:, 2]]
    highest = clean[candidates[:, 0], candidates[:, 1], candidates[:, 2]].max()
    return float(highest), float(means.max() / len(offsets))
