"""Frames of multi-frame objects: functional groups, and one Instance per image plane."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.headers import FileHeader

_EMPTY = Dataset()
_FRAME_TYPE_GROUPS = ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence")
_CONVERTED = ("UnassignedPerFrameConvertedAttributesSequence", "UnassignedSharedConvertedAttributesSequence")


def frame_attribute(instance: Instance, group: str, attribute: str) -> Any:
    """Value of ``attribute`` (keyword) in functional group ``group`` (keyword) for the frame of this instance.

    Looked for in the per-frame groups, then the shared groups, then among attributes that a conversion from classic
    objects left unassigned, then at the top of the header. None when it is nowhere, or empty everywhere.
    """
    places = image_headers(instance)
    if group:
        places = [*(_first(groups, group) for groups in functional_groups(instance)), *places]
    found = (values.converted(place, attribute) for place in places)
    return next((value for value in found if value is not None and value != ""), None)


def image_headers(instance: Instance) -> list[Dataset]:
    """The datasets in which an attribute of the image itself may stand, nearest first.

    For a frame: what a conversion from classic objects left unassigned, its own, then shared by all frames; last, and
    for a single-frame object alone, the top of the header.
    """
    if instance.frame is None:
        return [instance.header]
    left_over = [_first(groups, name) for groups in functional_groups(instance) for name in _CONVERTED]
    return [*(header for header in left_over if len(header)), instance.header]


def functional_groups(instance: Instance) -> list[Dataset]:
    """Functional groups of a frame: its own, then the shared ones; none for a single-frame object."""
    if instance.frame is None:
        return []
    own = values.items(instance.header, "PerFrameFunctionalGroupsSequence")[instance.frame : instance.frame + 1]
    return [*own, *values.items(instance.header, "SharedFunctionalGroupsSequence")[:1]]


def _first(groups: Dataset, name: str) -> Dataset:
    """The first item of a sequence; an empty dataset when there is none."""
    found = values.items(groups, name)
    return found[0] if found else _EMPTY


def frame_numbers(instance: Instance, group: str, attribute: str) -> tuple[float, ...]:
    """Numbers of an attribute, from the functional groups for a frame, else from the header; empty when absent."""
    if instance.frame is None:
        return values.numbers(instance.header, attribute)
    value = frame_attribute(instance, group, attribute)
    if value is None or value == "":
        return ()
    try:
        if isinstance(value, str | int | float):
            return (float(value),)
        return tuple(float(item) for item in value)
    except (TypeError, ValueError):
        return ()


def frame_text(instance: Instance, group: str, attribute: str) -> str:
    """Text of an attribute, several values joined by a backslash; empty when absent."""
    if instance.frame is None:
        return values.text(instance.header, attribute)
    return values.plain(frame_attribute(instance, group, attribute))


def frame_number(instance: Instance, group: str, attribute: str) -> float | None:
    """The first number of an attribute, from the functional groups or the image; None when absent or unreadable."""
    found = frame_numbers(instance, group, attribute)
    return found[0] if found else None


def image_text(instance: Instance, keyword: str) -> str:
    """An attribute of the image as text, wherever a legacy conversion put it; empty when absent."""
    return frame_text(instance, "", keyword)


def image_words(instance: Instance, keyword: str) -> str:
    """A description or name of the image in the file's own character set; empty when absent."""
    return next((said for header in image_headers(instance) if (said := values.words(header, keyword))), "")


def image_number(instance: Instance, keyword: str) -> float | None:
    """The first number of an attribute of the image; None when absent or unreadable."""
    return frame_number(instance, "", keyword)


def image_items(instance: Instance, keyword: str) -> list[Dataset]:
    """Items of a sequence of the image; none when it is absent, empty or unreadable."""
    return next((list(found) for header in image_headers(instance) if (found := values.items(header, keyword))), [])


def frame_type(instance: Instance) -> str:
    """Image Type (0008,0008) that a conversion left as it was, for it may hold more values than Frame Type; else Frame
    Type (0008,9007) of a frame, else Image Type; values joined by a backslash.
    """
    if instance.frame is not None:
        kept = next((said for left in image_headers(instance)[:-1] if (said := values.text(left, "ImageType"))), "")
        if kept:
            return kept
        for group in _FRAME_TYPE_GROUPS:
            said = frame_text(instance, group, "FrameType")
            if said:
                return said
    return values.text(instance.header, "ImageType")


def is_multi_frame(header: Dataset) -> bool:
    """Whether the object keeps its geometry in functional groups, frame by frame."""
    return "PerFrameFunctionalGroupsSequence" in header


def instances_of(file: FileHeader) -> list[Instance]:
    """One Instance per image plane of the file.

    Multi-frame objects without functional groups (NM, multi-frame captures) stay one instance without position.
    """
    if not is_multi_frame(file.dataset):
        position = values.numbers(file.dataset, "ImagePositionPatient")
        return [
            Instance(
                path=file.path,
                header=file.dataset,
                position_lps_mm=_point(position),
                file_size=file.file_size,
                changed_ns=file.changed_ns,
                pixel_offset=file.pixel_offset,
            )
        ]
    count = int(values.number(file.dataset, "NumberOfFrames") or len(file.dataset.PerFrameFunctionalGroupsSequence))
    planes = []
    for frame in range(count):
        plane = Instance(
            path=file.path,
            header=file.dataset,
            frame=frame,
            file_size=file.file_size,
            changed_ns=file.changed_ns,
            pixel_offset=file.pixel_offset,
        )
        position = frame_numbers(plane, "PlanePositionSequence", "ImagePositionPatient")
        planes.append(_placed(plane, _point(position)))
    return planes


def _placed(plane: Instance, position: tuple[float, float, float] | None) -> Instance:
    return Instance(
        path=plane.path,
        header=plane.header,
        frame=plane.frame,
        position_lps_mm=position,
        file_size=plane.file_size,
        changed_ns=plane.changed_ns,
        pixel_offset=plane.pixel_offset,
    )


def _point(position: tuple[float, ...]) -> tuple[float, float, float] | None:
    return (position[0], position[1], position[2]) if len(position) == 3 else None
