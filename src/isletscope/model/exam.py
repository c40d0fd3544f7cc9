"""Patient, exams and series, with what was found about their quality."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from isletscope.model.knowledge import Code, Document, Evidence


class Patient(Document):
    """The person, as the images' headers name them; several identifiers only where a reader said they are one."""

    id: str
    other_ids: list[str] = Field(default_factory=list)
    name: str | None = None
    sex: str | None = Field(default=None, description="DICOM: M, F or O")
    birth_date: str | None = Field(default=None, description="ISO date")
    age_years: float | None = Field(default=None, description="at the first exam")
    weight_kg: float | None = None
    size_m: float | None = None


class Severity(StrEnum):
    """Weight of a quality finding. An error takes the series out of measurement."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class QualityFinding(Document):
    """Something a reader should know about a series: what was found, what was expected, what to do."""

    code: str = Field(description="stable identifier, e.g. missing_slices")
    severity: Severity
    problem: str
    found: str = ""
    expected: str = ""
    remedy: str = ""


class RefusedInput(Document):
    """A file or series that was not used, and why."""

    subject: str
    problem: str
    found: str = ""
    expected: str = ""
    remedy: str = ""


class Role(StrEnum):
    """What a series is for in the reading of pNET."""

    CT_UNENHANCED = "ct_unenhanced"
    CT_ARTERIAL = "ct_arterial"
    CT_PORTAL_VENOUS = "ct_portal_venous"
    CT_DELAYED = "ct_delayed"
    CT_LOW_DOSE = "ct_low_dose"
    CT_PHASE_UNKNOWN = "ct_phase_unknown"
    MR_T1 = "mr_t1"
    MR_T1_IN_PHASE = "mr_t1_in_phase"
    MR_T1_OPPOSED_PHASE = "mr_t1_opposed_phase"
    MR_T1_FAT_SATURATED = "mr_t1_fat_saturated"
    MR_T2 = "mr_t2"
    MR_T2_FAT_SATURATED = "mr_t2_fat_saturated"
    MR_DWI = "mr_dwi"
    MR_ADC = "mr_adc"
    MR_DYNAMIC = "mr_dynamic"
    MR_HEPATOBILIARY = "mr_hepatobiliary"
    MR_OTHER = "mr_other"
    PET = "pet"
    PET_UNCORRECTED = "pet_not_attenuation_corrected"
    NM_NOT_QUANTIFIED = "nm_not_quantified"
    LOCALIZER = "localizer"
    DERIVED = "derived"
    OTHER = "other"


class TracerClass(StrEnum):
    """Families of PET tracers that the reading rules know."""

    SSTR = "sstr"
    FDG = "fdg"
    DOPA = "dopa"
    EXENDIN = "exendin"
    OTHER = "other"
    UNKNOWN = "unknown"


class Tracer(Document):
    """The radiopharmaceutical of a PET series."""

    tracer_class: TracerClass
    name: str = Field(description="as printed, e.g. 68Ga-DOTATATE")
    nuclide: str | None = Field(default=None, description="e.g. 68Ga")
    because: str = Field(description="which header entry said so")


class GridDescription(Document):
    """The voxel grid of a series in patient space (LPS, mm); arrays are indexed [k, j, i]."""

    shape_kji: tuple[int, int, int]
    spacing_kji_mm: tuple[float, float, float]
    origin_lps_mm: tuple[float, float, float]
    axes_lps: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]] = Field(
        description="unit vectors of the array axes k, j, i"
    )


class PetQuantification(Document):
    """How stored values became SUV, or why they did not.

    ``factor`` turns rescaled stored values (or Bq/mL) into SUVbw; per slice where the branch needs it.
    """

    quantified: bool
    unit_in: str = Field(description="Units (0054,1001) or the real-world unit")
    branch: str = Field(description="the way taken, e.g. 'BQML, START, series time'")
    factor: float | None = None
    factor_range: tuple[float, float] | None = Field(default=None, description="smallest and largest, when per slice")
    slice_factors: list[float] = Field(
        default_factory=list, description="one factor per image plane in order, only when they differ"
    )
    reference_time: str | None = Field(default=None, description="moment of decay correction, ISO")
    injection_time: str | None = Field(default=None, description="ISO")
    uptake_minutes: float | None = None
    injected_activity_mbq: float | None = None
    half_life_s: float | None = None
    weight_kg: float | None = None
    lean_body_mass_kg: dict[str, float] = Field(default_factory=dict, description="janmahasatian, james128")
    body_surface_m2: float | None = None
    evidence: list[Evidence] = Field(default_factory=list)
    findings: list[QualityFinding] = Field(default_factory=list, description="warnings, assumptions and refusals")


class Series(Document):
    """One DICOM series, or the part of a mixed series that forms one volume."""

    key: str = Field(description="short stable name, unique in the case, e.g. pet-1")
    series_uid: str
    part: str | None = Field(default=None, description="what tells parts of a split series apart, e.g. 'b = 800'")
    modality: str
    sop_class: str = ""
    description: str = ""
    number: int | None = None
    manufacturer: str = ""
    model: str = ""
    acquired: str | None = Field(default=None, description="ISO date-time of the first acquisition")
    frame_of_reference_uid: str | None = None
    role: Role
    role_because: str
    role_entered: bool = False
    tracer: Tracer | None = None
    b_value_s_mm2: float | None = None
    body_part: str = ""
    instance_count: int
    grid: GridDescription | None = None
    quantification: PetQuantification | None = None
    findings: list[QualityFinding] = Field(default_factory=list)
    fingerprint: str = Field(description="hash over the identity, size and change time of the instances")

    @property
    def usable(self) -> bool:
        """Whether the series forms a volume that may be measured."""
        return self.grid is not None and not any(f.severity is Severity.ERROR for f in self.findings)


class SupplementaryObject(Document):
    """A SEG, RTSTRUCT, SR or label map that came with the images."""

    key: str
    kind: str = Field(description="SEG, RTSTRUCT, SR or NIFTI")
    path_name: str
    series_uid: str | None = None
    referenced_series_uid: str | None = None
    frame_of_reference_uid: str | None = None
    label: str = ""
    regions: list[str] = Field(default_factory=list)
    codes: list[Code] = Field(default_factory=list)


class Exam(Document):
    """Series acquired together: one visit to one scanner."""

    key: str = Field(description="short stable name, e.g. exam-1")
    study_uid: str
    patient_id: str
    date: str | None = Field(default=None, description="ISO date")
    title: str = Field(description="e.g. 68Ga-DOTATATE PET/CT")
    series: list[Series] = Field(default_factory=list)
