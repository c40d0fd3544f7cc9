"""Exams brought to one frame: which one leads, what is carried, what is refused, and what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from isletscope.model import AlignmentKind, Case, Exam, GridDescription, Patient, Role, Series, Software
from isletscope.reading import CaseFolder, StepStore
from isletscope.reading.alignment import align_exams
from isletscope.reading.alignment_frames import frames_of, reference_of
from isletscope.reading.displacements import transforms_of
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import Geometry, Transform, Volume
from isletscope.spatial.register import rigid_matrix
from tests.spatial.bodies import Points, body_on, grid_around

WHOLE = grid_around((0, 0, 0), (380, 240, 340), 8.0)
PART = grid_around((15, -10, 300), (240, 240, 340), 8.0)
SLICE = Geometry((1, 30, 40), (8.0,) * 3, (-150.0, -100.0, 0.0))
MOTION = rigid_matrix((15, -10, 300), (2, -3, 4), np.zeros(3))


def back(points: Points) -> Points:
    return Transform(MOTION).to_reference(points)


VOLUMES = {
    "ct-1": body_on(WHOLE),
    "pet-1": body_on(WHOLE, "MR"),
    "mr-1": body_on(PART, "MR", back),
    "mr-2": body_on(PART, "MR", back),
    "mr-3": body_on(SLICE, "MR"),
}


class Source:
    """Volumes by key; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def volume(self, key: str) -> Volume:
        self.asked += 1
        return VOLUMES[key]


def series(key: str, modality: str, role: Role, frame: str | None) -> Series:
    grid = VOLUMES[key].geometry
    return Series(
        key=key,
        series_uid=f"1.2.{key}",
        modality=modality,
        role=role,
        role_because="made",
        instance_count=grid.shape[0],
        fingerprint=key,
        frame_of_reference_uid=frame,
        grid=GridDescription(
            shape_kji=grid.shape,
            spacing_kji_mm=grid.spacing_mm,
            origin_lps_mm=grid.origin_lps_mm,
            axes_lps=grid.axes_lps,
        ),
    )


def case() -> Case:
    first = [series("ct-1", "CT", Role.CT_LOW_DOSE, "1.1"), series("pet-1", "PT", Role.PET, "1.1")]
    second = [series("mr-1", "MR", Role.MR_T1_FAT_SATURATED, "2.2"), series("mr-2", "MR", Role.MR_T2, "2.2")]
    third = [series("mr-3", "MR", Role.MR_T2, None)]
    exams = [
        Exam(key=f"exam-{n}", study_uid=f"1.{n}", patient_id="P", title="exam", date=f"2026-01-0{n}", series=members)
        for n, members in enumerate((first, second, third), start=1)
    ]
    return Case(software=Software(version="0", created="2026-01-01"), patient=Patient(id="P"), exams=exams)


def test_a_frame_stands_for_its_series_and_the_widest_ct_leads() -> None:
    frames = frames_of(case())
    assert [[one.key for one in frame.series] for frame in frames] == [["ct-1", "pet-1"], ["mr-1", "mr-2"], ["mr-3"]]
    assert frames[2].uid == "1.2.mr-3"
    chosen = [frame.chosen.key for frame in frames if frame.chosen is not None]
    assert chosen == ["ct-1", "mr-1", "mr-3"]
    assert reference_of(frames) is frames[0]
    assert reference_of([]) is None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("case")


def test_every_frame_is_placed_or_refused_and_kept(folder: Path) -> None:
    source, store = Source(), StepStore(folder / "steps")
    found = align_exams(CaseFolder(folder), store, case(), cast("SeriesSource", source))
    first, second, third = found
    assert first.kind is AlignmentKind.REFERENCE
    assert first.series_keys == ["ct-1", "pet-1"]
    assert second.usable
    assert second.series_keys == ["mr-1", "mr-2"]
    assert second.uncertainty_mm is not None
    assert second.quality["overlap_body"].value is not None
    assert third.kind is AlignmentKind.FAILED
    assert not third.usable
    assert "single slice" in third.because
    transforms = transforms_of(folder, found)
    assert set(transforms) == {"ct-1", "pet-1", "mr-1", "mr-2"}
    points = np.random.default_rng(0).uniform(-60, 60, (100, 3))
    apart = np.linalg.norm(transforms["mr-2"].to_frame(points) - Transform(MOTION).to_frame(points), axis=1)
    assert np.median(apart) < 3.0
    source.asked = 0
    assert align_exams(CaseFolder(folder), store, case(), cast("SeriesSource", source)) == found
    assert source.asked == 0
