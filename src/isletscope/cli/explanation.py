"""An explanation as text for the terminal: headings from the sentence down to the files, one tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from isletscope.report import Explanation, GivenAnswer, GivenConclusion, RuleLine, UsedFinding, UsedSeries, UsedValue

_INDENT = "   "
_FEW = 12


def explanation_lines(told: Explanation) -> Iterator[str]:
    """The chain as lines, sentence first."""
    title = f": {told.title}" if told.title != told.subject else ""
    yield f"{told.subject}{title} ({told.time_point})"
    yield from _part(
        "In the report", [f"{said.where}: {said.text}" for said in told.said] or ["not used in a sentence"]
    )
    for answer in told.answers:
        yield from _part(f"Answer {answer.item}", _answer(answer, told.subject))
    for conclusion in told.conclusions:
        yield from _part(_heading(conclusion), _conclusion(conclusion))
    if told.entries:
        yield from _part("Clinical file", [f"{one.reference}: {one.text}" for one in told.entries])
    if told.findings:
        lines = [_finding(found) for found in told.findings[:_FEW]]
        if len(told.findings) > _FEW:
            lines.append(f"and {len(told.findings) - _FEW} more findings (--json shows all)")
        yield from _part("Findings", lines)
    for series in told.series:
        yield from _part(f"Series {series.key}", _series(series))
    if told.lacking:
        yield from _part("Missing", [_missing(one.what, one.because, one.supplied_by) for one in told.lacking])


def _part(heading: str, lines: Iterable[str]) -> Iterator[str]:
    """A heading with its lines as branches."""
    found = [line for line in lines if line]
    if not found:
        return
    yield ""
    yield heading
    for number, line in enumerate(found, start=1):
        first, *rest = line.split("\n")
        last = number == len(found)
        yield f"{'└─' if last else '├─'} {first}"
        yield from (f"{_INDENT if last else '│  '}{text}" for text in rest)


def _answer(answer: GivenAnswer, subject: str) -> Iterator[str]:
    if answer.item != subject and answer.question:
        yield answer.question
    yield from answer.parts or (answer.state,)
    if answer.by:
        yield f"{answer.origin} by {answer.by}"
    if answer.because:
        yield f"because {answer.because}"
    if answer.parts and answer.state != "answered":
        yield f"state: {answer.state}"


def _heading(conclusion: GivenConclusion) -> str:
    name = f"{conclusion.title} {conclusion.subject}".strip()
    return f"Rule {name}: {conclusion.result}"


def _conclusion(one: GivenConclusion) -> Iterator[str]:
    yield from (f"branch: {_line(branch)}" for branch in one.branches)
    if one.inputs:
        yield f"inputs: {_few(one.inputs)}"
    if one.lesions:
        yield f"lesions: {_few(one.lesions)}"
    yield from (f"flag {flag.rule}: {_line(flag, rule=False)}" for flag in one.flags)
    yield from (f"other system: {_line(other)}" for other in one.other_systems)
    if one.missing:
        yield f"needed: {'; '.join(one.missing)}"
    yield from (f"source: {text}" for text in one.sources)
    yield f"rules version {one.rules_version}, criterion {one.name}"


def _line(line: RuleLine, *, rule: bool = True) -> str:
    tail = ", ".join([line.support, *line.sources])
    name = f" [{line.rule}]" if rule and line.rule else ""
    return f"{line.text} ({tail}){name}"


def _few(texts: Sequence[str]) -> str:
    shown = "; ".join(texts[:_FEW])
    return shown if len(texts) <= _FEW else f"{shown}; and {len(texts) - _FEW} more (--json shows all)"


def _finding(found: UsedFinding) -> str:
    """A finding with its exam, and its values below, those of one method together."""
    where = ", series ".join(filter(None, [found.exam, found.series]))
    lines = [f"{found.title} ({where})" if where else found.title]
    groups: dict[str, list[UsedValue]] = {}
    for value in found.values:
        groups.setdefault(_known(value), []).append(value)
    lines += [
        f"{', '.join(f'{value.name} {value.printed}' for value in values)} ({how})" for how, values in groups.items()
    ]
    details = [("outline", found.outlined), ("mask", found.mask), ("held to be", found.held_to_be)]
    lines += [f"{name}: {text}" for name, text in details if text]
    return "\n".join(lines)


def _known(value: UsedValue) -> str:
    """How a value is known: state, method, and why to read it with care."""
    limit = f"read with care: {value.limitation}" if value.limitation else ""
    return "; ".join(filter(None, [value.state, value.method, limit]))


def _series(series: UsedSeries) -> Iterator[str]:
    yield f"{series.exam}, {series.date}: {series.description}"
    yield f"{series.images} images{f', series UID {series.series_uid}' if series.series_uid else ''}"
    yield f"study UID {series.study_uid}"
    yield from series.suv


def _missing(what: str, because: str, supplied_by: str) -> str:
    text = f"{what}: {because}" if because else what
    return f"{text}\nwould be supplied by {supplied_by}" if supplied_by else text
