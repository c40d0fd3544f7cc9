"""Whether two series are alike in what a repeatability limit rests on: scanner, tracer, uptake time, phase, slices."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.assessment import response_book
from isletscope.lesions.change_book import Measure, Property, change_book
from isletscope.model import Series


@dataclass(frozen=True)
class Difference:
    """A property in which two series differ, or of which a header says nothing (``known`` false)."""

    property: Property
    text: str
    known: bool = True


def differences(measure: Measure, before: Series | None, now: Series | None) -> tuple[Difference, ...]:
    """What of ``measure.same`` differs between the series that a lesion was measured on; nothing without both."""
    if before is None or now is None:
        return ()
    found = (_CHECKS[name](before, now) for name in measure.same)
    return tuple(one for one in found if one is not None)


def _phase(before: Series, now: Series) -> Difference | None:
    if before.role is now.role:
        return None
    return _differ("phase", before.role.value.replace("_", " "), now.role.value.replace("_", " "))


def _slice_thickness(before: Series, now: Series) -> Difference | None:
    if before.grid is None or now.grid is None:
        return None
    # The coarsest edge of a voxel, in whatever direction the series was cut.
    first, second = max(before.grid.spacing_kji_mm), max(now.grid.spacing_kji_mm)
    if max(first, second) <= change_book().slice_thickness.ratio * min(first, second):
        return None
    return _differ("slice_thickness", f"{first:.1f}", f"{second:.1f}")


def _scanner(before: Series, now: Series) -> Difference | None:
    if not before.model or not now.model:
        if before.manufacturer and now.manufacturer and before.manufacturer != now.manufacturer:
            return _differ("scanner", before.manufacturer, now.manufacturer)
        return _unknown("scanner")
    one, other = (f"{series.manufacturer} {series.model}".strip() for series in (before, now))
    return None if one == other else _differ("scanner", one, other)


def _tracer(before: Series, now: Series) -> Difference | None:
    if before.tracer is None or now.tracer is None:
        return _unknown("tracer")
    return None if before.tracer.name == now.tracer.name else _differ("tracer", before.tracer.name, now.tracer.name)


def _reconstruction(before: Series, now: Series) -> Difference | None:
    if before.grid is None or now.grid is None:
        return None
    share = change_book().voxels.relative
    pairs = zip(before.grid.spacing_kji_mm, now.grid.spacing_kji_mm, strict=True)
    if all(abs(one - other) <= share * max(one, other) for one, other in pairs):
        return None
    first, second = (" × ".join(f"{edge:.1f}" for edge in one.grid.spacing_kji_mm) for one in (before, now) if one.grid)
    return _differ("reconstruction", first, second)


def _uptake_time(before: Series, now: Series) -> Difference | None:
    times = [one.quantification.uptake_minutes if one.quantification else None for one in (before, now)]
    first, second = times
    if first is None or second is None:
        return _unknown("uptake_time")
    if abs(first - second) <= response_book().limit("uptake_time"):
        return None
    return _differ("uptake_time", f"{first:.0f}", f"{second:.0f}")


def _differ(name: Property, before: str, now: str) -> Difference:
    return Difference(name, change_book().says(name, before=before, now=now))


def _unknown(name: Property) -> Difference:
    return Difference(name, change_book().says(f"unknown_{name}"), known=False)


_CHECKS = {
    "phase": _phase,
    "slice_thickness": _slice_thickness,
    "scanner": _scanner,
    "tracer": _tracer,
    "reconstruction": _reconstruction,
    "uptake_time": _uptake_time,
}
