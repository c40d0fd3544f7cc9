"""What the scanner files show, measured without the generator's code, against theory and construction."""

from __future__ import annotations

from pathlib import Path

import pytest

from isletscope.phantom import generate
from isletscope.phantom.scanner import GRIDS, Grids
from tests.phantom.measuring import figures
from tests.phantom.measuring.figures import MadePatient

PLAN = Path(__file__).parent / "measuring" / "measured.yaml"
# The phases are not measured here, only the details and the PET: coarse phases save time.
GRID = Grids(96, 5.2, 100, 9.0, 128, 4.07283, 200, 4.5, 96, 6.0)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> MadePatient:
    folder = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(GRIDS, "small", GRID)
        return MadePatient(generate(PLAN, folder / "patient", seed=1, size="small", workers=1))


@pytest.mark.parametrize(("exam", "lesion"), [("ct_30", "L1"), ("ct_15", "L2")])
def test_volume_on_thin_slices(patient: MadePatient, exam: str, lesion: str) -> None:
    assert abs(figures.volume(patient, exam, lesion).percent) <= 3.0


def test_volume_of_a_small_lesion_on_thick_slices(patient: MadePatient) -> None:
    assert abs(figures.volume(patient, "ct_10", "L3").percent) <= 10.0


def test_volume_between_several_tissues(patient: MadePatient) -> None:
    assert abs(figures.volume_between_tissues(patient, "ct_head", "P1").percent) <= 3.0


@pytest.mark.parametrize("lesion", ["L1", "L2", "L3"])
def test_recovery_follows_theory(patient: MadePatient, lesion: str) -> None:
    assert abs(figures.recovery(patient, "pet", lesion).percent) <= 3.0


def test_contact_angle_at_every_tolerance(patient: MadePatient) -> None:
    found = figures.contact_degrees(patient, "ct_head", "P1", "superior_mesenteric_vein")
    assert list(found) == ["0.0", "0.5", "1.0", "1.5"]
    for tolerance, figure in found.items():
        assert abs(figure.off) <= 3.0, tolerance


@pytest.mark.parametrize(("exam", "bar_percent"), [("mr_clean", 2.0), ("mr_noisy", 5.0)])
def test_adc(patient: MadePatient, exam: str, bar_percent: float) -> None:
    assert abs(figures.adc(patient, exam, "L1").percent) <= bar_percent
    assert abs(figures.adc_from_images(patient, exam, "L1").percent) <= bar_percent


def test_fields_take_landmarks_from_exam_to_exam(patient: MadePatient) -> None:
    assert max(figures.landmark_errors_mm(patient)) < 0.1


def test_segment_volumes_of_the_masks(patient: MadePatient) -> None:
    volumes = figures.segment_volumes(patient, "ct_head", "ct")
    assert sum(f.measured for f in volumes.values()) == pytest.approx(sum(f.true for f in volumes.values()), rel=0.02)
    for segment, figure in volumes.items():
        assert abs(figure.percent) < (12.0 if segment == 1 else 6.0), segment
