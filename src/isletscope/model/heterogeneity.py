"""Heterogeneity of the disease in space and time, and the biopsy target that follows from it."""

from __future__ import annotations

from pydantic import Field

from isletscope.model.knowledge import Document, Measurement


class WithinLesion(Document):
    """Spread of a lesion's own voxels at a time point."""

    lesion: str
    time_point: str
    measurements: dict[str, Measurement] = Field(default_factory=dict)


class Heterogeneity(Document):
    """What a time point shows of heterogeneity."""

    time_point: str
    within: list[WithinLesion] = Field(default_factory=list)
    between: dict[str, Measurement] = Field(default_factory=dict)
