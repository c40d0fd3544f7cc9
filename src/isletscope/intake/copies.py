"""Images that were sent twice under two identifiers: same place, same pixel values, same slope."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.rescale import Rescale, rescale_of
from isletscope.intake.stack import SAME_POSITION_WITHIN_MM, Plane, depths_mm


def without_copies(planes: list[Plane]) -> list[Plane]:
    """The planes, less those that repeat the place and the values of another.

    Nothing is left out where images at one place differ, or where their values cannot be compared (compressed).
    """
    depths = depths_mm(planes)
    at: dict[int, list[Plane]] = defaultdict(list)
    for depth, plane in zip(depths, planes, strict=True):
        at[round(float(depth) / SAME_POSITION_WITHIN_MM)].append(plane)
    kept: list[Plane] = []
    for group in at.values():
        contents = {_content(plane.instance) for plane in group} if len(group) > 1 else set()
        kept += group[:1] if len(contents) == 1 and None not in contents else group
    return kept


def _content(instance: Instance) -> tuple[str, Rescale] | None:
    """A digest of the stored values, with their slope; None when they cannot be read straight from the file."""
    if instance.pixel_offset is None:
        return None
    header = instance.header
    bits = (
        values.unsigned(header, "BitsAllocated") * values.unsigned(header, "Rows") * values.unsigned(header, "Columns")
    )
    try:
        with instance.path.open("rb") as stream:
            stream.seek(instance.pixel_offset + (instance.frame or 0) * (bits // 8))
            return hashlib.sha256(stream.read(bits // 8)).hexdigest(), rescale_of(instance)
    except OSError:
        return None
