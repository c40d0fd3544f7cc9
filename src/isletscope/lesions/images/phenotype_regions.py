"""What of an image belongs to a lesion and what to its surroundings, on the grid of any series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.lesions.images.phenotype_rules import rule
from isletscope.spatial import (
    Box,
    Geometry,
    Mask,
    Transform,
    bounding_box,
    carried_mask,
    cropped_geometry,
    cropped_mask,
    distance_to_mm,
    inside_depth_mm,
    points_between,
)

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outlined:
    """A lesion as it was outlined: its mask, all foci and the organ around it on the same (cropped) grid."""

    series_key: str
    mask: Mask
    foci: Mask
    organ: Mask | None = None

    @property
    def diameter_mm(self) -> float:
        """Diameter of the ball of the same volume."""
        return float(20.0 * (3.0 * self.mask.volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0))


@dataclass(frozen=True)
class Carriage:
    """How an outline comes to a series: both frames' mappings, and what remains between them in mm (0: one frame)."""

    source: Transform
    target: Transform
    uncertainty_mm: float = 0.0
    same_frame: bool = True


@dataclass(frozen=True)
class Region:
    """A lesion on the grid of one series: the box around it, and in that box the lesion and its surroundings.

    ``outline``: the whole outline. ``lesion``: its inner voxels, which hold nothing else. ``weights``: for how many
    voxels of the outline each of them stands, itself and those of the edge that lie nearest to it: a mean by weight is
    that of the whole lesion without the blur of its edge, also where rim and core differ. ``around``: the organ near
    the lesion, or a shell around it where no organ is known. Arrays [k, j, i] on the grid of ``geometry``.
    """

    box: Box
    geometry: Geometry
    outline: BoolArray
    lesion: BoolArray
    weights: npt.NDArray[np.float64]
    around: BoolArray
    in_organ: bool
    method: str
    limitation: str | None
    carried: bool


def place_lesion(outlined: Outlined, carriage: Carriage, onto: Geometry, organ: Mask | None) -> Region | str:
    """The region of a lesion on a grid (``onto``), or why there is none, as a sentence.

    ``organ``: the organ around it as known in the target frame; None: taken from the outline's own frame, if any. A
    carried outline is made smaller by the uncertainty of the alignment where enough of it remains.
    """
    why = too_small(outlined, carriage, onto)
    if why:
        return why
    box = _box_around(outlined, carriage, onto)
    if box is None:
        return "the place lies outside this series"
    grid = cropped_geometry(onto, box)
    whole = carried_mask(outlined.mask, carriage.source, grid, carriage.target)
    if not whole.array.any():
        return "the place lies outside this series"
    if _cut_by_edge(whole.array, box, onto):
        return "the lesion is cut by the edge of this series"
    kept, method, limits = _kept(outlined, carriage, whole)
    if np.count_nonzero(kept) < rule("region.fewest_voxels"):
        return f"the lesion fills only {np.count_nonzero(kept)} voxels of this series"
    foci = carried_mask(outlined.foci, carriage.source, grid, carriage.target).array | whole.array
    if organ is not None:
        around_organ: BoolArray | None = carried_mask(organ, Transform.identity(), grid, Transform.identity()).array
    elif outlined.organ is not None:
        around_organ = carried_mask(outlined.organ, carriage.source, grid, carriage.target).array
    else:
        around_organ = None
    around, in_organ = _around(whole, foci, around_organ, carriage.uncertainty_mm)
    size = outlined.diameter_mm / max(onto.spacing_mm)
    if size < rule("region.careful_share_of_slice"):
        limits.append(f"partial volume: {outlined.diameter_mm:.0f} mm on slices of {max(onto.spacing_mm):.1f} mm")
    limit = "; ".join(limits) or None
    weights = _weights(whole, kept)
    return Region(
        box, grid, whole.array, kept, weights, around, in_organ, method, limit, carried=not carriage.same_frame
    )


def too_small(outlined: Outlined, carriage: Carriage, onto: Geometry) -> str:
    """Why a lesion cannot be measured on slices so thick, or through an alignment so uncertain; empty when it can."""
    diameter, slice_mm = outlined.diameter_mm, max(onto.spacing_mm)
    if diameter < rule("region.smallest_share_of_slice") * slice_mm:
        return f"a lesion of {diameter:.0f} mm is too small for slices of {slice_mm:.1f} mm"
    limit_mm = rule("carried.smallest_times_uncertainty") * carriage.uncertainty_mm
    if not carriage.same_frame and diameter / 2.0 <= limit_mm:
        return (
            f"a lesion of {diameter:.0f} mm is too small to be carried over: the alignment is uncertain by "
            f"{carriage.uncertainty_mm:.1f} mm"
        )
    return ""


def _kept(outlined: Outlined, carriage: Carriage, whole: Mask) -> tuple[BoolArray, str, list[str]]:
    """The voxels to measure, how they were chosen, and limits."""
    fewest = rule("region.fewest_voxels")
    depth = _depth_mm(whole)
    if carriage.same_frame:
        spacing = whole.geometry.spacing_mm
        edge_mm = max(min(spacing), min(max(spacing), rule("region.edge_mm")))
        inner = whole.array & (depth > edge_mm * 1.001)
        enough = max(fewest, rule("region.least_inner_share") * np.count_nonzero(whole.array))
        if np.count_nonzero(inner) >= enough:
            return inner, f"within its outline on {outlined.series_key}, without the blur of its edge", []
        return whole.array, f"within its outline on {outlined.series_key}", ["too small to leave out the blurred edge"]
    method = f"within its outline on {outlined.series_key}, carried over"
    inner = whole.array & (depth > carriage.uncertainty_mm + 0.5 * min(whole.geometry.spacing_mm))
    if np.count_nonzero(inner) >= fewest:
        share = np.count_nonzero(inner) / np.count_nonzero(whole.array)
        limits = [f"inner {100 * share:.0f} % of the lesion alone"] if share < rule("carried.careful_share") else []
        return inner, f"{method}, made smaller by {carriage.uncertainty_mm:.1f} mm", limits
    limit = f"the alignment is uncertain by {carriage.uncertainty_mm:.1f} mm"
    return whole.array, method, [f"outline carried over whole; {limit}"]


def _depth_mm(whole: Mask) -> npt.NDArray[np.float32]:
    """Distance of every voxel of an outline to the nearest one outside, mm; the edge of the box counts as outside."""
    box = bounding_box(whole.array)
    depth = np.zeros(whole.array.shape, dtype=np.float32)
    if box is not None:
        part = cropped_mask(whole, box)
        depth[box.slices] = inside_depth_mm(Mask(np.pad(part.array, 1), _padded(part.geometry)))[1:-1, 1:-1, 1:-1]
    return depth


def _weights(whole: Mask, kept: BoolArray) -> npt.NDArray[np.float64]:
    """For how many voxels of the outline each kept voxel stands, each voxel counting for the kept one nearest to it."""
    weights = np.zeros(kept.shape)
    box = bounding_box(whole.array)
    if box is not None:
        outside = ~kept[box.slices]
        nearest = ndimage.distance_transform_edt(
            outside, sampling=whole.geometry.spacing_mm, return_distances=False, return_indices=True
        )
        np.add.at(weights[box.slices], tuple(nearest[:, whole.array[box.slices]]), 1.0)
    return weights


def _padded(grid: Geometry) -> Geometry:
    x, y, z = (float(v) for v in grid.to_lps((-1, -1, -1)))
    k, j, i = (n + 2 for n in grid.shape)
    return Geometry((k, j, i), grid.spacing_mm, (x, y, z), grid.axes_lps)


def _around(whole: Mask, foci: BoolArray, organ: BoolArray | None, uncertainty_mm: float) -> tuple[BoolArray, bool]:
    """The organ near the lesion and clear of all foci; else a shell around it. Tells whether it is the organ."""
    away = distance_to_mm(Mask(foci, whole.geometry))
    near = distance_to_mm(whole)
    fewest = rule("region.fewest_around")
    if organ is not None:
        edge = inside_depth_mm(Mask(organ, whole.geometry))
        inside = organ & (edge > 1.5 * min(whole.geometry.spacing_mm))
        found = inside & (away > rule("region.gap_mm") + uncertainty_mm) & (near <= rule("region.reach_mm"))
        if np.count_nonzero(found) >= fewest:
            return found, True
    low, high = rule("region.ring_from_mm") + uncertainty_mm, rule("region.ring_to_mm") + uncertainty_mm
    return (away > low) & (near <= high), False


def _box_around(outlined: Outlined, carriage: Carriage, onto: Geometry) -> Box | None:
    """The part of the grid that holds the carried outline with its surroundings; None when it lies outside."""
    box = bounding_box(outlined.mask.array)
    if box is None:
        return None
    small = cropped_mask(outlined.mask, box).geometry
    ends = [(-1.0, n) for n in small.shape]
    corners = small.to_lps(np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3))
    index = onto.to_index(points_between(corners, carriage.source, carriage.target))
    margin = (rule("region.reach_mm") + carriage.uncertainty_mm) / np.asarray(onto.spacing_mm)
    centre_low, centre_high = index.min(axis=0), index.max(axis=0)
    if np.any(centre_high < 0) or np.any(centre_low > np.asarray(onto.shape) - 1):
        return None
    low = np.maximum(np.floor(centre_low - margin).astype(int), 0)
    high = np.minimum(np.ceil(centre_high + margin).astype(int) + 1, onto.shape)
    return Box((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2])))


def _cut_by_edge(inside: BoolArray, box: Box, onto: Geometry) -> bool:
    """Whether the outline reaches the first or last voxel of the series along an axis that holds more than one."""
    found = bounding_box(inside)
    assert found is not None  # the caller has seen a voxel inside
    for axis in range(3):
        first, last = box.start[axis] + found.start[axis], box.start[axis] + found.stop[axis]
        if onto.shape[axis] > 1 and (first == 0 or last == onto.shape[axis]):
            return True
    return False
