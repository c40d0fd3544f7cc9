"""What the writer knows of one time point: findings through the view, conclusions, alerts, answers and their marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from isletscope.assessment import View, views
from isletscope.model import (
    Alert,
    AlertKind,
    Answer,
    AssessedTimePoint,
    Case,
    Compartment,
    Conclusion,
    ExamKind,
    ItemState,
    ItemStatus,
    Lesion,
    Origin,
    State,
    Verdict,
)
from isletscope.report.narrative.phrases import Phrase, listed
from isletscope.report.narrative.vocabulary import vocabulary

_FROM_IMAGES = ("lesion/", "vessel/", "structure/", "liver/", "reference/", "exam/")
ENTERED, OVERRIDDEN, DERIVED, LIMITED = "‡", "§", "†", "~"


@dataclass(frozen=True)
class Told:
    """One part of the answer to an item, with the mark of its origin."""

    value: JsonValue
    mark: str
    item: str
    rests_on: tuple[str, ...]

    def phrase(self, text: str) -> Phrase:
        """Words made of the answer, marked as it is."""
        return Phrase(f"{text}{self.mark}", self.rests_on, (self.item,))

    def words(self, table: str = "") -> Phrase:
        """The coded answer in words."""
        return self.phrase(vocabulary().answer(table or self.item, str(self.value)))

    @property
    def number(self) -> float | None:
        """The answer as a number."""
        return float(self.value) if isinstance(self.value, int | float) and not isinstance(self.value, bool) else None


@dataclass(frozen=True)
class Known:
    """One time point, assessed. ``earlier`` is the one before it."""

    view: View
    assessed: AssessedTimePoint
    earlier: Known | None = None

    @property
    def case(self) -> Case:
        """The whole case."""
        return self.view.case

    def told(self, item: str, part: str = "value") -> Told | None:
        """A part of the answer to an item; None when there is no answer with a value."""
        answer = self.assessed.answers.get(item)
        if answer is None or answer.value is None:
            return None
        mark = OVERRIDDEN if item in self.assessed.set_aside else self.mark_of(answer)
        value = answer.value.get(part) if isinstance(answer.value, dict) else answer.value if part == "value" else None
        if value is None:
            return None
        return Told(value, mark, item, tuple(answer.rests_on) or (f"answer/{item}",))

    def mark_of(self, answer: Answer) -> str:
        """‡ for what a reader or the request said, nothing for what was measured."""
        if answer.source is Origin.ENTERED:
            return ENTERED
        from_request = any(one.startswith("clinical/") for one in answer.rests_on)
        from_images = any(one.startswith(_FROM_IMAGES) for one in answer.rests_on)
        return ENTERED if from_request and not from_images else ""

    def said(self, item: str, *values: str, part: str = "value") -> Told | None:
        """The answer when it is (or holds) one of these codes, else None."""
        told = self.told(item, part)
        if told is None:
            return None
        found = told.value if isinstance(told.value, list) else [told.value]
        return told if any(str(one) in values for one in found) else None

    def status(self, item: str) -> ItemStatus | None:
        """Where an item stands; None without completeness."""
        found = self.assessed.completeness
        return next((one for one in found.items if one.id == item), None) if found else None

    def reason(self, item: str) -> Phrase | None:
        """Why an item is not assessable, when it is."""
        status = self.status(item)
        if status is None or status.state is not ItemState.NOT_ASSESSABLE:
            return None
        return Phrase(status.because.rstrip("."), (), (item,))

    def conclusion(self, name: str, subject: str = "") -> Conclusion | None:
        """A conclusion that stands; None when it was not asked or is missing."""
        found = self.asked(name, subject)
        return found if found is not None and found.state is not State.MISSING else None

    def asked(self, name: str, subject: str = "") -> Conclusion | None:
        """A conclusion, be it missing; for one lesion also as part of the patient's conclusion."""
        found = self.assessed.conclusion(name, subject)
        if found is not None or not subject:
            return found
        whole = self.assessed.conclusion(name)
        return next((one for one in whole.lesions if one.subject == subject), None) if whole else None

    def value(self, name: str, subject: str = "") -> str | None:
        """The result of a criterion; None when it is missing."""
        found = self.conclusion(name, subject)
        return found.value if found else None

    @cached_property
    def alerts(self) -> list[Alert]:
        """Open discordances, loud ones only, in their order."""
        return [one for one in self.assessed.alerts if one.kind is AlertKind.ALERT and not one.closed_by]

    @cached_property
    def notes(self) -> list[Alert]:
        """Quiet notes, and alerts that a reader closed."""
        return [one for one in self.assessed.alerts if one.kind is AlertKind.NOTE or one.closed_by]

    def of(self, *compartments: Compartment) -> list[Lesion]:
        """Tumours of these compartments by size, largest first, then by name."""
        return sorted(self.view.of(*compartments), key=self._by_size)

    @cached_property
    def tumours(self) -> list[Lesion]:
        """All tumours by compartment, then by name."""
        order = list(Compartment)
        return sorted(self.view.lesions, key=lambda one: (order.index(one.compartment), name_key(one.id)))

    def unsure(self, *compartments: Compartment) -> list[Lesion]:
        """Lesions left unsure in these compartments, by name."""
        found = [one for one in self.view.unsure if one.compartment in compartments]
        return sorted(found, key=lambda one: name_key(one.id))

    def explained(self, *compartments: Compartment) -> list[Lesion]:
        """Findings of this time point with a benign or physiologic explanation, by name."""
        found = [
            one
            for one in self.case.lesions
            if one.verdict is Verdict.PHYSIOLOGIC and one.compartment in compartments and any(self.view.seen(one))
        ]
        return sorted(found, key=lambda one: name_key(one.id))

    def _by_size(self, lesion: Lesion) -> tuple[float, tuple[str, int, str]]:
        size = self.view.find(lesion, "long_axis", tuple(ExamKind))
        return (-(size.value if size else 0.0), name_key(lesion.id))

    @cached_property
    def kinds(self) -> list[ExamKind]:
        """Kinds of exam that were done, in their usual order."""
        return [kind for kind in ExamKind if self.view.done(kind)]

    def exams(self, kinds: Sequence[ExamKind]) -> Phrase:
        """Exams by name: "CT, MRI and SSTR PET", with the exams behind them."""
        ordered = [kind for kind in ExamKind if kind in kinds]
        names = [vocabulary().exams[kind] for kind in ordered]
        # "SSTR PET and FDG PET" is said "SSTR and FDG PET".
        short = [name.removesuffix(" PET") if name.endswith(" PET") and name != names[-1] else name for name in names]
        return listed(
            Phrase(name, tuple(f"exam/{key}" for key in self.view.kinds.get(kind, [])))
            for name, kind in zip(short, ordered, strict=True)
        )

    def showing(self, region: str, *kinds: ExamKind) -> list[ExamKind]:
        """Kinds of exam that show a region well enough to say "not seen"."""
        shown = {entry.split("/")[1] for entry in self.view.covered(region, *kinds)}
        return [kind for kind in ExamKind if kind.value in shown]


def name_key(name: str) -> tuple[str, int, str]:
    """Names of lesions in the order people count: L2 before L10, L3.1 after L3."""
    found = re.match(r"([A-Za-z]*)(\d*)(.*)", name)
    letters, digits, rest = found.groups() if found else (name, "", "")
    return (letters, int(digits or 0), rest)


def known(case: Case, time_point: str) -> Known:
    """What is known of a time point. Raises KeyError when the case has none of that name or it is not assessed."""
    assessments = {one.time_point: one for one in case.assessments}
    found: Known | None = None
    for view in views(case):
        if view.point.name not in assessments:
            continue
        found = Known(view, assessments[view.point.name], found)
        if view.point.name == time_point:
            return found
    raise KeyError(time_point)
