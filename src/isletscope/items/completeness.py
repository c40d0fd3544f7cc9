"""What is answered, what is open, what blocks signing, and which templates the report covers.

Taking away an answer, an exam's fact or a reason never makes a report more complete: unknown conditions leave an item
open, never settled.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue

from isletscope.items.answers import ReportAnswers
from isletscope.items.catalogue import Catalogue
from isletscope.items.condition import Comparison, Truth, comparisons_of, evaluate
from isletscope.items.entry import AnswerPart, Item, Kind
from isletscope.model import Completeness, ItemState, ItemStatus, Need, TemplateScore


def completeness(book: Catalogue, given: ReportAnswers) -> Completeness:
    """The state of every item for these answers, exams and facts."""
    engine = _Engine(book, given)
    items = [engine.status(item) for item in book.items.values()]
    facts = dict.fromkeys(name for status in items for name in status.waits_for if name.startswith("fact."))
    wanted = [name.removeprefix("fact.") for name in book_order(facts, book)]
    return Completeness(items=items, facts_wanted=wanted, templates=engine.scores())


def not_asked(book: Catalogue, given: ReportAnswers) -> set[str]:
    """Items whose condition is known not to hold, whatever was answered to them."""
    engine = _Engine(book, given)
    return {item.id for item in book.items.values() if engine.asked(item) is Truth.FALSE}


def book_order(names: Iterable[str], book: Catalogue) -> list[str]:
    """Facts in the order of the vocabulary."""
    listed = set(names)
    return [f"fact.{name}" for name in book.vocabulary.facts if f"fact.{name}" in listed]


class _Engine:
    """Works out the states of the items, each once."""

    def __init__(self, book: Catalogue, given: ReportAnswers) -> None:
        self.book = book
        self.given = given
        self._known: dict[str, ItemStatus] = {}

    def status(self, item: Item) -> ItemStatus:
        """Where an item stands."""
        if item.id not in self._known:
            self._known[item.id] = self._answered(item) or self._unanswered(item)
        return self._known[item.id]

    def asked(self, item: Item) -> Truth:
        """Whether the condition of an item holds."""
        return self._truth(item)

    def scores(self) -> list[TemplateScore]:
        """How far the templates that are for these exams are covered."""
        return [
            self._score(name)
            for name, template in self.book.templates.items()
            if not template.exams or set(self.book.spelled_out(template.exams)) & set(self.given.exams)
        ]

    def _score(self, name: str) -> TemplateScore:
        template = self.book.templates[name]
        if template.unread:
            why = "the template exists, what it asks for could not be read"
            return TemplateScore(name=name, title=template.title, not_assessable=why)
        covered = {
            element: all(self.status(self.book.items[item]).state is not ItemState.OPEN for item in items)
            for element, items in template.elements.items()
        }
        return TemplateScore(
            name=name,
            title=template.title,
            covered=[element for element, done in covered.items() if done],
            uncovered=[element for element, done in covered.items() if not done],
        )

    def _answered(self, item: Item) -> ItemStatus | None:
        """The status that an answer gives; None when there is no answer to this item."""
        answer = self.given.answers.get(item.id)
        if answer is None:
            return None
        if answer.not_applicable is not None:
            return self._made(item, ItemState.NOT_APPLICABLE, answer.not_applicable, origin=answer.source)
        if answer.not_assessable is not None:
            return self._made(item, ItemState.NOT_ASSESSABLE, answer.not_assessable, origin=answer.source)
        lacking = _lacking(item.answer, self.given.parts(item))
        if lacking:
            without = self._unanswered(item)
            if without.state is not ItemState.OPEN:
                return without
            because = f"the answer lacks {', '.join(lacking)}"
            return self._made(
                item, ItemState.OPEN, because, origin=answer.source, lacking=lacking, waits_for=without.waits_for
            )
        return self._made(item, ItemState.ANSWERED, origin=answer.source, remark=self._remark(item))

    def _remark(self, item: Item) -> str:
        """What an answer contradicts: its exams were not given, or the question does not arise."""
        if not self._has_exam(item):
            return f"answered, but no {self._exam_names(item)} was given"
        if item.id in self.book.conditions and self._truth(item) is Truth.FALSE:
            return f"answered, but {item.otherwise}"
        return ""

    def _unanswered(self, item: Item) -> ItemStatus:
        truth = self._truth(item)
        if truth is Truth.FALSE:
            return self._made(item, ItemState.NOT_APPLICABLE, item.otherwise or "")
        if not self._has_exam(item):
            return self._made(item, ItemState.NOT_ASSESSABLE, f"not done: no {self._exam_names(item)}")
        if truth is Truth.CLOSED:
            closed = ", ".join(self._deciding(item, Truth.CLOSED))
            return self._made(item, ItemState.NOT_ASSESSABLE, f"it depends on {closed}, which is not assessable")
        if truth is Truth.OPEN:
            waits = self._deciding(item, Truth.OPEN)
            return self._made(item, ItemState.OPEN, f"waits for {', '.join(waits)}", waits_for=waits)
        return self._made(item, ItemState.OPEN, "no answer")

    def _made(self, item: Item, state: ItemState, because: str = "", **more: object) -> ItemStatus:
        return ItemStatus.model_validate(
            {
                "id": item.id,
                "step": self.book.step_of[item.id],
                "question": item.question,
                "need": item.need,
                "state": state,
                "because": because,
                "blocks_signing": state is ItemState.OPEN and item.need is not Need.OPTIONAL,
                **more,
            }
        )

    def _has_exam(self, item: Item) -> bool:
        wanted = set(self.book.exams_for(item))
        there = wanted & set(self.given.exams)
        return there == wanted if item.every_exam else bool(there or not wanted)

    def _exam_names(self, item: Item) -> str:
        """The exams that are lacking: ``FDG PET``, ``CT or MRI``, ``SSTR PET and FDG PET``."""
        lacking = [exam for exam in self.book.exams_for(item) if exam not in self.given.exams]
        names = [self.book.vocabulary.exams[exam] for exam in lacking]
        return (" and " if item.every_exam else " or ").join(names) if len(names) < 4 else "exam"

    def _truth(self, item: Item) -> Truth:
        condition = self.book.conditions.get(item.id)
        return Truth.TRUE if condition is None else evaluate(condition, self._judge)

    def _deciding(self, item: Item, wanted: Truth) -> list[str]:
        found = [test for test in comparisons_of(self.book.conditions[item.id]) if self._judge(test) is wanted]
        return list(dict.fromkeys(self._named(test) for test in found))

    def _named(self, comparison: Comparison) -> str:
        part = self.book.part(comparison.reference)
        return comparison.reference if part is None else part[0].id

    def _judge(self, comparison: Comparison) -> Truth:
        room, _, name = comparison.reference.partition(".")
        if room == "exam":
            return _truth(bool(set(self.book.spelled_out([name])) & set(self.given.exams)))
        if room == "fact":
            return _truth(self.given.facts[name]) if name in self.given.facts else Truth.OPEN
        found = self.book.part(comparison.reference)
        assert found is not None, "the catalogue was checked when it was built"
        return self._of_answer(comparison, *found)

    def _of_answer(self, comparison: Comparison, item: Item, name: str, part: AnswerPart) -> Truth:
        """What an answer says. An answer that does not apply, or that no exam given can hold, decides nothing."""
        if not self._has_exam(item):
            return Truth.CLOSED
        asked = self._truth(item)
        answer = self.given.answers.get(item.id)
        value = self.given.parts(item).get(name)
        if asked is Truth.OPEN and value is not None and not _holds(comparison, value, part):
            return Truth.FALSE  # whether the question arises or not, the answer given does not say so
        if asked is not Truth.TRUE:
            return asked
        if value is not None:
            return _truth(_holds(comparison, value, part))
        if answer is not None and answer.not_applicable is not None:
            return Truth.FALSE
        return Truth.CLOSED if answer is not None and answer.not_assessable is not None else Truth.OPEN


def _truth(holds: bool) -> Truth:
    return Truth.TRUE if holds else Truth.FALSE


def _holds(comparison: Comparison, value: JsonValue, part: AnswerPart) -> bool:
    if part.kind is Kind.YES_NO:
        return value is (comparison.values[0] == "yes")
    if comparison.relation == "is not":
        return value not in comparison.values
    if comparison.relation in ("is", "in", "has"):
        chosen = value if isinstance(value, list) else [value]
        return any(wanted in chosen for wanted in comparison.values)
    assert isinstance(value, int | float)
    limit = float(comparison.values[0])
    return {">=": value >= limit, "<=": value <= limit, ">": value > limit, "<": value < limit}[comparison.relation]


def _wanted(part: AnswerPart, given: dict[str, JsonValue]) -> bool:
    """Whether a part is wanted beside the other parts of the answer."""
    if part.optional:
        return False
    for other, values in part.unless.items():
        chosen = given.get(other)
        if any(value in values for value in (chosen if isinstance(chosen, list) else [chosen])):
            return False
    return True


def _lacking(known: dict[str, AnswerPart], given: dict[str, JsonValue]) -> list[str]:
    """Labels of the parts, and of the cells of tables, that are wanted and missing."""
    lacking = [part.label for name, part in known.items() if name not in given and _wanted(part, given)]
    for name, part in known.items():
        rows = given.get(name)
        if part.kind is Kind.TABLE and isinstance(rows, list):
            for number, row in enumerate(rows, start=1):
                assert isinstance(row, dict)
                cells = [c.label for key, c in part.columns.items() if row.get(key) is None and _wanted(c, row)]
                lacking += [f"{cell} in row {number}" for cell in cells]
    return lacking
