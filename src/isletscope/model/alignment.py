"""How the series of a case lie to each other: one frame of reference for all, and how well each one fits it."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from isletscope.model.knowledge import Document, Measurement


class AlignmentKind(StrEnum):
    """How a frame was brought to the reference frame."""

    REFERENCE = "reference"
    RIGID = "rigid"
    DEFORMABLE = "deformable"
    FAILED = "failed"


class Alignment(Document):
    """One DICOM frame of reference of one exam, and its place in the case's reference frame.

    All series of one exam that share a frame of reference share one alignment (hardware alignment). The mapping goes
    from points of the reference frame to points of this frame, both LPS mm: ``matrix (p + displacement(p))``.
    """

    exam_key: str
    frame_of_reference_uid: str
    series_key: str = Field(description="the series of this frame that was registered")
    reference_series_key: str = Field(default="", description="the series it was registered to; empty: none could be")
    series_keys: list[str] = Field(default_factory=list, description="all series that this alignment carries")
    kind: AlignmentKind
    usable: bool = Field(description="whether lesions may be matched through it")
    because: str = Field(default="", description="why it failed or may not be used")
    matrix: list[list[float]] = Field(default_factory=list, description="4 x 4; empty when it failed")
    displacement_file: str = Field(default="", description="path in the case folder; empty for a rigid alignment")
    uncertainty_mm: float | None = Field(default=None, description="what remains, as estimated from the quality below")
    quality: dict[str, Measurement] = Field(
        default_factory=dict,
        description="overlap_<organ> (Dice, 1), inverse_consistency (mm), jacobian_smallest, jacobian_largest (1), ...",
    )
    method: str = ""
    limits: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _reason(self) -> Self:
        if not self.usable and not self.because:
            raise ValueError("an alignment that may not be used says why")
        return self
