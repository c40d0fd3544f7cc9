"""Debulking of the liver: checklist, what a plan clears and leaves (or that one is missing), priorities."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import ki67_upper_percent
from isletscope.assessment.liver import KINDS, burden_percent, metastases, volumes_of
from isletscope.assessment.primary import largest_dimension
from isletscope.assessment.vessels import settled
from isletscope.assessment.view import View
from isletscope.assessment.wiring_book import surgery_book
from isletscope.criteria import Syndrome
from isletscope.model import Conclusion, ExamKind, Lesion, LiverPlan, State

_TRACERS = (ExamKind.SSTR_PET, ExamKind.FDG_PET)
_ABOVE_LIVER = ("3", "4")


def assess_cytoreduction(view: View, gathered: Gathered) -> None:
    """Ask when there are liver metastases. Without a plan what depends on one says that it is missing."""
    lesions = metastases(view)
    if lesions:
        _ask_checklist(view, gathered)
        _ask_plan(view, gathered, lesions)
        _ask_remnant(view, gathered)
        _ask_ablation(view, gathered, lesions)
        if all(view.done(kind) for kind in _TRACERS):
            _ask_priority(view, gathered, lesions)


def _ask_checklist(view: View, gathered: Gathered) -> None:
    asking = Asking("cytoreduction_fit")
    asking.put("tumour", gathered.grade, "conclusion/who_grade")
    asking.put("extrahepatic", gathered.value("extrahepatic"), "conclusion/extrahepatic")
    asking.put("liver_burden_percent", burden_percent(gathered), "conclusion/liver_burden")
    syndrome, raging = view.clinical.hormones.syndrome, view.clinical.constraints.uncontrolled_syndrome
    if syndrome is Syndrome.NONE:
        asking.put("syndrome", "none", "clinical/hormones/syndrome")
    elif syndrome is not None and raging is not None:
        word = "refractory" if raging else "controlled"
        asking.put("syndrome", word, "clinical/constraints/uncontrolled_syndrome")
    ki67 = ki67_upper_percent(view)
    if ki67 is not None:
        asking.put("ki67_percent", *ki67)
    local = settled(gathered.get("resectability_net"))
    if local is not None and local.startswith("resectable"):
        asking.put("primary_removed_or_resectable", True, "conclusion/resectability_net")
    elif view.clinical.tumour.resected_on is not None:
        asking.put("primary_removed_or_resectable", True, "clinical/tumour/resected_on")
    gathered.add(asking.conclude())


def _ask_plan(view: View, gathered: Gathered, lesions: list[Lesion]) -> None:
    asking = Asking("cytoreduction")
    volumes = volumes_of(view, lesions)
    done = _done(view.point.plan)
    asking.put(
        "lesions",
        [
            {
                "id": one.id,
                **({"volume_ml": volumes[one.id].value} if one.id in volumes else {}),
                **({"plan": done[one.id]} if one.id in done else {}),
            }
            for one in lesions
        ],
        *(found.reference for found in volumes.values()),
        *([f"time_point/{view.point.name}"] if done else []),
    )
    gathered.add(asking.conclude())


def _done(plan: LiverPlan | None) -> dict[str, str]:
    """What the plan does with each lesion."""
    if plan is None:
        return {}
    ablated = {name for one in plan.best.procedures if one.kind == "ablation" for name in one.lesions}
    cut = {name for one in plan.best.procedures if one.kind != "ablation" for name in one.lesions}
    left = {one.lesion: "leave" for one in plan.best.left}
    return left | {name: "ablate" if name in ablated - cut else "resect" for name in plan.best.cleared}


def _ask_remnant(view: View, gathered: Gathered) -> None:
    asking = Asking("remnant")
    expected = gathered.value("liver_volume")
    asking.put("expected_liver_ml", None if expected is None else float(expected), "conclusion/liver_volume")
    plan = view.point.plan
    if plan is not None:
        behind = f"time_point/{view.point.name}"
        asking.put("remnant_ml", plan.best.remnant_ml, behind)
        asking.put("background", plan.least.background, behind)
        if plan.best.rflr_percent is not None:
            asking.put("measured_liver_ml", plan.liver_ml, behind)
            asking.put("tumour_ml", plan.tumour_ml, behind)
        gathered.add(asking.conclude())
        return
    gathered.add(asking.lacking("a plan: what stays of the liver depends on it"))


def _ask_ablation(view: View, gathered: Gathered, lesions: list[Lesion]) -> None:
    """Asked of lesions whose surroundings were measured; size alone says too little."""
    for one in lesions:
        distance = view.find(one, "bile_duct_distance", KINDS)
        if distance is None:
            continue
        asking = Asking("ablation", one.id)
        size = largest_dimension(view, one, KINDS)
        if size is not None:
            asking.put("diameter_mm", size.value_mm, size.reference)
        asking.take("duct_distance_mm", distance)
        gathered.add(asking.conclude())


def _ask_priority(view: View, gathered: Gathered, lesions: list[Lesion]) -> None:
    asking = Asking("debulking_priority")
    signs = {one.subject: one for one in _by_lesion(gathered, "concordance")}
    scores = {one.subject: one for one in _by_lesion(gathered, "krenning")}
    levels = {one.subject: one for one in _by_lesion(gathered, "fdg_uptake")}
    volumes = volumes_of(view, lesions)
    given = []
    for lesion in lesions:
        found: dict[str, Any] = {"id": lesion.id, **_signs(signs.get(lesion.id))}
        score, level = settled(scores.get(lesion.id)), settled(levels.get(lesion.id))
        if score is not None:
            found["sstr_above_liver"] = score in _ABOVE_LIVER
        if score is not None and level is not None:
            found["fdg_above_sstr"] = int(level) > int(score)
        if lesion.id in volumes:
            found["volume_ml"] = volumes[lesion.id].value
        size = largest_dimension(view, lesion, KINDS)
        if size is not None:
            found["longest_mm"] = size.value_mm
        given.append(found)
    asking.put("lesions", given, "conclusion/concordance", "conclusion/krenning", "conclusion/fdg_uptake")
    if gathered.grade in ("G1", "G2", "G3"):
        asking.put("grade", gathered.grade, "conclusion/who_grade")
    gathered.add(asking.conclude())


def _by_lesion(gathered: Gathered, criterion: str) -> list[Conclusion]:
    found = gathered.get(criterion)
    return found.lesions if found is not None else []


def _signs(label: Conclusion | None) -> dict[str, bool]:
    """Positive or negative on each tracer, as the lesion's label says; nothing while the label is open."""
    if label is None or label.state is State.MISSING:
        return {}
    return dict(surgery_book().tracer_signs.get(label.rule.rpartition(".")[2], {}))
