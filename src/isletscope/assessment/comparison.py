"""Two time points side by side: which is the baseline, on which exam a lesion is measured, and what it measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from isletscope.assessment.view import View
from isletscope.assessment.wiring_book import response_book
from isletscope.criteria import Course
from isletscope.model import Compartment, Evidence, ExamKind, Lesion, Observation, State, Visibility

REGION_OF = {
    Compartment.PANCREAS: "pancreas",
    Compartment.NODE: "abdominal_nodes",
    Compartment.LIVER: "liver",
    Compartment.BONE: "bone",
    Compartment.LUNG: "chest",
    Compartment.PERITONEUM: "peritoneum",
    Compartment.BRAIN: "brain",
}
"""Region of the body that an exam must cover to show a lesion of that compartment."""
_PRINTED = {ExamKind.CT: "CT", ExamKind.MRI: "MRI"}
_AXES = {"long_axis": "longest axial axis", "short_axis": "short axis"}


@dataclass(frozen=True)
class Size:
    """Diameter of a lesion (mm) on one exam; 0 when it has vanished. ``remarks`` say how it came about."""

    value_mm: float
    references: tuple[str, ...]
    remarks: tuple[Evidence, ...] = ()


def chain(view: View) -> list[View]:
    """All time points up to this one, the first one first."""
    found = [view]
    while found[0].earlier is not None:
        found.insert(0, found[0].earlier)
    return found


def day_of(view: View, kind: ExamKind | None = None) -> date:
    """Date of the last exam of that kind at a time point; of the time point itself without a kind."""
    keys = view.kinds.get(kind, []) if kind is not None else []
    dates = [exam.date for exam in view.exams if exam.key in keys and exam.date]
    return date.fromisoformat(max(dates, default=view.point.date))


def starts_after(view: View, course: Course) -> bool:
    """Whether a treatment began after the exams of a time point; those of the month of its start count as before."""
    start = course.started_on
    if start is None:
        return False
    taken = day_of(view)
    return taken <= start or (start.day == 1 and (taken.year, taken.month) == (start.year, start.month))


def baseline_of(view: View) -> tuple[View, Evidence] | None:
    """The time point that response is measured against, and why; None at the first one.

    It is the last one before the latest treatment that began since; the first one when no start is known.
    """
    earlier = chain(view)[:-1]
    if not earlier:
        return None
    begun = [one for one in view.clinical.courses or () if one.started_on and not starts_after(view, one)]
    for course in sorted(begun, key=lambda one: one.started_on or date.min, reverse=True):
        before = [one for one in earlier if starts_after(one, course)]
        if before:
            words = {"baseline": before[-1].point.name, "treatment": response_book().treatments[course.kind.value]}
            return before[-1], response_book().says("before_treatment", **words, date=course.started_on)
    return earlier[0], response_book().says("first", baseline=earlier[0].point.name)


def is_baseline(view: View) -> bool:
    """Whether a later response is measured against this time point: the first, or the last before a treatment."""
    if view.earlier is None:
        return True
    for course in view.clinical.courses or ():
        if starts_after(view, course) and not any(
            starts_after(other, course) and day_of(other) > day_of(view) for other in _others(view)
        ):
            return True
    return False


def _others(view: View) -> Iterator[View]:
    for point in view.case.time_points:
        if point.name != view.point.name:
            yield View(view.case, point, view.clinical, {})


def common_kind(one: View, other: View) -> ExamKind | None:
    """The kind of exam on which sizes of two time points are compared; None when they have none in common."""
    return next((kind for kind in response_book().modalities if one.done(kind) and other.done(kind)), None)


def first_kind(view: View) -> ExamKind | None:
    """The kind of exam on which sizes of a single time point are measured."""
    return next((kind for kind in response_book().modalities if view.done(kind)), None)


def previous_with(view: View) -> tuple[View, ExamKind] | None:
    """The latest earlier time point that has a kind of exam in common with this one."""
    for one in reversed(chain(view)[:-1]):
        kind = common_kind(one, view)
        if kind is not None:
            return one, kind
    return None


def axis_name(lesion: Lesion) -> str:
    """The diameter that counts: short axis of a node, else the longest axial axis."""
    return response_book().axes["node" if lesion.compartment is Compartment.NODE else "lesion"].value


def measured_on(kind: ExamKind) -> Evidence:
    """The choice of exam and axis in words."""
    axis = f"{_AXES[response_book().axes['lesion'].value]}, nodes by {_AXES[response_book().axes['node'].value]}"
    return response_book().says("measured_on", modality=_PRINTED[kind], axis=axis)


def size_on(view: View, lesion: Lesion, kind: ExamKind, counted: Iterable[str] = ()) -> Size | None:
    """Diameter on that kind of exam, 0 when it has vanished, None when it was not measured.

    The parts of a split lesion are added. A lesion that merged takes the diameter of the whole, or 0 where the whole is
    among ``counted`` itself, so that it enters a sum once.
    """
    one = view.looked(lesion, kind)
    own = _diameter(lesion, one)
    parts = [other for other in view.case.lesions if other.split_from == lesion.id and any(view.seen(other))]
    if parts:
        return _whole(lesion, own, [_diameter(other, view.looked(other, kind)) for other in parts], parts)
    if own is not None or one is None or one.visibility is not Visibility.NOT_SEEN:
        return own
    host = next((other for other in view.case.lesions if other.id == lesion.merged_into), None)
    here = (f"lesion/{lesion.id}/{one.reference}",)
    if host is None or not any(view.seen(host)):
        return Size(0.0, here)
    remark = response_book().says("merged", lesion=lesion.id, other=host.id)
    if host.id in set(counted):
        return Size(0.0, here, (remark,))
    found = _diameter(host, view.looked(host, kind))
    return None if found is None else Size(found.value_mm, (*here, *found.references), (remark,))


def merged_with(view: View, lesion: Lesion, since: View) -> list[Lesion]:
    """Lesions that were seen by themselves at an earlier time point and are part of this one now."""
    return [
        one
        for one in view.case.lesions
        if one.merged_into == lesion.id and any(since.seen(one)) and not any(view.seen(one))
    ]


def _whole(lesion: Lesion, own: Size | None, found: list[Size | None], parts: list[Lesion]) -> Size | None:
    sizes = [size for size in (own, *found) if size is not None]
    if None in found:
        return None
    remark = response_book().says("parts", lesion=lesion.id, parts=", ".join(part.id for part in parts))
    references = tuple(reference for size in sizes for reference in size.references)
    return Size(sum(size.value_mm for size in sizes), references, (remark,))


def _diameter(lesion: Lesion, one: Observation | None) -> Size | None:
    if one is None or one.visibility is not Visibility.SEEN:
        return None
    measurement = one.measurements.get(axis_name(lesion))
    if measurement is None or measurement.state is State.MISSING or measurement.value is None:
        return None
    return Size(measurement.value, (f"lesion/{lesion.id}/{one.reference}/{axis_name(lesion)}",))
