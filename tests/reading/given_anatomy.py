"""A patient of made series for the tests of given anatomy: places and frames alone, no pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.intake import SeriesFiles
from isletscope.model import Exam, Patient, Role, Series
from isletscope.model.exam import GridDescription
from isletscope.reading.first_look import Seen
from isletscope.spatial import Geometry

SHAPE = (20, 24, 28)


def body_grid(axes: Any = None) -> Geometry:
    """A grid of 10 mm about the origin of the patient."""
    standard = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    chosen = axes or standard
    middle = 10.0 * (np.asarray(SHAPE) - 1) / 2
    origin = -(middle @ np.asarray(chosen))
    return Geometry(SHAPE, (10.0, 10.0, 10.0), tuple(float(v) for v in origin), chosen)


def liver_on(grid: Geometry) -> npt.NDArray[np.bool_]:
    """A lopsided region of about 1.5 L on the patient's right (LPS x below zero), by position."""
    index = np.indices(grid.shape).reshape(3, -1).T
    x, y, z = grid.to_lps(index).T
    inside = (x > -90) & (x < -5) & (y > -60) & (y < 60) & (z > -50) & (z < 70) & (x + 0.5 * y + 0.3 * z < 10)
    return np.asarray(inside.reshape(grid.shape))


def series(key: str, modality: str, role: Role, grid: Geometry, frame: str | None) -> Series:
    """A usable series of that grid."""
    description = GridDescription(
        shape_kji=grid.shape,
        spacing_kji_mm=grid.spacing_mm,
        origin_lps_mm=grid.origin_lps_mm,
        axes_lps=grid.axes_lps,
    )
    return Series(
        key=key,
        series_uid=f"1.2.{key}",
        modality=modality,
        frame_of_reference_uid=frame,
        role=role,
        role_because="made",
        instance_count=grid.shape[0],
        grid=description,
        fingerprint=key,
    )


def seen_of(*every: Series, patient: str = "P1") -> Seen:
    """One exam of these series."""
    person = Patient(id=patient)
    exam = Exam(key="exam-1", study_uid="1", patient_id=patient, title="made", series=list(every))
    files = {one.key: SeriesFiles(one, person, "1", None, ()) for one in every}
    return Seen(person, [exam], [], [], files, 0)
