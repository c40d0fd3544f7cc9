"""The diffusion weighting of an MR image, wherever the vendor wrote it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.frames import frame_attribute, frame_numbers
from isletscope.intake.private import private_value

_GE_BIAS = 1_000_000_000


@dataclass(frozen=True)
class _VendorTag:
    """A private element: where its block lies, and how the number is stored."""

    vendor: str
    group: int
    creator: str
    element: int


_VENDOR_TAGS = (
    _VendorTag("Siemens", 0x0019, "SIEMENS MR HEADER", 0x0C),
    _VendorTag("GE", 0x0043, "GEMS_PARM_01", 0x39),
    _VendorTag("Philips", 0x2001, "Philips Imaging DD 001", 0x03),
    _VendorTag("United Imaging", 0x0065, "Image Private Header", 0x09),
)


def b_value_s_mm2(instance: Instance) -> float | None:
    """Diffusion b-value in s/mm2, or None when the header names none."""
    found = b_value_with_source(instance)
    return found[0] if found else None


def b_value_with_source(instance: Instance) -> tuple[float, str] | None:
    """The b-value in s/mm2 and the tag it came from.

    The public tag (0018,9087) is preferred; then the private tags of Siemens, GE (first of four values, less the bias
    of 1e9 of multi-b series) and Philips. Source: dcm2niix issues 274 and 602; pydicom's private dictionary.
    """
    if values.text(instance.header, "Modality") not in ("MR", ""):
        return None
    public = frame_numbers(instance, "MRDiffusionSequence", "DiffusionBValue")
    if public and public[0] >= 0:
        return public[0], "Diffusion b-value (0018,9087)"
    if instance.frame is not None:
        direction = frame_attribute(instance, "MRDiffusionSequence", "DiffusionDirectionality")
        if direction == "NONE":
            return 0.0, "Diffusion Directionality (0018,9075) NONE"
    for tag in _VENDOR_TAGS:
        value = _private_number(instance, tag)
        if value is not None:
            return value, f"{tag.vendor} private tag ({tag.group:04x},xx{tag.element:02x})"
    return None


def _private_number(instance: Instance, tag: _VendorTag) -> float | None:
    number = _as_number(private_value(instance, tag.group, tag.creator, tag.element))
    if number is None or number < 0:
        return None
    if tag.vendor == "GE" and number >= _GE_BIAS:
        number -= _GE_BIAS
    return number


def _as_number(value: object) -> float | None:
    """The first number of a private value, which may arrive as text, a list, or raw bytes (VR UN)."""
    if isinstance(value, bytes):
        return _from_bytes(value)
    if isinstance(value, str):
        value = value.split("\\")[0]
    elif hasattr(value, "__getitem__") and hasattr(value, "__len__"):
        if len(value) == 0:
            return None
        value = value[0]
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _from_bytes(value: bytes) -> float | None:
    """A decimal string, or a little-endian float (4 or 8 bytes), as the private elements hold."""
    try:
        return float(value.decode("ascii").split("\\")[0].strip(" \0"))
    except ValueError:
        pass
    if len(value) == 4:
        return float(struct.unpack("<f", value)[0])
    if len(value) == 8:
        return float(struct.unpack("<d", value)[0])
    return None
