"""The part of the pancreas that holds a tumour, by the vessels beside it."""

from __future__ import annotations

from collections.abc import Mapping

from isletscope.model import Place
from isletscope.reading.near_tumour import union
from isletscope.spatial import Mask
from isletscope.surgery import KNOWN_BY, part_of_pancreas

_TRUNK = ("superior_mesenteric_vein", "portal_vein")


def part_by_vessels(tumour: Mask, vessels: Mapping[str, Mask]) -> Place | None:
    """The part of the pancreas by the mesenteric and portal vein and the aorta; None where one of them has no mask."""
    trunk = [vessels[name].array for name in _TRUNK if name in vessels]
    if not trunk or "aorta" not in vessels:
        return None
    vein = Mask(union(trunk, tumour.geometry), tumour.geometry)
    part = part_of_pancreas(tumour, vein, vessels["aorta"])
    return None if part is None else Place(region=part.region, second_region=part.second_region, known_by=KNOWN_BY)
