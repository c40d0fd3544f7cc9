"""The report's item catalogue: what a reader must look for and report, as data, and how complete the answers are.

The catalogue is YAML, one file for each of the ten reading steps; it is checked as a whole when it is loaded.
"""

from isletscope.items.answers import Answer, Origin, ReportAnswers, read_answers
from isletscope.items.catalogue import Catalogue, build_catalogue, catalogue
from isletscope.items.completeness import Completeness, ItemState, ItemStatus, TemplateScore, completeness
from isletscope.items.condition import Truth, evaluate, parse_condition
from isletscope.items.entry import AnswerPart, Item, Kind, Need, Proposal, Step, Template

__all__ = [
    "Answer",
    "AnswerPart",
    "Catalogue",
    "Completeness",
    "Item",
    "ItemState",
    "ItemStatus",
    "Kind",
    "Need",
    "Origin",
    "Proposal",
    "ReportAnswers",
    "Step",
    "Template",
    "TemplateScore",
    "Truth",
    "build_catalogue",
    "catalogue",
    "completeness",
    "evaluate",
    "parse_condition",
    "read_answers",
]
