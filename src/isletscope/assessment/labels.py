"""Labels of single lesions that a table needs before the whole time point is assessed."""

from __future__ import annotations

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.uptake import put_lesions
from isletscope.assessment.view import View, views
from isletscope.model import Case, Conclusion, State, Verdict


def concordance_labels(case: Case) -> dict[tuple[str, str], tuple[str, str]]:
    """Whether SSTR and FDG agree: (time point, lesion) -> (label, because); by the criterion ``concordance``.

    Indeterminate lesions are labelled like tumours. The label is empty where it is not assessable.
    """
    asked = case.model_copy(
        update={
            "lesions": [
                one.model_copy(update={"verdict": Verdict.TUMOUR}) if one.verdict is Verdict.UNSURE else one
                for one in case.lesions
            ]
        }
    )
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for view in views(asked):
        conclusion = _concordance(view)
        for one in conclusion.lesions:
            found[view.point.name, one.subject] = _label(one)
        for lesion in view.lesions:
            found.setdefault((view.point.name, lesion.id), ("", _lacks(conclusion)))
    return found


def _concordance(view: View) -> Conclusion:
    asking = Asking("concordance")
    put_lesions(asking, view, Gathered())
    return asking.conclude()


def _label(one: Conclusion) -> tuple[str, str]:
    if one.state is not State.MISSING and one.value:
        return one.value, one.because
    possible = f"{' or '.join(one.possible)}: " if one.possible else ""
    return "", f"{possible}{_lacks(one)}"


def _lacks(one: Conclusion) -> str:
    return f"not known: {', '.join(one.missing)}" if one.missing else "not assessable"
