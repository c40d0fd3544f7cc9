"""Header values without pydicom's full conversion: thousands of headers are looked at, and a few values of each.

Values are read from the raw element where the dataset still holds one; otherwise from the converted element.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import MutableSequence
from datetime import datetime, timedelta
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID

_TAGS: dict[str, BaseTag] = {}
_SHARED_TAGS: dict[int, BaseTag] = {}
_VRS: dict[str, str] = {}
_BINARY = frozenset(("US", "UL", "UV", "SS", "SL", "SV", "FD", "FL", "AT", "SQ"))
# What pydicom raises when a value of a damaged file cannot be converted.
UNREADABLE = (
    ValueError,
    KeyError,
    NotImplementedError,
    AttributeError,
    TypeError,
    OverflowError,
    struct.error,
    BytesLengthException,
)
_TIME = re.compile(r"^(\d{2}):?(\d{2})?:?(\d{2})?(?:\.(\d{1,6}))?")


def shared_tag(number: int) -> BaseTag:
    """One and the same tag object for each number: looking it up in a dataset then needs no comparison."""
    found = _SHARED_TAGS.get(number)
    if found is None:
        found = _SHARED_TAGS[number] = BaseTag(number)
    return found


def tag_of(keyword: str) -> BaseTag:
    """Tag of a DICOM keyword. Raises KeyError for a keyword that does not exist."""
    found = _TAGS.get(keyword)
    if found is None:
        number = tag_for_keyword(keyword)
        if number is None:
            raise KeyError(keyword)
        found = _TAGS[keyword] = shared_tag(number)
    return found


def _vr_of(keyword: str) -> str:
    if keyword not in _VRS:
        _VRS[keyword] = str(dictionary_VR(tag_of(keyword)))
    return _VRS[keyword]


def _element(header: Dataset, keyword: str) -> Any:
    """The element as the dataset holds it, raw or converted; None when absent or unreadable."""
    try:
        return header.get_item(tag_of(keyword))
    except UNREADABLE:
        return None


def converted(header: Dataset, keyword: str) -> Any:
    """The value as pydicom converts it; None when absent, or when a damaged file makes it unreadable."""
    try:
        return header.get(keyword)
    except UNREADABLE:
        return None


def items(header: Dataset, keyword: str) -> MutableSequence[Dataset]:
    """Items of a sequence; none when it is absent or unreadable."""
    found = converted(header, keyword)
    return found if isinstance(found, Sequence) else []


def uid_name(header: Dataset, keyword: str) -> str:
    """The name that DICOM gives to a UID, or the UID itself."""
    return str(UID(text(header, keyword)).name)


def text(header: Dataset, keyword: str) -> str:
    """The value as text, several values joined by a backslash; empty when absent.

    Meant for identifiers, code strings, numbers and times (ASCII); for names and descriptions use :func:`words`.
    """
    element = _element(header, keyword)
    if element is None:
        return ""
    value = element.value
    if isinstance(value, bytes):
        if _vr_of(keyword) in _BINARY:
            return plain(converted(header, keyword))
        return value.decode("latin-1").strip(" \0")
    return plain(value)


def words(header: Dataset, keyword: str) -> str:
    """A description or name in the file's own character set; empty when absent."""
    return " ".join(plain(converted(header, keyword)).replace("\0", "").split())


def plain(value: object) -> str:
    """A converted value as text: several values joined by a backslash, empty for None."""
    if value is None:
        return ""
    if isinstance(value, MultiValue | list | tuple):
        return "\\".join(str(item) for item in value)
    return str(value).strip(" \0")


def numbers(header: Dataset, keyword: str) -> tuple[float, ...]:
    """All finite numbers of a decimal or integer string, or of a binary number; empty when absent or unreadable."""
    try:
        found = tuple(float(part) for part in text(header, keyword).split("\\") if part.strip())
    except ValueError:
        return ()
    return found if all(math.isfinite(value) for value in found) else ()


def number(header: Dataset, keyword: str) -> float | None:
    """The first number, or None."""
    found = numbers(header, keyword)
    return found[0] if found else None


def unsigned(header: Dataset, keyword: str, default: int = 0) -> int:
    """A binary unsigned short (US), such as Rows."""
    element = _element(header, keyword)
    if element is None:
        return default
    value = element.value
    if isinstance(value, bytes) and isinstance(element, RawDataElement):
        if len(value) < 2:
            return default
        return int(struct.unpack("<H" if element.is_little_endian else ">H", value[:2])[0])
    return int(value) if isinstance(value, int) else default


def moment(date_text: str, time_text: str) -> datetime | None:
    """Date-time of a DA and a TM value (also old forms with dots and colons); None when either cannot be read.

    Times are local to the scanner; no time zone is attached.
    """
    digits = date_text.replace(".", "").replace("-", "")[:8]
    match = _TIME.match(time_text)
    if len(digits) != 8 or not digits.isdigit() or match is None:
        return None
    hour, minute, second, fraction = match.groups()
    try:
        day = datetime.strptime(digits, "%Y%m%d")
    except ValueError:
        return None
    return day + timedelta(
        hours=int(hour),
        minutes=int(minute or 0),
        seconds=int(second or 0),
        microseconds=int((fraction or "0").ljust(6, "0")),
    )


def moment_of(date_time_text: str) -> datetime | None:
    """Date-time of a DT value, its time zone suffix left aside; None when it cannot be read."""
    body = re.split(r"[+\-]\d{4}$", date_time_text.strip())[0]
    return moment(body[:8], body[8:] or "000000") if len(body) >= 8 else None


def iso_date(date_text: str) -> str | None:
    """ISO date of a DA value, or None."""
    found = moment(date_text, "00")
    return found.date().isoformat() if found else None
