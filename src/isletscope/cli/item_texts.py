"""Items and the completeness of a report as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import JsonValue
from rich.table import Table

from isletscope.items import AnswerPart, Catalogue, Item, Kind
from isletscope.model import Completeness, ItemState, ItemStatus


def items_table(book: Catalogue, items: Sequence[Item], *, details: bool = False) -> Table:
    """Step, id, question, what an answer is made of, and when it is asked; with help and source where asked."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Step", justify="right")
    table.add_column("Item", no_wrap=True)
    table.add_column("Question", overflow="fold", ratio=4)
    table.add_column("Answer", overflow="fold", ratio=5)
    table.add_column("Wanted", overflow="fold", ratio=3)
    table.add_column("Exams", overflow="fold", ratio=2)
    if details:
        table.add_column("Help and source", overflow="fold", ratio=5)
    for item in items:
        exams = (" and " if item.every_exam else ", ").join(
            book.vocabulary.exams[exam] for exam in book.exams_for(item)
        )
        if "any" in item.exams or not item.exams:
            exams = "any" if item.exams else "none needed"
        wanted = f"{item.need}{f': {item.when}' if item.when else ''}"
        answer = "; ".join(_part_text(part, alone=len(item.answer) == 1) for part in item.answer.values())
        row = [str(book.step_of[item.id]), item.id, item.question, answer, wanted, exams]
        table.add_row(*row, *([f"{item.help} [{', '.join(item.cite)}; {item.support}]"] if details else []))
    return table


def item_document(book: Catalogue, item: Item) -> dict[str, JsonValue]:
    """An item as JSON, with its step and its exams spelled out."""
    document: dict[str, JsonValue] = item.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return {"step": book.step_of[item.id], **document, "exams": list(book.exams_for(item))}


def check_lines(
    book: Catalogue, result: Completeness, *, step: int | None = None, every: bool = False
) -> Iterator[str]:
    """Counts, whether the report can be signed, what is open step by step, and the templates."""
    counts = ", ".join(f"{result.count(state)} {state}" for state in ItemState)
    yield f"{len(result.items)} items: {counts}."
    if result.can_be_signed:
        yield "Nothing blocks signing."
    else:
        count = len(result.blocking)
        yield "1 item blocks signing." if count == 1 else f"{count} items block signing."
    for fact in result.facts_wanted:
        yield f"Say under facts whether {fact} is true or false: {book.vocabulary.facts[fact].question}"
    for part in book.steps:
        if step is not None and part.number != step:
            continue
        shown = [s for s in result.items if s.step == part.number and (every or s.state is ItemState.OPEN or s.remark)]
        if shown:
            yield f"Step {part.number}. {part.title}"
            yield from (f"  {_status_text(status)}" for status in shown)
    for score in result.templates:
        missing = f" (without {', '.join(score.uncovered)})" if score.uncovered else ""
        yield f"{score.title}: {score.printed()}{missing}"


def _status_text(status: ItemStatus) -> str:
    mark = "blocks signing" if status.blocks_signing else str(status.state)
    why = "; ".join(part for part in (status.because, status.remark) if part and part != "no answer")
    return f"{status.id} [{mark}] {status.question}{f' ({why})' if why else ''}"


def _part_text(part: AnswerPart, *, alone: bool) -> str:
    name = "" if alone else f"{part.label}: "
    if part.values:
        kind = " | ".join(part.values) + (" (several)" if part.kind is Kind.CHOICES else "")
    elif part.columns:
        kind = f"table of {', '.join(column.label for column in part.columns.values())}"
    elif part.unit is not None:
        kind = "number" if part.unit == "1" else part.unit
    else:
        kind = str(part.kind).replace("_", " or ")
    return f"{name}{kind}{' (optional)' if part.optional else ''}"
