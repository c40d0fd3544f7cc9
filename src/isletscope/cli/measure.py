"""Measure a region of one series: volume, minimum, maximum, mean, median, peaks; SUV for PET. Prints JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode

NAME = "measure"


def run(
    series: Annotated[Path, typer.Argument(help="Folder or file with the images of one series.")],
    mask: Annotated[Path, typer.Option("--mask", help="Region: NIfTI, DICOM SEG or RTSTRUCT.")],
    roi: Annotated[str | None, typer.Option("--roi", help="Name or number of the region in the mask file.")] = None,
    entries: Annotated[Path | None, typer.Option("--entries", help="Reader's entries, YAML or JSON.")] = None,
) -> int:
    """Carry out ``isletscope measure``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.reading import load_entries, measure_series

    results = measure_series(series, mask, roi=roi, entries=load_entries(entries).entries if entries else ())
    Console(as_json=True).document(results[0] if len(results) == 1 else results)
    return ExitCode.DONE
