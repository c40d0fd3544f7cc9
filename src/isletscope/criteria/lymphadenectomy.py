"""Lymph node dissection listed with resection of a pNET: formal, consider, or not routine."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import TableBook, Test, Value, decide, first_hit, note_inputs, settle, sides
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("lymphadenectomy", TableBook)
Function = Literal["none", "insulinoma", "gastrinoma", "glucagonoma", "VIPoma", "other"]


class LymphadenectomyInput(CriterionInput):
    """The primary to be resected: largest diameter in mm, function, grade, Ki-67 in percent, site, nodes."""

    size_mm: Annotated[float | None, Field(gt=0, le=400)] = None
    function: Function | None = None
    suspicious_nodes: bool | None = None
    grade: Literal["G1", "G2", "G3"] | None = None
    ki67_percent: Annotated[float | None, Field(ge=0, le=100)] = None
    proximal: bool | None = None


_LABELS = {
    "size_mm": "largest diameter",
    "function": "function",
    "suspicious_nodes": "suspicious nodes",
    "grade": "grade",
    "ki67_percent": "Ki-67",
    "proximal": "whether the tumour lies in the head",
}
_CHOICES: dict[str, tuple[Value, ...]] = {
    "size_mm": sides(BOOK.limit("small"), BOOK.limit("large")),
    "function": ("none", "insulinoma", "gastrinoma"),
    "grade": ("G1", "G2", "G3"),
    "ki67_percent": sides(BOOK.limit("ki67")),
}
_DOUBTS = {"suspicious_nodes": "NODES_NOT_ASSESSED", "function": "FUNCTION_NOT_KNOWN"}
_ASSUMED: dict[str, Value] = {"suspicious_nodes": False, "function": "none"}
_FORMAL = ("gastrinoma", "glucagonoma", "VIPoma")
_TESTS: dict[str, Test] = {
    "N1": lambda i: i.flag("suspicious_nodes"),
    "N2": lambda i: i.word("function") in _FORMAL,
    "N3": lambda i: i.word("function") == "insulinoma",
    "N4": lambda i: (
        above(i.number("size_mm"), BOOK.limit("large"))
        or i.word("grade") in ("G2", "G3")
        or (i.flag("proximal") and at_least(i.number("ki67_percent"), BOOK.limit("ki67")))
    ),
    "N5": lambda i: above(i.number("size_mm"), BOOK.limit("small")),
}


def assess(given: LymphadenectomyInput) -> Conclusion:
    """formal, consider or not_routine; nodes or function not known are read as stated, provisionally."""
    reasoning = Reasoning(BOOK)
    known: dict[str, Value | None] = {name: getattr(given, name) for name in _LABELS}
    note_inputs(reasoning, known, _LABELS, {"size_mm": "mm", "ki67_percent": "%"})
    for name, flag in _DOUBTS.items():
        if known[name] is None:
            reasoning.flag(flag)
    table = first_hit(BOOK, _TESTS)
    outcome = settle(table, known, _CHOICES)
    assumed = settle(table, {**known, **_assumptions(known)}, _CHOICES)
    if outcome.settled or not assumed.settled:
        return decide(reasoning, outcome, _LABELS)
    reasoning.lack(*(_LABELS[name] for name in outcome.needed))
    reasoning.fire(assumed.ways[0].rule)
    return reasoning.conclude(assumed.values[0], provisional=True)


def _assumptions(known: dict[str, Value | None]) -> dict[str, Value]:
    """The stated readings of nodes and function that are not known."""
    return {name: value for name, value in _ASSUMED.items() if known[name] is None}


CRITERION = Criterion(BOOK, LymphadenectomyInput, assess)
