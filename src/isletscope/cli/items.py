"""The report's items: `items list` shows what is asked, `items check FILE` what is open and what blocks signing."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Verbose

NAME = "items"


class Action(StrEnum):
    """What to do with items."""

    LIST = "list"
    CHECK = "check"


def run(
    action: Annotated[Action, typer.Argument(help="Show the items, or check the answers of a report.")],
    answers: Annotated[Path | None, typer.Argument(help="Answers, YAML or JSON, for check.")] = None,
    step: Annotated[int | None, typer.Option(min=1, max=10, help="Only this step of the reading.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope items``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.documents import read_document
    from isletscope.cli.item_texts import check_lines, item_document, items_table
    from isletscope.errors import InputError
    from isletscope.items import catalogue, completeness, read_answers

    console = Console(verbose=verbose, as_json=as_json)
    book = catalogue()
    if action is Action.LIST:
        if answers is not None:
            raise InputError("is not needed to list the items", subject=str(answers), remedy="Say items check FILE.")
        listed = [item for item in book.items.values() if step is None or book.step_of[item.id] == step]
        if as_json:
            console.document([item_document(book, item) for item in listed])
        else:
            console.show(items_table(book, listed, details=verbose))
        return ExitCode.DONE
    if answers is None:
        raise InputError(
            "a file of answers is needed",
            subject="items check",
            expected="isletscope items check ANSWERS.yaml",
            remedy="`isletscope items list` shows what can be answered.",
        )
    given = read_answers(read_document(answers), book, subject=str(answers), not_after=date.today())
    result = completeness(book, given)
    if as_json:
        kept = result.model_copy(update={"items": [s for s in result.items if step is None or s.step == step]})
        console.document({**kept.model_dump(mode="json"), "can_be_signed": result.can_be_signed})
    else:
        for line in check_lines(book, result, step=step, every=verbose):
            console.say(line)
    return ExitCode.DONE
