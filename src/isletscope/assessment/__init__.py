"""From findings to what the report says: conclusions of the criteria, discordances, answers to the items.

Reads and writes the case document only; knows no pixels, files or layout.
"""

from isletscope.assessment.assess import assess
from isletscope.assessment.comparison import axis_name, baseline_of, day_of, merged_with, size_on, starts_after
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import samples_of
from isletscope.assessment.labels import concordance_labels
from isletscope.assessment.liver import body_size, liver_findings
from isletscope.assessment.on_lesions import LesionsAssessed, assess_lesions
from isletscope.assessment.proposals.context import has_earlier_hepatectomy
from isletscope.assessment.view import ANATOMICAL, KIND_OF_TRACER, Found, View, kinds_of, views
from isletscope.assessment.wiring_book import response_book, surgery_book

__all__ = [
    "ANATOMICAL",
    "KIND_OF_TRACER",
    "Found",
    "Gathered",
    "LesionsAssessed",
    "View",
    "assess",
    "assess_lesions",
    "axis_name",
    "baseline_of",
    "body_size",
    "concordance_labels",
    "day_of",
    "has_earlier_hepatectomy",
    "kinds_of",
    "liver_findings",
    "merged_with",
    "response_book",
    "samples_of",
    "size_on",
    "starts_after",
    "surgery_book",
    "views",
]
