"""What the checks look at: the written report beside the case it was written from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from isletscope.assessment import View, views
from isletscope.model import AssessedTimePoint, Case, Compartment, Conclusion, ExamKind, Lesion, State, TracerClass
from isletscope.report.narrative import Narrative, NarrativeTable, Sentence
from isletscope.report.references import References


@dataclass(frozen=True)
class Placed:
    """A sentence and where it stands, e.g. "summary 2"."""

    where: str
    sentence: Sentence

    @property
    def text(self) -> str:
        """Its words."""
        return self.sentence.text


@dataclass(frozen=True)
class Material:
    """A narrative and the assessed case behind it."""

    case: Case
    narrative: Narrative
    state: str = ""

    @cached_property
    def views(self) -> list[View]:
        """The time points of the case."""
        return views(self.case)

    @cached_property
    def view(self) -> View:
        """The time point of the narrative. Raises KeyError when the case has none of that name."""
        for view in self.views:
            if view.point.name == self.narrative.time_point:
                return view
        raise KeyError(self.narrative.time_point)

    @cached_property
    def assessed(self) -> AssessedTimePoint:
        """What the rules made of this time point; empty when it was not assessed."""
        name = self.narrative.time_point
        found = next((one for one in self.case.assessments if one.time_point == name), None)
        return found or AssessedTimePoint(time_point=name)

    @cached_property
    def references(self) -> References:
        """What references name at this time point."""
        return References(self.case, self.view.point, self.assessed)

    def conclusion(self, name: str, subject: str = "") -> Conclusion | None:
        """A conclusion that has a value; None when it is missing or was not asked."""
        one = self.assessed.conclusion(name, subject)
        return one if one is not None and one.state is not State.MISSING else None

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """Every sentence of prose with its place, in print order."""
        told = self.narrative
        parts: list[tuple[str, tuple[Sentence, ...]]] = [
            ("header", told.header),
            ("clinical question", told.clinical_question),
            ("summary", told.summary),
            *((f"step {step.number}", step.sentences) for step in told.steps),
            *((f"note of table {table.name}", table.notes) for table in told.tables),
            ("score notes", told.score_notes),
            ("impression", told.impression),
            ("open", told.open_items),
            ("not assessable", told.not_assessable),
        ]
        return tuple(
            Placed(f"{name} {number}", sentence)
            for name, sentences in parts
            for number, sentence in enumerate(sentences, start=1)
        )

    def within(self, *parts: str) -> Iterator[Placed]:
        """Sentences of these parts, e.g. "summary", "step 5"."""
        for one in self.placed:
            if one.where.rpartition(" ")[0] in parts:
                yield one

    @property
    def findings(self) -> Iterator[Placed]:
        """Sentences of what is said about the patient: summary, steps and impression."""
        return (one for one in self.placed if one.where.startswith(("summary", "step", "impression")))

    @cached_property
    def lesions(self) -> dict[str, Lesion]:
        """Lesions of this time point that are in the case's list, by name, whatever they are held to be."""
        return {lesion.id: lesion for lesion in self.case.lesions}

    def tumours(self, *compartments: Compartment) -> list[Lesion]:
        """Tumours of this time point, of these compartments or of all."""
        return self.view.of(*compartments) if compartments else self.view.lesions

    def number(self, lesion: Lesion, name: str, *kinds: ExamKind) -> float | None:
        """A lesion's value at this time point."""
        found = self.view.find(lesion, name, kinds)
        return None if found is None else found.value

    def reference_mean(self, tracer: TracerClass, name: str) -> float | None:
        """Mean of a reference region of that tracer's PET, g/mL."""
        region = self.view.reference(tracer, name)
        return None if region is None else region.mean


def column(table: NarrativeTable | None, *words: str) -> int | None:
    """Index of the first column whose head holds all the words, whatever their case; None without one."""
    for index, head in enumerate(table.columns if table else ()):
        if all(word.lower() in head.lower() for word in words):
            return index
    return None


def cells(table: NarrativeTable | None, *words: str) -> dict[str, str]:
    """Printed cells of the column whose head holds the words, by the subject of their row."""
    index = column(table, *words)
    if table is None or index is None:
        return {}
    return {row.subject: row.cells[index].printed for row in table.rows if index < len(row.cells)}
