"""A plan of cytoreduction for a case: the liver and its lesions from the label maps, the question, the answer kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.assessment import View, assess, body_size, views
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
from isletscope.reading.outlines import Outlines
from isletscope.reading.places import Look, Places
from isletscope.spatial import Geometry, Mask, Transform, carried_mask, geometry_of, resample_labels, simple_itk
from isletscope.surgery import (
    Asked,
    Body,
    LiverMap,
    Place,
    SegmentSource,
    Surroundings,
    plan_liver,
    segments_from_map,
    touches_edge,
)

_TRACER_KIND = {"sstr": ExamKind.SSTR_PET, "fdg": ExamKind.FDG_PET}
_ABOVE_LIVER = ("3", "4")
Region = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PlanRequest:
    """What is asked: the question to the plan, the state of the liver, and label maps from outside (NIfTI).

    ``segments``: labels 1 to 8. ``pedicles``: any label is a portal pedicle or bile duct of first or second order.
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
    drawn = _Drawn(folder, case, view)
    reading = drawn.best_reading(lesions)
    liver = drawn.liver(reading)
    tumours, lacking = drawn.tumours(reading, lesions)
    plan = plan_liver(
        _liver_map(liver, tumours, request.segments),
        Surroundings(pedicles=_outside_mask(request.pedicles, liver.geometry)),
        _body(view, request),
        replace(
            request.asked,
            weights=_weights(view, lesions, request.asked.weight),
            reached_by=_reached_by(case, view, lesions),
        ),
        Place(reading.exam_key, reading.series_key, with_segments=request.segments is not None),
    )
    if unsure:
        how = "planned as if they were tumour" if request.with_unsure else "not planned"
        lacking.append(f"lesions of the liver that are unsure, {how}: {', '.join(one.id for one in unsure)}")
    plan = plan.model_copy(update={"lacking": [*plan.lacking, *lacking]})
    folder.save(assess(_with(case, view.point, plan)))
    return plan


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


class _Drawn:
    """The liver and the lesions of a time point as the label maps hold them."""

    def __init__(self, folder: CaseFolder, case: Case, view: View) -> None:
        self._folder, self._case, self._view = folder, case, view
        self._outlines = Outlines(case, folder.path)
        self._transforms = transforms_of(folder.path, case.alignments)
        self._places = Places(case, self._transforms)

    def best_reading(self, lesions: list[Lesion]) -> ReadingOfImages:
        """The CT or MR with a liver that outlines most of the lesions; CT where two outline as many."""
        keys = {exam.key for exam in self._view.exams}
        readings = [one for one in self._case.image_readings if one.exam_key in keys and self._has_liver(one)]
        if not readings:
            raise InputError(
                "no CT or MR has an outline of the liver",
                subject=self._view.point.name,
                expected="a liver outlined on a diagnostic CT or MR, built-in or given with read --anatomy",
            )
        return max(readings, key=lambda one: (self._outlined(one, lesions), one.kind is ExamKind.CT))

    def _has_liver(self, reading: ReadingOfImages) -> bool:
        return any(organ.name == "liver" and organ.label is not None for organ in reading.organs)

    def _outlined(self, reading: ReadingOfImages, lesions: list[Lesion]) -> int:
        names = {focus.id for focus in reading.foci}
        return sum(bool(names.intersection(one.focus_ids)) for one in lesions)

    def liver(self, reading: ReadingOfImages) -> Mask:
        """The liver on the grid of the reading."""
        mask = self._outlines.organ(reading.series_key, "liver")
        if mask is None:
            raise CaseError(
                "its outline of the liver is no longer in the case folder",
                subject=reading.series_key,
                remedy="Read the images again with isletscope read.",
            )
        return mask

    def tumours(self, reading: ReadingOfImages, lesions: list[Lesion]) -> tuple[dict[str, Region], list[str]]:
        """Each lesion on the grid of the reading: its own outline there, else that of another exam carried over."""
        geometry = self.liver(reading).geometry
        found: dict[str, Region] = {}
        carried, lost = [], []
        for lesion in lesions:
            looks = self._places.looks(lesion)
            own = [one for one in looks if one.grid_key == reading.series_key]
            mask = self._on(geometry, reading, own or looks)
            if mask is None:
                lost.append(lesion.id)
            else:
                found[lesion.id] = mask
                carried += [] if own else [lesion.id]
        told = [f"outline carried over from another exam: {', '.join(carried)}"] if carried else []
        told += [f"not planned, because no outline could be carried over: {', '.join(lost)}"] if lost else []
        return found, told

    def _on(self, geometry: Geometry, reading: ReadingOfImages, looks: list[Look]) -> Region | None:
        """The first look that can be brought to the grid; all parts that a lesion has on its own series."""
        total: Region | None = None
        for look in looks:
            outlined = self._outlines.of(look, Compartment.LIVER)
            if outlined is None or look.no_outline:
                continue
            there = self._carried(outlined.mask, look.grid_key, geometry, reading.series_key)
            if there is None or not there.any():
                continue
            total = there if total is None else total | there
            if look.grid_key != reading.series_key:
                break
        return total

    def _carried(self, mask: Mask, key: str, geometry: Geometry, target: str) -> Region | None:
        own, other = self._transforms.get(key), self._transforms.get(target)
        if key == target or self._places.same_frame(key, target):
            own = other = Transform.identity()
        if own is None or other is None:
            return None
        carried = carried_mask(mask, own, geometry, other)
        return None if carried is None else carried.array


def _liver_map(liver: Mask, tumours: Mapping[str, Region], segments: Path | None) -> LiverMap:
    """The liver with its tumours (which count as liver) and segments; one segment for all where none are given."""
    whole = liver.array.copy()
    for mask in tumours.values():
        whole |= mask
    with_tumours = Mask(whole, liver.geometry)
    if segments is None:
        return LiverMap(with_tumours, (whole * 4).astype(np.uint8), SegmentSource.IMPORTED, tumours, _cut(liver))
    labels = _outside_labels(segments, liver.geometry)
    found = segments_from_map(with_tumours, np.where(whole, labels, 0).astype(np.uint8), tumours)
    return replace(found, flags=(*found.flags, *_cut(liver)))


def _cut(liver: Mask) -> tuple[str, ...]:
    """Whether the liver reaches an edge of the images."""
    return ("TRUNCATED",) if touches_edge(liver.array) else ()


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
