"""Contact of a tumour with vessels from mask files: degrees, length, free course, narrowing; pictures where asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet
from isletscope.errors import InputError

if TYPE_CHECKING:
    from isletscope.reading import ContactsOfMasks, Trace

NAME = "contact"
_WIDTH_MM = 178.0
_TRACE = re.compile(r"^([A-Za-z][\w .-]*)=([^:]+):([^:]+)$")

Tumour = Annotated[
    str, typer.Option("--tumour", metavar="FILE[#ROI]", help="Mask of the tumour: NIfTI, DICOM SEG or RTSTRUCT.")
]
Vessels = Annotated[
    list[str] | None,
    typer.Option(
        "--vessel",
        metavar="[NAME=]FILE[#ROI]",
        help="Mask of a vessel's lumen; without a name all regions of the file. May be repeated.",
    ),
]
Traces = Annotated[
    list[str] | None,
    typer.Option(
        "--trace",
        metavar="NAME=X,Y,Z:X,Y,Z",
        help="Vessel to be traced on --images between two points in it, LPS mm. May be repeated.",
    ),
]
LargestRadius = Annotated[
    float, typer.Option("--largest-radius", metavar="MM", min=0.5, max=30.0, help="Of a traced vessel.")
]
Images = Annotated[
    Path | None,
    typer.Option("--images", help="CT or MR under the masks: folder of one series, or NIfTI. Needed for DICOM masks."),
]
Thrombus = Annotated[
    str | None, typer.Option("--thrombus", metavar="FILE[#ROI]", help="Mask of what fills a vessel from inside.")
]
Tolerances = Annotated[
    list[float] | None,
    typer.Option(
        "--tolerance",
        metavar="MM",
        min=0.0,
        max=3.0,
        help="Distance that counts as touching, beside 0, 0.5, 1.0 and 1.5 mm. May be repeated.",
    ),
]
Picture = Annotated[
    Path | None, typer.Option("--picture", metavar="DIR", help="Folder for a picture (SVG) of each touched vessel.")
]


def run(
    tumour: Tumour,
    vessel: Vessels = None,
    trace: Traces = None,
    largest_radius: LargestRadius = 8.0,
    images: Images = None,
    thrombus: Thrombus = None,
    tolerance: Tolerances = None,
    picture: Picture = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Carry out ``isletscope contact``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.contact_tables import contact_document, show_contacts
    from isletscope.reading import ContactRequest, Region, contacts_of_masks
    from isletscope.surgery import NotAssessable

    request = ContactRequest(
        tumour=Region.parsed(tumour),
        vessels=[Region.parsed(one) for one in vessel or []],
        thrombus=None if thrombus is None else Region.parsed(thrombus),
        traces=[_trace(one, largest_radius) for one in trace or []],
        images=images,
    )
    console = Console(quiet=quiet, as_json=as_json)
    result = contacts_of_masks(request)
    pictures = {} if picture is None else _write_pictures(result, picture)
    if as_json:
        console.document(contact_document(result, tolerance or [], pictures))
    else:
        show_contacts(console, result, tolerance or [], pictures)
    refused = any(isinstance(one, NotAssessable) for one, _ in result.found)
    return ExitCode.DONE_WITH_REFUSALS if refused else ExitCode.DONE


def _trace(text: str, largest_radius_mm: float) -> Trace:
    from isletscope.reading import Trace

    parts = _TRACE.match(text)
    try:
        if parts is None:
            raise ValueError
        start, end = (tuple(float(one) for one in part.split(",")) for part in parts.groups()[1:])
        (x, y, z), (u, v, w) = start, end
    except ValueError:
        raise InputError(
            "is no vessel between two points",
            subject="--trace",
            found=text,
            expected="a name and two points in LPS mm, e.g. --trace SMV=25.4,-25.9,61.8:24.0,-27.1,11.8",
        ) from None
    return Trace(parts[1].strip(), (x, y, z), (u, v, w), largest_radius_mm)


def _write_pictures(result: ContactsOfMasks, folder: Path) -> dict[str, Path]:
    """One SVG for each touched vessel; gives the paths by vessel."""
    from isletscope.reading import write_text
    from isletscope.report import vessel_contact_figure

    written = {}
    for found, view in result.found:
        if view is None or view.degrees_max <= 0:
            continue
        figure = vessel_contact_figure(view, title=found.vessel, width_mm=_WIDTH_MM)
        path = folder / f"{re.sub(r'[^A-Za-z0-9_-]+', '-', found.vessel)}.svg"
        write_text(path, figure.svg)
        written[found.vessel] = path
    return written
