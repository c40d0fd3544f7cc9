"""Key images over time: the right place through the alignment, equal scale, words for what is not seen or not shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.assessment import views
from isletscope.lesions.change import change_rows
from isletscope.model import (
    Assessment,
    Case,
    ExamKind,
    Focus,
    ReadingOfPet,
    State,
    TracerClass,
    Verdict,
    Visibility,
    measured,
)
from isletscope.reading import KeptDrawings
from isletscope.report.figures.course_images import key_images
from isletscope.report.figures.course_places import best_kind, spots
from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Transform, Volume
from isletscope.surgery import ContactScene, ContactView
from tests.course_cases import course_case

SSTR = ExamKind.SSTR_PET
GRID = Geometry((40, 60, 60), (3.0, 2.0, 2.0), (0.0, 0.0, 0.0))
PLACE = (60.0, 50.0, 60.0)


@dataclass
class Images:
    """Volumes, label maps and transforms from memory."""

    volumes: dict[str, Volume]
    labels: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    mappings: dict[str, Transform] = field(default_factory=dict)

    def volume(self, series_key: str) -> Volume | None:
        return self.volumes.get(series_key)

    def transforms(self) -> Mapping[str, Transform]:
        return self.mappings

    def foci_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        return self.labels.get(series_key)

    def segment_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """None."""
        return None

    def organ_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        return None

    def contact_view(self, lesion: str, vessel: str, exam_key: str) -> ContactView | None:
        return None

    def contact_scene(self, lesion: str, exam_key: str) -> ContactScene | None:
        return None

    def drawings(self) -> KeptDrawings | None:
        return None


def shifted(*millimetres: float) -> Transform:
    matrix = np.eye(4)
    matrix[:3, 3] = millimetres
    return Transform(matrix)


def patient(*seen: bool) -> tuple[Case, Images]:
    """One lesion on a PET at each date; its focus lies at PLACE, moved by 10 mm along x from date to date."""
    case = course_case({"L1": {SSTR: [{"suv_max": 20.0} if one else None for one in seen]}})
    images = Images({})
    for number, one in enumerate(seen, start=1):
        key = f"pet-{number}"
        x = PLACE[0] + 10.0 * (number - 1)
        array = np.zeros(GRID.shape, dtype=np.float32)
        labels = np.zeros(GRID.shape, dtype=np.uint16)
        labels[18:23, 23:28, int(x / 2) - 2 : int(x / 2) + 3] = 1
        array[labels > 0] = 20.0
        images.volumes[key] = Volume(array, GRID, SUV_BODY_WEIGHT)
        images.mappings[key] = shifted(10.0 * (number - 1), 0.0, 0.0)
        if not one:
            continue
        images.labels[key] = labels
        point = (x, PLACE[1], PLACE[2])
        focus = Focus(
            id=f"{key}/1",
            series_key=key,
            label=1,
            site="liver",
            verdict=Verdict.TUMOUR,
            assessment=Assessment(name="verdict", state=State.DERIVED, value="tumour"),
            centroid_lps_mm=point,
            maximum_lps_mm=point,
            threshold=measured("threshold", 8.0, "g/mL"),
            delineation="test",
        )
        case.readings.append(ReadingOfPet(series_key=key, tracer_class=TracerClass.SSTR, foci=[focus]))
        case.lesions[0].focus_ids.append(focus.id)
    return case, images


def places(case: Case, images: Images) -> list[Any]:
    return spots(views(case), case.lesions[0], SSTR, images.transforms(), images)


@pytest.mark.parametrize("seen", [(True, False, True), (False, True, True), (True, True, False), (False, False, True)])
def test_the_place_is_carried_along_the_alignment(seen: tuple[bool, ...]) -> None:
    case, images = patient(*seen)
    for number, (spot, one) in enumerate(zip(places(case, images), seen, strict=True)):
        assert spot.point_lps_mm == pytest.approx((PLACE[0] + 10.0 * number, PLACE[1], PLACE[2]))
        assert (spot.focus is not None) is one
        assert spot.word == ("" if one else "not seen")


def test_without_alignment_there_is_no_place() -> None:
    case, images = patient(True, False)
    del images.mappings["pet-2"]
    found = places(case, images)[1]
    assert (found.point_lps_mm, found.word) == (None, "not aligned")


def test_outside_the_images_and_without_images() -> None:
    case, images = patient(True, False)
    images.mappings["pet-2"] = shifted(500.0, 0.0, 0.0)
    assert places(case, images)[1].word == "not covered"
    del images.volumes["pet-2"]
    assert places(case, images)[1].word == "images not kept"


def test_exams_that_were_not_done_and_lesions_without_focus() -> None:
    case, images = patient(True, True)
    assert [one.word for one in spots(views(case), case.lesions[0], ExamKind.CT, images.transforms(), images)] == [
        "not done",
        "not done",
    ]
    case.lesions[0].focus_ids = []
    assert best_kind(views(case), case.lesions[0]) is None


def test_pictures_have_one_scale_and_say_what_they_show() -> None:
    case, images = patient(True, True, False)
    points = views(case)
    (figure,) = key_images(points, case.lesions, change_rows(points), images, 178.0)
    assert figure.svg.count("<image") == 3
    assert figure.svg.count("50 mm") == 2  # one bar, with the dark edge behind its letters
    assert "2025-01-10: SUVmax 20.0" in figure.alt
    assert figure.alt.endswith("2026-01-10: not seen.")


def test_a_new_lesion_is_marked() -> None:
    case, images = patient(False, True)
    points = views(case)
    (figure,) = key_images(points, case.lesions, change_rows(points), images, 178.0)
    assert "2025-07-10: new, SUVmax 20.0" in figure.alt


def test_not_assessable_is_never_told_as_not_seen_or_new() -> None:
    case, images = patient(False, True)
    first = case.lesions[0].observations[0]
    case.lesions[0].observations[0] = first.model_copy(
        update={"visibility": Visibility.NOT_ASSESSABLE, "because": "within other uptake"}
    )
    points = views(case)
    (figure,) = key_images(points, case.lesions, change_rows(points), images, 178.0)
    assert "2025-01-10: not assessable, 2025-07-10: SUVmax 20.0" in figure.alt


def test_one_picture_is_no_comparison() -> None:
    case, images = patient(True, False)
    images.mappings.clear()
    points = views(case)
    assert key_images(points, case.lesions, change_rows(points), images, 178.0) == ()
