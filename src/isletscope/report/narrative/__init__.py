"""From the assessed case to the words of the report: the same case always gives the same text."""

from isletscope.report.narrative.narrate import narrate
from isletscope.report.narrative.parts import (
    Cell,
    Counts,
    Narrative,
    NarrativeTable,
    Override,
    Row,
    ScoreLine,
    Sentence,
    SourceLine,
    Step,
)

__all__ = [
    "Cell",
    "Counts",
    "Narrative",
    "NarrativeTable",
    "Override",
    "Row",
    "ScoreLine",
    "Sentence",
    "SourceLine",
    "Step",
    "narrate",
]
