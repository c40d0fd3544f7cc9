"""RT Structure Sets: a voxel belongs to a region when its centre lies inside the contours (even-odd) of its slice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from isletscope.errors import GeometryError
from isletscope.intake import values
from isletscope.intake.masks.target import Region, Regions, Target, unique_names

FloatArray = npt.NDArray[np.float64]
Planes = dict[float, list[FloatArray]]

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_SAME_PLANE_WITHIN = 0.05
_COARSE_FROM = 1.2


@dataclass(frozen=True, eq=False)
class _Roi:
    number: int
    name: str
    frame_uid: str
    polygons: tuple[FloatArray, ...]
    skipped: str


def read_rtstruct_masks(dataset: Dataset, path: Path, target: Target) -> Regions:
    """Masks of an RT Structure Set on the target's slices.

    Contours of one plane are combined even-odd, so a hole may be a contour of its own. A slice takes the nearest
    contour plane within half a slice (within half the distance of the contour planes where these lie wider apart).
    ROIs without closed contours are left out, with the reason in the notes. Raises GeometryError when no ROI shares
    the target's frame of reference, or contours are tilted against the slices.
    """
    notes: list[str] = []
    rois = [_read(item, dataset) for item in dataset.get("StructureSetROISequence") or []]
    with_contours = []
    for roi in rois:
        if roi.skipped:
            notes.append(f"{path.name}, ROI {roi.number} {roi.name}: left out, {roi.skipped}.")
        if roi.polygons:
            with_contours.append(roi)
    ours = [roi for roi in with_contours if not _other_frame(roi, target)]
    others = [roi for roi in with_contours if _other_frame(roi, target)]
    if others and not ours:
        raise target.other_frame(others[0].frame_uid, path.name)
    notes += [
        f"{path.name}, ROI {roi.number} {roi.name}: left out, its frame of reference {roi.frame_uid} is not "
        f"{target.frame_of_reference_uid} of {target.name}."
        for roi in others
    ]
    regions = []
    names = unique_names([roi.name for roi in ours], [roi.number for roi in ours])
    for roi, name in zip(ours, names, strict=True):
        note = target.check_frame_of_reference(roi.frame_uid, f"{path.name}, ROI {roi.name}")
        notes += [note] if note else []
        subject = f"{path.name}, ROI {roi.number} {roi.name}"
        planes = _by_plane([target.geometry.to_index(polygon) for polygon in roi.polygons], subject)
        array = _rasterised(planes, target, subject, notes)
        volume = _planimetric_volume_ml(planes, target.geometry.spacing_mm)
        regions.append(Region(roi.number, roi.name, target.mask(array, name), planimetric_volume_ml=volume))
    return Regions(tuple(regions), tuple(notes))


def _other_frame(roi: _Roi, target: Target) -> bool:
    return bool(roi.frame_uid and target.frame_of_reference_uid and roi.frame_uid != target.frame_of_reference_uid)


def _read(item: Dataset, dataset: Dataset) -> _Roi:
    number = int(values.number(item, "ROINumber") or 0)
    contours = [
        contour
        for roi_contour in dataset.get("ROIContourSequence") or []
        if int(values.number(roi_contour, "ReferencedROINumber") or 0) == number
        for contour in roi_contour.get("ContourSequence") or []
    ]
    polygons, kinds = [], []
    for contour in contours:
        kind = values.text(contour, "ContourGeometricType").upper()
        points = np.array(values.numbers(contour, "ContourData"), dtype=np.float64)
        if kind in _CLOSED and points.size >= 9 and points.size % 3 == 0:
            polygons.append(points.reshape(-1, 3))
        else:
            kinds.append(kind or "without a type")
    skipped = ""
    if not contours:
        skipped = "it has no contours"
    elif kinds:
        described = f"{len(kinds)} contour(s) that enclose no area ({', '.join(sorted(set(kinds)))})"
        skipped = f"it has only {described}" if not polygons else described
    frame_uid = values.text(item, "ReferencedFrameOfReferenceUID")
    name = values.words(item, "ROIName") or f"ROI {number}"
    return _Roi(number, name, frame_uid, tuple(polygons), skipped)


def _planimetric_volume_ml(planes: Planes, spacing_mm: tuple[float, float, float]) -> float:
    """Area inside the contours (even-odd) times the usual distance of their planes, in mL.

    The median, since planes written with rounded positions lie now closer, now farther apart.
    """
    thickness, row, column = spacing_mm
    area = sum(enclosed_area(polygons) for polygons in planes.values())
    apart = float(np.median(np.diff(sorted(planes)))) if len(planes) > 1 else 1.0
    return area * row * column * apart * thickness / 1000.0


def enclosed_area(polygons: list[FloatArray]) -> float:
    """Area inside an odd number of polygons [n, 2] that do not cross: contours less holes, plus islands in holes."""
    total = 0.0
    for polygon in polygons:
        others = [other for other in polygons if other is not polygon]
        depth = sum(_holds(other, polygon[0]) for other in others)
        x, y = polygon[:, 0], polygon[:, 1]
        area = 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))
        total += area if depth % 2 == 0 else -area
    return total


def _holds(polygon: FloatArray, point: FloatArray) -> bool:
    """Whether a point lies inside a polygon: an odd number of its edges lie to one side."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    crossing = (start[:, 0] > point[0]) != (end[:, 0] > point[0])
    share = (point[0] - start[crossing, 0]) / (end[crossing, 0] - start[crossing, 0])
    columns = start[crossing, 1] + share * (end[crossing, 1] - start[crossing, 1])
    return bool(np.count_nonzero(columns > point[1]) % 2)


def _rasterised(planes: Planes, target: Target, subject: str, notes: list[str]) -> npt.NDArray[np.bool_]:
    geometry = target.geometry
    depths = np.array(sorted(planes))
    apart = float(np.diff(depths).min()) if len(depths) > 1 else 1.0
    reach = max(0.5, apart / 2.0)
    if apart > _COARSE_FROM:
        notes.append(
            f"{subject}: its contours are {apart * geometry.spacing_mm[0]:.2f} mm apart on slices of "
            f"{geometry.spacing_mm[0]:.2f} mm; each slice took the nearest contour."
        )
    array = target.empty()
    for k in range(geometry.shape[0]):
        nearest = float(depths[np.argmin(np.abs(depths - k))])
        if abs(nearest - k) <= reach:
            array[k] = inside_polygons(planes[nearest], (geometry.shape[1], geometry.shape[2]))
    beyond = int(np.count_nonzero((depths < -reach) | (depths > geometry.shape[0] - 1 + reach)))
    if beyond:
        notes.append(f"{subject}: {beyond} of {len(depths)} contour planes lie outside {target.name}.")
    if beyond == len(depths):
        raise GeometryError(
            "the contours lie outside the images",
            subject=subject,
            found=f"planes {depths.min():.1f} to {depths.max():.1f} in units of slices",
            expected=f"0 to {geometry.shape[0] - 1}",
            remedy="Give the structure set that was drawn on these images.",
        )
    return array


def _by_plane(polygons: list[FloatArray], subject: str) -> Planes:
    """Polygons [n, 2] in (j, i), gathered by their plane; the key is its place along k in slices."""
    planes: Planes = {}
    for index in polygons:
        depth = float(index[:, 0].mean())
        if np.ptp(index[:, 0]) > 1.0:
            raise GeometryError(
                "contours are tilted against the slices of the images",
                subject=subject,
                found=f"one contour crosses {np.ptp(index[:, 0]):.1f} slices",
                expected="contours in the plane of the slices",
                remedy="Give the series on which they were drawn.",
            )
        same = next((key for key in planes if abs(key - depth) <= _SAME_PLANE_WITHIN), depth)
        planes.setdefault(same, []).append(index[:, 1:])
    return planes


def inside_polygons(polygons: list[FloatArray], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Which voxel centres [j, i] lie inside an odd number of the polygons, given in fractional (j, i)."""
    crossings = np.zeros((shape[0], shape[1] + 1), dtype=np.int32)
    for polygon in polygons:
        start, end = polygon, np.roll(polygon, -1, axis=0)
        low = np.ceil(np.minimum(start[:, 0], end[:, 0])).astype(int).clip(0, shape[0])
        high = np.ceil(np.maximum(start[:, 0], end[:, 0])).astype(int).clip(0, shape[0])
        for edge in np.flatnonzero(high > low):
            rows = np.arange(low[edge], high[edge])
            share = (rows - start[edge, 0]) / (end[edge, 0] - start[edge, 0])
            columns = start[edge, 1] + share * (end[edge, 1] - start[edge, 1])
            np.add.at(crossings, (rows, np.ceil(columns).astype(int).clip(0, shape[1])), 1)
    return (np.cumsum(crossings, axis=1)[:, :-1] % 2).astype(np.bool_)
