"""What a right reading of a scenario says, written by hand in its file: checked for form, never computed.

A scenario's ``expected:`` block holds one mapping for each time point: the exams that belong to it, and items such as
``stage: {value: II, why: ..., source: scores 2.1}``. Items, allowed values and sources stand in ``expected.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from isletscope.errors import InputError
from isletscope.phantom.tables import read_table
from isletscope.phantom.yaml_node import Node

SUPPORTS = ("verified", "verified_2nd", "recall", "convention", "computed")
_LARGEST_MM = 300.0


@dataclass(frozen=True)
class Item:
    """One item that may be expected; ``kind`` says how its value is written."""

    name: str
    kind: str
    values: tuple[str | int, ...] = ()
    pattern: str = ""
    low: float = 0.0
    high: float = 0.0


@cache
def expected_items() -> dict[str, Item]:
    """All items that may be expected, by name. Raises InputError when the table itself is at fault."""
    entries: dict[str, dict[str, Any]] = _table()["items"]
    items = {}
    for name, entry in entries.items():
        if entry["kind"] not in _READERS:
            raise InputError("unknown kind of item", subject="expected.yaml", found=f"{name}: {entry['kind']}")
        items[name] = Item(name, entry["kind"], tuple(entry.get("values", ())), entry.get("pattern", ""),
                           float(entry.get("low", 0)), float(entry.get("high", 0)))  # fmt: skip
    return items


@cache
def expected_sources() -> dict[str, str]:
    """Sources that an item may name, with their texts. Raises InputError when one lacks a known support mark."""
    sources: dict[str, dict[str, str]] = _table()["sources"]
    for name, entry in sources.items():
        if entry["support"] not in SUPPORTS:
            raise InputError("unknown support mark", subject=f"expected.yaml, {name}", found=entry["support"])
    return {name: entry["text"] for name, entry in sources.items()}


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = read_table("expected.yaml")
    return table


def read_expected(node: Node, exams: Sequence[str]) -> dict[str, Any]:
    """Check a scenario's ``expected:`` block and return it as plain data.

    ``exams``: names of the scenario's exams. Returns time point -> {exams, items}. Raises InputError naming file and
    line for an unknown item, value, source or exam, and for an item without a reason.
    """
    if not isinstance(node.node, yaml.MappingNode) or not node.node.value:
        raise node.refuse("'expected' must hold at least one time point", expected="e.g. baseline: {exams: [...], ...}")
    points = node.mapping((), tuple(str(key.value) for key, _ in node.node.value))
    return {name: _time_point(point, exams) for name, point in points.items()}


def _time_point(node: Node, exams: Sequence[str]) -> dict[str, Any]:
    entries = node.mapping(("exams",), tuple(expected_items()))
    named = [item.choice(tuple(exams)) for item in entries["exams"].items()]
    checked: dict[str, Any] = {"exams": named}
    for name, item in expected_items().items():
        if name in entries:
            checked[name] = _item(entries[name], item)
    return checked


def _item(node: Node, item: Item) -> dict[str, Any]:
    entries = node.mapping(("value", "why", "source"), ("also", "flags"))
    sources = [part.strip() for part in entries["source"].text().split(";")]
    unknown = [source for source in sources if source not in expected_sources()]
    if unknown:
        raise entries["source"].refuse("the source is not known", ", ".join(unknown), ", ".join(expected_sources()))
    checked: dict[str, Any] = {
        "value": _READERS[item.kind](entries["value"], item),
        "why": entries["why"].text(),
        "source": sources,
    }
    if "also" in entries:
        checked["also"] = {key: entry.text() for key, entry in _free(entries["also"]).items()}
    if "flags" in entries:
        checked["flags"] = [flag.text() for flag in entries["flags"].items()]
    return checked


def _free(node: Node) -> dict[str, Node]:
    """Entries of a mapping with any keys."""
    if not isinstance(node.node, yaml.MappingNode):
        raise node.refuse(f"{node.what} must be a mapping of keys", found=str(node.value())[:60])
    return node.mapping((), tuple(str(key.value) for key, _ in node.node.value))


def _choice(node: Node, item: Item) -> str | int:
    value: str | int = node.value()
    if value not in item.values or isinstance(value, bool):
        raise node.refuse(f"the value of '{item.name}' is not known", repr(value), ", ".join(map(str, item.values)))
    return value


def _pattern(node: Node, item: Item) -> str:
    text = node.text()
    if not re.fullmatch(item.pattern, text):
        raise node.refuse(f"the value of '{item.name}' is not well formed", repr(text), f"the form {item.pattern}")
    return text


def _range(node: Node, item: Item) -> dict[str, str | int]:
    ends = node.mapping(("lowest", "highest"))
    low, high = (_choice(ends[name], item) for name in ("lowest", "highest"))
    if item.values.index(low) > item.values.index(high):
        raise node.refuse(f"'{item.name}' ends below its start", f"{low} to {high}")
    return {"lowest": low, "highest": high}


def _by_vessel(node: Node, item: Item) -> dict[str, str | int]:
    return {name: _choice(entry, item) for name, entry in _free(node).items()}


def _sizes(node: Node, item: Item) -> dict[str, float]:
    return {name: entry.number(0, _LARGEST_MM) for name, entry in _free(node).items()}


def _texts(node: Node, item: Item) -> list[str]:
    return [entry.text() for entry in node.items()]


_READERS: dict[str, Callable[[Node, Item], Any]] = {
    "choice": _choice,
    "pattern": _pattern,
    "number": lambda node, item: node.number(item.low, item.high),
    "flag": lambda node, item: node.flag(),
    "range": _range,
    "by_vessel": _by_vessel,
    "sizes": _sizes,
    "texts": _texts,
}
