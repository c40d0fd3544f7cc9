"""What the exams of one moment show: lesions in each exam, vessels and ducts beside them, organs, the liver.

A finding names its exam and says how it is known. Keys of ``measurements`` and ``features`` are those of
:mod:`isletscope.model.vocabulary`, so that a rule, a sentence and a table read the same value under one name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from isletscope.model.knowledge import Document, Measurement
from isletscope.model.plan import LiverPlan
from isletscope.model.vocabulary import CONTACT_TOLERANCES_MM, FEATURES, MEASUREMENTS, unknown_keys


class ExamKind(StrEnum):
    """What an exam counts as for rules and items; a PET/CT with a diagnostic CT is two kinds in one exam."""

    CT = "ct"
    MRI = "mri"
    SSTR_PET = "sstr_pet"
    FDG_PET = "fdg_pet"
    EXENDIN_PET = "exendin_pet"
    FDOPA_PET = "fdopa_pet"


class Compartment(StrEnum):
    """Where a lesion lies, as staging and uptake rules divide the body."""

    PANCREAS = "pancreas"
    NODE = "node"
    LIVER = "liver"
    BONE = "bone"
    LUNG = "lung"
    PERITONEUM = "peritoneum"
    BRAIN = "brain"
    HEART = "heart"
    OTHER = "other"


class Visibility(StrEnum):
    """What one exam says of a lesion."""

    SEEN = "seen"
    NOT_SEEN = "not seen"
    NOT_COVERED = "not covered"
    NOT_ASSESSABLE = "not assessable"


class Finding(Document):
    """Base of findings: measurements and features under the names of the vocabulary."""

    measurements: dict[str, Measurement] = Field(default_factory=dict)
    features: dict[str, str] = Field(default_factory=dict, description="coded words, e.g. margin: well_defined")

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        wrong = [*unknown_keys(self.measurements, MEASUREMENTS), *unknown_keys(self.features, FEATURES)]
        wrong += [
            f"{key}: {value}" for key, value in self.features.items() if key in FEATURES and value not in FEATURES[key]
        ]
        if wrong:
            raise ValueError(f"not in the vocabulary of findings: {', '.join(wrong)}")
        return self

    def number(self, key: str) -> float | None:
        """The number under that name, or None when it is missing or was not looked for."""
        found = self.measurements.get(key)
        return None if found is None else found.value


class Place(Document):
    """Where a lesion lies within its compartment. Empty: not known."""

    region: str = Field(
        default="",
        description="pancreas: head, uncinate, neck, body, tail; liver: Couinaud segment 1 to 8; node: name of the "
        "station as in the TNM rules; bone and others: in words",
    )
    second_region: str = Field(default="", description="where at least a fifth of the volume lies in another region")
    side: str = Field(default="", description="liver: right, left, caudate")
    known_by: str = Field(default="", description="how the place was told, e.g. vessel landmarks, reader")


class Observation(Finding):
    """One lesion on one kind of images of one exam."""

    exam_key: str
    kind: ExamKind
    series_key: str = Field(default="", description="the series on which it was outlined")
    visibility: Visibility
    because: str = Field(default="", description="why it is not seen, not covered or not assessable")
    mask: str = Field(default="", description="path inside the case folder, with #label")

    @property
    def reference(self) -> str:
        """Exam and kind, as references name them: ``exam-2/sstr_pet``."""
        return f"{self.exam_key}/{self.kind.value}"

    @model_validator(mode="after")
    def _reason(self) -> Self:
        if self.visibility in (Visibility.NOT_COVERED, Visibility.NOT_ASSESSABLE) and not self.because:
            raise ValueError("an observation that was not possible says why")
        if self.visibility is not Visibility.SEEN and any(m.value is not None for m in self.measurements.values()):
            raise ValueError("what is not seen has no measured value")
        return self


class VesselFinding(Finding):
    """One lesion and one vessel in one exam. ``contact_deg`` by tolerance in mm ("0.5", "1.0", "1.5")."""

    lesion: str
    vessel: str = Field(description="name of the structure, e.g. superior_mesenteric_vein")
    exam_key: str
    contact_deg: dict[str, Measurement] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _tolerances(self) -> Self:
        wrong = unknown_keys(self.contact_deg, CONTACT_TOLERANCES_MM)
        if wrong:
            raise ValueError(f"no such tolerance of contact: {', '.join(wrong)}")
        return self


class StructureFinding(Finding):
    """An organ, duct or vessel on its own: calibre of a duct, a variant, fat of the liver, free fluid."""

    structure: str
    exam_key: str


class SegmentVolume(Document):
    """Parenchyma and tumour of one liver segment, mL."""

    segment: str = Field(pattern="^[1-8]$")
    parenchyma: Measurement
    tumour: Measurement


class LiverFinding(Finding):
    """The liver in one exam. ``segments_from``: what Couinaud's segments were drawn from; empty: no segments."""

    exam_key: str
    series_key: str = Field(default="", description="the series on whose grid it was outlined")
    segments_from: str = Field(default="", description="what the segments were drawn from; empty: no segments")
    segments_because: str = Field(default="", description="why there are no segments, or none from a better source")
    segment_map: str = Field(default="", description="label map of the segments 1 to 8, path inside the case folder")
    segments: list[SegmentVolume] = Field(default_factory=list)


class TimePoint(Document):
    """Exams that belong together: one look at the disease, with what they show beside the lesions themselves."""

    name: str = Field(min_length=1, description="e.g. baseline, or the date of the last exam")
    date: str = Field(description="ISO date of the last exam")
    exam_keys: list[str] = Field(min_length=1)
    coverage: dict[str, list[str]] = Field(
        default_factory=dict,
        description="region of the body -> what shows it well enough to say 'not seen', as exam key/kind: exam-1/ct",
    )
    vessels: list[VesselFinding] = Field(default_factory=list)
    structures: list[StructureFinding] = Field(default_factory=list)
    liver: list[LiverFinding] = Field(default_factory=list)
    plan: LiverPlan | None = Field(None, description="best achievable cytoreduction of the liver")
