"""The header of a plain DICOM file, some five times faster than by pydicom's general reader.

Only the order of elements is worked out here; every value stays raw bytes and is converted by pydicom when asked for,
sequences included. Whatever is not plain (big-endian, deflated, no file meta information, broken lengths) is left to
pydicom: the answer is then None. Layout of elements: DICOM PS3.5 section 7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag

from isletscope.intake.values import shared_tag, text

_FIRST_READ = 1 << 15
_PREAMBLE = 132
_UNDEFINED = 0xFFFFFFFF
_IMPLICIT = "1.2.840.10008.1.2"
_NOT_PLAIN = frozenset(("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2", ""))
_LONG_FORM = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_FORM = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_PIXELS_FROM = 0x7FE00008
_CHARACTER_SET = 0x00080005
_DELIMITERS = 0xFFFE
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD

_implicit_head = struct.Struct("<HHL").unpack_from
_tag_head = struct.Struct("<HH").unpack_from
_explicit_head = struct.Struct("<HH2sH").unpack_from
_long_length = struct.Struct("<L").unpack_from


class CutOffError(Exception):
    """A value reaches beyond the end of the file."""


class _NotPlainError(Exception):
    """The file needs the general reader."""


@dataclass
class _Window:
    """The beginning of a file, as far as it has been read."""

    stream: BinaryIO
    data: bytes
    whole: bool = False

    def grow(self) -> None:
        """Read as much again. Raises _NotPlainError when the file has no more."""
        more = b"" if self.whole else self.stream.read(max(len(self.data), _FIRST_READ))
        if not more:
            raise _NotPlainError
        self.data += more


def read_quickly(stream: BinaryIO) -> tuple[Dataset, int] | None:
    """Dataset up to the pixel data, and the byte where it stops; None when the file is not plain.

    ``stream`` stands at the beginning of the file. Raises CutOffError when the file ends inside a value.
    """
    window = _Window(stream, stream.read(_FIRST_READ))
    if window.data[128:_PREAMBLE] != b"DICM":
        return None
    try:
        meta, position = _elements(window, _PREAMBLE, implicit=False, until=0x00030000)
        file_meta = FileMetaDataset(meta)
        syntax = text(file_meta, "TransferSyntaxUID")
        if syntax in _NOT_PLAIN:
            return None
        elements, position = _elements(window, position, implicit=syntax == _IMPLICIT, until=_PIXELS_FROM)
    except (_NotPlainError, UnicodeDecodeError):
        return None
    dataset = Dataset(elements)
    dataset.file_meta = file_meta
    dataset.set_original_encoding(syntax == _IMPLICIT, True, _encoding(elements))
    return dataset, position


def _encoding(elements: dict[BaseTag, DataElement | RawDataElement]) -> str | list[str]:
    element = elements.get(shared_tag(_CHARACTER_SET))
    if element is None or not element.value:
        return default_encoding
    said = bytes(element.value).decode("ascii").strip(" \0").split("\\")
    return convert_encodings([part.strip() for part in said])


def _elements(
    window: _Window, position: int, *, implicit: bool, until: int
) -> tuple[dict[BaseTag, DataElement | RawDataElement], int]:
    """Raw elements from ``position`` up to the first tag not below ``until`` or the end of the file."""
    elements: dict[BaseTag, DataElement | RawDataElement] = {}
    last = -1
    while True:
        try:
            group, element = _tag_head(window.data, position)
            if group << 16 | element >= until:
                return elements, position
            number, vr, length, start = _head(window.data, position, implicit)
        except struct.error:
            if position == len(window.data) and _at_end(window):
                return elements, position
            window.grow()
            continue
        if number <= last:
            raise _NotPlainError
        if length == _UNDEFINED:
            if vr == "UN":
                raise _NotPlainError
            end = _skipped(window, start, implicit)
            value, next_position, vr = window.data[start : end - 8], end, "SQ"
        else:
            next_position = start + length
            _reach(window, next_position, well_begun=len(elements) > 1)
            value = window.data[start:next_position]
        tag = shared_tag(number)
        elements[tag] = RawDataElement(tag, vr, len(value), value or None, start, implicit, True)
        position, last = next_position, number


def _reach(window: _Window, position: int, *, well_begun: bool) -> None:
    """Read on until ``position``. A value that ends beyond a file whose first elements were sound is cut off."""
    while position > len(window.data):
        try:
            window.grow()
        except _NotPlainError:
            if well_begun:
                raise CutOffError from None
            raise


def _at_end(window: _Window) -> bool:
    try:
        window.grow()
    except _NotPlainError:
        return True
    return False


def _head(data: bytes, position: int, implicit: bool) -> tuple[int, str | None, int, int]:
    """Tag number, VR, length and start of the value of the element at ``position``."""
    if implicit:
        group, element, length = _implicit_head(data, position)
        return group << 16 | element, None, length, position + 8
    group, element, vr, length = _explicit_head(data, position)
    if vr in _LONG_FORM:
        return group << 16 | element, vr.decode("ascii"), _long_length(data, position + 8)[0], position + 12
    if vr not in _SHORT_FORM:
        raise _NotPlainError
    return group << 16 | element, vr.decode("ascii"), length, position + 8


def _skipped(window: _Window, start: int, implicit: bool) -> int:
    """End of a sequence of undefined length, its delimiter included."""
    while True:
        try:
            return _sequence_end(window.data, start, implicit)
        except struct.error:
            window.grow()


def _sequence_end(data: bytes, position: int, implicit: bool) -> int:
    while True:
        group, element, length = _implicit_head(data, position)
        position += 8
        if group != _DELIMITERS or element not in (_ITEM, _SEQUENCE_END):
            raise _NotPlainError
        if element == _SEQUENCE_END:
            return position
        position = _item_end(data, position, implicit) if length == _UNDEFINED else position + int(length)


def _item_end(data: bytes, position: int, implicit: bool) -> int:
    while True:
        group, element, length = _implicit_head(data, position)
        if group == _DELIMITERS:
            if element != _ITEM_END:
                raise _NotPlainError
            return position + 8
        _, vr, length, start = _head(data, position, implicit)
        if length != _UNDEFINED:
            position = start + length
        elif vr == "UN":
            raise _NotPlainError
        else:
            position = _sequence_end(data, start, implicit)
