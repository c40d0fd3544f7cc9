"""Lesions of a scenario: which tumours there are, where, how large and how they take up tracers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isletscope.phantom.yaml_node import Node, Range

SITES = ("pancreas", "liver", "node", "bone", "lung", "peritoneum", "other")
SHAPES = ("round", "ellipsoid", "lobulated")


@dataclass(frozen=True)
class Uptake:
    """Tumour uptake of one tracer class: absolute SUVbw or a multiple of the host tissue's; drawn in a range."""

    suv: Range | None = None
    times_background: Range | None = None


@dataclass(frozen=True)
class LesionRule:
    """One or more tumours to make; ranges are drawn per tumour. ``line`` is where the rule stands in the file."""

    site: str
    place: dict[str, Any]
    diameter_mm: Range
    uptake: dict[str, Uptake]
    count: tuple[int, int] = (1, 1)
    shape: str = "round"
    hu_offset: float = -8.0
    margin_mm: float = 8.0
    line: int = 0


def read_lesion(node: Node) -> LesionRule:
    """Check one entry of 'lesions'. Raises InputError naming file and line."""
    entries = node.mapping(("site", "place", "diameter_mm", "uptake"), ("count", "shape", "hu_offset", "margin_mm"))
    uptake = {}
    for key, item in entries["uptake"].mapping(("sstr", "fdg")).items():
        given = item.mapping((), ("suv", "times_background"))
        if len(given) != 1:
            raise item.refuse(f"{item.what} needs either suv or times_background", found=", ".join(given) or "neither")
        uptake[key] = Uptake(
            suv=given["suv"].range(0, 400) if "suv" in given else None,
            times_background=given["times_background"].range(0, 200) if "times_background" in given else None,
        )
    count = entries["count"].range(0, 80) if "count" in entries else (1.0, 1.0)
    return LesionRule(
        site=entries["site"].choice(SITES),
        place=_place(entries["place"]),
        diameter_mm=entries["diameter_mm"].range(4, 120),
        uptake=uptake,
        count=(int(count[0]), int(count[1])),
        shape=entries["shape"].choice(SHAPES) if "shape" in entries else "round",
        hu_offset=entries["hu_offset"].number(-200, 1200) if "hu_offset" in entries else -8.0,
        margin_mm=entries["margin_mm"].number(0, 60) if "margin_mm" in entries else 8.0,
        line=node.line,
    )


def _place(node: Node) -> dict[str, Any]:
    entries = node.mapping((), ("in", "at", "side"))
    if ("in" in entries) == ("at" in entries):
        raise node.refuse("'place' needs either 'in' (a structure) or 'at' (x, y, z in anatomical mm)")
    if "at" in entries:
        point = [item.number(-600, 600) for item in entries["at"].items()]
        if len(point) != 3:
            raise entries["at"].refuse("'at' needs three numbers", found=str(point))
        return {"at": tuple(point)}
    place: dict[str, Any] = {"in": entries["in"].text()}
    if "side" in entries:
        place["side"] = entries["side"].choice(("left", "right"))
    return place
