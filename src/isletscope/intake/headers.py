"""Reading one file's header: fast, with a check that the pixel data are whole, and a reason when it cannot be used."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial
from pydicom.uid import (
    UID,
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    PrivateTransferSyntaxes,
)

from isletscope.errors import Refusal
from isletscope.intake import values
from isletscope.intake.quick_header import CutOffError, read_quickly

_UNREADABLE = (*values.UNREADABLE, InvalidDicomError, EOFError)
_PIXEL_TAGS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_END = b"\xfe\xff\xdd\xe0"
_LONG_FORM = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN")
_PREAMBLE = 132
_BARE_GROUP_8 = (0x00, 0x01, 0x05, 0x08, 0x12, 0x14, 0x16, 0x18)
_KNOWN_SYNTAXES = frozenset(str(uid) for uid in (*AllTransferSyntaxes, *PrivateTransferSyntaxes))
_IDENTIFIERS = (
    ("SOPClassUID", "SOP Class UID (0008,0016)"),
    ("SOPInstanceUID", "SOP Instance UID (0008,0018)"),
)
_NUMBERS = (
    ("RescaleSlope", "Rescale Slope (0028,1053)"),
    ("RescaleIntercept", "Rescale Intercept (0028,1052)"),
    ("ImagePositionPatient", "Image Position (0020,0032)"),
)
_COPY_AGAIN = "Copy or export this file again from its source."


@dataclass(frozen=True)
class FileHeader:
    """Header of one file, without its pixel values.

    ``pixel_offset`` is the byte where native pixel values begin, None when compressed, deflated or absent.
    ``has_pixels`` says whether the file holds integer pixel data (parametric maps of real numbers do not).
    """

    path: Path
    dataset: Dataset
    file_size: int
    changed_ns: int
    has_pixels: bool
    pixel_offset: int | None


def looks_like_dicom(start: bytes) -> bool:
    """Whether the first 132 bytes are those of a DICOM file, with or without the preamble."""
    if start[128:132] == b"DICM":
        return True
    return len(start) >= 8 and start[0:2] == b"\x08\x00" and start[2] in _BARE_GROUP_8 and start[3] == 0


def read_header(path: Path, name: str) -> FileHeader | Refusal | None:
    """Header of a DICOM file; None when the file is not DICOM at all; a Refusal when it is, but cannot be used.

    ``name`` is what the user will read. Raises OSError when the file cannot be opened.
    """
    status = path.stat()
    with path.open("rb") as stream:
        start = stream.read(_PREAMBLE)
        if not looks_like_dicom(start):
            return None
        stream.seek(0)
        try:
            dataset = _read(stream)
        except CutOffError:
            return Refusal(name, "the file is cut off inside its header", f"{status.st_size} bytes", "", _COPY_AGAIN)
        except zlib.error as error:
            return Refusal(name, "the compressed (deflated) file is cut off or damaged", str(error), "", _COPY_AGAIN)
        except _UNREADABLE as error:
            return Refusal(name, "the DICOM header cannot be read", str(error), "a whole DICOM file", _COPY_AGAIN)
        damage = _without_class(dataset, name) or _damage(dataset, name)
        if damage is not None:
            return damage
        if values.text(dataset.file_meta, "TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            return FileHeader(path, dataset, status.st_size, status.st_mtime_ns, _has_image(dataset), None)
        place = _pixel_place(stream, dataset)
        fault = _pixel_fault(stream, dataset, place, status.st_size)
    if fault:
        return Refusal(name, *fault, remedy=_COPY_AGAIN)
    offset = place.offset if place is not None and place.length != _UNDEFINED_LENGTH and place.integer else None
    has_pixels = place is not None and place.integer
    return FileHeader(path, dataset, status.st_size, status.st_mtime_ns, has_pixels, offset)


def _read(stream: BinaryIO) -> Dataset:
    """The dataset before the pixel data; the stream then stands at their tag."""
    quick = read_quickly(stream)
    if quick is not None:
        stream.seek(quick[1])
        return quick[0]
    stream.seek(0)
    return read_partial(stream, lambda tag, _vr, _length: tag in _PIXEL_TAGS, force=True)


def _without_class(dataset: Dataset, name: str) -> Refusal | None:
    if values.text(dataset, "SOPClassUID"):
        return None
    if values.text(dataset.file_meta, "MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        return Refusal(name, "index")
    return Refusal(name, "the DICOM header ends too early", "no SOP Class UID (0008,0016)", "", _COPY_AGAIN)


def _damage(dataset: Dataset, name: str) -> Refusal | None:
    """A refusal when what the whole file rests on cannot be read; sets a transfer syntax where none is named."""
    if not values.text(dataset.file_meta, "TransferSyntaxUID"):
        dataset.file_meta.TransferSyntaxUID = _assumed_syntax(dataset)
    syntax = values.text(dataset.file_meta, "TransferSyntaxUID")
    if syntax not in _KNOWN_SYNTAXES:
        return Refusal(name, "its encoding is not known", f"Transfer Syntax (0002,0010) {syntax}", "", _COPY_AGAIN)
    for keyword, tag in _IDENTIFIERS:
        said = values.text(dataset, keyword)
        if not UID(said).is_valid:
            return Refusal(name, "the DICOM header is damaged", f"{tag} {said!r}", "a unique identifier", _COPY_AGAIN)
    for keyword, tag in _NUMBERS:
        said = values.text(dataset, keyword)
        if said and not values.numbers(dataset, keyword):
            return Refusal(name, "the DICOM header is damaged", f"{tag} {said!r}", "numbers", _COPY_AGAIN)
    return None


def is_index(refusal: Refusal) -> bool:
    """Whether the 'refusal' is a DICOMDIR: an index of the disc, which is not needed."""
    return refusal.problem == "index"


def _assumed_syntax(dataset: Dataset) -> UID:
    implicit, little = dataset.original_encoding
    if not little:
        return ExplicitVRBigEndian
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


def _has_image(dataset: Dataset) -> bool:
    return values.unsigned(dataset, "Rows") > 0 and values.unsigned(dataset, "Columns") > 0


@dataclass(frozen=True)
class _PixelPlace:
    offset: int
    length: int
    integer: bool


def _pixel_place(stream: BinaryIO, dataset: Dataset) -> _PixelPlace | None:
    """Where the value of the pixel data element begins; the stream stands at its tag."""
    implicit, little = dataset.original_encoding
    order = "<" if little else ">"
    begin = stream.tell()
    raw = stream.read(12)
    if len(raw) < 8:
        return None
    group, element = struct.unpack(order + "HH", raw[:4])
    if (group << 16 | element) not in _PIXEL_TAGS:
        return None
    integer = element == 0x0010
    if implicit:
        return _PixelPlace(begin + 8, struct.unpack(order + "L", raw[4:8])[0], integer)
    if raw[4:6] in _LONG_FORM and len(raw) == 12:
        return _PixelPlace(begin + 12, struct.unpack(order + "L", raw[8:12])[0], integer)
    return _PixelPlace(begin + 8, struct.unpack(order + "H", raw[6:8])[0], integer)


def expected_pixel_bytes(dataset: Dataset) -> int:
    """Bytes of uncompressed pixel data that Rows, Columns, samples, frames and Bits Allocated ask for."""
    frames = int(values.number(dataset, "NumberOfFrames") or 1)
    samples = values.unsigned(dataset, "SamplesPerPixel", 1) or 1
    count = values.unsigned(dataset, "Rows") * values.unsigned(dataset, "Columns") * samples * frames
    return (count * values.unsigned(dataset, "BitsAllocated") + 7) // 8


def _pixel_fault(
    stream: BinaryIO, dataset: Dataset, place: _PixelPlace | None, file_size: int
) -> tuple[str, str, str] | None:
    """Problem, found and expected when the pixel data are not whole."""
    if place is None:
        if _has_image(dataset) or "Image Storage" in values.uid_name(dataset, "SOPClassUID"):
            return "the file is cut off before its pixel data", f"{file_size} bytes, no pixel data", "a whole image"
        return None
    if not _has_image(dataset):
        return "the image has no size", "Rows (0028,0010) or Columns (0028,0011) is 0 or missing", "both above 0"
    if place.length == _UNDEFINED_LENGTH:
        if _fragments_whole(stream, place.offset, file_size):
            return None
        return "the file is cut off: its compressed pixel data have no end", f"{file_size} bytes", "a whole image"
    present = file_size - place.offset
    wanted = max(place.length, expected_pixel_bytes(dataset) if _native(dataset) else 0)
    if min(present, place.length) < wanted:
        found = f"{max(0, min(present, place.length))} bytes of pixel data"
        return "the file is cut off: its pixel data are incomplete", found, f"{wanted} bytes"
    return None


def _native(dataset: Dataset) -> bool:
    return values.words(dataset, "PhotometricInterpretation") not in ("YBR_FULL_422", "YBR_PARTIAL_422")


def _fragments_whole(stream: BinaryIO, offset: int, file_size: int) -> bool:
    position = offset
    while position + 8 <= file_size:
        stream.seek(position)
        head = stream.read(8)
        if head[:4] == _SEQUENCE_END:
            return True
        if head[:4] != _ITEM:
            return False
        position += 8 + int(struct.unpack("<L", head[4:8])[0])
    return False
