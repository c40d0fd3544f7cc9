"""Choi response: size and density of the targets on portal-venous CT, with the modified form beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import Book, load_book, number
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, at_least
from isletscope.model import Conclusion

BOOK = load_book("choi", Book)
Length = Annotated[float | None, Field(ge=0, le=2500)]


class ChoiInput(CriterionInput):
    """Sums of target diameters (mm) and mean density (HU) on portal-venous CT, before and now.

    ``same_technique``: same phase, tube voltage and contrast dose. The three questions are None when nobody looked.
    """

    modality: Literal["CT", "MR"] = "CT"
    baseline_sum_mm: Length = None
    current_sum_mm: Length = None
    baseline_density_hu: float | None = None
    current_density_hu: float | None = None
    same_technique: bool | None = None
    all_vanished: bool = False
    new_lesion: bool | None = None
    new_or_growing_nodule_in_tumour: bool | None = None
    clear_progression_elsewhere: bool | None = None
    modified: bool = False


@dataclass(frozen=True)
class _Changes:
    """Changes in percent; ``density`` is None when not comparable."""

    size: float
    density: float | None


_QUESTIONS = {
    "new_lesion": "a new lesion",
    "new_or_growing_nodule_in_tumour": "a new or growing nodule inside a tumour",
    "clear_progression_elsewhere": "clear progression of lesions that are not measured",
}


def assess(given: ChoiInput) -> Conclusion:
    """CR, PR, SD or PD; provisional on size alone, and not assessable on MRI or without sums."""
    reasoning = Reasoning(BOOK)
    reasoning.flag("OFF_LABEL")
    if given.modality != "CT":
        return reasoning.not_assessable("portal-venous CT before and now (the criterion is not valid on MRI)")
    for name, what in _QUESTIONS.items():
        if getattr(given, name):
            reasoning.fire("new", what=what)
            return reasoning.conclude("PD")
    if not given.baseline_sum_mm or given.current_sum_mm is None:
        lacking = [] if given.baseline_sum_mm else ["sum of target diameters at baseline"]
        return reasoning.not_assessable(*lacking, *([] if given.current_sum_mm is not None else ["present sum"]))
    changes = _changes(reasoning, given)
    value, rule = _classify(changes, given)
    open_questions = [f"whether there is {what}" for name, what in _QUESTIONS.items() if getattr(given, name) is None]
    if open_questions and value != "PD":
        return reasoning.not_assessable(*open_questions, possible=_possible(changes, given))
    shown = "not comparable" if changes.density is None else f"{number(changes.density)} %"
    reasoning.fire(rule, size=changes.size, density=shown)
    other, _ = _classify(changes, given.model_copy(update={"modified": not given.modified}))
    if other != value:
        form = "original form" if given.modified else "modified form (size and density together)"
        reasoning.flag("OTHER_FORM_DIFFERS", form=form, value=other)
    if changes.density is None and rule != "complete":
        reasoning.flag("SIZE_ONLY")
        reasoning.lack("mean density of the targets before and now in the same technique")
        return reasoning.conclude(value, provisional=True)
    return reasoning.conclude(value)


def _possible(changes: _Changes, given: ChoiInput) -> tuple[str, ...]:
    """Results while new disease is not ruled out; density that is not comparable may have fallen or not."""
    densities = (0.0, -100.0) if changes.density is None else (changes.density,)
    found = [_classify(_Changes(changes.size, density), given)[0] for density in densities]
    return tuple(dict.fromkeys([*found, "PD"]))


def _changes(reasoning: Reasoning, given: ChoiInput) -> _Changes:
    baseline, current = given.baseline_sum_mm or 0, given.current_sum_mm or 0
    reasoning.note("sum of diameters at baseline", baseline, "mm")
    reasoning.note("sum of diameters now", current, "mm")
    size = 100 * (current - baseline) / baseline
    reasoning.note("change of size", size, "%")
    before, now = given.baseline_density_hu, given.current_density_hu
    if before is None or now is None or before <= 0 or not given.same_technique:
        return _Changes(size, None)
    reasoning.note("mean density at baseline", before, "[hnsf'U]")
    reasoning.note("mean density now", now, "[hnsf'U]")
    density = 100 * (now - before) / before
    reasoning.note("change of density", density, "%")
    return _Changes(size, density)


def _classify(changes: _Changes, given: ChoiInput) -> tuple[str, str]:
    """Result and rule, before the questions on new disease."""
    if given.all_vanished:
        return "CR", "complete"
    smaller = at_least(-changes.size, BOOK.limit("size_fall"))
    darker = changes.density is not None and at_least(-changes.density, BOOK.limit("density_fall"))
    if (smaller and darker) if given.modified else (smaller or darker):
        return "PR", "partial"
    if at_least(changes.size, BOOK.limit("size_rise")) and not darker:
        return "PD", "progression"
    return "SD", "stable"


CRITERION = Criterion(BOOK, ChoiInput, assess)
