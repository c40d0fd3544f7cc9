"""DICOM Segmentation: BINARY, FRACTIONAL and LABELMAP, partial slices and overlapping segments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from isletscope.errors import GeometryError, InputError
from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.frames import frame_numbers
from isletscope.intake.masks.target import (
    Region,
    Regions,
    Target,
    cut_off_note,
    is_aligned,
    scatter,
    unique_names,
)
from isletscope.spatial import Geometry, Mask, resample_mask

FloatArray = npt.NDArray[np.float64]

_Slice = tuple[npt.NDArray[np.bool_], Geometry]

_BACKGROUND = ("125040", "DCM")
_THICK_FROM = 1.5


@dataclass(frozen=True)
class _Segment:
    number: int
    label: str
    tracking_id: str
    tracking_uid: str
    codes: tuple[tuple[str, str], ...]
    algorithm: str
    automatic: bool


@dataclass(frozen=True)
class _Frame:
    """One frame as a one-slice grid; ``segment`` None in a LABELMAP, whose pixel values are segment numbers."""

    pixels: npt.NDArray[Any]
    geometry: Geometry
    segment: int | None


def read_seg_masks(dataset: Dataset, path: Path, target: Target) -> Regions:
    """Masks of a segmentation object (with pixel data), one for each segment, on the target's grid by position.

    Fractional segments are cut at one half of the largest value. Frames that do not fall on the target's voxels are
    resampled by nearest neighbour, which is said in the notes. Raises GeometryError for another frame of reference or
    a place outside the images, InputError when pixels or places cannot be read.
    """
    notes: list[str] = []
    note = target.check_frame_of_reference(values.text(dataset, "FrameOfReferenceUID") or None, path.name)
    notes += [note] if note else []
    segments = _segments(dataset)
    frames = _frames(dataset, path)
    by_number = _by_segment(frames, dataset, notes, path)
    aligned = all(_falls_on_voxels(frame.geometry, target.geometry) for frame in frames)
    if not aligned:
        notes.append(f"{path.name}: its grid differs from that of {target.name}; resampled by nearest neighbour.")
    regions, any_given = [], False
    names = unique_names([segment.label for segment in segments], [segment.number for segment in segments])
    for segment, name in zip(segments, names, strict=True):
        given = by_number.get(segment.number, [])
        any_given = any_given or bool(given)
        array = _placed(given, target, aligned, f"{path.name}, segment {segment.number} {segment.label}", notes)
        mask = target.mask(array, name)
        regions.append(
            Region(
                segment.number,
                segment.label,
                mask,
                segment.tracking_id,
                segment.tracking_uid,
                codes=segment.codes,
                algorithm=segment.algorithm,
                automatic=segment.automatic,
            )
        )
    if any_given and not any(region.mask.voxel_count for region in regions):
        raise GeometryError(
            "the segmentation lies outside the images",
            subject=path.name,
            found="no voxel of any segment inside",
            expected=f"a place within {target.name}",
            remedy="Give the segmentation that was drawn on these images.",
        )
    return Regions(tuple(regions), tuple(notes))


def _segments(dataset: Dataset) -> list[_Segment]:
    found = []
    for item in dataset.get("SegmentSequence") or []:
        number = int(values.number(item, "SegmentNumber") or values.unsigned(item, "SegmentNumber"))
        kind = (item.get("SegmentedPropertyTypeCodeSequence") or [Dataset()])[0]
        code = _code(kind)
        if number == 0 or code == _BACKGROUND:
            continue
        sides = [_code(side) for side in kind.get("SegmentedPropertyTypeModifierCodeSequence") or []]
        made_by = values.text(item, "SegmentAlgorithmType").upper()
        label = values.words(item, "SegmentLabel") or f"segment {number}"
        tracking = values.words(item, "TrackingID"), values.text(item, "TrackingUID")
        algorithm = values.words(item, "SegmentAlgorithmName")
        found.append(_Segment(number, label, *tracking, (code, *sides), algorithm, made_by == "AUTOMATIC"))
    return found


def _code(item: Dataset) -> tuple[str, str]:
    return values.text(item, "CodeValue"), values.text(item, "CodingSchemeDesignator")


def _frames(dataset: Dataset, path: Path) -> list[_Frame]:
    try:
        pixels = np.asarray(dataset.pixel_array)
    except (ValueError, RuntimeError, AttributeError, KeyError, EOFError, NotImplementedError) as error:
        raise InputError(
            "the segmentation's pixels cannot be decoded",
            subject=path.name,
            found=str(error).splitlines()[0],
            expected="an uncompressed or losslessly compressed segmentation",
        ) from error
    pixels = pixels[None] if pixels.ndim == 2 else pixels
    labelmap = values.text(dataset, "SegmentationType").upper() == "LABELMAP"
    frames = []
    for number, plane in enumerate(pixels):
        instance = Instance(path, dataset, number)
        segment = None
        if not labelmap:
            referenced = frame_numbers(instance, "SegmentIdentificationSequence", "ReferencedSegmentNumber")
            segment = int(referenced[0]) if referenced else 1
        frames.append(_Frame(plane, _frame_geometry(instance, plane.shape, path), segment))
    return frames


def _frame_geometry(instance: Instance, shape: tuple[int, int], path: Path) -> Geometry:
    position = frame_numbers(instance, "PlanePositionSequence", "ImagePositionPatient")
    orientation = frame_numbers(instance, "PlaneOrientationSequence", "ImageOrientationPatient")
    spacing = frame_numbers(instance, "PixelMeasuresSequence", "PixelSpacing")
    between = frame_numbers(instance, "PixelMeasuresSequence", "SpacingBetweenSlices")
    thickness = frame_numbers(instance, "PixelMeasuresSequence", "SliceThickness")
    if len(position) != 3 or len(orientation) != 6 or len(spacing) != 2:
        raise GeometryError(
            "a frame of the segmentation has no place in the patient",
            subject=path.name,
            found=f"frame {(instance.frame or 0) + 1} without position, orientation or pixel spacing",
            expected="Plane Position, Plane Orientation and Pixel Measures in every frame",
        )
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    depth = next((abs(value[0]) for value in (between, thickness) if value and value[0]), 1.0)
    return Geometry(
        shape=(1, *shape),
        spacing_mm=(depth, spacing[0], spacing[1]),
        origin_lps_mm=(position[0], position[1], position[2]),
        axes_lps=(_three(np.cross(row, column)), _three(column), _three(row)),
    )


def _by_segment(frames: list[_Frame], dataset: Dataset, notes: list[str], path: Path) -> dict[int, list[_Slice]]:
    """The slices that hold any of each segment, as true and false."""
    largest = values.unsigned(dataset, "MaximumFractionalValue", 255) or 255
    fractional = values.text(dataset, "SegmentationType").upper() == "FRACTIONAL"
    found: dict[int, list[_Slice]] = {}
    partial: set[int] = set()
    for frame in frames:
        if frame.segment is None:
            for number in np.unique(frame.pixels):
                found.setdefault(int(number), []).append((frame.pixels == number, frame.geometry))
            continue
        own = frame.pixels >= largest / 2.0 if fractional else frame.pixels > 0
        if fractional and bool(((frame.pixels > 0) & (frame.pixels < largest)).any()):
            partial.add(frame.segment)
        if own.any():
            found.setdefault(frame.segment, []).append((own, frame.geometry))
    notes += [f"{path.name}, segment {number}: fractional values were cut at one half." for number in sorted(partial)]
    return found


def _falls_on_voxels(frame: Geometry, onto: Geometry) -> bool:
    """Whether the frame's pixels fall on voxel centres, and its slices are not thicker than the target's."""
    flat = Geometry(frame.shape, (_step_along(frame, onto), *frame.spacing_mm[1:]), frame.origin_lps_mm, frame.axes_lps)
    return is_aligned(flat, onto) and frame.spacing_mm[0] < _THICK_FROM * flat.spacing_mm[0]


def _step_along(frame: Geometry, onto: Geometry) -> float:
    """Voxel size of ``onto`` along the frame's normal, in mm."""
    overlap = np.abs(np.asarray(onto.axes_lps) @ np.asarray(frame.axes_lps[0]))
    return onto.spacing_mm[int(np.argmax(overlap))]


def _placed(
    given: list[_Slice], target: Target, aligned: bool, subject: str, notes: list[str]
) -> npt.NDArray[np.bool_]:
    array = target.empty()
    if not given:
        notes.append(f"{subject}: the segment is empty.")
        return array
    if not aligned:
        own_mask = _own_volume(given, subject)
        mask = resample_mask(own_mask, target.geometry)
        note = cut_off_note(own_mask.volume_ml, mask.volume_ml, subject, target)
        notes += [note] if note else []
        return mask.array
    total = outside = 0
    for own, geometry in given:
        j, i = np.nonzero(own)
        points = geometry.to_lps(np.column_stack([np.zeros_like(j), j, i]))
        total += len(points)
        outside += scatter(points, target.geometry, array)
    if outside:
        notes.append(f"{subject}: {outside} of {total} voxels lie outside {target.name}.")
    return array


def _own_volume(given: list[_Slice], subject: str) -> Mask:
    """The segment on a grid of its own, slices without a frame empty. Raises GeometryError when frames do not fit."""
    first = given[0][1]
    normal = np.asarray(first.axes_lps[0])
    depths = np.array([float(np.asarray(geometry.origin_lps_mm) @ normal) for _, geometry in given])
    steps = np.diff(np.unique(np.round(depths, 3)))
    spacing = min(first.spacing_mm[0], float(steps.min())) if len(steps) else first.spacing_mm[0]
    planes = np.rint((depths - depths.min()) / spacing).astype(int)
    alike = all(np.allclose(geometry.axes_lps, first.axes_lps, atol=1e-3) for _, geometry in given)
    if not alike or np.abs((depths - depths.min()) / spacing - planes).max() > 0.25:
        raise GeometryError(
            "the frames of the segmentation form no regular grid",
            subject=subject,
            found="frames of different direction or uneven distance",
            expected="parallel frames at even distances",
        )
    origin = np.asarray(given[int(np.argmin(depths))][1].origin_lps_mm)
    shape = (int(planes.max()) + 1, *first.shape[1:])
    array = np.zeros(shape, dtype=np.bool_)
    for (own, _), plane in zip(given, planes, strict=True):
        array[plane] |= own
    return Mask(array, Geometry(shape, (spacing, *first.spacing_mm[1:]), _three(origin), first.axes_lps))


def _three(vector: FloatArray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in vector)
    return x, y, z
