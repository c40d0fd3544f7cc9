"""What a reference names: the finding, entry, answer or conclusion behind a sentence (docs/case.md, References).

One reader of the grammar, for the checks of the report and for ``isletscope explain``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from isletscope.model import (
    Answer,
    AssessedTimePoint,
    Case,
    Conclusion,
    Exam,
    Finding,
    LiverFinding,
    Measurement,
    Observation,
    ReferenceRegion,
    State,
    StructureFinding,
    TimePoint,
    VesselFinding,
)


@dataclass(frozen=True)
class Named:
    """What one reference names. ``found`` is False where the case holds nothing under it."""

    reference: str
    kind: str
    found: bool = True
    measurement: Measurement | None = None
    word: str = ""
    finding: Finding | None = None
    region: ReferenceRegion | None = None
    conclusion: Conclusion | None = None
    answer: Answer | None = None
    entry: JsonValue = None
    exam: Exam | None = None
    series_key: str = ""


class References:
    """The references of one time point of a case. A conclusion or an answer is that of this time point."""

    def __init__(self, case: Case, point: TimePoint, assessed: AssessedTimePoint | None) -> None:
        self.case = case
        self.point = point
        self.assessed = assessed

    def resolve(self, reference: str) -> Named:
        """What the reference names; ``found`` is False when the case has no such thing."""
        kind, _, rest = reference.partition("/")
        reader = self._readers.get(kind)
        named = reader(reference, rest.split("/")) if reader else None
        return named or Named(reference, kind, found=False)

    def behind(self, references: Iterable[str]) -> Iterator[Named]:
        """Everything the references rest on, through conclusions and answers, each once and in order of meeting."""
        waiting = list(dict.fromkeys(references))
        met = set(waiting)
        while waiting:
            named = self.resolve(waiting.pop(0))
            yield named
            for deeper in rests_on(named):
                if deeper not in met:
                    met.add(deeper)
                    waiting.append(deeper)

    @cached_property
    def _readers(self) -> Mapping[str, Callable[[str, list[str]], Named | None]]:
        return {
            "lesion": self._lesion,
            "vessel": self._vessel,
            "structure": self._structure,
            "liver": self._liver,
            "reference": self._region,
            "exam": self._exam,
            "time_point": self._time_point,
            "clinical": self._clinical,
            "answer": self._answer,
            "conclusion": self._conclusion,
        }

    def _exam_of(self, key: str) -> Exam | None:
        return next((exam for exam in self.case.exams if exam.key == key), None)

    def _points(self) -> list[TimePoint]:
        """This time point first, then the others: a comparison names findings of an earlier one."""
        return [self.point, *(point for point in self.case.time_points if point is not self.point)]

    def _part(self, reference: str, kind: str, finding: Finding, name: str, exam_key: str) -> Named | None:
        """A measurement or feature of a finding, or the finding itself."""
        exam = self._exam_of(exam_key)
        series_key = finding.series_key if isinstance(finding, Observation) else ""
        if not name:
            word = finding.visibility.value if isinstance(finding, Observation) else ""
            return Named(reference, kind, finding=finding, exam=exam, word=word, series_key=series_key)
        measurement, word = finding.measurements.get(name), finding.features.get(name, "")
        if measurement is None and not word:
            return None
        return Named(
            reference, kind, measurement=measurement, word=word, finding=finding, exam=exam, series_key=series_key
        )

    def _lesion(self, reference: str, path: list[str]) -> Named | None:
        lesion = next((one for one in self.case.lesions if one.id == path[0]), None)
        if lesion is None:
            return None
        if len(path) < 3:
            return Named(reference, "lesion", word=lesion.site)
        for one in lesion.observations:
            if one.reference == "/".join(path[1:3]):
                return self._part(reference, "lesion", one, "/".join(path[3:]), one.exam_key)
        return None

    def _vessel(self, reference: str, path: list[str]) -> Named | None:
        if len(path) < 3:
            return None
        for one in (vessel for point in self._points() for vessel in point.vessels):
            if [one.lesion, one.vessel, one.exam_key] == path[:3]:
                return self._contact(reference, one, path[3:])
        return None

    def _contact(self, reference: str, vessel: VesselFinding, rest: list[str]) -> Named | None:
        if rest[:1] == ["contact_deg"] and len(rest) == 2:
            measurement = vessel.contact_deg.get(rest[1])
            if measurement is None:
                return None
            exam = self._exam_of(vessel.exam_key)
            return Named(reference, "vessel", measurement=measurement, finding=vessel, exam=exam)
        return self._part(reference, "vessel", vessel, "/".join(rest), vessel.exam_key)

    def _structure(self, reference: str, path: list[str]) -> Named | None:
        found: StructureFinding
        for found in (one for point in self._points() for one in point.structures):
            if [found.structure, found.exam_key] == path[:2]:
                return self._part(reference, "structure", found, "/".join(path[2:]), found.exam_key)
        return None

    def _liver(self, reference: str, path: list[str]) -> Named | None:
        found: LiverFinding
        for found in (one for point in self._points() for one in point.liver):
            if found.exam_key != path[0]:
                continue
            if path[1:2] == ["segment"] and len(path) == 4:
                segment = next((one for one in found.segments if one.segment == path[2]), None)
                measurement = getattr(segment, path[3], None) if path[3] in ("parenchyma", "tumour") else None
                if measurement is None:
                    return None
                exam = self._exam_of(found.exam_key)
                return Named(reference, "liver", measurement=measurement, finding=found, exam=exam)
            return self._part(reference, "liver", found, "/".join(path[1:]), found.exam_key)
        return None

    def _region(self, reference: str, path: list[str]) -> Named | None:
        reading = next((one for one in self.case.readings if one.series_key == path[0]), None)
        region = next((one for one in reading.references if [one.name] == path[1:2]), None) if reading else None
        if region is None:
            return None
        return Named(reference, "reference", region=region, exam=self.case.exam_of(path[0]), series_key=path[0])

    def _exam(self, reference: str, path: list[str]) -> Named | None:
        exam = self._exam_of(path[0])
        return Named(reference, "exam", exam=exam, word=exam.title) if exam else None

    def _time_point(self, reference: str, path: list[str]) -> Named | None:
        point = next((one for one in self.case.time_points if one.name == path[0]), None)
        return Named(reference, "time_point", word=point.date) if point else None

    def _clinical(self, reference: str, path: list[str]) -> Named | None:
        entry: JsonValue = self.case.clinical
        for name in path:
            if isinstance(entry, dict) and name in entry:
                entry = entry[name]
            elif isinstance(entry, list) and name.isdigit() and int(name) < len(entry):
                entry = entry[int(name)]
            else:
                return None
        return Named(reference, "clinical", entry=entry)

    def _answer(self, reference: str, path: list[str]) -> Named | None:
        entered = self.case.answers.get(self.point.name, {}).get(path[0])
        answer = entered or (self.assessed.answers.get(path[0]) if self.assessed else None)
        return Named(reference, "answer", answer=answer) if answer else None

    def _conclusion(self, reference: str, path: list[str]) -> Named | None:
        if self.assessed is None:
            return None
        conclusion = self.assessed.conclusion(path[0], "/".join(path[1:]))
        if conclusion is None and len(path) > 1:
            whole = self.assessed.conclusion(path[0])
            lesions = whole.lesions if whole else []
            conclusion = next((one for one in lesions if one.subject == "/".join(path[1:])), None)
        return Named(reference, "conclusion", conclusion=conclusion) if conclusion else None


def rests_on(named: Named) -> list[str]:
    """The references behind a conclusion or an answer; a finding rests on nothing but its images."""
    if named.conclusion is not None:
        return named.conclusion.rests_on
    return named.answer.rests_on if named.answer is not None else []


def known_measurements(finding: Finding) -> dict[str, Measurement]:
    """The measurements of a finding that have a value, contact angles included under ``contact_deg/1.0``."""
    found = {name: one for name, one in finding.measurements.items() if one.state is not State.MISSING}
    if isinstance(finding, VesselFinding):
        found |= {f"contact_deg/{at}": one for at, one in finding.contact_deg.items() if one.state is not State.MISSING}
    if isinstance(finding, LiverFinding):
        for segment in finding.segments:
            for part in ("parenchyma", "tumour"):
                one = getattr(segment, part)
                if one.state is not State.MISSING:
                    found[f"segment/{segment.segment}/{part}"] = one
    return found
