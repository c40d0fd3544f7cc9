"""Heterogeneity over time: what changed in each lesion since the time point before, how fast, which labels flipped.

Values, changes and their limits are those of the change table (:mod:`isletscope.lesions.change`); growth rates are
those of the criterion ``growth_rate`` for one lesion, from diameters or from the diameters of spheres of the volumes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from isletscope.assessment import LesionsAssessed, View, day_of
from isletscope.criteria import GrowthRateInput, find_criterion
from isletscope.lesions.change import ChangeRow, Since, change_rows
from isletscope.model import Conclusion, ExamKind, LesionChange, State

_FOLLOWED = ("ct_size", "mri_size", "sstr_volume", "fdg_volume", "sstr_suv_max", "fdg_suv_max", "adc")
_GROWTH = ("ct_size", "mri_size", "sstr_volume", "fdg_volume")
LABEL = "label"


def changes_at(assessed: Sequence[LesionsAssessed], at: int) -> list[LesionChange]:
    """Changes of every lesion at time point number ``at`` since the one before that has a value; empty at the first."""
    if at == 0:
        return []
    views = [one.view for one in assessed]
    found = [
        change
        for row in change_rows(views[: at + 1])
        if row.measure.name in _FOLLOWED and (change := _change(row, views, at)) is not None
    ]
    return [*found, *_flips(assessed, at)]


def _change(row: ChangeRow, views: Sequence[View], at: int) -> LesionChange | None:
    name = views[at].point.name
    change = row.change(name, Since.PREVIOUS)
    if change is None:
        return None
    values = {one.time_point: one.value for one in row.values}
    before, after = values[change.reference_point], values[name]
    earlier = next(view for view in views if view.point.name == change.reference_point)
    return LesionChange(
        lesion=row.lesion,
        quantity=row.measure.name,
        since=change.reference_point,
        before=before,
        after=after,
        unit=row.measure.unit,
        change_percent=change.percent,
        verdict=change.change_class,
        because=change.because,
        growth_percent_per_month=_growth(row, before, after, _days(earlier, views[at], row.measure.kind)),
    )


def _days(earlier: View, later: View, kind: ExamKind) -> int:
    return (day_of(later, kind) - day_of(earlier, kind)).days


def _growth(row: ChangeRow, before: float | None, after: float | None, days: int) -> float | None:
    """Volume growth in percent per month by the criterion; None for other quantities and for vanished lesions."""
    if row.measure.name not in _GROWTH or not before or not after or days <= 0:
        return None
    if row.measure.unit == "mL":
        before, after = _sphere_mm(before), _sphere_mm(after)
    given = GrowthRateInput(first_sum_mm=before, second_sum_mm=after, interval_days=days, lesions=1)
    rate = find_criterion("growth_rate").run(given).parts.get("rate_percent_per_month")
    return None if rate is None else float(rate)


def _sphere_mm(volume_ml: float) -> float:
    """Diameter of a sphere of that volume."""
    return float(10.0 * (6.0 * volume_ml / math.pi) ** (1.0 / 3.0))


def labels_at(assessed: LesionsAssessed) -> dict[str, Conclusion]:
    """The conclusion on the concordance of SSTR and FDG, by lesion."""
    found = assessed.gathered.get("concordance")
    return {one.subject: one for one in found.lesions} if found is not None else {}


def _flips(assessed: Sequence[LesionsAssessed], at: int) -> Iterator[LesionChange]:
    """Lesions whose known label differs from the last known one before."""
    for lesion, now in labels_at(assessed[at]).items():
        if now.state is State.MISSING:
            continue
        known = (
            (earlier.view.point.name, label.value)
            for earlier in reversed(assessed[:at])
            if (label := labels_at(earlier).get(lesion)) is not None and label.state is not State.MISSING
        )
        since, before = next(known, ("", None))
        if before is not None and before != now.value:
            yield LesionChange(
                lesion=lesion,
                quantity=LABEL,
                since=since,
                before_label=before,
                after_label=now.value or "",
                verdict="flipped",
                because=now.because,
            )
