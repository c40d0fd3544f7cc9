"""Where each lesion lies at each time point: at its own focus, or at its place carried over from another time point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isletscope.assessment import View
from isletscope.model import Case, ExamKind, Focus, Lesion, Series, Visibility
from isletscope.report.images import ImageSource
from isletscope.spatial import Transform, points_between

KINDS = (ExamKind.CT, ExamKind.MRI, ExamKind.SSTR_PET, ExamKind.FDG_PET)
"""Kinds of images in the order in which they are shown, where they show a lesion at as many time points."""

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Spot:
    """A lesion at one time point: the series to show and the point (LPS mm of that series), or why there is none.

    ``focus``: its own focus there; None where the place was carried over.
    """

    series_key: str = ""
    point_lps_mm: Point | None = None
    focus: Focus | None = None
    grid_key: str = ""
    word: str = ""


def spots(
    views: Sequence[View], lesion: Lesion, kind: ExamKind, transforms: Mapping[str, Transform], images: ImageSource
) -> list[Spot]:
    """One spot for each time point on that kind of images."""
    own = [_own(view, lesion, kind) for view in views]
    return [one or _carried(views, index, own, lesion, kind, transforms, images) for index, one in enumerate(own)]


def best_kind(views: Sequence[View], lesion: Lesion) -> ExamKind | None:
    """The kind of images that shows the lesion at most time points; None when no focus of it is known."""
    counted = [(sum(_own(view, lesion, kind) is not None for view in views), kind) for kind in KINDS]
    most = max(count for count, _ in counted)
    return next(kind for count, kind in counted if count == most) if most else None


def _own(view: View, lesion: Lesion, kind: ExamKind) -> Spot | None:
    one = view.looked(lesion, kind)
    if one is None or one.visibility is not Visibility.SEEN or not one.series_key:
        return None
    for grid_key, focus in _foci(view.case):
        if focus.id in lesion.focus_ids and focus.series_key == one.series_key:
            return Spot(one.series_key, focus.centroid_lps_mm, focus, grid_key)
    return None


def _foci(case: Case) -> list[tuple[str, Focus]]:
    """Every focus with the series on whose grid its label map lies."""
    pets = [(reading.series_key, focus) for reading in case.readings for focus in reading.foci]
    return pets + [(reading.series_key, focus) for reading in case.image_readings for focus in reading.foci]


def _carried(
    views: Sequence[View],
    index: int,
    own: Sequence[Spot | None],
    lesion: Lesion,
    kind: ExamKind,
    transforms: Mapping[str, Transform],
    images: ImageSource,
) -> Spot:
    """The lesion's place at a time point that does not show it, from the nearest one that does."""
    view = views[index]
    near = sorted((abs(at - index), at) for at, one in enumerate(own) if one is not None)
    source = own[near[0][1]] if near else None
    if not view.done(kind) or source is None or source.point_lps_mm is None:
        return Spot(word="not done" if not view.done(kind) else "place not known")
    wanted = view.case.series(source.series_key).role
    candidates = sorted(_series(view, kind), key=lambda series: series.role is not wanted)
    word = ""
    for series in candidates:
        if source.series_key not in transforms or series.key not in transforms:
            word = word or "not aligned"
            continue
        found = points_between([source.point_lps_mm], transforms[source.series_key], transforms[series.key])[0]
        point = (float(found[0]), float(found[1]), float(found[2]))
        volume = images.volume(series.key)
        if volume is None:
            word = "images not kept"
        elif volume.geometry.contains(point):
            return Spot(series.key, point, word=_said(view, lesion, kind))
        else:
            word = "not covered"
    return Spot(word=word or "not done")


def _series(view: View, kind: ExamKind) -> list[Series]:
    prefix = {ExamKind.CT: "ct_", ExamKind.MRI: "mr_"}.get(kind, "pet")
    keys = view.kinds.get(kind, [])
    return [
        series
        for exam in view.exams
        if exam.key in keys
        for series in exam.series
        if series.usable and series.role.value.startswith(prefix) and series.role.value != "ct_low_dose"
    ]


def _said(view: View, lesion: Lesion, kind: ExamKind) -> str:
    one = view.looked(lesion, kind)
    if one is None:
        return "not looked for"
    if one.because.startswith("merged into"):
        return f"part of {lesion.merged_into}"
    return one.visibility.value
