"""What was read on the CT or MR series of one exam."""

from __future__ import annotations

from pydantic import Field

from isletscope.model.finding import ExamKind
from isletscope.model.knowledge import Document
from isletscope.model.lesion import Focus, OrganFinding


class ReadingOfImages(Document):
    """Organs and foci on the CT or the MR series of one exam, on the grid of ``series_key``.

    Series of the same frame of reference are read together; the foci may have been seen on any of ``series_keys``.
    """

    exam_key: str
    kind: ExamKind = Field(description="ct or mri")
    series_key: str = Field(description="the series whose grid the label maps have")
    series_keys: list[str] = Field(default_factory=list)
    organs: list[OrganFinding] = Field(default_factory=list)
    structures: list[OrganFinding] = Field(
        default_factory=list, description="vessels, ducts and segments of the liver; label in the structure map"
    )
    foci: list[Focus] = Field(default_factory=list)
    looked_for: dict[str, str] = Field(
        default_factory=dict,
        description="lesions looked for at their place without anything standing out: name -> what was looked at",
    )
    undecided: dict[str, str] = Field(
        default_factory=dict,
        description="lesions looked for at their place where it cannot be told whether they are there: name -> why",
    )
    methods: list[str] = Field(default_factory=list, description="settings used, as sentences")
    limits: list[str] = Field(default_factory=list, description="what could not be done, and why")
    foci_map: str | None = Field(default=None, description="label map of foci, path inside the case folder")
    organ_map: str | None = Field(default=None, description="label map of organs, path inside the case folder")
    structure_map: str | None = Field(
        default=None, description="label map of structures on the same grid, path inside the case folder"
    )
    segment_map: str | None = Field(
        default=None,
        description="label map of Couinaud's segments 1 to 8 on the same grid, path inside the case folder",
    )
    segments_from: str = Field(default="", description="what the segments were drawn from; empty: no segments")
    segments_because: str = Field(default="", description="why there are no segments, or none from a better source")
    segment_flags: list[str] = Field(default_factory=list, description="what to know of them, e.g. BY_SHARE")
