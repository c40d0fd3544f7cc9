"""What a reading is asked to do: inputs, reader's entries and answers, clinical file, given anatomy."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic.types import JsonValue

from isletscope.criteria import read_clinical
from isletscope.errors import InputError
from isletscope.items import ReportAnswers, catalogue, read_answers
from isletscope.model import ReaderEntries, ReaderEntry, SamePatient, VerdictOverride, Withdrawal
from isletscope.yaml_text import read_yaml


@dataclass(frozen=True)
class ReadRequest:
    """One call of ``read``: folders, zips or files in, a case folder out. ``workers``: processes that read series."""

    inputs: tuple[Path, ...]
    out: Path
    patient_id: str | None = None
    same_patient: tuple[SamePatient, ...] = ()
    entries: tuple[ReaderEntry, ...] = ()
    overrides: tuple[VerdictOverride, ...] = ()
    withdrawn: tuple[Withdrawal, ...] = ()
    clinical: dict[str, JsonValue] = field(default_factory=dict)
    anatomy: tuple[Path, ...] = ()
    anatomy_names: Path | None = None
    answers: ReportAnswers = field(default_factory=ReportAnswers)
    workers: int = 1


def load_entries(path: Path) -> ReaderEntries:
    """The reader's entries and overrides of a YAML or JSON file. Raises InputError naming the entry that is wrong."""
    document = _load_document(path)
    try:
        return ReaderEntries.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            "does not follow the schema of reader's entries",
            subject=str(path),
            found=f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}",
            expected="entries with subject, value, who, when, why; overrides with lesion, verdict, who, when, why; "
            "withdrawn with lesion, who, when, why",
            remedy="Print the schema with: isletscope schema entries",
        ) from error


def load_clinical(path: Path, today: date) -> dict[str, JsonValue]:
    """The clinical file (YAML or JSON), checked and kept as given. Dates after ``today`` are refused.

    Raises InputError that names the entry which does not fit.
    """
    document: dict[str, JsonValue] = _load_document(path)
    read_clinical(document, today=today, subject=str(path))
    return document


def load_answers(path: Path, today: date) -> ReportAnswers:
    """A reader's answers to the items of the report. Dates after ``today`` are refused.

    Raises InputError that names the answer which does not fit.
    """
    return read_answers(_load_document(path), catalogue(), subject=str(path), not_after=today)


def same_patient_statement(identifiers: str, reason: str) -> SamePatient:
    """The statement made by ``--same-patient ID=ID --reason TEXT``. Raises InputError when a part is lacking."""
    first, equals, second = identifiers.partition("=")
    if not (first and equals and second):
        raise InputError(
            "two patient identifiers joined by = are needed",
            subject="--same-patient",
            found=identifiers,
            expected="ID=ID",
        )
    if len(reason) < 3:
        raise InputError(
            "a reason must be given for joining two patient identifiers",
            subject="--same-patient",
            remedy='Add for example: --reason "identifier changed on transfer"',
        )
    return SamePatient(ids=(first, second), reason=reason)


def _load_document(path: Path) -> Any:
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        # Through JSON and back: YAML's dates become the ISO text that the documents hold.
        return json.loads(json.dumps(read_yaml(text), default=str))
    except OSError as error:
        raise InputError("cannot be opened", subject=str(path), found=error.strerror or str(error)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = getattr(error, "problem_mark", None)
        where = f"line {place.line + 1}, column {place.column + 1}" if place else "its text"
        if place and place.line >= len(text.splitlines()):
            where = "its end"  # what was opened before is not closed
        raise InputError("is neither YAML nor JSON", subject=str(path), found=f"an error at {where}") from error
