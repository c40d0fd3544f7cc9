"""Response over time points on CT or MRI: RECIST 1.1 with its best response, Choi, mRECIST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isletscope.assessment.asking import Asking
from isletscope.assessment.comparison import (
    REGION_OF,
    Size,
    baseline_of,
    chain,
    common_kind,
    day_of,
    first_kind,
    is_baseline,
    measured_on,
    merged_with,
    size_on,
    starts_after,
)
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.recist_baseline import targets_on
from isletscope.assessment.view import ANATOMICAL, View
from isletscope.assessment.wiring_book import response_book
from isletscope.criteria import Treatment
from isletscope.model import Compartment, Conclusion, ExamKind, Lesion, Role, State, Verdict, Visibility

_PET = {ExamKind.FDG_PET: "fdg", ExamKind.SSTR_PET: "sstr"}


def assess_recist(view: View, gathered: Gathered) -> None:
    """Ask for targets at a baseline, and for response at every later time point."""
    kind = first_kind(view)
    if kind is not None and is_baseline(view) and view.lesions:
        gathered.add(targets_on(view, kind))
    if baseline_of(view) is None:
        return
    answer = response_at(view)
    gathered.add(answer)
    _ask_best(view, gathered)
    _ask_choi(view, gathered, answer)
    _ask_mrecist(view, gathered, answer)


def response_at(view: View) -> Conclusion:
    """RECIST 1.1 at a follow-up; missing without a common kind of exam or without targets at baseline."""
    asking = Asking("recist")
    found = baseline_of(view)
    assert found is not None
    baseline, why = found
    asking.say(why)
    kind = common_kind(baseline, view)
    if kind is None:
        return asking.lacking("CT or MRI at both time points (sizes are not compared across modalities)")
    asking.say(measured_on(kind))
    targets = targets_on(baseline, kind)
    if targets.state is State.MISSING:
        return asking.lacking(*targets.missing)
    lesions = _lesions(view, targets, "target")
    asking.put("targets", [_target(asking, baseline, view, one, kind, lesions) for one in lesions])
    between = [one for one in chain(view)[:-1] if day_of(one) > day_of(baseline)]
    sums = [total for one in between if (total := _sum(one, lesions, kind)) is not None]
    asking.put("earlier_sums_mm", sums or None)
    asking.put("earlier_complete", any(_complete(one, lesions, kind) for one in between) or None)
    asking.put("non_target", _non_target(asking, baseline, view, _lesions(view, targets, "non_target"), kind))
    asking.put("new_lesions", _new_lesions(asking, baseline, view))
    return asking.conclude()


def _lesions(view: View, targets: Conclusion, role: str) -> list[Lesion]:
    names = {one.subject for one in targets.lesions if one.value == role}
    return [lesion for lesion in view.case.lesions if lesion.id in names]


def _target(
    asking: Asking, baseline: View, view: View, lesion: Lesion, kind: ExamKind, targets: Sequence[Lesion]
) -> dict[str, Any]:
    before, now = size_on(baseline, lesion, kind), _counted(view, lesion, kind, targets)
    assert before is not None
    found: dict[str, Any] = {
        "id": lesion.id,
        "nodal": lesion.compartment is Compartment.NODE,
        "baseline_mm": before.value_mm,
    }
    asking.rest_on(*before.references)
    if now is not None:
        found["current_mm"] = now.value_mm
        asking.rest_on(*now.references)
        asking.say(*now.remarks)
    return found


def _counted(view: View, lesion: Lesion, kind: ExamKind, targets: Sequence[Lesion]) -> Size | None:
    return size_on(view, lesion, kind, counted=[one.id for one in targets])


def _sum(view: View, targets: Sequence[Lesion], kind: ExamKind) -> float | None:
    sizes = [_counted(view, one, kind, targets) for one in targets]
    return None if not sizes or None in sizes else sum(size.value_mm for size in sizes if size is not None)


def _complete(view: View, targets: Sequence[Lesion], kind: ExamKind) -> bool:
    """Whether every target had vanished at an earlier time point, nodes below the limit of a normal one."""
    sizes = [(one, _counted(view, one, kind, targets)) for one in targets]
    return bool(sizes) and all(size is not None and _gone(one, size) for one, size in sizes)


def _gone(lesion: Lesion, size: Size) -> bool:
    small = lesion.compartment is Compartment.NODE and size.value_mm < response_book().limit("node")
    return size.value_mm == 0 or small


def _non_target(asking: Asking, baseline: View, view: View, lesions: Sequence[Lesion], kind: ExamKind) -> str | None:
    """none, CR, non-CR/non-PD or NE. A lesion that grew beyond the limits leaves it to a reader whether it is PD."""
    if not lesions:
        return "none"
    book = response_book()
    states: list[str] = []
    for lesion in lesions:
        swallowed = merged_with(view, lesion, since=baseline)
        befores = [size_on(baseline, one, kind) for one in (lesion, *swallowed)]
        now = size_on(view, lesion, kind, counted=[one.id for one in view.case.lesions])
        if now is not None:
            asking.rest_on(*now.references)
        if None in befores or now is None:
            states.append("not evaluated")
            continue
        before = sum(one.value_mm for one in befores if one is not None)
        rise = now.value_mm - before
        if rise >= book.limit("worse_mm") and 100 * rise >= book.limit("worse_percent") * before:
            asking.say(book.says("worse", lesion=lesion.id, before=before, now=now.value_mm))
            states.append("worse")
        elif not lesion.merged_into or now.value_mm > 0:
            states.append("gone" if _gone(lesion, now) else "persists")
    if "worse" in states:
        return None
    if "not evaluated" in states:
        return "NE"
    return "CR" if set(states) == {"gone"} else "non-CR/non-PD"


def _new_lesions(asking: Asking, baseline: View, view: View) -> list[dict[str, Any]] | None:
    """Lesions not seen up to baseline; None where what CT or MRI showed at baseline is not covered now."""
    before = {name for name in baseline.point.coverage if baseline.covered(name, *ANATOMICAL)}
    now = {name for name in view.point.coverage if view.covered(name, *ANATOMICAL)}
    known = chain(baseline)
    new = [one for one in (*view.lesions, *view.unsure) if not _known_before(one, known)]
    if not new and (not before or not before <= now):
        return None
    asking.rest_on(*(f"exam/{key}" for key in view.point.exam_keys))
    return [_new_lesion(asking, baseline, view, lesion) for lesion in new]


def _known_before(lesion: Lesion, views: Sequence[View]) -> bool:
    if any(any(view.seen(lesion)) for view in views):
        return True
    parent = next((one for view in views for one in view.case.lesions if one.id == lesion.split_from), None)
    return parent is not None and _known_before(parent, views)


def _new_lesion(asking: Asking, baseline: View, view: View, lesion: Lesion) -> dict[str, Any]:
    """A new lesion and the images that show it; seen on two kinds, one of them CT or MRI, it is unequivocal."""
    kinds = {one.kind for one in view.seen(lesion)}
    asking.rest_on(*(f"lesion/{lesion.id}/{one.reference}" for one in view.seen(lesion)))
    region = REGION_OF.get(lesion.compartment)
    scanned = region is None or bool(baseline.covered(region))
    found: dict[str, Any] = {"id": lesion.id, "region_scanned_at_baseline": scanned}
    anatomical = kinds & set(ANATOMICAL)
    if lesion.verdict is Verdict.UNSURE:
        found["unequivocal"] = False
    elif anatomical:
        comparable = not scanned or any(_shown(baseline, lesion, region, kind) for kind in anatomical)
        if comparable and len(kinds) >= response_book().limit("unequivocal_kinds"):
            found["unequivocal"] = True
    if anatomical:
        return {**found, "seen_on": "ct_mri"}
    found["seen_on"] = "fdg" if ExamKind.FDG_PET in kinds else "sstr"
    if found["seen_on"] == "fdg":
        found["fdg_negative_baseline"] = _shown(baseline, lesion, region, ExamKind.FDG_PET)
    return found


def _shown(baseline: View, lesion: Lesion, region: str | None, kind: ExamKind) -> bool:
    """Whether that kind of exam could have shown the lesion at baseline."""
    one = baseline.looked(lesion, kind)
    if one is not None:
        return one.visibility is Visibility.NOT_SEEN
    return region is not None and bool(baseline.covered(region, kind))


def _ask_best(view: View, gathered: Gathered) -> None:
    """Best response since baseline; asked once every scan since then has a response."""
    found = baseline_of(view)
    assert found is not None
    baseline, why = found
    later = [one for one in chain(view) if day_of(one) > day_of(baseline)]
    answers = [(one, response_at(one)) for one in later]
    if any(answer.state is State.MISSING for _, answer in answers):
        return
    asking = Asking("recist_best")
    asking.say(why)
    points = [
        {"day": (day_of(one) - day_of(baseline)).days, "response": answer.value}
        for one, answer in answers
        if baseline_of(one) is not None
    ]
    asking.put("time_points", points, "conclusion/recist")
    gathered.add(asking.conclude())


def _ask_choi(view: View, gathered: Gathered, recist: Conclusion) -> None:
    """Asked on CT, once a treatment began since baseline or treatments are not known."""
    found = baseline_of(view)
    assert found is not None
    baseline, why = found
    if not (baseline.done(ExamKind.CT) and view.done(ExamKind.CT)) or not _treated_between(baseline, view):
        return
    asking = Asking("choi")
    asking.say(why)
    targets = targets_on(baseline, ExamKind.CT)
    lesions = _lesions(view, targets, "target")
    if targets.state is State.MISSING or not lesions:
        gathered.add(asking.lacking(*(targets.missing or ["a target lesion at baseline"])))
        return
    asking.put("baseline_sum_mm", _sum(baseline, lesions, ExamKind.CT), "conclusion/recist")
    now = _sum(view, lesions, ExamKind.CT)
    asking.put("current_sum_mm", now, "conclusion/recist")
    asking.put("all_vanished", True if now == 0 else None)
    _put_density(asking, baseline, view, lesions)
    new = {"yes": True, "no": False}.get(recist.parts.get("new", ""))
    asking.put("new_lesion", new, "conclusion/recist")
    elsewhere = recist.parts.get("non_target", "")
    worse = True if elsewhere == "PD" else False if elsewhere in ("none", "CR", "non-CR/non-PD") else None
    asking.put("clear_progression_elsewhere", worse, "conclusion/recist")
    asking.put("new_or_growing_nodule_in_tumour", *_inner_nodule(view, lesions))
    gathered.add(asking.conclude())


def _treated_between(baseline: View, view: View) -> bool:
    courses = view.clinical.courses
    if courses is None:
        return "treatment" not in view.clinical.model_fields_set or bool(view.clinical.treatment)
    return any(starts_after(baseline, one) and not starts_after(view, one) for one in courses)


def _put_density(asking: Asking, baseline: View, view: View, lesions: Sequence[Lesion]) -> None:
    """Mean density of the targets, each lesion counting once; one that was not measured leaves it out."""
    means: list[float] = []
    for one in (baseline, view):
        left = [lesion for lesion in lesions if (size := size_on(one, lesion, ExamKind.CT)) and size.value_mm > 0]
        found = [one.find(lesion, "hu_portal_venous", (ExamKind.CT,)) for lesion in left]
        if not found or None in found:
            return
        values = [value for value in found if value is not None]
        means.append(sum(value.value for value in values) / len(values))
        asking.rest_on(*(value.reference for value in values))
    asking.put("baseline_density_hu", means[0])
    asking.put("current_density_hu", means[1])
    asking.put("same_technique", True if all(_portal_venous(one) for one in (baseline, view)) else None)
    asking.say(response_book().says("density", lesions=", ".join(lesion.id for lesion in lesions)))


def _portal_venous(view: View) -> bool:
    keys = view.kinds.get(ExamKind.CT, [])
    return any(
        series.role is Role.CT_PORTAL_VENOUS for exam in view.exams if exam.key in keys for series in exam.series
    )


def _inner_nodule(view: View, lesions: Sequence[Lesion]) -> tuple[bool | None, str]:
    """Whether a nodule inside a target is new or grows; no only where every target was looked at for it."""
    states = []
    reference = ""
    for lesion in lesions:
        one = view.looked(lesion, ExamKind.CT)
        if one is not None and one.visibility is Visibility.NOT_SEEN:
            continue
        states.append(one.features.get("inner_nodule") if one is not None else None)
        if one is not None and "inner_nodule" in one.features:
            reference = f"lesion/{lesion.id}/{one.reference}/inner_nodule"
    if "new_or_growing" in states:
        return True, reference
    return (None if None in states else False), reference


def _ask_mrecist(view: View, gathered: Gathered, recist: Conclusion) -> None:
    """Asked after embolisation, or where the enhancing part of liver targets was measured."""
    found = baseline_of(view)
    assert found is not None
    baseline, why = found
    kind = common_kind(baseline, view)
    embolised = any(one.kind is Treatment.EMBOLISATION for one in view.clinical.courses or ())
    embolised = embolised or view.clinical.treatment_kind is Treatment.EMBOLISATION
    if kind is None:
        return
    targets = [
        one for one in _lesions(view, targets_on(baseline, kind), "target") if one.compartment is Compartment.LIVER
    ]
    before = [baseline.find(one, "viable_long_axis", (kind,)) for one in targets]
    if not targets or not (embolised or any(before)):
        return
    asking = Asking("mrecist")
    asking.say(why)
    now = [view.find(one, "viable_long_axis", (kind,)) for one in targets]
    for name, values in (("baseline_sum_mm", before), ("current_sum_mm", now)):
        known = [one for one in values if one is not None]
        if len(known) == len(targets):
            asking.put(name, sum(one.value for one in known), *(one.reference for one in known))
    if all(before):
        asking.put("enhanced_at_baseline", True)
        asking.put("arterial_phase", True if all(now) else None)
    if recist.parts.get("new") == "no":
        asking.put("new_lesions", [], "conclusion/recist")
    gathered.add(asking.conclude())
