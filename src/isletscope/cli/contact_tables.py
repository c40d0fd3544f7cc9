"""Contact with vessels for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from isletscope.criteria import narrowing_percent
from isletscope.surgery import (
    TOLERANCES_MM,
    Apart,
    Contact,
    NotAssessable,
    VesselContact,
    contact_at,
    gaps_of,
    teardrop,
)

if TYPE_CHECKING:
    from isletscope.cli.console import Console
    from isletscope.reading import ContactsOfMasks

_LEGEND = (
    "Degrees around the vessel at tolerances in mm; lengths and distances in mm. Contact (abutment up to 180°,",
    "encasement above), 95 % interval, length and narrowing are those at 1 mm. The interval holds errors of the",
    "outline, not what two readers would outline differently.",
)

Found = VesselContact | Apart | NotAssessable


def show_contacts(
    console: Console, result: ContactsOfMasks, more: Sequence[float], pictures: Mapping[str, Path]
) -> None:
    """The table, worst first, and under it what to know of each vessel."""
    tolerances = _tolerances(more)
    table = Table(box=None, pad_edge=False)
    for heading in ("Vessel", "Contact"):
        table.add_column(heading, no_wrap=True)
    numbers = [f"° at {tolerance:g}" for tolerance in tolerances]
    for heading in (*numbers, "95 %", "Length", "Free below / above", "Narrowing", "Distance"):
        table.add_column(heading, justify="right", no_wrap=True)
    found = sorted((one for one, _ in result.found), key=_severity)
    for one in found:
        table.add_row(one.vessel, *_cells(one, tolerances))
    console.say(f"Tumour   {result.tumour.volume_ml:.1f} mL, voxels of {_voxel(result)} mm\n")
    console.show(table)
    console.say("")
    for one in found:
        for line in _lines(one):
            console.say(f"{one.vessel}: {line}.")
    for note in result.notes:
        console.say(f"Note     {note}")
    for line in _LEGEND:
        console.say(line)
    for path in pictures.values():
        console.say(f"Picture  {path}")


def contact_document(result: ContactsOfMasks, more: Sequence[float], pictures: Mapping[str, Path]) -> dict[str, Any]:
    """The same for programs to read."""
    return {
        "tumour_ml": result.tumour.volume_ml,
        "spacing_kji_mm": list(result.tumour.geometry.spacing_mm),
        "vessels": [_document(one, _tolerances(more), pictures) for one, _ in result.found],
        "notes": list(result.notes),
    }


def _tolerances(more: Sequence[float]) -> list[float]:
    return sorted({*TOLERANCES_MM, *more})


def _severity(one: Found) -> tuple[float, str]:
    return (-one.contact.degrees_max if isinstance(one, VesselContact) else isinstance(one, NotAssessable), one.vessel)


def _at(one: VesselContact, tolerance: float) -> Contact:
    known = one.by_tolerance.get(tolerance)
    return known or contact_at(one.beside.wall, gaps_of(one.beside), tolerance)


def _cells(one: Found, tolerances: Sequence[float]) -> list[str]:
    if isinstance(one, NotAssessable):
        return ["not assessable", *["n/a"] * (len(tolerances) + 5)]
    if isinstance(one, Apart):
        free = f"all of {one.length_mm:.0f}"
        return ["none", *["0"] * len(tolerances), "", "0", free, "", f"{one.gap_mm:.1f}"]
    low, high = one.spread.degrees
    percent = _narrowing(one)
    return [
        one.category,
        *(f"{_at(one, tolerance).degrees_max:.0f}" for tolerance in tolerances),
        f"{low:.0f} to {high:.0f}",
        f"{one.contact.length_mm['any']:.0f}",
        f"{one.clean_mm[0]:.0f} / {one.clean_mm[1]:.0f}"
        if one.contact.degrees_max > 0
        else f"all of {one.followed_mm:.0f}",
        "n/a" if percent is None else f"{percent:.0f} %",
        f"{one.gap_mm:.1f}",
    ]


def _lines(one: Found) -> list[str]:
    """What to know beside the figures of the table."""
    if isinstance(one, NotAssessable):
        return [f"not assessable, because {one.because}"]
    if isinstance(one, Apart):
        return []
    lines = [f"{one.neighbouring_words}; length 95 % {one.spread.length_mm[0]:.0f} to {one.spread.length_mm[1]:.0f} mm"]
    if one.calibre is None:
        lines.append("narrowing not told, because the course shows too little vessel on either side of the contact")
    elif one.calibre.one_sided:
        lines.append("narrowing against one side alone")
    if one.calibre is not None and teardrop(one.calibre):
        lines.append("drawn to a teardrop")
    if one.truncated:
        lines.append("contact is cut by the edge of the images: its lengths are lower bounds")
    return [*lines, *one.notes]


def _narrowing(one: VesselContact) -> float | None:
    if one.filling is not None and one.filling.occluded_mm > 0:
        return 100.0
    return None if one.calibre is None else narrowing_percent(one.calibre.reference_mm, one.calibre.smallest_mm)


def _document(one: Found, tolerances: Sequence[float], pictures: Mapping[str, Path]) -> dict[str, Any]:
    if isinstance(one, NotAssessable):
        return {"vessel": one.vessel, "assessable": False, "why_not": one.because}
    if isinstance(one, Apart):
        at = {f"{tolerance:g}": {"degrees": 0.0, "length_mm": 0.0} for tolerance in tolerances}
        return {
            "vessel": one.vessel,
            "assessable": True,
            "category": "none",
            "by_tolerance_mm": at,
            "distance_mm": one.gap_mm,
            "followed_mm": one.length_mm,
        }
    by_tolerance = {}
    for tolerance in tolerances:
        contact = _at(one, tolerance)
        by_tolerance[f"{tolerance:g}"] = {
            "degrees": contact.degrees_max,
            "largest_arc_degrees": contact.largest_arc,
            "length_mm": contact.length_mm["any"],
            "length_over_90_mm": contact.length_mm["gt90"],
            "length_over_180_mm": contact.length_mm["gt180"],
        }
    picture = pictures.get(one.vessel)
    return {
        "vessel": one.vessel,
        "assessable": True,
        "category": one.category,
        "by_tolerance_mm": by_tolerance,
        "interval_95_degrees": list(one.spread.degrees),
        "interval_95_length_mm": list(one.spread.length_mm),
        "chances": one.spread.chances,
        "distance_mm": one.gap_mm,
        "followed_mm": one.followed_mm,
        "free_below_mm": one.clean_mm[0],
        "free_above_mm": one.clean_mm[1],
        "radius_mm": one.radius_mm,
        "narrowing_percent": _narrowing(one),
        "teardrop": None if one.calibre is None else teardrop(one.calibre),
        "at_mouth": one.at_mouth,
        "truncated": one.truncated,
        "notes": list(one.notes),
        "picture": None if picture is None else str(picture),
    }


def _voxel(result: ContactsOfMasks) -> str:
    k, j, i = result.tumour.geometry.spacing_mm
    return f"{i:.2f} × {j:.2f} × {k:.2f}"
