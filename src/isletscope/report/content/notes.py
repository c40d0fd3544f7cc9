"""Marks and footnote letters of one table: where a value comes from, and why one is missing."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase

from isletscope.model import Measurement, State
from isletscope.report.content.document import Cell

NOT_IN_DOCUMENT = "not assessable because the case document holds no such value"
Printer = Callable[[float], str]


class Notes:
    """Collects the reasons and marks met while a table is filled; ``lines()`` prints them under it.

    ~ measured under a limitation, † derived by a rule, ‡ entered by the reader, n/a (x) missing for reason x.
    """

    def __init__(self) -> None:
        self._reasons: dict[str, list[str]] = {}
        self._limits: dict[str, list[str]] = {}
        self._derived: dict[str, list[str]] = {}
        self._entered = False

    def letter(self, reason: str, subject: str = "") -> str:
        """The letter of a reason; the same reason keeps its letter."""
        subjects = self._reasons.setdefault(reason, [])
        if subject and subject not in subjects:
            subjects.append(subject)
        return letter(list(self._reasons).index(reason))

    def absent(self, reason: str, subject: str = "") -> str:
        """The printed form of a missing value."""
        return f"n/a\u00a0({self.letter(reason, subject)})"

    def text(self, value: Measurement | None, printer: Printer, subject: str = "", *, mark_derived: bool = True) -> str:
        """A measurement with its marks, or n/a with its letter."""
        if value is None:
            return self.absent(NOT_IN_DOCUMENT, subject)
        if value.value is None:
            return self.absent(value.missing_because or NOT_IN_DOCUMENT, subject)
        printed = printer(value.value)
        if value.limitation:
            subjects = self._limits.setdefault(value.limitation, [])
            if subject and subject not in subjects:
                subjects.append(subject)
            printed = f"~{printed}"
        if value.state is State.DERIVED and mark_derived:
            self.derive(value.name, value.method)
            printed += "†"
        if value.state is State.ENTERED:
            self._entered = True
            printed += "‡"
        return printed

    def cell(
        self, value: Measurement | None, printer: Printer, subject: str = "", *, mark_derived: bool = True
    ) -> Cell:
        """The measurement as a table cell."""
        return Cell(self.text(value, printer, subject, mark_derived=mark_derived))

    def derive(self, name: str, method: str) -> None:
        """Remember the why line of a derived value."""
        names = self._derived.setdefault(method, [])
        if name not in names:
            names.append(name)

    def enter(self) -> str:
        """The mark of a value that the reader entered."""
        self._entered = True
        return "‡"

    def lines(self) -> tuple[str, ...]:
        """Explanations of every mark used, in a fixed order."""
        found = [f"({letter(index)}) {reason}." for index, reason in enumerate(_sentences(self._reasons))]
        found += [f"~ read with care: {text}." for text in _sentences(self._limits)]
        if self._derived:
            lines = (
                f"{', '.join(names)}: {method}" if method else ", ".join(names)
                for method, names in self._derived.items()
            )
            found.append(f"† derived. {'; '.join(lines)}.")
        if self._entered:
            found.append("‡ entered by the reader; see Reader's entries.")
        return tuple(found)


def _sentences(reasons: dict[str, list[str]]) -> list[str]:
    return [f"{reason.rstrip('.')}{f' ({_few(subjects)})' if subjects else ''}" for reason, subjects in reasons.items()]


def _few(subjects: list[str], limit: int = 12) -> str:
    shown = ", ".join(subjects[:limit])
    return shown if len(subjects) <= limit else f"{shown} and {len(subjects) - limit} more"


def letter(index: int) -> str:
    """a to z, then aa, ab and so on."""
    size = len(ascii_lowercase)
    prefix = letter(index // size - 1) if index >= size else ""
    return prefix + ascii_lowercase[index % size]
