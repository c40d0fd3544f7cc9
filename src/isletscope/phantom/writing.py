"""What CT and PET files share: patient, study, equipment, frame of reference, saving in a transfer syntax."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from isletscope.errors import OutputError
from isletscope.phantom.tracers import Code, Tracer
from isletscope.phantom.visit import Visit
from isletscope.spatial import Geometry

_SYNTAXES = {
    "explicit": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "rle": RLELossless,
    "jpeg2000": JPEG2000Lossless,
    "jpegls": JPEGLSLossless,
    "jpeg": JPEGLosslessSV1,
}
_IMPLEMENTATION = "2.25.237564087645131899441250571"
FileNamer = Callable[[str, int], str]


@dataclass(frozen=True)
class SeriesFacts:
    """What tells one series of a visit from another.

    ``kind``: unique among the series of the visit, the source of its identifiers. ``model``, ``software``: of the
    scanner, where it is not the vendor's PET/CT. ``study``, ``protocol``, ``body_part``: where they are not the usual
    ones of the modality.
    """

    kind: str
    modality: str
    number: int
    description: str
    start: dt.datetime
    model: str = ""
    software: str = ""
    study: str = ""
    protocol: str = ""
    body_part: str = ""


def code(concept: Code) -> DicomSequence:
    """A code sequence of one item (value, scheme, meaning)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = concept
    return DicomSequence([item])


def date_text(moment: dt.date) -> str:
    """DICOM DA."""
    return moment.strftime("%Y%m%d")


def time_text(moment: dt.datetime) -> str:
    """DICOM TM with hundredths of a second."""
    return moment.strftime("%H%M%S") + f".{moment.microsecond // 10000:02d}"


def moment_text(moment: dt.datetime) -> str:
    """DICOM DT with hundredths of a second."""
    return date_text(moment) + time_text(moment)


def decimal(value: float) -> str:
    """DICOM DS: at most 16 characters, as exact as they allow."""
    for digits in range(16, 5, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{value:.5g}"


def base_dataset(visit: Visit, facts: SeriesFacts) -> Dataset:
    """Patient, study, series, equipment and frame of reference of one series."""
    person = visit.person
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    study_start = visit.scan_start - dt.timedelta(minutes=6)
    dataset.StudyDate, dataset.StudyTime = date_text(study_start), time_text(study_start)
    dataset.SeriesDate, dataset.SeriesTime = date_text(facts.start), time_text(facts.start)
    dataset.AccessionNumber = ""
    dataset.Modality = facts.modality
    dataset.Manufacturer = visit.vendor.manufacturer
    dataset.InstitutionName = "Digital reference patient"
    dataset.ReferringPhysicianName = ""
    dataset.StationName = f"{visit.vendor.key.upper()}1"
    study, protocol, body_part = _exam_words(visit.tracer, visit.vendor.key, facts.modality)
    dataset.StudyDescription = facts.study or study
    dataset.SeriesDescription = facts.description
    usual_model = visit.vendor.pet_model if facts.modality == "PT" else visit.vendor.ct_model
    dataset.ManufacturerModelName = facts.model or usual_model
    dataset.PatientName, dataset.PatientID = visit.patient_name, visit.patient_id
    dataset.PatientBirthDate, dataset.PatientSex = date_text(visit.birth_date), person.sex
    dataset.PatientAge = f"{person.age_years:03d}Y"
    dataset.PatientSize, dataset.PatientWeight = decimal(person.height_cm / 100), decimal(person.weight_kg)
    dataset.DeviceSerialNumber = f"{1000 + len(visit.vendor.key)}"
    dataset.SoftwareVersions = facts.software or visit.vendor.software
    dataset.ProtocolName = facts.protocol or protocol
    dataset.BodyPartExamined = facts.body_part or body_part
    dataset.StudyInstanceUID = visit.uid("study")
    dataset.SeriesInstanceUID = visit.uid(facts.kind, "series")
    dataset.StudyID = "1"
    dataset.SeriesNumber = facts.number
    dataset.FrameOfReferenceUID = visit.uid("frame of reference")
    dataset.PositionReferenceIndicator = ""
    return dataset


def _exam_words(tracer: Tracer | None, vendor: str, modality: str) -> tuple[str, str, str]:
    """Study Description, Protocol Name and Body Part Examined: of the PET/CT, or of a CT or MR exam of its own."""
    if tracer is not None:
        return f"PET/CT {tracer.name}", f"WB {tracer.key}", "WHOLEBODY" if vendor == "siemens" else "CHEST"
    return f"{modality} Abdomen", "Abdomen", "ABDOMEN"


def place_slice(dataset: Dataset, geometry: Geometry, k: int) -> None:
    """Image Plane attributes of slice ``k``."""
    x, y, z = geometry.to_lps([k, 0, 0])
    dataset.ImagePositionPatient = [decimal(round(float(v), 6)) for v in (x, y, z)]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.SliceLocation = decimal(round(float(z), 4))
    dataset.SliceThickness = decimal(geometry.spacing_mm[0])
    dataset.PixelSpacing = [decimal(geometry.spacing_mm[1]), decimal(geometry.spacing_mm[2])]


def set_pixels(dataset: Dataset, stored: npt.NDArray[Any], signed: bool) -> None:
    """Image Pixel attributes and 16-bit pixel data of one or more frames [.., row, column]."""
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = int(signed)
    pixels = np.ascontiguousarray(stored, dtype="<i2" if signed else "<u2").tobytes()
    dataset.add_new("PixelData", "OW", pixels)


class SliceWriter:
    """Writes the slices of one series. What does not change from slice to slice is encoded once."""

    def __init__(self, syntax: str) -> None:
        self._syntax = syntax
        self._known: dict[int, tuple[Any, bytes]] = {}

    def save(self, dataset: Dataset, path: Path) -> None:
        """Write one slice. Raises OutputError when the file cannot be written."""
        if self._syntax != "explicit":
            save(dataset, path, self._syntax)
            return
        pieces = [b"\0" * 128 + b"DICM", _meta_bytes(dataset), *(self._encoded(element) for element in dataset)]
        try:
            path.write_bytes(b"".join(pieces))
        except OSError as error:
            raise _not_written(path, error) from error

    def _encoded(self, element: DataElement) -> bytes:
        tag = int(element.tag)
        known = self._known.get(tag)
        if known is not None and (known[0] is element.value or (element.VR != "SQ" and known[0] == element.value)):
            return known[1]
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_data_element(buffer, element, ["latin-1"])
        encoded = buffer.getvalue()
        self._known[tag] = (element.value if element.VR == "SQ" else copy(element.value), encoded)
        return encoded


def _meta(dataset: Dataset, syntax: UID) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.ImplementationClassUID = UID(_IMPLEMENTATION)
    meta.TransferSyntaxUID = syntax
    return meta


def _meta_bytes(dataset: Dataset) -> bytes:
    buffer = DicomBytesIO()
    write_file_meta_info(buffer, _meta(dataset, ExplicitVRLittleEndian))
    return buffer.getvalue()


def _not_written(path: Path, error: OSError) -> OutputError:
    return OutputError(
        "the file cannot be written",
        subject=str(path),
        found=str(error),
        remedy="Choose another folder or free space there.",
    )


def save(dataset: Dataset, path: Path, syntax: str) -> None:
    """Write one DICOM file in the named transfer syntax. Raises OutputError when the file cannot be written."""
    wanted = _SYNTAXES[syntax]
    plain = wanted if syntax in ("explicit", "implicit", "deflated") else ExplicitVRLittleEndian
    file = FileDataset(str(path), dataset, file_meta=_meta(dataset, plain), preamble=b"\0" * 128)
    try:
        if syntax == "rle":
            file.compress(RLELossless, generate_instance_uid=False)
        file.save_as(path, enforce_file_format=True)
        if syntax in ("jpeg2000", "jpegls", "jpeg"):
            _recompress(path, syntax)
    except OSError as error:
        raise _not_written(path, error) from error


def _recompress(path: Path, syntax: str) -> None:
    import gdcm

    kinds = {
        "jpeg2000": gdcm.TransferSyntax.JPEG2000Lossless,
        "jpegls": gdcm.TransferSyntax.JPEGLSLossless,
        "jpeg": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    }
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(kinds[syntax]))
    if not reader.Read():
        raise OutputError("the image cannot be compressed", subject=str(path), found=f"no reading by gdcm for {syntax}")
    change.SetInput(reader.GetImage())
    if not change.Change():
        raise OutputError("the image cannot be compressed", subject=str(path), found=f"no encoder for {syntax}")
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    if not writer.Write():
        raise OutputError("the image cannot be written", subject=str(path), found=f"gdcm failed for {syntax}")
