"""Rigid registration of two images of one body by mutual information.

Points in and around the body of the image that covers less are looked up in the other one. From starts all along the
body, three levels of resolution lead to the pose of highest normalised mutual information (Studholme, Hill, Hawkes
1999), found by Powell's method: no gradient, hence no step size to choose. Works for images of any kind and any
orientation of their grids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.spatial.transform import Rotation

from isletscope.spatial.geometry import FloatArray
from isletscope.spatial.register_images import BINS, RegistrationImage, sample_points
from isletscope.spatial.register_kernels import joint_histogram

_LEVELS_MM = (12.0, 6.0, 0.0)
_SAMPLES = (4000, 12000, 30000)
_KEPT = (6, 2, 1)
_START_STEP_MM = 16.0
_MARGIN_MM = 12.0
_RADIANS_PER_UNIT = 0.01
_OVERLAP_WANTED = 0.5
_OVERLAP_WEIGHT = 0.5
_RIVAL_FROM_MM = 30.0


@dataclass(frozen=True)
class RigidFit:
    """What a rigid registration found.

    ``matrix`` (4 x 4) takes LPS points of the first image to the second. ``information``: normalised mutual
    information at the pose (1: none). ``overlap``: share of the sampled points that lie in both images.
    ``rival_information``: the best of the poses found more than 30 mm away; 1 when there is none.
    """

    matrix: FloatArray
    information: float
    overlap: float
    rival_information: float


@dataclass(frozen=True)
class _Level:
    """Points of one image with their values, and the other image, at one resolution."""

    points: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    image: RegistrationImage

    def information(self, matrix: FloatArray) -> tuple[float, float]:
        """Normalised mutual information under a 4 x 4 matrix, and the share of points that fall inside."""
        to_index = np.linalg.inv(self.image.geometry.affine) @ matrix
        histogram, inside = joint_histogram(
            self.points, self.values, self.weights, np.ascontiguousarray(to_index[:3]), self.image.bins, BINS
        )
        return normalised_information(histogram), inside / float(self.weights.sum())


def normalised_information(histogram: npt.NDArray[np.float64]) -> float:
    """(H(A) + H(B)) / H(A, B) of a joint histogram: 1 when nothing is shared, 2 when one tells the other."""
    total = float(histogram.sum())
    if total <= 0.0:
        return 1.0
    joint = histogram / total
    both = _entropy(joint.ravel())
    if both <= 0.0:
        return 1.0
    return (_entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))) / both


def register_rigid(
    first: RegistrationImage, second: RegistrationImage, *, starts: Sequence[FloatArray] | None = None
) -> RigidFit:
    """The rigid mapping from LPS points of ``first`` to ``second``.

    ``starts``: 4 x 4 matrices to begin from; by default poses all along the body, in-plane centres on each other, and
    the identity.
    """
    swapped = _height(first) > _height(second)
    sampled, looked_up = (second, first) if swapped else (first, second)
    given = list(starts) if starts is not None else []
    begin = [inverse(m) for m in given] if swapped else given
    if starts is None:
        begin = _starts(sampled, looked_up)
    levels = _levels(sampled, looked_up)
    centre = levels[0].points.mean(axis=0)
    poses = sorted(begin, key=lambda m: -_score(levels[0], m))[: _KEPT[0]]
    rivals: list[tuple[float, FloatArray]] = []
    for level, kept in zip(levels, (*_KEPT[1:], 1), strict=True):
        found = sorted(((_climb(level, pose, centre), pose) for pose in poses), key=lambda pair: -pair[0][0])
        ordered = [result for result, _ in found]
        if not rivals:
            rivals = [(score, pose) for score, pose in ordered]
        poses = [pose for _, pose in ordered][:kept]
    matrix = poses[0]
    information, overlap = levels[-1].information(matrix)
    rival = _rival(levels[0], rivals, matrix, centre)
    return RigidFit(inverse(matrix) if swapped else matrix, information, overlap, rival)


def information_at(first: RegistrationImage, second: RegistrationImage, matrices: Sequence[FloatArray]) -> list[float]:
    """Normalised mutual information of two images under each 4 x 4 matrix, on 6 mm voxels."""
    swapped = _height(first) > _height(second)
    sampled, looked_up = (second, first) if swapped else (first, second)
    level = _level(sampled, looked_up, _LEVELS_MM[1], _SAMPLES[1])
    return [level.information(inverse(m) if swapped else m)[0] for m in matrices]


def inverse(matrix: FloatArray) -> FloatArray:
    """The mapping back, 4 x 4."""
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def rigid_matrix(shift_mm: npt.ArrayLike, degrees_xyz: npt.ArrayLike, centre_mm: FloatArray) -> FloatArray:
    """Rotation about x, then y, then z through ``centre_mm``, then the shift, as a 4 x 4 matrix in LPS mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees_xyz, degrees=True).as_matrix()
    matrix[:3, 3] = np.asarray(shift_mm) + centre_mm - matrix[:3, :3] @ centre_mm
    return matrix


def _levels(sampled: RegistrationImage, looked_up: RegistrationImage) -> list[_Level]:
    return [_level(sampled, looked_up, step, n) for step, n in zip(_LEVELS_MM, _SAMPLES, strict=True)]


def _level(sampled: RegistrationImage, looked_up: RegistrationImage, step_mm: float, count: int) -> _Level:
    points, values = sample_points(sampled.coarser(step_mm), count, _MARGIN_MM)
    return _Level(points, values, np.ones(len(points)), looked_up.coarser(step_mm))


def _score(level: _Level, matrix: FloatArray) -> float:
    information, overlap = level.information(matrix)
    return (information - 1.0) * min(1.0, overlap / _OVERLAP_WANTED)


def _climb(level: _Level, start: FloatArray, centre: FloatArray) -> tuple[float, FloatArray]:
    """The best pose near ``start`` and its score; units of the search are millimetres and hundredths of a radian."""

    def cost(parameters: npt.NDArray[np.float64]) -> float:
        return -_score(level, _moved(parameters, centre) @ start)

    found = optimize.minimize(cost, np.zeros(6), method="Powell", options={"xtol": 0.05, "ftol": 1e-6, "maxiter": 12})
    return -float(found.fun), _moved(found.x, centre) @ start


def _moved(parameters: npt.NDArray[np.float64], centre: FloatArray) -> FloatArray:
    # The small motion comes first, in the space of the sampled image, about the centre of its points.
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(parameters[3:] * _RADIANS_PER_UNIT).as_matrix()
    matrix[:3, 3] = parameters[:3] + centre - matrix[:3, :3] @ centre
    return matrix


def _starts(sampled: RegistrationImage, looked_up: RegistrationImage) -> list[FloatArray]:
    low, high = sampled.body_box_mm
    other_low, other_high = looked_up.body_box_mm
    centre, other = (low + high) / 2, (other_low + other_high) / 2
    reach = (other_high[2] - other_low[2] + high[2] - low[2]) / 2 - _OVERLAP_WANTED * (high[2] - low[2])
    heights = np.arange(-np.ceil(reach / _START_STEP_MM), np.ceil(reach / _START_STEP_MM) + 1) * _START_STEP_MM
    starts = [np.eye(4)]
    for height in heights:
        matrix = np.eye(4)
        matrix[:3, 3] = other - centre + np.array([0.0, 0.0, height])
        starts.append(matrix)
    return starts


def _height(image: RegistrationImage) -> float:
    low, high = image.body_box_mm
    return float(high[2] - low[2])


def _rival(level: _Level, found: list[tuple[float, FloatArray]], best: FloatArray, centre: FloatArray) -> float:
    home = best[:3, :3] @ centre + best[:3, 3]
    apart = [
        level.information(pose)[0]
        for _, pose in found
        if np.linalg.norm(pose[:3, :3] @ centre + pose[:3, 3] - home) > _RIVAL_FROM_MM
    ]
    return max(apart, default=1.0)


def _entropy(shares: npt.NDArray[np.float64]) -> float:
    positive = shares[shares > 0.0]
    return float(-(positive * np.log(positive)).sum())
