"""The end of the report: open items, what is not assessable, overrides, methods, sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydantic import JsonValue

from isletscope.criteria import citations
from isletscope.items import catalogue
from isletscope.model import Answer, ExamKind, ItemState, ItemStatus, Need
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
        count = fmt.counted_exactly(len(others), "optional item")
        are = "is" if len(others) == 1 else "are"
        line = tell("closing.optional", *(f"answer/{one.id}" for one in others), count=count, are=are)
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
        more = f"; {len(items) - 3} more." if len(items) > 3 else ""
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
    verdicts = [
        (
            f"{one.lesion}, verdict",
            one.computed.value if one.computed else "not computed",
            one.verdict.value,
            f"{one.who} {fmt.moment(one.when)}",
            one.why,
            f"lesion/{one.lesion}",
        )
        for one in known.case.overrides
    ]
    entered = known.assessed.answers
    answers = [
        (
            f"“{catalogue().find(item).question}”",
            _value(proposed),
            _value(entered[item]),
            entered[item].by,
            entered[item].because or "not given",
            f"answer/{item}",
        )
        for item, proposed in known.assessed.set_aside.items()
        if item in entered
    ]
    return tuple(
        Override(tell("closing.override", what=what, computed=old, entered=new, who=who, why=why).text, (reference,))
        for what, old, new, who, why, reference in (*verdicts, *answers)
    )


def _value(answer: Answer) -> str:
    """An answer in a few words: its value or its parts, or why there is none."""
    if answer.value is None:
        return f"not applicable: {answer.not_applicable}" if answer.not_applicable else f"{answer.not_assessable}"
    if isinstance(answer.value, dict):
        parts = [f"{name.replace('_', ' ')} {_plain(value)}" for name, value in answer.value.items() if name != "value"]
        whole = [_plain(answer.value["value"])] if "value" in answer.value else []
        return ", ".join([*whole, *parts])
    return _plain(answer.value)


def _plain(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value) or "none"
    if isinstance(value, dict):
        return " ".join(_plain(one) for one in value.values())
    return str(value).replace("_", " ")


def footer(known: Known) -> tuple[Sentence, ...]:
    """Methods in at most 160 words; the research notice always stays."""
    behind = f"time_point/{known.view.point.name}"
    found: list[Ranked] = []
    pets = [kind for kind in known.kinds if kind not in (ExamKind.CT, ExamKind.MRI)]
    if pets:
        found.append(Ranked(tell("footer.suv", behind), 0))
        for method, tracers in _outlining(known).items():
            sentence = tell("footer.method", behind, volumes=listed(tracers), method=method.rstrip("."))
            found.append(Ranked(sentence, 0))
        found.append(Ranked(tell("footer.levels", behind), 1))
    if any(vessels_of(known, lesion) for lesion in known.tumours):
        found.append(Ranked(tell("footer.contact", behind), 0))
    if known.earlier is not None:
        found.append(Ranked(tell("footer.change", behind), 1))
    found.append(Ranked(tell("footer.marks", behind), 1))
    found.append(Ranked(tell("footer.research", behind, notice=words().research_use), 0))
    return fit(found, FOOTER_WORDS, "fitting.methods")


def _outlining(known: Known) -> dict[str, list[str]]:
    """How uptake was outlined -> the volumes that it gives, e.g. SSTR-TV."""
    found: dict[str, list[str]] = {}
    keys = {series.key for exam in known.view.exams for series in exam.series}
    for reading in known.case.readings:
        if reading.series_key in keys and reading.methods:
            names = found.setdefault(_outline(reading.methods), [])
            name = words().tracer(reading.tracer_class).volume
            if name not in names:
                names.append(name)
    return found


def _outline(methods: Sequence[str]) -> str:
    """The threshold rule among the methods of a reading; the first method where none names an outline."""
    rule = next((one for one in methods if one.startswith("Outline: ")), methods[0])
    shown = rule.partition(", background =")[0].replace("Outline: ", "outlined at ")
    return re.sub(r"(?<=\d)%", f"{fmt.NO_BREAK}%", shown)


def sources(parts: Narrative) -> tuple[SourceLine, ...]:
    """Every key that the text cites, in order of first use, with its reference."""
    registry = citations()
    keys = dict.fromkeys(key for text in _texts(parts) for group in _KEY.findall(text) for key in _split(group))
    found = []
    for key in keys:
        if key in registry:
            found.append(SourceLine(key, registry[key].printed()))
        elif key in words().citations:
            found.append(SourceLine(key, words().citations[key]))
    return tuple(found)


def _split(group: str) -> Sequence[str]:
    return [one.strip() for one in group.split(",")]


def _texts(parts: Narrative) -> Iterable[str]:
    yield from (one.text for one in parts.sentences())
    for line in parts.scores:
        yield line.why
