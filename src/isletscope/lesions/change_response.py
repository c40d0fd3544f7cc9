"""Response at every time point as the criteria concluded it, the sums of target diameters, and the treatments between.

Nothing is computed here: the conclusions are those of the case's assessments, each with the baseline it was made
against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from isletscope.assessment import View, baseline_of, response_book
from isletscope.model import Case, Conclusion

RESPONSE_CRITERIA = ("recist", "recist_best", "mrecist", "choi", "percist", "eortc", "sstr_change", "growth_rate")
"""Criteria of response and growth, in print order."""


@dataclass(frozen=True)
class Sum:
    """Sum of the targets' diameters in mm at a time point, with the smallest one since its baseline."""

    time_point: str
    baseline: str
    sum_mm: float
    baseline_mm: float | None
    nadir_mm: float | None


@dataclass(frozen=True)
class ResponsePoint:
    """One time point: which one it is measured against and why, what the criteria say, the sum of its targets."""

    name: str
    date: str
    baseline: str
    because: str
    conclusions: tuple[Conclusion, ...]
    targets: tuple[str, ...]
    sum: Sum | None

    def conclusion(self, name: str) -> Conclusion | None:
        """The conclusion of that criterion; None when it was not asked."""
        return next((one for one in self.conclusions if one.name == name), None)


@dataclass(frozen=True)
class TreatmentSpan:
    """A treatment of the clinical file; without an end it may still go on."""

    label: str
    started_on: date
    ended_on: date | None


def response_points(views: Sequence[View]) -> tuple[ResponsePoint, ...]:
    """Every time point with the conclusions of the case's assessments. Not assessed: without conclusions."""
    return tuple(_point(view) for view in views)


def treatment_spans(views: Sequence[View]) -> tuple[TreatmentSpan, ...]:
    """Treatments with a known start, in order of time; those without one cannot be drawn."""
    courses = views[-1].clinical.courses or () if views else ()
    names = response_book().treatments
    found = [
        TreatmentSpan(one.drug or names.get(one.kind.value, one.kind.value), one.started_on, one.ended_on)
        for one in courses
        if one.started_on is not None
    ]
    return tuple(sorted(found, key=lambda span: span.started_on))


def _point(view: View) -> ResponsePoint:
    assessed = next((one for one in view.case.assessments if one.time_point == view.point.name), None)
    known = assessed.conclusions if assessed is not None else []
    found = baseline_of(view)
    asked = {(one.name, one.subject): one for one in known}
    conclusions = tuple(asked[name, ""] for name in RESPONSE_CRITERIA if (name, "") in asked)
    baseline = found[0].point.name if found is not None else ""
    return ResponsePoint(
        name=view.point.name,
        date=view.point.date,
        baseline=baseline,
        because=found[1].text if found is not None else "",
        conclusions=conclusions,
        targets=_targets(view.case, baseline or view.point.name),
        sum=_sum(view.point.name, baseline, asked.get(("recist", ""))),
    )


def _targets(case: Case, baseline: str) -> tuple[str, ...]:
    """Target lesions as they were chosen at a baseline."""
    assessed = next((one for one in case.assessments if one.time_point == baseline), None)
    chosen = assessed.conclusion("recist_targets") if assessed is not None else None
    return tuple(one.subject for one in chosen.lesions if one.value == "target") if chosen is not None else ()


def _sum(name: str, baseline: str, recist: Conclusion | None) -> Sum | None:
    values = {one.text: one.value for one in recist.evidence} if recist is not None else {}
    now = values.get("sum")
    if now is None:
        return None
    return Sum(name, baseline, now, values.get("baseline sum"), values.get("smallest sum so far"))
