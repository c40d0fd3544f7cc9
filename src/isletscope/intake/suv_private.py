"""Vendors' private elements that SUV needs.

An element without its private creator is read at its usual place only when the manufacturer is the vendor, and that
is told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from isletscope.intake.files import Instance
from isletscope.intake.private import private_value, private_value_without_creator
from isletscope.intake.suv_clock import Clock
from isletscope.intake.suv_notes import Notes

GE_CREATOR = "GEMS_PETD_01"
PHILIPS_CREATOR = "Philips PET Private Group"
SIEMENS_CREATOR = "SIEMENS MED PT"


def ge_moment(instance: Instance, element: int, clock: Clock, notes: Notes) -> datetime | None:
    """GE's scan date-time (0009,xx0D) or administration date-time (0009,xx3B)."""
    text = _as_text(private_value(instance, 0x0009, GE_CREATOR, element))
    if text is None:
        text = _as_text(private_value_without_creator(instance, 0x0009, element, "GE"))
        if text is None:
            return None
        found = f"(0009,{0x1000 + element:04x}) '{text}'"
        notes.say("private_creator_missing", found=found, creator=GE_CREATOR, vendor="GE")
    return clock.moment(text)


def siemens_moment(instance: Instance, clock: Clock) -> datetime | None:
    """Siemens' decay correction date-time (0071,xx22)."""
    text = _as_text(private_value(instance, 0x0071, SIEMENS_CREATOR, 0x22))
    return None if text is None else clock.moment(text)


def philips_factor(instance: Instance, element: int) -> tuple[float | None, bool]:
    """A Philips scale factor, (7053,xx00) for SUV or (7053,xx09) for activity; None when absent, zero or no number.

    The second value says whether it was read without its private creator.
    """
    text = _as_text(private_value(instance, 0x7053, PHILIPS_CREATOR, element))
    orphan = False
    if text is None:
        text = _as_text(private_value_without_creator(instance, 0x7053, element, "Philips"))
        orphan = text is not None
    if text is None:
        return None, False
    try:
        factor = float(text)
    except ValueError:
        return None, orphan
    return (factor if factor > 0 else None), orphan


def _as_text(value: Any) -> str | None:
    """A value as text, bytes of unknown VR decoded; None when absent or empty."""
    if value is None:
        return None
    text = value.decode("ascii", errors="replace") if isinstance(value, bytes) else str(value)
    return text.strip("\x00 ") or None
