"""Contact of a primary with vessels, from the label maps of a case: a ball beside cylinders, whose contact is known."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isletscope.model import (
    Assessment,
    Case,
    Compartment,
    Exam,
    ExamKind,
    Focus,
    Lesion,
    OrganFinding,
    Patient,
    ReadingOfImages,
    Role,
    State,
    TimePoint,
    Verdict,
    VesselFinding,
    derived,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.label_maps import read_label_map, write_label_map
from isletscope.reading.manifest import software
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.vessel_contacts import measure_contacts
from isletscope.spatial import Geometry
from tests.reading.given_anatomy import series

SHAPE, SPACING = (60, 90, 90), 1.0
GRID = Geometry(SHAPE, (SPACING,) * 3, (-45.0, -45.0, -30.0), ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)))
RADIUS, BALL = 5.0, 15.0


def folder_of(
    path: Path, *, vessels: dict[str, tuple[float, float]], verdict: Verdict = Verdict.TUMOUR
) -> tuple[CaseFolder, Case]:
    """A ball of 15 mm about the origin and cylinders of 5 mm along z at x, y; the lumina are no tumour."""
    points = GRID.to_lps(np.indices(SHAPE).reshape(3, -1).T)
    structures = np.zeros(SHAPE, dtype=np.uint8)
    for number, (x, y) in enumerate(vessels.values(), start=1):
        structures[(np.hypot(points[:, 0] - x, points[:, 1] - y) <= RADIUS).reshape(SHAPE)] = number
    foci = ((np.linalg.norm(points, axis=1) <= BALL).reshape(SHAPE) & (structures == 0)).astype(np.uint16)
    folder = CaseFolder.prepare(path)
    write_label_map(path / "masks" / "ct-1_foci.nii.gz", foci, GRID)
    write_label_map(path / "masks" / "ct-1_structures.nii.gz", structures, GRID)
    rows = [
        OrganFinding(name=name, state=State.ENTERED, source="drawn", label=number)
        for number, name in enumerate(vessels, start=1)
    ]
    missing = OrganFinding(name="celiac_artery", state=State.MISSING, missing_because="it lies outside the images")
    return folder, _case([*rows, missing], verdict)


def _case(rows: list[OrganFinding], verdict: Verdict) -> Case:
    told: dict[str, Any] = {"site": "head", "verdict": verdict}
    focus = Focus(
        id="ct-1/1",
        series_key="ct-1",
        label=1,
        **told,
        assessment=Assessment(name="verdict", state=State.DERIVED, value=verdict.value),
        centroid_lps_mm=(0, 0, 0),
        maximum_lps_mm=(0, 0, 0),
        threshold=derived("threshold", 1.0, "1"),
        delineation="made",
        measurements={"volume": derived("volume", 14.0, "mL")},
    )
    reading = ReadingOfImages(
        exam_key="exam-1",
        kind=ExamKind.CT,
        series_key="ct-1",
        series_keys=["ct-1"],
        foci=[focus],
        structures=rows,
        foci_map="masks/ct-1_foci.nii.gz",
        structure_map="masks/ct-1_structures.nii.gz",
    )
    pancreas = Compartment.PANCREAS
    lesion = Lesion(id="P1", tracking_uid="1.9", compartment=pancreas, focus_ids=["ct-1/1"], **told)
    ct = series("ct-1", "CT", Role.CT_PORTAL_VENOUS, GRID, "1.3")
    return Case(
        software=software(datetime(2026, 1, 1, tzinfo=UTC)),
        patient=Patient(id="P1"),
        exams=[Exam(key="exam-1", study_uid="1", patient_id="P1", title="made", series=[ct])],
        image_readings=[reading],
        lesions=[lesion],
        time_points=[TimePoint(name="baseline", date="2026-01-01", exam_keys=["exam-1"])],
    )


def contacts(folder: CaseFolder, case: Case, results: KeptResults | None = None) -> dict[str, VesselFinding]:
    measure_contacts(folder, case, SeriesSource(folder, case, {}), {}, results)
    return {one.vessel: one for one in case.time_points[0].vessels}


def chord_degrees(apart: float) -> float:
    """Arc of a circle of 5 mm inside one of 15 mm whose centres lie ``apart`` mm."""
    return float(2 * np.degrees(np.arccos((RADIUS**2 + apart**2 - BALL**2) / (2 * RADIUS * apart))))


@pytest.mark.parametrize("apart", [13.0, 16.0, 18.0])
def test_the_contact_of_a_ball_and_a_cylinder_is_found(apart: float, tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels={"superior_mesenteric_vein": (apart, 0.0)})
    vein = contacts(folder, case)["superior_mesenteric_vein"]
    assert vein.lesion == "P1"
    assert vein.exam_key == "exam-1"
    assert vein.contact_deg["0.0"].value == pytest.approx(chord_degrees(apart), abs=12)
    assert vein.number("distance") == 0


def test_a_vessel_apart_is_told_with_its_distance(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels={"superior_mesenteric_artery": (-32.0, 0.0)})
    artery = contacts(folder, case)["superior_mesenteric_artery"]
    assert artery.contact_deg["1.0"].value == 0
    assert artery.number("distance") == pytest.approx(12.0, abs=1.0)  # from voxel face to voxel face


def test_deciding_vessels_without_a_mask_are_not_assessable_and_say_why(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels={"portal_vein": (16.0, 0.0)})
    found = contacts(folder, case)
    assert found["celiac_artery"].contact_deg["1.0"].missing_because == "it lies outside the images"
    assert "no mask of it was given" in str(found["common_hepatic_artery"].contact_deg["1.0"].missing_because)
    assert "gastroduodenal_artery" not in found


def test_nothing_is_said_of_a_physiologic_focus_or_where_no_vessel_has_a_mask(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "one", vessels={"portal_vein": (16.0, 0.0)}, verdict=Verdict.PHYSIOLOGIC)
    assert contacts(folder, case) == {}
    folder, case = folder_of(tmp_path / "two", vessels={"portal_vein": (16.0, 0.0)})
    case.image_readings[0].structure_map = None
    assert contacts(folder, case) == {}


def test_a_contact_that_was_kept_is_not_measured_again(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels={"portal_vein": (16.0, 0.0)})
    results = KeptResults()
    first = contacts(folder, case, results)
    (tmp_path / "case" / "masks" / "ct-1_structures.nii.gz").unlink()
    assert contacts(folder, case, results) == first


def test_a_drawn_thrombus_stays_in_its_vein_and_fills_it(tmp_path: Path) -> None:
    """In the map its voxels are no longer the vein's; the vein is neither broken nor free for that."""
    folder, case = folder_of(tmp_path / "case", vessels={"portal_vein": (16.0, 0.0), "aorta": (-36.0, 0.0)})
    path = tmp_path / "case" / "masks" / "ct-1_structures.nii.gz"
    labels = read_label_map(path).copy()
    labels[22:38][labels[22:38] == 1] = 9
    write_label_map(path, labels, GRID)
    case.image_readings[0].structures.append(
        OrganFinding(name="thrombus", state=State.ENTERED, source="drawn", label=9)
    )
    found = contacts(folder, case)
    assert found["portal_vein"].features["occlusion"] == "yes"
    assert found["portal_vein"].number("distance") == 0
    assert found["aorta"].features["occlusion"] == "no"


def test_a_vessel_that_was_lost_on_its_way_is_not_told_free(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels={"gastroduodenal_artery": (-32.0, 0.0)})
    assert contacts(folder, case)["gastroduodenal_artery"].contact_deg["1.0"].value == 0  # drawn: its drawer knows
    case.image_readings[0].structures[0].state = State.DERIVED
    told = contacts(folder, case)["gastroduodenal_artery"].contact_deg["1.0"]
    assert told.value is None
    assert "where it ends was not found" in str(told.missing_because)


@pytest.mark.parametrize("x", [18.0, 24.0, 38.0])
def test_a_followed_artery_that_is_lost_on_its_way_is_free_nowhere(x: float, tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels={"gastroduodenal_artery": (x, 0.0)})
    case.image_readings[0].structures[0].state = State.DERIVED
    artery = contacts(folder, case)["gastroduodenal_artery"].contact_deg["1.0"]
    touches = x < 20.0
    assert (artery.value is not None) == touches
    assert touches or "where it ends was not found" in str(artery.missing_because)
