"""Write the truth of a reference patient as a case: what a reading would hold that saw everything right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose
from isletscope.cli.phantom import Size
from isletscope.errors import InputError

NAME = "phantom-case"


def run(
    patient: Annotated[
        str, typer.Argument(help="Folder made by phantom, or a scenario (name or YAML file): then no image is made.")
    ],
    case: Annotated[Path, typer.Argument(help="Case folder to write, with its report.")],
    seed: Annotated[int, typer.Option("--seed", help="Of a scenario; the same seed gives the same patient.")] = 1,
    size: Annotated[Size, typer.Option("--size", help="Of a scenario; voxel count of its exams.")] = Size.FULL,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope phantom-case``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.assessment import assess
    from isletscope.cli.reporting import fault_documents, show_report, write_case_report
    from isletscope.model import case_from_json
    from isletscope.phantom import case_of_truth
    from isletscope.reading import CaseFolder, write_text

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    truth = _truth(patient, seed, size)
    folder = CaseFolder.prepare(case)
    folder.save(assess(case_from_json(json.dumps(case_of_truth(truth)))))
    write_text(case / "truth" / "truth.json", json.dumps(truth, indent=1) + "\n")
    with console.progress() as progress:
        files = write_case_report(folder, progress=progress, anew=True)
    if as_json:
        paths = {"case": str(case / "case.json"), "truth": str(case / "truth" / "truth.json"), "html": str(files.html)}
        console.document({**paths, "pdf": str(files.pdf), "report_checks": fault_documents(files)})
        return ExitCode.DONE
    console.say(f"Case     {case / 'case.json'}")
    console.say(f"Truth    {case / 'truth' / 'truth.json'}")
    show_report(console, files)
    return ExitCode.DONE


def _truth(patient: str, seed: int, size: Size) -> dict[str, Any]:
    """The truth in the patient's folder, or that of a scenario."""
    from isletscope.phantom import truth_alone

    for path in (Path(patient) / "truth" / "truth.json", Path(patient) / "truth.json"):
        if path.is_file():
            try:
                truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise InputError("the file cannot be read", subject=str(path), found=str(error)) from error
            if "tissues" not in truth:
                raise InputError(
                    "this truth was written by an older version",
                    subject=str(path),
                    remedy="Make the reference patient again, or name its scenario.",
                )
            return truth
    named = Path(patient) if patient.endswith((".yaml", ".yml")) else patient
    return truth_alone(named, seed=seed, size=size.value)
