"""Per-plane header values: times, durations, intercept, Philips scale factors and real-world value mapping."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.frames import frame_number, frame_text, image_number, image_text
from isletscope.intake.rescale import real_world_mappings, rescale_of
from isletscope.intake.suv_clock import Clock, parse_offset
from isletscope.intake.suv_private import philips_factor

# Unit code of a real-world value mapping (CID 84, 85): the terms of Units and SUV Type that mean the same.
_MAPPED_UNITS = {
    "g/ml{SUVbw}": ("GML", "BW"),
    "g/ml{SUVlbm}": ("GML", "LBM"),
    "g/ml{SUVlbm(James128)}": ("GML", "LBMJAMES128"),
    "g/ml{SUVlbm(Janma)}": ("GML", "LBMJANMA"),
    "g/ml{SUVibw}": ("GML", "IBW"),
    "cm2/ml{SUVbsa}": ("CM2ML", "BSA"),
    "Bq/ml": ("BQML", ""),
}


@dataclass(frozen=True)
class RealWorldUnit:
    """Unit of a frame's real-world value mapping, in the terms of Units and SUV Type.

    ``slope`` turns the values of ``load_volume`` into that unit; ``doubt`` says why the mapping cannot be used.
    """

    units: str
    suv_type: str
    slope: float = 1.0
    doubt: str = ""


@dataclass(frozen=True)
class PlaneHeader:
    """The values of one image plane that SUV depends on; None where they are absent."""

    acquired: datetime | None
    duration_s: float | None
    frame_reference_s: float | None
    intercept: float
    real_world: RealWorldUnit | None = None
    philips_suv_factor: float | None = None
    philips_activity_factor: float | None = None
    philips_without_creator: bool = False


def read_plane(instance: Instance, clock: Clock, *, enhanced: bool) -> PlaneHeader:
    """The values of one plane: a single-frame image, or one frame."""
    duration_ms = frame_number(instance, "FrameContentSequence", "FrameAcquisitionDuration")
    if duration_ms is None:
        duration_ms = image_number(instance, "ActualFrameDuration")
    reference_ms = image_number(instance, "FrameReferenceTime")
    suv, activity, orphan = _philips_factors(instance)
    return PlaneHeader(
        acquired=_acquired(instance, clock),
        duration_s=None if duration_ms is None else duration_ms / 1000.0,
        frame_reference_s=None if reference_ms is None else reference_ms / 1000.0,
        intercept=rescale_of(instance).intercept,
        real_world=_real_world(instance) if enhanced else None,
        philips_suv_factor=suv,
        philips_activity_factor=activity,
        philips_without_creator=orphan,
    )


def _philips_factors(instance: Instance) -> tuple[float | None, float | None, bool]:
    """Scale factors to SUV and to Bq/mL of an image in counts, and whether their private creator is missing."""
    if image_text(instance, "Units").upper() != "CNTS":
        return None, None, False
    suv, orphan_suv = philips_factor(instance, 0x00)
    activity, orphan_activity = philips_factor(instance, 0x09)
    return suv, activity, orphan_suv or orphan_activity


def _acquired(instance: Instance, clock: Clock) -> datetime | None:
    """Start of the plane's acquisition: of the frame, else Acquisition Date and Time, else Acquisition DateTime."""
    own = parse_offset(image_text(instance, "TimezoneOffsetFromUTC"))
    if instance.frame is not None:
        of_frame = clock.moment(frame_text(instance, "FrameContentSequence", "FrameAcquisitionDateTime"), own)
        if of_frame is not None:
            return of_frame
    day = image_text(instance, "AcquisitionDate") or image_text(instance, "SeriesDate")
    joined = clock.joined(day, image_text(instance, "AcquisitionTime"), own)
    return joined or clock.moment(image_text(instance, "AcquisitionDateTime"), own)


def _real_world(instance: Instance) -> RealWorldUnit | None:
    """The mapping in the best unit: SUV by weight first, then other SUV, then Bq/mL. None when none is known."""
    by_unit: dict[tuple[str, str], list[Dataset]] = {}
    for item in real_world_mappings(instance):
        known = _known_unit(item)
        if known is not None:
            by_unit.setdefault(known, []).append(item)
    for wanted in _MAPPED_UNITS.values():
        if wanted in by_unit:
            return _straight_line(wanted, by_unit[wanted], instance)
    return None


def _known_unit(item: Dataset) -> tuple[str, str] | None:
    for code in item.get("MeasurementUnitsCodeSequence") or []:
        text = values.text(code, "CodeValue").replace("mL", "ml")
        if text.startswith("{") and "}" in text:  # older writers put the annotation first
            annotation, _, unit = text.partition("}")
            text = unit + annotation + "}"
        if text in _MAPPED_UNITS:
            return _MAPPED_UNITS[text]
    return None


def _straight_line(unit: tuple[str, str], items: list[Dataset], instance: Instance) -> RealWorldUnit:
    """The mapping as one slope on rescaled values; several ranges must share one line through zero."""
    lines = {(_float(item.get("RealWorldValueSlope")), _float(item.get("RealWorldValueIntercept"))) for item in items}
    slope, intercept = next(iter(lines))
    if len(lines) > 1:
        return RealWorldUnit(*unit, doubt=f"{len(lines)} lines for different ranges of stored values")
    if slope is None or slope <= 0:
        return RealWorldUnit(*unit, doubt="a table or no slope")
    if intercept:
        return RealWorldUnit(*unit, doubt=f"intercept {intercept:g}")
    return RealWorldUnit(*unit, slope=slope / rescale_of(instance).slope)


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
