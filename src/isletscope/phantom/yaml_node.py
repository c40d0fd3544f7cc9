"""YAML that remembers its lines: checked access to a scenario file, every refusal naming file and line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import yaml

from isletscope.errors import InputError

Range = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A YAML node with the file and the name of the thing it describes."""

    node: yaml.Node
    path: str
    what: str

    @property
    def line(self) -> int:
        """Line in the file, from 1."""
        return int(self.node.start_mark.line) + 1

    def refuse(self, problem: str, found: str = "", expected: str = "") -> InputError:
        """An error that names this file and line."""
        return InputError(problem, subject=f"{self.path}, line {self.line}", found=found, expected=expected)

    def value(self) -> Any:
        """The plain value of the whole node."""
        loader = yaml.SafeLoader("")
        return loader.construct_object(self.node, deep=True)

    def peek(self, name: str) -> Node | None:
        """The entry ``name`` of a mapping, before its keys are checked; None when there is none."""
        pairs = self.node.value if isinstance(self.node, yaml.MappingNode) else []
        return next((Node(value, self.path, f"'{name}'") for key, value in pairs if key.value == name), None)

    def mapping(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Node]:
        """Entries by key. Raises InputError for a key that is unknown or missing."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refuse(f"{self.what} must be a mapping of keys", found=str(self.value())[:60])
        entries: dict[str, Node] = {}
        for key, value in self.node.value:
            name = str(key.value)
            if name not in required + optional:
                raise Node(key, self.path, self.what).refuse(
                    f"unknown key '{name}' in {self.what}", expected=", ".join(required + optional)
                )
            entries[name] = Node(value, self.path, f"'{name}'")
        missing = [name for name in required if name not in entries]
        if missing:
            raise self.refuse(f"{self.what} lacks {', '.join(missing)}", expected=", ".join(required))
        return entries

    @property
    def is_mapping(self) -> bool:
        """Whether the node holds keys and values."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether the node is a list."""
        return isinstance(self.node, yaml.SequenceNode)

    def pairs(self) -> list[tuple[str, Node]]:
        """Keys, as they are written, and entries of a mapping whose keys are free."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refuse(f"{self.what} must be a mapping of keys", found=str(self.value())[:60])
        return [(str(key.value), Node(value, self.path, f"'{key.value}'")) for key, value in self.node.value]

    def items(self) -> list[Node]:
        """Entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.refuse(f"{self.what} must be a list", found=str(self.value())[:60])
        return [Node(item, self.path, f"an entry of {self.what}") for item in self.node.value]

    def text(self) -> str:
        """Text that is not empty."""
        value = self.value()
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(f"{self.what} must be text", found=repr(value))
        return value

    def choice(self, allowed: tuple[str, ...]) -> str:
        """One of the allowed words."""
        value = self.value()
        if value not in allowed:
            raise self.refuse(f"{self.what} is not known", found=repr(value), expected=", ".join(allowed))
        return str(value)

    def number(self, low: float, high: float) -> float:
        """A number from ``low`` to ``high``."""
        value = self.value()
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.refuse(
                f"{self.what} is out of range", found=repr(value), expected=f"a number, {low:g} to {high:g}"
            )
        return float(value)

    def range(self, low: float, high: float) -> Range:
        """One number, or a list [smallest, largest]."""
        if isinstance(self.node, yaml.SequenceNode):
            ends = [item.number(low, high) for item in self.items()]
            if len(ends) != 2 or ends[0] > ends[1]:
                raise self.refuse(f"{self.what} must be one number or [smallest, largest]", found=str(ends))
            return ends[0], ends[1]
        value = self.number(low, high)
        return value, value

    def flag(self) -> bool:
        """True or false."""
        value = self.value()
        if not isinstance(value, bool):
            raise self.refuse(f"{self.what} must be true or false", found=repr(value))
        return value

    def date(self) -> dt.date:
        """A calendar date."""
        value = self.value()
        if not isinstance(value, dt.date):
            raise self.refuse(f"{self.what} must be a date", found=repr(value), expected="e.g. 2026-09-01")
        return value

    def clock(self) -> dt.time:
        """A time of day."""
        try:
            return dt.time.fromisoformat(str(self.node.value))
        except ValueError as error:
            raise self.refuse(
                f"{self.what} must be a time", found=str(self.node.value), expected="e.g. 09:40"
            ) from error
