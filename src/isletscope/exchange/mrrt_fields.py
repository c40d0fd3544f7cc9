"""One item of the catalogue as fields of an MRRT template, and the codes of these fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from pydantic import JsonValue

from isletscope.exchange.content import plain
from isletscope.exchange.mrrt_book import template_book
from isletscope.items import AnswerPart, Item, Kind
from isletscope.model import Answer, Code, ItemState, ItemStatus
from isletscope.report import printed_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATES = {"answered": "answered", "not_applicable": "not applicable", "not_assessable": "not assessable"}
_NOTHING = "not answered"


@dataclass(frozen=True)
class Filled:
    """The answer to an item, None where there is none, and where the item stands."""

    answer: Answer | None
    status: ItemStatus | None = None

    def part(self, item: Item, name: str) -> JsonValue:
        """The value of one part; None where there is none."""
        if self.answer is None or self.answer.value is None:
            return None
        value = self.answer.value
        if isinstance(value, dict):
            return value.get(name)
        return value if name == next(iter(item.answer)) else None

    @property
    def state(self) -> str:
        """Which option of the state is chosen; empty for an open item."""
        if self.status is not None:
            return "" if self.status.state is ItemState.OPEN else self.status.state.value.replace(" ", "_")
        if self.answer is None:
            return ""
        if self.answer.not_applicable is not None:
            return "not_applicable"
        return "not_assessable" if self.answer.not_assessable is not None else "answered"

    @property
    def reason(self) -> str:
        """Why there is no value."""
        given = (self.answer.not_applicable or self.answer.not_assessable or "") if self.answer else ""
        return given or (self.status.because if self.status else "")

    @property
    def origin(self) -> str:
        """Who or what gave the answer, and why."""
        if self.answer is None:
            return ""
        because = f": {self.answer.because}" if self.answer.because else ""
        return f"{self.answer.source.value} by {self.answer.by}{because}"


def item_block(item: Item, filled: Filled | None) -> Element:
    """Question, fields, state with its reason, and help, which templates keep out of the report."""
    block = Element("div", {"class": f"item {item.need.value}{' open' if filled and not filled.state else ''}"})
    mark_up(block, "p", item.question, "question")
    fields = SubElement(block, "div", {"class": "fields"})
    for name, part in item.answer.items():
        value = filled.part(item, name) if filled else None
        if part.kind is Kind.TABLE:
            _table(block, item, name, part, value if isinstance(value, list) else [], empty=filled is None)
        else:
            _part(fields, f"{item.id}.{name}", part, value, _completion(item, part))
    if not len(fields):
        block.remove(fields)
    _state(block, item, filled)
    if filled and filled.origin:
        mark_up(block, "p", filled.origin, "origin")
    mark_up(block, "mark", f"{item.help}{f' Not asked where {item.otherwise}.' if item.otherwise else ''}", "help")
    return block


def coded_entries(item: Item, schemes: Mapping[str, Any]) -> Iterator[Element]:
    """An entry for each field that has a code: its own, else that of the question; the site with the first field."""
    for index, (name, part) in enumerate(item.answer.items()):
        codes = [part.code or item.code, item.site if index == 0 else None]
        known = [code for code in codes if code is not None and code.scheme in schemes]
        if known and part.kind is not Kind.TABLE:
            origin = f"{item.id}.{name}"
            if part.kind is Kind.CHOICES:
                origin = f"{origin}.{next(iter(part.values))}"
            entry = Element("entry", {"ORIGTXT": origin})
            for code in known:
                SubElement(SubElement(entry, "term"), "code", _named(code, schemes))
            yield entry


def _named(code: Code, schemes: Mapping[str, Any]) -> dict[str, str]:
    return {"meaning": code.meaning, "value": code.value, "scheme": schemes[code.scheme][0]}


def mark_up(parent: Element, tag: str, text: str, css: str) -> Element:
    """An element with words in it."""
    made = SubElement(parent, tag, {"class": css})
    made.text = text
    return made


def labelled_text(
    parent: Element, name: str, label: str, value: str, *, merged: bool = False, wide: bool = False
) -> None:
    """A field for words. ``merged``: filled from the order by the receiving system."""
    box = SubElement(parent, "div", {"class": "field all" if wide else "field"})
    SubElement(box, "label", {"for": name}).text = label
    kind = {"data-field-type": "MERGE" if merged else "TEXT", **({"data-field-merge-flag": "true"} if merged else {})}
    SubElement(box, "input", {"type": "text", "id": name, "name": name, **kind, "value": value})


def _unit(part: AnswerPart) -> str:
    """The unit as people write it; what UCUM puts in braces stands in the open."""
    shown = printed_unit(part.unit) if part.unit else ""
    return shown.replace("{", "").replace("}", "").replace("_", " ").replace("m2", "m²")


def _completion(item: Item, part: AnswerPart) -> str:
    found: str = "NONE" if part.optional else template_book()["completion"][item.need.value]
    return found


def _part(parent: Element, name: str, part: AnswerPart, value: JsonValue, completion: str) -> None:
    if part.kind is Kind.CHOICES:
        _checkboxes(parent, name, part, value if isinstance(value, list) else [value])
        return
    box = SubElement(parent, "div", {"class": "field wide" if part.kind is Kind.TEXT else "field"})
    SubElement(box, "label", {"for": name}).text = part.label + ("" if not part.optional else " (optional)")
    row = SubElement(box, "div", {"class": "row"})
    _control(row, name, part, value, {"data-field-completion-action": completion})
    unit = _unit(part)
    if unit:
        mark_up(row, "span", unit, "unit")


def _control(parent: Element, name: str, part: AnswerPart, value: JsonValue, more: dict[str, str]) -> None:
    """The field itself, with its value."""
    named = {"id": name, "name": name, **more}
    if part.kind in (Kind.CHOICE, Kind.YES_NO):
        words = part.values or {"yes": "yes", "no": "no"}
        chosen = {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else str(value or "")
        _select(parent, named, words, chosen, "—" if "aria-label" in more else _NOTHING)
    elif part.kind in (Kind.NUMBER, Kind.INTEGER):
        limits = {key: plain(at) for key, at in (("min", part.minimum), ("max", part.maximum)) if at is not None}
        unit = {"data-field-units": part.unit or "1"}
        step = {"step": "1" if part.kind is Kind.INTEGER else "any"}
        known = plain(value) if isinstance(value, int | float) else ""
        typed = {"type": "number", "data-field-type": "NUMBER"}
        SubElement(parent, "input", {**typed, **named, **unit, **limits, **step, "value": known})
    else:
        kind = "date" if part.kind is Kind.DATE else "text"
        typed = {"type": kind, "data-field-type": kind.upper()}
        SubElement(parent, "input", {**typed, **named, "value": str(value or "")})


def _select(
    parent: Element, named: dict[str, str], words: Mapping[str, str], chosen: str, nothing: str = _NOTHING
) -> None:
    select = SubElement(parent, "select", {**named, "data-field-type": "SELECTION_LIST"})
    for value, text in {"": nothing, **words}.items():
        here = {"selected": "selected"} if value == chosen else {}
        SubElement(select, "option", {"value": value, **here}).text = text


def _checkboxes(parent: Element, name: str, part: AnswerPart, chosen: list[Any]) -> None:
    box = SubElement(parent, "div", {"class": "field all"})
    mark_up(box, "span", part.label, "label")
    row = SubElement(box, "div", {"class": "boxes"})
    for value, text in part.values.items():
        one = SubElement(row, "span", {"class": "box"})
        here = {"checked": "checked"} if value in chosen else {}
        own = {"type": "checkbox", "id": f"{name}.{value}", "name": name, "value": value}
        SubElement(one, "input", {**own, "data-field-type": "CHECKBOX", **here})
        SubElement(one, "label", {"for": f"{name}.{value}"}).text = text


def _table(block: Element, item: Item, name: str, part: AnswerPart, rows: list[Any], *, empty: bool) -> None:
    """A table of fields: a row for each finding, and empty rows where nothing was found yet."""
    blank = template_book()["empty_rows"] if empty else 1
    shown = [*rows, *([{}] * max(0, blank - len(rows)))]
    table = SubElement(SubElement(block, "div", {"class": "scroll"}), "table")
    SubElement(table, "caption").text = part.label
    heads = SubElement(SubElement(table, "thead"), "tr")
    for column in part.columns.values():
        unit = _unit(column)
        SubElement(heads, "th", {"scope": "col"}).text = f"{column.label}, {unit}" if unit else column.label
    body = SubElement(table, "tbody")
    for number, row in enumerate(shown, start=1):
        line = SubElement(body, "tr")
        for key, column in part.columns.items():
            cell = SubElement(line, "td", {"class": column.kind.value})
            own = f"{item.id}.{name}.{number}.{key}"
            value = row.get(key) if isinstance(row, dict) else None
            if column.kind is Kind.CHOICES:
                _checkboxes(cell, own, column, value if isinstance(value, list) else [value])
            else:
                _control(cell, own, column, value, {"aria-label": f"{column.label}, row {number}"})


def _state(block: Element, item: Item, filled: Filled | None) -> None:
    """Answered, not applicable or not assessable, and why."""
    row = SubElement(block, "div", {"class": "state"})
    named = {"id": f"{item.id}._state", "name": f"{item.id}._state", "aria-label": f"State of {item.id}"}
    _select(row, named, _STATES, filled.state if filled else "", "open")
    own = {"id": f"{item.id}._reason", "name": f"{item.id}._reason", "aria-label": f"Reason of {item.id}"}
    reason = {"placeholder": "reason, if not applicable or not assessable", "value": filled.reason if filled else ""}
    SubElement(row, "input", {"type": "text", "data-field-type": "TEXT", **own, **reason})
    mark_up(row, "span", f"{item.id} · {item.need.value}", "name")
