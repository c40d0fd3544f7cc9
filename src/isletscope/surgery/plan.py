"""The best achievable cytoreduction of one liver, with what it leaves, what forbids more, and the front of choices.

Surgery rule SURG-601: reach the goal, else clear as much as can be; take the least liver; with the fewest procedures.
"""

from __future__ import annotations

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
from isletscope.surgery.procedures import Choices, LocalProcedure, Offered, choices
from isletscope.surgery.programme import Limits, ProcedureKind
from isletscope.surgery.search import Found, Search

_FULL = 1.0 - 1e-9


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
        self.liver, self.asked, self.least, self.place = liver, asked, least, place
        self.offers: Choices = choices(liver, around, offered)
        self.volumes = {site.lesion: site.volume_ml for site in self.offers.sites}
        self.weights = dict(asked.weights) if asked.weight != "volume" else self.volumes
        self.expected_ml = expected_volume_ml(body)
        usual = int(ablation.BOOK.limit("session_most"))
        self.limits = Limits(
            least_liver_left_ml=least.least_ml,
            most_procedures=asked.most_procedures,
            most_local=usual if asked.most_local is None else asked.most_local,
        )
        self.body = body
        self.search = self.searched(self.limits)

    def searched(self, limits: Limits) -> Search:
        """The same question under other limits."""
        return Search(self.offers, self.weights, limits, plan_book().seconds.value)

    def document(self) -> LiverPlan:
        """The plan as a document."""
        book = plan_book()
        most = self.search.most_cleared()
        goal = self.goal_percent(most)
        best = self.search.least_liver(min(goal / 100, most.fraction))
        return LiverPlan(
            exam_key=self.place.exam_key,
            series_key=self.place.series_key,
            weight=self.asked.weight,
            goal_percent=goal,
            best=self.option(best),
            goals=self.goals(most),
            front=[self.point(one) for one in self.search.front(book.front_step_percent.value / 100)],
            what_if=self.two_stage(best, goal),
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

    def goal_percent(self, most: Found) -> float:
        """The goal asked for, or the highest usual share that can be reached; the lowest where none can."""
        if self.asked.goal_percent is not None:
            return self.asked.goal_percent
        usual = plan_book().goals_percent.values
        return max((one for one in usual if _reaches(most, one)), default=min(usual))

    def option(self, plan: Found) -> PlanOption:
        """One plan in names and figures."""
        cleared = [self.offers.lesions[number] for number in plan.cleared]
        functional = self.liver.functional_ml
        return PlanOption(
            cleared_percent=_percent(plan.fraction),
            by_volume_percent=_percent(sum(self.volumes[name] for name in cleared) / sum(self.volumes.values())),
            by_count_percent=_percent(len(cleared) / len(self.volumes)),
            procedures=self.procedures(plan, cleared),
            count=plan.count,
            cleared=cleared,
            left=[self.left(name) for name in self.offers.lesions if name not in cleared],
            liver_taken_ml=plan.taken_ml,
            remnant_ml=plan.left_ml,
            rflr_percent=None if self.body.previous_hepatectomy else 100 * plan.left_ml / functional,
            sflr_percent=None if self.expected_ml is None else 100 * plan.left_ml / self.expected_ml,
            proven=plan.proven,
            gap=plan.gap,
        )

    def local(self, plan: Found) -> list[LocalProcedure]:
        """Wedges and ablations of a plan."""
        return [self.offers.local[number] for number in plan.local]

    def procedures(self, plan: Found, cleared: list[str]) -> list[PlannedProcedure]:
        """The anatomical part first, then wedges and ablations with what each takes by itself."""
        found = []
        resection, local = plan.resection, self.local(plan)
        tumour = self.liver.tumour
        if resection.segments:
            by_others = {lesion for one in local for lesion in one.lesions}
            shares = self.liver.by_segment_ml(~tumour)
            found.append(
                PlannedProcedure(
                    kind="resection",
                    name=resection.words,
                    segments=[SEGMENT_NAMES[one - 1] for one in sorted(resection.segments)],
                    lesions=[name for name in cleared if name not in by_others],
                    parenchyma_ml=sum(shares[one] for one in resection.segments),
                )
            )
        for one in local:
            taken = one.region & ~tumour[one.box.slices]
            volume = float(taken.sum()) * self.liver.liver.geometry.voxel_volume_ml
            found.append(
                PlannedProcedure(
                    kind="wedge" if one.kind is ProcedureKind.WEDGE else "ablation",
                    name=one.name,
                    lesions=list(one.lesions),
                    parenchyma_ml=volume,
                )
            )
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

    def point(self, plan: Found) -> FrontPoint:
        """One plan of the front."""
        return FrontPoint(
            cleared_percent=_percent(plan.fraction),
            remnant_ml=plan.left_ml,
            remnant_percent=100 * plan.left_ml / self.liver.functional_ml,
            count=plan.count,
            words=_words(", ".join(plan.resection.names), self.counted(plan)) or "nothing",
        )

    def counted(self, plan: Found) -> str:
        """ "3 wedges, 1 ablation"."""
        kinds = [one.kind for one in self.local(plan)]
        named = ((ProcedureKind.WEDGE, "wedge"), (ProcedureKind.ABLATION, "ablation"))
        shown = [(kinds.count(kind), word) for kind, word in named]
        return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in shown if count)

    def goals(self, most: Found) -> list[GoalReached]:
        """Whether the usual shares and the goal can be cleared, and what forbids it."""
        forbids = self.forbids(most)
        asked = [] if self.asked.goal_percent is None else [self.asked.goal_percent]
        found = []
        for goal in sorted({*plan_book().goals_percent.values, *asked}):
            reached = _reaches(most, goal)
            found.append(
                GoalReached(
                    goal_percent=goal,
                    reached=reached,
                    proven=reached or most.proven,
                    forbids=[] if reached else forbids,
                )
            )
        return found

    def forbids(self, most: Found) -> list[str]:
        """Why no more than that can be cleared: each limit lifted alone, then what no procedure clears."""
        if most.fraction >= _FULL:
            return []
        words = plan_book().words
        found = []
        for name, limits, sentence in self.lifted():
            free = self.searched(limits).most_cleared()
            if free.fraction > most.fraction + 1e-6:
                found.append(
                    sentence.format(
                        percent=_shown(free),
                        left=f"{free.left_ml:.0f}",
                        least=f"{self.least.least_ml:.0f}",
                        count=free.count,
                        limit=name,
                    )
                )
        for lesion in self.unreached():
            because = "; ".join(f"{way}: {why}" for way, why in self.offers.refused.get(lesion, {}).items())
            volume = f"{self.volumes[lesion]:.1f}"
            found.append(words.nothing.format(lesion=lesion, volume=volume, because=because or "outside every segment"))
        return found

    def unreached(self) -> list[str]:
        """Lesions that no resection, wedge or ablation clears."""
        reached = frozenset().union(
            *(self.offers.cleared_by(way) for way in self.offers.ways), *self.offers.cleared_locally
        )
        return [name for number, name in enumerate(self.offers.lesions) if number not in reached]

    def lifted(self) -> Iterator[tuple[str, Limits, str]]:
        """Each limit that may bind, the limits without it, and how that is told."""
        words, limits = plan_book().words, self.limits
        yield "", replace(limits, least_liver_left_ml=0.0), words.remnant
        if limits.most_local is not None:
            yield f"{limits.most_local}", replace(limits, most_local=None), words.local
        if limits.most_procedures is not None:
            yield f"{limits.most_procedures}", replace(limits, most_procedures=None), words.number

    def two_stage(self, best: Found, goal: float) -> list[WhatIf]:
        """What the remnant would have to grow by, when it is the remnant that stands against the next usual share."""
        further = [one for one in (*plan_book().goals_percent.values, goal) if not _reaches(best, one)]
        if not further:
            return []
        free = self.searched(replace(self.limits, least_liver_left_ml=0.0))
        most = free.most_cleared()
        wanted = [one for one in sorted(further) if _reaches(most, one)]
        if not wanted:
            return []
        book = plan_book()
        plan = free.least_liver(wanted[0] / 100)
        if not plan.resection.segments or plan.left_ml <= 0:
            return []
        growth = 100 * (self.least.least_ml / plan.left_ml - 1)
        reported = book.growth_percent
        words = book.words.two_stage.format(
            resection=plan.resection.words,
            locals=self.counted(plan) or "nothing else",
            percent=_shown(plan),
            left=f"{plan.left_ml:.0f}",
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
        unknown = [name for name, notes in self.offers.notes.items() if any("duct" in note for note in notes)]
        if unknown:
            found.append(words.duct_unknown.format(count=len(unknown)))
        return [*found, *(flag for flag in self.liver.flags)]


def _reaches(plan: Found, goal_percent: float) -> bool:
    return 100 * plan.fraction >= goal_percent - 1e-4


def _percent(fraction: float) -> float:
    return min(max(100 * fraction, 0.0), 100.0)


def _shown(plan: Found) -> str:
    return f"{100 * plan.fraction:.1f}"


def _words(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
