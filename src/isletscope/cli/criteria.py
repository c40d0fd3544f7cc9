"""Clinical criteria: `criteria list` shows all, `criteria run NAME --input FILE` answers one with its reasons."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Verbose

NAME = "criteria"


class Action(StrEnum):
    """What to do with criteria."""

    LIST = "list"
    RUN = "run"


def run(
    action: Annotated[Action, typer.Argument(help="Show all criteria, or run one.")],
    name: Annotated[str | None, typer.Argument(help="Name of the criterion, for run.")] = None,
    given: Annotated[Path | None, typer.Option("--input", help="Findings, JSON or YAML, for run.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope criteria``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.conclusions import conclusion_lines, criteria_table
    from isletscope.cli.documents import read_document
    from isletscope.criteria import all_criteria, find_criterion
    from isletscope.errors import InputError

    console = Console(verbose=verbose, as_json=as_json)
    if action is Action.LIST:
        listed = [find_criterion(name)] if name else list(all_criteria().values())
        if as_json:
            console.document([criterion.described() for criterion in listed])
        else:
            console.show(criteria_table(listed, keys=verbose or name is not None))
        return ExitCode.DONE
    if name is None or given is None:
        raise InputError(
            "a criterion and its input are needed",
            subject="criteria run",
            expected="isletscope criteria run NAME --input FILE",
            remedy="`isletscope criteria list` shows the names; `criteria list NAME --json` the schema of its input.",
        )
    conclusion = find_criterion(name).run_document(read_document(given), subject=str(given))
    if as_json:
        console.document(conclusion.model_dump(mode="json", exclude_none=True))
    else:
        for line in conclusion_lines(conclusion, evidence=verbose):
            console.say(line)
    return ExitCode.DONE
