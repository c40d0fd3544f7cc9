"""PET of a scene: recovery as theory predicts, motion blur, noise that follows counts and body size."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from isletscope.phantom.motion import average_over_cycle, cycle_offsets, displacement
from isletscope.phantom.physics import blur, blurred_halves, liver_noise, most_common
from isletscope.phantom.pose import breathing_pattern
from isletscope.phantom.scanner import Grids
from isletscope.phantom.scanner_pet import scan_pet
from isletscope.phantom.tracers import tracers
from isletscope.spatial import Geometry
from tests.phantom.scenes import ball, pose, scene, visit

COARSE = Grids(64, 8.0, 10, 20.0, 110, 4.0, 150, 4.0)
COARSER = Grids(64, 8.0, 10, 20.0, 74, 6.0, 100, 6.0)


def recovered_at_centre(radius_mm: float, fwhm_mm: float) -> float:
    """Share of a ball's contrast that a Gaussian blur leaves at its centre (closed form)."""
    r = radius_mm / (fwhm_mm / 2.3548)
    return math.erf(r / math.sqrt(2)) - math.sqrt(2 / math.pi) * r * math.exp(-r * r / 2)


@pytest.mark.parametrize("radius", [5.0, 9.0])
def test_recovery_is_that_of_theory(radius: float) -> None:
    tumour = ball(radius, (-75.0, 5.0, 65.0), 40.0)
    seen = visit(resolution_mm=6.0, liver_noise=0.0)
    scan = scan_pet(scene(tumour), seen, COARSE, np.random.default_rng(1))
    liver = scan.lesions[0].background_suv
    centre = scan.geometry.to_index(np.asarray(scan.lesions[0].centre_lps_mm))
    at_centre = float(ndimage.map_coordinates(scan.clean, centre[:, None], order=3)[0])
    # A box of one voxel (4 mm) widens the Gaussian: variance + 16 / 12 along each axis.
    wide = 2.3548 * math.sqrt((6.0 / 2.3548) ** 2 + 16.0 / 12.0)
    expected = recovered_at_centre(radius, wide)
    assert (at_centre - liver) / (40.0 - liver) == pytest.approx(expected, abs=0.03)
    assert scan.lesions[0].suv == 40.0


def test_motion_widens_along_the_body_by_its_variance() -> None:
    held = replace(pose(1), turned_degrees=(0.0, 0.0, 0.0))
    grid = Geometry((160, 24, 24), (0.5, 3.0, 3.0), (0.0, 0.0, 0.0))
    centre = held.to_scanner(np.array([[-60.0, 0.0, 80.0]]))[0]
    first = centre - np.array([3.0 * 11, 3.0 * 11, 0.5 * 80])
    grid = replace(grid, origin_lps_mm=(float(first[0]), float(first[1]), float(first[2])))
    z = 0.5 * (np.arange(160) - 80)
    image = np.broadcast_to(np.exp(-0.5 * (z / 4.0) ** 2)[:, None, None], grid.shape).astype(np.float32).copy()
    moved = average_over_cycle(image, grid, held, 12.0)[:, 11, 11].astype(float)
    mean = (moved * z).sum() / moved.sum()
    variance = (moved * (z - mean) ** 2).sum() / moved.sum()
    unit = displacement(held, centre[None], 1.0)[0, 2]
    assert unit == pytest.approx(breathing_pattern(np.array([[-60.0, 0.0, 80.0]]))[0, 2], rel=0.02)
    assert abs(mean) < 0.1
    assert variance == pytest.approx(16.0 + (cycle_offsets(12.0).std() * unit) ** 2, rel=0.05)


def test_motion_blurs_the_liver_and_leaves_the_pelvis() -> None:
    still = scan_pet(scene(), visit(liver_noise=0.0), COARSER, np.random.default_rng(1))
    moved = scan_pet(scene(), visit(liver_noise=0.0, respiratory_motion_mm=14.0), COARSER, np.random.default_rng(1))
    apart = np.abs(still.clean - moved.clean)
    assert apart[25:75].max() > 3.0
    assert apart[:12].max() < 0.05
    assert moved.clean.sum() == pytest.approx(still.clean.sum(), rel=0.01)


def test_no_motion_changes_nothing() -> None:
    image = np.random.default_rng(1).random((4, 5, 6)).astype(np.float32)
    grid = Geometry((4, 5, 6), (3.0, 4.0, 4.0), (0.0, 0.0, 0.0))
    assert average_over_cycle(image, grid, pose(), 0.0) is image
    assert cycle_offsets(10.0).sum() == pytest.approx(0.0, abs=1e-12)


def noise(tracer: str = "68Ga-DOTATATE", dose: float = 150.0, bed_s: float = 150.0, kg: float = 70.0) -> float:
    return liver_noise(tracers()[tracer], dose, 3600.0, bed_s, kg, 172.0)


def test_noise_follows_the_root_of_counts() -> None:
    assert noise() == pytest.approx(0.115, abs=0.002)
    assert noise(dose=300.0) == pytest.approx(noise() / math.sqrt(2))
    assert noise(bed_s=300.0) == pytest.approx(noise() / math.sqrt(2))


def test_noise_grows_with_the_body() -> None:
    assert noise(kg=100.0) > 1.3 * noise() > 1.3 * 1.2 * noise(kg=50.0)


def test_few_positrons_mean_more_noise() -> None:
    assert noise("64Cu-DOTATATE", dose=180.0) > 1.3 * noise()


def test_the_commonest_label_of_a_block_wins() -> None:
    labels = np.array([[[1, 1], [2, 2]], [[2, 3], [2, 1]]], dtype=np.uint8)
    assert most_common(labels).tolist() == [[[2]]]


def test_exendin_shines_in_the_kidneys() -> None:
    scan = scan_pet(scene(), visit(tracer="68Ga-exendin", liver_noise=0.0), COARSER, np.random.default_rng(1))
    assert scan.organs["kidney"]["mean_suv"] > 25 * scan.organs["liver"]["mean_suv"]
    assert scan.organs["pancreas"]["mean_suv"] > scan.organs["liver"]["mean_suv"]


def test_blur_and_mean_in_one_pass_are_those_one_after_the_other() -> None:
    image = np.random.default_rng(5).random((24, 20, 28), dtype=np.float32)
    spacing = (2.25, 2.0, 1.6)
    blurred = blur(image, 6.0, spacing)
    mean = blurred.reshape(12, 2, 10, 2, 14, 2).mean(axis=(1, 3, 5))
    assert np.abs(blurred_halves(image, 6.0, spacing) - mean).max() < 1e-6
