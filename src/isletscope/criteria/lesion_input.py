"""Lesions as SSTR and FDG PET show them: the one input that the uptake criteria share.

The same ``lesions.json`` feeds krenning, sstr_rads, fdg_uptake, netpet, karfis, zidan, concordance and prrt.
"""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from isletscope.criteria.inputs import CriterionInput

Site = Literal["pancreas", "node", "liver", "bone", "lung", "peritoneum", "brain", "heart", "other"]
Typicality = Literal["typical", "not_atypical", "atypical", "highly_atypical"]
TracerName = Literal["sstr", "fdg"]


class Uptake(CriterionInput):
    """One lesion on one tracer's PET; SUV by body weight in g/mL. None: not known."""

    discernible: bool | None = Field(default=None, description="stands out from its own surroundings")
    suv_max_g_ml: float | None = Field(default=None, ge=0)
    suv_peak_g_ml: float | None = Field(default=None, ge=0)
    suv_mean_g_ml: float | None = Field(default=None, ge=0)
    volume_ml: float | None = Field(default=None, ge=0)
    reader_score: int | None = Field(default=None, ge=0, le=4, description="the reader's visual score; it outranks SUV")
    explained_by: str = Field(default="", description="a physiologic or inflammatory cause of the uptake, else empty")


class ReferenceUptake(CriterionInput):
    """Reference regions of one tracer's PET: SUVmean in g/mL. None: no valid region."""

    blood_pool_mean_g_ml: float | None = Field(default=None, gt=0)
    liver_mean_g_ml: float | None = Field(default=None, gt=0)
    liver_max_g_ml: float | None = Field(default=None, gt=0, description="SUVmax of the liver region")
    spleen_mean_g_ml: float | None = Field(default=None, gt=0)
    spleen_present: bool | None = Field(default=None, description="false after splenectomy or with a shrunken spleen")

    @model_validator(mode="after")
    def _spleen_is_there(self) -> Self:
        if self.spleen_present is False and self.spleen_mean_g_ml is not None:
            raise ValueError("a spleen that is not there has no uptake")
        return self


class LesionFinding(CriterionInput):
    """One lesion held to be tumour, or proven benign where SSTR-RADS asks for it."""

    id: str = Field(min_length=1, description="name in the report, e.g. P1, L3")
    site: Site
    longest_mm: float | None = Field(default=None, gt=0, le=400)
    anatomical_correlate: bool | None = Field(default=None, description="definite correlate on CT or MRI")
    anatomy_suspicious: bool | None = Field(default=None, description="CT or MRI strongly suspicious of malignancy")
    proven_benign: bool = False
    typicality: Typicality | None = Field(default=None, description="how usual the place is for a NET")
    target: bool | None = Field(default=None, description="chosen by the reader as a target of SSTR-RADS")
    sstr: Uptake | None = Field(default=None, description="None: not covered by SSTR PET")
    fdg: Uptake | None = Field(default=None, description="None: not covered by FDG PET")
    relation: Literal["fdg_lower", "equal", "fdg_higher"] | None = Field(
        default=None, description="FDG against SSTR intensity, as the reader sees it"
    )

    def uptake(self, tracer: TracerName) -> Uptake | None:
        """Its uptake on that tracer's PET."""
        return self.sstr if tracer == "sstr" else self.fdg

    @property
    def extent_mm(self) -> float | None:
        """Longest diameter, else that of a sphere of the larger PET volume."""
        if self.longest_mm is not None:
            return self.longest_mm
        volumes = [one.volume_ml for one in (self.sstr, self.fdg) if one is not None and one.volume_ml]
        return 10 * (6 * max(volumes) / math.pi) ** (1 / 3) if volumes else None


class LesionsInput(CriterionInput):
    """All lesions of the patient at one time point."""

    lesions: tuple[LesionFinding, ...] = ()
    unsure: tuple[str, ...] = Field(default=(), description="lesions left unsure, which are not among the lesions")
    sstr_reference: ReferenceUptake = ReferenceUptake()
    fdg_reference: ReferenceUptake = ReferenceUptake()
    sstr_done: bool | None = Field(default=None, description="None: done if any lesion has a value")
    fdg_done: bool | None = Field(default=None, description="None: done if any lesion has a value")
    sstr_method: Literal["pet", "spect", "planar"] = "pet"
    grade: Literal["G1", "G2", "G3", "NEC"] | None = Field(default=None, description="highest grade of a sample")
    gep_primary: bool | None = Field(default=None, description="gastroenteropancreatic primary")
    metastatic_or_unresectable: bool | None = Field(default=None, description="asked by the cohorts of printed figures")
    days_between_scans: int | None = Field(default=None, ge=0)
    therapy_between_scans: bool | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [lesion.id for lesion in self.lesions]
        if len(set(names)) < len(names):
            raise ValueError(
                f"two lesions have the same id: {', '.join(sorted(n for n in names if names.count(n) > 1))}"
            )
        return self

    def done(self, tracer: TracerName) -> bool:
        """Whether that scan was done."""
        said = self.sstr_done if tracer == "sstr" else self.fdg_done
        if said is not None:
            return said
        return any(lesion.uptake(tracer) is not None for lesion in self.lesions)

    @property
    def tumours(self) -> tuple[LesionFinding, ...]:
        """Lesions not proven benign, by name: results never depend on the order of the file."""
        return tuple(sorted((one for one in self.lesions if not one.proven_benign), key=lambda lesion: lesion.id))
