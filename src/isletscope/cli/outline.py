"""Outline what lies at one point of a series of a case: the mask, its axes and volume with intervals, or why not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isletscope.cli.console import Console, ExitCode, Json
from isletscope.errors import InputError

if TYPE_CHECKING:
    from isletscope.reading import PointOutline
    from isletscope.spatial import Interval

NAME = "outline"


def run(
    case: Annotated[Path, typer.Argument(help="Case folder made by isletscope read.")],
    series: Annotated[str, typer.Option("--series", help="Key of the series, e.g. ct-5.")],
    at: Annotated[str, typer.Option("--at", metavar="X,Y,Z", help="Point inside the lesion, LPS mm.")],
    radius: Annotated[float | None, typer.Option("--radius", help="Radius that is expected, mm.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="NIfTI file to write the outline to.")] = None,
    as_json: Json = False,
) -> int:
    """Carry out ``isletscope outline``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.reading import CaseFolder, outline_point, write_outline

    console = Console(as_json=as_json)
    found = outline_point(CaseFolder.open(case), series, _point(at), radius)
    if found.sizes is not None and out is not None:
        write_outline(out, found.outline)
    if as_json:
        console.document(_document(found, out))
    else:
        for line in _lines(found, out):
            console.say(line)
    return ExitCode.DONE if found.sizes is not None else ExitCode.DONE_WITH_REFUSALS


def _point(text: str) -> tuple[float, float, float]:
    try:
        x, y, z = (float(part) for part in text.replace(";", ",").split(","))
    except ValueError:
        raise InputError(
            "is no point", subject="--at", found=text, expected="three numbers, e.g. --at 25.4,-25.9,61.8"
        ) from None
    return x, y, z


def _lines(found: PointOutline, out: Path | None) -> list[str]:
    """The outline for people to read."""
    name = found.series.description or found.series.role.value
    where = f"{found.series.key} ({name})" + (f", in the {found.organ}" if found.organ else "")
    if found.sizes is None:
        return [f"No outline on {where}: {found.outline.why_not}."]
    sizes = found.sizes
    lines = [
        f"Outline on {where}, confidence {found.outline.confidence}",
        "",
        _line("Long axis", sizes.long_axis_mm, "mm", "in an axial plane"),
        _line("Short axis", sizes.short_axis_mm, "mm", "across it in the same plane"),
        _line("Largest diameter", sizes.largest_diameter_mm, "mm", "in space"),
        _line("Volume", sizes.volume_ml, "mL", ""),
        "",
        f"Method: {found.outline.method}.",
        "Intervals: outlines at 40 and 60 % of the contrast and from four points beside the seed "
        f"({found.redrawn} of 6 count), and half a voxel.",
        *(f"Note: {flag}." for flag in found.outline.flags),
    ]
    return [*lines, f"Written to {out}"] if out is not None else lines


def _line(name: str, interval: Interval, unit: str, more: str) -> str:
    value = f"{_number(interval.value)} {unit}"
    span = f"({_number(interval.low)} to {_number(interval.high)})"
    return f"  {name:<17}{value:>9}  {span:<18}{more}".rstrip()


def _number(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _document(found: PointOutline, out: Path | None) -> dict[str, Any]:
    """The outline for programs to read."""
    outline, sizes = found.outline, found.sizes
    document: dict[str, Any] = {
        "series": found.series.key,
        "seed_lps_mm": list(outline.seed_lps_mm),
        "organ": found.organ or None,
        "outlined": sizes is not None,
        "why_not": outline.why_not or None,
    }
    if sizes is None:
        return document
    return document | {
        "confidence": outline.confidence,
        "method": outline.method,
        "flags": list(outline.flags),
        "inner": outline.inner,
        "background": outline.background,
        "noise": outline.noise,
        "level": outline.level,
        "unit": found.unit,
        "long_axis_mm": _span(sizes.long_axis_mm),
        "short_axis_mm": _span(sizes.short_axis_mm),
        "largest_diameter_mm": _span(sizes.largest_diameter_mm),
        "volume_ml": _span(sizes.volume_ml),
        "outlines_behind_intervals": found.redrawn,
        "mask": str(out) if out else None,
    }


def _span(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}
