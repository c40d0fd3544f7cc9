"""Whatever is taken out of a case, no answer appears that was not there, and no open item is settled by it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from isletscope.assessment import assess
from isletscope.model import AssessedTimePoint, Case, ItemState, TimePoint
from tests.scenario_cases import scenario_case

SCENARIOS = ("g3-mixed", "head-smv-100", "insulinoma")
SEEDS = range(8)
# The imaging rules offer an exam again when they no longer know that it was done.
OFFERS = {"SUM.next"}


def without_some(case: Case, chance: random.Random) -> Case:
    """The case without some of its structures, vessels, features, measurements, regions and clinical entries."""

    def kept(items: list[Any]) -> list[Any]:
        return [item for item in items if chance.random() > 0.2]

    def point(one: TimePoint) -> TimePoint:
        update = {name: kept(getattr(one, name)) for name in ("structures", "vessels", "liver")}
        regions = {name: shown for name, shown in one.coverage.items() if chance.random() > 0.2}
        return one.model_copy(update={**update, "coverage": regions})

    def told(items: dict[str, Any]) -> dict[str, Any]:
        return {name: item for name, item in items.items() if chance.random() > 0.2}

    lesions = [
        lesion.model_copy(
            update={
                "observations": [
                    one.model_copy(update={"features": told(one.features), "measurements": told(one.measurements)})
                    for one in lesion.observations
                ]
            }
        )
        for lesion in case.lesions
    ]
    return case.model_copy(
        update={
            "lesions": lesions,
            "time_points": [point(one) for one in case.time_points],
            "clinical": told(case.clinical),
        }
    )


def settled(found: AssessedTimePoint) -> set[str]:
    assert found.completeness is not None
    return {one.id for one in found.completeness.items if one.state is not ItemState.OPEN}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("seed", SEEDS)
def test_less_told_never_settles_more(name: str, seed: int) -> None:
    case = scenario_case(name)
    full = assess(case).assessments[-1]
    less = assess(without_some(case, random.Random(f"{name} {seed}"))).assessments[-1]
    assert settled(less) - settled(full) - OFFERS == set()
