"""A reader's answers to the items, put into the case: they stay when the case is read again."""

from __future__ import annotations

from isletscope.errors import InputError
from isletscope.items import ReportAnswers
from isletscope.model import Case


def answered(case: Case, given: ReportAnswers, earlier: Case | None = None, time_point: str | None = None) -> Case:
    """The case with a reader's answers and facts at a time point (the last when none is named).

    ``earlier``: the case as it was read before, whose answers stay where the new ones say nothing. Raises InputError
    when answers are given for a time point that the case does not have.
    """
    kept = earlier or case
    answers = {name: dict(items) for name, items in kept.answers.items()}
    facts = {name: dict(items) for name, items in kept.facts.items()}
    if given.answers or given.facts:
        chosen = _chosen(case, time_point)
        answers.setdefault(chosen, {}).update(given.answers)
        facts.setdefault(chosen, {}).update(given.facts)
    return case.model_copy(update={"answers": answers, "facts": facts})


def _chosen(case: Case, name: str | None) -> str:
    known = [point.name for point in case.time_points]
    if not known:
        raise InputError(
            "answers were given and the case has no time point to put them to",
            subject="answers",
            remedy="Give images of at least one exam with a date.",
        )
    if name is None:
        return known[-1]
    if name not in known:
        raise InputError("the case has no such time point", subject=name, expected=", ".join(known))
    return name
