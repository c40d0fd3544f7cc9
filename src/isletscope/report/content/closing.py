"""Open items, reader's entries, refused inputs and methods."""

from __future__ import annotations

import re

from isletscope.model import Case, ReaderEntry, State, Support, VerdictOverride
from isletscope.report import format as fmt
from isletscope.report.content.document import Cell, Column, Given, Table, TitledList
from isletscope.report.content.overview import PetView
from isletscope.report.words import words

_KEY = re.compile(r"\[([A-Za-z][\w-]+)\]")


def entries_tables(case: Case) -> tuple[Table, ...]:
    """What readers entered: who, when, why."""
    tables = []
    if case.entries:
        columns = (
            Column("Entered", 34),
            Column("Value‡", 26),
            Column("For", 28),
            Column("Who", 24),
            Column("When", 26),
            Column("Why"),
        )
        tables.append(Table("Values entered by a reader", columns, tuple(_entry_row(entry) for entry in case.entries)))
    if case.overrides:
        columns = (
            Column("Lesion", 20),
            Column("Verdict§", 34),
            Column("By rule", 34),
            Column("Who", 24),
            Column("When", 26),
            Column("Why"),
        )
        rows = tuple(_override_row(override) for override in case.overrides)
        tables.append(Table("Verdicts that a reader changed", columns, rows))
    if case.same_patient:
        identifiers = (Column("Identifiers of one person", 60), Column("Why"))
        stated = tuple(
            (Cell(Given(" = ".join(same.ids))), Cell(Given(f"“{same.reason}”"))) for same in case.same_patient
        )
        tables.append(Table("Identifiers that a reader says are one person", identifiers, stated))
    return tuple(tables)


def _entry_row(entry: ReaderEntry) -> tuple[Cell, ...]:
    return (
        Cell(words().entries[entry.subject]),
        Cell(Given(_entered_value(entry.value))),
        Cell(Given(entry.series) if entry.series else "every series"),
        Cell(Given(entry.who)),
        Cell(fmt.moment(entry.when)),
        Cell(Given(f"“{entry.why}”")),
    )


def _override_row(override: VerdictOverride) -> tuple[Cell, ...]:
    verdicts = words().verdicts
    return (
        Cell(Given(override.lesion)),
        Cell(verdicts[override.verdict]),
        Cell(verdicts[override.computed] if override.computed else "focus not found any more"),
        Cell(Given(override.who)),
        Cell(fmt.moment(override.when)),
        Cell(Given(f"“{override.why}”")),
    )


def _entered_value(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return fmt.significant(value) if isinstance(value, float) else value


def refused_table(case: Case) -> Table | None:
    """Inputs that were not used; None when all were."""
    if not case.refused:
        return None
    rows = tuple(
        (
            Cell(Given(item.subject)),
            Cell(item.problem),
            Cell(Given(item.found or "not recorded")),
            Cell(item.expected or "not recorded"),
            Cell(item.remedy or "none"),
        )
        for item in case.refused
    )
    columns = (
        Column("Input", 38),
        Column("Problem", 36),
        Column("Found", 32),
        Column("Expected", 32),
        Column("Remedy"),
    )
    return Table("Inputs that were not used", columns, rows, caption_shown=False)


def methods(case: Case, views: list[PetView], figure_notes: tuple[str, ...], text: str) -> tuple[TitledList, ...]:
    """Definitions, rules with their support, sources named in ``text``, and software."""
    parts = [TitledList("Definitions", _definitions(figure_notes))]
    parts += [TitledList(view.title, _reading_methods(view)) for view in views]
    rules = _rules(views)
    if rules:
        parts.append(TitledList("Rules that gave a verdict", rules))
    sources = _sources(text)
    if sources:
        parts.append(TitledList("Sources", sources))
    parts.append(TitledList("Software", _software(case)))
    return tuple(parts)


def _definitions(figure_notes: tuple[str, ...]) -> tuple[str, ...]:
    supports = words().supports
    return (
        "SUV is by body weight, in g/mL; the tracer is always named. Every sum, ratio and class is computed before "
        "rounding.",
        "Marks: ~ measured under a limitation; † derived by a rule; ‡ entered by the reader; § overridden by the "
        "reader; n/a (x) missing for the reason x under the table. ? after a name: indeterminate.",
        f"Support of a rule: [{supports[Support.VERIFIED]}] read in the source; "
        f"[{supports[Support.VERIFIED_SECOND_HAND]}] read in a text that cites it; [{supports[Support.RECALL]}] "
        f"source not read again; [{supports[Support.CONVENTION]}] choice of this software; "
        f"[{supports[Support.COMPUTED]}] follows from a calculation.",
        "Certainty: “suspicious for” one modality with typical features; “indeterminate” features allow two readings; "
        "“unlikely to represent” a named explanation other than tumour fits. A physician decides.",
        *figure_notes,
    )


def _reading_methods(view: PetView) -> tuple[str, ...]:
    texts = tuple(view.reading.methods) or ("No method is recorded in the case document.",)
    return (*texts, *_organs(view), *(f"Limit: {limit}" for limit in view.reading.limits))


def _organs(view: PetView) -> tuple[str, ...]:
    """Where the organs came from with what confidence, and which were not found."""
    by_source: dict[str, list[str]] = {}
    reasons: dict[str, list[str]] = {}
    for organ in view.reading.organs:
        name = words().region(organ.name)
        if organ.state is State.MISSING:
            reasons.setdefault(organ.missing_because or "no reason was recorded", []).append(name)
            continue
        source, _, detail = organ.source.partition(": ")
        described = "; ".join(filter(None, (organ.confidence, detail)))
        by_source.setdefault(source or "source not recorded", []).append(f"{name} ({described})" if described else name)
    return (
        *(f"Organs and confidence, {source}: {', '.join(names)}." for source, names in by_source.items()),
        *(f"Organs not found: {', '.join(names)}, because {reason}." for reason, names in reasons.items()),
    )


def _rules(views: list[PetView]) -> tuple[str, ...]:
    """Rules that gave a verdict, gathered by source and support."""
    used: dict[tuple[str, str], dict[str, list[str]]] = {}
    for view in views:
        for item in view.named:
            assessment = item.focus.assessment
            source = "; ".join(sorted(assessment.citations)) or "no source named"
            rules = used.setdefault((source, words().supports[assessment.support]), {})
            rules.setdefault(assessment.rule or assessment.name, []).append(item.name)
    return tuple(
        f"{source} [{support}]: {'; '.join(f'{rule} {_few(names)}' for rule, names in rules.items())}"
        for (source, support), rules in used.items()
    )


def _few(names: list[str], limit: int = 6) -> str:
    if len(names) > limit:
        return fmt.counted(len(names), "focus", "foci")
    return ", ".join(names)


def _sources(text: str) -> tuple[str, ...]:
    named = dict.fromkeys(_KEY.findall(text))
    return tuple(f"[{key}] {words().citations[key]}" for key in named if key in words().citations)


def _software(case: Case) -> tuple[str, ...]:
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(case.software.libraries.items()))
    lines = [f"{case.software.name} {case.software.version}, case made {fmt.moment(case.software.created)}."]
    if libraries:
        lines.append(f"Libraries: {libraries}.")
    return (*lines, f"{words().research_use}.")
