"""The report's item catalogue: what a reader must look for and report, as data, and how complete the answers are.

The catalogue is YAML, one file for each of the ten reading steps; it is checked as a whole when it is loaded.
"""

from isletscope.items.answers import ReportAnswers, check_value, read_answers
from isletscope.items.catalogue import Catalogue, build_catalogue, catalogue
from isletscope.items.completeness import completeness, not_asked
from isletscope.items.condition import Truth, evaluate, parse_condition
from isletscope.items.entry import AnswerPart, Item, Kind, Proposal, Step, Template

__all__ = [
    "AnswerPart",
    "Catalogue",
    "Item",
    "Kind",
    "Proposal",
    "ReportAnswers",
    "Step",
    "Template",
    "Truth",
    "build_catalogue",
    "catalogue",
    "check_value",
    "completeness",
    "evaluate",
    "not_asked",
    "parse_condition",
    "read_answers",
]
