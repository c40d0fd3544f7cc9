"""How thick the slices are that a measurement rests on."""

from __future__ import annotations

from isletscope.assessment.view import View
from isletscope.model import Observation, Role, Series


def slice_spacings_mm(view: View, exam_key: str) -> list[float]:
    """Slice spacings (mm) of the diagnostic CT and MR series of an exam."""
    return [spacing for series in view.case.exam(exam_key).series if (spacing := _spacing(series)) is not None]


def slice_of(view: View, observation: Observation) -> float | None:
    """Slice spacing (mm) of the series on which a lesion was outlined, else the thinnest of its exam."""
    if observation.series_key:
        return _spacing(view.case.series(observation.series_key))
    return min(slice_spacings_mm(view, observation.exam_key), default=None)


def _spacing(series: Series) -> float | None:
    anatomical = series.role.value.startswith(("ct_", "mr_")) and series.role is not Role.CT_LOW_DOSE
    return series.grid.spacing_kji_mm[0] if anatomical and series.usable and series.grid is not None else None
