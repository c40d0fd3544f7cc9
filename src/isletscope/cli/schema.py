"""Print the JSON Schema of the case document, of a reader's entries, of the clinical file, or of a report's answers."""

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
    CLINICAL = "clinical"
    ANSWERS = "answers"


def run(
    document: Annotated[Document, typer.Argument(help="Which document.")] = Document.CASE,
) -> int:
    """Carry out ``isletscope schema``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from pydantic import BaseModel

    from isletscope.criteria import ClinicalFile
    from isletscope.items import ReportAnswers
    from isletscope.model import Case, ReaderEntries

    models: dict[Document, type[BaseModel]] = {
        Document.CASE: Case,
        Document.ENTRIES: ReaderEntries,
        Document.CLINICAL: ClinicalFile,
        Document.ANSWERS: ReportAnswers,
    }
    schema = models[document].model_json_schema()
    Console(as_json=True).document({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    return ExitCode.DONE
