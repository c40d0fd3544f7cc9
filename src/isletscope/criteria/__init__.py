"""Clinical criteria: one module per criterion, its thresholds, sentences and sources as YAML beside it.

A criterion takes a small frozen model of facts and gives a :class:`~isletscope.model.Conclusion`: the result or exactly
what is missing, the evidence with its units, the branch that fired, sources and support. No pixels, no files.
"""

from isletscope.criteria.book import Citation, citations
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion, all_criteria, find_criterion

__all__ = [
    "Citation",
    "Criterion",
    "CriterionInput",
    "all_criteria",
    "citations",
    "find_criterion",
]
