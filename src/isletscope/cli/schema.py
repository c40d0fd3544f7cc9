"""Print the JSON Schema of the case document, or of a file of reader's entries."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from pydantic import BaseModel

from isletscope.cli.console import Console, ExitCode
from isletscope.model import Case, ReaderEntries

NAME = "schema"


class Document(StrEnum):
    """Documents that have a schema."""

    CASE = "case"
    ENTRIES = "entries"


_MODELS: dict[Document, type[BaseModel]] = {Document.CASE: Case, Document.ENTRIES: ReaderEntries}


def run(
    document: Annotated[Document, typer.Argument(help="Which document.")] = Document.CASE,
) -> int:
    """Carry out ``isletscope schema``."""
    schema = _MODELS[document].model_json_schema()
    Console(as_json=True).document({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    return ExitCode.DONE
