"""From findings to what the report says: conclusions of the criteria, discordances, answers to the items.

Reads and writes the case document only; knows no pixels, files or layout.
"""

from isletscope.assessment.assess import assess
from isletscope.assessment.grade import samples_of
from isletscope.assessment.liver import liver_findings
from isletscope.assessment.view import ANATOMICAL, KIND_OF_TRACER, Found, View, kinds_of, views

__all__ = [
    "ANATOMICAL",
    "KIND_OF_TRACER",
    "Found",
    "View",
    "assess",
    "kinds_of",
    "liver_findings",
    "samples_of",
    "views",
]
