"""Writes small SEG, RTSTRUCT and NIfTI files with regions of known voxels, on grids of any direction."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from isletscope.spatial import ARBITRARY, Geometry, Volume

FRAME = "1.2.826.0.1.3680043.8.498.21"
OTHER_FRAME = "1.2.826.0.1.3680043.8.498.22"
SEG_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
LABELMAP_CLASS = "1.2.840.10008.5.1.4.1.1.66.7"
STRUCTURE_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"

Bools = npt.NDArray[np.bool_]


def oblique_axes(turn: float = 0.4, tilt: float = -0.3) -> Any:
    """Three perpendicular axes k, j, i along no axis of the patient."""
    c, s = np.cos(turn), np.sin(turn)
    first = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    c, s = np.cos(tilt), np.sin(tilt)
    second = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return tuple(tuple(float(v) for v in row) for row in (first @ second))


def grid(axes: Any = None, shape: tuple[int, int, int] = (5, 6, 7)) -> Geometry:
    """A small grid with three different voxel sizes."""
    standard = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    return Geometry(shape, (3.0, 2.0, 1.5), (-20.0, 30.0, -10.0), axes or standard)


def all_directions() -> list[Any]:
    """The 48 ways of laying array axes along patient axes."""
    found = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        found.append(tuple(tuple(sign * (1.0 if a == axis else 0.0) for a in range(3))
                           for axis, sign in zip(order, signs, strict=True)))  # fmt: skip
    return found


def images_on(geometry: Geometry, frame: str | None = FRAME) -> Volume:
    """A volume whose values do not matter."""
    return Volume(np.zeros(geometry.shape, dtype=np.float32), geometry, ARBITRARY, frame)


def odd_region(shape: tuple[int, int, int]) -> Bools:
    """A region without any symmetry."""
    mask = np.zeros(shape, dtype=np.bool_)
    mask[1, 1:4, 2:5] = True
    mask[2, 1, 2:6] = True
    mask[3, 4, 1] = True
    return mask


def write_nifti(path: Path, array: npt.NDArray[Any], geometry: Geometry) -> Path:
    """A NIfTI file of an array [k, j, i] on a grid."""
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine[:, [2, 1, 0, 3]]
    nibabel.save(nibabel.Nifti1Image(array.transpose(2, 1, 0), ras), path)
    return path


def _file(path: Path, sop_class: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, generate_uid()
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    return dataset


def _item(**values: Any) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def write_seg(
    path: Path,
    segments: dict[str, npt.NDArray[Any]],
    geometry: Geometry,
    *,
    kind: str = "BINARY",
    frame: str | None = FRAME,
    reverse: bool = False,
    thickness: float | None = None,
) -> Path:
    """A segmentation with one frame for every slice that holds any of a segment; ``reverse`` turns the frame order."""
    dataset = _file(path, LABELMAP_CLASS if kind == "LABELMAP" else SEG_CLASS)
    dataset.Modality, dataset.SegmentationType = "SEG", kind
    if frame:
        dataset.FrameOfReferenceUID = frame
    _, dataset.Rows, dataset.Columns = geometry.shape
    dataset.SegmentSequence = [
        _item(SegmentNumber=number, SegmentLabel=label) for number, label in enumerate(segments, start=1)
    ]
    places = _places(segments, kind)[:: -1 if reverse else 1]
    planes = [plane for _, _, plane in places]
    _, j_axis, i_axis = geometry.axes_lps
    dataset.SharedFunctionalGroupsSequence = [
        _item(
            PixelMeasuresSequence=[
                _item(
                    PixelSpacing=[geometry.spacing_mm[1], geometry.spacing_mm[2]],
                    SliceThickness=thickness or geometry.spacing_mm[0],
                )
            ],
            PlaneOrientationSequence=[_item(ImageOrientationPatient=[*i_axis, *j_axis])],
        )
    ]
    frames = []
    for number, k, _ in places:
        group = _item(
            PlanePositionSequence=[_item(ImagePositionPatient=[round(v, 6) for v in geometry.to_lps([k, 0, 0])])]
        )
        if number:
            group.SegmentIdentificationSequence = [_item(ReferencedSegmentNumber=number)]
        frames.append(group)
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.NumberOfFrames = len(frames)
    dataset.SamplesPerPixel, dataset.PixelRepresentation, dataset.PhotometricInterpretation = 1, 0, "MONOCHROME2"
    bits = 1 if kind == "BINARY" else 8
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    if kind == "FRACTIONAL":
        dataset.MaximumFractionalValue, dataset.SegmentationFractionalType = 200, "PROBABILITY"
    stacked = np.stack(planes).astype(np.uint8)
    dataset.PixelData = pack_bits(stacked.ravel()) if bits == 1 else stacked.tobytes() + b"\0" * (stacked.size % 2)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _places(segments: dict[str, npt.NDArray[Any]], kind: str) -> list[tuple[int, int, npt.NDArray[Any]]]:
    """Segment number (0 for a label map), slice and pixels of every frame."""
    if kind == "LABELMAP":
        labels = sum(number * array.astype(np.uint8) for number, array in enumerate(segments.values(), start=1))
        joined = np.asarray(labels)
        return [(0, int(k), joined[k]) for k in np.flatnonzero(joined.any(axis=(1, 2)))]
    return [
        (number, int(k), array[k])
        for number, array in enumerate(segments.values(), start=1)
        for k in np.flatnonzero(array.any(axis=(1, 2)))
    ]


def write_structure_set(path: Path, rois: dict[str, list[tuple[str, npt.NDArray[Any]]]], frame: str = FRAME) -> Path:
    """A structure set: ROI name to contours, each a type and LPS points [n, 3]; several frames by 'name@uid'."""
    dataset = _file(path, STRUCTURE_CLASS)
    dataset.Modality = "RTSTRUCT"
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(rois.items(), start=1):
        plain, _, own_frame = name.partition("@")
        dataset.StructureSetROISequence.append(
            _item(ROINumber=number, ROIName=plain, ReferencedFrameOfReferenceUID=own_frame or frame)
        )
        contour = _item(ReferencedROINumber=number)
        if contours:
            contour.ContourSequence = [
                _item(
                    ContourGeometricType=kind,
                    NumberOfContourPoints=len(points),
                    ContourData=[f"{v:.6f}"[:16] for v in np.ravel(points)],
                )
                for kind, points in contours
            ]
        dataset.ROIContourSequence.append(contour)
    dataset.save_as(path, enforce_file_format=True)
    return path


def outline(mask: Bools, geometry: Geometry) -> list[tuple[str, npt.NDArray[Any]]]:
    """Contours that go round every voxel of a mask by itself, half a voxel from its centre."""
    found = []
    for k, j, i in np.argwhere(mask):
        corners = [(k, j + b, i + a) for a, b in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))]
        found.append(("CLOSED_PLANAR", geometry.to_lps(corners)))
    return found


def rectangle(k: float, low: tuple[float, float], high: tuple[float, float], geometry: Geometry) -> tuple[str, Any]:
    """A closed contour in slice ``k`` from (j, i) ``low`` to ``high``."""
    corners = [(k, low[0], low[1]), (k, low[0], high[1]), (k, high[0], high[1]), (k, high[0], low[1])]
    return "CLOSED_PLANAR", geometry.to_lps(corners)
