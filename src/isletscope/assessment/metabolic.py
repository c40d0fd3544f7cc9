"""Response on PET: PERCIST and EORTC on FDG, the descriptive change on SSTR."""

from __future__ import annotations

from isletscope.assessment.asking import Asking
from isletscope.assessment.comparison import baseline_of, chain
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.view import KIND_OF_TRACER, View
from isletscope.assessment.wiring_book import response_book
from isletscope.model import (
    Case,
    Compartment,
    Conclusion,
    Evidence,
    ExamKind,
    Lesion,
    PetQuantification,
    Role,
    Series,
    TracerClass,
    Visibility,
)

_LEAN = "james128"
"""Lean body mass that PERCIST is read with (decisions in the book of the criterion)."""
_FDG, _SSTR = ExamKind.FDG_PET, ExamKind.SSTR_PET


def assess_metabolic(view: View, gathered: Gathered) -> None:
    """Ask where the same kind of PET was done at baseline and now."""
    found = baseline_of(view)
    if found is None:
        return
    baseline, why = found
    if baseline.done(_FDG) and view.done(_FDG):
        gathered.add(_percist(_question("percist", why), baseline, view))
        gathered.add(_eortc(_question("eortc", why), baseline, view))
    if baseline.done(_SSTR) and view.done(_SSTR):
        gathered.add(_sstr(_question("sstr_change", why), baseline, view))


def _question(criterion: str, why: Evidence) -> Asking:
    """A question that starts with the choice of its baseline."""
    asking = Asking(criterion)
    asking.say(why)
    return asking


def series_of(view: View, tracer: TracerClass) -> Series | None:
    """The PET series of a tracer that was read last at a time point."""
    reading = view.reading(tracer)
    if reading is not None:
        return view.case.series(reading.series_key)
    keys = view.kinds.get(KIND_OF_TRACER[tracer], [])
    found = [
        series
        for exam in view.exams
        if exam.key in keys
        for series in exam.series
        if series.role is Role.PET and series.tracer is not None and series.tracer.tracer_class is tracer
    ]
    return found[-1] if found else None


def _quantification(view: View, tracer: TracerClass) -> PetQuantification | None:
    series = series_of(view, tracer)
    return series.quantification if series is not None else None


def _lean_factor(how: PetQuantification | None) -> float | None:
    """What turns SUV by body weight into SUL; None when lean mass or weight is not known."""
    lean = how.lean_body_mass_kg.get(_LEAN) if how is not None else None
    return None if how is None or lean is None or not how.weight_kg else lean / how.weight_kg


def _hottest(view: View, kind: ExamKind, name: str) -> tuple[Lesion, float, str] | None:
    """The lesion with the highest value on that PET."""
    found = [(lesion, one.value, one.reference) for lesion in view.lesions if (one := view.find(lesion, name, (kind,)))]
    return max(found, key=lambda item: (item[1], item[0].id), default=None)


def _percist(asking: Asking, baseline: View, view: View) -> Conclusion:
    asking.put("baseline", _fdg_scan(asking, baseline))
    asking.put("current", _fdg_scan(asking, view))
    asking.put("liver_diseased", bool(baseline.of(Compartment.LIVER) or view.of(Compartment.LIVER)))
    asking.put("new_lesion", _new_on(asking, baseline, view, _FDG))
    shown = [one.visibility is Visibility.SEEN for lesion in view.lesions if (one := view.looked(lesion, _FDG))]
    asking.put("uptake_above_background", any(shown) if shown else None)
    return asking.conclude()


def _fdg_scan(asking: Asking, view: View) -> dict[str, float]:
    """One FDG PET as PERCIST asks for it; SUL from SUVpeak, references and total uptake by lean mass."""
    how = _quantification(view, TracerClass.FDG)
    factor = _lean_factor(how)
    scan: dict[str, float] = {}
    hottest = _hottest(view, _FDG, "suv_peak")
    if factor is not None:
        if hottest is not None:
            scan["sul_peak_g_ml"] = factor * hottest[1]
            asking.rest_on(hottest[2])
        for name, key in (("liver", "liver"), ("blood_pool", "blood")):
            region = view.reference(TracerClass.FDG, name)
            if region is not None and region.mean is not None:
                scan[f"{key}_mean_g_ml"] = factor * region.mean
            if region is not None and region.standard_deviation is not None:
                scan[f"{key}_sd_g_ml"] = factor * region.standard_deviation
        total = _total(view, _FDG, "total_uptake")
        if total is not None:
            scan["tlg_g"] = factor * total
    if how is not None and how.uptake_minutes:
        scan["uptake_min"] = how.uptake_minutes
    if how is not None and how.injected_activity_mbq:
        scan["activity_mbq"] = how.injected_activity_mbq
    return scan


def _total(view: View, kind: ExamKind, name: str) -> float | None:
    """Sum over all lesions that this PET shows; None when it shows none or one of them was not measured."""
    seen = [one for one in view.lesions if (found := view.looked(one, kind)) and found.visibility is Visibility.SEEN]
    values = [view.find(one, name, (kind,)) for one in seen]
    known = [value.value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def _new_on(asking: Asking, baseline: View, view: View, kind: ExamKind) -> bool | None:
    """Whether that PET shows a lesion that the same kind of PET did not show at baseline."""
    new: list[bool | None] = []
    for lesion in view.lesions:
        now, before = view.looked(lesion, kind), baseline.looked(lesion, kind)
        if now is None or now.visibility is not Visibility.SEEN or lesion.split_from:
            continue
        if before is None or before.visibility in (Visibility.NOT_COVERED, Visibility.NOT_ASSESSABLE):
            if any(any(one.seen(lesion)) for one in chain(baseline)):
                continue
            new.append(None)
        elif before.visibility is Visibility.NOT_SEEN:
            asking.rest_on(f"lesion/{lesion.id}/{now.reference}")
            new.append(True)
    return True if True in new else None if None in new else False


def _eortc(asking: Asking, baseline: View, view: View) -> Conclusion:
    """The hottest lesion of the baseline followed in SUV per body surface, with its extent."""
    hottest = _hottest(baseline, _FDG, "suv_max")
    if hottest is not None:
        lesion = hottest[0]
        for name, when in (("baseline", baseline), ("current", view)):
            how = _quantification(when, TracerClass.FDG)
            found = when.find(lesion, "suv_max", (_FDG,))
            if found is not None and how is not None and how.body_surface_m2 and how.weight_kg:
                surface = found.value * 10 * how.body_surface_m2 / how.weight_kg
                asking.put(f"{name}_suv_bsa_g_ml", surface, found.reference)
            extent = when.find(lesion, "long_axis", (_FDG,))
            if extent is not None:
                asking.put(f"{name}_extent_mm", extent.value, extent.reference)
    looked = [one.visibility for lesion in baseline.lesions if (one := view.looked(lesion, _FDG))]
    if looked and len(looked) == len(baseline.lesions):
        asking.put("resolved", all(one is Visibility.NOT_SEEN for one in looked))
    asking.put("new_lesion", _new_on(asking, baseline, view, _FDG))
    return asking.conclude()


def _sstr(asking: Asking, baseline: View, view: View) -> Conclusion:
    """Volumes on SSTR PET of all lesions, whether the two scans are alike, and what FDG adds."""
    for name, when in (("before_ml", baseline), ("after_ml", view)):
        asking.put(name, _total(when, _SSTR, "volume"), *_volumes(when))
    first, second = series_of(baseline, TracerClass.SSTR), series_of(view, TracerClass.SSTR)
    if first is not None and second is not None:
        _put_alike(asking, view.case, first, second)
    hottest = _hottest(baseline, _SSTR, "suv_max")
    if hottest is not None:
        asking.take("tumour_to_spleen_before", baseline.find(hottest[0], "to_spleen", (_SSTR,)))
        asking.take("tumour_to_spleen_after", view.find(hottest[0], "to_spleen", (_SSTR,)))
    asking.put("fdg_done", view.done(_FDG))
    if view.done(_FDG):
        asking.put("new_fdg_only_lesion", _new_fdg_only(baseline, view))
    asking.put("new_sstr_lesion", _new_on(asking, baseline, view, _SSTR))
    return asking.conclude()


def _volumes(view: View) -> list[str]:
    found = [view.find(one, "volume", (_SSTR,)) for one in view.lesions]
    return [one.reference for one in found if one is not None]


def _put_alike(asking: Asking, case: Case, first: Series, second: Series) -> None:
    """Same tracer by name, same reconstruction by scanner and voxels, same uptake time within the limit."""
    if first.tracer is not None and second.tracer is not None:
        exams = [f"exam/{case.exam_of(one.key).key}" for one in (first, second)]
        asking.put("same_tracer", first.tracer.name == second.tracer.name, *exams)
    if first.grid is not None and second.grid is not None and first.model and second.model:
        same = (first.manufacturer, first.model, first.grid.spacing_kji_mm) == (
            second.manufacturer,
            second.model,
            second.grid.spacing_kji_mm,
        )
        asking.put("same_reconstruction", same)
    times = [one.quantification.uptake_minutes if one.quantification else None for one in (first, second)]
    if times[0] is not None and times[1] is not None:
        asking.put("same_uptake_time", abs(times[0] - times[1]) <= response_book().limit("uptake_time"))


def _new_fdg_only(baseline: View, view: View) -> bool:
    """Whether FDG PET shows a lesion that SSTR PET of this time point does not, and that was not seen at baseline."""
    for lesion in view.lesions:
        fdg, sstr = view.looked(lesion, _FDG), view.looked(lesion, _SSTR)
        only = fdg is not None and fdg.visibility is Visibility.SEEN
        only = only and sstr is not None and sstr.visibility is Visibility.NOT_SEEN
        if only and not any(any(one.seen(lesion)) for one in chain(baseline)):
            return True
    return False
