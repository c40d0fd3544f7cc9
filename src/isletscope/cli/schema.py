"""Print the JSON Schema of the case document, or of a file of reader's entries."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from isletscope.cli.console import Console, ExitCode

NAME = "schema"


class Document(StrEnum):
    """Documents that have a schema."""

    CASE = "case"
    ENTRIES = "entries"


def run(
    document: Annotated[Document, typer.Argument(help="Which document.")] = Document.CASE,
) -> int:
    """Carry out ``isletscope schema``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.model import Case, ReaderEntries

    schema = (Case if document is Document.CASE else ReaderEntries).model_json_schema()
    Console(as_json=True).document({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    return ExitCode.DONE
