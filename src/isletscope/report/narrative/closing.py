"""The end of the report: open items, what is not assessable, overrides, methods, sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from isletscope.criteria import citations
from isletscope.criteria.book import printed_citation
from isletscope.model import Case, ExamKind, ItemState, ItemStatus, Need
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import FOOTER_WORDS, Ranked, fit
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.parts import Narrative, Override, Sentence, SourceLine
from isletscope.report.narrative.phrases import listed, tell
from isletscope.report.narrative.vessel_words import vessels_of
from isletscope.report.words import words

_KEY = re.compile(r"\[([A-Za-z0-9][^\]\[]*)\]")


def open_items(known: Known) -> tuple[Sentence, ...]:
    """Items without an answer: those that block signing first, then optional ones by number."""
    found = known.assessed.completeness
    if found is None:
        return ()
    open_ones = [one for one in found.items if one.state is ItemState.OPEN]
    blocking = [one for one in open_ones if one.blocks_signing]
    lines = [_item("closing.blocking", one) for one in blocking]
    others = [one for one in open_ones if not one.blocks_signing and one.need is not Need.MANDATORY]
    if others:
        line = tell("closing.optional", *(f"answer/{one.id}" for one in others), count=str(len(others)))
        lines.append(replace(line, items=tuple(one.id for one in others)))
    return tuple(lines)


def _item(template: str, one: ItemStatus) -> Sentence:
    question = one.question.rstrip("?")
    lacking = f" ({', '.join(one.lacking)})" if one.lacking else ""
    sentence = tell(template, f"answer/{one.id}", step=str(one.step), question=f"{question}?", lacking=lacking)
    return replace(sentence, items=(one.id,))


def not_assessable(known: Known) -> tuple[Sentence, ...]:
    """Items that cannot be assessed, grouped by reason; then scores that lack an exam."""
    found = known.assessed.completeness
    if found is None:
        return ()
    groups: dict[str, list[ItemStatus]] = {}
    for one in found.items:
        if one.state is ItemState.NOT_ASSESSABLE:
            groups.setdefault(one.because.rstrip("."), []).append(one)
    lines = []
    for because, items in groups.items():
        shown = "; ".join(f"“{one.question}”" for one in items[:3])
        more = f"; {len(items) - 3} more" if len(items) > 3 else ""
        sentence = tell(
            "closing.not_assessable",
            *(f"answer/{one.id}" for one in items),
            because=_because(because),
            questions=f"{shown}{more}",
        )
        lines.append(replace(sentence, items=tuple(one.id for one in items)))
    return tuple(lines)


def _because(reason: str) -> str:
    """A reason as the head of its group; an exam that was not done says only that."""
    if reason.startswith("not done"):
        return f"N{reason[1:]}"
    return f"Not assessable because {reason}"


def overrides(known: Known) -> tuple[Override, ...]:
    """Values that a reader replaced: verdicts on lesions, and answers that differ from the proposal."""
    found = [
        Override(
            phrase_of(
                "closing.override",
                what=f"{one.lesion} verdict",
                computed=one.computed.value if one.computed else "not computed",
                entered=one.verdict.value,
                who=one.who,
                when=fmt.moment(one.when),
                why=one.why,
            ).text,
            (f"lesion/{one.lesion}",),
        )
        for one in known.case.overrides
    ]
    return tuple(found)


def phrase_of(template: str, **gaps: str) -> Sentence:
    """A sentence of a template, without references."""
    return tell(template, **gaps)


def footer(known: Known) -> tuple[Sentence, ...]:
    """Methods in at most 160 words; the research notice always stays."""
    behind = f"time_point/{known.view.point.name}"
    found: list[Ranked] = []
    pets = [kind for kind in known.kinds if kind not in (ExamKind.CT, ExamKind.MRI)]
    if pets:
        found.append(Ranked(tell("footer.suv", behind), 0))
        for method, tracers in _outlining(known).items():
            sentence = tell("footer.method", behind, tracer=listed(tracers), method=method.rstrip("."))
            found.append(Ranked(sentence, 2))
        found.append(Ranked(tell("footer.levels", behind), 1))
    if any(vessels_of(known, lesion) for lesion in known.tumours):
        found.append(Ranked(tell("footer.contact", behind), 0))
    if known.earlier is not None:
        found.append(Ranked(tell("footer.change", behind), 1))
    found.append(Ranked(tell("footer.marks", behind), 1))
    found.append(Ranked(tell("footer.research", behind, notice=words().research_use), 0))
    return fit(found, FOOTER_WORDS, "fitting.methods")


def _outlining(known: Known) -> dict[str, list[str]]:
    """How uptake was outlined -> tracers for which it was."""
    found: dict[str, list[str]] = {}
    keys = {series.key for exam in known.view.exams for series in exam.series}
    for reading in known.case.readings:
        if reading.series_key in keys and reading.methods:
            names = found.setdefault(reading.methods[0], [])
            name = words().tracer(reading.tracer_class).name
            if name not in names:
                names.append(name)
    return found


def sources(parts: Narrative) -> tuple[SourceLine, ...]:
    """Every key that the text cites, in order of first use, with its reference."""
    registry = citations()
    keys = dict.fromkeys(key for text in _texts(parts) for group in _KEY.findall(text) for key in _split(group))
    found = []
    for key in keys:
        if key in registry:
            found.append(SourceLine(key, printed_citation(key).partition(": ")[2]))
        elif key in words().citations:
            found.append(SourceLine(key, words().citations[key]))
    return tuple(found)


def _split(group: str) -> Sequence[str]:
    return [one.strip() for one in group.split(",")]


def _texts(parts: Narrative) -> Iterable[str]:
    yield from (one.text for one in parts.sentences())
    for line in parts.scores:
        yield line.why


def created(case: Case) -> str:
    """The date of the report."""
    return fmt.day(case.software.created)
