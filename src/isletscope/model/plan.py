"""A plan of cytoreduction of the liver: what may be taken, what stays, and what forbids more. Decision support only."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isletscope.model.knowledge import Document

Weight = Literal["volume", "sstr", "fdg"]


class PlannedProcedure(Document):
    """One anatomical resection, wedge or ablation."""

    kind: Literal["resection", "wedge", "ablation"]
    name: str = Field(description="of a resection after Brisbane 2000")
    segments: list[str] = Field(default_factory=list, description="Couinaud segments taken, I to VIII")
    lesions: list[str] = Field(default_factory=list, description="lesions that it clears, alone or with the others")
    parenchyma_ml: float = Field(ge=0, description="liver without tumour that it takes, overlaps counted in each")


class LesionLeft(Document):
    """A lesion that the plan leaves, why nothing clears it, and what else reaches it."""

    lesion: str
    volume_ml: float = Field(ge=0)
    because: list[str] = Field(default_factory=list)
    reached_by: list[str] = Field(default_factory=list)


class PlanOption(Document):
    """One plan. Shares in percent: of the weight asked for, and always of the tumour volume and number in the liver."""

    cleared_percent: float = Field(ge=0, le=100)
    by_volume_percent: float = Field(ge=0, le=100)
    by_count_percent: float = Field(ge=0, le=100)
    procedures: list[PlannedProcedure] = Field(default_factory=list)
    count: int = Field(ge=0, description="procedures as they are named")
    cleared: list[str] = Field(default_factory=list)
    left: list[LesionLeft] = Field(default_factory=list)
    liver_taken_ml: float = Field(ge=0, description="liver without tumour")
    remnant_ml: float = Field(ge=0, description="functional remnant: liver without tumour that stays")
    rflr_percent: float | None = Field(None, description="of the measured liver without tumour")
    sflr_percent: float | None = Field(None, description="of the expected liver volume")
    proven: bool = Field(description="no better plan exists under the rules")
    gap: float = Field(0.0, ge=0, description="what an aim could still gain, relative, when not proven")


class FrontPoint(Document):
    """A plan that clears more than every other that leaves as much liver."""

    cleared_percent: float
    remnant_ml: float
    remnant_percent: float = Field(description="of the measured liver without tumour")
    count: int = Field(ge=0)
    words: str


class LeastRemnant(Document):
    """The least functional remnant, mL, and the two minima (percent) it comes from; the larger counts (SURG-405)."""

    least_ml: float = Field(ge=0)
    background: str
    rflr_percent: float | None = None
    rflr_ml: float | None = None
    sflr_percent: float | None = None
    sflr_ml: float | None = None
    notes: list[str] = Field(default_factory=list)


class GoalReached(Document):
    """Whether a share can be cleared under the limits; ``forbids`` says what stands against it."""

    goal_percent: float
    reached: bool
    proven: bool
    forbids: list[str] = Field(default_factory=list)


class WhatIf(Document):
    """What another way would need; described, never offered as a plan."""

    name: str
    words: str


class LiverPlan(Document):
    """The best achievable cytoreduction of one liver. Volumes in mL by voxel counts on the series named."""

    exam_key: str
    series_key: str
    weight: Weight
    goal_percent: float
    best: PlanOption
    goals: list[GoalReached] = Field(default_factory=list)
    front: list[FrontPoint] = Field(default_factory=list)
    what_if: list[WhatIf] = Field(default_factory=list)
    least: LeastRemnant
    liver_ml: float
    tumour_ml: float
    functional_ml: float
    expected_ml: float | None = None
    formula: str = ""
    segments_from: str = Field("", description="what Couinaud's segments were drawn from; empty: no segments")
    settings: dict[str, str] = Field(default_factory=dict, description="what was asked for, as printed")
    assumptions: list[str] = Field(default_factory=list)
    lacking: list[str] = Field(default_factory=list, description="inputs that were missing, and what was done instead")
