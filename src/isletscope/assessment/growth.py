"""Growth since the time point before: of the sum, of single lesions, and whether a change exceeds measurement error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isletscope.assessment.asking import Asking
from isletscope.assessment.comparison import (
    baseline_of,
    day_of,
    measured_on,
    merged_with,
    previous_with,
    size_on,
    starts_after,
)
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.recist_baseline import targets_on
from isletscope.assessment.view import Found, View
from isletscope.assessment.wiring_book import response_book
from isletscope.criteria import LocalTreatment, Treatment
from isletscope.model import Compartment, ExamKind, Lesion, State

_LOCAL = (LocalTreatment.ABLATION, LocalTreatment.RADIOTHERAPY, LocalTreatment.RESECTION, Treatment.EMBOLISATION)


@dataclass(frozen=True)
class Quantity:
    """A measurement that is compared between time points: its kind of exam, its name, the limit's name."""

    kind: ExamKind
    name: str
    limit: str
    compartments: tuple[Compartment, ...] = ()


QUANTITIES = (
    Quantity(ExamKind.SSTR_PET, "suv_max", "sstr_suv"),
    Quantity(ExamKind.FDG_PET, "suv_max", "fdg_suv"),
    Quantity(ExamKind.MRI, "adc_mean", "adc_liver", (Compartment.LIVER,)),
    Quantity(ExamKind.MRI, "adc_mean", "adc_pancreas", (Compartment.PANCREAS,)),
)


def assess_growth(view: View, gathered: Gathered) -> None:
    """Ask at every time point that has an earlier one."""
    found = previous_with(view)
    if found is not None:
        earlier, kind = found
        _ask_sum(view, gathered, earlier, kind)
        for lesion in _lesions(view, earlier):
            _ask_lesion(view, gathered, earlier, kind, lesion)
    if view.earlier is not None:
        for lesion in _lesions(view, view.earlier):
            _ask_quantities(view, gathered, view.earlier, lesion)


def _lesions(view: View, earlier: View) -> Iterator[Lesion]:
    """Tumours that the earlier time point shows; what merged since has no course of its own."""
    for lesion in earlier.lesions:
        absorbed = bool(lesion.merged_into) and not any(view.seen(lesion))
        if not absorbed and not merged_with(view, lesion, since=earlier):
            yield lesion


def _ask_sum(view: View, gathered: Gathered, earlier: View, kind: ExamKind) -> None:
    """Growth rate of the sum of targets outside nodes, between this time point and the one before."""
    asking = Asking("growth_rate")
    asking.say(response_book().says("previous", baseline=earlier.point.name), measured_on(kind))
    targets = targets_on(earlier, kind)
    if targets.state is State.MISSING:
        gathered.add(asking.lacking(*targets.missing))
        return
    names = [one.subject for one in targets.lesions if one.value == "target"]
    lesions = [one for one in view.case.lesions if one.id in names and one.compartment is not Compartment.NODE]
    if not lesions:
        return
    for name, when in (("first_sum_mm", earlier), ("second_sum_mm", view)):
        sizes = [size_on(when, one, kind, counted=names) for one in lesions]
        known = [size for size in sizes if size is not None]
        total = sum(size.value_mm for size in known)
        if len(known) == len(lesions) and total > 0:
            asking.put(name, total, *(reference for size in known for reference in size.references))
    asking.put("interval_days", (day_of(view, kind) - day_of(earlier, kind)).days or None)
    asking.put("lesions", len(lesions))
    asking.put("nodes_in_sum", False)
    asking.put("setting", _setting(view, earlier))
    courses = view.clinical.courses
    if courses is not None:
        between = [one for one in courses if starts_after(earlier, one) and not starts_after(view, one)]
        asking.put("local_therapy_between", any(one.kind in _LOCAL for one in between), "clinical/courses")
    gathered.add(asking.conclude())


def _setting(view: View, earlier: View) -> str:
    """Before any treatment, at three months of the first one, or any other interval."""
    courses = view.clinical.courses
    if courses is None or any(one.started_on is None for one in courses):
        return "other"
    if not any(not starts_after(view, one) for one in courses):
        return "before_treatment"
    baseline = baseline_of(view)
    begins = [one.started_on for one in courses if starts_after(earlier, one) and not starts_after(view, one)]
    if baseline is None or baseline[0].point.name != earlier.point.name or len(begins) != 1 or begins[0] is None:
        return "other"
    days = (day_of(view) - begins[0]).days
    first, last = (response_book().limit(name) for name in ("three_months_from", "three_months_to"))
    return "three_months" if first <= days <= last else "other"


def _ask_lesion(view: View, gathered: Gathered, earlier: View, kind: ExamKind, lesion: Lesion) -> None:
    """Doubling time and growth per year, and whether the change of diameter exceeds measurement error."""
    before, now = size_on(earlier, lesion, kind), size_on(view, lesion, kind)
    if before is None or now is None or before.value_mm <= 0:
        return
    choices = (response_book().says("previous", baseline=earlier.point.name), measured_on(kind))
    references = (*before.references, *now.references)
    if now.value_mm > 0:
        asking = Asking("doubling_time", lesion.id)
        asking.say(*choices)
        asking.put("first_mm", before.value_mm, *references)
        asking.put("second_mm", now.value_mm)
        asking.put("interval_days", (day_of(view, kind) - day_of(earlier, kind)).days or None)
        gathered.add(asking.conclude())
    asking = Asking("repeatability", f"{lesion.id} diameter")
    asking.say(*choices, *now.remarks)
    asking.put("quantity", "diameter", *references)
    asking.put("before", before.value_mm)
    asking.put("after", now.value_mm)
    gathered.add(asking.conclude())


def _ask_quantities(view: View, gathered: Gathered, earlier: View, lesion: Lesion) -> None:
    """Uptake and ADC on the same kind of exam at both time points; tracer and field strength are the reader's part."""
    for quantity in QUANTITIES:
        if quantity.compartments and lesion.compartment not in quantity.compartments:
            continue
        found = [_value(one, lesion, quantity) for one in (earlier, view)]
        before, now = found
        if before is None or now is None or before.value <= 0 or now.value < 0:
            continue
        asking = Asking("repeatability", f"{lesion.id} {quantity.kind.value} {quantity.name}")
        asking.say(response_book().says("previous", baseline=earlier.point.name))
        asking.put("quantity", quantity.limit, before.reference, now.reference)
        asking.put("before", before.value)
        asking.put("after", now.value)
        gathered.add(asking.conclude())


def _value(view: View, lesion: Lesion, quantity: Quantity) -> Found | None:
    return view.find(lesion, quantity.name, (quantity.kind,))
