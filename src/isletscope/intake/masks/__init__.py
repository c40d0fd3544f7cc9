"""Masks from files: DICOM SEG, RT Structure Set and NIfTI, brought onto the grid of a series or volume by position."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from isletscope.errors import InputError
from isletscope.intake import values
from isletscope.intake.files import SeriesFiles
from isletscope.intake.headers import looks_like_dicom
from isletscope.intake.masks.nifti import (
    LabelNames,
    nifti_geometry,
    read_image,
    read_label_names,
    read_nifti_masks,
)
from isletscope.intake.masks.rtstruct import read_rtstruct_masks
from isletscope.intake.masks.seg import read_seg_masks
from isletscope.intake.masks.target import Region, Regions, Target, target_of
from isletscope.spatial import Geometry, Mask, Volume

__all__ = [
    "LabelNames",
    "MaskOrigin",
    "Region",
    "Regions",
    "is_nifti",
    "mask_origin",
    "read_image",
    "read_label_names",
    "read_masks",
    "read_regions",
]

_SEGMENTATION = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_NIFTI = (".nii", ".nii.gz")


@dataclass(frozen=True)
class MaskOrigin:
    """What a mask file says of the images it was drawn on; ``grid`` of NIfTI alone, which names nothing else."""

    patient_id: str | None
    frame_of_reference_uids: frozenset[str]
    grid: Geometry | None = None


def is_nifti(path: Path) -> bool:
    """Whether the file is NIfTI by its name."""
    return path.name.lower().endswith(_NIFTI)


def mask_origin(path: Path) -> MaskOrigin:
    """Where a mask file belongs, without its pixels. Raises InputError when it holds no mask or cannot be read."""
    if is_nifti(path):
        return MaskOrigin(None, frozenset(), nifti_geometry(path))
    dataset = _dicom(path, stop_before_pixels=True)
    rois = dataset.get("StructureSetROISequence") or []
    said = {values.text(roi, "ReferencedFrameOfReferenceUID") for roi in rois}
    said.add(values.text(dataset, "FrameOfReferenceUID"))
    return MaskOrigin(values.text(dataset, "PatientID") or None, frozenset(said - {""}))


def read_masks(path: Path, onto: SeriesFiles | Volume, roi: str | None = None) -> list[Mask]:
    """The masks of a file (or of all files of a folder) on the grid of ``onto``, with unique names.

    ``roi`` picks a region by number, name, label or tracking identifier. Raises InputError when the file cannot be
    read or has no such region, GeometryError when it belongs to another frame of reference or place.
    """
    regions = read_regions(path, onto)
    if roi is None:
        return regions.masks
    return [region.mask for region in regions.chosen(roi, path.name)]


def read_regions(path: Path, onto: SeriesFiles | Volume, labels: Collection[int] | None = None) -> Regions:
    """As :func:`read_masks`, with numbers, tracking identifiers, and notes on what was resampled or left out.

    ``labels``: of a NIfTI label map only these.
    """
    target = target_of(onto)
    if not path.is_dir():
        return _read_one(path, target, labels)
    files = sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
    if not files:
        raise InputError("the folder holds no mask", subject=str(path), found="no file")
    every = [_read_one(each, target, labels) for each in files]
    return Regions(
        tuple(region for one in every for region in one.regions), tuple(note for one in every for note in one.notes)
    )


def _read_one(path: Path, target: Target, labels: Collection[int] | None) -> Regions:
    if is_nifti(path):
        return read_nifti_masks(path, target, labels)
    dataset = _dicom(path)
    if values.text(dataset, "SOPClassUID") in _SEGMENTATION:
        return read_seg_masks(dataset, path, target)
    return read_rtstruct_masks(dataset, path, target)


def _dicom(path: Path, *, stop_before_pixels: bool = False) -> Dataset:
    """The data set of a segmentation or structure set."""
    try:
        with path.open("rb") as stream:
            start = stream.read(132)
        dataset = dcmread(path, force=True, stop_before_pixels=stop_before_pixels) if looks_like_dicom(start) else None
    except OSError as error:
        raise InputError("cannot be opened", subject=path.name, found=error.strerror or str(error)) from error
    except (InvalidDicomError, ValueError, KeyError, EOFError, NotImplementedError) as error:
        raise InputError("the DICOM file cannot be read", subject=path.name, found=str(error)) from error
    sop_class = values.text(dataset, "SOPClassUID") if dataset is not None else ""
    if dataset is not None and sop_class in (*_SEGMENTATION, _STRUCTURE_SET):
        return dataset
    found = (
        getattr(dataset.SOPClassUID, "name", sop_class) if sop_class and dataset is not None else "another kind of file"
    )
    raise InputError(
        "this file holds no mask",
        subject=path.name,
        found=found,
        expected="a DICOM segmentation, an RT structure set, or NIfTI (.nii, .nii.gz)",
    )
