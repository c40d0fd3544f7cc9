"""A lesion known from PET is looked for at its place on a CT in another frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isletscope.model import (
    Alignment,
    AlignmentKind,
    Assessment,
    Case,
    Exam,
    ExamKind,
    Focus,
    GridDescription,
    Patient,
    ReadingOfImages,
    ReadingOfPet,
    Role,
    Series,
    Software,
    State,
    TimePoint,
    TracerClass,
    Verdict,
    Visibility,
    measured,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import read_label_map, write_label_map
from isletscope.reading.matching import match_lesions
from isletscope.reading.observations import observe
from isletscope.reading.second_look import second_look
from isletscope.reading.series_source import SeriesSource, stamp_of
from isletscope.spatial import HOUNSFIELD, Geometry, Transform, Volume

PET_GRID = Geometry((40, 40, 40), (3.0, 3.0, 3.0), (-60.0, -60.0, -60.0))
CT_GRID = Geometry((36, 60, 60), (3.0, 1.8, 1.8), (-54.0, -54.0, -54.0))
PLACE, RADIUS = (-12.0, 6.0, 3.0), 9.0
SHIFT = (5.0, -4.0, 6.0)


def ball(geometry: Geometry, centre: tuple[float, ...], radius: float) -> Any:
    points = geometry.to_lps(np.stack(np.meshgrid(*[np.arange(n) for n in geometry.shape], indexing="ij"), axis=-1))
    return np.linalg.norm(points - np.asarray(centre), axis=-1) <= radius


def series(key: str, modality: str, role: Role, grid: Geometry) -> Series:
    described = GridDescription(
        shape_kji=grid.shape, spacing_kji_mm=grid.spacing_mm, origin_lps_mm=grid.origin_lps_mm, axes_lps=grid.axes_lps
    )
    return Series(
        key=key, series_uid=f"1.2.{key}", modality=modality, role=role, role_because="test", instance_count=36,
        fingerprint="0", grid=described, frame_of_reference_uid=f"1.3.{key}",
    )  # fmt: skip


def focus(key: str, number: int, centre: tuple[float, float, float], radius: float) -> Focus:
    return Focus(
        id=f"{key}/{number}", series_key=key, label=number, site="liver", site_code="liver", verdict=Verdict.TUMOUR,
        assessment=Assessment(name="verdict", state=State.DERIVED, value="tumour"), centroid_lps_mm=centre,
        maximum_lps_mm=centre, threshold=measured("threshold", 4.0, "g/mL"), delineation="test",
        measurements={"volume": measured("volume", 4 / 3 * np.pi * radius**3 / 1000, "mL")},
    )  # fmt: skip


class Scene:
    """One PET with a lesion and one CT of another exam; what the CT shows is up to the test."""

    def __init__(self, folder: Path, *, aligned: bool = True) -> None:
        self.folder = CaseFolder(folder)
        pet, ct = series("pet-1", "PT", Role.PET, PET_GRID), series("ct-1", "CT", Role.CT_PORTAL_VENOUS, CT_GRID)
        moved = np.eye(4)
        moved[:3, 3] = SHIFT
        self.transforms = {"pet-1": Transform.identity()} | ({"ct-1": Transform(moved)} if aligned else {})
        alignments = [
            Alignment(exam_key="exam-1", frame_of_reference_uid="1.3.pet-1", series_key="pet-1",
                      series_keys=["pet-1"], kind=AlignmentKind.REFERENCE, usable=True, matrix=np.eye(4).tolist()),
            Alignment(exam_key="exam-2", frame_of_reference_uid="1.3.ct-1", series_key="ct-1", series_keys=["ct-1"],
                      kind=AlignmentKind.RIGID, usable=aligned, because="" if aligned else "no overlap",
                      uncertainty_mm=2.0, matrix=moved.tolist()),
        ]  # fmt: skip
        self.case = Case(
            software=Software(version="0", created="2026-01-01"),
            patient=Patient(id="p"),
            exams=[
                Exam(key="exam-1", study_uid="1", patient_id="p", date="2026-01-01", title="PET", series=[pet]),
                Exam(key="exam-2", study_uid="2", patient_id="p", date="2026-01-03", title="CT", series=[ct]),
            ],
            readings=[
                ReadingOfPet(
                    series_key="pet-1", tracer_class=TracerClass.SSTR, foci=[focus("pet-1", 1, PLACE, RADIUS)],
                    foci_map="masks/pet-1_foci.nii.gz",
                )
            ],
            image_readings=[
                ReadingOfImages(exam_key="exam-2", kind=ExamKind.CT, series_key="ct-1", series_keys=["ct-1"])
            ],
            alignments=alignments,
            time_points=[TimePoint(name="baseline", date="2026-01-01", exam_keys=["exam-1", "exam-2"])],
        )  # fmt: skip
        write_label_map(folder / "masks/pet-1_foci.nii.gz", ball(PET_GRID, PLACE, RADIUS).astype(np.uint16), PET_GRID)

    @property
    def reading(self) -> ReadingOfImages:
        return self.case.image_readings[0]

    def look(self, *balls: tuple[tuple[float, ...], float, float]) -> Scene:
        """Show balls (centre in the CT's frame, radius, HU) in liver of 110 HU, match, and look again."""
        values = np.full(CT_GRID.shape, 110.0) + np.random.default_rng(3).normal(0, 6, CT_GRID.shape)
        for centre, radius, hounsfield in balls:
            values += (hounsfield - 110.0) * ball(CT_GRID, centre, radius)
        volume = Volume(np.rint(values).astype(np.int16), CT_GRID, HOUNSFIELD, "1.3.ct-1")
        self.folder.keep_volume("ct-1", volume, stamp_of(self.case.series("ct-1")))
        match_lesions(self.folder, self.case, self.transforms)
        second_look(self.folder, self.case, SeriesSource(self.folder, self.case, {}), self.transforms)
        observe(self.case, self.transforms, self.folder.path)
        return self


def moved(place: tuple[float, ...], more: tuple[float, ...] = (0, 0, 0)) -> tuple[float, ...]:
    return tuple(a + b + c for a, b, c in zip(place, SHIFT, more, strict=True))


def visibility(scene: Scene) -> tuple[Visibility, str]:
    found = scene.case.lesions[0].observation("exam-2", ExamKind.CT)
    assert found is not None
    return found.visibility, found.because


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_lesion_at_its_place_becomes_a_focus_of_the_ct(scene: Scene) -> None:
    scene.look((moved(PLACE, (2.0, 1.0, -2.0)), RADIUS, 70.0))
    (found,) = scene.reading.foci
    (lesion,) = scene.case.lesions
    assert found.id in lesion.focus_ids
    assert found.id in [link.focus_id for link in lesion.links]
    assert found.verdict is Verdict.TUMOUR
    assert "found at the place known from pet-1/1" in found.assessment.because
    assert found.measurements["long_axis"].value == pytest.approx(2 * RADIUS, abs=2.0)
    labels = read_label_map(scene.folder.path / str(scene.reading.foci_map))
    assert np.count_nonzero(labels == found.label) * CT_GRID.voxel_volume_ml == pytest.approx(
        found.measurements["volume"].value, rel=0.02
    )
    assert visibility(scene)[0] is Visibility.SEEN
    assert found.id in lesion.course[0].focus_ids


def test_looking_twice_finds_the_same_once(scene: Scene) -> None:
    scene.look((moved(PLACE), RADIUS, 70.0))
    first = scene.reading.foci[0].measurements
    scene.reading.foci = []
    scene.look((moved(PLACE), RADIUS, 70.0))
    assert len(scene.reading.foci) == 1
    assert scene.reading.foci[0].measurements == first


def test_where_nothing_differs_it_is_said_to_be_not_seen(scene: Scene) -> None:
    scene.look()
    assert not scene.reading.foci
    seen, because = visibility(scene)
    assert seen is Visibility.NOT_SEEN
    assert "nothing stands out at its place" in because


def test_what_lies_too_far_away_is_not_taken_for_it(scene: Scene) -> None:
    scene.look((moved(PLACE, (24.0, 0.0, 0.0)), RADIUS, 70.0))
    assert not scene.reading.foci


@pytest.mark.parametrize("radius", [3.0, 24.0])
def test_what_has_another_size_is_not_taken_for_it(scene: Scene, radius: float) -> None:
    scene.look((moved(PLACE), radius, 40.0))
    assert not scene.reading.foci
    assert visibility(scene)[0] is not Visibility.SEEN


def test_a_focus_of_another_lesion_is_not_taken(scene: Scene) -> None:
    other = focus("ct-1", 4, moved(PLACE, (0.5, 0, 0)), RADIUS)  # type: ignore[arg-type]
    scene.reading.foci = [other.model_copy(update={"site_code": "liver", "verdict": Verdict.PHYSIOLOGIC})]
    scene.reading.foci_map = "masks/ct-1_foci.nii.gz"
    write_label_map(
        scene.folder.path / scene.reading.foci_map, 4 * ball(CT_GRID, moved(PLACE), RADIUS).astype(np.uint16), CT_GRID
    )
    scene.look((moved(PLACE), RADIUS, 70.0))
    assert [one.id for one in scene.reading.foci] == ["ct-1/4"]


def test_without_a_usable_alignment_nothing_is_said_to_be_free(tmp_path: Path) -> None:
    scene = Scene(tmp_path, aligned=False).look()
    assert not scene.reading.foci
    assert not scene.reading.looked_for
    seen, because = visibility(scene)
    assert seen is Visibility.NOT_ASSESSABLE
    assert "not usable" in because


def test_a_place_outside_the_images_is_not_covered(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.transforms["ct-1"] = Transform(np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 300.0], [0, 0, 0, 1]]))
    scene.look()
    assert visibility(scene)[0] is Visibility.NOT_COVERED
    assert not scene.reading.looked_for
