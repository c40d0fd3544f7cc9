"""Decision tables, and what they still allow when inputs are missing.

A missing input is never read as the favourable one: the table is run for every admissible value of each missing input
it asks for. If all runs agree, the result stands and says so; otherwise the possible results are listed together with
the inputs that would settle the matter. A threshold needs one value on each of its sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import model_validator

from isletscope.criteria.book import Book
from isletscope.criteria.result import Reasoning
from isletscope.model import Conclusion

Value = float | bool | str
Known = Mapping[str, Value | None]
Choices = Mapping[str, Sequence[Value]]


class _Lacking(Exception):
    """The table asked for an input that is missing; never leaves this module."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class Inputs:
    """The inputs of one run of a table. Asking for a missing one makes the run try each of its admissible values."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def number(self, name: str) -> float:
        """A number in the unit its name carries."""
        return float(self._value(name))

    def flag(self, name: str) -> bool:
        """A yes or no."""
        return bool(self._value(name))

    def word(self, name: str) -> str:
        """One of a list of words."""
        return str(self._value(name))

    def _value(self, name: str) -> Value:
        value = self._known[name]
        if value is None:
            raise _Lacking(name)
        return value


@dataclass(frozen=True)
class Way:
    """One way through a table: the result and the identifier of the rule that gave it."""

    value: str
    rule: str


@dataclass(frozen=True)
class Outcome:
    """All ways a table can still go, in order of first appearance.

    ``needed``: missing inputs that can change the result. ``insensitive``: missing inputs that were asked for although
    every value of them gives the same result.
    """

    ways: tuple[Way, ...]
    needed: tuple[str, ...]
    insensitive: tuple[str, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The possible results, each once."""
        return tuple(dict.fromkeys(way.value for way in self.ways))

    @property
    def settled(self) -> bool:
        """Whether one result is left."""
        return len(self.values) == 1


@dataclass(frozen=True)
class _Node:
    """A choice in the tree of runs: the missing input and what each of its values leads to."""

    name: str
    children: tuple[_Node | str, ...]


Table = Callable[[Inputs], Way]
Test = Callable[[Inputs], bool]


class _Search:
    """Runs a table over the admissible values of its missing inputs and keeps what it meets."""

    def __init__(self, table: Table, choices: Choices) -> None:
        self.table = table
        self.choices = choices
        self.ways: dict[Way, None] = {}
        self.asked: dict[str, None] = {}

    def explore(self, known: Known) -> _Node | str:
        try:
            way = self.table(Inputs(known))
        except _Lacking as lacking:
            name = lacking.name
        else:
            self.ways.setdefault(way)
            return way.value
        self.asked.setdefault(name)
        tried = self.choices.get(name, (False, True))
        children = tuple(self.explore({**known, name: value}) for value in tried)
        return children[0] if all(child == children[0] for child in children) else _Node(name, children)


def settle(table: Table, known: Known, choices: Choices | None = None) -> Outcome:
    """Run ``table`` for every admissible value of the missing inputs it asks for.

    ``choices``: per input the values to try; yes and no where an input is not listed.
    """
    search = _Search(table, choices or {})
    needed = tuple(dict.fromkeys(_names(search.explore(known))))
    untouched = () if needed else tuple(search.asked)
    return Outcome(ways=tuple(search.ways), needed=needed, insensitive=untouched)


def _names(tree: _Node | str) -> list[str]:
    if isinstance(tree, str):
        return []
    return list(dict.fromkeys([tree.name, *(name for child in tree.children for name in _names(child))]))


class TableBook(Book):
    """A book whose rules form a decision table: ``results`` gives each row its result, in order of evaluation."""

    results: dict[str, str]

    @model_validator(mode="after")
    def _rows_have_sentences(self) -> TableBook:
        lost = sorted(set(self.results) - set(self.rules))
        if lost:
            raise ValueError(f"{self.name}: rows without a sentence: {', '.join(lost)}")
        return self


def first_hit(book: TableBook, tests: Mapping[str, Test]) -> Table:
    """The table that takes the first row of ``book.results`` whose test holds; the last row holds always."""

    def table(inputs: Inputs) -> Way:
        for row, value in book.results.items():
            if row not in tests or tests[row](inputs):
                return Way(value, row)
        raise AssertionError(f"{book.name}: the last row has a test")

    return table


@dataclass(frozen=True)
class RowsHit:
    """Rows that hold whatever is missing, rows that may hold, and the missing inputs that decide on the latter."""

    certain: tuple[str, ...]
    open: tuple[str, ...]
    needed: tuple[str, ...]

    def parts(self) -> dict[str, str]:
        """For the parts of a conclusion."""
        return {"criteria_hit": ", ".join(self.certain) or "none", "criteria_open": ", ".join(self.open) or "none"}


def rows_hit(book: TableBook, tests: Mapping[str, Test], known: Known, choices: Choices) -> RowsHit:
    """Every row of the table by itself, so that the first one never hides another."""
    outcomes = {row: settle(yes_or_no(tests[row], row), known, choices) for row in book.results if row in tests}
    return RowsHit(
        certain=tuple(row for row, outcome in outcomes.items() if outcome.values == ("yes",)),
        open=tuple(row for row, outcome in outcomes.items() if not outcome.settled),
        needed=tuple(dict.fromkeys(name for outcome in outcomes.values() for name in outcome.needed)),
    )


def yes_or_no(test: Test, row: str) -> Table:
    """A single test as a table with the results yes and no."""
    return lambda inputs: Way("yes" if test(inputs) else "no", row)


def note_inputs(
    reasoning: Reasoning, known: Known, labels: Mapping[str, str], units: Mapping[str, str] | str = "1"
) -> None:
    """Keep the known inputs as evidence under their printed names; ``units``: UCUM by name, or one for all numbers."""
    for name, label in labels.items():
        value = known[name]
        if isinstance(value, bool):
            reasoning.note(f"{label}: {'yes' if value else 'no'}")
        elif isinstance(value, str):
            reasoning.note(f"{label}: {value.replace('_', ' ')}")
        elif value is not None:
            reasoning.note(label, float(value), units if isinstance(units, str) else units.get(name, "1"))


def decide(
    reasoning: Reasoning, outcome: Outcome, labels: Mapping[str, str], hits: RowsHit | None = None
) -> Conclusion:
    """Turn the outcome of a table into a conclusion; ``labels`` are the printed names of its inputs."""
    parts = hits.parts() if hits else None
    if not outcome.settled:
        return reasoning.not_assessable(
            *(labels.get(name, name) for name in outcome.needed), possible=outcome.values, parts=parts
        )
    for way in outcome.ways:
        reasoning.fire(way.rule)
    missing = dict.fromkeys([*outcome.insensitive, *(hits.needed if hits else ())])
    if missing:
        lacking = ", ".join(labels.get(name, name) for name in missing)
        reasoning.flag("INSENSITIVE_TO_MISSING", missing=lacking)
    return reasoning.conclude(outcome.values[0], parts=parts)


def sides(*limits: float) -> tuple[float, ...]:
    """One value below, on and above each limit: all that a table with these limits can tell apart."""
    ordered = sorted(set(limits))
    values = [ordered[0] - 1]
    for here, following in zip(ordered, [*ordered[1:], ordered[-1] + 2], strict=True):
        values += [here, (here + following) / 2]
    return tuple(values)
