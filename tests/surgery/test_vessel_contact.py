"""Contact of tumour and vessel on shapes with known angles, and what happens when a mask cannot tell it."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.errors import GeometryError
from isletscope.spatial import Geometry, Mask
from isletscope.surgery.vessel_contact import Apart, NotAssessable, VesselContact, vessel_contact
from tests.surgery.tubes import Flags, Inside, Points, angle_of_circles, ball, bent_tube, half_space, rod, scene, tube

FINE = (0.8, 0.8, 0.8)
ONE = (1.0, 0.8, 0.8)
THICK = (3.0, 0.8, 0.8)


def contact(vessel: Mask, tumour: Mask) -> VesselContact:
    found = vessel_contact(vessel, tumour, name="smv", others=None)
    assert isinstance(found, VesselContact)
    return found


@pytest.mark.parametrize(
    ("name", "shape", "tolerance", "degrees"),
    [
        ("a1", half_space(0.0), 0.0, 180.0),
        ("a2", half_space(2.0), 0.0, 120.0),
        ("a3", half_space(-2.0), 0.0, 240.0),
        ("a4", half_space(4.0), 1.0, 82.8),
        ("a5", half_space(4.5), 1.0, 57.9),
        ("a7", rod(18.0), 0.0, 74.0),
        ("a8", rod(15.0), 0.0, 164.7),
        ("a9", rod(12.0), 0.0, 265.2),
        ("a10", rod(10.0), 0.0, 360.0),
        ("a11", rod(21.0), 1.0, 0.0),
        ("a12", rod(15.0), 1.0, 193.4),
    ],
)
def test_vectors_of_surg_101_in_voxels(name: str, shape: Inside, tolerance: float, degrees: float) -> None:
    found = vessel_contact(*scene(tube(4.0), shape, ONE, seed=3), name=name)
    measured = found.by_tolerance[tolerance].degrees_max if isinstance(found, VesselContact) else 0.0
    assert measured == pytest.approx(degrees, abs=10.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("spacing", "bar"), [(FINE, 10.0), (THICK, 20.0)])
def test_a_ball_beside_a_tube_in_any_orientation(seed: int, spacing: tuple[float, float, float], bar: float) -> None:
    found = contact(*scene(tube(4.0), ball(15.0), spacing, seed=seed))
    assert found.by_tolerance[0.0].degrees_max == pytest.approx(angle_of_circles(4.0, 15.0), abs=bar)


@pytest.mark.parametrize(("apart", "length", "over_180"), [(18.0, 10.8, 0.0), (12.0, 25.4, 16.1)])
def test_lengths_of_surg_102(apart: float, length: float, over_180: float) -> None:
    found = contact(*scene(tube(4.0, 20.0), ball(apart), FINE, seed=1, half_mm=24.0))
    table = found.by_tolerance[0.0].length_mm
    assert table["any"] == pytest.approx(length, abs=2.0)
    assert table["gt180"] == pytest.approx(over_180, abs=2.0)


def test_a_bent_tube_has_the_angle_of_its_sections() -> None:
    found = contact(*scene(bent_tube(4.0, 25.0), ball(14.0, 12.0), FINE, seed=2))
    assert found.by_tolerance[0.0].degrees_max == pytest.approx(angle_of_circles(4.0, 14.0, 12.0), abs=12.0)
    assert found.radius_mm == pytest.approx(4.0, abs=0.2)


def test_neither_a_flip_nor_a_swap_of_axes_changes_anything() -> None:
    vessel, tumour = scene(tube(3.5), ball(14.0), (0.8, 1.0, 1.2), seed=5)
    plain = contact(vessel, tumour)
    (k, j, i), (dk, dj, di), (x, y, z) = (
        vessel.geometry.shape,
        vessel.geometry.spacing_mm,
        vessel.geometry.origin_lps_mm,
    )
    flipped = Geometry((k, j, i), (dk, dj, di), (x + (i - 1) * di, y, z), ((0, 0, 1), (0, 1, 0), (-1, 0, 0)))
    swapped = Geometry((i, j, k), (di, dj, dk), (x, y, z), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    for grid, change in (
        (flipped, lambda array: array[:, :, ::-1].copy()),
        (swapped, lambda array: np.ascontiguousarray(array.transpose(2, 1, 0))),
    ):
        other = contact(Mask(change(vessel.array), grid), Mask(change(tumour.array), grid))
        for tolerance, one in plain.by_tolerance.items():
            assert other.by_tolerance[tolerance].degrees_max == pytest.approx(one.degrees_max, abs=3.0)
            assert other.by_tolerance[tolerance].length_mm["any"] == pytest.approx(one.length_mm["any"], abs=0.5)


def test_more_tolerance_never_tells_less_contact() -> None:
    table = contact(*scene(tube(4.0), ball(16.0), FINE, seed=4)).by_tolerance
    for low, high in zip(list(table.values()), list(table.values())[1:], strict=False):
        assert low.degrees_max <= high.degrees_max
        assert low.length_mm["any"] <= high.length_mm["any"]


def test_category_and_the_chance_of_its_neighbour() -> None:
    near = contact(*scene(tube(4.0), rod(15.5), FINE, seed=1))
    assert near.category in ("abutment", "encasement")
    assert near.neighbouring[1] > 0.1
    low, high = near.spread.degrees
    assert low < near.contact.degrees_max < high
    sure = contact(*scene(tube(4.0), rod(11.0), FINE, seed=1))
    assert sure.category == "encasement"
    assert sure.neighbouring[1] < 0.05


def test_the_shortest_distance_when_there_is_no_contact() -> None:
    near = contact(*scene(tube(4.0), ball(21.0), FINE, seed=1))
    assert near.category == "none"
    assert near.gap_mm == pytest.approx(2.0, abs=0.3)
    far = vessel_contact(*scene(tube(3.0), ball(20.0, 8.0), FINE, seed=1), name="smv")
    assert isinstance(far, Apart)
    assert far.gap_mm == pytest.approx(9.0, abs=0.7)


def test_narrowing_where_the_tumour_touches() -> None:
    def waist(p: Points) -> Flags:
        radius = 5.0 - 2.0 * np.exp(-0.5 * (p[..., 2] / 4.0) ** 2)
        return np.asarray((np.hypot(p[..., 0], p[..., 1]) < radius) & (np.abs(p[..., 2]) < 20))

    found = contact(*scene(waist, ball(11.0, 8.5), FINE, seed=6, half_mm=24.0))
    assert found.calibre is not None
    assert found.calibre.smallest_mm == pytest.approx(6.0, abs=0.6)
    assert found.calibre.reference_mm == pytest.approx(10.0, abs=0.6)
    assert not found.calibre.one_sided


def test_a_filled_lumen_is_occluded() -> None:
    vessel, tumour = scene(tube(4.0), ball(16.0), FINE, seed=3)
    middle = np.zeros(vessel.array.shape, dtype=bool)
    middle[20:36] = True
    filled = vessel_contact(vessel, tumour, name="smv", defect=Mask(vessel.array & middle, vessel.geometry))
    assert isinstance(filled, VesselContact)
    assert filled.category == "occluded"
    assert filled.spread.chances["occluded"] == 1.0
    assert filled.filling is not None
    assert filled.filling.largest_share == pytest.approx(1.0, abs=0.05)


def test_a_vessel_that_leaves_the_images_in_contact_is_truncated() -> None:
    found = contact(*scene(tube(4.0, 60.0), half_space(2.0), FINE, seed=0, half_mm=9.0))
    assert found.truncated
    assert not contact(*scene(tube(4.0), ball(16.0), FINE, seed=0)).truncated


def test_what_a_mask_cannot_tell_is_not_told() -> None:
    vessel, tumour = scene(tube(4.0), ball(15.0), FINE, seed=0)
    nothing = Mask(np.zeros_like(vessel.array), vessel.geometry)
    for one, other, words in (
        (None, tumour, "no mask of this vessel"),
        (nothing, tumour, "no mask of this vessel"),
        (vessel, nothing, "no mask of the tumour"),
    ):
        found = vessel_contact(one, other, name="smv")
        assert isinstance(found, NotAssessable)
        assert words in found.because


def test_a_broken_vessel_says_whether_the_tumour_fills_the_gap() -> None:
    def broken(p: Points) -> Flags:
        return np.asarray(tube(4.0)(p) & (np.abs(p[..., 2]) > 4))

    apart = vessel_contact(*scene(broken, ball(25.0), FINE, seed=0), name="smv")
    assert isinstance(apart, NotAssessable)
    assert "broken into 2 parts" in apart.because
    assert "swallowed" not in apart.because
    swallowed = vessel_contact(*scene(broken, ball(3.0), FINE, seed=0), name="smv")
    assert isinstance(swallowed, NotAssessable)
    assert "occluded, or swallowed" in swallowed.because


def test_masks_on_two_grids_are_refused() -> None:
    vessel, _ = scene(tube(4.0), ball(15.0), FINE)
    _, tumour = scene(tube(4.0), ball(15.0), ONE)
    with pytest.raises(GeometryError, match="different grids"):
        vessel_contact(vessel, tumour, name="smv")


def test_contact_that_reaches_the_mouth_of_another_vessel_says_so() -> None:
    vessel, tumour = scene(tube(4.0, 22.0), ball(15.0), FINE, seed=0, half_mm=24.0)
    upper = scene(lambda p: tube(4.0, 22.0)(p) & (p[..., 2] > 3), ball(15.0), FINE, seed=0, half_mm=24.0)[0].array
    lower = Mask(vessel.array & ~upper, vessel.geometry)
    found = vessel_contact(lower, tumour, name="smv", others=upper)
    assert isinstance(found, VesselContact)
    assert found.at_mouth
    assert any("mouth of another vessel" in note for note in found.notes)
    assert not any("mouth" in note for note in contact(vessel, tumour).notes)


@pytest.mark.parametrize("off", [-0.7, -0.4, 0.4, 0.7])
@pytest.mark.parametrize("apart", [13.0, 16.0, 18.0])
def test_the_interval_holds_the_truth_where_the_outline_is_off_by_part_of_a_voxel(apart: float, off: float) -> None:
    found = contact(*scene(tube(5.0), ball(apart, 15.0 + off), (1.0, 1.0, 1.0), seed=3))
    true = contact(*scene(tube(5.0), ball(apart), (0.7, 0.7, 0.7), seed=3)).contact.degrees_max
    low, high = found.spread.degrees
    assert low <= true <= high


def test_a_vessel_too_small_for_a_known_error_says_so() -> None:
    small, wide = (contact(*scene(tube(radius), ball(15.0 + radius - 1.0), (0.8, 0.8, 0.8))) for radius in (2.0, 4.5))
    assert any("whose error is not known" in note for note in small.notes)
    assert not any("whose error" in note for note in wide.notes)
