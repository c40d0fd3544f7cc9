"""A written report as plain text, for golden texts: what a reader sees, in print order.

Counts of items and why lines are left out: they belong to the catalogue and the criteria, which have tests of their
own.
"""

from __future__ import annotations

from isletscope.report.narrative import Narrative, NarrativeTable


def as_text(written: Narrative) -> str:
    """The whole report."""
    parts = [
        _sentences("Header", [one.text for one in written.header]),
        _sentences("Clinical question", [one.text for one in written.clinical_question]),
        _numbered("Summary", [one.text for one in written.summary if not one.text.startswith("Open:")]),
        *(
            _sentences(f"Step {step.number}. {step.title}", [s.text for s in step.sentences])
            for step in written.steps[:9]
        ),
        *(_table(table) for table in written.tables),
        _sentences("Scores", [f"{one.title}: {one.result}{one.mark}" for one in written.scores], "\n"),
        _numbered("Impression", [one.text for one in written.impression]),
        _sentences("Methods", [one.text for one in written.footer]),
    ]
    return "\n\n".join(parts).replace("\u00a0", " ") + "\n"


def _sentences(title: str, texts: list[str], separator: str = " ") -> str:
    return f"{title}\n{separator.join(texts)}"


def _numbered(title: str, texts: list[str]) -> str:
    return "\n".join([title, *(f"{place}. {text}" for place, text in enumerate(texts, start=1))])


def _table(table: NarrativeTable) -> str:
    rows = [" | ".join(cell.printed for cell in row.cells) for row in table.rows]
    return "\n".join([table.title, " | ".join(table.columns), *rows, *(note.text for note in table.notes)])
