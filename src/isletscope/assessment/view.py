"""One time point of a case as the rules see it: which exams, which lesions, which value stands for a lesion.

Every value is found together with its reference, so that a conclusion can name what it rests on. The grammar of
references stands in docs/case.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pydantic import JsonValue

from isletscope.criteria import ClinicalFile, read_clinical
from isletscope.model import (
    Answer,
    Case,
    Compartment,
    Exam,
    ExamKind,
    Lesion,
    Measurement,
    Observation,
    ReadingOfPet,
    ReferenceRegion,
    Role,
    State,
    TimePoint,
    TracerClass,
    Verdict,
    VesselFinding,
    Visibility,
)

ANATOMICAL = (ExamKind.CT, ExamKind.MRI)
KIND_OF_TRACER = {
    TracerClass.SSTR: ExamKind.SSTR_PET,
    TracerClass.FDG: ExamKind.FDG_PET,
    TracerClass.EXENDIN: ExamKind.EXENDIN_PET,
    TracerClass.DOPA: ExamKind.FDOPA_PET,
}
_DIAGNOSTIC_CT = {
    Role.CT_UNENHANCED,
    Role.CT_ARTERIAL,
    Role.CT_PORTAL_VENOUS,
    Role.CT_DELAYED,
    Role.CT_PHASE_UNKNOWN,
}


@dataclass(frozen=True)
class Found:
    """A measurement and the reference under which it is found again."""

    measurement: Measurement
    reference: str

    @property
    def value(self) -> float:
        """The number; only known measurements are ever found."""
        assert self.measurement.value is not None
        return self.measurement.value


@dataclass(frozen=True)
class View:
    """One time point of a case, with the clinical file and the reader's answers that belong to it."""

    case: Case
    point: TimePoint
    clinical: ClinicalFile
    entered: Mapping[str, Answer]
    earlier: View | None = None

    @property
    def facts(self) -> Mapping[str, bool]:
        """Clinical facts that a reader entered for this time point."""
        return self.case.facts.get(self.point.name, {})

    @cached_property
    def exams(self) -> list[Exam]:
        """The exams of this time point."""
        return [exam for exam in self.case.exams if exam.key in self.point.exam_keys]

    @cached_property
    def kinds(self) -> dict[ExamKind, list[str]]:
        """Kind of exam -> keys of the exams of that kind, by date; a PET/CT with diagnostic CT is both."""
        found: dict[ExamKind, list[str]] = {}
        for exam in sorted(self.exams, key=lambda one: one.date or ""):
            for kind in kinds_of(exam):
                found.setdefault(kind, []).append(exam.key)
        return found

    def done(self, kind: ExamKind) -> bool:
        """Whether an exam of that kind was done."""
        return kind in self.kinds

    def covered(self, region: str, *kinds: ExamKind) -> list[str]:
        """What shows a region of the body, as exam key/kind, of these kinds (of any when none is named)."""
        shown = [entry for entry in self.point.coverage.get(region, []) if entry.split("/")[0] in self.point.exam_keys]
        return [entry for entry in shown if not kinds or entry.split("/")[1] in kinds]

    @cached_property
    def lesions(self) -> list[Lesion]:
        """Lesions held to be tumour that an exam of this time point shows, in the order of the case."""
        return [lesion for lesion in self.case.lesions if lesion.verdict is Verdict.TUMOUR and any(self.seen(lesion))]

    @cached_property
    def unsure(self) -> list[Lesion]:
        """Lesions of this time point that are left unsure."""
        return [lesion for lesion in self.case.lesions if lesion.verdict is Verdict.UNSURE and any(self.seen(lesion))]

    def of(self, *compartments: Compartment) -> list[Lesion]:
        """Tumours of these compartments."""
        return [lesion for lesion in self.lesions if lesion.compartment in compartments]

    def seen(self, lesion: Lesion) -> Iterator[Observation]:
        """Observations of a lesion in exams of this time point that show it."""
        for one in lesion.observations:
            if one.exam_key in self.point.exam_keys and one.visibility is Visibility.SEEN:
                yield one

    def looked(self, lesion: Lesion, kind: ExamKind) -> Observation | None:
        """What the last exam of that kind says of a lesion, be it not seen; None when nothing was said."""
        found = [lesion.observation(key, kind) for key in self.kinds.get(kind, [])]
        return next((one for one in reversed(found) if one is not None), None)

    def find(self, lesion: Lesion, name: str, kinds: Sequence[ExamKind]) -> Found | None:
        """The first known measurement of that name, by the order of ``kinds`` and then the latest exam."""
        for kind in kinds:
            one = self.looked(lesion, kind)
            if one is None:
                continue
            measurement = one.measurements.get(name)
            if measurement is not None and measurement.state is not State.MISSING:
                return Found(measurement, f"lesion/{lesion.id}/{one.reference}/{name}")
        return None

    @cached_property
    def beside(self) -> dict[tuple[str, str], VesselFinding]:
        """What lies beside each lesion, one finding for lesion and structure; rules, items and prose read the same one.

        CT goes before MRI, since vessels are measured on its thin slices, then the latest exam; a finding with a known
        contact goes before one without.
        """
        order = [key for kind in ANATOMICAL for key in reversed(self.kinds.get(kind, []))]
        found: dict[tuple[str, str], VesselFinding] = {}
        for one in sorted(
            (one for one in self.point.vessels if one.exam_key in order),
            key=lambda one: (not any(m.value is not None for m in one.contact_deg.values()), order.index(one.exam_key)),
        ):
            found.setdefault((one.lesion, one.vessel), one)
        return found

    def reading(self, tracer: TracerClass) -> ReadingOfPet | None:
        """The last reading of a PET with that tracer at this time point."""
        keys = [series.key for exam in self.exams for series in exam.series]
        found = [one for one in self.case.readings if one.series_key in keys and one.tracer_class is tracer]
        return found[-1] if found else None

    def reference(self, tracer: TracerClass, name: str) -> ReferenceRegion | None:
        """A reference region (liver, blood_pool, spleen) of that tracer's PET; None when it is missing."""
        reading = self.reading(tracer)
        for region in reading.references if reading else []:
            if region.name == name and region.state is not State.MISSING:
                return region
        return None

    def answer(self, item: str, part: str = "value") -> JsonValue:
        """What a reader entered for a part of an item; None when nothing was entered."""
        given = self.entered.get(item)
        if given is None or given.value is None:
            return None
        if isinstance(given.value, dict):
            return given.value.get(part)
        return given.value if part == "value" else None


def kinds_of(exam: Exam) -> list[ExamKind]:
    """What an exam counts as; the low-dose CT of a PET is no diagnostic CT."""
    found: list[ExamKind] = []
    if any(series.role in _DIAGNOSTIC_CT and series.usable for series in exam.series):
        found.append(ExamKind.CT)
    if any(series.role.value.startswith("mr_") and series.usable for series in exam.series):
        found.append(ExamKind.MRI)
    for series in exam.series:
        kind = KIND_OF_TRACER.get(series.tracer.tracer_class) if series.tracer and series.role is Role.PET else None
        if kind and series.usable and kind not in found:
            found.append(kind)
    return found


def views(case: Case) -> list[View]:
    """The time points of a case in order, each knowing the one before it.

    Raises InputError when the clinical file of the case does not follow its schema.
    """
    made = date.fromisoformat(case.software.created[:10])
    clinical = read_clinical(case.clinical, today=made, subject="clinical file of the case")
    found: list[View] = []
    for point in case.time_points:
        entered = case.answers.get(point.name, {})
        found.append(View(case, point, clinical, entered, found[-1] if found else None))
    return found
