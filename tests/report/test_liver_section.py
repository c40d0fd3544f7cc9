"""The section on the liver by segment: volumes in words, the map, where each lesion lies, and what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isletscope.model import Case
from isletscope.reading import CaseFolder, write_label_map
from isletscope.reading.liver_volumes import measure_livers
from isletscope.report.content.liver_section import liver_section
from isletscope.report.images import NoImages
from tests.reading.small_case import distance_mm, grid, transforms
from tests.reading.test_liver_plan import folder as plan_folder  # noqa: F401

BALL = distance_mm() <= 32.0


@pytest.fixture
def folder(plan_folder: CaseFolder) -> CaseFolder:  # noqa: F811
    """A ball of liver with segments II, VII and VIII along x and two tumours."""
    x = np.indices(BALL.shape)[2]
    labels = np.where(BALL, np.select([x < 12, x < 18], [7, 8], 2), 0).astype(np.uint8)
    write_label_map(plan_folder.path / "masks/ct-2_segments.nii.gz", labels, grid("ct-2"))
    return plan_folder


def measured_case(folder: CaseFolder, source: str = "hepatic and portal veins", because: str = "") -> Case:
    case = folder.case
    reading = case.image_readings[0]
    reading.segments_from, reading.segments_because = source, because
    reading.segment_map = "masks/ct-2_segments.nii.gz" if source else None
    measure_livers(folder, case, transforms())
    folder.save(case)
    return case


def test_volumes_source_map_and_lesions_are_shown(folder: CaseFolder) -> None:
    section = liver_section(measured_case(folder), folder)
    assert section is not None
    text = " ".join(section.text)
    assert "segments were drawn from hepatic and portal veins" in text
    whole = np.count_nonzero(BALL) * 27 / 1000
    assert f"liver with its tumours {whole:.0f} mL" in text
    (figure,) = section.figures
    assert ">VIII<" in figure.svg
    assert "VII " in figure.alt
    (table,) = section.tables
    assert [row[0].text for row in table.rows] == ["L1", "L2"]
    assert all(row[2].text in ("II", "VII", "VIII") for row in table.rows)


def test_without_segments_the_reason_stands_there(folder: CaseFolder) -> None:
    because = "hepatic and portal veins: no hepatic vein left; landmarks and typical shares: no gallbladder"
    section = liver_section(measured_case(folder, source="", because=because), folder)
    assert section is not None
    assert any(f"no segments of the liver, because {because}." in line for line in section.text)
    assert section.figures == ()
    assert section.tables == ()


def test_maps_that_are_gone_leave_the_words(folder: CaseFolder) -> None:
    section = liver_section(measured_case(folder), NoImages())
    assert section is not None
    assert section.figures == ()
    assert len(section.text) == 2


def test_a_case_whose_liver_was_never_measured_has_no_section(folder: CaseFolder, tmp_path: Path) -> None:
    assert liver_section(folder.case, folder) is None
