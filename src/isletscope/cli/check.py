"""List exams and series of a folder: role and why, quality findings, how SUV would be computed. Writes nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose

NAME = "check"


def run(
    inputs: Annotated[list[Path], typer.Argument(help="Folders, zip files or single files.")],
    patient: Annotated[str | None, typer.Option("--patient", help="Patient ID, when there are several.")] = None,
    entries: Annotated[Path | None, typer.Option("--entries", help="Reader's entries, YAML or JSON.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope check``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.tables import exam_table
    from isletscope.reading import load_entries, look

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    with console.progress() as progress, tempfile.TemporaryDirectory(prefix="isletscope-") as workspace:
        seen = look(
            inputs,
            Path(workspace),
            patient_id=patient,
            entries=load_entries(entries).entries if entries else (),
            progress=progress,
        )
    refusals = seen.refusals
    if as_json:
        console.document(
            {
                "patient": seen.patient.model_dump(mode="json", exclude_none=True),
                "exams": [exam.model_dump(mode="json", exclude_none=True) for exam in seen.exams],
                "supplements": [item.record.model_dump(mode="json", exclude_none=True) for item in seen.supplements],
                "refusals": list(refusals),
            }
        )
    else:
        console.say(f"Patient {seen.patient.id}")
        for exam in seen.exams:
            console.show(exam_table(exam))
        for item in seen.supplements:
            console.say(f"{item.record.kind}: {item.record.path_name}, {len(item.record.regions)} regions")
        for sentence in refusals:
            console.say(f"Refused  {sentence}")
    return ExitCode.DONE_WITH_REFUSALS if refusals else ExitCode.DONE
