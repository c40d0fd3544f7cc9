"""From the case to HTML, PDF and tables; the checks of what is written; the way back from a sentence to its voxels."""

from isletscope.report.checks import Fault, Level
from isletscope.report.content.course_tables import PRINTED_MEASURES, printed_change, printed_value
from isletscope.report.content.course_words import course_words
from isletscope.report.explain.chain import explain_case
from isletscope.report.explain.parts import (
    Explanation,
    GivenAnswer,
    GivenConclusion,
    RuleLine,
    UsedFinding,
    UsedSeries,
    UsedValue,
)
from isletscope.report.figures.vessel_contact import vessel_contact_figure
from isletscope.report.format import unit as printed_unit
from isletscope.report.images import ImageSource, NoImages
from isletscope.report.narrative import Narrative, NarrativeTable, narrate
from isletscope.report.phenotype_table import write_phenotype_table
from isletscope.report.table import write_lesion_table
from isletscope.report.told import checked_narrative, latest_narrative
from isletscope.report.write import ReportFiles, write_report

__all__ = [
    "PRINTED_MEASURES",
    "Explanation",
    "Fault",
    "GivenAnswer",
    "GivenConclusion",
    "ImageSource",
    "Level",
    "Narrative",
    "NarrativeTable",
    "NoImages",
    "ReportFiles",
    "RuleLine",
    "UsedFinding",
    "UsedSeries",
    "UsedValue",
    "checked_narrative",
    "course_words",
    "explain_case",
    "latest_narrative",
    "narrate",
    "printed_change",
    "printed_unit",
    "printed_value",
    "vessel_contact_figure",
    "write_lesion_table",
    "write_phenotype_table",
    "write_report",
]
