"""Criteria and their conclusions as text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from isletscope.criteria import Criterion, CriterionInput
from isletscope.model import Conclusion, Evidence, State, Support

_MARKS = {
    Support.VERIFIED: "",
    Support.VERIFIED_SECOND_HAND: " (second hand)",
    Support.RECALL: " (from memory)",
    Support.CONVENTION: " (software convention)",
    Support.COMPUTED: " (computed)",
}


def criteria_table(criteria: Sequence[Criterion[CriterionInput]], *, keys: bool = False) -> Table:
    """Name, what it answers, version; with the keys of its input where asked."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Name", no_wrap=True)
    table.add_column("Group", no_wrap=True)
    table.add_column("Answers", overflow="fold")
    table.add_column("Rules", no_wrap=True)
    if keys:
        table.add_column("Input", overflow="fold")
    for criterion in criteria:
        row = [criterion.name, criterion.book.group, f"{criterion.title}. {criterion.book.about}", criterion.version]
        table.add_row(*row, *([", ".join(criterion.input_model.model_fields)] if keys else []))
    return table


def conclusion_lines(conclusion: Conclusion, *, evidence: bool = False) -> list[str]:
    """The result, why, what else holds, and the sources; with every input where asked."""
    lines = [_headline(conclusion)]
    lines += [f"  why: {branch.text}{_MARKS[branch.support]} [{branch.rule}]" for branch in conclusion.branches]
    if conclusion.missing:
        lines.append(f"  needed: {'; '.join(conclusion.missing)}")
    lines += [f"  {name}: {value}" for name, value in conclusion.parts.items()]
    lines += [f"  flag {flag.code}: {flag.text}{_MARKS[flag.support]}" for flag in conclusion.flags]
    lines += [
        f"  {other.system}: {other.value}. {other.because}{_MARKS[other.support]}" for other in conclusion.alternatives
    ]
    if evidence:
        lines += [f"  input: {_evidence(item)}" for item in conclusion.evidence]
    for lesion in conclusion.lesions:
        lines += [f"  {line}" for line in conclusion_lines(lesion.model_copy(update={"citations": []}))]
    lines += [f"  source: {text}" for text in conclusion.citations]
    return lines


def _headline(conclusion: Conclusion) -> str:
    subject = f" {conclusion.subject}" if conclusion.subject else ""
    if conclusion.state is State.MISSING:
        possible = f"; possible: {', '.join(conclusion.possible)}" if conclusion.possible else ""
        return f"{conclusion.title}{subject}: not assessable{possible}"
    provisional = ", provisional" if conclusion.provisional else ""
    return f"{conclusion.title}{subject}: {conclusion.value}{provisional}"


def _evidence(item: Evidence) -> str:
    unit = f" {item.unit}" if item.unit and item.unit != "1" else ""
    return item.text if item.value is None else f"{item.text}: {item.value:g}{unit}"
