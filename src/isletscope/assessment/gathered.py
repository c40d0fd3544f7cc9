"""Conclusions as they are gathered, for the rules that build on others."""

from __future__ import annotations

from typing import Literal, get_args

from isletscope.criteria import all_criteria
from isletscope.model import Conclusion, State

Grade = Literal["G1", "G2", "G3", "NEC"]


class Gathered:
    """The conclusions of one time point so far."""

    def __init__(self) -> None:
        self._found: list[Conclusion] = []

    def add(self, conclusion: Conclusion) -> None:
        """Keep a conclusion."""
        self._found.append(conclusion)

    def get(self, name: str, subject: str = "") -> Conclusion | None:
        """The conclusion of that criterion; None when it was not asked."""
        return next((one for one in self._found if (one.name, one.subject) == (name, subject)), None)

    def value(self, name: str, subject: str = "") -> str | None:
        """The result of that criterion; None when it was not asked or is missing."""
        one = self.get(name, subject)
        return one.value if one is not None and one.state is not State.MISSING else None

    @property
    def grade(self) -> Grade | None:
        """Grade of the samples as the uptake criteria name it; None for MiNEN and when unknown."""
        word = (self.value("who_grade") or "").removeprefix("NET ")
        return next((grade for grade in get_args(Grade) if grade == word), None)

    def in_order(self) -> list[Conclusion]:
        """All conclusions in the order of the list of criteria, then by lesion."""
        order = list(all_criteria())
        return sorted(self._found, key=lambda one: (order.index(one.name), one.subject))
