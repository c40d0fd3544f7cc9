"""How well two registered images fit, told without landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.spatial.geometry import FloatArray, Geometry
from isletscope.spatial.register import information_at, inverse, rigid_matrix
from isletscope.spatial.register_images import RegistrationImage
from isletscope.spatial.transform import Lattice, Transform
from isletscope.spatial.volume import Mask

_SHIFTS_MM = (24.0, 48.0)
_TURN_DEGREES = 15.0


@dataclass(frozen=True)
class Stretch:
    """Smallest and largest change of volume (determinant of the Jacobian) of a mapping; 1 and 1 when it is rigid."""

    smallest: float
    largest: float


def information_gain(first: RegistrationImage, second: RegistrationImage, matrix: FloatArray) -> float:
    """What the images share at a pose, over the most that they share at poses shifted or turned away from it.

    Normalised mutual information less 1; shifts of 24 and 48 mm along each axis, turns of 15 degrees about each axis.
    1 or less: the pose is no better than a wrong one.
    """
    low, high = first.body_box_mm
    other_low, other_high = second.body_box_mm
    back = inverse(matrix)
    centre = (
        (low + high) / 2
        if high[2] - low[2] <= other_high[2] - other_low[2]
        else back[:3, :3] @ ((other_low + other_high) / 2) + back[:3, 3]
    )
    away = [
        rigid_matrix(sign * step * axis, (0, 0, 0), centre)
        for axis in np.eye(3)
        for step in _SHIFTS_MM
        for sign in (-1, 1)
    ]
    away += [rigid_matrix((0, 0, 0), sign * _TURN_DEGREES * axis, centre) for axis in np.eye(3) for sign in (-1, 1)]
    here, *elsewhere = information_at(first, second, [matrix, *(matrix @ moved for moved in away)])
    return (here - 1.0) / max(max(elsewhere) - 1.0, 1e-6)


def overlap_of(first: Mask, second: Mask, transform: Transform) -> float | None:
    """Dice overlap of two masks under the mapping from the first mask's space to the second's, where both were imaged.

    Voxels of the first grid that fall outside the second grid do not count; None when nothing counts.
    """
    values, inside = _carried(first, second, transform)
    if not inside.any():
        return None
    one, other = first.array.ravel()[inside], values[inside]
    total = int(one.sum()) + int(other.sum())
    return 2.0 * float(np.count_nonzero(one & other)) / total if total else None


def _carried(first: Mask, second: Mask, transform: Transform) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """For every voxel of the first grid: whether the second mask holds it, and whether the second grid does."""
    index = np.indices(first.geometry.shape).reshape(3, -1).T
    at = np.rint(second.geometry.to_index(transform.to_frame(first.geometry.to_lps(index)))).astype(int)
    inside = np.all((at >= 0) & (at < second.array.shape), axis=1)
    values = np.zeros(len(at), dtype=np.bool_)
    values[inside] = second.array[tuple(at[inside].T)]
    return values, inside


def shared_share(first: Mask, second: Mask, transform: Transform) -> float:
    """Share of the first mask's voxels that lie in the second grid."""
    _, inside = _carried(first, second, transform)
    body = first.array.ravel()
    return float(np.count_nonzero(inside & body)) / max(1, int(body.sum()))


def stretch_of(lattice: Lattice) -> Stretch:
    """Range of the Jacobian determinant of ``p + displacement(p)`` over the nodes of a lattice."""
    geometry: Geometry = lattice.geometry
    if min(geometry.shape) < 2:
        return Stretch(1.0, 1.0)
    # Derivatives along k, j, i become derivatives along x, y, z through the axes of the lattice.
    parts = [np.gradient(lattice.vectors_mm[..., part].astype(np.float64), *geometry.spacing_mm) for part in range(3)]
    along = np.stack([np.stack(list(part), axis=-1) for part in parts], axis=-2)
    jacobian = np.eye(3) + along @ np.asarray(geometry.axes_lps)
    determinant = np.linalg.det(jacobian)
    return Stretch(float(determinant.min()), float(determinant.max()))
