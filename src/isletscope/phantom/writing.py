"""What CT and PET files share: patient, study, equipment, frame of reference, saving in a transfer syntax."""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr, correct_ambiguous_vr_element, write_data_element
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import BaseTag, Tag
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
from pydicom.valuerep import AMBIGUOUS_VR

from isletscope.errors import OutputError
from isletscope.phantom.tracers import Code, Tracer
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing_pixels import PixelLayout, encapsulated_element, is_compressed
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
_PIXEL_DATA = 0x7FE00010
_SOP_CLASS, _SOP_INSTANCE = 0x00080016, 0x00080018
# A tag as a plain number: pydicom's tags compare themselves in Python, thousands of times for each slice.
_TAG_NUMBER = attrgetter("tag.real")
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


def place_slice(dataset: Dataset, geometry: Geometry, k: int) -> float:
    """Image Plane attributes of slice ``k``; returns its height as written (mm).

    A dataset belongs to one series: what its slices share is set once.
    """
    x, y, z = _corners(geometry)[k]
    place = [decimal(round(v, 6)) for v in (x, y, z)]
    set_text(dataset, "ImagePositionPatient", "\\".join(place))
    set_text(dataset, "SliceLocation", decimal(round(z, 4)))
    if "PixelSpacing" not in dataset:
        dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
        dataset.SliceThickness = decimal(geometry.spacing_mm[0])
        dataset.PixelSpacing = [decimal(geometry.spacing_mm[1]), decimal(geometry.spacing_mm[2])]
    return float(place[2])


@lru_cache(maxsize=8)
def _corners(geometry: Geometry) -> list[list[float]]:
    """LPS mm (x, y, z) of the first voxel of every slice."""
    first = np.zeros((geometry.shape[0], 3))
    first[:, 0] = np.arange(geometry.shape[0])
    corners: list[list[float]] = geometry.to_lps(first).tolist()
    return corners


def set_text(dataset: Dataset, keyword: str, text: str) -> None:
    """Set a value of text (ASCII, values parted by backslashes) as it will stand in the file.

    For what changes from slice to slice: pydicom's own way to set a value costs as much as all else that a slice needs.
    """
    tag, kind = _element(keyword)
    value = text.encode("ascii")
    if len(value) % 2:
        value += b"\0" if kind == "UI" else b" "
    dataset[tag] = RawDataElement(tag, kind, len(value), value, 0, False, True)


@lru_cache(maxsize=64)
def _element(keyword: str) -> tuple[BaseTag, str]:
    tag = Tag(keyword)
    return tag, dictionary_VR(tag)


def set_pixels(dataset: Dataset, stored: npt.NDArray[Any], signed: bool, bits_stored: int = 16) -> None:
    """Image Pixel attributes and pixel data (16 bits allocated) of one or more frames [.., row, column].

    A dataset belongs to one series: what its slices share is set once.
    """
    if "BitsAllocated" not in dataset:
        dataset.SamplesPerPixel = 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.Rows, dataset.Columns = stored.shape[-2:]
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits_stored, bits_stored - 1
        dataset.PixelRepresentation = int(signed)
    pixels = np.ascontiguousarray(stored, dtype="<i2" if signed else "<u2").tobytes()
    dataset.add_new("PixelData", "OW", pixels)


class SliceWriter:
    """Writes the slices of one series. What does not change from slice to slice is encoded once.

    From slice to slice a dataset's values are replaced, never changed in place.

    ``syntax``: explicit, implicit, deflated, rle, jpeg2000, jpegls or jpeg (all lossless).
    """

    def __init__(self, syntax: str) -> None:
        self._syntax = syntax
        self._known: dict[int, tuple[Any, bytes]] = {}

    def save(self, dataset: Dataset, path: Path) -> None:
        """Write one slice. Raises OutputError when the file cannot be written or a frame cannot be compressed."""
        pieces = [_preamble(dataset, _SYNTAXES[self._syntax]), *self._body(dataset)]
        try:
            with path.open("wb") as file:
                file.writelines(pieces)
        except OSError as error:
            raise OutputError(
                "the file cannot be written",
                subject=str(path),
                found=str(error),
                remedy="Choose another folder or free space there.",
            ) from error

    def _body(self, dataset: Dataset) -> list[bytes]:
        elements: list[Any] = sorted(dataset.values(), key=_TAG_NUMBER)
        pieces: list[bytes] = []
        for element in elements:
            number, value = element.tag.real, element.value
            known = self._known.get(number)
            if known is not None and known[0] is value:
                pieces.append(known[1])
            elif number == _PIXEL_DATA:
                # Apart from its head, so that large ones are not copied.
                pieces += self._pixel_data(value, dataset)
            elif isinstance(element, RawDataElement):
                pieces += (self._head(number, str(element.VR), element.length), value)
            else:
                pieces.append(self._encoded(element, dataset))
        if self._syntax != "deflated":
            return pieces
        packer = zlib.compressobj(level=1, wbits=-zlib.MAX_WBITS)
        packed = b"".join([*(packer.compress(piece) for piece in pieces), packer.flush()])
        return [packed if len(packed) % 2 == 0 else packed + b"\0"]

    def _encoded(self, element: DataElement, dataset: Dataset) -> bytes:
        number, value = element.tag.real, element.value
        known = self._known.get(number)
        if known is not None and element.VR != "SQ" and known[0] == value:
            return known[1]
        if element.VR in AMBIGUOUS_VR:
            correct_ambiguous_vr_element(element, dataset, is_little_endian=True)
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, self._syntax == "implicit"
        write_data_element(buffer, element, ["latin-1"])
        encoded: bytes = buffer.getvalue()
        self._known[number] = (value, encoded)
        return encoded

    def _head(self, number: int, kind: str, length: int) -> bytes:
        """Tag, kind of value and length of an element of a kind with a short length."""
        group, element = number >> 16, number & 0xFFFF
        if self._syntax == "implicit":
            return struct.pack("<HHL", group, element, length)
        return struct.pack("<HH2sH", group, element, kind.encode("ascii"), length)

    def _pixel_data(self, pixels: bytes, dataset: Dataset) -> list[bytes]:
        if is_compressed(self._syntax):
            layout = PixelLayout(
                dataset.Rows, dataset.Columns, dataset.BitsStored, signed=bool(dataset.PixelRepresentation)
            )
            return [encapsulated_element(pixels, layout, self._syntax)]
        filler = b"\0" * (len(pixels) % 2)
        length = len(pixels) + len(filler)
        if self._syntax == "implicit":
            return [struct.pack("<HHL", 0x7FE0, 0x0010, length), pixels, filler]
        return [struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, length), pixels, filler]


def _preamble(dataset: Dataset, syntax: UID) -> bytes:
    """Preamble and file meta information of one file."""
    uids = (
        (0x02, _uid_of(dataset, _SOP_CLASS)),
        (0x03, _uid_of(dataset, _SOP_INSTANCE)),
        (0x10, syntax),
        (0x12, _IMPLEMENTATION),
    )
    pieces = [struct.pack("<HH2sHL", 0x0002, 0x0001, b"OB", 0, 2) + b"\x00\x01"]
    for element, uid in uids:
        value = uid.encode("ascii")
        value += b"\0" * (len(value) % 2)
        pieces.append(struct.pack("<HH2sH", 0x0002, element, b"UI", len(value)) + value)
    meta = b"".join(pieces)
    return b"\0" * 128 + b"DICM" + struct.pack("<HH2sHL", 0x0002, 0x0000, b"UL", 4, len(meta)) + meta


def _uid_of(dataset: Dataset, tag: int) -> str:
    """A UID, be it set as text or as pydicom sets it."""
    value = dataset.get_item(tag).value
    return value.rstrip(b"\0").decode("ascii") if isinstance(value, bytes) else str(value)


def save(dataset: Dataset, path: Path, syntax: str) -> None:
    """Write one DICOM file in the named transfer syntax. Raises OutputError when the file cannot be written."""
    correct_ambiguous_vr(dataset, is_little_endian=True)
    SliceWriter(syntax).save(dataset, path)
