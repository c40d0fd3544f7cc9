"""The best set of procedures on a liver full of metastases, as a mixed-integer programme with a proof.

The liver without its tumours is cut into parts, each taken by the same procedures: so the overlap of two margins, or of
a margin and a resection, is taken once. A procedure takes parts and clears lesions. Chosen are whole procedures; which
parts go and which lesions are cleared follows. Solved exactly by HiGHS through :func:`scipy.optimize.milp`, one aim
after the other (surgery rule SURG-601): reach the goal, or as much as can be; take the least liver; within a tolerance
of that the fewest procedures; among those clear the most.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
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
_LEAST_SECONDS = 0.2
ROUNDING = 1e-6
# Status of scipy.optimize.milp: the limit of time or of iterations was reached.
_OUT_OF_TIME = 1

Row = dict[int, float]
Between = tuple[Row, float, float]
Solution = npt.NDArray[np.float64]


class ProcedureKind(Enum):
    """How a part of the liver is taken."""

    RESECTION = "resection"
    WEDGE = "wedge"
    ABLATION = "ablation"


@dataclass(frozen=True)
class Procedure:
    """One thing a surgeon may do: ``clears`` lesions by their index, ``takes`` parts of the liver by their index."""

    name: str
    kind: ProcedureKind
    clears: frozenset[int]
    takes: frozenset[int]


@dataclass(frozen=True)
class Limits:
    """What a plan must keep to; None: no limit. ``most_local``: wedges and ablations together.

    ``excluded``: pairs of procedures (by index), one of each at most.
    """

    least_liver_left_ml: float = 0.0
    most_procedures: int | None = None
    most_ablations: int | None = None
    most_local: int | None = None
    excluded: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Task:
    """``lesion_weights``: what clearing each lesion counts (mL, or its uptake). ``part_ml``: parts of the liver."""

    lesion_weights: tuple[float, ...]
    part_ml: tuple[float, ...]
    procedures: tuple[Procedure, ...]
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        for procedure in self.procedures:
            if max(procedure.clears, default=-1) >= len(self.lesion_weights) or max(procedure.takes, default=-1) >= len(
                self.part_ml
            ):
                raise InputError("a procedure names a lesion or a part that is not there", subject=procedure.name)


@dataclass(frozen=True)
class Plan:
    """Chosen procedures and cleared lesions by index; ``liver_taken_ml`` without tumour.

    ``proven``: no better plan exists, in any of the aims; else ``gap`` is the largest relative bound of what an aim
    could still have gained when the time was over.
    """

    chosen: tuple[int, ...]
    cleared: tuple[int, ...]
    cleared_fraction: float
    liver_taken_ml: float
    liver_left_ml: float
    proven: bool
    gap: float


def most_cleared(task: Task, seconds: float = SECONDS) -> Plan:
    """The plan that clears the most under the limits; of those the one that takes the least liver.

    Raises InputError when nothing keeps to the limits, or nothing was found in that time.
    """
    model = _Model(task, seconds)
    return model.plan(model.solve(maximise=model.cleared, then_minimise=model.liver))


def least_liver(task: Task, weight: float, seconds: float = SECONDS) -> Plan | None:
    """The plan that clears so much weight with the least liver, then the fewest procedures, then clears the most.

    ``seconds`` for all aims together. None when it is out of reach; raises InputError when nothing was found in time.
    """
    model = _Model(task, seconds)
    return _refined(model, [model.at_least(weight)])


def best_plan(task: Task, goal_fraction: float, seconds: float = SECONDS) -> Plan:
    """The plan that reaches the goal with the least liver, or, where nothing does, the one that clears the most.

    ``goal_fraction`` (0 to 1) of the lesions' whole weight; ``seconds`` for all aims together. Raises InputError when
    nothing keeps to the limits, or nothing was found in that time.
    """
    model = _Model(task, seconds)
    most = model.solve(maximise=model.cleared)
    reachable = model.value(model.cleared, most)
    plan = _refined(model, [model.at_least(min(goal_fraction * sum(task.lesion_weights), reachable))])
    assert plan is not None  # it was reached before
    return plan


def blocking_lesions(task: Task) -> tuple[int, ...]:
    """Lesions (by index) that no procedure clears."""
    reached = frozenset().union(*(procedure.clears for procedure in task.procedures))
    return tuple(n for n in range(len(task.lesion_weights)) if n not in reached)


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
    """Columns: a yes or no for each procedure, then a share cleared for each lesion, a share taken for each part.

    With whole procedures the shares end at 0 or 1 by themselves.
    """

    def __init__(self, task: Task, seconds: float) -> None:
        self.task = task
        self._until = time.monotonic() + seconds
        self._procedures = len(task.procedures)
        self._lesions = len(task.lesion_weights)
        self.size = self._procedures + self._lesions + len(task.part_ml)
        self.cleared = {self._lesion(n): weight for n, weight in enumerate(task.lesion_weights)}
        self.liver = {self._part(n): volume for n, volume in enumerate(task.part_ml)}
        self.count = dict.fromkeys(range(self._procedures), 1.0)
        self._rows = self._constraints()
        self.proven, self.gap = True, 0.0

    def at_least(self, weight: float) -> Between:
        """The constraint that so much weight is cleared, but for rounding."""
        return self.cleared, weight - ROUNDING * max(sum(self.task.lesion_weights), 1.0), np.inf

    def _lesion(self, number: int) -> int:
        return self._procedures + number

    def _part(self, number: int) -> int:
        return self._procedures + self._lesions + number

    def _constraints(self) -> list[Between]:
        task, limits = self.task, self.task.limits
        rows: list[Between] = []
        for lesion in range(self._lesions):
            ways = {n: -1.0 for n, one in enumerate(task.procedures) if lesion in one.clears}
            rows.append(({self._lesion(lesion): 1.0, **ways}, -np.inf, 0.0))
        for number, procedure in enumerate(task.procedures):
            rows += [({self._part(part): -1.0, number: 1.0}, -np.inf, 0.0) for part in sorted(procedure.takes)]
        rows.append((self.liver, -np.inf, sum(task.part_ml) - limits.least_liver_left_ml + ROUNDING))
        rows += [({first: 1.0, second: 1.0}, -np.inf, 1.0) for first, second in limits.excluded]
        if limits.most_procedures is not None:
            rows.append((self.count, -np.inf, limits.most_procedures))
        local = (ProcedureKind.WEDGE, ProcedureKind.ABLATION)
        for most, kinds in ((limits.most_ablations, local[1:]), (limits.most_local, local)):
            if most is not None:
                held = {n: 1.0 for n, one in enumerate(task.procedures) if one.kind in kinds}
                rows.append((held, -np.inf, most))
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
        Raises InputError when the time was over and nothing is known.
        """
        aim = np.zeros(self.size)
        for columns, sign in ((minimise, 1.0), (maximise, -1.0)):
            for column, value in (columns or {}).items():
                aim[column] += sign * value
        for column, value in (then_minimise or {}).items():
            aim[column] += 1e-5 * value
        whole = np.zeros(self.size)
        whole[: self._procedures] = 1
        result = milp(
            aim,
            integrality=whole,
            bounds=Bounds(0, 1),
            constraints=_matrix([*self._rows, *rows], self.size),
            options={"time_limit": max(self._until - time.monotonic(), _LEAST_SECONDS), "mip_rel_gap": 0.0},
        )
        if result.x is None and result.status == _OUT_OF_TIME and known is not None:
            self.proven, self.gap = False, 1.0
            return known
        if result.x is None and result.status == _OUT_OF_TIME:
            raise InputError(
                "no plan was found in the time given",
                subject="cytoreduction plan",
                found=f"{self._procedures} procedures for {self._lesions} lesions",
                remedy="Give it more seconds, or fewer procedures to choose from.",
            )
        if result.x is None:
            return None
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
        cleared = frozenset().union(*(task.procedures[n].clears for n in chosen))
        taken = frozenset().union(*(task.procedures[n].takes for n in chosen))
        taken_ml = sum(task.part_ml[part] for part in sorted(taken))
        total = sum(task.lesion_weights)
        return Plan(
            chosen=chosen,
            cleared=tuple(sorted(cleared)),
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
