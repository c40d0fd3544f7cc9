"""What may be done to a liver, in voxels: margins, zones, what is refused, and parts that add up."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isletscope.surgery import Limits, Offered, Surroundings
from isletscope.surgery.procedures import Choices, choices
from isletscope.surgery.programme import ProcedureKind, Task, least_liver, most_cleared
from tests.surgery.plan_cases import CUBE_ML, EDGE, SPACING, ball, cube_liver

WHOLE = EDGE * SPACING
NOTHING_KNOWN = Surroundings()
TUMOURS = {
    "L1": ball((12.0, 25.0, 25.0), 8.0),
    "L2": ball((12.0, 25.0, 44.0), 6.0),
    "L3": ball((75.0, 75.0, 50.0), 9.0),
    "L4": ball((88.0, 20.0, 80.0), 7.0),
}


@pytest.fixture(scope="module")
def offers() -> Choices:
    return choices(cube_liver(TUMOURS), NOTHING_KNOWN, Offered())


def taken_ml(offers: Choices, task: Task, chosen: set[int]) -> float:
    parts = frozenset().union(*(task.procedures[n].takes for n in chosen))
    return sum(task.part_ml[part] for part in parts)


def test_parts_add_up_to_the_liver_without_tumour(offers: Choices) -> None:
    liver = offers.liver
    assert liver.volume_ml() == pytest.approx(CUBE_ML)
    assert sum(offers.part_ml) == pytest.approx(liver.functional_ml)


def test_a_wedge_is_the_margin_and_the_way_to_the_capsule() -> None:
    """A tumour 12 mm below the surface: half a ball of tumour and margin, and a cylinder out of the liver."""
    offers = choices(cube_liver(TUMOURS), NOTHING_KNOWN, Offered(ablations=False))
    wedge = next(one for one in offers.local if one.lesions == ("L1",))
    assert wedge.kind is ProcedureKind.WEDGE
    radius, depth = 8.0 + 5.0, 12.0
    whole = (2 / 3 * pi * radius**3 + pi * radius**2 * depth) / 1000
    assert wedge.region.sum() * SPACING**3 / 1000 == pytest.approx(whole, rel=0.12)


def test_a_deep_small_tumour_is_ablated_with_a_ball() -> None:
    middle = WHOLE / 2 - 8.0
    offers = choices(cube_liver({"L1": ball((middle, middle, middle), 7.0)}), NOTHING_KNOWN, Offered())
    (zone,) = offers.local
    assert zone.kind is ProcedureKind.ABLATION
    assert zone.region.sum() * SPACING**3 / 1000 == pytest.approx(4 / 3 * pi * 12.0**3 / 1000, rel=0.2)


def test_neighbours_whose_margins_meet_may_go_in_one_wedge(offers: Choices) -> None:
    assert ("L1", "L2") in [one.lesions for one in offers.local]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_programme_takes_what_the_voxels_say(offers: Choices, data: st.DataObject) -> None:
    """Overlaps once, tumours not at all: volumes of parts against the region itself."""
    way = data.draw(st.sampled_from(range(len(offers.ways))))
    local = data.draw(st.sets(st.sampled_from(range(len(offers.local)))))
    task = offers.task({}, Limits())
    chosen = {one - 1 for one in offers.ways[way].segments} | {8 + one for one in local}
    region = np.isin(offers.liver.segments, list(offers.ways[way].segments)) & offers.liver.liver.array
    for one in local:
        region[offers.local[one].box.slices] |= offers.local[one].region
    assert taken_ml(offers, task, chosen) == pytest.approx(offers.liver.volume_ml(region & ~offers.liver.tumour))


@pytest.mark.parametrize("goal", [0.3, 0.7, 0.9, 1.0])
@pytest.mark.parametrize("share_left", [0.3, 0.8])
def test_equals_the_exhaustive_optimum_through_the_geometry(offers: Choices, goal: float, share_left: float) -> None:
    liver = offers.liver
    weights = {site.lesion: site.volume_ml for site in offers.sites}
    total = sum(weights.values())
    least = share_left * liver.functional_ml
    best = most = 0.0
    best = float("inf")
    for way in ((), *(one.segments for one in offers.ways)):
        segments = np.isin(liver.segments, list(way)) & liver.liver.array
        inside = {n for n, lies in enumerate(TUMOURS) if not np.any(TUMOURS[lies] & liver.liver.array & ~segments)}
        for mask in range(2 ** len(offers.local)):
            local = [one for n, one in enumerate(offers.local) if mask >> n & 1]
            if len({name for one in local for name in one.lesions}) < sum(len(one.lesions) for one in local):
                continue
            names = {list(TUMOURS)[n] for n in inside} | {name for one in local for name in one.lesions}
            region = segments.copy()
            for one in local:
                region[one.box.slices] |= one.region
            taken = liver.volume_ml(region & ~liver.tumour)
            if liver.functional_ml - taken < least:
                continue
            cleared = sum(weights[name] for name in names)
            most = max(most, cleared)
            if cleared >= goal * total - 1e-6:
                best = min(best, taken)
    task = offers.task(weights, Limits(least_liver_left_ml=least, one_way_each=True))
    assert most_cleared(task).cleared_fraction * total == pytest.approx(most)
    plan = least_liver(task, goal)
    assert (plan is None) == (best == float("inf"))
    if plan is not None:
        assert plan.proven
        assert best - 1e-6 <= plan.liver_taken_ml <= best + 1.0 + 1e-6


def test_what_is_too_wide_or_too_near_is_refused_with_the_reason() -> None:
    wide, near = ball((50.0, 50.0, 50.0), 28.0), ball((15.0, 15.0, 15.0), 6.0)
    pedicles = ball((15.0, 15.0, 24.0), 2.5)
    offers = choices(cube_liver({"L1": wide, "L2": near}), Surroundings(pedicles=pedicles), Offered())
    assert offers.local == ()
    assert "above 50 mm" in offers.refused["L1"]["wedge"]
    assert "mm across" in offers.refused["L1"]["ablation"]
    assert "from a portal pedicle" in offers.refused["L2"]["wedge"]
    assert "from a portal pedicle" in offers.refused["L2"]["ablation"]


def test_without_resections_no_segment_is_ever_taken() -> None:
    offers = choices(cube_liver(TUMOURS), NOTHING_KNOWN, Offered(resections=False))
    plan = most_cleared(offers.task(dict.fromkeys(TUMOURS, 1.0), Limits()))
    assert offers.resection(plan) is None
    assert all(number >= 8 for number in plan.chosen)
