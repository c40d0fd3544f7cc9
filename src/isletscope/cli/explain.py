"""Explain one item, score, lesion or value of a case: the chain from the voxels to the sentence of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json

NAME = "explain"


def run(
    case: Annotated[Path, typer.Argument(help="Case folder made by read.")],
    what: Annotated[
        list[str],
        typer.Argument(
            help="An item (PRI.SSTR), a score (krenning, krenning L3), a lesion and its value (P1 suv_max)."
        ),
    ],
    time_point: Annotated[str | None, typer.Option("--time-point", help="Time point; the last when left out.")] = None,
    as_json: Json = False,
) -> int:
    """Carry out ``isletscope explain``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from dataclasses import asdict

    from isletscope.cli.explanation import explanation_lines
    from isletscope.errors import InputError
    from isletscope.reading import CaseFolder
    from isletscope.report import explain_case, narrate

    console = Console(as_json=as_json)
    document = CaseFolder.open(case).case
    names = [one.time_point for one in document.assessments]
    if not names or (time_point is not None and time_point not in names):
        raise InputError(
            "there is no assessment of this time point" if names else "the case is not assessed",
            subject=time_point or str(case),
            expected=", ".join(names),
            remedy="Run isletscope assess on the case.",
        )
    explanation = explain_case(document, narrate(document, time_point or names[-1]), what)
    if as_json:
        console.document(asdict(explanation))
    else:
        for line in explanation_lines(explanation):
            console.say(line)
    return ExitCode.DONE
