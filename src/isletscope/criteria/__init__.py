"""Clinical criteria: one module per criterion, its thresholds, sentences and sources as YAML beside it.

A criterion takes a small frozen model of facts and gives a :class:`~isletscope.model.Conclusion`: the result or exactly
what is missing, the evidence with its units, the branch that fired, sources and support. No pixels, no files.
"""

from isletscope.criteria.ablation import AblationInput
from isletscope.criteria.book import Citation, citations
from isletscope.criteria.choi import ChoiInput
from isletscope.criteria.clinical import ClinicalFile, ExamGroup
from isletscope.criteria.clinical_check import read_clinical
from isletscope.criteria.cytoreduction import CytoreductionInput, PlannedLesion
from isletscope.criteria.cytoreduction_fit import CytoreductionFitInput
from isletscope.criteria.debulking_priority import DebulkingInput, DebulkingLesion
from isletscope.criteria.doubling_time import DoublingTimeInput
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
from isletscope.criteria.prrt import PrrtInput
from isletscope.criteria.recist import RecistInput, RecistNewLesion, RecistTarget
from isletscope.criteria.recist_best import RecistBestInput, RecistTimePoint
from isletscope.criteria.recist_targets import RecistBaselineInput, RecistBaselineLesion
from isletscope.criteria.registry import Criterion, all_criteria, find_criterion
from isletscope.criteria.remnant import RemnantInput
from isletscope.criteria.repeatability import RepeatabilityInput
from isletscope.criteria.resectability_nccn import NccnInput
from isletscope.criteria.resectability_net import NetResectabilityInput
from isletscope.criteria.sstr_change import SstrChangeInput
from isletscope.criteria.surveillance import SurveillanceInput
from isletscope.criteria.tnm_input import NodeFinding, TnmInput
from isletscope.criteria.transplant_screen import TransplantInput
from isletscope.criteria.tumour_volume import OutlinedLesion, VolumeInput
from isletscope.criteria.vein_reconstruction import VeinReconstructionInput
from isletscope.criteria.vessel_findings import VesselFindings, VesselState
from isletscope.criteria.vessel_signs import VesselSignsInput
from isletscope.criteria.who_grade import TissueSample, WhoGradeInput

__all__ = [
    "AblationInput",
    "ChoiInput",
    "Citation",
    "ClinicalFile",
    "CompartmentFinding",
    "Criterion",
    "CriterionInput",
    "CytoreductionFitInput",
    "CytoreductionInput",
    "DebulkingInput",
    "DebulkingLesion",
    "DoublingTimeInput",
    "EortcInput",
    "ExamAnswered",
    "ExamGroup",
    "ExtrahepaticInput",
    "FdgScan",
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
    "SampledGrade",
    "SstrChangeInput",
    "Statement",
    "SurveillanceInput",
    "TissueSample",
    "TnmInput",
    "TransplantInput",
    "Uptake",
    "VeinReconstructionInput",
    "VesselFindings",
    "VesselSignsInput",
    "VesselState",
    "VolumeInput",
    "WhoGradeInput",
    "advise",
    "all_criteria",
    "citations",
    "find_criterion",
    "questions_asked",
    "read_clinical",
]
