"""Conditions under which an item is asked: a small language over answers, exams and clinical facts.

    exam.ct and not exam.mri
    fact.surgery_considered and PRI.site.region in (body, tail)
    CTX.hormone has insulin or PRI.size.long_mm >= 20

A value is one of four: true, false, open (something that would decide it has not been answered) or closed (what would
decide it cannot be assessed). Whatever becomes unknown can only turn the result into open: an answer that is taken away
never decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from isletscope.errors import InputError

_TOKEN = re.compile(r"\s*(>=|<=|>|<|\(|\)|,|[A-Za-z0-9_./%+-]+)")
_WORDS = ("and", "or", "not", "is", "has", "in")


class Truth(StrEnum):
    """The value of a condition."""

    TRUE = "true"
    FALSE = "false"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Comparison:
    """One comparison. ``reference`` names an answer, an exam or a fact.

    ``relation`` is one of is, is not, has, in, holds, or a sign.

    "A is not x" asks for an answer other than x; "not A is x" also holds where A does not apply.
    """

    reference: str
    relation: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Not:
    """The opposite of a condition; open and closed stay as they are."""

    term: Condition


@dataclass(frozen=True)
class Every:
    """All terms hold. One false term decides, then one open term, then one closed term."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True)
class Some:
    """At least one term holds. One true term decides, then one open term, then one closed term."""

    terms: tuple[Condition, ...]


Condition = Comparison | Not | Every | Some


def parse_condition(text: str, *, subject: str = "") -> Condition:
    """The condition that a text holds. Raises InputError that says where the text stops making sense."""
    return _Parser(text, subject or "condition").whole()


def evaluate(condition: Condition, judge: Callable[[Comparison], Truth]) -> Truth:
    """The value of a condition; ``judge`` gives the value of one comparison."""
    match condition:
        case Comparison():
            return judge(condition)
        case Not(term):
            return _OPPOSITE[evaluate(term, judge)]
        case Every(terms):
            return _first(
                (Truth.FALSE, Truth.OPEN, Truth.CLOSED), [evaluate(term, judge) for term in terms], Truth.TRUE
            )
        case Some(terms):
            return _first(
                (Truth.TRUE, Truth.OPEN, Truth.CLOSED), [evaluate(term, judge) for term in terms], Truth.FALSE
            )


def comparisons_of(condition: Condition) -> Iterator[Comparison]:
    """Every comparison in a condition, from left to right."""
    match condition:
        case Comparison():
            yield condition
        case Not(term):
            yield from comparisons_of(term)
        case Every(terms) | Some(terms):
            for term in terms:
                yield from comparisons_of(term)


_OPPOSITE = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.OPEN: Truth.OPEN, Truth.CLOSED: Truth.CLOSED}


def _first(order: tuple[Truth, ...], found: list[Truth], otherwise: Truth) -> Truth:
    return next((value for value in order if value in found), otherwise)


class _Parser:
    """Reads a condition by recursive descent: or binds least, then and, then not."""

    def __init__(self, text: str, subject: str) -> None:
        self.text = text
        self.subject = subject
        self.tokens = self._split()
        self.place = 0

    def whole(self) -> Condition:
        condition = self._some()
        if self.place < len(self.tokens):
            raise self._error("the end of the condition")
        return condition

    def _split(self) -> list[str]:
        tokens: list[str] = []
        position = 0
        rest = self.text.rstrip()
        while position < len(rest):
            match = _TOKEN.match(rest, position)
            if match is None:
                raise InputError(
                    "a condition holds a sign that it may not hold",
                    subject=self.subject,
                    found=repr(rest[position:].strip()[:12]),
                    expected="names, numbers, brackets, commas and >= <= > <",
                )
            tokens.append(match.group(1))
            position = match.end()
        return tokens

    def _some(self) -> Condition:
        terms = [self._every()]
        while self._take("or"):
            terms.append(self._every())
        return terms[0] if len(terms) == 1 else Some(tuple(terms))

    def _every(self) -> Condition:
        terms = [self._single()]
        while self._take("and"):
            terms.append(self._single())
        return terms[0] if len(terms) == 1 else Every(tuple(terms))

    def _single(self) -> Condition:
        if self._take("not"):
            return Not(self._single())
        if self._take("("):
            inner = self._some()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        reference = self._word("the name of an item, an exam or a fact")
        if self._take("is"):
            relation = "is not" if self._take("not") else "is"
            return Comparison(reference, relation, (self._word("a value"),))
        if self._take("has"):
            return Comparison(reference, "has", (self._word("a value"),))
        if self._take("in"):
            self._need("(")
            values = [self._word("a value")]
            while self._take(","):
                values.append(self._word("a value"))
            self._need(")")
            return Comparison(reference, "in", tuple(values))
        for sign in (">=", "<=", ">", "<"):
            if self._take(sign):
                return Comparison(reference, sign, (self._number(),))
        return Comparison(reference, "holds")

    def _number(self) -> str:
        word = self._word("a number")
        try:
            float(word)
        except ValueError as error:
            self.place -= 1
            raise self._error("a number") from error
        return word

    def _word(self, expected: str) -> str:
        token = self._next()
        if token is None or token in _WORDS or not (token[0].isalnum() or token[0] in "_-+"):
            raise self._error(expected)
        self.place += 1
        return token

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise self._error(repr(token))

    def _take(self, token: str) -> bool:
        if self._next() != token:
            return False
        self.place += 1
        return True

    def _next(self) -> str | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _error(self, expected: str) -> InputError:
        return InputError(
            f"the condition '{self.text}' cannot be read",
            subject=self.subject,
            found=repr(self._next()) if self._next() is not None else "its end",
            expected=expected,
        )
