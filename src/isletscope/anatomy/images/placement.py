"""Placing an atlas body in an exam: scale, shift and turn by how well its labels explain the image, then bending.

The measure is the mutual information of the image's tissue classes and the atlas' labels (Viola, Wells 1997; Maes et
al., IEEE TMI 1997). It knows no contrast, so CT of every phase and MR of every weighting are placed alike. The bending
is by symmetric forces demons (SimpleITK) between the image and the atlas painted with the exam's own values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage, optimize

from isletscope.anatomy.images.atlas import CODES, OUTSIDE, Atlas
from isletscope.anatomy.images.frame import coarser, coarser_grid
from isletscope.anatomy.shapes import Bool3D, Float3D
from isletscope.spatial import Geometry, image_of, simple_itk

Labels = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]
_COUNT = 32
_TISSUES = 8
_HOLD = 0.001
_MOST_POINTS = 14000
_SCALES_Z = (0.86, 0.95, 1.05, 1.16)
_SHIFT_STEP_MM = 16.0
_LEAST_SEEN = 0.75
_STEPS = np.array([0.06, 0.06, 0.06, 10.0, 10.0, 14.0, 0.05])


@dataclass(frozen=True)
class Target:
    """What atlases are placed in: a coarse image, the voxels that count, and their points in LPS mm."""

    image: Float3D
    geometry: Geometry
    counted: Bool3D
    points_mm: FloatArray
    tissues: npt.NDArray[np.intp]


def target_of(image: Float3D, body: Bool3D, seen: Bool3D, geometry: Geometry, factor: int, tissues: Labels) -> Target:
    """A coarse target: block means of the image; the body with a rim of what surrounds it counts."""
    grid = coarser_grid(geometry, factor)
    coarse = coarser(image, factor)
    inside = coarser(body.astype(np.float32), factor) > 0.5
    counted = ndimage.binary_dilation(inside, iterations=1) & (coarser(seen.astype(np.float32), factor) > 0.9)
    every = max(1, round(np.count_nonzero(counted) / _MOST_POINTS))
    points = grid.to_lps(np.argwhere(counted)[::every])
    middle = factor // 2
    a, b, c = grid.shape
    picked = tissues[middle::factor, middle::factor, middle::factor][:a, :b, :c]
    return Target(coarse, grid, counted, points, picked[counted][::every].astype(np.intp))


@dataclass(frozen=True)
class Placement:
    """An atlas in an exam: ``parameters`` scale x, y, z, shift x, y, z (mm), turn about z (radians), at ``centre_mm``.

    ``score``: mutual information in nat.
    """

    atlas: Atlas
    parameters: FloatArray
    centre_mm: FloatArray
    score: float = 0.0

    def labels_at(self, points_mm: FloatArray) -> npt.NDArray[np.intp]:
        """Atlas codes at the exam's points [n, 3]; 31 above and below the atlas."""
        scale, shift, turn = self.parameters[:3], self.parameters[3:6], self.parameters[6]
        matrix = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]])
        geometry = self.atlas.geometry
        step = geometry.spacing_mm[0]
        matrix = (matrix / scale[:, None]) / step
        offset = (_middle_mm(self.atlas) - np.asarray(geometry.origin_lps_mm)) / step
        offset = offset - matrix @ (self.centre_mm + shift) + 1.5
        moved = (points_mm @ matrix.T + offset).astype(np.int32)
        nz, ny, nx = geometry.shape
        i, j, k = (np.clip(moved[:, n], 0, size + 1) for n, size in enumerate((nx, ny, nz)))
        return np.asarray(self.atlas.framed[k, j, i])


def _middle_mm(atlas: Atlas) -> FloatArray:
    return np.asarray(atlas.geometry.to_lps((np.asarray(atlas.geometry.shape) - 1) / 2))


def agreement(codes: npt.NDArray[np.intp], target: Target) -> float:
    """How well an atlas' codes explain the target: mutual information (nat) of tissue class and code."""
    joint = np.bincount(target.tissues * _COUNT + codes, minlength=_TISSUES * _COUNT).reshape(_TISSUES, _COUNT)
    share = joint / joint.sum()
    apart = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    known = share > 0
    return float((share[known] * np.log(share[known] / apart[known])).sum())


def place(atlas: Atlas, target: Target, body: Bool3D) -> Placement:
    """The best scale, shift and turn of an atlas: tried along the body first, then refined.

    ``body``: what gives width and depth, on the target's grid.
    """
    return refined(_along_body(atlas, target, body), target, rounds=3)


def refined(start: Placement, target: Target, rounds: int = 2) -> Placement:
    """A placement improved from where it is (Powell's method; strays are held back lightly)."""

    def cost(change: FloatArray) -> float:
        moved = replace(start, parameters=start.parameters + change * _STEPS)
        return -agreement(moved.labels_at(target.points_mm), target) + _HOLD * float((change**2).sum())

    options = {"maxiter": rounds, "xtol": 0.05, "ftol": 1e-4}
    found = optimize.minimize(cost, np.zeros(7), method="Powell", bounds=[(-3, 3)] * 7, options=options)
    best = replace(start, parameters=start.parameters + found.x * _STEPS)
    return replace(best, score=agreement(best.labels_at(target.points_mm), target))


def _along_body(atlas: Atlas, target: Target, body: Bool3D) -> Placement:
    """Scales across from the body's width and depth; height and scale along it by trial."""
    width, depth, centre = _outline(body, target.geometry)
    own_width, own_depth, own_centre = _outline(atlas.labels > 1, atlas.geometry)
    across = np.array([width / own_width, depth / own_depth])
    z = target.points_mm[:, 2]
    low, high = float(z.min()), float(z.max())
    middle = np.array([centre[0], centre[1], (low + high) / 2])
    half = atlas.geometry.extent_mm[0] / 2
    best = None
    for scale in _SCALES_Z:
        reach = max(half * scale - _LEAST_SEEN * (high - low) / 2, 30.0)
        for shift in np.arange(-reach, reach + 1e-6, _SHIFT_STEP_MM):
            offset = (own_centre - _middle_mm(atlas)[:2]) * across
            parameters = np.array([*across, scale, -offset[0], -offset[1], shift, 0.0])
            trial = Placement(atlas, parameters, middle)
            trial = replace(trial, score=agreement(trial.labels_at(target.points_mm), target))
            if best is None or trial.score > best.score:
                best = trial
    if best is None:
        raise ValueError("no height was tried")
    return best


def _outline(body: Bool3D, geometry: Geometry) -> tuple[float, float, FloatArray]:
    """Median width and depth of the trunk over its planes in mm, and its middle x, y (LPS mm)."""
    x = geometry.origin_lps_mm[0] + geometry.spacing_mm[2] * np.arange(geometry.shape[2])
    y = geometry.origin_lps_mm[1] + geometry.spacing_mm[1] * np.arange(geometry.shape[1])
    rows = []
    for plane in body:
        columns, lines = np.flatnonzero(plane.any(axis=0)), np.flatnonzero(plane.any(axis=1))
        if columns.size and lines.size:
            rows.append((x[columns[0]], x[columns[-1]], y[lines[0]], y[lines[-1]]))
    left, right, front, back = np.median(np.asarray(rows), axis=0)
    return float(right - left), float(back - front), np.array([(left + right) / 2, (front + back) / 2])


def bent(placement: Placement, target: Target, rounds: tuple[int, ...] = (20, 12), sigma: float = 1.6) -> Labels:
    """Atlas codes on the target's grid after bending it to the image.

    ``rounds``: demons steps after each painting; ``sigma``: smoothing of the field in voxels.
    """
    library = simple_itk()
    geometry = target.geometry
    grid_points = geometry.to_lps(np.argwhere(np.ones(geometry.shape, dtype=bool)))
    codes = placement.labels_at(grid_points).reshape(geometry.shape)
    codes = np.where(codes == OUTSIDE, CODES["air"], codes)
    fixed = target.image
    low, high = np.percentile(fixed[target.counted], (2, 98))
    fixed_image = image_of(((fixed - low) / (high - low)).astype(np.float32), geometry)
    field: Any = None
    warped = codes
    for count in rounds:
        painted = _painted(codes, warped, fixed, target.counted)
        moving = image_of(((painted - low) / (high - low)).astype(np.float32), geometry)
        demons = library.FastSymmetricForcesDemonsRegistrationFilter()
        demons.SetNumberOfIterations(count)
        demons.SetSmoothDisplacementField(True)
        demons.SetStandardDeviations(sigma)
        demons.SetMaximumUpdateStepLength(1.0)
        field = demons.Execute(fixed_image, moving) if field is None else demons.Execute(fixed_image, moving, field)
        transform = library.DisplacementFieldTransform(library.Image(library.Cast(field, library.sitkVectorFloat64)))
        warped = library.GetArrayFromImage(
            library.Resample(
                image_of(codes.astype(np.uint8), geometry), fixed_image, transform, library.sitkNearestNeighbor, 0
            )
        ).astype(np.intp)
    return warped.astype(np.uint8)


def _painted(codes: npt.NDArray[np.intp], warped: npt.NDArray[np.intp], image: Float3D, counted: Bool3D) -> Float3D:
    """The atlas in the exam's own grey: each code gets the median of the image where the code lies now."""
    painted = np.zeros(codes.shape, dtype=np.float32)
    lowest = float(np.percentile(image, 1))
    for code in np.unique(codes):
        where = (warped == code) & counted
        inner = ndimage.binary_erosion(where)
        used = inner if np.count_nonzero(inner) >= 12 else where
        value = float(np.median(image[used])) if used.any() else lowest
        painted[codes == code] = value
    return painted
