"""Clinical criteria: one module per criterion, its thresholds, sentences and sources as YAML beside it.

A criterion takes a small frozen model of facts and gives a :class:`~isletscope.model.Conclusion`: the result or exactly
what is missing, the evidence with its units, the branch that fired, sources and support. No pixels, no files.
"""

from isletscope.criteria.book import Citation, citations
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput, ReferenceUptake, Uptake
from isletscope.criteria.phenotype_histology import PhenotypeInput, SampledGrade
from isletscope.criteria.prrt import PrrtInput
from isletscope.criteria.registry import Criterion, all_criteria, find_criterion
from isletscope.criteria.tnm_input import NodeFinding, TnmInput
from isletscope.criteria.tumour_volume import OutlinedLesion, VolumeInput
from isletscope.criteria.who_grade import TissueSample, WhoGradeInput

__all__ = [
    "Citation",
    "Criterion",
    "CriterionInput",
    "LesionFinding",
    "LesionsInput",
    "NodeFinding",
    "OutlinedLesion",
    "PhenotypeInput",
    "PrrtInput",
    "ReferenceUptake",
    "SampledGrade",
    "TissueSample",
    "TnmInput",
    "Uptake",
    "VolumeInput",
    "WhoGradeInput",
    "all_criteria",
    "citations",
    "find_criterion",
]
