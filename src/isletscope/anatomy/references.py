"""Reference regions: liver sphere, blood pool cylinder in the descending aorta, spleen sphere, with quality checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.anatomy.found import THRESHOLDS as T
from isletscope.anatomy.organs import GIVEN_SOURCE, Organs
from isletscope.anatomy.shapes import Bool3D, Spacing, box_around, depth_mm, dilated, smoothed
from isletscope.anatomy.uptake_level import least_affected
from isletscope.model import ReferenceRegion, State, TracerClass
from isletscope.spatial import Geometry, Volume

_CANDIDATES = 400
# Voxel noise must not tell tumour from liver.
_SMOOTHED_MM = 5.0
# The right part of the liver: its right 60 %, by LPS x.
_RIGHT_PERCENT = 60
# An organ's rim is blurred with what lies around it.
_RIM_MM = 6.0
Point = tuple[float, float, float]


@dataclass(frozen=True)
class _Site:
    """A place for a sphere: voxels inside it, and its statistics."""

    index: tuple[npt.NDArray[np.int64], ...]
    centre_lps_mm: Point


def find_references(
    pet: Volume, organs: Organs, tracer_class: TracerClass, avoid: npt.NDArray[np.bool_] | None = None
) -> list[ReferenceRegion]:
    """Liver, blood pool and spleen references on ``pet`` (SUVbw), each with checks, or missing with the reason.

    ``avoid``: bool [k, j, i] on the PET grid, lesions or foci that no region may overlap. Geometry and checks follow
    PERCIST (O, Lodge, Wahl 2016) where it says them. ``tracer_class`` is part of the interface: the rules are the same.
    """
    lesions = np.zeros(pet.geometry.shape, dtype=bool) if avoid is None else avoid
    least_mm, lesser_mm = T.bounds("reference.liver_lesser_diameter_mm")
    liver_mm = (T.number("reference.liver_diameter_mm"), lesser_mm, least_mm)
    return [
        _sphere(pet, organs, "liver", liver_mm, lesions, right_part=True),
        _cylinder(pet, organs, lesions),
        _sphere(pet, organs, "spleen", [T.number("reference.spleen_diameter_mm")], lesions, right_part=False),
    ]


def _missing(name: str, because: str, geometry: str) -> ReferenceRegion:
    return ReferenceRegion(name=name, state=State.MISSING, missing_because=because, geometry=geometry)


def _sphere(
    pet: Volume, organs: Organs, organ: str, diameters_mm: Sequence[float], lesions: Bool3D, *, right_part: bool
) -> ReferenceRegion:
    """Sphere of the first diameter that finds a place in an organ; in its right part, or elsewhere when that has none.

    What is not the first choice is said in the checks.
    """
    shape = _words(diameters_mm[0])
    if not organs.known(organ):
        return _missing(organ, f"the {organ} was not found: {organs.finding(organ).missing_because}", shape)
    mask = organs.mask(organ).array & ~_planes(pet)
    box = box_around(mask, 2.0, pet.geometry.spacing_mm)
    if box is None:
        return _missing(organ, f"the {organ}'s mask is empty", shape)
    free, typical = _unaffected(pet, mask, box, lesions)
    middle_x_mm = float(np.percentile(pet.geometry.to_lps(np.argwhere(mask))[:, 0], _RIGHT_PERCENT))
    because: list[str] = []
    for diameter in diameters_mm:
        for part in (True, False) if right_part else (False,):
            right_of = middle_x_mm if part else np.inf
            site = _evenest(pet, box, free, (diameter / 2, typical), lesions, because, right_of_mm=right_of)
            if site is None:
                continue
            region = _region(pet, organs, organ, organ, _words(diameter), site, lesions)
            second = (
                [] if part == right_part else [f"no place in the right part of the {organ}: placed elsewhere in it"]
            )
            if diameter != diameters_mm[0]:
                second.append(f"no place for the {shape} that is usual: smaller")
            return region if region.mean is None else _second_choice(region, second)
    return _missing(organ, because[0].format(organ=organ, shape=shape), shape)


def _words(diameter_mm: float) -> str:
    return f"sphere of {diameter_mm:.0f} mm"


def _second_choice(region: ReferenceRegion, second: list[str]) -> ReferenceRegion:
    if not second:
        return region
    return region.model_copy(update={"checks": [*second, *region.checks], "confidence": "low"})


def _unaffected(pet: Volume, mask: Bool3D, box: tuple[slice, slice, slice], lesions: Bool3D) -> tuple[Bool3D, float]:
    """Where an organ (cut to ``box``) is neither focus nor near one nor above what takes up least; its usual uptake."""
    spacing = pet.geometry.spacing_mm
    free = mask[box] & ~dilated(lesions[box], T.number("reference.lesion_margin_mm") * 0.5, spacing)
    if not free.any():
        return free, 0.0
    smooth = smoothed(np.ascontiguousarray(pet.array[box], dtype=np.float32), _SMOOTHED_MM, spacing)
    deep = free & (depth_mm(mask[box], spacing) > _RIM_MM)
    kept = least_affected(smooth[deep if deep.any() else free])
    free &= smooth <= float(kept.max())
    return free, float(np.median(kept))


def _evenest(
    pet: Volume,
    box: tuple[slice, slice, slice],
    free: Bool3D,
    wanted: tuple[float, float],
    lesions: Bool3D,
    because: list[str],
    *,
    right_of_mm: float,
) -> _Site | None:
    """The place with the smallest SD / mean among the deepest; ``wanted``: radius in mm and usual uptake in g/mL.

    Evenness, not low uptake, chooses the place, and its mean may not differ from the usual uptake by over a fifth. Adds
    to ``because`` why there is none.
    """
    radius, typical = wanted
    depth = depth_mm(free, pet.geometry.spacing_mm)
    seeds = _seeds(depth, radius, pet.geometry, box, right_of_mm)
    if not len(seeds):
        deepest = float(depth.max()) if depth.size else 0.0
        because.append(
            "no place in the {organ} is free of lesions and edges for a {shape}"
            f" (deepest free place {deepest:.0f} mm from them)"
        )
        return None
    best, best_score = None, np.inf
    for seed in seeds:
        site = _ball(pet.geometry, seed, radius)
        values = pet.array[site.index]
        mean = float(values.mean())
        if not 0.8 < mean / max(typical, 1e-6) < 1.2 or lesions[site.index].any():
            continue
        score = float(values.std()) / mean
        if score < best_score:
            best, best_score = site, score
    if best is None:
        because.append("uptake in the {organ} is uneven: no {shape} lies near its usual uptake")
    return best


def _seeds(
    depth: npt.NDArray[np.float32],
    radius_mm: float,
    geometry: Geometry,
    box: tuple[slice, slice, slice],
    right_of_mm: float,
) -> npt.NDArray[np.int64]:
    """Voxel indices [n, 3] deep enough for the sphere, thinned to a few hundred; a lesser margin if there is none."""
    start = np.array([part.start for part in box])
    for margin in (T.number("reference.edge_mm"), 0.5 * T.number("reference.edge_mm"), 0.0):
        index = np.argwhere(depth >= radius_mm + margin) + start
        if len(index):
            break
    if len(index):
        index = index[geometry.to_lps(index)[:, 0] <= right_of_mm]
    if len(index) > _CANDIDATES:
        order = np.lexsort(np.round(geometry.to_lps(index), 3).T)
        index = index[order[np.linspace(0, len(index) - 1, _CANDIDATES).astype(int)]]
    return np.asarray(index)


def _ball(geometry: Geometry, seed: npt.NDArray[np.int64], radius_mm: float) -> _Site:
    """The voxels whose centres lie within ``radius_mm`` of a voxel's centre, cut at the image's border."""
    reach = [int(np.ceil(radius_mm / step)) for step in geometry.spacing_mm]
    spans = [
        np.arange(max(0, int(c) - r), min(n, int(c) + r + 1))
        for c, r, n in zip(seed, reach, geometry.shape, strict=True)
    ]
    grid = np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1).reshape(-1, 3)
    away = (grid - seed) * np.asarray(geometry.spacing_mm)
    inside = grid[(away**2).sum(axis=1) <= radius_mm**2]
    x, y, z = geometry.to_lps(seed)
    return _Site(tuple(inside.T), (float(x), float(y), float(z)))


def _cylinder(pet: Volume, organs: Organs, lesions: Bool3D) -> ReferenceRegion:
    """Cylinder along the patient's axis in the descending aorta, at the evenest height."""
    diameter, length = T.number("reference.blood_diameter_mm"), T.number("reference.blood_length_mm")
    shape = f"cylinder of {diameter:.0f} mm by {length:.0f} mm"
    if not organs.known("aorta"):
        because = f"the descending aorta was not found: {organs.finding('aorta').missing_because}"
        return _missing("blood_pool", because, shape)
    index = np.argwhere(organs.mask("aorta").array & ~_planes(pet))
    if not len(index):
        return _missing("blood_pool", "the aorta's mask is empty", shape)
    points = pet.geometry.to_lps(index)
    best: _Site | None = None
    best_score = np.inf
    for height in np.arange(points[:, 2].min() + length / 2 + 5, points[:, 2].max() - length / 2 - 5 + 0.1, 5.0):
        near = np.abs(points[:, 2] - height) <= length / 2
        if np.count_nonzero(near) < T.number("reference.least_voxels"):
            continue
        site = _tilted_cylinder(points[near], index[near], height, diameter / 2)
        if len(site.index[0]) < T.number("reference.least_voxels") or lesions[site.index].any():
            continue
        values = pet.array[site.index]
        score = float(values.std()) / max(float(values.mean()), 1e-6)
        if score < best_score:
            best, best_score = site, score
    if best is None:
        return _missing("blood_pool", "too little of the descending aorta is in the image, or lesions lie on it", shape)
    return _region(pet, organs, "blood_pool", "aorta", shape, best, lesions)


def _tilted_cylinder(
    points: npt.NDArray[np.float64], index: npt.NDArray[np.int64], height: float, radius_mm: float
) -> _Site:
    """Voxels within the radius of the vessel's own axis, a straight line through the points near one height."""
    along = points[:, 2] - height
    basis = np.column_stack([along, np.ones_like(along)])
    fit, *_ = np.linalg.lstsq(basis, points[:, :2], rcond=None)
    away = np.hypot(*(points[:, :2] - basis @ fit).T)
    inside = away <= radius_mm
    return _Site(tuple(index[inside].T), (float(fit[1, 0]), float(fit[1, 1]), float(height)))


def _planes(pet: Volume) -> npt.NDArray[np.bool_]:
    """Voxels in planes that were missing, where nothing may be measured; broadcasts over the grid."""
    planes = np.zeros((pet.geometry.shape[0], 1, 1), dtype=bool)
    planes[list(pet.missing_slices)] = True
    return planes


def _region(
    pet: Volume, organs: Organs, name: str, organ: str, shape: str, site: _Site, lesions: Bool3D
) -> ReferenceRegion:
    """Statistics of a placed region and the checks it does not pass; blocking checks make it missing."""
    values = pet.array[site.index].astype(np.float64)
    mean, deviation, maximum = float(values.mean()), float(values.std()), float(values.max())
    finding = organs.finding(organ)
    if len(values) < T.number("reference.least_voxels"):
        return _missing(name, f"only {len(values)} voxels fall into the {shape}", shape)
    if lesions[site.index].any():
        return _missing(name, f"the {shape} overlaps a focus", shape)
    checks = _checks(mean, deviation, maximum)
    checks += _neighbour_check(pet, site, lesions) + _ct_check(organs, site)
    confidence = finding.confidence
    if checks:
        confidence = "low" if confidence != "high" or len(checks) > 1 else "moderate"
    given = finding.source.startswith(GIVEN_SOURCE)
    return ReferenceRegion(
        name=name,
        state=State.DERIVED,
        geometry=shape,
        centre_lps_mm=site.centre_lps_mm,
        source=f"placed by rule in the {organ} ({finding.source if given else 'organ by built-in rule'})",
        confidence=confidence,
        mean=mean,
        standard_deviation=deviation,
        maximum=maximum,
        voxel_count=len(values),
        volume_ml=len(values) * pet.geometry.voxel_volume_ml,
        checks=checks,
    )


def _checks(mean: float, deviation: float, maximum: float) -> list[str]:
    found = []
    if mean > 0 and deviation / mean > T.number("reference.cov_above"):
        found.append(
            f"uneven: SD / mean is {deviation / mean:.2f} (expected up to {T.number('reference.cov_above'):.2f})"
        )
    if mean > 0 and maximum / mean > T.number("reference.max_over_mean_above"):
        limit = T.number("reference.max_over_mean_above")
        found.append(f"a peak lies in it: SUVmax / SUVmean is {maximum / mean:.2f} (expected up to {limit:.1f})")
    return found


def _neighbour_check(pet: Volume, site: _Site, lesions: Bool3D) -> list[str]:
    """A warning when a focus lies closer to the region than the margin."""
    margin = T.number("reference.lesion_margin_mm")
    region = np.zeros_like(lesions)
    region[site.index] = True
    if np.any(dilated(region, margin, _spacing(pet)) & lesions):
        return [f"a focus lies less than {margin:.0f} mm away"]
    return []


def _spacing(pet: Volume) -> Spacing:
    return pet.geometry.spacing_mm


def _ct_check(organs: Organs, site: _Site) -> list[str]:
    """A warning when CT density varies in the region (vessels, gallbladder, lesions)."""
    if organs.ct_on_pet is None:
        return []
    density = organs.ct_on_pet.array[site.index].astype(np.float64)
    density = density[density > -1100]
    limit = T.number("reference.ct_sd_above_hu")
    if density.size >= T.number("reference.least_voxels") and float(density.std()) > limit:
        return [f"CT density varies in it: SD {density.std():.0f} HU (expected up to {limit:.0f})"]
    return []
