"""Heterogeneity of the disease in space and time, and the biopsy target that follows from it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from isletscope.model.knowledge import Document, Evidence, Measurement, Support


class WithinLesion(Document):
    """Spread of a lesion's own voxels at a time point.

    Names of measurements begin with what was measured: ``sstr_``, ``fdg_`` (within the lesion's own outline on that
    PET), ``adc_``; docs/heterogeneity.md lists them.
    """

    lesion: str
    time_point: str
    measurements: dict[str, Measurement] = Field(default_factory=dict)


class VolumeInterval(Document):
    """A volume as measured, and the least and the most of it when the alignment is shifted by its uncertainty."""

    volume_ml: float = Field(ge=0)
    low_ml: float = Field(ge=0)
    high_ml: float = Field(ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low_ml <= self.volume_ml <= self.high_ml:
            raise ValueError("the volume lies within its interval")
        return self


class TracerMap(Document):
    """Where in a lesion SSTR and FDG are taken up: volumes of the four classes within the union of both outlines.

    ``classes``: receptor_only, both, fdg_only, neither; empty when the map is not assessable.
    """

    lesion: str
    because: str = Field(default="", description="why it is not assessable")
    sstr_series_key: str = ""
    fdg_series_key: str = ""
    sstr_threshold: Measurement | None = None
    fdg_threshold: Measurement | None = None
    uncertainty_mm: float | None = Field(default=None, description="by which the alignment was shifted")
    classes: dict[str, VolumeInterval] = Field(default_factory=dict)
    by_contours: dict[str, VolumeInterval] = Field(
        default_factory=dict, description="the same by the outlines of either PET instead of thresholds"
    )
    centre_sstr_lps_mm: tuple[float, float, float] | None = Field(default=None, description="slice that shows most")
    centre_fdg_lps_mm: tuple[float, float, float] | None = Field(default=None, description="the same point on FDG PET")
    method: str = ""
    doubt: str = Field(
        default="", description="FDG foci that overlap it and belong to no lesion, and what they would change"
    )
    limits: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _reason(self) -> Self:
        if not self.classes and not self.because:
            raise ValueError("a map that could not be made says why")
        return self


class LesionProfile(Document):
    """What a lesion is compared by at a time point, and how it takes up both tracers."""

    lesion: str
    label: str = Field(default="", description="concordance of SSTR and FDG; empty when it is not known")
    because: str = Field(default="", description="why the label is not known")
    values: dict[str, Measurement] = Field(default_factory=dict)


class Join(Document):
    """Two branches of a dendrogram that join; branches 0 to n-1 are the lesions, then the joins in order."""

    first: int
    second: int
    height: float
    size: int


class Clusters(Document):
    """Groups of lesions that are alike; ``because`` says why there are none."""

    because: str = ""
    features: list[str] = Field(default_factory=list)
    lesions: list[str] = Field(default_factory=list)
    joins: list[Join] = Field(default_factory=list)
    group_of: dict[str, int] = Field(default_factory=dict, description="lesion -> number of its group, from 1")
    silhouette: float | None = Field(default=None, description="mean over lesions, of the number of groups chosen")
    left_out: dict[str, str] = Field(default_factory=dict, description="lesion -> why it was not compared")
    method: str = ""


class LesionChange(Document):
    """One quantity of one lesion since an earlier time point."""

    lesion: str
    quantity: str = Field(description="name in the change table, e.g. sstr_suv_max; label for the concordance")
    since: str = Field(description="the earlier time point")
    before: float | None = None
    after: float | None = None
    unit: str = "1"
    before_label: str = ""
    after_label: str = ""
    change_percent: float | None = None
    verdict: str = Field(description="within_noise, likely_real, definite, empty without a limit; for a label: flipped")
    because: str = ""
    growth_percent_per_month: float | None = Field(default=None, description="volume growth, for sizes")


class BiopsyTarget(Document):
    """The lesion, and the place in it, that a sample would tell most from; a proposal, decided by the board.

    ``lesion`` is empty when none is proposed; ``because`` then says why.
    """

    lesion: str = ""
    because: str
    step: str = Field(default="", description="the rule's step that decided")
    reasons: list[Evidence] = Field(default_factory=list)
    series_key: str = Field(default="", description="the series in whose frame the point lies")
    point_lps_mm: tuple[float, float, float] | None = None
    ball_radius_mm: float | None = Field(default=None, description="of the largest ball around the point in the part")
    part: str = Field(default="", description="the part of the lesion that the point lies in, in words")
    would_change: list[str] = Field(default_factory=list, description="what would lead to another proposal")
    remarks: list[str] = Field(default_factory=list)
    citations: list[str] = Field(default_factory=list)
    support: Support = Support.RECALL


class Heterogeneity(Document):
    """What a time point shows of heterogeneity."""

    time_point: str
    within: list[WithinLesion] = Field(default_factory=list)
    maps: list[TracerMap] = Field(default_factory=list, description="one for each tumour")
    profiles: list[LesionProfile] = Field(default_factory=list, description="one for each tumour")
    between: dict[str, Measurement] = Field(default_factory=dict)
    clusters: Clusters | None = None
    changes: list[LesionChange] = Field(default_factory=list, description="since the time point before")
    biopsy: BiopsyTarget | None = None
    limits: list[str] = Field(default_factory=list)
