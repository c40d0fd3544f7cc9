"""Facts that the imaging rules ask for, each true, false or unknown, from the clinical file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from isletscope.criteria.clinical import (
    Analogue,
    ClinicalFile,
    Differentiation,
    ExamGroup,
    Finding,
    Grade,
    Implant,
    Reaction,
    Sex,
    Site,
    Subtype,
    Treatment,
)
from isletscope.criteria.clinical_check import age_years

FDG_KI67_PERCENT = 10.0
NEC_KI67_PERCENT = 55.0
CHILD_YEARS = 18.0
INFANT_YEARS = 2.0
ASK_PREGNANCY_YEARS = (11.0, 55.0)
GLUCOSE_LIMIT_MMOL_L = 11.0
Facts = dict[str, bool | None]
_IMAGING = (ExamGroup.CT, ExamGroup.MR, ExamGroup.EUS)

CONDITIONS = {
    "ki67_10": ("Ki-67 is 10 % or more", "histology.ki67_percent"),
    "fdg_trigger": ("Ki-67 is 10 % or more, or receptor uptake is low", "histology.ki67_percent"),
    "fdg_for_prrt": (
        "Ki-67 is 10 % or more, disease grows, or receptor uptake is mixed",
        "histology.ki67_percent, tumour.growing",
    ),
    "receptors_worth_testing": ("well differentiated or Ki-67 is up to 55 %", "histology.differentiation"),
    "poorly_differentiated": ("poorly differentiated", "histology.differentiation"),
    "spread_or_higher_grade": ("malignant or G2 to G3 insulinoma is suspected", "tumour.sites, histology"),
    "no_sign_of_spread": ("no spread and a low grade", "tumour.sites, histology"),
    "size_10_to_20": ("the tumour measures more than 10 and up to 20 mm", "tumour.largest_mm"),
    "high_grade": ("G3 or carcinoma", "histology.grade"),
    "hypoglycaemia": ("there is hypoglycaemia", "hormones.syndrome"),
}
"""What a rule's condition says in print, and the entry that would settle it."""


def any_of(values: Iterable[bool | None]) -> bool | None:
    """Three-valued or: true when one is, unknown when none is and one is unknown."""
    found = list(values)
    if True in found:
        return True
    return None if None in found else False


def all_of(values: Iterable[bool | None]) -> bool | None:
    """Three-valued and."""
    found = list(values)
    if False in found:
        return False
    return None if None in found else True


def negated(value: bool | None) -> bool | None:
    """Three-valued not."""
    return None if value is None else not value


def gather_facts(clinical: ClinicalFile, *, today: date, available: Iterable[ExamGroup]) -> Facts:
    """Every fact of the rules; None is unknown and never counts as false."""
    facts: Facts = {}
    facts.update(_tissue(clinical))
    facts.update(_disease(clinical, facts))
    facts.update(_exams(clinical, available))
    facts["fdg_trigger"] = any_of((facts["ki67_10"], facts["sstr_negative"]))
    facts["fdg_for_prrt"] = any_of((facts["ki67_10"], facts["high_grade"], clinical.tumour.growing))
    facts.update(_kidney(clinical))
    facts.update(_contrast(clinical))
    facts.update(_person(clinical, today))
    facts.update(_medicines(clinical))
    return facts


def _tissue(clinical: ClinicalFile) -> Facts:
    tissue = clinical.histology
    top = tissue.ki67_percent.high if tissue.ki67_percent is not None else None
    graded = tissue.grade in (Grade.NEC, Grade.MINEN)
    poor = tissue.differentiation in (Differentiation.POOR, Differentiation.MIXED) or graded
    told = tissue.differentiation is not None or tissue.grade is not None
    low_grade = tissue.grade in (Grade.G1, Grade.G2)
    return {
        "ki67_10": _over(top, FDG_KI67_PERCENT) if top is not None else (False if tissue.grade is Grade.G1 else None),
        "poorly_differentiated": poor if told else (False if top is not None and top <= 20 else None),
        "receptors_worth_testing": any_of(
            (
                (not poor) if told else None,
                None if top is None else top <= NEC_KI67_PERCENT,
            )
        ),
        "high_grade": any_of(
            (
                True if graded or tissue.grade is Grade.G3 or poor else (False if low_grade else None),
                None if top is None else top > 20,
                None if tissue.mitoses_per_2mm2 is None else tissue.mitoses_per_2mm2 > 20,
            )
        )
        if top is None
        else graded or tissue.grade is Grade.G3 or poor or top > 20 or (tissue.mitoses_per_2mm2 or 0) > 20,
        "above_g1": None if top is None else top >= 3,
    }


def _disease(clinical: ClinicalFile, facts: Facts) -> Facts:
    sites, size = clinical.tumour.sites, clinical.tumour.largest_mm
    spread = None if sites is None else bool(set(sites) - {Site.PANCREAS, Site.DUODENUM})
    higher = any_of((spread, facts["above_g1"]))
    subtype = clinical.subtype
    return {
        "spread": spread,
        "spread_or_higher_grade": higher,
        "no_sign_of_spread": True if higher is None else not higher,
        "size_10_to_20": None if size is None else 10 < size <= 20,
        "hypoglycaemia": None if subtype is None else subtype is Subtype.INSULINOMA,
        "uncontrolled": clinical.constraints.uncontrolled_syndrome,
    }


def _exams(clinical: ClinicalFile, available: Iterable[ExamGroup]) -> Facts:
    found = {(done.exam, done.finding) for done in clinical.done}
    return {
        "conventional_negative": any((group, Finding.NEGATIVE) in found for group in _IMAGING),
        "sstr_negative": (ExamGroup.SSTR, Finding.NEGATIVE) in found,
        "sstr_done": any(done.exam is ExamGroup.SSTR for done in clinical.done),
        "no_exendin": ExamGroup.EXENDIN not in set(available),
    }


def _kidney(clinical: ClinicalFile) -> Facts:
    egfr, limits = clinical.laboratory.egfr_ml_min, clinical.constraints
    low = None if egfr is None else egfr < 30
    severe = any_of((low, bool(limits.acute_kidney_injury), bool(limits.dialysis)))
    return {
        "egfr": egfr is not None or bool(limits.dialysis),
        "egfr_30_44": None if egfr is None else 30 <= egfr < 45 and not limits.acute_kidney_injury,
        "kidney_severe": severe,
        "kidney_at_risk": all_of((any_of((low, bool(limits.acute_kidney_injury))), not limits.dialysis)),
    }


def _contrast(clinical: ClinicalFile) -> Facts:
    iodine, gadolinium = clinical.constraints.iodinated_contrast_reaction, clinical.constraints.gadolinium_reaction
    return {
        "iodine_mild": None if iodine is None else iodine is Reaction.MILD,
        "iodine_severe": None if iodine is None else iodine is Reaction.SEVERE,
        "iodinated_contrast_reaction": iodine is not None,
        "gd_mild": None if gadolinium is None else gadolinium is Reaction.MILD,
        "gd_severe": None if gadolinium is None else gadolinium is Reaction.SEVERE,
        "no_contrast": all_of(
            (
                None if iodine is None else iodine is Reaction.SEVERE,
                None if gadolinium is None else gadolinium is Reaction.SEVERE,
            )
        ),
    }


def _person(clinical: ClinicalFile, today: date) -> Facts:
    age, limits, patient = age_years(clinical, today), clinical.constraints, clinical.patient
    low, high = ASK_PREGNANCY_YEARS
    possible = patient.sex is not Sex.MALE and (age is None or low <= age <= high)
    return {
        "infant": None if age is None else age < INFANT_YEARS,
        "child": None if age is None else age < CHILD_YEARS,
        "pregnant": limits.pregnant,
        "pregnancy_unasked": limits.pregnant is None and possible and patient.sex is Sex.FEMALE,
        "breast_feeding": limits.breast_feeding,
        "claustrophobia": limits.claustrophobia,
        "implant_unsafe": None if limits.implant is None else limits.implant is Implant.UNSAFE,
        "implant_conditional": None if limits.implant is None else limits.implant is Implant.CONDITIONAL,
        "implant_unasked": limits.implant in (None, Implant.UNKNOWN),
    }


def _medicines(clinical: ClinicalFile) -> Facts:
    limits = clinical.constraints
    analogue = limits.somatostatin_analogue
    given = analogue if isinstance(analogue, Analogue) else None
    glucose = clinical.laboratory.glucose_mmol_l
    treated = clinical.treatment_kind is Treatment.SOMATOSTATIN_ANALOGUE or analogue is True
    return {
        "somatostatin_analogue": analogue is not None or treated,
        "any_analogue": True if given or treated else (None if analogue is None else False),
        "long_acting": given.long_acting if given else (None if treated or analogue is None else False),
        "short_acting": (not given.long_acting) if given else (None if treated or analogue is None else False),
        "steroids": limits.high_dose_steroids,
        "splenectomy": limits.splenectomy,
        "glp1": limits.glp1_agonist,
        "glucose_high": None if glucose is None else glucose > GLUCOSE_LIMIT_MMOL_L,
        "diabetes": True if limits.insulin_treatment or limits.metformin else limits.diabetes,
        "insulin_treatment": limits.insulin_treatment,
        "metformin": limits.metformin,
    }


def _over(value: float, limit: float) -> bool:
    return value >= limit
