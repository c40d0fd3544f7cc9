"""The chain of one subject: sentences, answer, conclusions, findings, entries, series, and what is lacking."""

from __future__ import annotations

from collections.abc import Sequence

from isletscope.items import catalogue
from isletscope.model import Answer, Case, Conclusion, ItemState, ItemStatus, Origin, State
from isletscope.report.explain.findings import entries_of, findings_of, series_of
from isletscope.report.explain.parts import Explanation, GivenAnswer, GivenConclusion, Lacking, RuleLine, Said
from isletscope.report.explain.subject import Subject, find_subject
from isletscope.report.narrative import Narrative, Sentence
from isletscope.report.references import Named, References
from isletscope.report.words import words


def explain_case(case: Case, narrative: Narrative, asked: Sequence[str]) -> Explanation:
    """From voxels to sentence for what the words name (an item, a score, a lesion and its value, a reference).

    Raises InputError with the closest names when nothing is named so, KeyError when the case lacks the time point.
    """
    point = case.time_point(narrative.time_point)
    assessed = next((one for one in case.assessments if one.time_point == point.name), None)
    references = References(case, point, assessed)
    subject = find_subject(case, references, asked)
    met = list(references.behind(subject.references))
    conclusions = [one.conclusion for one in met if one.conclusion is not None]
    answers = [(one.reference.partition("/")[2], one.answer) for one in met if one.answer is not None]
    status = _status(references, subject.item)
    given = [_answer(references, item, answer) for item, answer in answers]
    if subject.item and not answers:
        given = [_unanswered(subject, status)]
    return Explanation(
        subject=subject.name,
        title=subject.title,
        time_point=point.name,
        said=tuple(_said(narrative, subject)),
        answers=tuple(given),
        conclusions=tuple(_conclusion(one) for one in conclusions),
        findings=tuple(findings_of(case, met, subject.references)),
        entries=tuple(entries_of(met)),
        series=tuple(series_of(case, met)),
        lacking=tuple(_lacking(references, met, conclusions, status)),
    )


def _said(narrative: Narrative, subject: Subject) -> list[Said]:
    """Every sentence and score line that answers the item or rests on the references, in print order."""
    parts: list[tuple[str, tuple[Sentence, ...]]] = [
        ("clinical question", narrative.clinical_question),
        ("summary", narrative.summary),
        *((f"step {step.number}", step.sentences) for step in narrative.steps),
        ("impression", narrative.impression),
        ("open", narrative.open_items),
        ("not assessable", narrative.not_assessable),
    ]
    found = [
        Said(f"{where} {number}" if where in ("summary", "impression") else where, sentence.text)
        for where, sentences in parts
        for number, sentence in enumerate(sentences, start=1)
        if _uses(sentence.items, sentence.rests_on, sentence.alert, subject)
    ]
    found += [
        Said(f"score {score.title}", f"{score.result}{score.mark}. Why: {score.why.removeprefix('why: ')}")
        for score in narrative.scores
        if f"conclusion/{score.name}" in subject.references or _rests(score.rests_on, subject.references)
    ]
    return found


def _uses(items: Sequence[str], rests_on: Sequence[str], alert: str, subject: Subject) -> bool:
    if subject.item:
        return subject.item in items or f"answer/{subject.item}" in rests_on
    if subject.alert and alert == subject.alert:
        return True
    return _rests(rests_on, subject.references)


def _rests(rests_on: Sequence[str], references: Sequence[str]) -> bool:
    """Whether one of the references, or a part of it, is among what a sentence rests on."""
    return any(one == reference or one.startswith(f"{reference}/") for reference in references for one in rests_on)


def _status(references: References, item: str) -> ItemStatus | None:
    completeness = references.assessed.completeness if references.assessed else None
    return next((one for one in completeness.items if one.id == item), None) if completeness else None


def _answer(references: References, item_id: str, answer: Answer) -> GivenAnswer:
    item = catalogue().items.get(item_id)
    status = _status(references, item_id)
    state = ItemState.ANSWERED.value
    because = answer.because
    if answer.not_applicable is not None:
        state, because = ItemState.NOT_APPLICABLE.value, answer.not_applicable
    elif answer.not_assessable is not None:
        state, because = ItemState.NOT_ASSESSABLE.value, answer.not_assessable
    elif status is not None:
        state = status.state.value
    return GivenAnswer(
        item=item_id,
        question=item.question if item else "",
        state=state,
        parts=tuple(_answer_parts(item_id, answer)),
        by=answer.by,
        origin="entered by the reader" if answer.source is Origin.ENTERED else "proposed",
        because=because,
    )


def _answer_parts(item_id: str, answer: Answer) -> list[str]:
    """The answer in the words of the catalogue, one line for each part."""
    item = catalogue().items.get(item_id)
    if answer.value is None:
        return []
    value = answer.value
    if item is None:
        return [str(value)]
    parts = value if isinstance(value, dict) else {next(iter(item.answer)): value}
    lines = []
    for name, one in parts.items():
        part = item.answer.get(name)
        label = part.label if part else name
        unit = f" {part.unit}" if part and part.unit and part.unit != "1" else ""
        lines.append(f"{label}: {_word(one, part.values if part else {})}{unit}")
    return lines


def _word(value: object, values: dict[str, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_word(one, values) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_word(one, values)}" for name, one in value.items())
    return values.get(str(value), str(value))


def _unanswered(subject: Subject, status: ItemStatus | None) -> GivenAnswer:
    state = status.state.value if status else ItemState.OPEN.value
    return GivenAnswer(subject.item, subject.title, state, because=status.because if status else "")


def _conclusion(one: Conclusion) -> GivenConclusion:
    support = words().supports
    return GivenConclusion(
        name=one.name,
        title=one.title,
        subject=one.subject,
        result=_result(one),
        rules_version=one.version,
        branches=tuple(
            RuleLine(each.text, support[each.support], tuple(each.sources), each.rule) for each in one.branches
        ),
        inputs=tuple(
            each.text if each.value is None else f"{each.text}: {each.value:g}{_unit(each.unit)}"
            for each in one.evidence
        ),
        flags=tuple(RuleLine(each.text, support[each.support], tuple(each.sources), each.code) for each in one.flags),
        other_systems=tuple(
            RuleLine(f"{each.system}: {each.value}. {each.because}", support[each.support], tuple(each.sources))
            for each in one.alternatives
        ),
        lesions=tuple(f"{each.subject}: {_result(each)}" for each in one.lesions),
        missing=tuple(one.missing),
        rests_on=tuple(one.rests_on),
        sources=tuple(one.citations),
    )


def _result(one: Conclusion) -> str:
    if one.state is State.MISSING:
        possible = f"; possible: {', '.join(one.possible)}" if one.possible else ""
        return f"not assessable{possible}"
    return f"{one.value}{', provisional' if one.provisional else ''}"


def _unit(unit: str | None) -> str:
    return f" {unit}" if unit and unit != "1" else ""


def _lacking(
    references: References, met: Sequence[Named], conclusions: Sequence[Conclusion], status: ItemStatus | None
) -> list[Lacking]:
    """Missing inputs of item and conclusions, missing values, and references that lead nowhere."""
    found = []
    if status is not None and status.state in (ItemState.OPEN, ItemState.NOT_ASSESSABLE):
        found.append(_item_lacking(references, status))
    for conclusion in conclusions:
        title = " ".join(filter(None, [conclusion.title, conclusion.subject]))
        found += [Lacking(what, f"needed for {title}") for what in conclusion.missing]
    for named in met:
        if not named.found and status is not None and named.reference == f"answer/{status.id}":
            continue  # the item itself, told above
        if not named.found:
            found.append(Lacking(named.reference, "the case holds nothing under this reference"))
        elif named.measurement is not None and named.measurement.missing_because:
            found.append(Lacking(named.measurement.name, named.measurement.missing_because))
        elif named.region is not None and named.region.missing_because:
            found.append(Lacking(f"reference region {named.region.name}", named.region.missing_because))
    return list({(one.what, one.because): one for one in found}.values())


def _item_lacking(references: References, status: ItemStatus) -> Lacking:
    """Why the item is not answered; which exams, parts or facts would answer it."""
    book = catalogue()
    item = book.items[status.id]
    exams = [book.vocabulary.exams.get(name, name) for name in book.exams_for(item)]
    parts = [item.answer[name].label if name in item.answer else name for name in status.lacking]
    supply = []
    if parts:
        supply.append(f"these parts of the answer: {', '.join(parts)}")
    if status.waits_for:
        supply.append(f"an answer to {', '.join(status.waits_for)}")
    if exams:
        supply.append(f"{'all of' if item.every_exam else 'one of'} {', '.join(exams)}")
    supply.append("a reader's answer")
    return Lacking(f"answer to {status.id}", status.because or "it is open", "; or ".join(supply))
