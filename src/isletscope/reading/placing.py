"""Foci of a case as points of the reference frame, and what each look covers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import hypot
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.assessment import KIND_OF_TRACER
from isletscope.errors import GeometryError
from isletscope.lesions import PlacedFocus, Sight, matching_rules
from isletscope.model import Case, Focus, ReadingOfImages, ReadingOfPet, Series, State
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import read_label_map
from isletscope.reading.overrides import by_rule
from isletscope.spatial import FloatArray, Geometry, Transform

Reading = ReadingOfPet | ReadingOfImages

_POINTS_ABOUT = 600
_STEP_BETWEEN_MM = (1.0, 4.0)
_OTHER_PET = "other_pet"


def place_foci(
    folder: CaseFolder, case: Case, transforms: Mapping[str, Transform]
) -> tuple[list[PlacedFocus], list[Sight]]:
    """The foci of all readings in the reference frame (LPS mm), and the looks.

    A series without transform stays in its own DICOM frame of reference. Raises GeometryError when a label map does
    not fit the grid of its series.
    """
    placed: list[PlacedFocus] = []
    sights: list[Sight] = []
    moments = {exam: number for number, point in enumerate(case.time_points) for exam in point.exam_keys}
    for look, kind, reading in _looks(case):
        series = case.series(reading.series_key)
        geometry = _grid(series)
        transform = transforms.get(series.key)
        frame = "" if transform is not None else series.frame_of_reference_uid or series.series_uid
        moment = moments[case.exam_of(series.key).key]
        to_reference = transform or Transform.identity()
        points, touching = _outlines(folder, reading, geometry)
        names = {focus.label: focus.id for focus in reading.foci}
        uncertainty = _uncertainty_mm(case, series.key, kind)
        for focus in reading.foci:
            lattice, step = points[focus.label] if focus.label in points else _ball(focus)
            placed.append(
                PlacedFocus(
                    focus_id=focus.id,
                    look=look,
                    kind=kind,
                    moment=moment,
                    points_mm=to_reference.to_reference(lattice),
                    volume_ml=_volume_ml(focus, len(lattice), step),
                    site_code=focus.site_code,
                    verdict=by_rule(focus),
                    uncertainty_mm=uncertainty,
                    step_mm=step,
                    frame=frame,
                    series_count=_series_count(focus),
                    touching_mm2={
                        names[other]: area for other, area in touching.get(focus.label, {}).items() if other in names
                    },
                )
            )
        sights.append(Sight(look, kind, moment, _covers(geometry, to_reference), frame, _sites(kind, reading)))
    return placed, sights


def all_readings(case: Case) -> list[Reading]:
    """The readings of PET, then those of CT and MR."""
    return [*case.readings, *case.image_readings]


def _looks(case: Case) -> Iterator[tuple[str, str, Reading]]:
    """Every reading with the name and kind of its look."""
    used: set[str] = set()
    for reading in all_readings(case):
        if isinstance(reading, ReadingOfPet):
            known = KIND_OF_TRACER.get(reading.tracer_class)
            kind = known.value if known else _OTHER_PET
        else:
            kind = reading.kind.value
        look = f"{case.exam_of(reading.series_key).key}/{kind}"
        look = f"{look}/{reading.series_key}" if look in used else look
        used.add(look)
        yield look, kind, reading


def _grid(series: Series) -> Geometry:
    grid = series.grid
    if grid is None:
        raise GeometryError("a series that was read has no grid", found=series.key)
    return Geometry(grid.shape_kji, grid.spacing_kji_mm, grid.origin_lps_mm, grid.axes_lps)


def _outlines(
    folder: CaseFolder, reading: Reading, geometry: Geometry
) -> tuple[dict[int, tuple[FloatArray, float]], dict[int, dict[int, float]]]:
    """Points (n, 3) through the outline of every label, LPS mm of the series' frame, and their step in mm.

    And the areas of the faces between labels, mm²; both empty without a label map.
    """
    if not reading.foci_map or not (folder.path / reading.foci_map).is_file():
        return {}, {}
    labels = read_label_map(folder.path / reading.foci_map)
    if labels.shape != geometry.shape:
        raise GeometryError(
            "the label map of foci does not lie on the grid of its series",
            found=f"{reading.foci_map}: {labels.shape}",
            expected=f"{reading.series_key}: {geometry.shape}",
        )
    boxes = ndimage.find_objects(labels.astype(np.int32))
    points = {
        number: _lattice(labels[box] == number, [part.start for part in box], geometry)
        for number, box in enumerate(boxes, 1)
        if box is not None
    }
    held = tuple(
        slice(min(box[axis].start for box in boxes if box), max(box[axis].stop for box in boxes if box))
        for axis in range(3 if points else 0)
    )
    return points, face_areas_mm2(labels[held], geometry.spacing_mm)


def face_areas_mm2(labels: npt.NDArray[Any], spacing_mm: tuple[float, float, float]) -> dict[int, dict[int, float]]:
    """Area of the section at which each two labels of a map [k, j, i] touch, mm²; {label: {other label: area}}.

    The length of the sum of the faces of voxels as vectors: the true area of an even face of any direction, of a bent
    one the area within its rim.
    """
    sums: dict[tuple[int, int], FloatArray] = {}
    for axis in range(3):
        along = np.moveaxis(labels, axis, 0)
        first, second = along[:-1], along[1:]
        at = (first != second) & (first > 0) & (second > 0)
        face = np.zeros(3)
        face[axis] = np.prod(np.delete(spacing_mm, axis))
        pairs, counts = np.unique(np.stack([first[at], second[at]], axis=1), axis=0, return_counts=True)
        for (one, other), count in zip(pairs.tolist(), counts.tolist(), strict=True):
            key, sign = ((one, other), 1.0) if one < other else ((other, one), -1.0)
            sums[key] = sums.get(key, np.zeros(3)) + sign * count * face
    areas: dict[int, dict[int, float]] = {}
    for (one, other), total in sums.items():
        for mine, its in ((one, other), (other, one)):
            areas.setdefault(mine, {})[its] = float(np.linalg.norm(total))
    return areas


def _lattice(mask: npt.NDArray[np.bool_], start: list[int], geometry: Geometry) -> tuple[FloatArray, float]:
    """A lattice of even step through a mask, so that thick slices and fine pixels weigh alike."""
    volume_mm3 = float(mask.sum()) * geometry.voxel_volume_ml * 1000.0
    step = float(np.clip((volume_mm3 / _POINTS_ABOUT) ** (1.0 / 3.0), *_STEP_BETWEEN_MM))
    axes = []
    for count, spacing in zip(mask.shape, geometry.spacing_mm, strict=True):
        steps = max(1, round(count * spacing / step))
        axes.append((np.arange(steps) + 0.5) * count / steps - 0.5)
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = index[mask[tuple(np.rint(index).astype(int).T)]]
    if not len(inside):
        inside = np.argwhere(mask).astype(np.float64)
        step = max(geometry.spacing_mm)
    return geometry.to_lps(inside + np.asarray(start)), step


def _ball(focus: Focus) -> tuple[FloatArray, float]:
    """A ball of the focus's volume about its centre, where no outline was kept."""
    step = 2.0
    radius = (3000.0 * _volume_ml(focus, 1, step) / (4.0 * np.pi)) ** (1.0 / 3.0)
    axis = np.arange(-np.ceil(radius / step), np.ceil(radius / step) + 1) * step
    offsets = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = offsets[np.linalg.norm(offsets, axis=1) <= max(radius, 0.1)]
    return np.asarray(focus.centroid_lps_mm) + inside, step


def _volume_ml(focus: Focus, count: int, step_mm: float) -> float:
    """The measured volume in mL, or that of the outline's points where none was measured."""
    volume = focus.measurements.get("volume")
    value = volume.value if volume is not None else None
    return value if value else count * step_mm**3 / 1000.0


def _series_count(focus: Focus) -> int:
    """On how many series of its exam a candidate stands out; 1 where that was not counted."""
    count = focus.measurements.get("series_count")
    return 1 if count is None or count.value is None else int(count.value)


def _uncertainty_mm(case: Case, series_key: str, kind: str) -> float:
    """Typical error of a place: what alignment left, and breathing and outline of that kind of images."""
    rules = matching_rules()
    own = rules.number(f"uncertainty_mm.{kind if kind in ('ct', 'mri') else 'pet'}")
    alignment = next((one for one in case.alignments if series_key in [one.series_key, *one.series_keys]), None)
    if alignment is None or alignment.kind == "reference":
        return own
    left = alignment.uncertainty_mm
    return hypot(own, rules.number("uncertainty_mm.alignment_unknown") if left is None else left)


def _covers(geometry: Geometry, transform: Transform) -> Callable[[FloatArray], bool]:
    """Whether a point of the reference frame lies in the grid of a look."""

    def covers(point_mm: FloatArray) -> bool:
        return geometry.contains(transform.to_frame(point_mm)[0])

    return covers


def _sites(kind: str, reading: Reading) -> frozenset[str] | None:
    organs = {organ.name for organ in reading.organs if organ.state is not State.MISSING}
    return matching_rules().looks.searched(kind, organs)
