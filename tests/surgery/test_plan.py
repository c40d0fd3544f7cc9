"""A whole plan: goals, what forbids them, the least remnant, and what is said when something is missing."""

from __future__ import annotations

import pytest

from isletscope.errors import InputError
from isletscope.surgery import Asked, Body, Offered, Place, Surroundings, plan_liver
from isletscope.surgery.least_remnant import least_remnant
from tests.surgery.plan_cases import CUBE_ML, ball, cube_liver

TUMOURS = {
    "L1": ball((12.0, 25.0, 25.0), 8.0),
    "L2": ball((80.0, 80.0, 80.0), 16.0),
    "L3": ball((75.0, 25.0, 75.0), 10.0),
}
BODY = Body(70.0, 175.0, True, "normal")
HERE = Place("exam-1", "ct-1")
AROUND = Surroundings()


def test_all_is_cleared_where_enough_liver_stays() -> None:
    plan = plan_liver(cube_liver(TUMOURS), AROUND, BODY, Asked(), HERE)
    assert plan.goal_percent == 100
    assert sorted(plan.best.cleared) == ["L1", "L2", "L3"]
    assert plan.best.proven
    assert plan.best.remnant_ml == pytest.approx(plan.functional_ml - plan.best.liver_taken_ml)
    assert plan.best.remnant_ml >= plan.least.least_ml
    assert all(goal.reached for goal in plan.goals)
    assert plan.what_if == []


def test_the_front_rises_in_tumour_and_falls_in_liver() -> None:
    points = plan_liver(cube_liver(TUMOURS), AROUND, BODY, Asked(), HERE).front
    cleared, kept = [one.cleared_percent for one in points], [one.remnant_ml for one in points]
    assert cleared == sorted(set(cleared))
    assert kept == sorted(kept, reverse=True)
    assert (points[0].words, points[-1].cleared_percent) == ("nothing", 100.0)


def test_a_goal_that_the_remnant_forbids_says_so_and_what_it_would_take() -> None:
    """A tumour across every segment of one half, in a liver that may lose little."""
    wide = {"L1": ball((25.0, 50.0, 50.0), 27.0), "L2": ball((90.0, 90.0, 90.0), 5.0)}
    plan = plan_liver(cube_liver(wide), AROUND, BODY, Asked(least_rflr_percent=80.0), HERE)
    assert not plan.goals[0].reached
    assert "has to stay" in plan.goals[0].forbids[0]
    assert plan.best.cleared == ["L2"]
    assert plan.best.left[0].lesion == "L1"
    assert "above 50 mm" in " ".join(plan.best.left[0].because)
    (two_stage,) = plan.what_if
    assert "has to grow by" in two_stage.words


def test_what_no_procedure_clears_is_named() -> None:
    """A tumour in every segment: no resection leaves a liver without it."""
    plan = plan_liver(cube_liver({"L1": ball((50.0, 50.0, 50.0), 40.0)}), AROUND, BODY, Asked(), HERE)
    assert plan.best.procedures == []
    assert plan.best.cleared_percent == 0
    assert "L1 (" in plan.goals[0].forbids[-1]
    assert "no procedure clears it" in plan.goals[0].forbids[-1]


def test_weights_of_another_tracer_choose_other_lesions() -> None:
    weights = {"L1": 30.0, "L2": 0.0, "L3": 10.0}
    plan = plan_liver(cube_liver(TUMOURS), AROUND, BODY, Asked("sstr", weights, goal_percent=70.0), HERE)
    assert plan.best.cleared == ["L1"]
    assert plan.best.cleared_percent == pytest.approx(75.0)
    assert plan.best.by_volume_percent < 25.0


def test_limits_of_number_are_kept_and_told() -> None:
    plan = plan_liver(cube_liver(TUMOURS), AROUND, BODY, Asked(goal_percent=100.0, most_procedures=1), HERE)
    assert plan.best.count <= 1
    assert any("instead of 1" in one for one in plan.goals[-1].forbids)


def test_without_segments_only_wedges_and_ablations() -> None:
    plan = plan_liver(cube_liver(TUMOURS), AROUND, BODY, Asked(), Place("exam-1", "ct-1", with_segments=False))
    assert {one.kind for one in plan.best.procedures} <= {"wedge", "ablation"}
    assert plan.segments_from == ""
    assert any("segments are not known" in one for one in plan.lacking)


@pytest.mark.parametrize(
    ("body", "rflr", "sflr", "told"),
    [
        (BODY, 25.0, 20.0, ""),
        (Body(70.0, 175.0, True, "treated"), 30.0, 30.0, ""),
        (Body(70.0, None, True, "normal"), 25.0, None, "height or weight is missing"),
        (Body(70.0, 175.0, True, "fibrosis"), 40.0, 40.0, ""),
        (Body(70.0, 175.0, True, "unknown"), 30.0, 30.0, "state of the liver is not known"),
        (Body(70.0, 175.0, True, "normal", previous_hepatectomy=True), None, 20.0, "rFLR is left out"),
    ],
)
def test_the_least_remnant_by_state_and_by_what_is_known(
    body: Body, rflr: float | None, sflr: float | None, told: str
) -> None:
    found = least_remnant(cube_liver({}), body)
    assert (found.rflr_percent, found.sflr_percent) == (rflr, sflr)
    assert found.least_ml == max(one for one in (found.rflr_ml, found.sflr_ml) if one is not None)
    assert told in "; ".join(found.notes)
    if rflr is not None:
        assert found.rflr_ml == pytest.approx(rflr / 100 * CUBE_ML)


def test_both_minima_can_be_replaced() -> None:
    found = least_remnant(cube_liver({}), BODY, rflr_percent=50.0, sflr_percent=60.0)
    assert (found.rflr_percent, found.sflr_percent) == (50.0, 60.0)


def test_a_liver_that_is_cut_off_is_not_planned() -> None:
    with pytest.raises(InputError, match="cut off by the field of view"):
        plan_liver(cube_liver(TUMOURS, "TRUNCATED"), AROUND, BODY, Asked(), HERE)


def test_a_removed_liver_without_height_is_not_planned() -> None:
    body = Body(70.0, None, True, "normal", previous_hepatectomy=True)
    with pytest.raises(InputError, match="least remnant is not known"):
        plan_liver(cube_liver(TUMOURS), AROUND, body, Asked(), HERE)


def test_nothing_offered_leaves_everything() -> None:
    nothing = Offered(resections=False, wedges=False, ablations=False)
    plan = plan_liver(cube_liver(TUMOURS), AROUND, BODY, Asked(offered=nothing), HERE)
    assert plan.best.cleared_percent == 0
    assert [one.lesion for one in plan.best.left] == ["L1", "L2", "L3"]
