"""Find the organs of each CT and MR: label maps in NIfTI and a table with volume, source and confidence."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet
from isletscope.errors import InputError

NAME = "anatomy"


class Source(StrEnum):
    """What finds the organs."""

    BUILT_IN = "built-in"
    TOTALSEGMENTATOR = "totalsegmentator"


def run(
    inputs: Annotated[list[Path], typer.Argument(help="Folders, zip files or single files with the DICOM images.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the label maps and organs.json.")],
    source: Annotated[
        Source, typer.Option("--source", help="Built-in means, or TotalSegmentator (extra) before them.")
    ] = Source.BUILT_IN,
    series: Annotated[str | None, typer.Option("--series", help="Key of one series, e.g. ct-2; all otherwise.")] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="Folder of TotalSegmentator's models; nothing is fetched.")
    ] = None,
    python: Annotated[
        Path | None, typer.Option("--python", help="Python that has TotalSegmentator; this one when not given.")
    ] = None,
    patient: Annotated[str | None, typer.Option("--patient", help="Patient ID, when there are several.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Carry out ``isletscope anatomy``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.reading import TotalSegmentator, find_anatomy

    console = Console(quiet=quiet, as_json=as_json)
    for path in inputs:
        if not path.exists():
            raise InputError("does not exist", subject=str(path), remedy="Check the path.")
    program = None
    if source is Source.TOTALSEGMENTATOR:
        program = TotalSegmentator.ready(str(python) if python else sys.executable, weights)
    with console.progress() as progress:
        found = find_anatomy(inputs, out, series=series, patient_id=patient, program=program, progress=progress)
    if as_json:
        console.document({"organs": list(found.rows), "refused": list(found.refusals), "table": str(found.table)})
    for row in [] if as_json else found.rows:
        volume = f"{row['volume_ml']:7.0f} mL" if "volume_ml" in row else "   missing"
        why = row.get("missing_because") or f"{row['confidence']}; {row['source']}"
        console.say(f"{row['series']:<8} {row['name']:<20} {volume}  {why}")
    for sentence in found.refusals:
        console.say(f"Refused  {sentence}")
    console.say(f"Table    {found.table}")
    return ExitCode.DONE_WITH_REFUSALS if found.refusals else ExitCode.DONE
