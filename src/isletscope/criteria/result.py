"""Working out a criterion: evidence, branches and doubts are gathered step by step and become one conclusion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isletscope.criteria.book import Book, common_flags, number, printed_citation
from isletscope.model import Alternative, Branch, Conclusion, Evidence, Flag, State, Support

TOLERANCE = 1e-9
"""Values closer than this are equal: (5.6 - 8) / 8 is -0.30000000000000004 in floats and counts as -30 %."""

_STRENGTH = (Support.VERIFIED, Support.COMPUTED, Support.VERIFIED_SECOND_HAND, Support.RECALL, Support.CONVENTION)


def above(value: float, limit: float) -> bool:
    """``value > limit`` beyond rounding error."""
    return value - limit > TOLERANCE


def at_least(value: float, limit: float) -> bool:
    """``value >= limit`` with rounding error counted as equal."""
    return not above(limit, value)


def weakest(supports: Iterable[Support]) -> Support:
    """The least supported of several marks: a chain holds as its weakest link. Nothing given is a convention."""
    return max(supports, key=_STRENGTH.index, default=Support.CONVENTION)


class Reasoning:
    """The way from inputs to one conclusion, in the words and with the sources of the criterion's book.

    ``subject`` names the lesion; empty for the patient. A rule or flag that the book lacks raises KeyError.
    """

    def __init__(self, book: Book, subject: str = "") -> None:
        self.book = book
        self.subject = subject
        self.evidence: list[Evidence] = []
        self.branches: list[Branch] = []
        self.flags: list[Flag] = []
        self.alternatives: list[Alternative] = []
        self.lacking: list[str] = []

    def note(self, text: str, value: float | None = None, unit: str | None = None) -> None:
        """Keep an input as evidence (unit: UCUM)."""
        self.evidence.append(Evidence(text=text, value=value, unit=unit))

    def fire(self, rule: str, /, **words: object) -> None:
        """A branch of the rules is taken; ``words`` fill the gaps of its sentence."""
        self.branches.append(self._branch(rule, words))

    def flag(self, code: str, /, **words: object) -> None:
        """Add a flag of the book, or one of those all criteria share; the same flag is added once."""
        entry = self.book.flags.get(code) or common_flags()[code]
        flag = Flag(code=code, text=_filled(entry.text, words), support=entry.support, sources=list(entry.cite))
        if flag not in self.flags:
            self.flags.append(flag)

    def near(self, name: str, value: float, limit: float, error: float, unit: str = "") -> None:
        """Flag a value that lies within its measurement error of a threshold; the result stays as it is."""
        if not above(abs(value - limit), error):
            gap = f" {unit}" if unit else ""
            self.flag(
                "NEAR_THRESHOLD",
                name=name,
                value=f"{number(value)}{gap}",
                limit=f"{number(limit)}{gap}",
                error=f"{number(error)}{gap}",
            )

    def lack(self, *what: str) -> None:
        """Name inputs that are missing."""
        self.lacking.extend(item for item in what if item not in self.lacking)

    def other(self, system: str, value: str, rule: str, /, **words: object) -> None:
        """What another system or edition says about the same findings."""
        branch = self._branch(rule, words)
        self.alternatives.append(
            Alternative(system=system, value=value, because=branch.text, support=branch.support, sources=branch.sources)
        )

    def conclude(
        self,
        value: str,
        *,
        parts: dict[str, str] | None = None,
        provisional: bool = False,
        lesions: Sequence[Conclusion] = (),
    ) -> Conclusion:
        """The result stands; with ``provisional`` it rests on part of its inputs and names what it lacks."""
        return self._conclusion(State.DERIVED, value, parts=parts, provisional=provisional, lesions=lesions)

    def not_assessable(
        self,
        *lacking: str,
        possible: Sequence[str] = (),
        parts: dict[str, str] | None = None,
        lesions: Sequence[Conclusion] = (),
    ) -> Conclusion:
        """No result: names what is lacking and, where they are few, the results that remain possible."""
        self.lack(*lacking)
        return self._conclusion(State.MISSING, None, parts=parts, possible=possible, lesions=lesions)

    def _branch(self, rule: str, words: dict[str, object]) -> Branch:
        entry = self.book.rules[rule]
        return Branch(
            rule=f"{self.book.name}.{rule}",
            text=_filled(entry.text, words),
            support=entry.support,
            sources=list(entry.cite),
        )

    def _conclusion(
        self,
        state: State,
        value: str | None,
        *,
        parts: dict[str, str] | None,
        provisional: bool = False,
        possible: Sequence[str] = (),
        lesions: Sequence[Conclusion] = (),
    ) -> Conclusion:
        cited = [item.sources for items in (self.branches, self.alternatives, self.flags) for item in items]
        sources = list(dict.fromkeys(key for keys in cited for key in keys))
        return Conclusion(
            name=self.book.name,
            title=self.book.title,
            version=self.book.version,
            subject=self.subject,
            state=state,
            value=value,
            provisional=provisional,
            possible=list(possible),
            missing=self.lacking,
            because=" ".join(branch.text for branch in self.branches),
            rule=self.branches[-1].rule if self.branches else "",
            support=weakest(branch.support for branch in self.branches),
            parts=parts or {},
            branches=self.branches,
            evidence=self.evidence,
            flags=self.flags,
            alternatives=self.alternatives,
            citations=[printed_citation(key) for key in sources],
            sources=sources,
            lesions=list(lesions),
        )


def _filled(text: str, words: dict[str, object]) -> str:
    shown = {name: number(word) if isinstance(word, int | float) else word for name, word in words.items()}
    return text.format(**shown)
