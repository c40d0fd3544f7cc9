"""What a reader enters: kept apart from computed values and merged on top, with who, when and why."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from isletscope.model.knowledge import Document
from isletscope.model.lesion import Verdict


class EntrySubject(StrEnum):
    """What a reader may enter before the reading starts."""

    WEIGHT_KG = "weight_kg"
    SIZE_M = "size_m"
    SEX = "sex"
    INJECTED_ACTIVITY_MBQ = "injected_activity_mbq"
    INJECTION_TIME = "injection_time"
    HALF_LIFE_S = "half_life_s"
    DECAY_REFERENCE_TIME = "decay_reference_time"
    CONFIRM_UPTAKE_TIME = "confirm_uptake_time"
    SERIES_ROLE = "series_role"
    TRACER_CLASS = "tracer_class"


class ReaderEntry(Document):
    """One value from a reader, in place of a missing or doubtful one."""

    subject: EntrySubject
    value: str | float | bool
    series: str | None = Field(
        default=None, description="Series Instance UID, series number or description; empty means every series"
    )
    who: str = Field(min_length=1)
    when: str = Field(min_length=10, description="ISO date or date-time")
    why: str = Field(min_length=3)


class VerdictOverride(Document):
    """A reader's verdict on a lesion, in place of the computed one. It outranks the rules in every later reading."""

    lesion: str = Field(description="the lesion's name in the report the reader saw, e.g. X1")
    verdict: Verdict
    who: str = Field(min_length=1)
    when: str = Field(min_length=10, description="ISO date or date-time")
    why: str = Field(min_length=3)
    tracking_uid: str | None = Field(default=None, description="filled in by the reading: which focus was meant")
    computed: Verdict | None = Field(default=None, description="filled in by the reading: the verdict by rule")


class Withdrawal(Document):
    """A reader takes an earlier verdict on a lesion back: the computed one holds again."""

    lesion: str = Field(description="the lesion's name, as in the override")
    who: str = Field(min_length=1)
    when: str = Field(min_length=10, description="ISO date or date-time")
    why: str = Field(min_length=3)


class SamePatient(Document):
    """A reader's statement that two patient identifiers belong to one person."""

    ids: tuple[str, str]
    reason: str = Field(min_length=3)


class ReaderEntries(Document):
    """The file given with ``--entries``: YAML or JSON."""

    entries: list[ReaderEntry] = Field(default_factory=list)
    overrides: list[VerdictOverride] = Field(default_factory=list)
    withdrawn: list[Withdrawal] = Field(default_factory=list, description="overrides that are taken back")
