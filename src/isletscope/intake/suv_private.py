"""Vendors' private elements that SUV needs, found through their private creator.

De-identification sometimes keeps a private element and drops its creator; such an element is read at its usual place
only when the manufacturer is the vendor, and that is told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset

from isletscope.intake.suv_clock import Clock
from isletscope.intake.suv_notes import Notes

GE_CREATOR = "GEMS_PETD_01"
PHILIPS_CREATOR = "Philips PET Private Group"
SIEMENS_CREATOR = "SIEMENS MED PT"


def private_text(dataset: Dataset, group: int, creator: str, element: int) -> str | None:
    """Text of a private element by its creator; bytes of unknown VR are decoded as text. None when absent or empty."""
    try:
        value: Any = dataset.private_block(group, creator)[element].value
    except KeyError:
        return None
    return _as_text(value)


def private_text_without_creator(dataset: Dataset, group: int, element: int, vendor: str) -> str | None:
    """Text of a private element at its usual place (gggg,10ee), when no creator reserves it and the vendor fits."""
    if (group, 0x0010) in dataset or vendor.upper() not in str(dataset.get("Manufacturer", "")).upper():
        return None
    found = dataset.get((group, 0x1000 + element))
    return None if found is None else _as_text(found.value)


def ge_moment(dataset: Dataset, element: int, clock: Clock, notes: Notes) -> datetime | None:
    """GE's scan date-time (0009,xx0D) or administration date-time (0009,xx3B)."""
    text = private_text(dataset, 0x0009, GE_CREATOR, element)
    if text is None:
        text = private_text_without_creator(dataset, 0x0009, element, "GE")
        if text is None:
            return None
        found = f"(0009,{0x1000 + element:04x}) '{text}'"
        notes.say("private_creator_missing", found=found, creator=GE_CREATOR, vendor="GE")
    return clock.moment(text)


def siemens_moment(dataset: Dataset, clock: Clock) -> datetime | None:
    """Siemens' decay correction date-time (0071,xx22)."""
    text = private_text(dataset, 0x0071, SIEMENS_CREATOR, 0x22)
    return None if text is None else clock.moment(text)


def philips_factor(dataset: Dataset, element: int) -> tuple[float | None, bool]:
    """A Philips scale factor, (7053,xx00) for SUV or (7053,xx09) for activity; None when absent, zero or no number.

    The second value says whether it was read without its private creator.
    """
    text = private_text(dataset, 0x7053, PHILIPS_CREATOR, element)
    orphan = False
    if text is None:
        text = private_text_without_creator(dataset, 0x7053, element, "Philips")
        orphan = text is not None
    if text is None:
        return None, False
    try:
        factor = float(text)
    except ValueError:
        return None, orphan
    return (factor if factor > 0 else None), orphan


def _as_text(value: Any) -> str | None:
    text = value.decode("ascii", errors="replace") if isinstance(value, bytes) else str(value)
    return text.strip("\x00 ") or None
