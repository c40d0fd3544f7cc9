"""Plan the imaging of one patient: ranked exams with reasons, protocol, cautions and the next step for each outcome.

From a clinical file, from options, or from answers asked one by one on a terminal.
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isletscope.cli.console import Console, ExitCode, Json, Verbose
from isletscope.errors import InputError, OutputError

if TYPE_CHECKING:
    from isletscope.criteria import ImagingPlan

NAME = "advise"


class Face(StrEnum):
    """How the plan is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


def run(
    file: Annotated[Path | None, typer.Argument(help="Clinical file, YAML or JSON.")] = None,
    question: Annotated[list[str] | None, typer.Option("--question", help="What is asked; may be repeated.")] = None,
    syndrome: Annotated[str | None, typer.Option("--syndrome", help="Hormone, e.g. insulin, gastrin, none.")] = None,
    germline: Annotated[str | None, typer.Option("--germline", help="Hereditary syndrome, e.g. MEN1.")] = None,
    age: Annotated[float | None, typer.Option("--age", help="Years.")] = None,
    sex: Annotated[str | None, typer.Option("--sex", help="F, M or O.")] = None,
    weight: Annotated[float | None, typer.Option("--weight", help="kg.")] = None,
    size: Annotated[float | None, typer.Option("--size", help="Largest tumour, mm.")] = None,
    ki67: Annotated[str | None, typer.Option("--ki67", help="Percent, e.g. 4 or '3-5 %'.")] = None,
    grade: Annotated[str | None, typer.Option("--grade", help="G1, G2, G3, NEC or MiNEN.")] = None,
    egfr: Annotated[float | None, typer.Option("--egfr", help="mL/min/1.73 m2.")] = None,
    pregnant: Annotated[bool | None, typer.Option("--pregnant/--not-pregnant", help="Pregnancy.")] = None,
    done: Annotated[list[str] | None, typer.Option("--done", help="Earlier exam, e.g. CT=negative.")] = None,
    available: Annotated[str | None, typer.Option("--available", help="What exists, e.g. CT,MR,SSTR.")] = None,
    today: Annotated[datetime | None, typer.Option("--today", formats=["%Y-%m-%d"], help="Day of the plan.")] = None,
    face: Annotated[Face, typer.Option("--format", help="How the plan is printed.")] = Face.TEXT,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of the terminal.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope advise``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.cli.documents import read_document
    from isletscope.criteria import advise, read_clinical

    day = today.date() if today is not None else date.today()
    console = Console(verbose=verbose, as_json=as_json)
    flags: dict[str, Any] = {
        "questions": question or None,
        "hormones.syndrome": syndrome,
        "germline": germline,
        "patient.age_years": age,
        "patient.sex": sex,
        "patient.weight_kg": weight,
        "tumour.largest_mm": size,
        "histology.ki67_percent": ki67,
        "histology.grade": grade,
        "laboratory.egfr_ml_min": egfr,
        "constraints.pregnant": pregnant,
        "done": [_exam_done(text) for text in done] if done else None,
        "available": [name.strip() for name in available.split(",")] if available else None,
    }
    given = {place: value for place, value in flags.items() if value is not None}
    nothing = file is None and not set(given) - {"available"}
    document = read_document(file) if file is not None else _asked(day, console) if nothing else {}
    plan = advise(read_clinical(_with(document, given), today=day, subject=str(file or "advise")), today=day)
    if as_json:
        console.document(plan.model_dump(mode="json"))
    else:
        _print(console, _faced(plan, face, full=verbose), out, force)
    return ExitCode.DONE


def _faced(plan: ImagingPlan, face: Face, *, full: bool) -> str:
    from isletscope.cli.advice_html import plan_html
    from isletscope.cli.advice_page import plan_markdown, plan_text

    return {Face.TEXT: plan_text, Face.MARKDOWN: plan_markdown, Face.HTML: plan_html}[face](plan, full=full)


def _asked(day: date, console: Console) -> dict[str, Any]:
    """The clinical file as answered on the terminal. Raises InputError where nobody can answer."""
    from isletscope.cli.questions import ask_clinical

    if not sys.stdin.isatty():
        raise InputError(
            "a clinical file or options are needed",
            subject="advise",
            expected="isletscope advise FILE, or options such as --syndrome insulin --done CT=negative",
            remedy="On a terminal the questions are asked one by one.",
        )
    return ask_clinical(day, console.say)


def _exam_done(text: str) -> dict[str, str]:
    exam, equals, finding = text.partition("=")
    if not equals:
        raise InputError("an earlier exam is EXAM=FINDING", subject="--done", found=text, expected="e.g. CT=negative")
    return {"exam": exam.strip(), "finding": finding.strip()}


def _with(document: Any, given: dict[str, Any]) -> Any:
    """The document with what the options say on top of it."""
    if not isinstance(document, dict):
        return document
    merged = dict(document)
    for place, value in given.items():
        part, _, key = place.rpartition(".")
        if not part:
            merged[key] = value
        elif isinstance(merged.get(part, {}), dict):
            merged[part] = {**merged.get(part, {}), key: value}
    return merged


def _print(console: Console, text: str, path: Path | None, force: bool) -> None:
    """On the terminal, or into a file that is not overwritten unasked."""
    if path is None:
        console.say(text.rstrip("\n"))
        return
    if path.exists() and not force:
        raise OutputError("exists already", subject=str(path), remedy="Add --force to overwrite it.")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError("cannot be written", subject=str(path), found=str(error)) from error
    console.say(f"Wrote {path}.")
