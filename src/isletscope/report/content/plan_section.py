"""The section on the plan of cytoreduction: the best plan in words, what stays, what is left and assumed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from isletscope.model import Case, LiverPlan, PlanOption, Support, TimePoint
from isletscope.report import format as fmt
from isletscope.report.content.document import Cell, Column, Section, Table
from isletscope.report.figures.plan_front import plan_front_figure
from isletscope.report.images import ImageSource
from isletscope.yaml_text import read_yaml


class PlanSectionWords(BaseModel):
    """The content of ``plan.yaml``; sentences have gaps in braces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    title: str
    weights: Mapping[str, str]
    sentences: Mapping[str, str]
    procedures: Mapping[str, str]
    remnant: Mapping[str, str]
    front: Mapping[str, str]
    left: Mapping[str, str]
    most_rows: int

    def says(self, name: str, /, **words: object) -> str:
        """A sentence with its gaps filled. Raises KeyError."""
        return self.sentences[name].format(**words)


@cache
def _words() -> PlanSectionWords:
    text = resources.files("isletscope.report.content").joinpath("plan.yaml").read_text(encoding="utf-8")
    return PlanSectionWords.model_validate(read_yaml(text))


def plan_section(case: Case, images: ImageSource) -> Section | None:
    """The plan of the last time point that has one; None where none was made. ``images`` is not looked at."""
    planned = [(point, point.plan) for point in case.time_points if point.plan is not None]
    if not planned:
        return None
    point, plan = planned[-1]
    words = _words()
    figure = plan_front_figure(plan)
    tables = [_procedures(plan.best), _remnant(plan), *_left(plan.best)]
    return Section(
        key="plan",
        title=words.title,
        text=(_best(plan, point), *_forbids(plan), *(words.says("what_if", words=one.words) for one in plan.what_if)),
        figures=() if figure is None else (figure,),
        tables=tuple(tables),
        notes=tuple(_notes(plan)),
    )


def _best(plan: LiverPlan, point: TimePoint) -> str:
    words, best = _words(), plan.best
    proof = words.says("proven") if best.proven else words.says("open", gap=fmt.number(100 * best.gap, 1))
    reached = any(one.reached and one.goal_percent == plan.goal_percent for one in plan.goals)
    found = words.says(
        "best" if reached else "most",
        goal=fmt.number(plan.goal_percent, 0),
        weight=words.weights[plan.weight],
        date=fmt.day(point.date),
        cleared=fmt.number(best.cleared_percent, 1),
        count=len(best.cleared),
        total=len(best.cleared) + len(best.left),
        taken=fmt.number(best.liver_taken_ml, 0),
        left=fmt.number(best.remnant_ml, 0),
        proof=proof,
    )
    return found if best.procedures else f"{found} {words.says('nothing')}"


def _forbids(plan: LiverPlan) -> list[str]:
    told: dict[tuple[str, ...], list[str]] = {}
    for goal in plan.goals:
        if not goal.reached:
            told.setdefault(tuple(goal.forbids), []).append(fmt.number(goal.goal_percent, 0))
    return [
        _words().says("forbids", goal=" and ".join(goals), forbids="; ".join(forbids))
        for forbids, goals in told.items()
    ]


def _procedures(best: PlanOption) -> Table:
    words = _words().procedures
    rows = tuple(
        (
            Cell(one.kind),
            Cell(one.name, more=(f"segments {', '.join(one.segments)}",) if one.segments else ()),
            Cell(", ".join(one.lesions)),
            Cell(fmt.number(one.parenchyma_ml, 0)),
        )
        for one in best.procedures
    )
    columns = (
        Column(words["kind"], 20),
        Column(words["name"], 58),
        Column(words["lesions"]),
        Column(words["volume"], 26, "right"),
    )
    return Table(words["caption"], columns, rows)


def _remnant(plan: LiverPlan) -> Table:
    words, least, best = _words().remnant, plan.least, plan.best
    expected = (
        words["sflr_none"]
        if plan.expected_ml is None
        else words["sflr"].format(whole=fmt.number(plan.expected_ml, 0), formula=plan.formula)
    )
    lines = (
        (
            words["rflr"].format(whole=fmt.number(plan.functional_ml, 0)),
            best.rflr_percent,
            least.rflr_percent,
            least.rflr_ml,
        ),
        (expected, best.sflr_percent, least.sflr_percent, least.sflr_ml),
    )
    rows = tuple(
        (Cell(name), Cell(_shown(value, 1)), Cell(_shown(minimum, 0)), Cell(_shown(volume, 0)))
        for name, value, minimum, volume in lines
    )
    columns = (
        Column(words["measure"]),
        Column(words["plan"], 22, "right"),
        Column(words["least"], 22, "right"),
        Column(words["volume"], 24, "right"),
    )
    return Table(words["caption"], columns, rows, tuple(f"{note[:1].upper()}{note[1:]}." for note in least.notes))


def _shown(value: float | None, digits: int) -> str:
    return "n/a" if value is None else fmt.number(value, digits)


def _left(best: PlanOption) -> list[Table]:
    """Lesions that stay, the largest first."""
    words = _words().left
    if not best.left:
        return []
    shown = sorted(best.left, key=lambda one: -one.volume_ml)[: _words().most_rows]
    rows = tuple(
        (
            Cell(one.lesion, strong=True),
            Cell(fmt.volume(one.volume_ml)),
            Cell("; ".join(one.because) or words["free"]),
            Cell("; ".join(one.reached_by) or words["not_known"]),
        )
        for one in shown
    )
    columns = (
        Column(words["lesion"], 18),
        Column(words["volume"], 24, "right"),
        Column(words["because"]),
        Column(words["reached"], 40),
    )
    rest = len(best.left) - len(shown)
    notes = (f"{rest} smaller lesions that are left are not listed.",) if rest else ()
    return [Table(words["caption"], columns, rows, notes)]


def _notes(plan: LiverPlan) -> list[str]:
    words = _words()
    asked = "; ".join(f"{name} {value}" for name, value in plan.settings.items())
    segments = plan.segments_from or words.says("no_segments")
    return [
        *(words.says("lacking", words=one) for one in plan.lacking if one not in plan.least.notes),
        words.says("settings", settings=asked),
        words.says("source", series=plan.series_key, segments=segments),
        *plan.assumptions,
        words.says("order"),
    ]
