"""Reference regions, organs, foci and lesions."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from isletscope.model.exam import TracerClass
from isletscope.model.finding import Compartment, ExamKind, Observation, Place
from isletscope.model.knowledge import Assessment, Document, Measurement, State
from isletscope.model.matching import Course, FocusLink


class ReferenceRegion(Document):
    """A region that tumours are compared with: liver sphere, aortic cylinder, spleen sphere."""

    name: str = Field(description="liver, blood_pool or spleen")
    state: State
    missing_because: str | None = None
    geometry: str = Field(default="", description="e.g. sphere of 30 mm")
    centre_lps_mm: tuple[float, float, float] | None = None
    source: str = Field(default="", description="built-in rule, given mask, or reader")
    confidence: str = Field(default="", description="high, moderate or low")
    mean: float | None = None
    standard_deviation: float | None = None
    maximum: float | None = None
    voxel_count: int | None = None
    volume_ml: float | None = None
    unit: str = "g/mL"
    checks: list[str] = Field(default_factory=list, description="quality checks that did not pass, in words")


class OrganFinding(Document):
    """An organ mask and where it came from."""

    name: str
    state: State
    source: str = ""
    confidence: str = ""
    volume_ml: float | None = None
    mean_suv: float | None = None
    missing_because: str | None = None
    label: int | None = Field(default=None, description="value in the organ label map of the exam")


class Verdict(StrEnum):
    """What a focus is held to be by rule; the reader decides."""

    TUMOUR = "tumour"
    PHYSIOLOGIC = "physiologic"
    UNSURE = "unsure"


class Focus(Document):
    """One thing that stands out on one series: an uptake on PET, a different density or signal on CT or MR."""

    id: str = Field(description="unique in the case, e.g. pet-1/3")
    series_key: str
    label: int = Field(description="value in the label map of the series' foci")
    site: str = Field(description="where it lies, in words")
    site_code: str = Field(default="", description="pancreas, liver, node, bone, lung, other ...")
    verdict: Verdict
    computed_verdict: Verdict | None = Field(
        default=None, description="the verdict by rule, where a reader overrode it"
    )
    assessment: Assessment
    centroid_lps_mm: tuple[float, float, float]
    maximum_lps_mm: tuple[float, float, float]
    threshold: Measurement
    delineation: str = Field(description="method in words, with its numbers")
    measurements: dict[str, Measurement] = Field(default_factory=dict)
    other_delineations: dict[str, Measurement] = Field(
        default_factory=dict, description="volume by other rules, as a sensitivity range"
    )
    flags: list[str] = Field(default_factory=list)


class Lesion(Document):
    """One tumour of the patient; its name is kept for life and never used again."""

    id: str = Field(description="letter by compartment and a number: P pancreas, N node, L liver, O bone, X other")
    tracking_uid: str
    site: str = Field(description="where it lies, in words")
    compartment: Compartment = Compartment.OTHER
    place: Place = Field(default_factory=Place)
    verdict: Verdict
    explained_by: str = Field(default="", description="the benign or physiologic explanation, for such a verdict")
    focus_ids: list[str] = Field(default_factory=list)
    links: list[FocusLink] = Field(default_factory=list, description="why each focus belongs to it")
    course: list[Course] = Field(default_factory=list, description="what became of it, by time point in order")
    split_from: str = Field(default="", description="the lesion whose part this one was at an earlier time point")
    merged_into: str = Field(default="", description="the lesion this one is part of where it is no longer seen alone")
    observations: list[Observation] = Field(
        default_factory=list, description="one for each exam and kind that was looked at"
    )

    def observation(self, exam_key: str, kind: ExamKind) -> Observation | None:
        """What that kind of images of that exam shows of the lesion; None when nobody looked."""
        return next((one for one in self.observations if (one.exam_key, one.kind) == (exam_key, kind)), None)


class GivenRegion(Document):
    """A region drawn on this PET that came with the images (SEG, RTSTRUCT): a check, never an input."""

    source: str = Field(description="file name")
    name: str
    volume_ml: float
    focus_ids: list[str] = Field(default_factory=list, description="foci that overlap it")
    share_covered: float = Field(default=0.0, description="share of the region's voxels inside those foci, 0 to 1")


class ReadingOfPet(Document):
    """What was read on one PET series."""

    series_key: str
    tracer_class: TracerClass
    organs: list[OrganFinding] = Field(default_factory=list)
    references: list[ReferenceRegion] = Field(default_factory=list)
    foci: list[Focus] = Field(default_factory=list)
    totals: dict[str, Measurement] = Field(default_factory=dict)
    methods: list[str] = Field(default_factory=list, description="thresholds and settings used, as sentences")
    limits: list[str] = Field(default_factory=list, description="what could not be done, and why")
    given_regions: list[GivenRegion] = Field(default_factory=list)
    foci_map: str | None = Field(default=None, description="label map of foci, path inside the case folder")
    organ_map: str | None = Field(default=None, description="label map of organs, path inside the case folder")
