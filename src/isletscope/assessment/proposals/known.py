"""What the proposers look at: one time point, its conclusions, and short ways to a value with its reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from isletscope.assessment.gathered import Gathered
from isletscope.assessment.liver import liver_findings
from isletscope.assessment.view import ANATOMICAL, Found, View
from isletscope.items import catalogue
from isletscope.model import (
    Answer,
    Compartment,
    Conclusion,
    ExamKind,
    Lesion,
    LiverFinding,
    Observation,
    Origin,
    State,
    StructureFinding,
    Verdict,
    VesselFinding,
    Visibility,
)

ANY = tuple(ExamKind)
PET = (ExamKind.SSTR_PET, ExamKind.FDG_PET, ExamKind.EXENDIN_PET, ExamKind.FDOPA_PET)


@dataclass(frozen=True)
class Told:
    """A coded word and the reference under which it is found again."""

    word: str
    reference: str


@dataclass(frozen=True)
class Known:
    """One time point with its conclusions."""

    view: View
    gathered: Gathered

    @cached_property
    def primaries(self) -> list[Lesion]:
        """Tumours of the pancreas, the largest first; equal ones in the order of the case."""
        return sorted(self.view.of(Compartment.PANCREAS), key=lambda lesion: -self.size(lesion))

    @property
    def primary(self) -> Lesion | None:
        """The largest tumour of the pancreas."""
        return self.primaries[0] if self.primaries else None

    def size(self, lesion: Lesion) -> float:
        """Longest diameter on CT or MRI, else extent on PET, mm; 0 when it was not measured. Puts lesions in order."""
        found = self.longest(lesion) or self.longest(lesion, PET)
        return found.value if found is not None else 0.0

    def longest(self, lesion: Lesion, kinds: Sequence[ExamKind] = ANATOMICAL) -> Found | None:
        """Longest diameter on CT or MRI, mm; the extent of a focus on PET is no diameter."""
        found = [self.view.find(lesion, name, kinds) for name in ("largest_diameter", "long_axis")]
        return next((one for one in found if one is not None), None)

    def benign(self, compartment: Compartment) -> list[Lesion]:
        """Lesions of that compartment that are seen and held to be benign or physiologic."""
        found = [one for one in self.view.case.lesions if one.verdict is Verdict.PHYSIOLOGIC]
        return [one for one in found if one.compartment is compartment and any(self.view.seen(one))]

    def doubtful(self, *compartments: Compartment) -> list[Lesion]:
        """Lesions of these compartments that are left unsure: nobody may say that nothing is there."""
        return [lesion for lesion in self.view.unsure if lesion.compartment in compartments]

    def covered(self, region: str, kinds: Sequence[ExamKind] = ANY) -> list[str]:
        """Exams that show the region, as ``exam key/kind``."""
        return self.view.covered(region, *kinds) if kinds else []

    def outside(self, region: str, kinds: Sequence[ExamKind] = ANY) -> bool:
        """Whether it is known that no exam of these kinds shows the region. A region left out is not known."""
        done = any(self.view.done(kind) for kind in kinds)
        return done and region in self.view.point.coverage and not self.covered(region, kinds)

    def feature(self, lesion: Lesion, name: str, kinds: Sequence[ExamKind]) -> Told | None:
        """The first word for a feature of a lesion, by the order of ``kinds``."""
        for kind in kinds:
            one = self.view.looked(lesion, kind)
            if one is not None and name in one.features:
                return Told(one.features[name], f"lesion/{lesion.id}/{one.reference}/{name}")
        return None

    def looks(self, lesion: Lesion, kinds: Sequence[ExamKind]) -> list[Observation]:
        """What the last exam of each of these kinds says of a lesion."""
        found = [self.view.looked(lesion, kind) for kind in kinds]
        return [one for one in found if one is not None]

    def shown(self, lesion: Lesion, kinds: Sequence[ExamKind]) -> bool:
        """Whether an exam of these kinds shows the lesion."""
        return any(one.visibility is Visibility.SEEN for one in self.looks(lesion, kinds))

    def hidden(self, lesion: Lesion, kinds: Sequence[ExamKind]) -> str:
        """Why no exam of these kinds can describe the lesion; empty where one shows it or was not looked at."""
        looks = self.looks(lesion, kinds)
        done = [kind for kind in kinds if self.view.done(kind)]
        if not looks or len(looks) < len(done) or self.shown(lesion, kinds):
            return ""
        return "; ".join(_why_hidden(lesion, one) for one in looks)

    def structure(self, name: str, key: str, kinds: Sequence[ExamKind] = ANY) -> tuple[StructureFinding, str] | None:
        """The latest finding of a structure that holds a measurement or feature ``key``, with its reference."""
        exams = {exam for kind in kinds for exam in self.view.kinds.get(kind, [])}
        for one in reversed(self.view.point.structures):
            if one.exam_key not in exams:
                continue
            measurement = one.measurements.get(key)
            known = measurement is not None and measurement.state is not State.MISSING
            if one.structure == name and (key in one.features or known):
                return one, f"structure/{name}/{one.exam_key}/{key}"
        return None

    def structure_word(self, name: str, key: str, kinds: Sequence[ExamKind] = ANY) -> Told | None:
        """A feature of a structure."""
        found = self.structure(name, key, kinds)
        return Told(found[0].features[key], found[1]) if found is not None and key in found[0].features else None

    def structure_number(self, name: str, key: str) -> Found | None:
        """A measurement of a structure."""
        found = self.structure(name, key)
        if found is None or key not in found[0].measurements:
            return None
        return Found(found[0].measurements[key], found[1])

    def structure_lacks(self, name: str, key: str) -> str:
        """Why a measurement of a structure is missing, in the words of the finding; empty when nothing was said."""
        for one in self.view.point.structures:
            measurement = one.measurements.get(key)
            if one.structure == name and measurement is not None and measurement.missing_because:
                return measurement.missing_because
        return ""

    def beside(self, lesion: Lesion, name: str) -> VesselFinding | None:
        """What is beside a lesion, a vessel, duct or organ: the finding that the rules read."""
        return self.view.beside.get((lesion.id, name))

    @property
    def liver(self) -> LiverFinding | None:
        """The finding of the liver that the rules read: MRI before CT, then the latest."""
        found = liver_findings(self.view)
        return found[0] if found else None

    def liver_word(self, key: str) -> Told | None:
        """A feature of the liver."""
        for one in liver_findings(self.view):
            if key in one.features:
                return Told(one.features[key], f"liver/{one.exam_key}/{key}")
        return None

    def conclusion(self, name: str, subject: str = "") -> Conclusion | None:
        """A conclusion that is known; None when it was not asked or is missing."""
        one = self.gathered.get(name, subject)
        return one if one is not None and one.state is not State.MISSING else None

    def of_lesion(self, criterion: str, lesion: Lesion) -> Conclusion | None:
        """What a criterion says of one lesion, be it inside the patient's conclusion; None when it is missing."""
        whole = self.gathered.get(criterion)
        inside = [one for one in whole.lesions if one.subject == lesion.id] if whole is not None else []
        alone = self.gathered.get(criterion, lesion.id)
        found = inside[0] if inside else alone
        return found if found is not None and found.state is not State.MISSING else None


Proposer = Callable[[Known], Answer | None]
"""Proposes the answer to one item; None where the data do not hold it."""


def propose(value: Mapping[str, Any], by: str, because: str, rests_on: Iterable[str] = ()) -> Answer:
    """An answer of the program by parts. ``by``: the criterion or part of the program; ``because``: one sentence."""
    references = list(dict.fromkeys(rests_on))
    return Answer(value=dict(value), source=Origin.PROPOSED, by=by, because=because, rests_on=references)


def unassessable(reason: str, by: str, rests_on: Iterable[str] = ()) -> Answer:
    """The exams cannot answer, and why."""
    return Answer(not_assessable=reason, source=Origin.PROPOSED, by=by, rests_on=list(dict.fromkeys(rests_on)))


def exam_words(kinds: Iterable[str]) -> str:
    """Printed names of exams: ``CT, MRI and SSTR PET``. Takes kinds, or entries ``exam key/kind``."""
    wanted = {str(kind).rpartition("/")[2] for kind in kinds}
    names = [name for kind, name in catalogue().vocabulary.exams.items() if kind in wanted]
    return listed(names)


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def exams_of(entries: Iterable[str]) -> list[str]:
    """References of the exams in entries ``exam key/kind``."""
    return [f"exam/{entry.partition('/')[0]}" for entry in entries]


def plural(count: int, word: str) -> str:
    """``1 lesion``, ``2 lesions``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def _why_hidden(lesion: Lesion, one: Observation) -> str:
    name = exam_words([one.kind])
    if one.visibility is Visibility.NOT_SEEN:
        return f"{lesion.id} is not seen on {name}"
    if one.visibility is Visibility.NOT_COVERED:
        return f"{lesion.id} lies outside the images of {name}"
    return f"{lesion.id} is not assessable on {name}: {one.because}"
