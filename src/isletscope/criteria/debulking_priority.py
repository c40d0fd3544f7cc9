"""Priority of lesions for debulking by SSTR and FDG uptake, and what a plan leaves behind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import Inputs, Value, Way, settle, sides
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("debulking_priority", Book)


class DebulkingLesion(CriterionInput):
    """One lesion: positive or negative on each tracer, volume in mL, diameter in mm.

    ``fdg_above_sstr``: FDG uptake is the higher one. ``sstr_above_liver``: Krenning 3 or 4. ``removed``: by the plan.
    """

    id: Annotated[str, Field(min_length=1)]
    sstr_positive: bool | None = None
    fdg_positive: bool | None = None
    fdg_above_sstr: bool | None = None
    sstr_above_liver: bool | None = None
    volume_ml: Annotated[float | None, Field(ge=0, le=20000)] = None
    longest_mm: Annotated[float | None, Field(gt=0, le=500)] = None
    removed: bool | None = None


class DebulkingInput(CriterionInput):
    """All lesions, days between the tracers, registration error in mm, grade."""

    lesions: tuple[DebulkingLesion, ...]
    days_between_tracers: Annotated[float | None, Field(ge=0)] = None
    registration_error_mm: Annotated[float | None, Field(ge=0)] = None
    grade: Literal["G1", "G2", "G3"] | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> DebulkingInput:
        names = [lesion.id for lesion in self.lesions]
        if len(set(names)) != len(names):
            raise ValueError("two lesions share one id")
        return self


_LABELS = {
    "sstr_positive": "SSTR uptake",
    "fdg_positive": "FDG uptake",
    "fdg_above_sstr": "whether FDG exceeds SSTR",
    "volume_ml": "volume",
}


def _table(inputs: Inputs) -> Way:
    if not inputs.flag("sstr_positive"):
        return Way("A", "A") if inputs.flag("fdg_positive") else Way("D", "D")
    if not inputs.flag("fdg_positive"):
        return Way("C", "C")
    higher = inputs.flag("fdg_above_sstr") and at_least(inputs.number("volume_ml"), BOOK.limit("volume"))
    return Way("A", "A") if higher else Way("B", "B")


def assess(given: DebulkingInput) -> Conclusion:
    """Class per lesion in ``lesions`` and ``parts``; flags say what the plan leaves behind."""
    reasoning = Reasoning(BOOK)
    lesions = sorted(given.lesions, key=lambda one: one.id)
    if not lesions:
        reasoning.fire("none")
        return reasoning.conclude("none")
    each = [_one(lesion, given.registration_error_mm) for lesion in lesions]
    _flag(reasoning, given, lesions, each)
    open_lesions = [one for one in each if one.value is None]
    lacking = [f"{lack} of {one.subject}" for one in open_lesions for lack in one.missing]
    parts = {one.subject: one.value or " or ".join(one.possible) for one in each}
    counts = {name: sum(one.value == name for one in each) for name in "ABCD"}
    shown = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    if not shown:
        return reasoning.not_assessable(*lacking, parts=parts, lesions=each)
    reasoning.fire("all", count=len(lesions) - len(open_lesions), classes=shown)
    reasoning.lack(*lacking)
    return reasoning.conclude(shown, parts=parts, lesions=each, provisional=bool(lacking))


def _one(lesion: DebulkingLesion, registration_error_mm: float | None) -> Conclusion:
    reasoning = Reasoning(BOOK, subject=lesion.id)
    known: dict[str, Value | None] = {name: getattr(lesion, name) for name in _LABELS}
    for name in ("sstr_positive", "fdg_positive"):
        if known[name] is not None:
            reasoning.note(f"{_LABELS[name]}: {'positive' if known[name] else 'negative'}")
    if lesion.volume_ml is not None:
        reasoning.note("volume", lesion.volume_ml, "mL")
    small = lesion.longest_mm is not None and not at_least(lesion.longest_mm, BOOK.limit("small"))
    blurred = registration_error_mm is not None and above(registration_error_mm, BOOK.limit("registration"))
    if small or blurred:
        reasoning.flag("PARTIAL_VOLUME", lesion=lesion.id)
    outcome = settle(_table, known, {"volume_ml": sides(BOOK.limit("volume"))})
    if not outcome.settled:
        return reasoning.not_assessable(*(_LABELS[name] for name in outcome.needed), possible=outcome.values)
    reasoning.fire(outcome.ways[0].rule)
    return reasoning.conclude(outcome.values[0])


def _flag(reasoning: Reasoning, given: DebulkingInput, lesions: list[DebulkingLesion], each: list[Conclusion]) -> None:
    classes = {one.subject: one.value for one in each}
    discordant = [name for name, value in classes.items() if value == "A"]
    if given.grade == "G3" or len(discordant) >= BOOK.limit("many"):
        reasoning.flag("RECONSIDER", count=len(discordant))
    left = [lesion for lesion in lesions if lesion.removed is False]
    behind = [lesion.id for lesion in left if classes[lesion.id] == "A"]
    if behind:
        reasoning.flag("RESIDUAL_DISCORDANT", lesions=", ".join(behind))
    planned = all(lesion.removed is not None for lesion in lesions)
    if planned and left and all(classes[one.id] == "C" and one.sstr_above_liver for one in left):
        reasoning.flag("PRRT_AFTER")
    days = given.days_between_tracers
    if days is not None and above(days, BOOK.limit("interval")):
        reasoning.flag("TRACERS_FAR_APART", days=days)


CRITERION = Criterion(BOOK, DebulkingInput, assess)
