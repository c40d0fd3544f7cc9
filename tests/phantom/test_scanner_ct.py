"""CT of a scene: phases by the table, one grid, one pose, thin detail, noise as asked for."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from isletscope.phantom.appearance import CT_PHASES
from isletscope.phantom.scanner import Grids
from isletscope.phantom.scanner_ct import CtExam, scan_ct, usual_noise_hu
from isletscope.phantom.scenario_exams import DetailRule, ExamRule
from isletscope.phantom.structures import structure_label
from isletscope.phantom.visit import random_source
from tests.phantom.scenes import DAY, ball, body, scene, visit

COARSE = Grids(64, 8.0, 10, 20.0, 32, 16.0, 10, 20.0, 128, 5.0)
SOURCES = partial(random_source, 1, "ct tests")


def rule(**more: object) -> ExamRule:
    values = {"name": "ct", "tracer": None, "date": DAY, "kind": "ct", "phases": CT_PHASES, **more}
    return ExamRule(**values)  # type: ignore[arg-type]


def scanned(*tumours: object, **more: object) -> CtExam:
    asked = rule(**more)
    return scan_ct(scene(*tumours), visit(tracer=None, kind="ct"), asked, COARSE, SOURCES)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clean() -> CtExam:
    return scanned(noise_hu=0.0)


def mean_hu(exam: CtExam, phase: str, structure: str) -> float:
    inside = exam.structures == structure_label(structure)
    assert inside.sum() > 5, structure
    return float(np.median(exam.scans[phase].image[inside]))


@pytest.mark.parametrize(
    ("structure", "tissue"),
    [("spleen", "spleen"), ("liver_segment_6", "liver"), ("aorta", "aorta"), ("inferior_vena_cava", "vena_cava")],
)
def test_every_phase_shows_the_tissue_as_the_table_says(clean: CtExam, structure: str, tissue: str) -> None:
    look = body().tissues[tissue].appearance
    for phase in CT_PHASES:
        assert mean_hu(clean, phase, structure) == pytest.approx(look.hu[phase], abs=3.0)


def test_contrast_comes_and_goes_as_in_people(clean: CtExam) -> None:
    arterial, portal = "late_arterial", "portal_venous"
    assert mean_hu(clean, arterial, "aorta") > 250 > mean_hu(clean, portal, "aorta") > 130
    assert mean_hu(clean, portal, "liver_segment_7") > mean_hu(clean, arterial, "liver_segment_7") + 25
    assert 100 < mean_hu(clean, arterial, "pancreas_body") < 145
    assert mean_hu(clean, portal, "hepatic_vein_right") > mean_hu(clean, arterial, "hepatic_vein_right") + 70


def test_all_phases_share_grid_and_pose(clean: CtExam) -> None:
    grids = [scan.geometry for scan in clean.scans.values()]
    assert all(grid.same_grid(grids[0]) for grid in grids)
    assert len({id(held) for held in clean.poses.values()}) == 1
    assert clean.lesions.shape == grids[0].shape == (57, 128, 128)


def test_breath_holds_may_differ_by_phase() -> None:
    exam = scanned(phases=("late_arterial", "portal_venous"), phase_shift_mm=6.0, noise_hu=0.0)
    one, two = (exam.poses[phase].to_scanner(np.array([[-60.0, 0.0, 80.0]])) for phase in exam.scans)
    assert 0.1 < float(np.linalg.norm(one - two)) < 16.0
    assert exam.reference == "portal_venous"


def test_noise_is_as_strong_as_asked_and_differs_by_phase(clean: CtExam) -> None:
    noisy = scanned(noise_hu=12.0)
    inside = noisy.structures == structure_label("spleen")
    noise = [noisy.scans[p].image[inside] - clean.scans[p].image[inside].astype(float) for p in CT_PHASES]
    assert np.std(noise[0]) == pytest.approx(12.0, rel=0.15)
    assert abs(float(np.mean(noise[0]))) < 2.0
    assert abs(float(np.corrcoef(noise[0], noise[1])[0, 1])) < 0.2


def test_noise_grows_with_the_body_and_with_thin_slices() -> None:
    person = visit(tracer=None, kind="ct")
    assert usual_noise_hu(person, 0.75) == pytest.approx(usual_noise_hu(person, 3.0) * 2, rel=0.2)


def test_the_detail_shows_a_lesion_at_its_volume() -> None:
    tumour = ball(9.0, (-75.0, 5.0, 65.0), 500.0)
    detail = DetailRule("L1", pixel_mm=0.6, slice_mm=0.6, field_mm=30.0)
    exam = scanned(tumour, phases=("portal_venous",), detail=detail)
    assert exam.detail is not None
    fine, liver = exam.detail.scan, body().tissues["liver"].appearance.hu["portal_venous"]
    assert fine.geometry.shape == (50, 50, 50)
    assert fine.geometry.spacing_mm == (0.6, 0.6, 0.6)
    half = (500.0 + liver) / 2
    volume = (fine.image > half).sum() * fine.geometry.voxel_volume_ml
    assert volume == pytest.approx(tumour.volume_ml, rel=0.01)
    middle = fine.geometry.to_lps(np.argwhere(fine.image > half)).mean(axis=0)
    assert np.allclose(middle, scene(tumour).centres([tumour])[0], atol=0.1)


@pytest.mark.parametrize(("coverage", "height_mm"), [("abdomen", 285.0), ("trunk", 580.0)])
def test_coverage(coverage: str, height_mm: float) -> None:
    exam = scanned(phases=("unenhanced",), coverage=coverage, slice_mm=10.0, noise_hu=0.0)
    height = exam.scans["unenhanced"].geometry.extent_mm[0]
    assert height == pytest.approx(height_mm * float(body().scale[2]), abs=21.0)
