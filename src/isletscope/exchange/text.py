"""The written report as plain text to paste into a reporting system: no layout that a proportional font would break."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from isletscope.exchange.content import Content, content_of
from isletscope.exchange.written import Written
from isletscope.reading import CaseFolder, write_text
from isletscope.report import Narrative, NarrativeTable

# Blanks that must not break a line in print; a reporting system may show them as a foreign sign.
_BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " "})


def write_plain_text(folder: CaseFolder, out: Path) -> Written:
    """Write ``report.txt`` (UTF-8) into ``out``. Raises CaseError for a case never assessed, OutputError."""
    path = out / "report.txt"
    write_text(path, text_of(content_of(folder.case, str(folder.path))))
    return Written((path,), ("pictures: plain text holds none",))


def text_of(content: Content) -> str:
    """The whole report as text; each row of a table is one line of "column: value"."""
    lines = list(_lines(content.narrative))
    if content.signature:
        lines += ["", f"SHA-256 of the signed case: {content.signature.sha256}"]
    return "\n".join(line.translate(_BLANKS) for line in lines).rstrip() + "\n"


def _lines(told: Narrative) -> Iterator[str]:
    yield from (sentence.text for sentence in told.header)
    yield from _part("CLINICAL QUESTION", [one.text for one in told.clinical_question])
    yield from _part("SUMMARY", [one.text for one in told.summary])
    if told.exams is not None:
        yield from _table(told.exams)
    yield from ("", "FINDINGS")
    for step in told.steps:
        yield f"{step.number}. {step.title}: {' '.join(one.text for one in step.sentences)}"
    for table in (told.lesions, told.vessels, told.liver, told.change):
        if table is not None:
            yield from _table(table)
    scores = [f"{one.title}: {one.result}{one.mark}. {_sentence(one.why)}" for one in told.scores]
    yield from _part("SCORES", [*scores, *(note.text for note in told.score_notes)])
    numbered = [f"{number}. {one.text}" for number, one in enumerate(told.impression, start=1)]
    yield from _part("IMPRESSION", numbered)
    yield from _part("OPEN", [one.text for one in told.open_items])
    yield from _part("NOT ASSESSABLE", [one.text for one in told.not_assessable])
    yield from _part("OVERRIDES", [one.text for one in told.overrides])
    yield from _part("METHODS", [one.text for one in told.footer])
    yield from _part("SOURCES", [f"{one.key}: {one.text}" for one in told.sources])


def _part(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from ("", title, *lines)


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}." if text else ""


def _table(table: NarrativeTable) -> Iterator[str]:
    """A heading, one line for each row, and the notes."""
    yield from ("", table.title.upper())
    for row in table.rows:
        cells = [(head, cell.printed) for head, cell in zip(table.columns, row.cells, strict=True) if cell.printed]
        first, *others = cells
        yield f"{first[1]}: " + "; ".join(f"{head} {text}" for head, text in others)
    yield from (note.text for note in table.notes)
