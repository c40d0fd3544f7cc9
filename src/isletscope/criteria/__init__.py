"""Clinical criteria: one module per criterion, its thresholds, sentences and sources as YAML beside it.

A criterion takes a small frozen model of facts and gives a :class:`~isletscope.model.Conclusion`: the result or exactly
what is missing, the evidence with its units, the branch that fired, sources and support. No pixels, no files.
"""

from isletscope.criteria.ablation import AblationInput
from isletscope.criteria.book import Citation, Cited, Entry, citations, cited_keys, number, printed_citation
from isletscope.criteria.choi import ChoiInput
from isletscope.criteria.clinical import (
    Analogue,
    ClinicalFile,
    Course,
    Differentiation,
    ExamDone,
    ExamGroup,
    Finding,
    Germline,
    Grade,
    LocalTreatment,
    Question,
    Sex,
    Site,
    Subtype,
    Syndrome,
    Treatment,
)
from isletscope.criteria.clinical_check import read_clinical
from isletscope.criteria.concordance import BOOK as CONCORDANCE_BOOK
from isletscope.criteria.concordance import MISMATCH
from isletscope.criteria.cytoreduction import CytoreductionInput, PlannedLesion
from isletscope.criteria.cytoreduction_fit import CytoreductionFitInput
from isletscope.criteria.debulking_priority import DebulkingInput, DebulkingLesion
from isletscope.criteria.doubling_time import DoublingTimeInput
from isletscope.criteria.dual_tracer import SHARED as DUAL_TRACER_BOOK
from isletscope.criteria.eortc import EortcInput
from isletscope.criteria.extrahepatic import CompartmentFinding, ExtrahepaticInput
from isletscope.criteria.growth_rate import GrowthRateInput
from isletscope.criteria.hereditary_size import HereditarySizeInput
from isletscope.criteria.hypertrophy import HypertrophyInput
from isletscope.criteria.imaging_choice import advise
from isletscope.criteria.imaging_pathways import questions_asked
from isletscope.criteria.imaging_plan import ExamAnswered, ImagingPlan, Recommendation, Statement
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput, ReferenceUptake, Uptake
from isletscope.criteria.liver_burden import LiverBurdenInput
from isletscope.criteria.liver_pattern import LiverMetastasis, LiverPatternInput
from isletscope.criteria.liver_volume import LiverVolumeInput
from isletscope.criteria.lymphadenectomy import LymphadenectomyInput
from isletscope.criteria.mrecist import MrecistInput, NewLiverLesion
from isletscope.criteria.operations import OperationsInput
from isletscope.criteria.percist import FdgScan, PercistInput
from isletscope.criteria.phenotype_histology import PhenotypeInput, SampledGrade
from isletscope.criteria.prrt import BOOK as PRRT_BOOK
from isletscope.criteria.prrt import PrrtInput
from isletscope.criteria.recist import RecistInput, RecistNewLesion, RecistTarget
from isletscope.criteria.recist_best import RecistBestInput, RecistTimePoint
from isletscope.criteria.recist_targets import RecistBaselineInput, RecistBaselineLesion
from isletscope.criteria.registry import Criterion, all_criteria, find_criterion
from isletscope.criteria.remnant import RemnantInput
from isletscope.criteria.repeatability import BOOK as REPEATABILITY_BOOK
from isletscope.criteria.repeatability import Limit as RepeatabilityLimit
from isletscope.criteria.repeatability import Quantity, RepeatabilityInput, change_class
from isletscope.criteria.resectability_nccn import NccnInput
from isletscope.criteria.resectability_net import NetResectabilityInput
from isletscope.criteria.result import above
from isletscope.criteria.sstr_change import SstrChangeInput
from isletscope.criteria.surveillance import SurveillanceInput
from isletscope.criteria.tnm_book import BOOK as TNM_BOOK
from isletscope.criteria.tnm_book import Side
from isletscope.criteria.tnm_input import NodeFinding, TnmInput
from isletscope.criteria.transplant_screen import TransplantInput
from isletscope.criteria.tumour_volume import OutlinedLesion, VolumeInput
from isletscope.criteria.vein_reconstruction import VeinReconstructionInput
from isletscope.criteria.vessel_findings import VesselFindings, VesselState
from isletscope.criteria.vessel_signs import BOOK as VESSEL_SIGNS_BOOK
from isletscope.criteria.vessel_signs import VesselSignsInput, contact_band, narrowing_percent
from isletscope.criteria.who_grade import TissueSample, WhoGradeInput

__all__ = [
    "CONCORDANCE_BOOK",
    "DUAL_TRACER_BOOK",
    "MISMATCH",
    "PRRT_BOOK",
    "REPEATABILITY_BOOK",
    "TNM_BOOK",
    "VESSEL_SIGNS_BOOK",
    "AblationInput",
    "Analogue",
    "ChoiInput",
    "Citation",
    "Cited",
    "ClinicalFile",
    "CompartmentFinding",
    "Course",
    "Criterion",
    "CriterionInput",
    "CytoreductionFitInput",
    "CytoreductionInput",
    "DebulkingInput",
    "DebulkingLesion",
    "Differentiation",
    "DoublingTimeInput",
    "Entry",
    "EortcInput",
    "ExamAnswered",
    "ExamDone",
    "ExamGroup",
    "ExtrahepaticInput",
    "FdgScan",
    "Finding",
    "Germline",
    "Grade",
    "GrowthRateInput",
    "HereditarySizeInput",
    "HypertrophyInput",
    "ImagingPlan",
    "LesionFinding",
    "LesionsInput",
    "LiverBurdenInput",
    "LiverMetastasis",
    "LiverPatternInput",
    "LiverVolumeInput",
    "LocalTreatment",
    "LymphadenectomyInput",
    "MrecistInput",
    "NccnInput",
    "NetResectabilityInput",
    "NewLiverLesion",
    "NodeFinding",
    "OperationsInput",
    "OutlinedLesion",
    "PercistInput",
    "PhenotypeInput",
    "PlannedLesion",
    "PrrtInput",
    "Quantity",
    "Question",
    "RecistBaselineInput",
    "RecistBaselineLesion",
    "RecistBestInput",
    "RecistInput",
    "RecistNewLesion",
    "RecistTarget",
    "RecistTimePoint",
    "Recommendation",
    "ReferenceUptake",
    "RemnantInput",
    "RepeatabilityInput",
    "RepeatabilityLimit",
    "SampledGrade",
    "Sex",
    "Side",
    "Site",
    "SstrChangeInput",
    "Statement",
    "Subtype",
    "SurveillanceInput",
    "Syndrome",
    "TissueSample",
    "TnmInput",
    "TransplantInput",
    "Treatment",
    "Uptake",
    "VeinReconstructionInput",
    "VesselFindings",
    "VesselSignsInput",
    "VesselState",
    "VolumeInput",
    "WhoGradeInput",
    "above",
    "advise",
    "all_criteria",
    "change_class",
    "citations",
    "cited_keys",
    "contact_band",
    "find_criterion",
    "narrowing_percent",
    "number",
    "printed_citation",
    "questions_asked",
    "read_clinical",
]
