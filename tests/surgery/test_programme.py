"""The exact optimum of small tasks: the toy liver of the surgery rules, and every task that brute force can search."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import pi

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from isletscope.errors import InputError
from isletscope.surgery import Combination, Limits, Procedure, ProcedureKind, Task, best_plan, blocking_lesions

SEGMENTS = (40.0, 110.0, 130.0, 200.0, 190.0, 150.0, 230.0, 350.0)
# Volume mL, segment, diameter cm, of the toy liver of SURG-601.
TUMOURS = ((120, 7, 6.1), (40, 6, 4.2), (14, 8, 3.0), (4, 5, 2.0), (4, 3, 2.0), (1, 2, 1.2), (8, 4, 2.5), (30, 8, 3.9))
UNITS = {"RPS": (6, 7), "RH": (5, 6, 7, 8), "LLS": (2, 3), "RAS": (5, 8)}


def shell_ml(diameter_cm: float, margin_cm: float) -> float:
    return 4 / 3 * pi * ((diameter_cm / 2 + margin_cm) ** 3 - (diameter_cm / 2) ** 3)


def toy(
    *,
    units: tuple[str, ...] = tuple(UNITS),
    margin_cm: float = 0.5,
    wedges: bool = True,
    least_left: float = 0.3,
    cap: int | None = None,
) -> Task:
    """Segments less the shells in them, then the shells; one procedure per unit and per tumour small enough."""
    shells = [shell_ml(diameter, margin_cm) if diameter <= 5.0 else 0.0 for _, _, diameter in TUMOURS]
    parts = [
        volume - sum(s for s, (_, segment, _) in zip(shells, TUMOURS, strict=True) if segment == n + 1)
        for n, volume in enumerate(SEGMENTS)
    ]
    procedures = []
    for name in units:
        takes = {segment - 1 for segment in UNITS[name]} | {
            8 + n for n, (_, segment, _) in enumerate(TUMOURS) if segment in UNITS[name]
        }
        clears = frozenset(n for n, (_, segment, _) in enumerate(TUMOURS) if segment in UNITS[name])
        procedures.append(Procedure(name, ProcedureKind.RESECTION, clears, frozenset(takes)))
    for n, (_, _, diameter) in enumerate(TUMOURS):
        if diameter <= (5.0 if wedges else 3.0):
            kind = ProcedureKind.WEDGE if wedges else ProcedureKind.ABLATION
            procedures.append(Procedure(f"T{n + 1}", kind, frozenset({n}), frozenset({8 + n})))
    limits = Limits(least_liver_left_ml=least_left * 1400, most_ablations=cap)
    return Task(tuple(float(v) for v, _, _ in TUMOURS), (*parts, *shells), tuple(procedures), limits)


def names(task: Task, chosen: tuple[int, ...]) -> set[str]:
    return {task.procedures[n].name for n in chosen}


@pytest.mark.parametrize(
    ("task", "goal", "expected", "percent", "taken_ml"),
    [
        (toy(), 0.7, {"RPS"}, 72.4, 380.0),
        (toy(), 0.9, {"RPS", "T3", "T8"}, 92.3, 429.9),
        (toy(), 1.0, {"RPS", "T3", "T4", "T5", "T6", "T7", "T8"}, 100.0, 468.7),
        (toy(units=("LLS", "RAS")), 0.7, None, 45.7, None),
        (toy(least_left=0.7), 1.0, {"RPS", "T6", "T8"}, 86.4, 415.2),
        (toy(least_left=0.75), 1.0, None, 45.7, 123.6),
        (toy(units=(), wedges=False), 1.0, {"T3", "T4", "T5", "T6", "T7"}, 14.0, 58.2),
        (toy(units=(), wedges=False, cap=3), 1.0, None, 11.76, 43.6),
        (toy(margin_cm=1.0), 0.9, {"RPS", "T3", "T8"}, 92.3, 507.8),
        (toy(margin_cm=0.0), 0.9, {"RPS", "T3", "T8"}, 92.3, 380.0),
    ],
    ids=[f"t{n}" for n in range(1, 11)],
)
def test_the_toy_liver_has_the_published_optimum(
    task: Task, goal: float, expected: set[str] | None, percent: float, taken_ml: float | None
) -> None:
    plan = best_plan(task, goal)
    assert plan.proven
    assert plan.cleared_fraction * 100 == pytest.approx(percent, abs=0.06)
    if expected is not None:
        assert names(task, plan.chosen) == expected
    if taken_ml is not None:
        assert plan.liver_taken_ml == pytest.approx(taken_ml, abs=0.06)
    assert plan.liver_left_ml >= task.limits.least_liver_left_ml - 1e-3


def test_a_lesion_that_nothing_clears_is_named() -> None:
    assert blocking_lesions(toy(units=("LLS", "RAS"))) == (0,)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    lesions, parts = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    weights = draw(st.lists(st.integers(1, 60), min_size=lesions, max_size=lesions))
    volumes = draw(st.lists(st.integers(0, 300), min_size=parts, max_size=parts))
    procedures = [
        Procedure(
            f"p{n}",
            draw(st.sampled_from(ProcedureKind)),
            frozenset(draw(st.sets(st.integers(0, lesions - 1)))),
            frozenset(draw(st.sets(st.integers(0, parts - 1)))),
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    limits = Limits(
        least_liver_left_ml=draw(st.integers(0, sum(volumes))),
        most_procedures=draw(st.none() | st.integers(0, 4)),
        most_ablations=draw(st.none() | st.integers(0, 2)),
    )
    some = st.frozensets(st.integers(0, len(procedures) - 1), min_size=1) if procedures else st.nothing()
    together = [
        Combination(one, draw(st.integers(1, 2)))
        for one in draw(st.lists(some, max_size=3 if procedures else 0, unique=True))
    ]
    joint = [(draw(st.integers(0, lesions - 1)), one) for one in draw(st.lists(some, max_size=2 if procedures else 0))]
    return Task(
        tuple(map(float, weights)), tuple(map(float, volumes)), tuple(procedures), limits, tuple(together), tuple(joint)
    )


def choices(task: Task) -> Iterator[tuple[frozenset[int], int]]:
    """Every set of procedures that may be chosen, and how many it counts as."""
    free = [n for n in range(len(task.procedures)) if n not in task.combined]
    ways = [(frozenset[int](), 0), *((one.members, one.count) for one in task.combinations)]
    for members, count in ways:
        for number in range(len(free) + 1):
            for alone in combinations(free, number):
                yield members | set(alone), count + number


def cleared_by(task: Task, chosen: frozenset[int]) -> float:
    lesions = frozenset().union(*(task.procedures[n].clears for n in chosen))
    lesions |= {lesion for lesion, needed in task.joint if needed <= chosen}
    return sum(task.lesion_weights[n] for n in lesions)


def brute_force(task: Task, goal: float) -> tuple[float, float]:
    """Weight cleared, when the goal is out of reach, else the goal; and the least liver taken for that."""
    options = []
    for chosen, count in choices(task):
        taken = sum(task.part_ml[n] for n in frozenset().union(*(task.procedures[one].takes for one in chosen)))
        ablations = sum(task.procedures[one].kind is ProcedureKind.ABLATION for one in chosen)
        limits = task.limits
        if sum(task.part_ml) - taken < limits.least_liver_left_ml:
            continue
        if limits.most_procedures is not None and count > limits.most_procedures:
            continue
        if limits.most_ablations is not None and ablations > limits.most_ablations:
            continue
        options.append((cleared_by(task, chosen), taken))
    wanted = min(goal * sum(task.lesion_weights), max(cleared for cleared, _ in options))
    return wanted, min(taken for cleared, taken in options if cleared >= wanted - 1e-6)


@settings(max_examples=60, deadline=None)
@given(tasks(), st.sampled_from([0.3, 0.7, 0.9, 1.0]))
def test_equals_the_exhaustive_optimum(task: Task, goal: float) -> None:
    wanted, least = brute_force(task, goal)
    plan = best_plan(task, goal)
    assert plan.cleared_fraction * sum(task.lesion_weights) >= wanted - 1e-3
    assert least - 1e-3 <= plan.liver_taken_ml <= least + 1.0 + 1e-3


def _ends(monkeypatch: pytest.MonkeyPatch, out_of_time: int, *, empty: bool = False) -> None:
    """The solver, as if the time were over in one of its calls (0 the first)."""
    calls = iter(range(100))
    solve = optimize.milp

    def milp(*arguments: object, **options: object) -> object:
        result = solve(*arguments, **options)
        if next(calls) == out_of_time:
            result.status, result.mip_gap, result.x = 1, 0.07, None if empty else result.x
        return result

    monkeypatch.setattr("isletscope.surgery.programme.milp", milp)


@pytest.mark.parametrize("call", range(4))
def test_an_aim_whose_time_was_over_is_never_told_as_proven(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    assert best_plan(toy(), 0.9).proven
    _ends(monkeypatch, call)
    plan = best_plan(toy(), 0.9)
    assert (plan.proven, plan.gap) == (False, 0.07)


def test_no_time_is_said_as_such_and_not_as_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    _ends(monkeypatch, 0, empty=True)
    with pytest.raises(InputError, match="no plan was found in the time given"):
        best_plan(toy(), 0.9)
