"""Vendors' private elements of one image, found through their private creator."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.frames import image_headers, image_words

_FIRST_BLOCK = 0x10


def private_value(instance: Instance, group: int, creator: str, element: int) -> Any:
    """Value of the private element (gggg,xxee) of ``creator``, wherever a legacy conversion put it.

    A conversion may leave the creator, alike in all images, among the shared attributes and the element among those
    of the frame: an element without creator beside it belongs to the creator that reserves its block elsewhere in the
    same image. None when absent or unreadable.
    """
    headers = image_headers(instance)
    own = [_block(header, group, creator) for header in headers]
    reserved = dict.fromkeys(block for block in own if block is not None)
    for header, block_here in zip(headers, own, strict=True):
        for block in reserved:
            if block == block_here or (group, block) not in header:
                found = _value(header, group, block << 8 | element)
                if found is not None:
                    return found
    return None


def private_value_without_creator(instance: Instance, group: int, element: int, vendor: str) -> Any:
    """Value at the usual place (gggg,10ee) when no creator reserves it and the manufacturer is ``vendor``; else None.

    De-identification sometimes keeps a private element and drops its creator.
    """
    headers = image_headers(instance)
    reserved = any((group, _FIRST_BLOCK) in header for header in headers)
    if reserved or vendor.upper() not in image_words(instance, "Manufacturer").upper():
        return None
    found = (_value(header, group, _FIRST_BLOCK << 8 | element) for header in headers)
    return next((value for value in found if value is not None), None)


def _block(header: Dataset, group: int, creator: str) -> int | None:
    """The block of the group that ``creator`` reserves in this dataset, None when none."""
    try:
        return int(header.private_block(group, creator).block_start >> 8)
    except values.UNREADABLE:
        return None


def _value(header: Dataset, group: int, element: int) -> Any:
    try:
        return header[group, element].value
    except values.UNREADABLE:
        return None
