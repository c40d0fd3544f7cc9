"""To which frame of reference of the patient's images a mask file belongs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from isletscope.errors import GeometryError, InputError
from isletscope.intake import MaskOrigin, geometry_of
from isletscope.model import Series
from isletscope.reading.first_look import Seen
from isletscope.spatial import Geometry

_SAME_WITHIN_VOXEL = 0.1
_LEAST_OVERLAP = 0.05
_NAME_IT = "Name the series that it was drawn on: --anatomy SERIES=FILE, with a key that isletscope check lists."


def frame_of(series: Series) -> str:
    """What series must share to share masks: the frame of reference; without one each stands alone."""
    return series.frame_of_reference_uid or series.key


def frames_of_mask(path: Path, origin: MaskOrigin, seen: Seen, wanted: str | None = None) -> tuple[str, ...]:
    """The frames of reference whose series the mask serves; ``wanted``: key of a series that the user names.

    DICOM says it. NIfTI belongs to the series whose grid it has, else to the only frame that it overlaps. Raises
    InputError for another patient or when several frames are possible, GeometryError when none is.
    """
    series = [one for exam in seen.exams for one in exam.series if one.grid is not None]
    _check_patient(path, origin, seen)
    named = next((one for one in series if one.key == wanted), None)
    if origin.frame_of_reference_uids:
        return _said(path, origin, series)
    if named is not None:
        return (frame_of(named),)
    if origin.grid is None:
        return _only_one(path, series, f"no frame of reference, and images in {_count(series)}")
    grids = [(one, geometry_of(one.grid)) for one in series if one.grid is not None]
    alike = [one for one, grid in grids if _same_grid(origin.grid, grid)]
    near = alike or [one for one, grid in grids if _overlap(origin.grid, grid)]
    if not near:
        raise GeometryError(
            "the mask lies outside all images of this patient",
            subject=path.name,
            found="no overlap with any series",
            expected="the place of one of the series",
            remedy="Give the mask that was drawn on these images.",
        )
    how = "the grid of" if alike else "a place within"
    return _only_one(path, near, f"{how} {', '.join(one.key for one in near)}, in {_count(near)}")


def _check_patient(path: Path, origin: MaskOrigin, seen: Seen) -> None:
    known = (seen.patient.id, *seen.patient.other_ids)
    if origin.patient_id and seen.patient.id and origin.patient_id not in known:
        raise InputError(
            "the mask belongs to another patient",
            subject=path.name,
            found=f"Patient ID (0010,0020) {origin.patient_id}",
            expected=" or ".join(known),
            remedy="Give the mask of this patient; or state with --same-patient that both are one person.",
        )


def _said(path: Path, origin: MaskOrigin, series: Sequence[Series]) -> tuple[str, ...]:
    known = dict.fromkeys(one.frame_of_reference_uid for one in series)
    found = tuple(sorted(uid for uid in origin.frame_of_reference_uids if uid in known))
    if found:
        return found
    raise GeometryError(
        "the mask belongs to another frame of reference (another patient position) than all images",
        subject=path.name,
        found=f"Frame of Reference UID (0020,0052) {', '.join(sorted(origin.frame_of_reference_uids))}",
        expected=", ".join(uid for uid in known if uid) or "images that name a frame of reference",
        remedy="Give the mask that was drawn on these images. Masks are not carried between frames of reference.",
    )


def _only_one(path: Path, series: Sequence[Series], found: str) -> tuple[str, ...]:
    frames = tuple(dict.fromkeys(frame_of(one) for one in series))
    if len(frames) == 1:
        return frames
    raise InputError(
        "the mask may belong to several images",
        subject=path.name,
        found=found,
        expected="one frame of reference",
        remedy=_NAME_IT,
    )


def _count(series: Sequence[Series]) -> str:
    return f"{len({frame_of(one) for one in series})} frames of reference"


def _same_grid(own: Geometry, other: Geometry) -> bool:
    """Whether both grids have the same voxels, the axes in any order and direction."""
    return _falls_on(own, other) and _falls_on(other, own)


def _falls_on(own: Geometry, other: Geometry) -> bool:
    """Whether all corner voxels of ``own`` are voxels of ``other``."""
    index = other.to_index(own.to_lps(_corners(own)))
    whole = np.rint(index)
    inside = (whole >= 0).all() and (whole < np.asarray(other.shape)).all()
    return bool(inside and np.abs(index - whole).max() <= _SAME_WITHIN_VOXEL)


def _corners(grid: Geometry) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    ends = [(0, n - 1) for n in grid.shape]
    corners: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    corners = np.array(np.meshgrid(*ends, indexing="ij"), dtype=np.float64).reshape(3, -1).T
    return corners


def _overlap(own: Geometry, other: Geometry) -> bool:
    """Whether a noticeable part of the box of ``own`` lies in that of ``other``."""
    steps = [np.linspace(0, n - 1, 9) for n in own.shape]
    points = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    index = other.to_index(own.to_lps(points))
    inside = ((index >= -0.5) & (index <= np.asarray(other.shape) - 0.5)).all(axis=1)
    return float(inside.mean()) >= _LEAST_OVERLAP
