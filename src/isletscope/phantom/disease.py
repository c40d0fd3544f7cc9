"""All lesions of a person over all exams: which there are at each, in which state, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from isletscope.phantom.body import Body
from isletscope.phantom.follow_up import Calendar, Fate, change_at, changed, merged_into, pieces, present
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.placement import Lesion, NoRoom, Placer
from isletscope.phantom.pose import Pose
from isletscope.phantom.regions import Regions
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.scenario_course import Change
from isletscope.phantom.scenario_exams import ExamRule
from isletscope.phantom.visit import random_source

_MOST_LABELS = 254
_DRAWS = 5
_BETWEEN_DRAWS = 1_000_003


@dataclass(frozen=True)
class Disease:
    """Tumours and mimics by exam name, in painting order (later over earlier), and fates by exam and lesion id.

    ``regions``: the person's organs at rest; ``liver_ml``: volume of the liver there with vessels and tumours.
    """

    regions: Regions
    tumours: dict[str, tuple[Tumour, ...]]
    mimics: dict[str, tuple[Tumour, ...]]
    fates: dict[str, dict[str, Fate]]
    liver_ml: float = 0.0

    def tumours_of(self, exam: str) -> tuple[Tumour, ...]:
        """The tumours of one exam, by its name."""
        return self.tumours[exam]

    def mimics_of(self, exam: str) -> tuple[Tumour, ...]:
        """The mimics of one exam, by its name."""
        return self.mimics[exam]


def disease_of(scenario: Scenario, body: Body, pose: Pose, seed: int) -> Disease:
    """Place all lesions of a scenario in a person and follow them through its exams.

    ``pose``: any of the person's, for scale and variation. Same scenario, person and seed give the same lesions. Raises
    InputError naming file and line when a place is unknown, a constraint cannot be met or no room is left.
    """
    rules = (*scenario.lesions, *scenario.mimics)
    if not rules:
        empty: dict[str, tuple[Tumour, ...]] = {exam.name: () for exam in scenario.exams}
        return Disease(Regions.of(body, pose), empty, dict(empty), {exam.name: {} for exam in scenario.exams})
    placer, placed = _placed(scenario, body, pose, seed)
    lesions = _labelled(placed, scenario)
    calendar = Calendar(scenario)
    tumours, mimics, fates = {}, {}, {}
    known: dict[str, list[tuple[Change, Tumour]]] = {}
    for exam in scenario.exams:
        states = _Exam(scenario, exam, calendar, placer, seed, known).states(lesions)
        tumours[exam.name] = tuple(state for state in states if not state.mimic)
        mimics[exam.name] = tuple(state for state in states if state.mimic)
        fates[exam.name] = {
            lesion.tumour.id: fate for lesion in lesions for fate in [_fate(lesion, exam, calendar)]
        } | _fates_of_pieces(lesions, exam, calendar)
    liver_ml = placer.fill.volume_ml if any(rule.site == "liver" for rule in rules) else 0.0
    return Disease(placer.regions, tumours, mimics, fates, liver_ml)


def _placed(scenario: Scenario, body: Body, pose: Pose, seed: int) -> tuple[Placer, list[Lesion]]:
    """All lesions in their places. Where chance left no room for one, they are drawn again, a few times at most.

    Raises InputError of the last draw.
    """
    rules = (*scenario.lesions, *scenario.mimics)
    for draw in range(_DRAWS):
        placer = Placer(scenario, body, pose, seed + draw * _BETWEEN_DRAWS)
        try:
            return placer, placer.run(rules)
        except NoRoom:
            if draw == _DRAWS - 1:
                raise
    raise AssertionError("the last draw returns or raises")


def _labelled(lesions: list[Lesion], scenario: Scenario) -> list[Lesion]:
    """Lesions numbered from 1: tumours, then mimics, each in the order of placing."""
    ordered = [item for item in lesions if not item.tumour.mimic] + [item for item in lesions if item.tumour.mimic]
    most = len(ordered) + sum(item.rule.course.splits[0] for item in ordered if item.rule.course.splits)
    if most > _MOST_LABELS:
        raise scenario.refuse(
            ordered[-1].rule.line, "there are more lesions than the truth masks can number", str(most),
            f"at most {_MOST_LABELS}, pieces included",
        )  # fmt: skip
    return [Lesion(item.rule, replace(item.tumour, label=n + 1)) for n, item in enumerate(ordered)]


def _piece_labels(lesions: list[Lesion], which: Lesion) -> list[int]:
    """Labels of a lesion's pieces: after those of all lesions, in order."""
    label = len(lesions)
    for lesion in lesions:
        number = lesion.rule.course.splits[0] if lesion.rule.course.splits else 0
        if lesion is which:
            return list(range(label + 1, label + 1 + number))
        label += number
    return []


@dataclass(frozen=True)
class _Exam:
    """One exam's lesions in their state."""

    scenario: Scenario
    exam: ExamRule
    calendar: Calendar
    placer: Placer
    seed: int
    known: dict[str, list[tuple[Change, Tumour]]]

    def states(self, lesions: list[Lesion]) -> list[Tumour]:
        ids = {lesion.tumour.id for lesion in lesions}
        lines = {lesion.tumour.id: lesion.rule.line for lesion in lesions}
        joining: dict[str, list[Tumour]] = {}
        for lesion in lesions:
            merges = lesion.rule.course.merges
            if merges is None:
                continue
            if merges[0] not in ids - {lesion.tumour.id}:
                raise self.scenario.refuse(
                    lesion.rule.line, "there is no lesion of that id to merge into", f"'{merges[0]}'", ", ".join(ids)
                )
            if self.calendar.reached(self.exam, merges[1]):
                joining.setdefault(merges[0], []).append(self._state(lesion))
        found: list[Tumour] = []
        for lesion in lesions:
            if not present(lesion.rule, self.exam, self.calendar):
                continue
            state = self._state(lesion)
            if lesion.tumour.id in joining:
                state = merged_into(state, joining[lesion.tumour.id], self.scenario, lines)
                state = replace(state, spared=self.placer.spared(state, lesion.rule))
            splits = lesion.rule.course.splits
            if splits and self.calendar.reached(self.exam, splits[1]):
                parts = pieces(state, splits[0], _piece_labels(lesions, lesion))
                found += [replace(part, spared=self.placer.spared(part, lesion.rule)) for part in parts]
            else:
                found.append(state)
        return found

    def _state(self, lesion: Lesion) -> Tumour:
        change = change_at(lesion.rule, self.exam, self.calendar)
        if change == Change():
            return lesion.tumour
        known = self.known.setdefault(lesion.tumour.id, [])
        for earlier, state in known:
            if earlier == change:
                return state
        rng = random_source(self.seed, self.scenario.name, "necrosis", lesion.tumour.id)
        state = changed(lesion.tumour, change, self.placer.body.tissues, rng)
        state = replace(state, spared=self.placer.spared(state, lesion.rule))
        known.append((change, state))
        return state


def _fate(lesion: Lesion, exam: ExamRule, calendar: Calendar) -> Fate:
    course = lesion.rule.course
    if course.splits and calendar.reached(exam, course.splits[1]):
        return Fate("split", tuple(f"{lesion.tumour.id}.{n + 1}" for n in range(course.splits[0])))
    if course.merges and calendar.reached(exam, course.merges[1]):
        return Fate("merged", (course.merges[0],))
    earlier = [item for item in calendar.scenario.exams if item.date < exam.date]
    before = any(present(lesion.rule, item, calendar) for item in earlier)
    if not present(lesion.rule, exam, calendar):
        return Fate("vanished" if before else "absent")
    if calendar.first(exam):
        return Fate("present")
    first = min(
        (item for item in calendar.scenario.exams if present(lesion.rule, item, calendar)), key=lambda item: item.date
    )
    new = not calendar.first(first) and (first.date == exam.date or first.time_point == exam.time_point)
    return Fate("new" if new else "persistent")


def _fates_of_pieces(lesions: list[Lesion], exam: ExamRule, calendar: Calendar) -> dict[str, Fate]:
    fates = {}
    for lesion in lesions:
        splits = lesion.rule.course.splits
        if splits and calendar.reached(exam, splits[1]):
            for n in range(splits[0]):
                fates[f"{lesion.tumour.id}.{n + 1}"] = Fate("persistent", (lesion.tumour.id,))
    return fates
