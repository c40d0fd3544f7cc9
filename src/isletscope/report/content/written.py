"""The written report as parts of the document: what stands before signing, headlines, prose, tables, scores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from isletscope.model import AssessedTimePoint, Case, Conclusion, State
from isletscope.report import format as fmt
from isletscope.report.checks import Fault, Level
from isletscope.report.content.document import (
    Cell,
    Column,
    Fact,
    Given,
    Line,
    ScorePart,
    StepPart,
    Table,
    Written,
)
from isletscope.report.content.overview import pet_views
from isletscope.report.content.summary import tracer_facts
from isletscope.report.narrative import Narrative, NarrativeTable, ScoreLine, Sentence

_LEAD = re.compile(r"^(?P<lead>ALERT, discordance:|Note:)\s*")
_NUMERIC = re.compile(r"^[~+−<>]?\s*\d[\d.,×/ \u00a0]*[a-z%°]*[†‡§]?$|^n/a|^–$|^not seen$|^neg")
TEXT_WIDTH_MM = 178.0
# In letters: a cell that is longer runs over several lines, no column is narrower, and what lies between two columns.
_LONGEST_CELL, _LONGEST_CELL_OF_MANY, _SHORTEST_CELL, _GAP = 60, 14, 4, 2
_FEW_COLUMNS = 9
_OPEN = re.compile(r"^Open: \d+ items? that blocks? signing")
_MOST_NAMED = 6
# Headlines: what the tumour board asks first, by criterion, in this order.
_HEADLINES = (
    ("Stage", "tnm"),
    ("Grade of the sample", "who_grade"),
    ("SSTR and FDG", "netpet"),
    ("Krenning", "krenning"),
    ("Local class", "resectability_net"),
    ("Liver", "liver_burden"),
    ("PRRT, by imaging", "prrt"),
    ("Response", "recist"),
)
_MOST_HEADLINES = 6
_MOST_POSSIBLE = 4


def written(case: Case, narrative: Narrative, faults: Sequence[Fault]) -> Written:
    """The parts of the document that the narrative fills."""
    assessed = next((one for one in case.assessments if one.time_point == narrative.time_point), None)
    return Written(
        reading=_reading(case, narrative),
        question=tuple(_paragraphs(narrative.clinical_question)),
        exams=_tables([narrative.exams], caption_shown=False),
        before_signing=tuple(_before_signing(assessed, faults)),
        headlines=tuple(_headlines(case, assessed)) if assessed else (),
        # What is open stands before the numbered lines, by name.
        summary=tuple(_line(one) for one in narrative.summary if not (assessed and _OPEN.match(one.text))),
        summary_tables=_tables(narrative.summary_tables),
        steps=tuple(StepPart(step.number, step.title, tuple(_paragraphs(step.sentences))) for step in narrative.steps),
        lesions=_tables([narrative.lesions], caption_shown=False),
        vessels=_tables([narrative.vessels], caption_shown=False),
        liver=_tables([narrative.liver], caption_shown=False),
        change=_tables([narrative.change], caption_shown=False),
        scores=tuple(_score(score) for score in narrative.scores),
        score_notes=tuple(one.text for one in narrative.score_notes),
        impression=tuple(_line(one) for one in narrative.impression),
        open_items=tuple(one.text for one in narrative.open_items),
        not_assessable=tuple(one.text for one in narrative.not_assessable),
        overrides=tuple(Given(one.text) for one in narrative.overrides),
        footer=tuple(one.text for one in narrative.footer),
        sources=tuple(f"[{source.key}] {source.text}" for source in narrative.sources),
        faults=tuple(fault.printed() for fault in faults),
    )


def _reading(case: Case, narrative: Narrative) -> str:
    """Which time point is read, and with which it is compared."""
    names = [point.name for point in case.time_points]
    if len(names) < 2:
        return ""
    point = case.time_point(narrative.time_point)
    before = names[: names.index(point.name)]
    dates = ", ".join(case.time_point(name).date for name in before)
    return f"Reading of {point.date}{f', compared with {dates}' if dates else ''}"


def _score(score: ScoreLine) -> ScorePart:
    unsettled = score.result.startswith("not assess")
    return ScorePart(score.title, f"{score.result}{score.mark}", _why(score.why), score.others, open=unsettled)


def _why(text: str) -> str:
    """The why line without its first word, which the head of the column says."""
    text = text.removeprefix("why: ")
    return text[:1].upper() + text[1:]


def _line(sentence: Sentence) -> Line:
    match = _LEAD.match(sentence.text)
    if match is None:
        return Line(sentence.text)
    tone = "alert" if match["lead"].startswith("ALERT") else ""
    return Line(sentence.text[match.end() :], lead=match["lead"], tone=tone)


def _paragraphs(sentences: Iterable[Sentence]) -> list[Line]:
    """Sentences run on in one paragraph; an alert stands alone."""
    lines: list[Line] = []
    for sentence in sentences:
        line = _line(sentence)
        if line.lead or not lines or lines[-1].lead:
            lines.append(line)
        else:
            lines[-1] = Line(f"{lines[-1].text} {line.text}")
    return lines


def _before_signing(assessed: AssessedTimePoint | None, faults: Sequence[Fault]) -> Iterable[Line]:
    """What blocks signing: open mandatory items, and faults that the checks found."""
    blocking = assessed.completeness.blocking if assessed and assessed.completeness else []
    if blocking:
        named = " ".join(f"{one.question} ({one.id})" for one in blocking[:_MOST_NAMED])
        more = f" {len(blocking) - _MOST_NAMED} more stand under Open items." if len(blocking) > _MOST_NAMED else ""
        lead = (
            f"{fmt.counted_exactly(len(blocking), 'open item')} {'blocks' if len(blocking) == 1 else 'block'} signing:"
        )
        yield Line(f"{named}{more}", lead=lead, tone="open")
    serious = [fault for fault in faults if fault.level is Level.BLOCKS_SIGNING]
    if serious:
        checks = ", ".join(dict.fromkeys(fault.check for fault in serious))
        verb = "blocks" if len(serious) == 1 else "block"
        lead = f"{fmt.counted_exactly(len(serious), 'fault')} of this text {verb} signing:"
        yield Line(f"checks {checks}; see Checks of this report.", lead=lead, tone="open")


def _headlines(case: Case, assessed: AssessedTimePoint) -> Iterable[Fact]:
    """At most six headline results: the stage, what else the rules conclude, what PET measured, then what is open.

    A rule that was not asked has none.
    """
    asked = [(label, name, one) for label, name in _HEADLINES if (one := assessed.conclusion(name)) is not None]
    first = [entry for entry in asked if entry[1] == "tnm"]
    known = [entry for entry in asked if entry[1] != "tnm" and entry[2].state is not State.MISSING]
    opened = [entry for entry in asked if entry[1] != "tnm" and entry[2].state is State.MISSING]
    concluded = [_headline(*entry, assessed) for entry in (*first, *known)]
    left = [_headline(*entry, assessed) for entry in opened]
    return [*concluded, *_measured(case, assessed), *left][:_MOST_HEADLINES]


def _measured(case: Case, assessed: AssessedTimePoint) -> Iterable[Fact]:
    """Highest uptake, and volume and uptake of all lesions, on each PET of the time point."""
    exams = case.time_point(assessed.time_point).exam_keys
    for view in pet_views(case):
        if case.exam_of(view.reading.series_key).key in exams:
            yield from tracer_facts(view).facts[2:]


def _headline(label: str, name: str, conclusion: Conclusion, assessed: AssessedTimePoint) -> Fact:
    if conclusion.state is State.MISSING:
        needed = conclusion.missing[0] if conclusion.missing else "an input"
        more = f" and {len(conclusion.missing) - 1} more" if len(conclusion.missing) > 1 else ""
        few = 0 < len(conclusion.possible) <= _MOST_POSSIBLE
        possible = f"possible: {' or '.join(conclusion.possible)}; " if few else ""
        return Fact(label, "Not assessable", f"{possible}needed: {needed}{more}")
    value, note = conclusion.value or "", ""
    if name == "tnm":
        parts = conclusion.parts
        value = f"c{parts['T']} c{parts['N']} c{parts['M']}, {parts['stage']}"
        note = f"{parts.get('edition', '')}; cN by imaging"
    elif name == "krenning":
        parts = conclusion.parts
        value = f"{parts.get('lowest', value)} to {parts.get('highest', value)}"
        if parts.get("lowest") == parts.get("highest"):
            value = parts.get("highest", value)
        note = f"{fmt.counted_exactly(len(conclusion.lesions), 'lesion')} on SSTR PET"
    elif name == "netpet":
        others = [assessed.conclusion(other) for other in ("karfis", "zidan")]
        value = f"NETPET {value}"
        note = ", ".join(
            f"{title} {one.value}"
            for title, one in zip(("Karfis", "Zidan"), others, strict=True)
            if one is not None and one.value is not None
        )
    elif name == "liver_burden":
        pattern = assessed.conclusion("liver_pattern")
        value = (
            f"{fmt.percent(float(conclusion.parts['percent']), table=True)}" if "percent" in conclusion.parts else value
        )
        note = "of the liver is tumour" if value != f"{fmt.percent(0.0, table=True)}" else "no liver metastasis seen"
        if pattern is not None and pattern.value not in (None, "none"):
            note += f"; pattern {pattern.value}"
    elif name == "recist":
        value, note = f"RECIST 1.1: {value}", "at this time point"
    elif name == "resectability_net":
        value = value.replace("_", " ")
        note = "descriptive for pNET"
    elif name == "who_grade":
        note = "not transferred to other lesions"
    if conclusion.provisional:
        note = "; ".join(filter(None, ["provisional", note]))
    return Fact(label, value if name == "tnm" else value[:1].upper() + value[1:], note)


def _tables(found: Iterable[NarrativeTable | None], *, caption_shown: bool = True) -> tuple[Table, ...]:
    return tuple(_table(table, caption_shown) for table in found if table is not None and table.rows)


def _table(table: NarrativeTable, caption_shown: bool) -> Table:
    """A narrative's table; numbers stand to the right."""
    printed = [[cell.printed for cell in row.cells] for row in table.rows]
    numeric = [
        all(_NUMERIC.match(row[index]) for row in printed if index < len(row)) for index in range(len(table.columns))
    ]
    columns = tuple(
        Column(head, width_mm, "right" if index and numeric[index] else "left")
        for index, (head, width_mm) in enumerate(zip(table.columns, _widths_mm(table.columns, printed), strict=True))
    )
    rows = tuple(
        tuple(Cell(text, strong=index == 0 or row.subject in ("all", "sum")) for index, text in enumerate(texts))
        for row, texts in zip(table.rows, printed, strict=True)
    )
    return Table(
        table.title, columns, rows, tuple(note.text for note in table.notes), caption_shown=caption_shown, dense=True
    )


def _widths_mm(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Widths of the columns in proportion to their longest cell or the longest word of head and cells."""
    widths = []
    most = _LONGEST_CELL if len(heads) <= _FEW_COLUMNS else _LONGEST_CELL_OF_MANY
    for index, head in enumerate(heads):
        cells = [row[index] for row in rows if index < len(row)]
        longest = max((_letters(cell) for cell in cells), default=0.0)
        word = max(_letters(part) for text in (head, *cells) for part in text.split(" "))
        widths.append(max(min(longest, most), word, _SHORTEST_CELL) + _GAP)
    return [round(TEXT_WIDTH_MM * one / sum(widths), 2) for one in widths]


def _letters(text: str) -> float:
    """Width of a text in small letters; capitals and signs are wider."""
    return sum(1.35 if letter.isupper() or letter in "+−×<>=†" else 1.0 for letter in text)
