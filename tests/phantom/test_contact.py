"""Contact by construction against closed forms: planes, circles and spheres on straight vessels, and curved ones."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.contact import contact_of, contact_on, foot_points, wall_of
from isletscope.phantom.lesions import Tumour, draw_lobes
from isletscope.phantom.pose import Pose, Variation, draw_breathing
from isletscope.phantom.shapes import rotation
from isletscope.phantom.tubes import Tube
from tests.scenario_cases import SCENARIOS, scenario_truth

R = 4.0


def straight(
    radius_mm: float = R, along: tuple[float, float, float] = (0.0, 0.0, 1.0), half_mm: float = 30.0,
    name: str = "vessel",
) -> Tube:  # fmt: skip
    """A cylinder along a direction through the origin."""
    places = np.linspace(-half_mm, half_mm, 13)[:, None] * np.asarray(along)
    return Tube(name, np.column_stack([places, np.full(13, radius_mm)]), "blood")


def ball(x: float, radius: float = 15.0, **changes: object) -> Tumour:
    values: dict[str, object] = {
        "id": "P1", "site": "pancreas", "organ": "", "centre_personal_mm": (x, 0.0, 0.0),
        "semi_axes_mm": (radius,) * 3, "turned_degrees": (0.0, 0.0, 0.0), "appearance": Appearance(),
    }  # fmt: skip
    return Tumour(**{**values, **changes})  # type: ignore[arg-type]


def plane(d: float) -> object:
    return lambda points: d - points[:, 0]


def circle(big_d: float, radius: float = 15.0) -> object:
    return lambda points: np.hypot(points[:, 0] - big_d, points[:, 1]) - radius


@pytest.mark.parametrize(
    ("name", "distance", "tolerance", "expected"),
    [
        ("a1", plane(0), 0.0, 180.0),
        ("a2", plane(2), 0.0, 120.0),
        ("a3", plane(-2), 0.0, 240.0),
        ("a4", plane(4), 1.0, 82.8),
        ("a5", plane(4.5), 1.0, 57.9),
        ("a6", plane(5), 1.0, 0.0),
        ("a7", circle(18), 0.0, 74.0),
        ("a8", circle(15), 0.0, 164.7),
        ("a9", circle(12), 0.0, 265.2),
        ("a10", circle(10), 0.0, 360.0),
        ("a11", circle(21), 1.0, 0.0),
        ("a12", circle(15), 1.0, 193.4),
    ],
)
def test_flat_and_round_edges_have_their_closed_form(
    name: str, distance: object, tolerance: float, expected: float
) -> None:
    wall = wall_of(straight(half_mm=3))
    assert wall is not None
    contact = contact_on(distance, wall)  # type: ignore[arg-type]
    assert contact.degrees_max[tolerance] == pytest.approx(expected, abs=0.5 if name != "a6" else 4.0)


@pytest.mark.parametrize(
    ("centre", "degrees", "length", "over_180"),
    [(18.0, 74.0, 10.8, 0.0), (12.0, 265.2, 25.4, 16.1), (19.0, 0.0, 0.0, 0.0), (21.0, 0.0, 0.0, 0.0)],
)
def test_a_ball_on_a_cylinder_has_its_closed_form(
    centre: float, degrees: float, length: float, over_180: float
) -> None:
    contact = contact_of(ball(centre), straight())
    assert contact is not None
    assert contact.degrees_max[0.0] == pytest.approx(degrees, abs=0.5)
    assert contact.length_mm[0.0]["any"] == pytest.approx(length, abs=0.15)
    assert contact.length_mm[0.0]["gt180"] == pytest.approx(over_180, abs=0.15)
    assert contact.gap_mm == pytest.approx(max(centre - 15 - R, 0), abs=1e-6)


def test_two_balls_make_two_runs() -> None:
    half = 5 + np.sqrt(15**2 - 14**2)
    other = ball(18, centre_personal_mm=(18.0, 0.0, -half))
    both = ball(18, centre_personal_mm=(18.0, 0.0, half), joined=(other,))
    contact = contact_of(both, straight(half_mm=40))
    assert contact is not None
    assert contact.length_mm[0.0]["any"] == pytest.approx(21.5, abs=0.2)
    assert contact.longest_run_mm[0.0] == pytest.approx(10.8, abs=0.15)


def test_turning_everything_changes_nothing() -> None:
    turn = rotation((20, -35, 50))
    level = contact_of(ball(15), straight())
    centre = turn @ np.array([15.0, 0, 0])
    along = turn @ np.array([0.0, 0, 1])
    turned = contact_of(
        ball(15, centre_personal_mm=tuple(centre)), straight(along=(float(along[0]), float(along[1]), float(along[2])))
    )
    assert level is not None
    assert turned is not None
    for tolerance, degrees in level.degrees_max.items():
        assert turned.degrees_max[tolerance] == pytest.approx(degrees, abs=0.1)
        assert turned.length_mm[tolerance]["any"] == pytest.approx(level.length_mm[tolerance]["any"], abs=0.05)


def test_contact_grows_with_tolerance_and_nearness() -> None:
    last = 0.0
    for centre in (21.0, 19.5, 18.0, 15.0, 12.0):
        contact = contact_of(ball(centre), straight())
        assert contact is not None
        degrees = list(contact.degrees_max.values())
        assert degrees == sorted(degrees)
        assert degrees[-1] >= last
        last = degrees[-1]


def test_another_lumen_shields_the_wall() -> None:
    artery = straight(radius_mm=2.0, name="artery")
    shielded = straight(name="vein")
    contact = contact_of(ball(15), shielded, others=[artery])
    assert contact is not None
    assert contact.degrees_max[0.0] == pytest.approx(164.7, abs=0.5)
    whole = straight(radius_mm=8.0, name="pouch")
    covered = contact_of(ball(15), shielded, others=[whole])
    assert covered is not None
    assert covered.degrees_max[1.5] == 0


def test_far_tubes_are_not_looked_at() -> None:
    assert contact_of(ball(60), straight()) is None


def test_foot_points_of_an_ellipsoid_and_a_lobulated_ball() -> None:
    rng = np.random.default_rng(3)
    for tumour in (
        ball(0, semi_axes_mm=(22.0, 12.0, 8.0)),
        ball(0, lobes=draw_lobes(rng)),
    ):
        out = rng.normal(size=(300, 3))
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        low, high = np.zeros(300), np.full(300, 40.0)
        for _ in range(50):
            middle = (low + high) / 2
            outside = tumour.distance(out * middle[:, None]) > 0
            low, high = np.where(outside, low, middle), np.where(outside, middle, high)
        surface = out * low[:, None]
        points = out * (low + 1.2)[:, None]
        feet, distances = foot_points(tumour.distance, points)
        assert np.abs(tumour.distance(feet)).max() < 1e-3
        assert (distances <= np.linalg.norm(points - surface, axis=1) + 1e-6).all()
        many = rng.normal(size=(200_000, 3))
        many /= np.linalg.norm(many, axis=1, keepdims=True)
        assert np.median(np.abs(distances / 1.2 - 1)) < 0.35


def test_a_pose_moves_tumour_and_vessel_together() -> None:
    """Without breathing a pose is a scaling (none here) and a rigid motion: contact stays."""
    still = Variation(np.zeros((1, 7)))
    pose = Pose(np.ones(3), still, (3.0, -2.0, 5.0), (12.0, -7.0, 250.0), np.zeros((0, 9)))
    here, there = contact_of(ball(15), straight()), contact_of(ball(15), straight(), pose)
    assert here is not None
    assert there is not None
    assert there.degrees_max[1.0] == pytest.approx(here.degrees_max[1.0], abs=0.1)
    breathing = Pose(np.ones(3), still, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), draw_breathing(np.random.default_rng(1), 8))
    bent = contact_of(ball(15), straight(), breathing)
    assert bent is not None
    assert bent.degrees_max[0.0] == pytest.approx(here.degrees_max[0.0], abs=25)


def test_contact_as_json_is_plain() -> None:
    contact = contact_of(ball(15), straight())
    assert contact is not None
    table = contact.as_json()["by_tolerance_mm"]
    assert list(table) == ["0.0", "0.5", "1.0", "1.5"]
    assert table["1.0"]["degrees_max"] == pytest.approx(193.4, abs=0.5)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_gap_agrees_with_the_contact_everywhere_in_the_stored_truths(name: str) -> None:
    """Also where a branch leaves and its parent's lumen lies between: no contact, so no gap within the tolerance."""
    for lesion in scenario_truth(name)["lesions"]:
        for exam in lesion["exams"].values():
            for vessel, contact in exam.get("vessel_contact", {}).items():
                touches = contact["by_tolerance_mm"]["1.0"]["degrees_max"] > 0
                assert (contact["gap_mm"] <= 1.0) == touches, (lesion["id"], vessel)
