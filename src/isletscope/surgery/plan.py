"""The best achievable cytoreduction of one liver, with what it leaves, what forbids more, and the front of choices.

Surgery rule SURG-601: reach the goal, else clear as much as can be; take the least liver; with the fewest procedures.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from isletscope.criteria import ablation
from isletscope.model import (
    FrontPoint,
    GoalReached,
    LeastRemnant,
    LesionLeft,
    LiverPlan,
    PlannedProcedure,
    PlanOption,
    Weight,
    WhatIf,
)
from isletscope.surgery.least_remnant import expected_volume_ml, least_remnant
from isletscope.surgery.liver_map import SEGMENT_NAMES, Body, LiverMap
from isletscope.surgery.near_liver import Surroundings
from isletscope.surgery.plan_book import plan_book
from isletscope.surgery.procedures import Choices, Offered, choices
from isletscope.surgery.programme import (
    Limits,
    OutOfTime,
    Plan,
    ProcedureKind,
    blocking_lesions,
    least_liver,
    most_cleared,
)

# Plans of the front are drawn, not offered: so far from the best is as good.
_FRONT_TOLERANCE = 0.01
_LEAST_SECONDS = 0.3


@dataclass(frozen=True)
class Asked:
    """What a surgeon asks of the plan.

    ``weights``: mL or uptake of each lesion; by volume where empty. ``goal_percent`` of their sum; None: the highest
    usual share that can be reached. ``most_local``: wedges and ablations together, None for the usual number in one
    session. ``reached_by``: what other treatment reaches a lesion that is left. Minima in percent replace those of the
    liver's state.
    """

    weight: Weight = "volume"
    weights: Mapping[str, float] = field(default_factory=dict)
    goal_percent: float | None = None
    most_procedures: int | None = None
    most_local: int | None = None
    offered: Offered = field(default_factory=Offered)
    least_rflr_percent: float | None = None
    least_sflr_percent: float | None = None
    reached_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where the liver was outlined, and whether its segments are known."""

    exam_key: str
    series_key: str
    with_segments: bool = True


def plan_liver(liver: LiverMap, around: Surroundings, body: Body, asked: Asked, place: Place) -> LiverPlan:
    """The whole plan. Raises InputError when the least remnant is not known or no lesion lies in the liver."""
    least = least_remnant(liver, body, asked.least_rflr_percent, asked.least_sflr_percent)
    planner = _Planner(liver, around, body, asked, least, place)
    return planner.document()


class _Planner:
    """One liver, one question: what is offered, and the plans under it."""

    def __init__(
        self, liver: LiverMap, around: Surroundings, body: Body, asked: Asked, least: LeastRemnant, place: Place
    ) -> None:
        offered = asked.offered if place.with_segments else replace(asked.offered, resections=False)
        self.liver, self.around, self.asked, self.least, self.place = liver, around, asked, least, place
        self.offers: Choices = choices(liver, around, offered)
        self.volumes = {site.lesion: site.volume_ml for site in self.offers.sites}
        self.weights = dict(asked.weights) if asked.weight != "volume" else self.volumes
        self.expected_ml = expected_volume_ml(body)
        usual = int(ablation.BOOK.limit("session_most"))
        self.limits = Limits(
            least_liver_left_ml=least.least_ml,
            most_procedures=asked.most_procedures,
            most_local=usual if asked.most_local is None else asked.most_local,
            one_way_each=True,
        )
        self.body = body
        self.open: set[tuple[float, Limits]] = set()
        self.until = time.monotonic() + plan_book().whole_seconds.value

    def seconds(self) -> float:
        """Time for the next plan."""
        return max(min(plan_book().seconds.value, self.until - time.monotonic()), _LEAST_SECONDS)

    def document(self) -> LiverPlan:
        """The plan as a document."""
        book = plan_book()
        asked = [] if self.asked.goal_percent is None else [self.asked.goal_percent]
        plans = {goal: self.in_time(goal, self.limits) for goal in sorted({*book.goals_percent.values, *asked})}
        reached = [goal for goal, plan in plans.items() if plan is not None]
        goal = asked[0] if asked else max(reached, default=min(plans))
        best = plans[goal] or self.most()
        free = self.without_remnant(plans)
        return LiverPlan(
            exam_key=self.place.exam_key,
            series_key=self.place.series_key,
            weight=self.asked.weight,
            goal_percent=goal,
            best=self.option(best),
            goals=[self.judged(one, plan, free) for one, plan in plans.items()],
            front=self.front(best),
            what_if=self.two_stage(free),
            least=self.least,
            liver_ml=self.liver.volume_ml(),
            tumour_ml=self.liver.tumour_ml,
            functional_ml=self.liver.functional_ml,
            expected_ml=self.expected_ml,
            formula=self.body.formula,
            segments_from=self.liver.source.value if self.place.with_segments else "",
            settings=self.settings(goal),
            assumptions=list(book.assumptions),
            lacking=self.lacking(),
        )

    def reaching(self, goal_percent: float, limits: Limits) -> Plan | None:
        """The plan that reaches a share with the least liver; None when no plan does. Raises OutOfTime."""
        book = plan_book()
        task = self.offers.task(self.weights, limits)
        return least_liver(task, goal_percent / 100, self.seconds(), book.tolerance_percent.value / 100)

    def in_time(self, goal_percent: float, limits: Limits) -> Plan | None:
        """As :meth:`reaching`, but what was not found in time is left open, and remembered."""
        try:
            return self.reaching(goal_percent, limits)
        except OutOfTime:
            self.open.add((goal_percent, limits))
            return None

    def most(self) -> Plan:
        """The plan that clears the most; asked when no goal can be reached."""
        book = plan_book()
        task = self.offers.task(self.weights, self.limits)
        most = most_cleared(task, self.seconds(), book.tolerance_percent.value / 100)
        return self.in_time(100 * most.cleared_fraction, self.limits) or most

    def without_remnant(self, plans: Mapping[float, Plan | None]) -> tuple[float, Plan] | None:
        """The lowest share that is out of reach, and the plan for it if no remnant had to be left."""
        missed = min((goal for goal, plan in plans.items() if plan is None), default=None)
        plan = None if missed is None else self.in_time(missed, replace(self.limits, least_liver_left_ml=0.0))
        return None if missed is None or plan is None else (missed, plan)

    def front(self, best: Plan) -> list[FrontPoint]:
        """The choice between tumour cleared and liver kept: plans that no other one betters in both."""
        book = plan_book()
        task = self.offers.task(self.weights, self.limits)
        shares = book.front_percent.values
        until = time.monotonic() + book.front_seconds.value
        found: list[Plan] = []
        for number, share in enumerate(shares):
            seconds = max(until - time.monotonic(), 0.0) / (len(shares) - number)
            try:
                plan = least_liver(task, share / 100, seconds, _FRONT_TOLERANCE)
            except OutOfTime:
                continue
            if plan is None:
                break
            while found and found[-1].liver_taken_ml >= plan.liver_taken_ml:
                found.pop()
            if not found or plan.cleared_fraction > found[-1].cleared_fraction:
                found.append(plan)
        if not found or best.cleared_fraction > found[-1].cleared_fraction:
            found.append(best)
        return [self.point(plan) for plan in found]

    def option(self, plan: Plan) -> PlanOption:
        """One plan in names and figures."""
        cleared = [self.offers.lesions[number] for number in plan.cleared]
        total = sum(self.volumes.values())
        functional = self.liver.functional_ml
        resection = self.offers.resection(plan)
        return PlanOption(
            cleared_percent=_percent(plan.cleared_fraction),
            by_volume_percent=_percent(sum(self.volumes[name] for name in cleared) / total),
            by_count_percent=_percent(len(cleared) / len(self.volumes)),
            procedures=self.procedures(plan, cleared),
            count=(len(resection.names) if resection else 0) + len(self.offers.done_locally(plan)),
            cleared=cleared,
            left=[self.left(name) for name in self.offers.lesions if name not in cleared],
            liver_taken_ml=plan.liver_taken_ml,
            remnant_ml=plan.liver_left_ml,
            rflr_percent=None if self.body.previous_hepatectomy else 100 * plan.liver_left_ml / functional,
            sflr_percent=None if self.expected_ml is None else 100 * plan.liver_left_ml / self.expected_ml,
            proven=plan.proven,
            gap=plan.gap,
        )

    def procedures(self, plan: Plan, cleared: list[str]) -> list[PlannedProcedure]:
        """The anatomical part first, then wedges and ablations with what each takes by itself."""
        found = []
        resection, local = self.offers.resection(plan), self.offers.done_locally(plan)
        if resection is not None:
            by_others = {lesion for one in local for lesion in one.lesions}
            shares = self.liver.by_segment_ml(~self.liver.tumour)
            found.append(
                PlannedProcedure(
                    kind="resection",
                    name=resection.words,
                    segments=[SEGMENT_NAMES[one - 1] for one in sorted(resection.segments)],
                    lesions=[name for name in cleared if name not in by_others],
                    parenchyma_ml=sum(shares[one] for one in resection.segments),
                )
            )
        tumour = self.liver.tumour
        for one in local:
            taken = one.region & ~tumour[one.box.slices]
            volume = float(taken.sum()) * self.liver.liver.geometry.voxel_volume_ml
            kind = "wedge" if one.kind is ProcedureKind.WEDGE else "ablation"
            found.append(PlannedProcedure(kind=kind, name=one.name, lesions=list(one.lesions), parenchyma_ml=volume))
        return found

    def left(self, lesion: str) -> LesionLeft:
        """A lesion that stays, with why a wedge and an ablation are not offered."""
        refused = self.offers.refused.get(lesion, {})
        return LesionLeft(
            lesion=lesion,
            volume_ml=self.volumes[lesion],
            because=[f"no {way}: {because}" for way, because in refused.items()],
            reached_by=list(self.asked.reached_by.get(lesion, ())),
        )

    def point(self, plan: Plan) -> FrontPoint:
        """One plan of the front."""
        resection, local = self.offers.resection(plan), self.offers.done_locally(plan)
        return FrontPoint(
            cleared_percent=_percent(plan.cleared_fraction),
            remnant_ml=plan.liver_left_ml,
            remnant_percent=100 * plan.liver_left_ml / self.liver.functional_ml,
            count=(len(resection.names) if resection else 0) + len(local),
            words=_words(resection.words if resection else "", self.counted(plan)) or "nothing",
        )

    def counted(self, plan: Plan) -> str:
        """ "3 wedges, 1 ablation"."""
        kinds = [one.kind for one in self.offers.done_locally(plan)]
        named = ((ProcedureKind.WEDGE, "wedge"), (ProcedureKind.ABLATION, "ablation"))
        shown = [(kinds.count(kind), word) for kind, word in named]
        return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in shown if count)

    def judged(self, goal: float, plan: Plan | None, free: tuple[float, Plan] | None) -> GoalReached:
        """Whether a share can be cleared, and what forbids it."""
        if plan is not None:
            return GoalReached(goal_percent=goal, reached=True, proven=True)
        if (goal, self.limits) in self.open:
            return GoalReached(goal_percent=goal, reached=False, proven=False, forbids=[plan_book().words.out_of_time])
        return GoalReached(goal_percent=goal, reached=False, proven=True, forbids=self.forbids(goal, free))

    def forbids(self, goal: float, free: tuple[float, Plan] | None) -> list[str]:
        """Why no more can be cleared: each limit lifted alone, then what no procedure clears."""
        words = plan_book().words
        found = []
        if free is not None and free[0] >= goal:
            found.append(
                words.remnant.format(
                    percent=_shown(free[1]), left=f"{free[1].liver_left_ml:.0f}", least=f"{self.least.least_ml:.0f}"
                )
            )
        for limit, limits, sentence in self.lifted():
            more = self.in_time(goal, limits)
            if more is not None:
                found.append(sentence.format(percent=_shown(more), count=self.option(more).count, limit=limit))
        for number in blocking_lesions(self.offers.task(self.weights, self.limits)):
            lesion = self.offers.lesions[number]
            because = "; ".join(f"{way}: {why}" for way, why in self.offers.refused.get(lesion, {}).items())
            volume = f"{self.volumes[lesion]:.1f}"
            found.append(words.nothing.format(lesion=lesion, volume=volume, because=because or "outside every segment"))
        return found or [words.all_together]

    def lifted(self) -> Iterator[tuple[int, Limits, str]]:
        """Each limit of number, the limits without it, and how that is told."""
        words, limits = plan_book().words, self.limits
        if limits.most_local is not None:
            yield limits.most_local, replace(limits, most_local=None), words.local
        if limits.most_procedures is not None:
            yield limits.most_procedures, replace(limits, most_procedures=None), words.number

    def two_stage(self, free: tuple[float, Plan] | None) -> list[WhatIf]:
        """What the remnant would have to grow by, when it is the remnant that stands against the next share."""
        if free is None:
            return []
        book, plan = plan_book(), free[1]
        resection = self.offers.resection(plan)
        if resection is None or plan.liver_left_ml <= 0:
            return []
        growth = 100 * (self.least.least_ml / plan.liver_left_ml - 1)
        reported = book.growth_percent
        words = book.words.two_stage.format(
            resection=resection.words,
            locals=self.counted(plan) or "nothing else",
            percent=_shown(plan),
            left=f"{plan.liver_left_ml:.0f}",
            growth=f"{growth:.0f}",
            least=f"{self.least.least_ml:.0f}",
            low=f"{reported.least:.0f}",
            high=f"{reported.most:.0f}",
            verdict=book.words.within if growth <= reported.most else book.words.beyond,
        )
        return [WhatIf(name="two_stage", words=words)]

    def settings(self, goal: float) -> dict[str, str]:
        """What was asked for, in print order."""
        offered = self.offers.offered
        limits = self.limits
        return {
            "weight": self.asked.weight,
            "goal": f"{goal:g} %",
            "state of the liver": self.least.background,
            "margin of a wedge": f"{offered.wedge_margin_mm:g} mm" if offered.wedges else "not offered",
            "margin of an ablation": f"{offered.ablation_margin_mm:g} mm" if offered.ablations else "not offered",
            "wedges and ablations at most": f"{limits.most_local}",
            "procedures at most": "no limit" if limits.most_procedures is None else f"{limits.most_procedures}",
        }

    def lacking(self) -> list[str]:
        """What was missing, and what was done instead."""
        words = plan_book().words
        found = list(self.least.notes)
        if not self.place.with_segments:
            found.append(words.no_segments)
        if self.around.pedicles is None:
            found.append(words.pedicles_unknown)
        if self.around.vessels is None:
            found.append(words.around_unknown)
        elif self.around.neighbours is None:
            found.append(words.neighbours_unknown)
        said = plan_book().flags
        return [*found, *dict.fromkeys(said[flag.split()[0]] for flag in self.liver.flags if flag != "TRUNCATED")]


def _percent(fraction: float) -> float:
    return min(max(100 * fraction, 0.0), 100.0)


def _shown(plan: Plan) -> str:
    return f"{100 * plan.cleared_fraction:.1f}"


def _words(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
