"""The best set of procedures on a liver full of metastases, as a mixed-integer programme with a proof.

The liver without its tumours is cut into parts, each taken by the same procedures: so the overlap of two margins, or of
a margin and a resection, is taken once. A procedure takes parts and clears lesions. Chosen are whole procedures; which
parts go and which lesions are cleared follows. Solved exactly by HiGHS through :func:`scipy.optimize.milp`, one aim
after the other (surgery rule SURG-601): reach the goal, or as much as can be; take the least liver; within a tolerance
of that the fewest procedures; among those clear the most.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from isletscope.errors import InputError

# Plans that differ by less liver than this are held for equal, and the one with fewer procedures is taken.
SAME_LIVER_ML = 1.0
SECONDS = 10.0
_LEAST_SECONDS = 0.1
_ROUNDING = 1e-6
# Status of scipy.optimize.milp that proves that nothing keeps to the constraints; others without a solution (time,
# iterations, numbers) prove nothing.
_INFEASIBLE = 2

Row = dict[int, float]
Between = tuple[Row, float, float]
Solution = npt.NDArray[np.float64]


class OutOfTime(InputError):
    """Nothing was found in the time given; more time may find something."""


class ProcedureKind(Enum):
    """How a part of the liver is taken."""

    RESECTION = "resection"
    WEDGE = "wedge"
    ABLATION = "ablation"


@contextmanager
def _silent() -> Iterator[None]:
    """HiGHS prints stray lines of its own on the standard output, where a command may be writing JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


@dataclass(frozen=True)
class Procedure:
    """One thing a surgeon may do: ``clears`` lesions by their index, ``takes`` parts of the liver by their index."""

    name: str
    kind: ProcedureKind
    clears: frozenset[int]
    takes: frozenset[int]


@dataclass(frozen=True)
class Limits:
    """What a plan must keep to; None: no limit. ``most_local``: wedges and ablations together;
    ``one_way_each``: at most one of them for each lesion.

    ``excluded``: pairs of procedures (by index), one of each at most.
    """

    least_liver_left_ml: float = 0.0
    most_procedures: int | None = None
    most_ablations: int | None = None
    most_local: int | None = None
    one_way_each: bool = False
    excluded: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Combination:
    """Procedures (by index) that are done together under one name or several; ``count``: how many they count as."""

    members: frozenset[int]
    count: int


@dataclass(frozen=True)
class Task:
    """``lesion_weights``: what clearing each lesion counts (mL, or its uptake). ``part_ml``: parts of the liver.

    ``combinations``: the only ways to choose the procedures that they hold, at most one way at a time. ``joint``: a
    lesion by its index, and procedures that clear it when all of them are chosen.
    """

    lesion_weights: tuple[float, ...]
    part_ml: tuple[float, ...]
    procedures: tuple[Procedure, ...]
    limits: Limits = field(default_factory=Limits)
    combinations: tuple[Combination, ...] = ()
    joint: tuple[tuple[int, frozenset[int]], ...] = ()

    @property
    def combined(self) -> frozenset[int]:
        """Procedures that only combinations choose."""
        return frozenset().union(*(one.members for one in self.combinations))

    def __post_init__(self) -> None:
        for procedure in self.procedures:
            if max(procedure.clears, default=-1) >= len(self.lesion_weights) or max(procedure.takes, default=-1) >= len(
                self.part_ml
            ):
                raise InputError("a procedure names a lesion or a part that is not there", subject=procedure.name)


@dataclass(frozen=True)
class Plan:
    """Chosen procedures, cleared lesions and the combination by index; ``liver_taken_ml`` without tumour.

    ``proven``: no better plan exists, in any of the aims; else ``gap`` is the largest relative bound of what an aim
    could still have gained when the time was over.
    """

    chosen: tuple[int, ...]
    cleared: tuple[int, ...]
    combination: int | None
    cleared_fraction: float
    liver_taken_ml: float
    liver_left_ml: float
    proven: bool
    gap: float


def most_cleared(task: Task, seconds: float = SECONDS, tolerance: float = 0.0) -> Plan:
    """The plan that clears the most under the limits, whatever liver it takes.

    Raises InputError when nothing keeps to the limits, OutOfTime when nothing was found in that time.
    """
    model = _Model(task, seconds, tolerance)
    return model.plan(model.solve(maximise=model.cleared))


def least_liver(task: Task, fraction: float, seconds: float = SECONDS, tolerance: float = 0.0) -> Plan | None:
    """The plan that clears this share (0 to 1) of the whole weight with the least liver, then the fewest procedures.

    ``seconds`` for all aims together; ``tolerance``: relative, within which an aim counts as proven. None when the
    share is out of reach. Raises OutOfTime when nothing was found in time.
    """
    model = _Model(task, seconds, tolerance)
    return _refined(model, [model.at_least(fraction * sum(task.lesion_weights))])


def best_plan(task: Task, goal_fraction: float, seconds: float = SECONDS) -> Plan:
    """The plan that reaches the goal with the least liver, or, where nothing does, the one that clears the most.

    ``goal_fraction`` (0 to 1) of the lesions' whole weight; ``seconds`` for all aims together. Raises InputError when
    nothing keeps to the limits, OutOfTime when nothing was found in that time.
    """
    model = _Model(task, seconds)
    most = model.solve(maximise=model.cleared)
    reachable = model.value(model.cleared, most)
    plan = _refined(model, [model.at_least(min(goal_fraction * sum(task.lesion_weights), reachable))])
    assert plan is not None  # it was reached before
    return plan


def blocking_lesions(task: Task) -> tuple[int, ...]:
    """Lesions (by index) that no procedure and no combination clears."""
    alone = (one for number, one in enumerate(task.procedures) if number not in task.combined)
    reached = frozenset().union(*(one.clears for one in alone))
    for one in task.combinations:
        reached |= _cleared(task, one.members)
    return tuple(n for n in range(len(task.lesion_weights)) if n not in reached)


def _cleared(task: Task, chosen: frozenset[int]) -> frozenset[int]:
    """Lesions that these procedures clear, alone or together."""
    found = frozenset().union(*(task.procedures[n].clears for n in chosen))
    return found | {lesion for lesion, needed in task.joint if needed and needed <= chosen}


def _refined(model: _Model, rows: list[Between]) -> Plan | None:
    """Least liver, then fewest procedures, then most cleared, each aim within the ones before; None: out of reach.

    When the time is over, the solution of the aim before is kept.
    """
    solution = model.attempt(minimise=model.liver, rows=rows)
    if solution is None:
        return None
    rows = [*rows, (model.liver, -np.inf, model.value(model.liver, solution) + SAME_LIVER_ML)]
    solution = model.solve(minimise=model.count, rows=rows, known=solution)
    rows = [*rows, (model.count, -np.inf, round(model.value(model.count, solution)) + 0.5)]
    return model.plan(model.solve(maximise=model.cleared, then_minimise=model.liver, rows=rows, known=solution))


class _Model:
    """Columns: a yes or no for each procedure and combination; shares of lesions cleared, parts taken, joints done.

    With whole procedures the shares end at 0 or 1 by themselves.
    """

    def __init__(self, task: Task, seconds: float, tolerance: float = 0.0) -> None:
        self.task, self._tolerance = task, tolerance
        self._until = time.monotonic() + seconds
        self._procedures = len(task.procedures)
        self._lesions = len(task.lesion_weights)
        self._combinations = self._procedures + self._lesions + len(task.part_ml)
        self._joints = self._combinations + len(task.combinations)
        self.size = self._joints + len(task.joint)
        self.cleared = {self._lesion(n): weight for n, weight in enumerate(task.lesion_weights)}
        self.liver = {self._part(n): volume for n, volume in enumerate(task.part_ml)}
        self.count = {n: 1.0 for n in range(self._procedures) if n not in task.combined}
        self.count |= {self._combinations + n: float(one.count) for n, one in enumerate(task.combinations)}
        self._rows = self._constraints()
        self.proven, self.gap = True, 0.0

    def at_least(self, weight: float) -> Between:
        """The constraint that so much weight is cleared, but for rounding."""
        return self.cleared, weight - _ROUNDING * max(sum(self.task.lesion_weights), 1.0), np.inf

    def _lesion(self, number: int) -> int:
        return self._procedures + number

    def _part(self, number: int) -> int:
        return self._procedures + self._lesions + number

    def _constraints(self) -> list[Between]:
        task, limits = self.task, self.task.limits
        rows: list[Between] = []
        for lesion in range(self._lesions):
            ways = {n: -1.0 for n, one in enumerate(task.procedures) if lesion in one.clears}
            ways |= {self._joints + n: -1.0 for n, (cleared, _) in enumerate(task.joint) if cleared == lesion}
            rows.append(({self._lesion(lesion): 1.0, **ways}, -np.inf, 0.0))
        for number, procedure in enumerate(task.procedures):
            rows += [({self._part(part): -1.0, number: 1.0}, -np.inf, 0.0) for part in sorted(procedure.takes)]
        for number, (_, needed) in enumerate(task.joint):
            rows += [({self._joints + number: 1.0, one: -1.0}, -np.inf, 0.0) for one in sorted(needed)]
        rows += self._combined()
        rows.append((self.liver, -np.inf, sum(task.part_ml) - limits.least_liver_left_ml + _ROUNDING))
        rows += [({first: 1.0, second: 1.0}, -np.inf, 1.0) for first, second in limits.excluded]
        if limits.most_procedures is not None:
            rows.append((self.count, -np.inf, limits.most_procedures))
        local = (ProcedureKind.WEDGE, ProcedureKind.ABLATION)
        for most, kinds in ((limits.most_ablations, local[1:]), (limits.most_local, local)):
            if most is not None:
                held = {n: 1.0 for n, one in enumerate(task.procedures) if one.kind in kinds}
                rows.append((held, -np.inf, most))
        for lesion in range(self._lesions if limits.one_way_each else 0):
            choice = [n for n, one in enumerate(task.procedures) if lesion in one.clears and one.kind in local]
            if len(choice) > 1:
                rows.append((dict.fromkeys(choice, 1.0), -np.inf, 1.0))
        return rows

    def _combined(self) -> list[Between]:
        """At most one combination; its members are chosen, and of all that combinations hold no other."""
        ways = {self._combinations + n: one for n, one in enumerate(self.task.combinations)}
        rows: list[Between] = [(dict.fromkeys(ways, 1.0), -np.inf, 1.0)] if ways else []
        for member in sorted(self.task.combined):
            holding = {column: -1.0 for column, one in ways.items() if member in one.members}
            rows.append(({member: 1.0, **holding}, 0.0, 0.0))
        return rows

    def solve(
        self,
        *,
        minimise: Row | None = None,
        maximise: Row | None = None,
        then_minimise: Row | None = None,
        rows: Sequence[Between] = (),
        known: Solution | None = None,
    ) -> Solution:
        """As :meth:`attempt`; InputError when nothing keeps to the limits."""
        found = self.attempt(minimise=minimise, maximise=maximise, then_minimise=then_minimise, rows=rows, known=known)
        if found is None:
            raise InputError(
                "no plan keeps to the limits",
                subject="cytoreduction plan",
                found=f"{self.task.limits.least_liver_left_ml:.0f} mL of liver to be left",
                expected=f"at most {sum(self.task.part_ml):.0f} mL, all there is without tumour",
            )
        return found

    def attempt(
        self,
        *,
        minimise: Row | None = None,
        maximise: Row | None = None,
        then_minimise: Row | None = None,
        rows: Sequence[Between] = (),
        known: Solution | None = None,
    ) -> Solution | None:
        """The best solution for one aim (a second, much lighter one breaks ties); None when there is none.

        ``known`` keeps to the constraints already: it is given back when the time was over before one was found.
        Raises OutOfTime when the time was over and nothing is known.
        """
        aim = np.zeros(self.size)
        for columns, sign in ((minimise, 1.0), (maximise, -1.0)):
            for column, value in (columns or {}).items():
                aim[column] += sign * value
        for column, value in (then_minimise or {}).items():
            aim[column] += 1e-5 * value
        whole = np.zeros(self.size)
        whole[: self._procedures] = 1
        whole[self._combinations : self._joints] = 1
        seconds = max(self._until - time.monotonic(), _LEAST_SECONDS)
        with _silent():
            result = milp(
                aim,
                integrality=whole,
                bounds=Bounds(0, 1),
                constraints=_matrix([*self._rows, *rows], self.size),
                options={"time_limit": seconds, "mip_rel_gap": self._tolerance},
            )
        if result.x is None and result.status == _INFEASIBLE:
            return None
        if result.x is None and known is not None:
            self.proven, self.gap = False, 1.0
            return known
        if result.x is None:
            raise OutOfTime(
                "no plan was found in the time given",
                subject="cytoreduction plan",
                found=f"{self._procedures} procedures for {self._lesions} lesions",
                remedy="Give it more seconds, or fewer procedures to choose from.",
            )
        self.proven &= result.status == 0
        self.gap = max(self.gap, float(result.mip_gap or 0.0))
        return np.asarray(result.x)

    @staticmethod
    def value(row: Row, solution: Solution) -> float:
        """A linear figure of a solution."""
        return float(sum(weight * solution[column] for column, weight in row.items()))

    def plan(self, solution: Solution) -> Plan:
        """The plan that the chosen procedures make; what they clear and take is counted from them alone."""
        task = self.task
        chosen = tuple(n for n in range(self._procedures) if solution[n] > 0.5)
        cleared = _cleared(task, frozenset(chosen))
        together = [n for n in range(len(task.combinations)) if solution[self._combinations + n] > 0.5]
        taken = frozenset().union(*(task.procedures[n].takes for n in chosen))
        taken_ml = sum(task.part_ml[part] for part in sorted(taken))
        total = sum(task.lesion_weights)
        return Plan(
            chosen=chosen,
            cleared=tuple(sorted(cleared)),
            combination=together[0] if together else None,
            cleared_fraction=sum(task.lesion_weights[n] for n in sorted(cleared)) / total if total else 1.0,
            liver_taken_ml=taken_ml,
            liver_left_ml=sum(task.part_ml) - taken_ml,
            proven=self.proven,
            gap=self.gap,
        )


def _matrix(rows: Sequence[Between], size: int) -> LinearConstraint:
    index = [(number, column, value) for number, (row, _, _) in enumerate(rows) for column, value in row.items()]
    where, columns, values = zip(*index, strict=True)
    matrix = coo_array((values, (where, columns)), shape=(len(rows), size)).tocsr()
    return LinearConstraint(matrix, [low for _, low, _ in rows], [high for _, _, high in rows])
