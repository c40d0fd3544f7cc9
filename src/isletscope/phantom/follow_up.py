"""A lesion's state at each exam: growth, shrinkage, necrosis, uptake, and lesions that come, go, merge and split.

An event or change at a time point, exam or date holds from then on. Exams count as reached by their date; a time point
begins with its first exam.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from isletscope.errors import InputError
from isletscope.phantom.appearance import Appearance
from isletscope.phantom.inner_parts import dead_core
from isletscope.phantom.lesions import Tumour, scaled
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.scenario_course import Change, Moment
from isletscope.phantom.scenario_exams import ExamRule
from isletscope.phantom.scenario_lesions import LesionRule
from isletscope.phantom.tissues import Tissues

FATES = ("present", "persistent", "new", "absent", "vanished", "merged", "split")
# Parts that are dead or foreign: treatment changes neither their uptake nor their diffusion.
_DEAD = ("necrotic_core", "fluid", "calcification")
_PIECE_GAP_MM = 2.0


@dataclass(frozen=True)
class Fate:
    """What became of a lesion by one exam, against the exams before; ``others``: lesions it merged with or split into.

    ``present``: at the first time point. ``absent``: not there yet.
    """

    word: str
    others: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For truth.json."""
        return {"fate": self.word, **({"with": list(self.others)} if self.others else {})}


@dataclass(frozen=True)
class Calendar:
    """Which moments a scenario's exams have reached."""

    scenario: Scenario

    def start_of(self, moment: Moment) -> dt.date:
        """The first day of a moment. Raises InputError naming the line when no exam or time point bears the name."""
        if isinstance(moment.when, dt.date):
            return moment.when
        exams = self.scenario.exams
        days = [exam.date for exam in exams if moment.when in (exam.name, exam.time_point)]
        if not days:
            names = dict.fromkeys([exam.name for exam in exams] + [exam.time_point for exam in exams])
            raise self.scenario.refuse(
                moment.line, "there is no such exam or time point", f"'{moment.when}'", ", ".join(names)
            )
        return min(days)

    def reached(self, exam: ExamRule, moment: Moment | None) -> bool:
        """Whether an exam takes place at a moment or later."""
        return moment is not None and exam.date >= self.start_of(moment)

    def first(self, exam: ExamRule) -> bool:
        """Whether an exam belongs to the first time point (or, with one name for all, to the first day's exams)."""
        earliest = min(self.scenario.exams, key=lambda item: item.date)
        if len({item.time_point for item in self.scenario.exams}) > 1:
            return exam.time_point == earliest.time_point
        return not any(self._events_between(earliest, exam))

    def _events_between(self, before: ExamRule, exam: ExamRule) -> list[bool]:
        return [
            not self.reached(before, moment) and self.reached(exam, moment)
            for rule in (*self.scenario.lesions, *self.scenario.mimics)
            for moment in _moments(rule)
        ]


def _moments(rule: LesionRule) -> list[Moment]:
    course = rule.course
    found = [moment for moment, _ in course.changes]
    found += [moment for moment in (course.appears, course.vanishes) if moment]
    found += [pair[1] for pair in (course.merges, course.splits) if pair]
    return found


def change_at(rule: LesionRule, exam: ExamRule, calendar: Calendar) -> Change:
    """All changes of a lesion that hold at an exam; of two on the same property the later one holds."""
    held = [(calendar.start_of(moment), change) for moment, change in rule.course.changes]
    figures: dict[str, Any] = {}
    for _, change in sorted((item for item in held if item[0] <= exam.date), key=lambda item: item[0]):
        given = {f.name: getattr(change, f.name) for f in fields(Change) if getattr(change, f.name) is not None}
        for one, other in (("diameter_factor", "diameter_mm"), ("adc", "adc_factor")):
            if one in given or other in given:
                for name in (one, other):
                    figures.pop(name, None)
        figures |= given
    return Change(**figures)


def present(rule: LesionRule, exam: ExamRule, calendar: Calendar) -> bool:
    """Whether a lesion stands for itself at an exam (not before it appears, after it vanishes or merges)."""
    course = rule.course
    if course.appears and not calendar.reached(exam, course.appears):
        return False
    if calendar.reached(exam, course.vanishes) or (course.merges and calendar.reached(exam, course.merges[1])):
        return False
    return not change_at(rule, exam, calendar).absent


def changed(tumour: Tumour, change: Change, tissues: Tissues, rng: np.random.Generator) -> Tumour:
    """A lesion's state after a change."""
    factor = change.diameter_factor or 1.0
    if change.diameter_mm is not None:
        factor = change.diameter_mm / tumour.diameter_mm
    state = scaled(tumour, factor) if factor != 1.0 else tumour
    state = replace(state, appearance=_treated(state.appearance, change))
    inner = [
        part if part.name in _DEAD else replace(part, appearance=_treated(part.appearance, change))
        for part in state.inner
    ]
    if change.necrosis is not None:
        inner = [part for part in inner if part.name != "necrotic_core"]
        if change.necrosis > 0:
            halves = sum(part.name == "half" for part in inner)
            inner.insert(halves, dead_core(change.necrosis, state, tissues, rng))
    return replace(state, inner=tuple(inner))


def _treated(look: Appearance, change: Change) -> Appearance:
    rise = 1.0 if change.enhancement_factor is None else change.enhancement_factor
    plain = look.hu["unenhanced"]
    uptake = change.uptake_factor or {}
    return replace(
        look,
        hu={phase: plain + rise * (value - plain) for phase, value in look.hu.items()},
        gadolinium={phase: rise * value for phase, value in look.gadolinium.items()},
        uptake={key: value * uptake.get(key, 1.0) for key, value in look.uptake.items()},
        adc=change.adc if change.adc is not None else look.adc * (change.adc_factor or 1.0),
    )


def merged_into(target: Tumour, others: Sequence[Tumour], scenario: Scenario, lines: Mapping[str, int]) -> Tumour:
    """The union of lesions under the target's name and appearance. Raises InputError when one does not touch it."""
    for other in others:
        if not _touch(target, other):
            apart = float(np.linalg.norm(np.subtract(target.centre_personal_mm, other.centre_personal_mm)))
            raise scenario.refuse(
                lines[other.id],
                f"{other.id} cannot merge into {target.id}: they do not touch at that exam",
                f"centres {apart:.0f} mm apart, diameters {other.diameter_mm:.0f} and {target.diameter_mm:.0f} mm",
                "a diameter_factor that lets them meet",
            )
    return replace(target, joined=tuple(replace(other, inner=()) for other in others))


def _touch(first: Tumour, second: Tumour) -> bool:
    line = np.linspace(0, 1, 400)[:, None] * np.subtract(second.centre_personal_mm, first.centre_personal_mm)
    apart = np.subtract(second.centre_personal_mm, first.centre_personal_mm)
    return bool((np.maximum(first.distance(line), second.distance(line - apart)) <= 0.05).any())


def pieces(tumour: Tumour, number: int, labels: Sequence[int]) -> list[Tumour]:
    """A lesion fallen into ``number`` equal balls on a ring inside its former outline, 2 mm apart."""
    radius = tumour.diameter_mm / 2
    half_gap = _PIECE_GAP_MM / 2
    sine = float(np.sin(np.pi / number))
    ring = (radius + half_gap) / (1 + sine)
    piece = ring * sine - half_gap
    if piece < 1.0:
        raise InputError(
            "the lesion is too small to split", subject=tumour.id, found=f"{tumour.diameter_mm:.0f} mm into {number}"
        )
    made = []
    for n in range(number):
        turn = 2 * np.pi * n / number
        offset = ring * (np.cos(turn) * tumour.axes[:, 0] + np.sin(turn) * tumour.axes[:, 1])
        x, y, z = np.asarray(tumour.centre_personal_mm) + offset
        made.append(
            replace(
                tumour,
                id=f"{tumour.id}.{n + 1}",
                label=labels[n],
                centre_personal_mm=(float(x), float(y), float(z)),
                semi_axes_mm=(piece, piece, piece),
                lobes=np.zeros((0, 4)),
                inner=(),
                thrombus=None,
            )
        )
    return made
