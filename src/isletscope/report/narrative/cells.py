"""Cells of the tables: a value with its mark, or n/a with the letter of its reason; never blank."""

from __future__ import annotations

from isletscope.report.narrative.parts import Cell, Sentence
from isletscope.report.narrative.phrases import Phrase, tell

NOT_AVAILABLE = "n/a"


class Reasons:
    """Letters for the reasons why cells of one table are empty, in the order in which they come."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}
        self._behind: dict[str, list[str]] = {}

    def missing(self, because: str, *behind: str) -> Cell:
        """A cell without a value."""
        reason = because.rstrip(".")
        letter = self._letters.setdefault(reason, _letter(len(self._letters)))
        self._behind.setdefault(reason, []).extend(behind)
        return Cell(NOT_AVAILABLE, f"({letter})", tuple(behind))

    def notes(self) -> tuple[Sentence, ...]:
        """The reasons under the table."""
        return tuple(
            tell("tables.reason", *dict.fromkeys(self._behind[reason]), letter=letter, reason=reason)
            for reason, letter in self._letters.items()
        )


def cell(words: Phrase | str, mark: str = "") -> Cell:
    """A cell with a value."""
    return Cell(words, mark) if isinstance(words, str) else Cell(words.text, mark, words.rests_on)


def _letter(number: int) -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    return alphabet[number % 26] * (number // 26 + 1)
