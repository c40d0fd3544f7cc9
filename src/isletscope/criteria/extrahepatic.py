"""Disease outside the liver on one axis: none, regional, limited, diffuse, unknown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above
from isletscope.model import Conclusion

Compartment = Literal["distant_node", "mesentery", "peritoneum", "ovary", "bone", "lung", "brain", "heart", "other"]


class ExtrahepaticBook(Book):
    """Which compartments count as resectable by default, and which the axis waits for."""

    resectable: dict[Compartment, bool]
    not_routine: tuple[Compartment, ...]


BOOK = load_book("extrahepatic", ExtrahepaticBook)
_FLAGS = {"bone": "EHD_BONE", "peritoneum": "PERITONEUM", "distant_node": "DISTANT_NODE"}


class CompartmentFinding(CriterionInput):
    """Lesions in one compartment. ``resectable`` overrides the default; None for the count is not examined.

    ``at_least``: there may be more, because nobody counted or foci of different exams were not matched.
    """

    compartment: Compartment
    lesions: Annotated[int | None, Field(ge=0)]
    at_least: bool = False
    resectable: bool | None = None


class ExtrahepaticInput(CriterionInput):
    """Findings per compartment. ``whole_body_examined``: compartments not listed were examined and are free."""

    compartments: tuple[CompartmentFinding, ...] = ()
    regional_nodes: Annotated[int | None, Field(ge=0)] = None
    whole_body_examined: bool = False
    unsure: tuple[str, ...] = Field(default=(), description="lesions outside the liver left unsure, not counted")

    @model_validator(mode="after")
    def _once_each(self) -> ExtrahepaticInput:
        names = [finding.compartment for finding in self.compartments]
        if len(set(names)) != len(names):
            raise ValueError("a compartment is given twice")
        return self


def assess(given: ExtrahepaticInput) -> Conclusion:
    """none, regional, limited_resectable, limited_unresectable or diffuse.

    A compartment that was not examined leaves every result it could still lead to.
    """
    reasoning = Reasoning(BOOK)
    found = {one.compartment: one for one in sorted(given.compartments, key=lambda one: one.compartment)}
    involved = {name: one for name, one in found.items() if one.lesions}
    for name, one in involved.items():
        reasoning.note(f"{name.replace('_', ' ')}: lesions", one.lesions, "1")
        if name in _FLAGS:
            reasoning.flag(_FLAGS[name])
    if given.regional_nodes is not None:
        reasoning.note("regional nodes: lesions", given.regional_nodes, "1")
    listed = ", ".join(f"{name.replace('_', ' ')} {one.lesions}" for name, one in involved.items())
    many = any(above(one.lesions or 0, BOOK.limit("limited")) for one in involved.values())
    if many or len(involved) > 1:
        reasoning.fire("diffuse", what=listed)
        return reasoning.conclude("diffuse")
    level = _limited(given, involved)
    words = {"what": listed} if involved else {}
    lacking = _unexamined(given, found)
    passed_over = [name.replace("_", " ") for name in BOOK.not_routine if _unseen(name, given, found)]
    if passed_over:
        reasoning.flag("NOT_EXAMINED", what=", ".join(passed_over))
    possible = _possible(level, given, lacking) if lacking else ()
    if len(possible) > 1:
        return reasoning.not_assessable(*lacking, possible=possible)
    reasoning.fire("none_but_unsure" if level == "none" and given.unsure else level, **words)
    if given.unsure:
        reasoning.flag("UNSURE", lesions=", ".join(sorted(given.unsure)))
        reasoning.lack("whether the lesions left unsure are tumour")
    return reasoning.conclude(level, provisional=bool(given.unsure))


def _limited(given: ExtrahepaticInput, involved: dict[Compartment, CompartmentFinding]) -> str:
    for name, one in involved.items():
        removable = BOOK.resectable[name] if one.resectable is None else one.resectable
        return "limited_resectable" if removable else "limited_unresectable"
    return "regional" if given.regional_nodes else "none"


def _unexamined(given: ExtrahepaticInput, found: dict[Compartment, CompartmentFinding]) -> list[str]:
    """Compartments nobody looked at."""
    names: list[str] = [
        name.replace("_", " ")
        for name in BOOK.resectable
        if name not in (*BOOK.not_routine, "other") and _unseen(name, given, found)
    ]
    if given.regional_nodes is None:
        names.append("regional nodes")
    counts = [f"number of lesions: {name.replace('_', ' ')}" for name, one in found.items() if one.at_least]
    return [*(f"examination of: {name}" for name in names), *counts]


def _unseen(name: Compartment, given: ExtrahepaticInput, found: dict[Compartment, CompartmentFinding]) -> bool:
    """Whether nobody looked at that compartment."""
    return found[name].lesions is None if name in found else not given.whole_body_examined


def _possible(level: str, given: ExtrahepaticInput, lacking: list[str]) -> tuple[str, ...]:
    """What unexamined compartments can still add; disease already seen does not vanish."""
    if lacking == ["examination of: regional nodes"]:
        return ("none", "regional") if level == "none" else (level,)
    worse = ("limited_resectable", "limited_unresectable", "diffuse")
    if level == "none":
        return ("none", *(("regional",) if given.regional_nodes is None else ()), *worse)
    return (level, *worse) if level == "regional" else (level, "diffuse")


CRITERION = Criterion(BOOK, ExtrahepaticInput, assess)
