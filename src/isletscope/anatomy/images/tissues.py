"""Body, tissue classes, lungs and bone of an exam: what density or signal alone tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy.found import Found, not_found
from isletscope.anatomy.images.frame import ImageFrame
from isletscope.anatomy.shapes import (
    Bool3D,
    Float3D,
    Parts,
    closed,
    depth_mm,
    filled_slices,
    largest_part,
    opened,
    smoothed,
)
from isletscope.anatomy.thresholds import load_thresholds
from isletscope.model import Role

T = load_thresholds("isletscope.anatomy.images", "rules.yaml")
_MR_CLASSES = 7
_BODY_DETAIL_MM = 7.0
_FAT_IS_BRIGHT = (Role.MR_T1, Role.MR_T1_IN_PHASE)
_DENSE_WITH_IODINE = ("kidney_right", "kidney_left", "aorta")
_ENHANCING = ("kidney_right", "kidney_left", "aorta", "inferior_vena_cava", "heart", "hollow", "bladder", "pancreas")


@dataclass(frozen=True)
class Tissues:
    """``classes``: coarse tissue by value, 0 outside the body; ``trunk``: the body, on CT without the fat under the
    skin; ``solid``: voxels that can be parenchyma or vessel; ``features``: smoothed values by series."""

    classes: npt.NDArray[np.uint8]
    trunk: Bool3D
    solid: Bool3D
    features: dict[Role, Float3D]


def is_ct(role: Role) -> bool:
    """Whether a series holds CT numbers."""
    return role.value.startswith("ct_")


def find_body(frame: ImageFrame) -> Found:
    """The patient without table and air: the largest part above air, holes of each slice filled."""
    if is_ct(frame.role):
        above, source = T.number("body.ct_above_hu"), "CT above air, largest part"
    else:
        above, source = _mr_air_limit(frame), "signal above air, largest part"
    values = frame.image if is_ct(frame.role) else smoothed(frame.image, 2.0, frame.spacing_mm)
    mask = (values > above) & frame.seen
    if not is_ct(frame.role):
        mask = closed(mask, _BODY_DETAIL_MM, frame.spacing_mm)
    mask = filled_slices(largest_part(opened(mask, _BODY_DETAIL_MM, frame.spacing_mm))) & frame.seen
    if frame.volume_ml(mask) < T.number("body.least_volume_ml"):
        return not_found(f"only {frame.volume_ml(mask):.0f} mL of tissue lies in the field")
    section_cm2 = _largest_section_cm2(mask, frame)
    if section_cm2 < T.number("body.least_section_cm2"):
        expected = T.number("body.least_section_cm2")
        because = (
            f"the largest cross-section in the field has {section_cm2:.0f} cm2; expected {expected:.0f} in a trunk"
        )
        return not_found(f"{because}: a limb, a child or a small part of the body")
    return Found(np.asarray(mask), source, "high" if is_ct(frame.role) else "moderate")


def _largest_section_cm2(mask: Bool3D, frame: ImageFrame) -> float:
    _, dy, dx = frame.spacing_mm
    return float(np.count_nonzero(mask, axis=(1, 2)).max()) * dy * dx / 100.0


def _mr_air_limit(frame: ImageFrame) -> float:
    """Signal between air and tissue: the least frequent value between the peak of air and the bulk of tissue."""
    values = smoothed(frame.image, 2.0, frame.spacing_mm)[frame.seen]
    top = float(np.percentile(values, 99))
    counts, edges = np.histogram(values, bins=80, range=(float(values.min()), top))
    smooth = ndimage.gaussian_filter1d(counts.astype(float), 1.5)
    low, high = T.bounds("body.mr_share_of_99th")
    first = float(values.min())
    inside = (edges[:-1] > first + low * (top - first)) & (edges[:-1] < first + high * (top - first))
    valley = int(np.argmin(np.where(inside, smooth, np.inf)))
    return float(edges[valley])


def tissues_of(frame: ImageFrame, body: Bool3D) -> Tissues:
    """Tissue classes of the series that gives the grid, and smoothed values of all series."""
    sigma = T.number("mixture.smoothing_mm")
    features = {
        role: smoothed(np.where(np.isnan(image), np.nanmin(image), image), sigma, frame.spacing_mm)
        for role, image in frame.images.items()
    }
    if is_ct(frame.role):
        return _ct_tissues(frame, body, features)
    values = features[frame.role]
    limits = np.quantile(values[body], np.linspace(0, 1, _MR_CLASSES + 1)[1:-1])
    classes = (1 + np.digitize(values, limits)).astype(np.uint8)
    classes[~body] = 0
    return Tissues(classes, body, body & ~bright_fat(frame, body), features)


def skin_fat(frame: ImageFrame, body: Bool3D) -> float | None:
    """Median signal of the fat under the skin; None where fat is saturated or the weighting shows it at random."""
    if frame.role not in (*_FAT_IS_BRIGHT, Role.MR_T2):
        return None
    inner = depth_mm(body, frame.spacing_mm)
    low, high = T.bounds("tissue.skin_fat_mm")
    rim = body & (inner > low) & (inner < high)
    return float(np.median(frame.image[rim])) if rim.any() else None


def bright_fat(frame: ImageFrame, body: Bool3D) -> Bool3D:
    """Fat of a T1-weighted MR without fat saturation: above Otsu's limit, where the fat under the skin is above too."""
    nothing = np.zeros_like(body)
    fat = skin_fat(frame, body)
    if fat is None or frame.role not in _FAT_IS_BRIGHT:
        return nothing
    values = smoothed(frame.image, T.number("mixture.smoothing_mm"), frame.spacing_mm)
    core = body & (depth_mm(body, frame.spacing_mm) > T.bounds("tissue.skin_fat_mm")[1])
    limit = _otsu(values[core]) if core.any() else np.inf
    return nothing if fat < limit else np.asarray(body & (values > limit))


def _otsu(values: Float3D) -> float:
    """The limit that parts values into two groups of least variance (Otsu 1979)."""
    counts, edges = np.histogram(values, bins=128, range=(float(values.min()), float(np.percentile(values, 99.5))))
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(float)
    above = counts.sum() - below
    total = np.cumsum(counts * middles)
    between = below * above * (total[:-1] / np.maximum(below, 1) - (total[-1] - total[:-1]) / np.maximum(above, 1)) ** 2
    return float(edges[int(np.argmax(between)) + 1])


def _ct_tissues(frame: ImageFrame, body: Bool3D, features: dict[Role, Float3D]) -> Tissues:
    hu = features[frame.role]
    dense = body & (frame.image > T.number("tissue.fat_below_hu"))
    limits = [T.number(f"tissue.{name}_hu") for name in ("lung_below", "mixed_below", "fat_below", "fluid_below")]
    classes = (1 + np.digitize(hu, [*limits, T.number("tissue.soft_below_hu")])).astype(np.uint8)
    classes[body & (frame.image > T.number("tissue.bone_above_hu"))] = 6
    classes[~body] = 0
    trunk = largest_part(opened(dense | closed(dense, 20.0, frame.spacing_mm) & body, 6.0, frame.spacing_mm))
    return Tissues(classes, trunk, np.asarray(body & (hu > T.number("tissue.fat_below_hu") + 10.0)), features)


def find_bone(frame: ImageFrame, body: Bool3D, share: dict[str, Float3D]) -> Found:
    """Skeleton by CT density, marrow filled: dense parts where the atlases have bone rather than enhancing organs.

    ``share``: how often the atlases have each class, 0 to 1.
    """
    if not is_ct(frame.role):
        return not_found("bone is told from other tissue by CT, and this exam is MR")
    lowest = np.nanmin(np.stack([image for role, image in frame.images.items() if is_ct(role)]), axis=0)
    dense = body & (lowest > T.number("bone.above_hu"))
    least = max(1, int(T.number("bone.least_part_ml") / frame.voxel_ml))
    rivals = np.sum([share[name] for name in _ENHANCING], axis=0, dtype=np.float32)
    held = share["bone"] > T.number("bone.expected") * np.maximum(share["bone"] + rivals, 1e-9)
    dense &= held | (lowest > _iodine_hu(lowest, dense, share))
    parts = Parts(dense, least_voxels=least)
    count = len(parts) + 1
    bone = np.bincount(parts.labels.ravel(), weights=share["bone"].ravel(), minlength=count)
    other = np.bincount(parts.labels.ravel(), weights=rivals.ravel(), minlength=count)
    kept = bone > T.number("bone.expected") * np.maximum(bone + other, 1e-9)
    kept[0] = False
    mask = closed(kept[parts.labels], T.number("bone.marrow_gap_mm"), frame.spacing_mm) & body & (lowest > 0)
    if frame.volume_ml(mask) < T.number("bone.least_volume_ml"):
        return not_found(f"only {frame.volume_ml(mask):.0f} mL of bone density lies in the CT")
    unenhanced = Role.CT_UNENHANCED in frame.images or frame.role is Role.CT_LOW_DOSE
    return Found(np.asarray(mask), "CT density, marrow filled", "moderate" if unenhanced else "low")


def _iodine_hu(lowest: Float3D, dense: Bool3D, share: dict[str, Float3D]) -> float:
    """What kidneys and aorta may reach in every phase; where they touch ribs or spine, nothing but place parts them.

    A light person gets more iodine for each kilogram, and without an unenhanced phase kidneys are as dense as bone.
    """
    limit = T.number("bone.above_hu")
    for name in _DENSE_WITH_IODINE:
        core = share[name] > 0.5 * max(float(share[name].max()), 1e-6)
        if (core & dense).any():
            limit = max(limit, float(np.percentile(lowest[core], T.number("bone.iodine_percentile"))))
    return limit + T.number("bone.iodine_margin_hu")


def find_lungs(frame: ImageFrame, body: Bool3D, right: Float3D, left: Float3D) -> tuple[Found, Found]:
    """Right and left lung: air of lung density where the atlases expect lung (``right``, ``left``: 0 to 1)."""
    if not is_ct(frame.role):
        because = "lung is told from air by CT, and this exam is MR"
        return not_found(because), not_found(because)
    air = body & (frame.image < T.number("lung.below_hu"))
    parts = Parts(air, least_voxels=max(1, int(T.number("lung.least_part_ml") / frame.voxel_ml)))
    low, high = T.bounds("lung.mean_hu")
    lungs = np.zeros_like(body)
    for number in range(len(parts)):
        part = parts.mask(number)
        inside = opened(part, 6.0, frame.spacing_mm)
        mean = float(frame.image[inside if inside.any() else part].mean())
        if low <= mean <= high and float((right + left)[part].mean()) > T.number("lung.expected"):
            lungs |= part
    found = []
    for name, mask in (("right", lungs & (right >= left)), ("left", lungs & (left > right))):
        volume = frame.volume_ml(mask)
        if volume < T.number("lung.least_part_ml") or volume > T.number("lung.largest_ml"):
            found.append(not_found(f"no aerated {name} lung of plausible size and density lies in the field"))
        else:
            found.append(Found(np.asarray(mask), "CT density of aerated lung", "moderate"))
    return found[0], found[1]
