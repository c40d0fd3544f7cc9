"""Whether one liver metastasis suits radiofrequency or microwave ablation: the worst of all tests."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import Inputs, Outcome, Table, Value, Way, note_inputs, settle, sides
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("ablation", Book)
CLASSES = ("ok", "caution", "no")
Tool = Literal["RFA", "MWA"]
Length = Annotated[float | None, Field(ge=0, le=500)]


class AblationInput(CriterionInput):
    """One lesion; lengths in mm. ``vessel_touching``: a vessel of 3 mm or more within 5 mm.

    ``neighbour_distance_mm``: to bowel, gallbladder, diaphragm or heart. ``lesions_in_session``: all that are ablated.
    """

    diameter_mm: Length = None
    margin_mm: Length = None
    duct_distance_mm: Length = None
    vessel_touching: bool | None = None
    neighbour_distance_mm: Length = None
    lesions_in_session: Annotated[int | None, Field(ge=1)] = None
    tool: Tool = "MWA"
    open_approach: bool = False


_LABELS = {
    "diameter_mm": "diameter",
    "margin_mm": "margin that can be reached",
    "duct_distance_mm": "distance to first or second order bile ducts",
    "vessel_touching": "vessel of 3 mm or more in contact",
    "neighbour_distance_mm": "distance to bowel, gallbladder, diaphragm or heart",
    "lesions_in_session": "lesions in one session",
}
_CHOICES: dict[str, tuple[Value, ...]] = {
    "diameter_mm": sides(BOOK.limit("size_ok"), BOOK.limit("size_rfa"), BOOK.limit("size_mwa")),
    "margin_mm": sides(BOOK.limit("margin_least"), BOOK.limit("margin_ok")),
    "duct_distance_mm": sides(BOOK.limit("duct_least"), BOOK.limit("duct_ok")),
    "neighbour_distance_mm": sides(BOOK.limit("neighbour_least"), BOOK.limit("neighbour_ok")),
    "lesions_in_session": sides(BOOK.limit("session_ok"), BOOK.limit("session_most")),
}


def zone_ml(diameter_mm: float, margin_mm: float) -> float:
    """Volume in mL of the spherical zone that covers a lesion with a margin."""
    return math.pi / 6 * (diameter_mm + 2 * margin_mm) ** 3 / 1000


def assess(given: AblationInput) -> Conclusion:
    """ok, caution or no for the chosen tool; the other tool is an alternative."""
    reasoning = Reasoning(BOOK)
    known: dict[str, Value | None] = {name: getattr(given, name) for name in _LABELS}
    note_inputs(reasoning, known, _LABELS, {name: "mm" for name in _LABELS if name.endswith("_mm")})
    _flag(reasoning, given)
    other: Tool = "RFA" if given.tool == "MWA" else "MWA"
    outcomes = {tool: settle(_table(tool, given.open_approach), known, _CHOICES) for tool in (given.tool, other)}
    parts: dict[str, str] = {
        tool: " or ".join(sorted(outcome.values, key=CLASSES.index)) for tool, outcome in outcomes.items()
    }
    if given.diameter_mm is not None and given.margin_mm is not None:
        parts["zone_ml"] = f"{zone_ml(given.diameter_mm, given.margin_mm):.1f}"
    _other_tool(reasoning, other, outcomes[other], known, given.open_approach)
    outcome = outcomes[given.tool]
    if not outcome.settled:
        possible = sorted(outcome.values, key=CLASSES.index)
        return reasoning.not_assessable(*(_LABELS[name] for name in outcome.needed), possible=possible, parts=parts)
    value = outcome.values[0]
    reasons = _reasons(known, given.tool, given.open_approach, value)
    reasoning.fire("worst", tool=given.tool, value=value, reasons=reasons)
    if outcome.insensitive:
        reasoning.flag("INSENSITIVE_TO_MISSING", missing=", ".join(_LABELS[name] for name in outcome.insensitive))
    return reasoning.conclude(value, parts=parts)


def _other_tool(
    reasoning: Reasoning, tool: Tool, outcome: Outcome, known: dict[str, Value | None], open_approach: bool
) -> None:
    if outcome.settled:
        value = outcome.values[0]
        reasons = _reasons(known, tool, open_approach, value)
        reasoning.other(tool, value, "worst", tool=tool, value=value, reasons=reasons)


def _flag(reasoning: Reasoning, given: AblationInput) -> None:
    if given.vessel_touching:
        reasoning.flag("HEAT_SINK")
    near = given.neighbour_distance_mm
    if near is not None and not at_least(near, BOOK.limit("neighbour_least")):
        reasoning.flag("OPEN_APPROACH")
    count = given.lesions_in_session
    if count is not None and above(count, BOOK.limit("session_most")):
        reasoning.flag("SESSION_CAP", count=count)


def _grades(tool: Tool, open_approach: bool) -> dict[str, Table]:
    """One table per test, results as the index into ``CLASSES``."""

    def grade(ok: bool, caution: bool) -> Way:
        return Way("0" if ok else "1" if caution else "2", "worst")

    def size(i: Inputs) -> Way:
        diameter = i.number("diameter_mm")
        most = BOOK.limit("size_rfa" if tool == "RFA" else "size_mwa")
        return grade(not above(diameter, BOOK.limit("size_ok")), not above(diameter, most))

    def margin(i: Inputs) -> Way:
        reached = i.number("margin_mm")
        return grade(at_least(reached, BOOK.limit("margin_ok")), at_least(reached, BOOK.limit("margin_least")))

    def duct(i: Inputs) -> Way:
        distance = i.number("duct_distance_mm")
        return grade(above(distance, BOOK.limit("duct_ok")), above(distance, BOOK.limit("duct_least")))

    def neighbour(i: Inputs) -> Way:
        distance = i.number("neighbour_distance_mm")
        near = at_least(distance, BOOK.limit("neighbour_least")) or open_approach
        return grade(above(distance, BOOK.limit("neighbour_ok")), near)

    def session(i: Inputs) -> Way:
        count = i.number("lesions_in_session")
        return grade(not above(count, BOOK.limit("session_ok")), not above(count, BOOK.limit("session_most")))

    def vessel(i: Inputs) -> Way:
        return grade(not i.flag("vessel_touching"), True)

    tests = (size, margin, duct, vessel, neighbour, session)
    return dict(zip(_LABELS, tests, strict=True))


def _table(tool: Tool, open_approach: bool) -> Table:
    grades = _grades(tool, open_approach)

    def table(inputs: Inputs) -> Way:
        return Way(CLASSES[max(int(grade(inputs).value) for grade in grades.values())], "worst")

    return table


def _reasons(known: dict[str, Value | None], tool: Tool, open_approach: bool, value: str) -> str:
    """The tests that give the result."""
    if value == CLASSES[0]:
        return "all tests"
    held = []
    for name, grade in _grades(tool, open_approach).items():
        if known[name] is not None and CLASSES[int(grade(Inputs(known)).value)] == value:
            held.append(_LABELS[name])
    return ", ".join(held)


CRITERION = Criterion(BOOK, AblationInput, assess)
