"""The phenotype table: everything measured of one lesion at one time point, on all images."""

from __future__ import annotations

from pydantic import Field

from isletscope.model.knowledge import Document, Measurement


class Phenotype(Document):
    """One row: a lesion at a time point. Each cell has a value or says why it has none."""

    lesion: str
    time_point: str
    cells: dict[str, Measurement] = Field(default_factory=dict, description="by the names of docs/phenotype.md")
    labels: dict[str, str] = Field(default_factory=dict, description="words: concordance, place, conspicuous on ...")
