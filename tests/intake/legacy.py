"""Headers of legacy-converted multi-frame objects, made from classic headers without pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydicom.dataset import Dataset

from isletscope.intake.files import Instance, SeriesFiles
from tests.intake.suv_series import headers_only

LEGACY_CT = "1.2.840.10008.5.1.4.1.1.2.2"
LEGACY_PET = "1.2.840.10008.5.1.4.1.1.128.1"
_STAYS = ("Modality", "Manufacturer", "SeriesDescription", "SeriesInstanceUID", "FrameOfReferenceUID", "StudyDate")
_STAYS_TOO = ("SeriesDate", "SeriesTime", "StudyTime", "SamplesPerPixel", "Rows", "Columns", "ImageType")


def legacy_frames(headers: Sequence[Dataset], *, creators_apart: bool = False) -> list[Instance]:
    """Classic headers as frames of one object: everything but patient and series is left unassigned, shared when alike.

    ``creators_apart``: private creators, alike in all images, stand among the shared attributes only, as a plain
    element-by-element conversion leaves them.
    """
    first = headers[0]
    result, shared, own = Dataset(), Dataset(), [Dataset() for _ in headers]
    for element in first:
        alike = all(element.tag in header and header[element.tag].value == element.value for header in headers)
        if element.tag.group == 0x0010 or element.keyword in (*_STAYS, *_STAYS_TOO):
            result.add(element)
        elif alike:
            shared.add(element)
        else:
            for item, header in zip(own, headers, strict=True):
                if element.tag in header:
                    item.add(header[element.tag])
                if element.tag.is_private and not creators_apart:
                    item.add(header[element.tag.private_creator])
    result.SOPClassUID = LEGACY_PET if first.Modality == "PT" else LEGACY_CT
    result.NumberOfFrames = str(len(headers))
    together = Dataset()
    together.UnassignedSharedConvertedAttributesSequence = [shared]
    result.SharedFunctionalGroupsSequence = [together]
    result.PerFrameFunctionalGroupsSequence = [_frame(item) for item in own]
    return [Instance(Path("legacy.dcm"), result, number) for number in range(len(headers))]


def _frame(left_over: Dataset) -> Dataset:
    groups = Dataset()
    if len(left_over):
        groups.UnassignedPerFrameConvertedAttributesSequence = [left_over]
    return groups


def legacy_series(*headers: Dataset, creators_apart: bool = False) -> SeriesFiles:
    """A series of such frames: enough to quantify."""
    frames = legacy_frames(headers, creators_apart=creators_apart)
    return replace(headers_only(frames[0].header), instances=tuple(frames))
