"""Putting the input of a criterion together: each value with the reference of where it came from."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from isletscope.assessment.view import Found
from isletscope.criteria import find_criterion
from isletscope.errors import InputError
from isletscope.model import Conclusion, Evidence, State

_DOCUMENT = TypeAdapter(dict[str, Any])


class Asking:
    """The input of one criterion in the making. What is not known stays out, so that the rule says it is missing."""

    def __init__(self, criterion: str, subject: str = "") -> None:
        self.criterion = find_criterion(criterion)
        self.subject = subject
        self.values: dict[str, Any] = {}
        self.references: list[str] = []
        self.choices: list[Evidence] = []

    def put(self, name: str, value: Any, *references: str) -> None:
        """Give an input its value, unless it is None, and say where it came from."""
        if value is None:
            return
        self.values[name] = value
        self.rest_on(*references)

    def take(self, name: str, found: Found | None) -> None:
        """Give an input the value of a measurement, unless there is none."""
        if found is not None:
            self.put(name, found.value, found.reference)

    def rest_on(self, *references: str) -> None:
        """Name findings behind the input."""
        self.references += [reference for reference in references if reference not in self.references]

    def say(self, *choices: Evidence) -> None:
        """Name a choice that was made on the way, e.g. which exam is measured; it stands first in the evidence."""
        self.choices += [choice for choice in choices if choice not in self.choices]

    def lacking(self, *what: str) -> Conclusion:
        """A missing result, for what the criterion itself cannot ask, e.g. a time point to compare with."""
        return Conclusion(
            name=self.criterion.name,
            title=self.criterion.title,
            version=self.criterion.version,
            subject=self.subject,
            state=State.MISSING,
            missing=list(what),
            evidence=self.choices,
            rests_on=self.references,
        )

    def conclude(self) -> Conclusion:
        """Ask the criterion. Findings that contradict each other give a missing result that says so."""
        try:
            conclusion = _answered(self.criterion.name, _DOCUMENT.dump_json(self.values).decode(), self.subject)
        except InputError as error:
            return self.lacking(f"findings that fit together: {error}")
        evidence = [*self.choices, *conclusion.evidence]
        return conclusion.model_copy(
            update={"subject": self.subject, "rests_on": self.references, "evidence": evidence}
        )


def _answered(criterion: str, document: str, subject: str) -> Conclusion:
    """The criterion's answer to a JSON document; the caller may change it. Raises InputError."""
    return _kept_answer(criterion, document, subject).model_copy(deep=True)


# A report is assessed when it is made and again when it is checked; a criterion is a function of its input alone.
@lru_cache(maxsize=256)
def _kept_answer(criterion: str, document: str, subject: str) -> Conclusion:
    return find_criterion(criterion).run_document(json.loads(document), subject=subject)
