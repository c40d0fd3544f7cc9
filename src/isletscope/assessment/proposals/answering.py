"""All proposals of one time point, a reader's answers on top, and how complete the report is with them."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from isletscope.assessment.gathered import Gathered
from isletscope.assessment.proposals import (
    change,
    context,
    ducts,
    elsewhere,
    heterogeneity,
    liver,
    liver_plans,
    neighbours,
    nodes,
    phenotype,
    primary,
    primary_uptake,
    quality,
    synthesis,
    vessel_anatomy,
    vessels,
)
from isletscope.assessment.proposals.facts import known_facts
from isletscope.assessment.proposals.known import Known, Proposer
from isletscope.assessment.view import View
from isletscope.errors import InputError
from isletscope.items import ReportAnswers, catalogue, check_value, completeness, not_asked
from isletscope.model import Alert, AlertKind, Answer, Completeness

_MODULES = (
    context, quality, primary, primary_uptake, neighbours, ducts, vessels, vessel_anatomy, nodes, liver, liver_plans,
    elsewhere, phenotype, heterogeneity, change, synthesis,
)  # fmt: skip

PROPOSERS: dict[str, Proposer] = {item: each for module in _MODULES for item, each in module.PROPOSERS.items()}
"""Item -> what proposes its answer."""


@dataclass(frozen=True)
class Filled:
    """The items of one time point.

    ``set_aside``: proposals that a reader's answer replaced and that say otherwise. ``implausible``: items whose value
    cannot be meant, with the message; they are left to the reader.
    """

    exams: list[str]
    facts: dict[str, bool]
    answers: dict[str, Answer]
    set_aside: dict[str, Answer]
    implausible: dict[str, str]
    completeness: Completeness


def fill_items(view: View, gathered: Gathered) -> Filled:
    """Propose an answer to every item, keep a reader's answers on top, and judge what is still open.

    A proposal to an item that is not asked is dropped: the item then says why it is not asked.
    """
    book = catalogue()
    known = Known(view, gathered)
    exams, facts = sorted(kind.value for kind in view.kinds), known_facts(known)
    proposed, implausible = _proposed(known)
    merged = {**proposed, **view.entered}
    asked = ReportAnswers(exams=exams, facts=facts, answers=merged)
    dropped = {item for item in not_asked(book, asked) if item not in view.entered}
    answers = {item: merged[item] for item in book.items if item in merged and item not in dropped}
    aside = {
        item: proposed[item]
        for item in view.entered
        if item in proposed and _differs(proposed[item], view.entered[item])
    }
    given = ReportAnswers(exams=exams, facts=facts, answers=answers)
    shown = {item: message for item, message in implausible.items() if item not in answers and item not in dropped}
    return Filled(exams, facts, answers, aside, shown, completeness(book, given))


def _proposed(known: Known) -> tuple[dict[str, Answer], dict[str, str]]:
    """All proposals that pass the check of a reader's answer, and why the others do not."""
    book = catalogue()
    found: dict[str, Answer] = {}
    refused: dict[str, str] = {}
    for item, proposer in PROPOSERS.items():
        answer = proposer(known)
        if answer is None:
            continue
        try:
            if answer.value is not None:
                check_value(book.items[item], answer, "proposal")
        except InputError as error:
            refused[item] = str(error)
        else:
            found[item] = answer
    return found, refused


def _differs(proposal: Answer, entered: Answer) -> bool:
    """Whether a reader says otherwise: another state, or another value in a part that both give."""
    if (proposal.value is None) != (entered.value is None):
        return True
    mine, theirs = proposal.value, entered.value
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return any(theirs[part] != value for part, value in mine.items() if theirs.get(part) is not None)
    if isinstance(mine, dict) and len(mine) == 1:
        mine = next(iter(mine.values()))
    return mine != theirs


def notes_on_items(view: View, filled: Filled) -> list[Alert]:
    """Notes on answers of a reader that differ from the proposal, and on values that cannot be meant."""
    return [*_notes_on_entries(view, filled), *_notes_on_values(filled)]


def _notes_on_values(filled: Filled) -> list[Alert]:
    book = catalogue()
    return [
        Alert(
            code="implausible_value",
            kind=AlertKind.NOTE,
            step=book.step_of[item],
            finding=f"the value found for {item}",
            against=f"what can be: {message}",
            meaning="nothing is proposed and the item stays open",
            settled_by="the reader, after a look at unit and outline",
        )
        for item, message in filled.implausible.items()
    ]


def _notes_on_entries(view: View, filled: Filled) -> list[Alert]:
    """One note for each answer of a reader that differs from the proposal, with both side by side."""
    book = catalogue()
    return [
        Alert(
            code="reader_differs",
            kind=AlertKind.NOTE,
            step=book.step_of[item],
            finding=f"{item} as entered by {view.entered[item].by}: {_shown(view.entered[item])}",
            against=f"the proposal of {proposal.by}: {_shown(proposal)}",
            meaning="the entry stands and the proposal is kept beside it",
            settled_by="the reader",
            rests_on=[f"answer/{item}", *proposal.rests_on],
        )
        for item, proposal in filled.set_aside.items()
    ]


def _shown(answer: Answer) -> str:
    """An answer in one line."""
    if answer.value is None:
        return (
            f"not applicable, {answer.not_applicable}"
            if answer.not_applicable
            else f"not assessable, {answer.not_assessable}"
        )
    if not isinstance(answer.value, dict):
        return str(answer.value)
    parts = [f"{name.replace('_', ' ')} {_plain(value)}" for name, value in answer.value.items() if value is not None]
    return ", ".join(part.removeprefix("value ") for part in parts)


def _plain(value: JsonValue) -> str:
    if isinstance(value, list):
        return f"{len(value)} rows" if any(isinstance(one, dict) for one in value) else ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value).replace("_", " ")
