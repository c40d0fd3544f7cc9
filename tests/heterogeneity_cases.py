"""A case with both tracers whose primary tumour has lost its receptors in one half, on an invented body."""

from __future__ import annotations

from functools import cache

import numpy as np

from isletscope.model import (
    Alignment,
    AlignmentKind,
    Case,
    Compartment,
    ExamKind,
    Lesion,
    Observation,
    TimePoint,
    TracerClass,
    Verdict,
    Visibility,
)
from isletscope.spatial import Transform
from tests.report.cases import FDG, PET_GRID, SPOTS, SSTR, FakeImages, Spot, body_images, reading, two_tracer_case

PRIMARY = Spot("P1", "pancreas, tail", "pancreas", (40.0, -30.0, 20.0), 46.0, 30.0)
OTHERS = (SPOTS[2], SPOTS[3], Spot("L3", "liver, left", "liver", (-20.0, -30.0, 100.0), 26.0, 12.0))
HALF_ML = 0.5 * 4 / 3 * np.pi * 23.0**3 / 1000
FRAMES = {"pet-1": "1.2.3.4", "pet-2": "1.2.3.5"}
_KINDS = {"pet-1": ("exam-1", ExamKind.SSTR_PET), "pet-2": ("exam-2", ExamKind.FDG_PET)}
_FOCI = {"P1": ("pet-1/1", "pet-2/1"), "L1": ("pet-1/2",), "L2": ("pet-1/3",), "L3": ("pet-2/2",)}


@cache
def mixed_case(uncertainty_mm: float = 3.0) -> tuple[Case, FakeImages]:
    """P1: SSTR for x < 40 mm, FDG beyond; L1, L2: SSTR alone; L3: FDG alone. Both PET lie alike in their frames."""
    spots = {"pet-1": (PRIMARY, *OTHERS[:2]), "pet-2": (Spot(**{**vars(PRIMARY), "suv": 13.0}), OTHERS[2])}
    images = body_images(
        {"pet-1": (TracerClass.SSTR, spots["pet-1"]), "pet-2": (TracerClass.FDG, spots["pet-2"])}, ("ct-1", "ct-2")
    )
    beyond = PET_GRID.to_lps(np.moveaxis(np.indices(PET_GRID.shape), 0, -1))[..., 0] > PRIMARY.centre[0]
    for key, gone in (("pet-1", beyond), ("pet-2", ~beyond)):
        lost = (images.foci[key] == 1) & gone
        images.volumes[key].array[lost] = 1.0
        images.foci[key][lost] = 0
    readings = [reading("pet-1", SSTR, spots["pet-1"]), reading("pet-2", FDG, spots["pet-2"])]
    readings[1].references[0].mean, readings[1].references[0].standard_deviation = 2.1, 0.2
    base = two_tracer_case()[0]
    case = base.model_copy(
        deep=True,
        update={
            "readings": readings,
            "lesions": [_lesion(name, index, readings) for index, name in enumerate(_FOCI)],
            "alignments": [_alignment(key, uncertainty_mm) for key in FRAMES],
            "time_points": [TimePoint(name="2026-05-18", date="2026-05-18", exam_keys=["exam-1", "exam-2"])],
        },
    )
    images.transforms = lambda: dict.fromkeys(FRAMES, Transform.identity())  # type: ignore[method-assign]
    return case, images


def _lesion(name: str, index: int, readings: list) -> Lesion:  # type: ignore[type-arg]
    foci = {focus.id: focus for one in readings for focus in one.foci}
    seen = []
    for key, (exam, kind) in _KINDS.items():
        focus = next((foci[one] for one in _FOCI[name] if one.startswith(key)), None)
        if focus is None:
            seen.append(Observation(exam_key=exam, kind=kind, visibility=Visibility.NOT_SEEN))
            continue
        values = {one: focus.measurements[one] for one in ("suv_max", "suv_mean", "volume", "long_axis")}
        words = {"uptake_visible": "yes"}
        seen.append(
            Observation(
                exam_key=exam,
                kind=kind,
                visibility=Visibility.SEEN,
                series_key=key,
                measurements=values,
                features=words,
            )
        )
    return Lesion(
        id=name,
        tracking_uid=f"2.25.{index + 1}",
        site="pancreas" if name == "P1" else "liver",
        compartment=Compartment.PANCREAS if name == "P1" else Compartment.LIVER,
        verdict=Verdict.TUMOUR,
        focus_ids=list(_FOCI[name]),
        observations=seen,
    )


def _alignment(key: str, uncertainty_mm: float) -> Alignment:
    first = key == "pet-1"
    return Alignment(
        exam_key=_KINDS[key][0],
        frame_of_reference_uid=FRAMES[key],
        series_key=key,
        series_keys=[key],
        kind=AlignmentKind.REFERENCE if first else AlignmentKind.RIGID,
        usable=True,
        uncertainty_mm=None if first else uncertainty_mm,
    )
