"""What the rules concluded, as text for the terminal: alerts first, then one line a criterion, then what is open."""

from __future__ import annotations

import re

from rich.table import Table

from isletscope.cli.console import Console
from isletscope.model import AssessedTimePoint, Case, Conclusion, ItemState, State

_NAMED_AT_MOST = 8
_OF_LESION = re.compile(r"(.+) \(([A-Z]\d+)\)")


def show_assessments(console: Console, case: Case) -> None:
    """Print the assessments of every time point, or only of the last unless more is asked for."""
    shown = case.assessments if console.verbose else case.assessments[-1:]
    for assessed in shown:
        for alert in assessed.alerts:
            console.say(alert.sentence())
        console.show(conclusion_table(assessed, everything=console.verbose))
        for line in item_lines(assessed):
            console.say(line)


def conclusion_table(assessed: AssessedTimePoint, *, everything: bool = False) -> Table:
    """Criterion, result, and what is needed where the result is missing; missing ones only with ``everything``."""
    known = [one for one in assessed.conclusions if one.state is not State.MISSING or one.possible]
    left_out = len(assessed.conclusions) - len(known)
    table = Table(title=f"Time point {assessed.time_point}", title_justify="left", box=None, pad_edge=False)
    table.add_column("Criterion", no_wrap=True)
    table.add_column("Of", no_wrap=True)
    table.add_column("Result", overflow="fold")
    table.add_column("Needed for certainty", overflow="fold")
    for one in assessed.conclusions if everything else known:
        table.add_row(one.title, one.subject, _result(one), needed(one.missing))
    if left_out and not everything:
        table.caption = f"{left_out} further criteria lack their input; -v shows them"
        table.caption_justify = "left"
    return table


def needed(lacking: list[str]) -> str:
    """What is lacking, lesions with the same want together: ``FDG uptake (L1, L2, N1 and 4 more)``."""
    wants: dict[str, list[str]] = {}
    for text in lacking:
        found = _OF_LESION.fullmatch(text)
        wants.setdefault(found[1] if found else text, []).extend([found[2]] if found else [])
    return "; ".join(f"{want} ({_named(lesions)})" if lesions else want for want, lesions in wants.items())


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED_AT_MOST} more" if len(names) > _NAMED_AT_MOST else ""
    return ", ".join(names[:_NAMED_AT_MOST]) + more


def item_lines(assessed: AssessedTimePoint) -> list[str]:
    """How many items of the report are settled, and which block signing."""
    state = assessed.completeness
    if state is None:
        return []
    counts = ", ".join(f"{state.count(one)} {one.value}" for one in ItemState)
    named = _named([status.id for status in state.blocking]) or "nothing"
    return [f"Items    {counts}", f"         {named} must be settled before signing"]


def _result(one: Conclusion) -> str:
    if one.state is State.MISSING:
        return f"not assessable{'; possible: ' + ', '.join(one.possible) if one.possible else ''}"
    return f"{one.value}{', provisional' if one.provisional else ''}"
