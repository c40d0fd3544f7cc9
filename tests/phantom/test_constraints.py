"""Places solved for contact and distance: what is asked is what the exact contact finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isletscope.errors import InputError
from isletscope.phantom.constraints import Problem, solve
from isletscope.phantom.contact import contact_of, gap_on, tumour_distance, wall_of
from isletscope.phantom.lesion_truth import contact_truth, lesion_truth
from isletscope.phantom.pose import Pose, draw_breathing
from isletscope.phantom.regions import neutral_pose
from isletscope.phantom.scenario_place import NearDuct, Place, Touch
from isletscope.phantom.tube_map import TubeMap
from isletscope.phantom.tubes import Tube
from tests.phantom.person import disease, person
from tests.phantom.test_contact import ball, straight


def free(place: Place, **tubes: object) -> Problem:
    body, pose = person()
    still = Pose(np.ones(3), pose.variation, (0.0,) * 3, (0.0,) * 3, np.zeros((0, 9)))
    known: dict[str, Tube] = tubes or body.tubes  # type: ignore[assignment]
    return Problem(
        place,
        known,
        still,
        np.array([30.0, 0.0, 0.0]),
        cost=lambda _: 0.0,
        gap=TubeMap(known, still).gap,
        stray=lambda _: 0.0,
        lumina=lambda _: [],
    )


def sparing(problem: Problem) -> Problem:
    return replace(problem, cost=lambda tumour: 5.0 if problem.too_near(tumour) else 0.0)


@pytest.mark.parametrize(
    ("degrees", "length"), [(60, None), (100, 15.0), (120, 30.0), (200, None), (270, 25.0), (360, None)]
)
def test_one_contact_is_met_on_a_straight_vessel(degrees: float, length: float | None) -> None:
    problem = free(Place(touches=(Touch("vessel", degrees, length, "left"),)), vessel=straight())
    solved = solve(ball(0), problem)
    assert solved.miss <= 1
    contact = contact_of(solved.tumour, straight(), problem.pose)
    assert contact is not None
    assert contact.degrees_max[0.0] == pytest.approx(degrees, abs=1.5)
    if length is not None:
        assert contact.length_mm[0.0]["any"] == pytest.approx(length, abs=0.6)
    assert solved.tumour.volume_ml == pytest.approx(ball(0).volume_ml)
    assert solved.tumour.centre_personal_mm[0] > -0.1


def test_two_vessels_at_once() -> None:
    body, _ = person()
    place = Place(touches=(Touch("superior_mesenteric_artery", 90), Touch("superior_mesenteric_vein", 60)))
    problem = free(place)
    solved = solve(ball(0), problem)
    for touch in place.touches:
        contact = contact_of(solved.tumour, body.tubes[touch.vessel], problem.pose)
        assert contact is not None
        assert contact.degrees_max[0.0] == pytest.approx(touch.degrees, abs=2)


@pytest.mark.parametrize(("degrees", "spared_mm"), [(90, 2.0), (150, 6.0)])
def test_a_contact_clear_of_another_vessel(degrees: float, spared_mm: float) -> None:
    place = Place(
        touches=(Touch("superior_mesenteric_vein", degrees),), clear_of=(("superior_mesenteric_artery", spared_mm),)
    )
    problem = sparing(free(place))
    solved = solve(ball(0, 12), problem)
    contact = contact_of(solved.tumour, problem.tubes["superior_mesenteric_vein"], problem.pose)
    assert contact is not None
    assert contact.degrees_max[0.0] == pytest.approx(degrees, abs=2)
    assert problem.gap(solved.tumour, "superior_mesenteric_artery") >= spared_mm


def test_a_contact_that_no_ball_meets_clear_of_the_rest_is_met_by_an_ellipsoid() -> None:
    posts = {
        f"post{n}": Tube(f"post{n}", np.array([[x, y, -60, 3.0], [x, y, 60, 3.0]]), "artery")
        for n, (x, y) in enumerate([(13, 13), (13, -13), (-13, 13), (-13, -13)])
    }
    place = Place(
        touches=(Touch("vessel", 120, None, "left"),), clear_of=tuple((name, 0.5) for name in posts)
    )  # a ball of 24 mm fits between no two posts
    problem = sparing(free(place, vessel=straight(), **posts))
    solved = solve(ball(0, 12), problem)
    assert solved.miss <= 1
    assert not problem.too_near(solved.tumour)
    assert np.ptp(solved.tumour.semi_axes_mm) > 0.5
    assert solved.tumour.volume_ml == pytest.approx(ball(0, 12).volume_ml)


def test_distance_to_a_duct() -> None:
    body, _ = person()
    problem = free(Place(near_duct=NearDuct(1.5)))
    small = ball(0, 5.5)
    solved = solve(small, problem)
    wall = wall_of(body.tubes["pancreatic_duct"], problem.pose)
    assert wall is not None
    assert gap_on(tumour_distance(solved.tumour, problem.pose), wall) == pytest.approx(1.5, abs=0.1)


HEAD_TUMOUR = """lesions:
  - id: P1
    site: pancreas
    place:
      in: pancreas_head
      touches: {vessel: superior_mesenteric_vein, degrees: %d, length_mm: %d, from: right}
      clear_of: [superior_mesenteric_artery]
    diameter_mm: 30
"""


def test_a_head_tumour_touches_the_vein_and_nothing_else_that_decides() -> None:
    body, pose = person()
    tumour = disease(HEAD_TUMOUR % (120, 18)).tumours_of("before")[0]
    assert "superior_mesenteric_vein" in tumour.spared
    truth = lesion_truth(tumour, pose, body)
    contact = contact_truth(tumour, pose, body)["vessel_contact"]
    vein = contact["superior_mesenteric_vein"]["by_tolerance_mm"]
    assert vein["0.0"]["degrees_max"] == pytest.approx(120, abs=1)
    assert vein["0.0"]["length_any_mm"] == pytest.approx(18, abs=0.6)
    artery = contact.get("superior_mesenteric_artery")
    assert artery is None or artery["gap_mm"] > 1.5
    assert truth["volume_ml"] < tumour.volume_ml


def test_breathing_changes_the_contact_a_little() -> None:
    body, pose = person()
    tumour = disease(HEAD_TUMOUR % (120, 18)).tumours_of("before")[0]
    bumps = draw_breathing(np.random.default_rng(2), 8.0)
    posed = Pose(pose.scale, pose.variation, (1.0, -2.0, 1.5), (10.0, 5.0, 200.0), bumps)
    contact = contact_of(tumour, body.tubes["superior_mesenteric_vein"], posed)
    assert contact is not None
    assert 95 < contact.degrees_max[0.0] < 145


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD_TUMOUR % (120, 90), r"x.yaml, line 10: the place cannot be met by a tumour of 30 mm: "
         r"superior_mesenteric_vein 120 degrees for 90 mm; found best reached: superior_mesenteric_vein 1\d\d degrees"),
        (HEAD_TUMOUR.replace("superior_mesenteric_vein", "moon_vein") % (120, 9), r"line 11: there is no such vessel"),
        (HEAD_TUMOUR.replace("clear_of: [", "clear_of: [superior_mesenteric_vein, ") % (120, 18),
         r"line 12: 'clear_of' names a vessel that 'touches' names too; found superior_mesenteric_vein"),
        (HEAD_TUMOUR.replace("[superior_mesenteric_artery]", "{inferior_vena_cava: 45}") % (120, 18),
         r"line 10: the place cannot be met.*too near to inferior_vena_cava"),
        ("lesions:\n  - {site: pancreas, place: {in: pancreas_tail, touches: {vessel: superior_mesenteric_vein, "
         "degrees: 60}}, diameter_mm: 20}",
         r"line 7: what is asked cannot be met in pancreas_tail; found the centre of the nearest such tumour lies"),
        ("lesions:\n  - {site: pancreas, place: {in: pancreas_tail, near_duct: {distance_mm: 1}}, diameter_mm: 12,"
         " thrombus: {vein: portal_vein, length_mm: 9}}", r"line 7: no thrombus of 9 mm.*the tumour stays"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        disease(text)


@pytest.mark.parametrize("degrees", [355, 359, 360])
def test_what_is_placed_touches_as_the_truth_will_tell(degrees: int) -> None:
    """Branches take wall away: a place where they leave too little of it is passed over."""
    body, pose = person()
    text = "lesions:\n  - {site: pancreas, place: {in: pancreas_head, touches: {vessel: superior_mesenteric_vein, "
    tumour = disease(f"{text}degrees: {degrees}}}}}, diameter_mm: 30}}").tumours_of("before")[0]
    contact = contact_truth(tumour, neutral_pose(pose), body)["vessel_contact"]["superior_mesenteric_vein"]
    assert contact["by_tolerance_mm"]["0.0"]["degrees_max"] == pytest.approx(degrees, abs=2)
