"""Radiomics of lesions by MIRP (IBSI), an optional extra: features as CSV and JSON in the case folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode

NAME = "radiomics"


def run(
    case: Annotated[Path, typer.Argument(help="Case folder.")],
    lesion: Annotated[list[str] | None, typer.Option("--lesion", help="Lesion, e.g. L2; may be repeated.")] = None,
    python: Annotated[
        Path | None, typer.Option("--python", help="Python that MIRP is installed for; this one when not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> int:
    """Carry out ``isletscope radiomics``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.reading import CaseFolder, radiomics

    console = Console(as_json=as_json)
    found = radiomics(CaseFolder.open(case), tuple(lesion or ()), str(python) if python else sys.executable)
    if as_json:
        console.document({"version": found.version, "rows": list(found.rows)})
        return ExitCode.DONE
    for row in found.rows:
        what = row["because"] or f"{len(row['features'])} features"
        console.say(f"{row['lesion']:<6} {row['focus_id']:<12} {row['modality']:<4} {what}")
    console.say(f"Table    {found.table}")
    console.say(f"         {found.document}")
    return ExitCode.DONE
