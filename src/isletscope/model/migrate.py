"""Reading case documents of any earlier schema version; a newer one is refused, never half understood."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from isletscope.errors import CaseError
from isletscope.model.case import SCHEMA_VERSION, Case

Migration = Callable[[dict[str, Any]], dict[str, Any]]

# MIGRATIONS[n] turns a document of version n into one of version n + 1. Old documents are kept in tests/model/cases.
MIGRATIONS: dict[int, Migration] = {}


def case_to_json(case: Case) -> str:
    """The case as indented JSON text, keys in document order."""
    return case.model_dump_json(indent=1, exclude_none=True) + "\n"


def case_from_json(text: str, *, subject: str = "case.json") -> Case:
    """Read a case document, bringing an older one forward.

    Raises CaseError when the text is no case document, or was written by a newer Isletscope.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise CaseError(
            "is not JSON", subject=subject, found=str(error), remedy="Run `isletscope read` again."
        ) from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise CaseError("is not a case document", subject=subject, expected="a whole number under schema_version")
    if version > SCHEMA_VERSION:
        raise CaseError(
            "was written by a newer Isletscope",
            subject=subject,
            found=f"schema version {version}",
            expected=f"{SCHEMA_VERSION} or older",
            remedy="Update Isletscope to open this case.",
        )
    for step in range(version, SCHEMA_VERSION):
        document = MIGRATIONS[step](document)
        document["schema_version"] = step + 1
    try:
        return Case.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CaseError(
            "does not follow the case schema",
            subject=subject,
            found=f"{place}: {first['msg']}",
            expected=f"schema version {SCHEMA_VERSION}",
            remedy="Run `isletscope read` again, or mend the entry named.",
        ) from error
