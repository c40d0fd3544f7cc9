"""A plan of cytoreduction for a case: the liver and its lesions from the label maps, the question, the answer kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.assessment import View, assess, body_size, has_earlier_hepatectomy, views
from isletscope.criteria import remnant
from isletscope.errors import CaseError, InputError
from isletscope.model import (
    Case,
    Compartment,
    ExamKind,
    Lesion,
    LiverPlan,
    ReadingOfImages,
    State,
    TimePoint,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.displacements import transforms_of
from isletscope.reading.liver_drawn import Liver, LiverDrawn, Region, Tumours
from isletscope.reading.liver_volumes import RESECTED
from isletscope.reading.stored_maps import structure_masks
from isletscope.spatial import Geometry, geometry_of, resample_labels, simple_itk
from isletscope.surgery import (
    Asked,
    Body,
    LiverMap,
    Place,
    SegmentSource,
    Surroundings,
    liver_vessels,
    pedicles,
    plan_liver,
    segments_from_map,
    with_tumours,
)

_TRACER_KIND = {"sstr": ExamKind.SSTR_PET, "fdg": ExamKind.FDG_PET}
_ABOVE_LIVER = ("3", "4")


@dataclass(frozen=True)
class PlanRequest:
    """What is asked: the question to the plan, the state of the liver, and label maps from outside (NIfTI).

    ``segments``: labels 1 to 8; else those of the reading. ``pedicles``: any label is a portal pedicle or bile duct of
    first or second order; else the portal branches of the reading.
    """

    asked: Asked = field(default_factory=Asked)
    background: remnant.Background = "unknown"
    previous_hepatectomy: bool | None = None
    formula: str = "vauthey"
    segments: Path | None = None
    pedicles: Path | None = None
    time_point: str | None = None
    with_unsure: bool = False


def plan_case(folder: CaseFolder, request: PlanRequest) -> LiverPlan:
    """Plan on the CT or MR of a time point (the last by default) that outlines most metastases, and keep the plan.

    The case is assessed anew with it. Raises InputError for what cannot be planned, CaseError when label maps are gone,
    OutputError.
    """
    case = folder.case
    view = _view(case, request)
    unsure = [one for one in view.unsure if one.compartment is Compartment.LIVER]
    lesions = [*view.of(Compartment.LIVER), *(unsure if request.with_unsure else [])]
    if not lesions:
        raise InputError(
            "no metastasis of the liver is held to be tumour: there is nothing to plan",
            subject=view.point.name,
            found=f"{len(unsure)} unsure in the liver",
            remedy="Give verdicts with isletscope assess CASE --entries FILE, or plan --with-unsure.",
        )
    drawn = LiverDrawn(case, folder.path, transforms_of(folder.path, case.alignments))
    reading = _best_reading(drawn, view, lesions, own_segments=request.segments is None)
    planned = _planned(drawn, reading, view, request)
    tumours = drawn.tumours(planned.liver, lesions)
    plan = plan_liver(
        _liver_map(planned, tumours.regions),
        _around(drawn, planned, request),
        _body(view, request),
        replace(
            request.asked,
            weights=_weights(view, lesions, request.asked.weight),
            reached_by=_reached_by(case, view, lesions),
        ),
        Place(reading.exam_key, reading.series_key, with_segments=planned.segments is not None),
    )
    lacking = [*planned.lacking, *_told(tumours)]
    if unsure:
        how = "planned as if they were tumour" if request.with_unsure else "not planned"
        lacking.append(f"lesions of the liver that are unsure, {how}: {', '.join(one.id for one in unsure)}")
    told = {"lacking": [*plan.lacking, *lacking], "assumptions": [*plan.assumptions, *planned.assumed]}
    plan = plan.model_copy(update=told)
    folder.save(assess(_with(case, view.point, plan)))
    return plan


def _told(tumours: Tumours) -> list[str]:
    """Lesions that are planned by another exam's outline, and those that are not planned for want of one."""
    carried, lost = ", ".join(tumours.carried), ", ".join(tumours.lost)
    told = [f"outline carried over from another exam: {carried}"] if carried else []
    return told + ([f"not planned, because no outline could be carried over: {lost}"] if lost else [])


def _view(case: Case, request: PlanRequest) -> View:
    """The time point that was named, else the last one with lesions of the liver, else the last."""
    found = views(case)
    if request.time_point is not None:
        found = [one for one in found if one.point.name == request.time_point]
    if not found:
        raise InputError(
            "the case has no such time point",
            subject="--time-point",
            found=request.time_point or "none",
            expected=", ".join(one.name for one in case.time_points) or "a case with exams",
        )
    with_liver = [one for one in found if one.of(Compartment.LIVER)]
    return (with_liver or found)[-1]


def _with(case: Case, point: TimePoint, plan: LiverPlan) -> Case:
    points = [one.model_copy(update={"plan": plan}) if one.name == point.name else one for one in case.time_points]
    return case.model_copy(update={"time_points": points})


@dataclass(frozen=True)
class _Planned:
    """The reading that is planned on, its liver, and its segments, what they assume, and why they are lacking."""

    liver: Liver
    segments: LiverMap | None
    assumed: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def _best_reading(drawn: LiverDrawn, view: View, lesions: list[Lesion], *, own_segments: bool) -> ReadingOfImages:
    """The CT or MR that most lesions reach; then one with segments, if its own are wanted; then by its own outlines."""
    readings = drawn.readings([exam.key for exam in view.exams])
    if not readings:
        raise InputError(
            "no CT or MR has an outline of the liver",
            subject=view.point.name,
            expected="a liver outlined on a diagnostic CT or MR, built-in or given with read --anatomy",
        )

    def merits(one: ReadingOfImages) -> tuple[int, bool, int, bool]:
        reached = sum(drawn.reaches(one, lesion) for lesion in lesions)
        outlined = sum(drawn.outlines(one, lesion) for lesion in lesions)
        return reached, own_segments and one.segment_map is not None, outlined, one.kind is ExamKind.CT

    return max(readings, key=merits)


def _planned(drawn: LiverDrawn, reading: ReadingOfImages, view: View, request: PlanRequest) -> _Planned:
    """Liver and segments: those from outside where they are given, else those of the reading."""
    liver = drawn.liver(reading)
    if liver is None:
        raise CaseError(
            "its outline of the liver is no longer in the case folder",
            subject=reading.series_key,
            remedy="Read the images again with isletscope read.",
        )
    if request.segments is not None:
        labels = _outside_labels(request.segments, liver.mask.geometry)
        inside = np.where(liver.mask.array, labels, 0).astype(np.uint8)
        return _Planned(liver, segments_from_map(liver.mask, inside, {}))
    segments = drawn.segments(liver)
    if segments is None:
        because = reading.segments_because
        return _Planned(liver, None, lacking=(f"segments of the liver: {because}",) if because else ())
    resected = request.previous_hepatectomy or has_earlier_hepatectomy(view)
    if resected and segments.source is not SegmentSource.IMPORTED:
        return _Planned(liver, None, lacking=(f"segments of the liver: {RESECTED}",))
    cut = f"Segments were cut from {segments.source.value}: a map to be looked at before a resection is chosen."
    better = reading.segments_because
    return _Planned(liver, segments, (cut,), (f"better segments of the liver: {better}",) if better else ())


def _liver_map(planned: _Planned, tumours: Mapping[str, Region]) -> LiverMap:
    """The liver with its tumours (which count as liver) and segments; one segment for all where there are none."""
    liver, segments = planned.liver.mask, planned.segments
    if segments is None:
        whole = (liver.array * 4).astype(np.uint8)
        segments = LiverMap(liver, whole, SegmentSource.IMPORTED, {})
    found = with_tumours(segments, tumours)
    if not planned.liver.cut_off or found.truncated:
        return found
    return replace(found, flags=(*found.flags, "TRUNCATED"))


def _around(drawn: LiverDrawn, planned: _Planned, request: PlanRequest) -> Surroundings:
    """Pedicles from outside, else the portal branches of the reading; and the vessels of its liver."""
    liver = planned.liver
    masks = structure_masks(liver.reading, drawn.folder, liver.box, liver.mask.geometry)
    given = _outside_mask(request.pedicles, liver.mask.geometry)
    return Surroundings(pedicles=pedicles(masks) if given is None else given, vessels=liver_vessels(masks))


def _outside_labels(path: Path, geometry: Geometry) -> npt.NDArray[Any]:
    """A label map from outside on this grid, by the nearest voxel."""
    sitk = simple_itk()
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as fault:
        raise InputError(
            "no label map could be read", subject=str(path), expected="a NIfTI file of whole numbers"
        ) from fault
    labels = np.rint(sitk.GetArrayFromImage(image)).astype(np.uint16)
    return np.asarray(resample_labels(labels, geometry_of(image), geometry))


def _outside_mask(path: Path | None, geometry: Geometry) -> Region | None:
    return None if path is None else _outside_labels(path, geometry) > 0


def _body(view: View, request: PlanRequest) -> Body:
    weight, height, male = body_size(view)
    return Body(weight, height, male, request.background, request.previous_hepatectomy, request.formula)


def _weights(view: View, lesions: list[Lesion], weight: str) -> dict[str, float]:
    """Volume of each lesion on a PET; empty where the volume on CT or MR counts."""
    if weight not in _TRACER_KIND:
        return {}
    kind = _TRACER_KIND[weight]
    if not view.done(kind):
        raise InputError(
            f"the weight needs a {kind.value.replace('_', ' ')} of this time point", subject="--weight", found=weight
        )
    found = {one.id: view.find(one, "volume", (kind,)) for one in lesions}
    known = {name: one.value for name, one in found.items() if one is not None}
    if not sum(known.values()):
        raise InputError("no lesion of the liver has a volume on that PET", subject="--weight", found=weight)
    return known


def _reached_by(case: Case, view: View, lesions: list[Lesion]) -> dict[str, tuple[str, ...]]:
    """Uptake above the liver on SSTR PET: PRRT reaches it."""
    point = next((one for one in case.assessments if one.time_point == view.point.name), None)
    scores = [
        one
        for found in (point.conclusions if point is not None else [])
        if found.name == "krenning" and found.state is not State.MISSING
        for one in found.lesions
    ]
    names = {one.id for one in lesions}
    return {
        one.subject: (f"PRRT (Krenning {one.value})",)
        for one in scores
        if one.subject in names and one.value in _ABOVE_LIVER
    }
