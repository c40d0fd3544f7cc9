"""The clinical file: what is known of a patient apart from the images, as one small YAML or JSON document.

Every entry may be left out: what is absent is unknown, never normal. Free text (symptoms, treatment, the wording of the
question) is kept and printed; rules read only the entries with fixed values. Lengths are mm.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.proliferation import Ki67

LabValue = float | str


class Sex(StrEnum):
    """Sex as far as physiology needs it."""

    FEMALE = "F"
    MALE = "M"
    OTHER = "O"


class Question(StrEnum):
    """What the referring clinician asks of imaging."""

    LOCALISATION = "localisation"
    STAGING = "staging"
    RESECTABILITY = "resectability"
    LIVER_MAPPING = "liver_mapping"
    PRRT_SELECTION = "prrt_selection"
    UNKNOWN_PRIMARY = "unknown_primary"
    RISING_MARKERS = "rising_markers"
    TAIL_NODULE = "tail_nodule"
    SURVEILLANCE = "surveillance"
    AFTER_RESECTION = "after_resection"
    RESPONSE = "response"


class Subtype(StrEnum):
    """Clinical subtype of the tumour."""

    NON_FUNCTIONING = "non_functioning"
    INSULINOMA = "insulinoma"
    GASTRINOMA = "gastrinoma"
    GLUCAGONOMA = "glucagonoma"
    VIPOMA = "vipoma"
    SOMATOSTATINOMA = "somatostatinoma"
    ACTHOMA = "acthoma"
    GHRHOMA = "ghrhoma"
    SEROTONIN = "serotonin"
    CCKOMA = "cckoma"
    PTHRPOMA = "pthrpoma"
    CALCITONINOMA = "calcitoninoma"


class Syndrome(StrEnum):
    """Hormone of the clinical syndrome."""

    NONE = "none"
    INSULIN = "insulin"
    GASTRIN = "gastrin"
    GLUCAGON = "glucagon"
    VIP = "vip"
    SOMATOSTATIN = "somatostatin"
    ACTH = "acth"
    GHRH = "ghrh"
    SEROTONIN = "serotonin"
    CCK = "cck"
    PTHRP = "pthrp"
    CALCITONIN = "calcitonin"


SUBTYPE_OF = {
    Syndrome.INSULIN: Subtype.INSULINOMA,
    Syndrome.GASTRIN: Subtype.GASTRINOMA,
    Syndrome.GLUCAGON: Subtype.GLUCAGONOMA,
    Syndrome.VIP: Subtype.VIPOMA,
    Syndrome.SOMATOSTATIN: Subtype.SOMATOSTATINOMA,
    Syndrome.ACTH: Subtype.ACTHOMA,
    Syndrome.GHRH: Subtype.GHRHOMA,
    Syndrome.SEROTONIN: Subtype.SEROTONIN,
    Syndrome.CCK: Subtype.CCKOMA,
    Syndrome.PTHRP: Subtype.PTHRPOMA,
    Syndrome.CALCITONIN: Subtype.CALCITONINOMA,
}
"""Tumour type that a hormone syndrome names."""


class Germline(StrEnum):
    """Hereditary syndrome."""

    NOT_TESTED = "not tested"
    NONE_FOUND = "none found"
    MEN1 = "MEN1"
    MEN4 = "MEN4"
    VHL = "VHL"
    NF1 = "NF1"
    TSC = "TSC"
    MAFA = "MAFA"
    MAHVASH = "Mahvash"


class Differentiation(StrEnum):
    """Differentiation on histology."""

    WELL = "well"
    POOR = "poor"
    MIXED = "mixed"


class Grade(StrEnum):
    """WHO grade as the pathologist wrote it."""

    G1 = "G1"
    G2 = "G2"
    G3 = "G3"
    NEC = "NEC"
    MINEN = "MiNEN"


class Site(StrEnum):
    """Where disease is known."""

    PANCREAS = "pancreas"
    DUODENUM = "duodenum"
    NODE = "node"
    LIVER = "liver"
    PERITONEUM = "peritoneum"
    BONE = "bone"
    LUNG = "lung"
    OTHER = "other"


class Finding(StrEnum):
    """What an earlier exam showed for the question asked now."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    EQUIVOCAL = "equivocal"


class ExamGroup(StrEnum):
    """What a place must have to perform an exam; also the names for ``--available`` and for exams done."""

    CT = "CT"
    MR = "MR"
    SSTR = "SSTR"
    FDG = "FDG"
    EXENDIN = "EXENDIN"
    DOPA = "DOPA"
    FAPI = "FAPI"
    EUS = "EUS"
    US = "US"
    ANGIO = "ANGIO"
    SPECT = "SPECT"
    BIOPSY = "BIOPSY"
    SURGERY = "SURGERY"


class Treatment(StrEnum):
    """Kind of treatment whose response is asked for."""

    PRRT = "prrt"
    SOMATOSTATIN_ANALOGUE = "somatostatin_analogue"
    CHEMOTHERAPY = "chemotherapy"
    TARGETED = "targeted"
    EMBOLISATION = "embolisation"


class LocalTreatment(StrEnum):
    """Treatment of single lesions; response criteria ask whether a lesion had it before."""

    RESECTION = "resection"
    ABLATION = "ablation"
    RADIOTHERAPY = "radiotherapy"


def read_day(given: object) -> object:
    """A month such as ``2026-01`` as its first day; other values are left to the model's check."""
    return f"{given}-01" if isinstance(given, str) and re.fullmatch(r"\d{4}-\d{2}", given) else given


Day = Annotated[date, BeforeValidator(read_day)]
"""A day, or a month read as its first day."""


class Reaction(StrEnum):
    """Earlier reaction to a contrast agent."""

    NONE = "none"
    MILD = "mild"
    SEVERE = "severe"


class Implant(StrEnum):
    """Implant as far as MRI is concerned."""

    NONE = "none"
    UNKNOWN = "unknown"
    CONDITIONAL = "conditional"
    UNSAFE = "unsafe"


class Patient(CriterionInput):
    """Person; ``age_years`` may be a fraction in infants."""

    sex: Sex | None = None
    age_years: Annotated[float, Field(ge=0, le=120)] | None = None
    birth_date: date | None = None
    height_cm: Annotated[float, Field(ge=30, le=250)] | None = None
    weight_kg: Annotated[float, Field(ge=2, le=300)] | None = None


class Hormones(CriterionInput):
    """Hormone syndrome and laboratory values behind it; numbers, or words such as ``raised``."""

    syndrome: Syndrome | None = None
    biochemically_proven: bool | None = None
    glucose_mmol_l: LabValue | None = None
    insulin_mu_l: LabValue | None = None
    c_peptide_nmol_l: LabValue | None = None
    proinsulin_pmol_l: LabValue | None = None
    gastrin: LabValue | None = None
    glucagon: LabValue | None = None
    serotonin: LabValue | None = None
    calcium_mmol_l: LabValue | None = None
    parathyroid_hormone: LabValue | None = None


class Histology(CriterionInput):
    """Pathology: Ki-67 in percent as a number or as reported, e.g. ``3-5 %`` (read at its upper end)."""

    sample: str | None = None
    sampled_on: date | None = None
    grade: Grade | None = None
    differentiation: Differentiation | None = None
    ki67_percent: Ki67 | None = None
    mitoses_per_2mm2: Annotated[float, Field(ge=0, le=500)] | None = None


class Laboratory(CriterionInput):
    """Values that decide on contrast, PET and treatment; glucose is the value on the day of FDG."""

    egfr_ml_min: Annotated[float, Field(ge=0, le=200)] | None = None
    glucose_mmol_l: Annotated[float, Field(ge=0.5, le=50)] | None = None
    chromogranin_a: LabValue | None = None
    neuron_specific_enolase: LabValue | None = None
    alkaline_phosphatase: LabValue | None = None
    bilirubin: LabValue | None = None
    bilirubin_umol_l: LabValue | None = None
    albumin_g_l: LabValue | None = None
    platelets_10e9_l: LabValue | None = None
    cyst_fluid_cea: LabValue | None = None


class Tumour(CriterionInput):
    """What is already known of the tumour; ``size_confirmed`` accepts a size that looks like a wrong unit."""

    subtype: Subtype | None = None
    largest_mm: Annotated[float, Field(gt=0)] | None = None
    size_confirmed: bool = False
    number: Annotated[int, Field(ge=0, le=500)] | None = None
    sites: tuple[Site, ...] | None = Field(default=None, description="places of known disease; [] when none is known")
    cystic: bool | None = None
    duct_dilated: bool | None = Field(default=None, description="main pancreatic or common bile duct")
    growing: bool | None = None
    resected_on: date | None = None
    resection_complete: bool | None = None
    nodes_positive: bool | None = None


class ExamDone(CriterionInput):
    """An earlier exam and what it showed for the question."""

    exam: ExamGroup
    finding: Finding
    done_on: date | None = None
    note: str = ""


class Course(CriterionInput):
    """A treatment with its dates; the exams of the month in which it began count as before it."""

    kind: Treatment | LocalTreatment
    drug: str = ""
    started_on: Day | None = None
    ended_on: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Course:
        if self.started_on is not None and self.ended_on is not None and self.ended_on < self.started_on:
            raise ValueError("the course ends before it starts")
        return self


class Analogue(CriterionInput):
    """Somatostatin analogue: long-acting or short-acting, last dose, interval."""

    long_acting: bool
    drug: str = ""
    last_dose_on: date | None = None
    interval_days: Annotated[int, Field(ge=1, le=120)] | None = None


class Constraints(CriterionInput):
    """What limits or changes an exam; None is unknown and is asked for where it matters."""

    pregnant: bool | None = None
    breast_feeding: bool | None = None
    iodinated_contrast_reaction: Reaction | None = None
    gadolinium_reaction: Reaction | None = None
    acute_kidney_injury: bool | None = None
    dialysis: bool | None = None
    claustrophobia: bool | None = None
    implant: Implant | None = None
    diabetes: bool | None = None
    metformin: bool | None = None
    insulin_treatment: bool | None = None
    somatostatin_analogue: Analogue | bool | None = Field(default=None, description="false when none is given")
    uncontrolled_syndrome: bool | None = None
    high_dose_steroids: bool | None = None
    glp1_agonist: bool | None = Field(default=None, description="GLP-1 receptor agonist or DPP-4 inhibitor")
    splenectomy: bool | None = None


class ClinicalFile(CriterionInput):
    """The whole clinical file. ``question`` is the wording of the referral; ``questions`` are the fixed names."""

    patient: Patient = Patient()
    question: str | None = None
    questions: tuple[Question, ...] = ()
    symptoms: tuple[str, ...] = ()
    hormones: Hormones = Hormones()
    germline: Germline | None = None
    tumour: Tumour = Tumour()
    histology: Histology = Histology()
    laboratory: Laboratory = Laboratory()
    done: tuple[ExamDone, ...] = ()
    treatment: tuple[str, ...] = ()
    treatment_kind: Treatment | None = None
    courses: tuple[Course, ...] | None = Field(
        default=None, description="all treatments so far with their dates; [] when there was none"
    )
    constraints: Constraints = Constraints()
    available: tuple[ExamGroup, ...] | None = Field(default=None, description="what exists; all when left out")

    @property
    def subtype(self) -> Subtype | None:
        """Subtype as stated, or as its hormone syndrome names it."""
        if self.tumour.subtype is not None or self.hormones.syndrome is None:
            return self.tumour.subtype
        return SUBTYPE_OF.get(self.hormones.syndrome, Subtype.NON_FUNCTIONING)
