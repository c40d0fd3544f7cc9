"""The phenotype table: everything measured of one lesion at one time point, on all images."""

from __future__ import annotations

from pydantic import Field

from isletscope.model.knowledge import Document, Measurement

Point = tuple[float, float, float]


class Shown(Document):
    """Where a lesion lies on one series, and its outline in the axial plane through that point."""

    column: str = Field(description="place in the row of pictures, e.g. ct_late_arterial")
    series_key: str
    centre_lps_mm: Point
    outlines_mm: list[list[tuple[float, float]]] = Field(
        default_factory=list, description="closed lines in that plane, as (x, y) in LPS mm"
    )
    carried: bool = Field(default=False, description="the outline comes from another exam, through the alignment")


class Phenotype(Document):
    """One row: a lesion at a time point. Each cell has a value or says why it has none."""

    lesion: str
    time_point: str
    cells: dict[str, Measurement] = Field(default_factory=dict, description="by the names of docs/phenotype.md")
    labels: dict[str, str] = Field(default_factory=dict, description="words: concordance, place, conspicuous on ...")
    shown: list[Shown] = Field(default_factory=list, description="pictures of the most important lesions")

    def number(self, key: str) -> float | None:
        """The number in a cell, or None when it is missing or was not asked for."""
        found = self.cells.get(key)
        return None if found is None else found.value
