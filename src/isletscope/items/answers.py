"""The answers of one report: who gave them, from where, and whether they fit the catalogue."""

from __future__ import annotations

import datetime
from typing import Any

from pydantic import Field, JsonValue, ValidationError

from isletscope.errors import InputError
from isletscope.items.catalogue import Catalogue, unknown_name
from isletscope.items.entry import AnswerPart, Item, Kind
from isletscope.model import Answer, Document


class ReportAnswers(Document):
    """Everything that completeness is judged by: exams, clinical facts and answers.

    A fact that is left out is not known; it is never taken as no.
    """

    exams: list[str] = Field(default_factory=list)
    facts: dict[str, bool] = Field(default_factory=dict)
    answers: dict[str, Answer] = Field(default_factory=dict)

    def parts(self, item: Item) -> dict[str, JsonValue]:
        """The parts of an answer by name; empty without a value."""
        answer = self.answers.get(item.id)
        if answer is None or answer.value is None:
            return {}
        if isinstance(answer.value, dict):
            return {name: value for name, value in answer.value.items() if value is not None}
        return {next(iter(item.answer)): answer.value}


def read_answers(
    document: Any, book: Catalogue, *, subject: str = "answers", not_after: datetime.date | None = None
) -> ReportAnswers:
    """The answers in a JSON or YAML document. Raises InputError that names the entry which does not fit.

    ``not_after``: the day of the reading; a later date is refused.
    """
    try:
        given = ReportAnswers.model_validate(_with_plain_dates(document))
    except ValidationError as error:
        raise _misfit(error, subject) from error
    _known(given.exams, book.vocabulary.exams, "exam", subject)
    _known(given.facts, book.vocabulary.facts, "fact", subject)
    for item_id, answer in given.answers.items():
        if item_id not in book.items:
            raise unknown_name("item", item_id, book.items, "`isletscope items list` shows all.", subject=subject)
        if answer.value is not None:
            check_value(book.items[item_id], answer, subject)
            if not_after is not None:
                _check_days(book.items[item_id].answer, given.parts(book.items[item_id]), not_after, subject, item_id)
    return given


def _known(names: Any, known: dict[str, Any], what: str, subject: str) -> None:
    for name in names:
        if name not in known:
            raise unknown_name(what, name, known, f"Known are {', '.join(known)}.", subject=subject)


def check_value(item: Item, answer: Answer, subject: str) -> None:
    """Check the value of an answer against its item. Raises InputError that names the part which does not fit."""
    place = f"{subject}, {item.id}"
    parts: dict[str, JsonValue] = (
        answer.value if isinstance(answer.value, dict) else {next(iter(item.answer)): answer.value}
    )
    if not isinstance(answer.value, dict) and len(item.answer) > 1:
        raise InputError(
            "the answer has several parts and only one value was given",
            subject=place,
            found=repr(answer.value),
            expected=", ".join(item.answer),
        )
    if answer.unit is not None:
        units = [part.unit for part in item.answer.values()]
        if units != [answer.unit]:
            expected = units[0] if len(units) == 1 and units[0] else "no unit beside the parts; their names carry it"
            raise InputError("the unit is not that of the item", subject=place, found=answer.unit, expected=expected)
    _check_parts(item.answer, parts, place)


def _check_parts(known: dict[str, AnswerPart], given: dict[str, JsonValue], place: str) -> None:
    for name, value in given.items():
        if name not in known:
            raise unknown_name("part", name, known, f"Parts are {', '.join(known)}.", subject=place)
        if value is not None:
            _check_part(known[name], value, f"{place}.{name}")


def _check_part(part: AnswerPart, value: JsonValue, place: str) -> None:
    if part.kind is Kind.TABLE:
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise InputError("is a list of rows", subject=place, found=repr(value), expected=", ".join(part.columns))
        for number, row in enumerate(value, start=1):
            assert isinstance(row, dict)
            _check_parts(part.columns, row, f"{place} row {number}")
    elif part.kind in (Kind.CHOICE, Kind.CHOICES):
        _check_choice(part, value, place)
    elif part.kind is Kind.YES_NO:
        if not isinstance(value, bool):
            raise InputError("is answered by yes or no", subject=place, found=repr(value), expected="true or false")
    elif part.kind in (Kind.NUMBER, Kind.INTEGER):
        _check_number(part, value, place)
    elif part.kind is Kind.DATE:
        _check_date(value, place)
    elif not isinstance(value, str) or not value.strip():
        raise InputError("is answered in words", subject=place, found=repr(value), expected="text")


def _check_choice(part: AnswerPart, value: JsonValue, place: str) -> None:
    many = part.kind is Kind.CHOICES
    chosen = value if many and isinstance(value, list) else [value]
    if many and not chosen:
        raise InputError("is an empty list", subject=place, expected=f"one or more of {', '.join(part.values)}")
    for choice in chosen:
        if not isinstance(choice, str) or choice not in part.values:
            found = {True: "yes", False: "no"}.get(choice, str(choice)) if isinstance(choice, bool) else str(choice)
            raise unknown_name("value", found, part.values, f"Known are {', '.join(part.values)}.", subject=place)
    if "none" in chosen and len(chosen) > 1:
        raise InputError("says none and something else", subject=place, found=", ".join(map(str, chosen)))


def _check_number(part: AnswerPart, value: JsonValue, place: str) -> None:
    whole = part.kind is Kind.INTEGER
    if isinstance(value, bool) or not isinstance(value, int | float) or (whole and value != int(value)):
        wanted = "a whole number" if whole else "a number"
        raise InputError(f"is {wanted}", subject=place, found=repr(value), expected=f"{wanted} in {part.unit}")
    low, high = part.minimum, part.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        span = f"{'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'} {part.unit}".strip()
        raise InputError(
            "is a value that cannot be",
            subject=place,
            found=f"{value:g} {part.unit}",
            expected=span,
            remedy="Check its unit.",
        )


def _check_date(value: JsonValue, place: str) -> None:
    try:
        datetime.date.fromisoformat(str(value))
    except ValueError as error:
        raise InputError("is not a date", subject=place, found=repr(value), expected="YYYY-MM-DD") from error


def _check_days(
    known: dict[str, AnswerPart], given: dict[str, JsonValue], not_after: datetime.date, subject: str, place: str
) -> None:
    """Refuse dates after the day of the reading, in parts and in the rows of tables."""
    for name, value in given.items():
        part = known[name]
        if part.kind is Kind.TABLE and isinstance(value, list):
            for number, row in enumerate(value, start=1):
                assert isinstance(row, dict)
                _check_days(part.columns, row, not_after, subject, f"{place}.{name} row {number}")
        elif part.kind is Kind.DATE and value is not None and datetime.date.fromisoformat(str(value)) > not_after:
            raise InputError(
                "is a date in the future",
                subject=f"{subject}, {place}",
                found=f"{name} {value}",
                expected=f"a date up to {not_after}, the day of the reading",
            )


def _with_plain_dates(content: Any) -> Any:
    """YAML reads dates as dates and ``yes`` as true; the document holds dates as text."""
    if isinstance(content, dict):
        return {key: _with_plain_dates(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_with_plain_dates(value) for value in content]
    return content.isoformat() if isinstance(content, datetime.date) else content


def _misfit(error: ValidationError, subject: str) -> InputError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the document"
    if first["type"] == "extra_forbidden":
        known = [*ReportAnswers.model_fields, *Answer.model_fields]
        return unknown_name(
            "key", str(first["loc"][-1]), known, f"Keys are {', '.join(known)}.", subject=f"{subject}, {place}"
        )
    return InputError(
        f"{place} does not fit", subject=subject, expected=str(first["msg"]).removeprefix("Value error, ")
    )
