"""Aorta and inferior vena cava followed along the body, to narrow down where the atlases expect them.

Two people's great vessels lie apart by about their width, so a blurred expectation tells little. In each plane, discs
of the vessel's size are scored (even grey inside, other grey around, the atlases' expectation), and the smoothest path
of best scores is taken by dynamic programming.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy.images.frame import ImageFrame
from isletscope.anatomy.images.tissues import T, Tissues
from isletscope.anatomy.shapes import Bool3D, Float3D
from isletscope.anatomy.thorax import opened_plane

VESSELS = ("aorta", "inferior_vena_cava")
FloatArray = npt.NDArray[np.float64]
_SPINE_REACH_MM = 50.0
_LEAST_VERTEBRA_MM2 = 400.0
_LEAST_PLANES = 5
_MOVES = [(a, b) for a in (-2, -1, 0, 1, 2) for b in (-2, -1, 0, 1, 2)]


def spine_x_mm(frame: ImageFrame, bone: Bool3D) -> FloatArray:
    """LPS x of the middle of the vertebral column in each plane; nan where no column is seen.

    The column is the bulk of bone within 50 mm of the skeleton's middle, thin parts (ribs, processes) left out.
    """
    _, _, x = frame.axes_mm
    centre = np.full(len(bone), np.nan)
    if not bone.any():
        return centre
    middle = float(np.median(x[np.nonzero(bone)[2]]))
    near = np.abs(x - middle) < _SPINE_REACH_MM
    for plane in range(len(bone)):
        column = opened_plane(bone[plane], frame.spacing_mm[1]) & near[None, :]
        if np.count_nonzero(column) * frame.spacing_mm[1] * frame.spacing_mm[2] > _LEAST_VERTEBRA_MM2:
            weight = ndimage.distance_transform_edt(column) ** 2
            centre[plane] = float((weight * x[None, :]).sum() / weight.sum())
    known = np.flatnonzero(~np.isnan(centre))
    if len(known) < _LEAST_PLANES:
        return np.full(len(bone), np.nan)
    steady = ndimage.median_filter(np.interp(np.arange(len(bone)), known, centre[known]), size=9, mode="nearest")
    return np.asarray(steady, dtype=np.float64)


def followed(
    name: str, share: Float3D, frame: ImageFrame, tissues: Tissues, blocked: Bool3D, spine_mm: FloatArray
) -> Float3D:
    """The expectation of a vessel, float32 [k, j, i] 0 to 1, drawn to its path; unchanged where no path is found.

    ``share``: the atlases' expectation; ``blocked``: where the vessel cannot be (bone, and the other vessel).
    ``spine_mm``: :func:`spine_x_mm`; the aorta lies before the column or left of it, the vena cava right of it.
    """
    planes = np.flatnonzero(share.max(axis=(1, 2)) > T.number("vessel.expected"))
    if len(planes) < 4:
        return share
    planes = np.arange(planes[0], planes[-1] + 1)
    window = _window(share[planes], T.number("vessel.reach_mm"), frame)
    score = _disc_scores(name, share, frame, tissues, blocked, planes, window)
    _, y, x = frame.axes_mm
    low, high = T.bounds(f"vessel.{name}_beside_spine_mm")
    beside = np.nan_to_num((x[window[1]][None, :] - spine_mm[planes][:, None] - (low + high) / 2) / (high - low))
    score -= (T.number("vessel.spine_weight") * beside**2)[:, None, :].astype(np.float32)
    path = _path(score, T.number("vessel.stray_cost"))
    radius = T.number(f"vessel.{name}_mm")
    result = np.zeros_like(share)
    softness = T.number("vessel.softness_mm")
    for row, plane in enumerate(planes):
        j, i = divmod(int(path[row]), score.shape[2])
        dy, dx = y - y[window[0].start + j], x - x[window[1].start + i]
        beyond = np.hypot(dy[:, None], dx[None, :]) - radius
        result[plane] = 1.0 / (1.0 + np.exp(np.clip(beyond / softness, -20, 20)))
    return np.asarray(result * T.number("vessel.trust"), dtype=np.float32)


def _window(share: Float3D, reach_mm: float, frame: ImageFrame) -> tuple[slice, slice]:
    """Rows and columns that the vessel may pass through."""
    expected = share.max(axis=0) > T.number("vessel.expected")
    found = []
    for axis in (0, 1):
        there = np.flatnonzero(expected.any(axis=1 - axis))
        margin = int(reach_mm / frame.spacing_mm[1])
        found.append(slice(max(0, int(there[0]) - margin), min(expected.shape[axis], int(there[-1]) + margin + 1)))
    return found[0], found[1]


def _disc_scores(
    name: str,
    share: Float3D,
    frame: ImageFrame,
    tissues: Tissues,
    blocked: Bool3D,
    planes: npt.NDArray[np.intp],
    window: tuple[slice, slice],
) -> Float3D:
    """Fit of a disc at each point of the window, array [plane, row, column]: high where the vessel is likely."""
    step = frame.spacing_mm[1]
    radius = T.number(f"vessel.{name}_mm")
    inside, ring = _stamps(radius, step)
    values = tissues.features[frame.role]
    near = tissues.solid & (share > T.number("vessel.expected"))
    spread = max(float(np.std(values[near])), 1e-6) if near.any() else 1.0
    score = np.zeros((len(planes), window[0].stop - window[0].start, window[1].stop - window[1].start), np.float32)
    for row, plane in enumerate(planes):
        box = (plane, *window)
        solid = (tissues.solid[box] & ~blocked[box]).astype(np.float32)
        grey = np.where(solid > 0, values[box], 0.0).astype(np.float32)
        full = ndimage.correlate(solid, inside, mode="nearest")
        around = ndimage.correlate(solid, ring, mode="nearest")
        mean = ndimage.correlate(grey, inside, mode="nearest") / np.maximum(full, 0.05)
        square = ndimage.correlate(grey * grey, inside, mode="nearest") / np.maximum(full, 0.05)
        rim = ndimage.correlate(grey, ring, mode="nearest") / np.maximum(around, 0.05)
        uneven = np.sqrt(np.maximum(square - mean**2, 0.0)) / spread
        edge = np.minimum(np.abs(mean - rim) / spread, 1.5) * np.minimum(around, 1.0) + 1.5 * (1.0 - around)
        place = np.log(np.maximum(share[box], 0.004) / 0.3)
        score[row] = 2.5 * full + 0.7 * edge - 1.0 * np.minimum(uneven, 2.0) + 0.35 * place
    return score


def _stamps(radius_mm: float, step_mm: float) -> tuple[Float3D, Float3D]:
    """A disc and the ring around it, each of sum 1."""
    reach = int((radius_mm + 8.0) / step_mm) + 1
    span = np.arange(-reach, reach + 1) * step_mm
    distance = np.hypot(span[:, None], span[None, :])
    inside = (distance <= radius_mm - 0.5).astype(np.float32)
    ring = ((distance > radius_mm + 1.5) & (distance <= radius_mm + 6.5)).astype(np.float32)
    return inside / inside.sum(), ring / ring.sum()


def _path(score: Float3D, cost: float) -> npt.NDArray[np.intp]:
    """Flat index of the vessel's centre in each plane: highest sum of scores less the cost of moving sideways."""
    count, height, width = score.shape
    total = score[0].astype(np.float64)
    flat = np.arange(height * width).reshape(height, width)
    back = np.zeros((count, height, width), dtype=np.intp)
    for row in range(1, count):
        best = np.full((height, width), -np.inf)
        for a, b in _MOVES:
            to = (slice(max(0, a), height + min(0, a)), slice(max(0, b), width + min(0, b)))
            start = (slice(max(0, -a), height + min(0, -a)), slice(max(0, -b), width + min(0, -b)))
            offered = np.full((height, width), -np.inf)
            offered[to] = total[start] - cost * (a * a + b * b)
            origin = np.zeros((height, width), dtype=np.intp)
            origin[to] = flat[start]
            better = offered > best
            best = np.where(better, offered, best)
            back[row] = np.where(better, origin, back[row])
        total = best + score[row]
    path = np.zeros(count, dtype=np.intp)
    path[-1] = int(np.argmax(total))
    for row in range(count - 1, 0, -1):
        path[row - 1] = back[row].ravel()[path[row]]
    return path
