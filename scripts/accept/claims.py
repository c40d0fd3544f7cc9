"""Claims, and how they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Claim:
    """One statement with its bar and what was measured; ``holds`` is None for a figure that is only reported."""

    group: str
    claim: str
    bar: str
    measured: str
    holds: bool | None

    @property
    def verdict(self) -> str:
        """The word in the last column."""
        return {True: "yes", False: "NO", None: "reported"}[self.holds]


def print_claims(claims: Sequence[Claim]) -> None:
    """One table on the terminal: claim, bar, measured, holds."""
    table = Table("claim", "bar", "measured", "holds", show_lines=False)
    group = ""
    for claim in claims:
        if claim.group != group:
            group = claim.group
            table.add_section()
            table.add_row(f"[bold]{group}[/bold]")
        style = "red" if claim.holds is False else None
        table.add_row(claim.claim, claim.bar, claim.measured, claim.verdict, style=style)
    Console(width=170, highlight=False).print(table)


def claims_markdown(claims: Sequence[Claim]) -> str:
    """The same table for a document, one table a group."""
    lines: list[str] = []
    group = ""
    for claim in claims:
        if claim.group != group:
            group = claim.group
            lines += ["", f"### {group}", "", "| claim | bar | measured | holds |", "| --- | --- | --- | --- |"]
        lines.append(f"| {claim.claim} | {claim.bar} | {claim.measured} | {claim.verdict} |")
    return "\n".join(lines).strip() + "\n"


def within(value: float | None, expected: float, percent: float) -> bool:
    """Whether a value lies within a percentage of what was expected."""
    return value is not None and abs(value - expected) <= abs(expected) * percent / 100


def deviation_percent(value: float | None, expected: float) -> float:
    """Difference from what was expected, in percent of it; infinite where there is no value."""
    return float("inf") if value is None else abs(value - expected) / abs(expected) * 100
