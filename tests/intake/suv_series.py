"""Builds PET series for the tests of SUV: from files on disc, or from a header and a few voxels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from isletscope.intake.files import Instance, SeriesFiles
from isletscope.intake.headers import FileHeader, read_header
from isletscope.intake.stack import build_stack, describe, plane_of
from isletscope.model import EntrySubject, Patient, PetQuantification, ReaderEntry, Role, Series, Severity

CLASSIC_PET = "1.2.840.10008.5.1.4.1.1.128"


def series_of(instances: list[Instance], modality: str = "PT") -> SeriesFiles:
    """A series with its planes sorted along the normal, where they have a place."""
    stack = build_stack([plane_of(instance) for instance in instances])
    header = instances[0].header
    record = Series(
        key="pet-1",
        series_uid=str(header.get("SeriesInstanceUID", "1.2.3")),
        modality=modality,
        description=str(header.get("SeriesDescription", "")),
        number=None,
        frame_of_reference_uid=header.get("FrameOfReferenceUID"),
        role=Role.PET if modality == "PT" else Role.OTHER,
        role_because="test",
        instance_count=len(instances),
        grid=describe(stack.geometry) if stack.geometry else None,
        fingerprint="test",
    )
    planes = tuple(plane.instance for plane in stack.planes)
    patient = Patient(id=str(header.get("PatientID", "test")), sex=header.get("PatientSex") or None)
    return SeriesFiles(record, patient, "1.2", None, planes, stack.gaps)


def series_in(folder: Path, pattern: str = "*", modality: str = "PT") -> SeriesFiles:
    """The series whose files lie in ``folder``, single-frame."""
    instances = []
    for path in sorted(folder.glob(pattern)):
        read = read_header(path, path.name)
        assert isinstance(read, FileHeader), f"{path.name} is not readable"
        instances.append(
            Instance(
                path,
                read.dataset,
                None,
                tuple(float(v) for v in read.dataset.ImagePositionPatient),
                read.file_size,
                read.changed_ns,
                read.pixel_offset,
            )
        )
    return series_of(instances, modality)


def radiopharmaceutical(**changes: Any) -> Dataset:
    """An item of FDG, injected at 10:00 on 2025-01-01; a change to None leaves the attribute out."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "77004003", "SCT", "^18^Fluorine"
    item = Dataset()
    values: dict[str, Any] = {
        "Radiopharmaceutical": "FDG",
        "RadiopharmaceuticalStartTime": "100000.000000",
        "RadiopharmaceuticalStartDateTime": "20250101100000.000000",
        "RadionuclideTotalDose": "368080000.0",
        "RadionuclideHalfLife": "6586.2",
        "RadionuclideCodeSequence": [code],
    } | changes
    for keyword, value in values.items():
        if value is not None:
            setattr(item, keyword, value)
    return item


def pet_header(item: Dataset | list[Dataset] | None = None, **changes: Any) -> Dataset:
    """A classic PET header like the default digital reference object: 70 kg, BQML, START, scan at 11:00."""
    header = Dataset()
    values: dict[str, Any] = {
        "SOPClassUID": CLASSIC_PET,
        "Modality": "PT",
        "Manufacturer": "Synthetic",
        "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.1",
        "FrameOfReferenceUID": "1.2.826.0.1.3680043.8.498.2",
        "SeriesDescription": "PET AC",
        "PatientID": "test",
        "PatientSex": "M",
        "PatientWeight": "70",
        "PatientSize": "1.75",
        "SeriesDate": "20250101",
        "SeriesTime": "110000.000000",
        "AcquisitionDate": "20250101",
        "AcquisitionTime": "110000.000000",
        "Units": "BQML",
        "DecayCorrection": "START",
        "CorrectedImage": ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"],
        "FrameReferenceTime": "149606.0",
        "ActualFrameDuration": "300000",
        "RescaleSlope": "1",
        "RescaleIntercept": "0",
    } | changes
    for keyword, value in values.items():
        if value is not None:
            setattr(header, keyword, value)
    items = item if isinstance(item, list) else [item if item is not None else radiopharmaceutical()]
    header.RadiopharmaceuticalInformationSequence = items
    return header


def headers_only(*headers: Dataset) -> SeriesFiles:
    """A series of headers without pixels or place: enough to quantify."""
    instances = tuple(Instance(Path(f"image-{number}.dcm"), header) for number, header in enumerate(headers))
    record = Series(
        key="pet-1",
        series_uid=str(headers[0].get("SeriesInstanceUID", "1.2.3")),
        modality="PT",
        description=str(headers[0].get("SeriesDescription", "")),
        role=Role.PET,
        role_because="test",
        instance_count=len(instances),
        fingerprint="test",
    )
    return SeriesFiles(record, Patient(id="test"), "1.2", None, instances)


def write_series(
    folder: Path, header: Callable[[int], Dataset], stored: np.ndarray[Any, Any], order: list[int] | None = None
) -> SeriesFiles:
    """Write ``stored`` [k, j, i] (uint16) as one file a plane and read it back; ``order`` permutes the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, k in enumerate(order or range(len(stored))):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CLASSIC_PET, generate_uid()
        image = FileDataset(str(folder / f"{place:03d}"), header(k), file_meta=meta, preamble=b"\0" * 128)
        image.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        image.Rows, image.Columns = stored.shape[1:]
        image.BitsAllocated = image.BitsStored = 16
        image.HighBit, image.PixelRepresentation, image.SamplesPerPixel = 15, 0, 1
        image.PhotometricInterpretation = "MONOCHROME2"
        image.PixelSpacing, image.SliceThickness = [2.0, 2.0], 3.0
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        image.ImagePositionPatient = [0, 0, 3.0 * k]
        image.PixelData = np.ascontiguousarray(stored[k].astype("<u2")).tobytes()
        image.save_as(folder / f"{place:03d}", enforce_file_format=True)
    return series_in(folder)


def entry(subject: EntrySubject, value: Any, **changes: Any) -> ReaderEntry:
    """A reader's entry by Dr Reader."""
    given = {"who": "Dr Reader", "when": "2025-01-02", "why": "injection record"} | changes
    return ReaderEntry(subject=subject, value=value, **given)


def codes(quantification: PetQuantification, severity: Severity | None = None) -> list[str]:
    """Codes of the findings, of one severity when given."""
    return [f.code for f in quantification.findings if severity is None or f.severity is severity]


def read_dicom(path: Path) -> Dataset:
    """A DICOM file with its pixels."""
    return dcmread(path)
