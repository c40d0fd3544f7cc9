"""Which foci are one lesion, and what became of each lesion from one time point to the next."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from isletscope.model.knowledge import Document


class Fate(StrEnum):
    """What became of a lesion at a time point."""

    FIRST = "first time point"
    PERSISTENT = "persistent"
    NEW = "new"
    VANISHED = "vanished"
    MERGED = "merged"
    SPLIT = "split"
    NOT_IMAGED = "not imaged"


class Course(Document):
    """One lesion at one time point."""

    time_point: str
    fate: Fate
    because: str = ""
    focus_ids: list[str] = Field(default_factory=list)


class FocusLink(Document):
    """Why a focus belongs to a lesion."""

    focus_id: str
    distance_mm: float = Field(description="between outlines' centres, in the reference frame")
    overlap: float = Field(ge=0.0, le=1.0, description="share of the smaller outline that lies in the larger")
    cost: float = Field(description="what the assignment paid for the pair; lower is better")
    because: str = ""


class UnmatchedFocus(Document):
    """A focus that stands alone, and why."""

    focus_id: str
    because: str
