"""Which primary decides for the patient when there are several: the worst result, then the largest tumour."""

from __future__ import annotations

from collections.abc import Mapping

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.primary import largest_dimension, primaries
from isletscope.assessment.view import View
from isletscope.assessment.wiring_book import surgery_book
from isletscope.model import Conclusion, Lesion, State


def add_for_primaries(view: View, gathered: Gathered, criterion: str, found: Mapping[str, Conclusion]) -> None:
    """Keep the conclusions on primaries by lesion: one stands for the patient, several stay by lesion as well.

    A result that is missing stands for the patient when it may still be worse than every other.
    """
    if not found:
        return
    decides = _deciding(view, criterion, found)
    patient = found[decides].model_copy(update={"subject": ""})
    count = len(primaries(view))
    if count > 1:
        choice = surgery_book().says("decides", lesion=decides, count=count)
        patient = patient.model_copy(update={"evidence": [choice, *patient.evidence]})
    gathered.add(patient)
    if count > 1:
        for name in sorted(found):
            gathered.add(found[name])


def conclusion_of(view: View, criterion: str, lesion: Lesion) -> str:
    """Reference of the conclusion on one primary."""
    return f"conclusion/{criterion}/{lesion.id}" if len(primaries(view)) > 1 else f"conclusion/{criterion}"


def of_primary(view: View, gathered: Gathered, criterion: str, lesion: Lesion) -> Conclusion | None:
    """The conclusion on one primary; None when it was not asked."""
    return gathered.get(criterion, lesion.id if len(primaries(view)) > 1 else "")


def put_entered(asking: Asking, view: View) -> None:
    """A reader's entries in place of findings; the items ask for one primary, so several are left to the findings."""
    if len(primaries(view)) != 1:
        return
    for name, (item, part) in surgery_book().entered.get(asking.criterion.name, {}).items():
        value = view.answer(item, part)
        if isinstance(value, int | float) and not isinstance(value, bool):
            asking.put(name, float(value), f"answer/{item}")


def _deciding(view: View, criterion: str, found: Mapping[str, Conclusion]) -> str:
    order = surgery_book().severity.get(criterion, ())

    def worst(name: str) -> tuple[int, bool]:
        one = found[name]
        lacks = one.state is State.MISSING
        if not order:
            return 0, False
        values = one.possible if lacks else [one.value or ""]
        ranks = [order.index(value) for value in values if value in order]
        return min(ranks, default=0 if lacks else len(order)), lacks

    sizes = {lesion.id: largest_dimension(view, lesion) for lesion in primaries(view)}

    def size(name: str) -> float:
        one = sizes.get(name)
        return 0.0 if one is None else one.value_mm

    return min(sorted(found), key=lambda name: (*worst(name), -size(name)))
